"""docs/tour.md is walked through anew, on a terminal, and says what is seen."""

from make_tour import TARGET, walk


def test_the_tour_is_what_is_seen(tmp_path):
    """Every command and every key of the page, in one workspace, in order: the page is what `make docs` would write."""
    assert TARGET.read_text(encoding="utf-8") == walk(tmp_path)
