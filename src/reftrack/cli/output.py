"""Where a result goes: to stdout, or into a file that is replaced only when all is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import click

from ..errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

STDOUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
SQLITE = b"SQLite format 3\x00"


def is_stdout(path: Path | None) -> bool:
    """Whether the result is for stdout."""
    return path is None or str(path) in STDOUT


def file_of(name: str | None) -> Path | None:
    """The file that an option names, None for stdout."""
    if name is None or name in STDOUT:
        return None
    from pathlib import Path

    return Path(name)


def format_of(form: str | None, output: Path | None, endings: Mapping[str, str], *, as_json: bool) -> str:
    """The name of the format, by option or by the file's ending; "" where nothing is asked for. Raises UsageError."""
    if as_json and form not in (None, "json"):
        raise UsageError(f"--json and --format {form} exclude each other.")
    if as_json or form:
        return "json" if as_json else form or ""
    if output is None or is_stdout(output):
        return ""
    ending = output.suffix.lower()
    if ending not in endings:
        raise UsageError(f"{output} does not say by its ending what it is; name one of {', '.join(endings)}, or -f.")
    return endings[ending]


def refuse_file(output: Path | None) -> None:
    """There is nothing to put into the file that was asked for; what stood there before must not look like it."""
    if output is not None and not is_stdout(output):
        stays = "; what it held before stays" if output.exists() else ""
        raise UsageError(f"{output} was not written{stays}.")


Pieces = Iterable[str] | Iterable[bytes]


def write(path: Path | None, pieces: Pieces) -> None:
    """The whole result, to stdout where no file is named. Raises UsageError.

    A device or a pipe is written to, never replaced; of a link what it leads to; a database is left alone.
    """
    if path is None or is_stdout(path):
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    if str(path).startswith(("/dev/", "/proc/")) or (path.exists() and not path.is_file()):
        _write_into(path, pieces)
        return
    if path.is_file():
        with path.open("rb") as stream:
            if stream.read(len(SQLITE)) == SQLITE:
                raise UsageError(f"{path} is a database (the library?), so nothing is written over it; name another.")
    _write_whole(type(path)(os.path.realpath(path)), pieces)  # Path.resolve has no answer to links in a circle


def _write_whole(path: Path, pieces: Pieces) -> None:
    """Beside the target first, then in its place: a failure leaves the old file as it was."""
    import tempfile  # loads random numbers and compression

    folder = path.parent
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=folder)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}); nothing was changed.") from None
    unfinished = folder / name
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(_encoded(pieces))
        unfinished.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        unfinished.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}); what was there before is intact.") from None
    finally:
        unfinished.unlink(missing_ok=True)


def _write_into(path: Path, pieces: Pieces) -> None:
    try:
        with path.open("wb") as stream:
            stream.writelines(_encoded(pieces))
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}).") from None


def _encoded(pieces: Pieces) -> Iterator[bytes]:
    for piece in pieces:
        yield piece.encode() if isinstance(piece, str) else piece


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
