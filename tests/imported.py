"""Reading made-up files of other programs in tests."""

from reftrack import imports
from reftrack.citation import Citation, Unreadable


def found(form, text):
    """The citations of a file, after a look that all of it could be read."""
    items = list(imports.read(text if isinstance(text, bytes) else text.encode(), form))
    assert not [item for item in items if isinstance(item, Unreadable)]
    return items


def one(form, text):
    (only,) = found(form, text)
    return only


def sorted_out(form, text):
    """The citations of a file, and what could not be read as (line, text)."""
    items = list(imports.read(text if isinstance(text, bytes) else text.encode(), form))
    told = [(item.line, item.text) for item in items if isinstance(item, Unreadable)]
    return [item for item in items if isinstance(item, Citation)], told


def uncovered(form, text):
    """Numbers of the lines that neither belong to a citation nor follow what was told as unreadable."""
    covered = set()
    items = list(imports.read(text.encode(), form))
    ends = [item.line for item in items[1:]] + [text.count("\n") + 2]
    for item, end in zip(items, ends, strict=True):
        last = item.line + item.text.count("\n") + 1 if isinstance(item, Citation) else max(end, item.line + 1)
        covered |= set(range(item.line, last))
    return {number for number, line in enumerate(text.split("\n"), 1) if line.strip()} - covered
