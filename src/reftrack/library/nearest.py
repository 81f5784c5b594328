"""The citation key that somebody may have meant, found without reading all of them."""

from __future__ import annotations

from .opening import Connection

MOST = 300
"""Keys that are compared where none has just one slip in it: those that begin alike, the longest first."""
SHORTEST, LONGEST = 3, 80
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789:._/+-"
_BEYOND = "\U0010ffff"


def nearest_key(connection: Connection, name: str) -> str:
    """The key nearest to a name that is none, or "". Its cost does not grow with the library."""
    import json
    from difflib import get_close_matches  # only when something went wrong

    plain = "".join(name.casefold().split())
    if not SHORTEST <= len(plain) <= LONGEST:
        return ""
    keys: dict[str, str] = {}
    for (key,) in connection.rows(
        "SELECT key FROM citation_keys WHERE key IN (SELECT value FROM json_each(?))", (json.dumps(_slips(plain)),)
    ):
        keys[key.casefold()] = key
    if slip := get_close_matches(plain, keys, n=1, cutoff=0):
        return keys[slip[0]]
    for length in range(len(plain), 1, -1):
        if len(keys) >= MOST:
            break
        beginning = plain[:length]
        for (key,) in connection.rows(
            "SELECT key FROM citation_keys WHERE key >= ? AND key < ? ORDER BY key LIMIT ?",
            (beginning, beginning + _BEYOND, MOST - len(keys)),
        ):
            keys[key.casefold()] = key
    close = get_close_matches(plain, keys, n=1)
    return keys[close[0]] if close else ""


def _slips(name: str) -> list[str]:
    """Everything that differs from the name by one letter too many, missing, other, or two in each other's place."""
    parts = [(name[:place], name[place:]) for place in range(len(name) + 1)]
    found = {name}
    found.update(before + after[1:] for before, after in parts if after)
    found.update(before + after[1] + after[0] + after[2:] for before, after in parts if len(after) > 1)
    found.update(before + letter + after[1:] for before, after in parts if after for letter in _LETTERS)
    found.update(before + letter + after for before, after in parts for letter in _LETTERS)
    return sorted(found)
