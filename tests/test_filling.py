"""A library that is being filled has neither search nor indexes, and says so to whoever knows it from before."""

import pytest

from papers import paper
from reftrack.errors import LibraryError
from reftrack.library.filling import build, leave_out
from reftrack.library.reading import Reader
from reftrack.library.selecting import Selection, listed, select
from reftrack.library.writing import Library


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "library.db", create=True) as opened:
        yield opened


def stored(library, *numbers):
    for number in numbers:
        with library.transaction():
            library.save(b"record", paper(number), source="file", parser=1)


def unwatched(*_):
    """Nobody looks."""


@pytest.mark.parametrize(
    "ask",
    [
        lambda connection: list(listed(connection, select(connection, Selection(text="examplin")))),
        lambda connection: connection.rows("SELECT papers FROM tag_counts"),
    ],
)
def test_who_opened_the_library_before_gets_an_error_and_no_empty_result(library, ask):
    """Search and counts are not there while papers are stored without them; once built they hold all papers."""
    with Reader.open(library.connection.path) as reader:
        assert ask(reader.connection) == []
        assert leave_out(library.connection)
        stored(library, 1, 2)
        with pytest.raises(LibraryError, match="no such table"):
            ask(reader.connection)
        assert build(library.connection, unwatched) == 2
        ask(reader.connection)


def test_what_was_built_finds_what_was_stored(library):
    """Search holds each paper once, and goes on to be kept in step."""
    leave_out(library.connection)
    stored(library, 1, 2)
    build(library.connection, unwatched)
    stored(library, 3)
    connection = library.connection
    assert len(list(listed(connection, select(connection, Selection(text="examplin"))))) == 3


def test_a_library_that_is_built_looks_up_foreign_keys_again(library):
    """Only while whole papers are stored does nobody look whether a part belongs to one."""
    leave_out(library.connection)
    assert library.connection.value("PRAGMA foreign_keys") == 0
    build(library.connection, unwatched)
    assert library.connection.value("PRAGMA foreign_keys") == 1


def test_building_twice_builds_once(library):
    """Of two that build, the second finds it done."""
    leave_out(library.connection)
    stored(library, 1)
    assert build(library.connection, unwatched) == 1
    assert build(library.connection, unwatched) == 0


def test_a_library_that_holds_something_is_not_filled(library):
    """What is held stays searchable while more comes."""
    stored(library, 1)
    assert not leave_out(library.connection)
    assert library.connection.value("PRAGMA user_version") > 0


def test_progress_goes_to_the_end(library):
    """Whoever looks is told how far it is, never back, up to all."""
    leave_out(library.connection)
    stored(library, *range(1, 8))
    told = []
    build(library.connection, lambda what, done, of: told.append((done, of)))
    assert told == sorted(told)
    assert told[-1] == (7, 7)
