"""The files `queries/NAME.toml` become Query; whatever is wrong in one is a UsageError that names it.

Writes new files, changes none. Whether the term itself is good PubMed syntax is `matching`'s to say.
"""

from __future__ import annotations

import difflib
import os
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Final

from .errors import UsageError
from .model import DEFAULT_MAX_HITS, Query

LONGEST_NAME: Final = 64
_NAME: Final = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{LONGEST_NAME - 1}}}")
# Windows opens a device, with or without an ending; a workspace is shared between systems.
_DEVICE: Final = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")
_KEYS: Final = ("title", "term", "note", "known", "max")
_SHOWN: Final = 40


def load(folder: Path) -> dict[str, Query]:
    """Every saved query of a folder, sorted by name; hidden files and those that are not .toml are not looked at."""
    try:
        paths = sorted(path for path in folder.iterdir() if _is_one(path))
    except OSError as error:
        raise UsageError(_no_folder(folder, error)) from error
    return {path.stem: _read(path, check_name(path.stem)) for path in paths}


def names(folder: Path) -> frozenset[str]:
    """The names of the saved queries there are, without reading them; none where there is no folder."""
    try:
        return frozenset(entry.stem for entry in folder.iterdir() if entry.suffix == ".toml")
    except OSError:
        return frozenset()


def named(folder: Path, name: str) -> Query:
    """One saved query; only its own file is read, so a fault in another does not matter."""
    return _read(find(folder, name), name)


def listed(folder: Path) -> list[str]:
    """The names of the saved queries there are, sorted, as their files have them: unread, also such as may be none."""
    try:
        return sorted(entry.stem for entry in folder.iterdir() if _is_one(entry))
    except OSError as error:
        raise UsageError(_no_folder(folder, error)) from error


def find(folder: Path, name: str) -> Path:
    """The file of a saved query; UsageError, with the nearest name, if there is none of that name."""
    path = folder / f"{check_name(name)}.toml"
    # The folder's own list decides, not the file system: it may take Stroke for stroke.
    known = listed(folder)
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        have = (
            f" There are: {', '.join(known)}."
            if known
            else f" There are none in {folder}; `reftrack init` in a new folder makes two as examples."
        )
        raise UsageError(f"No saved query is named {name}{hint or '.'}{have}")
    return path


def _is_one(path: Path) -> bool:
    return path.suffix == ".toml" and not path.name.startswith(".")


def write(folder: Path, query: Query) -> Path:
    """Make the file of a new saved query; reading it gives the same Query, whatever its texts hold.

    Never overwrites: UsageError if there is one of that name, also in other letters, or if it cannot be written. The
    file is there whole or not at all.
    """
    path = folder / f"{check_name(query.name)}.toml"
    taken = [name for name in listed(folder) if name.casefold() == query.name]
    if taken:
        raise UsageError(f"{folder / taken[0]}.toml is there already and was left as it is; choose another name.")
    if not query.title.strip() or len(query.title.splitlines()) > 1 or not query.term.strip():
        raise UsageError("A query needs a title, of one line, and a term.")
    try:
        text = to_toml(query).encode()
    except UnicodeEncodeError:
        raise UsageError("The query holds characters that are no text; nothing was written.") from None
    try:
        handle, unfinished = tempfile.mkstemp(prefix=f".{query.name}.", suffix=".part", dir=folder)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}).") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text)
        Path(unfinished).chmod(0o666 & ~_umask())
        _put(Path(unfinished), path)
    except FileExistsError:
        raise UsageError(f"{path} is there already and was left as it is; choose another name.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}).") from None
    finally:
        Path(unfinished).unlink(missing_ok=True)
    return path


def _put(unfinished: Path, path: Path) -> None:
    """Give a finished file its name, unless something has that name by now."""
    try:
        path.hardlink_to(unfinished)  # unlike renaming, it fails where there is a file
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        with path.open("xb") as stream:
            stream.write(unfinished.read_bytes())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def to_toml(query: Query) -> str:
    """The file of a query, as a person would write it."""
    parts = [f"title = {_line(query.title.strip())}\n", f"term = {_block(query.term)}\n"]
    if query.note.strip():
        note = query.note.strip()
        written = _block(f"{note}\n") if "\n" in note else _line(note)
        parts.append(f"note = {written}\n")
    if query.known:
        parts.append(f"known = [{', '.join(map(str, query.known))}]\n")
    if query.max_hits != DEFAULT_MAX_HITS:
        parts.append(f"max = {query.max_hits}\n")
    return "\n".join(parts)


_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CONTROL_BUT_LINES: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def _line(text: str) -> str:
    """A TOML string on one line."""
    return f'"{_CONTROL.sub(_code, _escaped(text))}"'


def _block(text: str) -> str:
    """A TOML string of several lines: as it is, if it can stand so, else with what must be escaped."""
    if "'''" not in text and not _CONTROL_BUT_LINES.search(text):
        return f"'''\n{text}'''"
    return f'"""\n{_CONTROL_BUT_LINES.sub(_code, _escaped(text))}"""'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _code(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def check_name(name: str) -> str:
    """The name, if it may be one; so no name can leave the folder or mean something else on another system."""
    if not _NAME.fullmatch(name) or _DEVICE.fullmatch(name):
        short = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
        raise UsageError(
            f"{short!r} cannot name a saved query: use small letters, digits, - and _, "
            f"at most {LONGEST_NAME}, beginning with a letter or digit (and no device name such as con)."
        )
    return name


def _no_folder(folder: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"There is no folder of saved queries at {folder}; `reftrack init` makes one."
    return f"The folder of saved queries {folder} cannot be read: {error.strerror}."


def _read(path: Path, name: str) -> Query:
    try:
        # utf-8-sig: editors on Windows still begin files with a byte order mark.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; check its rights.") from error
    try:
        table = tomllib.loads(text)
    # TOMLDecodeError is a ValueError, and so is the refusal of an integer of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}; correct it.") from error
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(_KEYS)}."
            raise UsageError(f"{path} has an unknown key {key!r}; {hint}")
    known, most = table.get("known", []), table.get("max", DEFAULT_MAX_HITS)
    if not isinstance(known, list) or not all(_is_count(pmid) for pmid in known):
        raise UsageError(f"{path}: known must be a list of PMIDs, as known = [31494820, 31897941].")
    if not _is_count(most):
        raise UsageError(f"{path}: max must be a whole number from 1 up, as max = {DEFAULT_MAX_HITS}.")
    title = _text(path, table, "title")
    if len(title.splitlines()) > 1:
        raise UsageError(f"{path}: title must be one line; put the rest into note.")
    note = _text(path, table, "note") if "note" in table else ""
    return Query(name, title, _text(path, table, "term"), note, tuple(dict.fromkeys(known)), most)


def _is_count(value: object) -> bool:
    """A whole number from 1 up; true and false are numbers to Python only."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _text(path: Path, table: dict[str, object], key: str) -> str:
    """A text of the file: the term as it stands, titles and notes without the space around them."""
    value = table.get(key)
    if value is None:
        raise UsageError(f"{path} has no {key}; add {key} = '''...'''.")
    if not isinstance(value, str):
        raise UsageError(f"{path}: {key} must be text in quotes.")
    if not value.strip() and key != "note":
        raise UsageError(f"{path}: {key} is empty; write one.")
    return value if key == "term" else value.strip()
