"""PubMed, as this desk asks it: with its address and key, within the limit all its processes share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .screen import clean, note
from .settings import Desk

if TYPE_CHECKING:
    from ..eutils import Eutils


def eutils(desk: Desk) -> Eutils:
    """PubMed; whoever waits is told why. Raises UsageError for settings that cannot be used."""
    from ..eutils import DEFAULT_URL, Eutils

    if not desk.email:
        note("NCBI asks who is asking: set NCBI_EMAIL to your address. Going on without.", quiet=desk.quiet)

    def on_wait(why: str, seconds: float) -> None:
        colon = "" if why.endswith("?") else ":"
        note(f"{clean(why)}{colon} waiting {seconds:.0f} s, then trying again.", quiet=desk.quiet)

    return Eutils(
        email=desk.email,
        api_key=desk.api_key,
        base_url=desk.eutils_url or DEFAULT_URL,
        on_wait=on_wait,
        limits=desk.limits,
    )
