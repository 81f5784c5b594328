"""The story in docs/ is what happens."""

from make_story import TARGET, live


def test_the_story_is_what_happens(tmp_path):
    """First run, nothing new, seven changes, outage, cut off and resumed: every command says what the page says."""
    assert live(tmp_path) == TARGET.read_text(encoding="utf-8")
