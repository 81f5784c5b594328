"""Authors become names in BibTeX and BibLaTeX: `Family, Suffix, Given`, groups in braces, joined by `and`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..model import Author
from .latex import Latex

_AND = re.compile(r"(?<!\S)(and)(?!\S)", re.IGNORECASE)
_PLAIN_WORD = re.compile(r"[^\W\d_][\w'’.-]*")
_DOTTED = {"Jr": "Jr.", "Sr": "Sr."}


def names(authors: Sequence[Author], latex: Latex, *, complete: bool = True) -> str:
    """All `authors` in the order of the record; `and others` closes a list that is not `complete`."""
    people = [f"{author.family}, {author.forename}" for author in authors if not (author.suffix or author.collective)]
    together = " and ".join(people)
    if complete and len(people) == len(authors) and _is_simple(together, len(people), latex):
        return together
    written = [name for author in authors if (name := one_name(author, latex))]
    if written and not complete:
        written.append("others")
    return " and ".join(written)


def one_name(author: Author, latex: Latex) -> str:
    """One name; "" for an author of whom the record gives none.

    A particle ("de la Cruz") stays with the family name: BibTeX itself takes its lower-case words for one.
    """
    family, suffix = latex.escape(author.family), latex.escape(author.suffix)
    given = latex.escape(author.forename)
    if suffix:  # a third comma is too many for biber, in braces or not: "MSN, MPH" becomes "MSN MPH"
        family, suffix, given = (" ".join(part.replace(",", " ").split()) for part in (family, suffix, given))
    whole = " ".join(filter(None, (given, family, suffix)))
    if author.collective:
        # "; for the EXAMPLE study group" is how some journals deliver a group.
        group = whole.lstrip(" ,;:")
        return group and f"{{{group}}}"
    if not (family and given):
        # Two words would be read as given and family name, "others" as "et al.".
        return whole if not whole or _is_plain_word(whole) else f"{{{whole}}}"
    if suffix:
        return f"{_part(family)}, {_part(_DOTTED.get(suffix, suffix))}, {_part(given)}"
    return f"{_part(family)}, {_part(given)}"


def _is_simple(together: str, count: int, latex: Latex) -> bool:
    """Whether `together`, the names just put one after the other, already says what it should: nearly always."""
    lower = together.lower()
    return (
        latex.is_plain(together)  # a missing given name leaves a double space, or one at the end
        and together.count(",") == count
        and lower.count(" and ") == count - 1
        and " and and " not in lower
        and " and," not in lower
        and not lower.startswith((",", "and "))
        and not lower.endswith(" and")
        and " ," not in together
    )


def _is_plain_word(name: str) -> bool:
    return bool(_PLAIN_WORD.fullmatch(name)) and name.lower() not in {"others", "and"}


def _part(text: str) -> str:
    """A part of a name, so that neither a comma nor an "and" inside it divides the name."""
    if text.isascii() and text.isalpha() and text.lower() != "and":
        return text
    return f"{{{text}}}" if "," in text else _AND.sub(r"{\1}", text)
