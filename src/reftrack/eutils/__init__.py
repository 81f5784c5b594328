"""A term or PMIDs go in, checked documents of NCBI's E-utilities come out.

This room knows HTTP, NCBI's rules and NCBI's ways to fail. It knows no field of a PubMed record: what it hands on is
the bytes of a document that is whole, is of the kind that was asked for and holds no error. It never prints, never
reads a setting, and its errors quote no key, URL, request or reply, but for NCBI's own error text, redacted.

    verdict   status and body of one reply -> usable, worth another try, or not
    limiter   when the next request may start, in this process and all others
    wire      one POST -> the limiter, the tries, the waits -> a checked body
    pipeline  tasks in order -> a few threads -> what became of them, in order
    answer    an ESearch document -> count, PMIDs, translation, warnings
    client    Eutils: searches beyond 9,999 hits, fetches in batches
"""

from __future__ import annotations

from .client import Batch, Eutils, Found
from .wire import DEFAULT_URL

__all__ = ["DEFAULT_URL", "Batch", "Eutils", "Found"]
