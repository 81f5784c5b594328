"""The story in docs/ is what happens."""

from make_story import KEY, TARGET, live


def test_the_story_is_what_happens(tmp_path):
    """First run, nothing new, seven changes, outage, resumed: commands say what the page says, the key is nowhere."""
    page = live(tmp_path)
    assert page == TARGET.read_text(encoding="utf-8")
    assert KEY not in page
    for path in (file for file in tmp_path.rglob("*") if file.is_file()):
        assert KEY.encode() not in path.read_bytes(), path
