"""PubMed's search fields: every tag and alias, and how a held record can answer for it.

Sources: EInfo for db=pubmed (names and full names of the fields) and the PubMed User Guide, "PubMed data field
descriptions" (what each holds). A field that a `Paper` does not carry is known but refused, with the reason:
PubMed searches an unknown tag in all fields without a word, we never do.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

How = Literal["words", "whole", "mesh", "author", "date", "number", "language", "filter", "refused"]
"""words: anywhere in the field; whole: an entire entry of it; the others have rules of their own."""

LONGEST_TAG = 60


@dataclass(frozen=True, slots=True)
class Field:
    """One search field of PubMed."""

    name: str
    """As PubMed's own translations print it."""
    tags: tuple[str, ...]
    """Tags and aliases, lower case, without brackets; the shortest usual one first."""
    how: How
    key: str = ""
    """Which text or date of the record answers (see `view`)."""
    narrower: bool = False
    """PubMed adds the narrower terms of a tree unless the tag ends in `:noexp`."""
    near: bool = False
    """Takes a proximity distance, as [tiab:~3] (User Guide, "Proximity searching")."""
    because: str = ""
    """Why it is refused."""


_ALL = (
    Field("All Fields", ("all", "all fields"), "words", "all"),
    Field("Title/Abstract", ("tiab", "title/abstract"), "words", "tiab", near=True),
    Field("Title", ("ti", "titl", "title"), "words", "ti", near=True),
    # EInfo's list of 2025 has no abstract field; a record can answer for it all the same (with a warning, see `judge`).
    Field("Abstract", ("ab", "abstract"), "words", "abstract"),
    Field("Text Word", ("tw", "word", "text word", "text words"), "words", "tw"),
    Field("Other Term", ("ot", "otrm", "other term", "keyword", "keywords"), "words", "ot"),
    Field("Transliterated Title", ("tt", "transliterated title"), "words", "tt"),
    Field("Affiliation", ("ad", "affl", "affiliation"), "words", "ad", near=True),
    Field(
        "Author - Corporate",
        ("cn", "coln", "corporate author", "author - corporate", "author-corporate"),
        "words",
        "cn",
    ),
    Field("Grants and Funding", ("gr", "grnt", "grant number", "grants and funding"), "words", "gr"),
    Field(
        "Conflict of Interest Statements",
        ("cois", "conflict of interest statement", "conflict of interest statements"),
        "words",
        "cois",
    ),
    Field("Book", ("book",), "words", "book"),
    Field("Publisher", ("pubn", "publisher"), "words", "pubn"),
    Field("MeSH Terms", ("mh", "mesh", "mesh terms", "mesh term"), "mesh", "mh", narrower=True),
    Field("MeSH Major Topic", ("majr", "mesh major topic"), "mesh", "majr", narrower=True),
    Field(
        "MeSH Subheading",
        ("sh", "subh", "subheading", "mesh subheading", "mesh subheadings"),
        "mesh",
        "sh",
        narrower=True,
    ),
    Field("Publication Type", ("pt", "ptyp", "publication type"), "whole", "pt", narrower=True),
    Field("Supplementary Concept", ("nm", "subs", "supplementary concept", "substance name"), "whole", "nm"),
    Field("EC/RN Number", ("rn", "ecno", "ec/rn number"), "whole", "rn"),
    Field("Journal", ("ta", "jour", "journal"), "whole", "ta"),
    Field("NLM Unique ID", ("jid", "nlm unique id"), "whole", "jid"),
    Field("Volume", ("vi", "vol", "volume"), "whole", "vi"),
    Field("Issue", ("ip", "iss", "issue"), "whole", "ip"),
    Field("Pagination", ("pg", "page", "pagination"), "whole", "pg"),
    Field("Secondary Source ID", ("si", "secondary source id"), "whole", "si"),
    Field("Author - Identifier", ("auid", "author identifier", "author - identifier"), "whole", "auid"),
    Field("Location ID", ("lid", "location id"), "whole", "lid"),
    Field("Article Identifier", ("aid", "article identifier"), "whole", "aid"),
    Field("ISBN", ("isbn",), "whole", "isbn"),
    Field("Author", ("au", "auth", "author"), "author", "au"),
    Field("Author - First", ("1au", "faut", "first author", "first author name", "author - first"), "author", "1au"),
    Field("Author - Last", ("lastau", "laut", "last author", "last author name", "author - last"), "author", "lastau"),
    Field("Author - Full", ("fau", "full", "full author name", "author - full"), "author", "fau"),
    Field("Editor", ("ed", "editor"), "author", "ed"),
    Field("Language", ("la", "lang", "language"), "language"),
    Field("Date - Publication", ("dp", "pdat", "publication date", "date - publication"), "date", "published"),
    Field("Electronic Publication Date", ("epdat", "epdt", "electronic publication date"), "date", "electronic"),
    Field("Print Publication Date", ("ppdat", "ppdt", "print publication date"), "date", "print"),
    Field("Date - Entry", ("edat", "entry date", "entrez date", "date - entry", "date - entrez"), "date", "entered"),
    Field("Date - Modification", ("lr", "mdat", "modification date", "date - modification"), "date", "revised"),
    Field("Date - Completion", ("dcom", "cdat", "completion date", "date - completion"), "date", "completed"),
    Field("UID", ("uid", "pmid"), "number"),
    Field("Filter", ("sb", "filter", "filt", "subset"), "filter"),
    Field(
        "Date - Create",
        ("crdt", "create date", "date - create"),
        "refused",
        because="a record does not keep the day it was created; [edat] is close to it",
    ),
    Field(
        "Date - MeSH",
        ("mhda", "mesh date", "date - mesh"),
        "refused",
        because="a record does not keep the day it got its headings; [dcom] is close to it",
    ),
    Field(
        "Pharmacological Action",
        ("pa", "papx", "pharmacological action"),
        "refused",
        because="it needs NLM's list of drugs for each action",
    ),
    Field(
        "Investigator",
        ("ir", "finv", "fir", "investigator", "full investigator name"),
        "refused",
        because="investigators are not kept",
    ),
    Field(
        "Subject - Personal Name",
        ("ps", "personal name as subject", "subject - personal name"),
        "refused",
        because="persons as subjects are not kept",
    ),
    Field(
        "Place of Publication",
        ("pl", "cnty", "place of publication"),
        "refused",
        because="the journal's country is not kept",
    ),
    Field("Publisher ID", ("pid", "publisher id"), "refused", because="it is hidden at PubMed; use [aid]"),
    Field("Owner", ("owner", "own"), "refused", because="the owner of a record is not kept"),
)

FIELDS: Final[Mapping[str, Field]] = MappingProxyType({tag: field for field in _ALL for tag in field.tags})
"""Tag or alias (lower case, single spaces, without brackets) to its field."""

ALL_FIELDS: Final = FIELDS["all"]
UID: Final = FIELDS["uid"]


def nearest(tag: str) -> str:
    """The known field that looks most like this one, as `[ti] (Title)`; "" if none does."""
    # The comparison costs the square of the length, and a tag of hundreds of letters is no slip of the pen.
    usable = [known for known, field in FIELDS.items() if not field.because]
    close = difflib.get_close_matches(tag, usable, 1, 0.6) if len(tag) <= LONGEST_TAG else []
    return f"[{FIELDS[close[0]].tags[0]}] ({FIELDS[close[0]].name})" if close else ""
