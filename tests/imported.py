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
    items = list(imports.read(text.encode(), form))
    covered = set()
    for place, item in enumerate(items):
        last = item.line + item.text.count("\n")
        if isinstance(item, Unreadable) and form != "ids":  # it may be told once for many lines
            last = max(last, items[place + 1].line - 1 if place + 1 < len(items) else text.count("\n") + 1)
        covered |= set(range(item.line, last + 1))
    return {number for number, line in enumerate(text.split("\n"), 1) if line.strip()} - covered
