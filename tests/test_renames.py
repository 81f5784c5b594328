"""Tags that a workspace renames, switches off or names as another was named: decisions, parents, rules follow."""

import json
import os
import sys
import time

import pytest

from desk import Workspace, terminal
from papers import FIRST_PMID
from reftrack import tagging
from reftrack.errors import RuleError
from reftrack.library.writing import Library
from reftrack.model import HandTag

ONE, TWO, THREE = range(FIRST_PMID, FIRST_PMID + 3)
CVA = "[tag.stroke]\ndisabled = true\n[tag.cva]\nlabel = 'CVA'\nfacet = 'condition'\naliases = 'stroke'\n"
GADGET = "[tag.gadget]\nfacet = 'outcome'\nlabel = 'Gadget'\nany.9 = 'examplin'\n"


@pytest.fixture
def filled(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.fetch()
    (tmp_path / "rules").mkdir()
    return workspace


def rules(workspace, text, name="mine"):
    (workspace.folder / "rules" / f"{name}.toml").write_text(text)


def load(*texts):
    return tagging.load([(f"rules/{number}.toml", text) for number, text in enumerate(texts)])


def found_by(workspace, tag):
    return sorted(paper["pmid"] for paper in workspace.json("list", "--tag", tag))


# renaming a shipped tag


@pytest.mark.parametrize("apart", [False, True], ids=["in one file", "in two"])
def test_a_rename_may_name_the_new_tag_first(apart):
    """It does not matter whether the old tag is switched off before or after the new one claims its name."""
    off, new = CVA.split("[tag.cva]")
    new = f"[tag.cva]{new}"
    renamed = load(new, off) if apart else load(new + off)
    assert renamed.resolve("stroke").slug == renamed.resolve("apoplexy").slug == "cva"
    assert renamed.by_slug["ischemic-stroke"].parent == "cva"


def test_children_decisions_and_old_names_follow_a_renamed_parent(filled):
    """`stroke` becomes `cva`: its child is found by both names, and what was decided under the old name holds."""
    filled.run("tag", "add", ONE, "stroke", "--because", "figure 1")
    rules(filled, CVA)
    filled.run("retag")
    assert found_by(filled, "cva") == found_by(filled, "stroke") == found_by(filled, "apoplexy") == [ONE, TWO]
    assert found_by(filled, "ischemic-stroke") == [TWO]
    (why,) = filled.json("why", ONE, "cva")
    assert (why["state"], why["because"]) == ("tagged", "figure 1")
    filled.run("tag", "rm", ONE, "cva")
    assert found_by(filled, "stroke") == [TWO]
    (filled.folder / "rules" / "mine.toml").unlink()
    filled.run("retag")
    filled.run("tag", "rm", ONE, "stroke")
    assert found_by(filled, "stroke") == [TWO]
    filled.run("doctor")


def test_rules_that_ask_for_a_renamed_tag_ask_for_the_new_one():
    """What stands beside, yields to, needs or comes from `rct` says so of `trial` after the rename."""
    old = (
        "[tag.x]\nfacet = 'outcome'\nlabel = 'X'\nfrom.9 = 'rct'\nneeds = 'rct'\n"
        "unless.tag = 'rct'\nunless.primary = 'rct'\n"
    )
    new = (
        "[tag.rct]\ndisabled = true\n"
        "[tag.trial]\nfacet = 'study'\nlabel = 'Trial'\nrank = 9\naliases = 'rct'\nany.9 = 'zz'\n"
    )
    rule = load(old, new).by_slug["x"]
    assert (rule.sources, rule.unless_tags, rule.needs) == ((("trial", 9.0),), ("trial",), ("trial",))
    assert ("trial" in rule.unless_primary, "rct" in rule.unless_primary) == (True, False)
    assert "trial" in {slug for slug, _ in load(new).by_slug["human"].sources}


def test_children_of_a_tag_that_is_switched_off_move_up(filled):
    """Without `stroke` its children stand where it stood, and the tree still shows them; nothing is wrong with that."""
    rules(filled, "[tag.top]\nfacet = 'condition'\nlabel = 'Top'\n[tag.stroke]\ndisabled = true\nparent = 'top'\n")
    filled.run("retag")
    tree = filled.run("tag", "tree").stdout
    assert "  top" in tree
    assert "\n    ischemic-stroke" in tree
    rules(filled, "[tag.stroke]\ndisabled = true\n")
    filled.run("retag")
    assert "\n  ischemic-stroke" in filled.run("tag", "tree").stdout


def test_tags_switched_off_in_a_circle_leave_no_parent():
    """Two tags that are each other's parent and both off do not keep their child waiting for ever."""
    off = "[tag.a]\ndisabled = true\nparent = 'b'\n[tag.b]\ndisabled = true\nparent = 'a'\n"
    assert load(off + "[tag.c]\nfacet = 'outcome'\nlabel = 'C'\nparent = 'a'\n").by_slug["c"].parent == ""


def test_a_rename_that_keeps_the_old_tag_is_refused():
    """An alias that is a living tag of its own would make a decision mean two tags; the way out is told."""
    with pytest.raises(RuleError, match=r"rules/0.toml: tag 'cva', key 'aliases': 'stroke' .*\[tag.stroke\] disabled"):
        load("[tag.cva]\nlabel = 'CVA'\nfacet = 'condition'\naliases = 'Stroke'\n")


def test_of_two_tags_with_one_alias_the_later_file_has_it(filled):
    """A workspace's tag takes an alias from a shipped one: nothing clashes, and the alias means the workspace's tag."""
    rules(filled, GADGET + "aliases = 'death'\n")
    filled.run("retag")
    assert found_by(filled, "death") == [ONE, TWO, THREE]
    rules(filled, "[tag.mortality.add]\naliases = 'gadget-count'\n" + GADGET)
    filled.run("retag")
    assert found_by(filled, "gadget-count") == found_by(filled, "death") == [ONE]


def test_a_tag_of_ones_own_may_have_a_name_that_another_tag_had_once(filled):
    """`death` is an old name of `mortality`: as a tag of its own it is decided upon by itself."""
    rules(filled, GADGET.replace("gadget", "death"))
    filled.run("retag")
    filled.run("tag", "rm", ONE, "death")
    assert (found_by(filled, "death"), found_by(filled, "mortality")) == ([TWO, THREE], [ONE])
    assert [one["tag"] for one in filled.json("tag", "conflicts")] == ["outcome/death"]


def test_shipped_rules_are_the_same_whatever_was_loaded_before():
    """Names are settled in tables of one loading: the shipped rules' hash does not move."""
    before = load().hash
    load(CVA, GADGET + "aliases = 'death'\n")
    assert load().hash == before


def test_adding_to_a_tag_that_is_not_there_names_the_nearest():
    """`[tag.mortalty.add]` is a slip of the pen."""
    with pytest.raises(RuleError, match="tag 'mortalty': 'facet' is missing; did you mean the tag 'mortality'"):
        load("[tag.mortalty.add]\nany.1 = 'x'\n")


# a facet of one's own with one primary tag


def test_a_tag_by_hand_is_primary_in_any_exclusive_facet(filled):
    """As a study type by hand is: the rules' choice gives way, and comes back when the decision is forgotten."""
    rules(
        filled,
        "[facet.design]\nlabel = 'Design'\nexclusive = true\n"
        "[tag.solid]\nfacet = 'design'\nlabel = 'Solid'\nrank = 1\nany.9 = 'examplin'\n"
        "[tag.soft]\nfacet = 'design'\nlabel = 'Soft'\nrank = 2\nany.9 = 'examplout'\n",
    )
    filled.run("retag")

    def primary():
        with Library.open(filled.folder / "db" / "reftrack.db") as library:
            return [tag.slug for tag in next(library.held([ONE])).tags if tag.primary]

    assert primary() == ["rct", "solid"]
    filled.run("tag", "add", ONE, "soft")
    assert primary() == ["rct", "soft"]
    assert [one["tag"] for one in filled.json("tag", "conflicts")] == ["design/soft"]
    filled.run("retag", "--all")
    assert primary() == ["rct", "soft"]
    filled.run("tag", "reset", ONE, "soft")
    assert primary() == ["rct", "solid"]


def test_a_rehearsal_tells_primary_tags_facet_by_facet(filled):
    """Two exclusive facets change for one paper: each is told with what was primary in it before."""
    solid = "[tag.solid]\nfacet = 'design'\nlabel = 'Solid'\nrank = 1\nany.9 = 'double-blind'\n"
    facet = "[facet.design]\nlabel = 'Design'\nexclusive = true\n"
    rules(filled, facet + solid)
    filled.run("retag")
    liquid = solid.replace("solid", "liquid")
    trial = "[tag.trial]\nfacet = 'study'\nlabel = 'Trial'\nrank = 1\npt.99 = 'Journal Article'\n"
    rules(filled, facet + liquid + trial + "[tag.rct]\ndisabled = true\n[tag.cohort]\ndisabled = true\n")
    told = {
        (one["facet"], one["before"], one["after"]): one["papers"]
        for one in filled.json("retag", "--dry-run")["primary"]
    }
    assert told["study", "cohort", "trial"] == 1
    assert told["study", "animal", "trial"] == 1
    assert told["study", "rct", "trial"] == told["design", "solid", "liquid"] == 1
    header, *lines = filled.run("retag", "--dry-run").stdout.split("\n\n")[1].splitlines()
    assert header.split("\t") == ["primary", "before", "after", "papers", "examples"]
    assert f"study\tcohort\ttrial\t1\t{TWO}" in lines
    status, screen = terminal([sys.executable, "-m", "reftrack", "retag", "--dry-run"], filled.folder)
    assert (status, "Study type: cohort -> trial" in screen, "Design: solid -> liquid" in screen) == (0, True, True)


def test_a_tag_of_a_facet_that_is_not_exclusive_is_never_primary(filled):
    """A shipped condition has a rank and no claim: two of them by hand leave both equal."""
    filled.run("tag", "add", ONE, "stroke")
    with Library.open(filled.folder / "db" / "reftrack.db") as library:
        assert [tag.slug for tag in next(library.held([ONE])).tags if tag.primary] == ["rct"]


# parents and children decided by hand


@pytest.fixture
def child(filled):
    """A parent that only its child's words find."""
    rules(
        filled,
        "[tag.whole]\nfacet = 'outcome'\nlabel = 'Whole'\n"
        "[tag.part]\nfacet = 'outcome'\nlabel = 'Part'\nparent = 'whole'\nany.9 = 'cohort'\n",
    )
    filled.run("retag")
    return filled


@pytest.mark.parametrize(("verb", "agrees"), [("add", True), ("rm", False)])
def test_a_decision_on_a_parent_is_held_against_its_children(child, verb, agrees):
    """The rules found the child and with it the parent: adding it agrees with them, removing it does not."""
    child.run("tag", verb, TWO, "whole")
    (one,) = child.json("tag", "conflicts", "--all")
    assert (one["agrees"], one["rules"]["state"], one["rules"]["child"]) == (agrees, "absent", "part")
    assert ("part below it is found" in child.run("tag", "conflicts").stdout) is not agrees


def test_a_retag_counts_a_child_as_its_parent(child):
    """The child's rule goes and comes back: the decision on the parent is contradicted, then confirmed."""
    child.run("tag", "add", TWO, "whole")
    text = (child.folder / "rules" / "mine.toml").read_text()
    rules(child, text.replace("any.9 = 'cohort'", ""))
    assert child.json("retag")["contradicted"] == [{"pmid": TWO, "tag": "whole"}]
    rules(child, text)
    assert child.json("retag", "--dry-run")["confirmed"] == [{"pmid": TWO, "tag": "whole"}]


def test_a_decision_on_a_child_leaves_its_parent_alone(child):
    """Removing the child takes the parent with it, as nothing else implies it; adding it by hand brings both."""
    child.run("tag", "rm", TWO, "part")
    assert found_by(child, "whole") == []
    child.run("tag", "add", ONE, "part")
    assert found_by(child, "whole") == [ONE]


def test_of_two_decisions_in_one_second_all_commands_take_the_same(filled):
    """Made under two names of one tag at once: what is filed, what `why` shows and what is a conflict agree."""
    with Library.open(filled.folder / "db" / "reftrack.db") as library, library.transaction():
        for name, verdict in (("death", "remove"), ("mortality", "add")):
            run = library.connection.run
            run("INSERT INTO hand_tags VALUES (?, ?, ?, ?, '', '2020-01-01')", (THREE, name, verdict, name))
        library.file_tags(THREE)
    shown = filled.json("why", THREE, "mortality")[0]
    (listed,) = filled.json("tag", "conflicts")
    assert shown["because"] == listed["because"] == "mortality"
    assert THREE in found_by(filled, "mortality")


# edited rules


def edit(workspace, text, *, later=5):
    """As an editor does, some seconds after the library was last written."""
    rules(workspace, text)
    path = workspace.folder / "rules" / "mine.toml"
    os.utime(path, (time.time() + later,) * 2)


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["why", ONE], ["why", ONE, "mortality"], ["tag", "list"], ["tag", "tree"], ["tag", "conflicts"],
     ["tag", "add", ONE, "mood"]],
)  # fmt: skip
def test_whoever_looks_at_tags_is_told_that_the_rules_were_edited(filled, arguments):
    """Once the rules have other words, readers are told to retag; after that nobody is told anything."""
    edit(filled, GADGET)
    assert "`reftrack retag` applies" in filled.run(*arguments).stderr
    assert "retag" not in filled.run("--quiet", *arguments).stderr
    filled.run("retag")
    assert "retag" not in filled.run(*arguments).stderr


def test_rules_older_than_the_library_are_not_read(filled, monkeypatch):
    """`list` stays quick in a workspace with rules of its own: their dates are enough."""
    edit(filled, GADGET, later=-60)
    os.utime(filled.folder / "rules", (time.time() - 60,) * 2)
    monkeypatch.setattr(tagging, "load", lambda *_: pytest.fail("read"))
    assert filled.run("list", "--count").stdout == "3\n"


def test_a_deleted_rule_file_is_an_edit(filled):
    """Deleting a file changes only its folder's date."""
    edit(filled, GADGET, later=-60)
    filled.run("retag")
    (filled.folder / "rules" / "mine.toml").unlink()
    os.utime(filled.folder / "rules", (time.time() + 5,) * 2)
    assert "3 papers carry tags of other rules" in filled.run("list").stderr


def test_a_tag_that_is_not_applied_yet_is_explained(filled):
    """Asking for a tag that stands in edited rules fails as before, with what to do."""
    edit(filled, GADGET)
    for arguments in (["list", "--tag", "gadget"], ["tag", "add", ONE, "gadget"]):
        told = filled.run(*arguments, status=2).stderr
        assert "`reftrack retag` applies" in told
        assert "no tag 'gadget'" in told


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["show", ONE], ["why", ONE], ["export"], ["tag", "list"], ["tag", "tree"], ["tag", "conflicts"],
     ["tag", "add", ONE, "mood"], ["tag", "rm", ONE, "mood"], ["tag", "reset", ONE, "mood"], ["digest"], ["runs"]],
)  # fmt: skip
def test_a_wrong_rule_stops_nothing_that_needs_no_rule(filled, arguments):
    """A slip in rules/ is told where tags are shown and stops only what applies rules."""
    edit(filled, "[tag.gadget\n")
    shows_tags = arguments[0] in ("list", "why") or arguments[:2] in (
        ["tag", "list"], ["tag", "tree"], ["tag", "conflicts"], ["tag", "add"], ["tag", "rm"],
    )  # fmt: skip
    assert filled.run(*arguments).stderr.count("not TOML") == shows_tags


@pytest.mark.parametrize("arguments", [["retag"], ["retag", "--dry-run"], ["fetch"], ["rebuild"]])
def test_a_wrong_rule_stops_what_applies_rules_before_anything_is_written(filled, arguments):
    """Status 2 and one sentence; the library's file is the same byte for byte."""
    before = (filled.folder / "db" / "reftrack.db").read_bytes()
    edit(filled, "[tag.gadget]\nfacet = 'outcom'\nlabel = 'G'\n")
    extra = ["--from", filled.file] if arguments == ["fetch"] else []
    told = filled.run(*arguments, *extra, status=2).stderr
    assert told.startswith("reftrack: rules/mine.toml: tag 'gadget', key 'facet'")
    assert told.count("\n") == 1
    assert (filled.folder / "db" / "reftrack.db").read_bytes() == before


def test_decisions_are_json_too(filled):
    """What the rules say of a tag that they did not find has no threshold, which only its rule knows."""
    with Library.open(filled.folder / "db" / "reftrack.db") as library, library.transaction():
        library.set_hand_tag(HandTag(ONE, "mood", "add", at="2026-01-01"))
    (one,) = json.loads(filled.run("tag", "conflicts", "--json").stdout)
    assert one["rules"] == {"state": "absent", "score": 0.0, "threshold": None, "primary": None, "child": None}


# aliases as people write them


def test_an_alias_written_twice_or_like_a_title_is_one_alias(filled):
    """`Gadget Count` twice is one name, found in any spelling, and the library takes the vocabulary."""
    rules(
        filled, GADGET + "aliases = 'Gadget Count; gadget_count; gadget-count'\n[tag.gadget.add]\naliases = ['Gizmo']\n"
    )
    filled.run("retag")
    assert found_by(filled, "gadget-count") == found_by(filled, "Gadget Count") == found_by(filled, "gizmo")
    assert found_by(filled, "gizmo") == [ONE, TWO, THREE]


def test_an_old_name_of_two_tags_goes_to_one_successor():
    """Two tags with the same old name are renamed: the name means one of the two new ones, so that it can be stored."""
    old = "[tag.{0}]\nfacet = 'outcome'\nlabel = '{0}'\naliases = '{1}'\n"
    off = "[tag.{}]\ndisabled = true\naliases = 'gadget-count'\n"
    new = load(off.format("a") + off.format("b") + old.format("c", "a") + old.format("d", "b")).by_slug
    assert [slug for slug in ("c", "d") if "gadget-count" in new[slug].aliases] == ["c"]


@pytest.mark.parametrize("name", ["study-type/randomised-trial", "Study Type/RCT", "study/rct", "design/rct"])
def test_a_facet_has_other_names_for_every_command(filled, name):
    """`study-type/rct` is `study/rct` for `tag`, `list` and `why` as it is in gold files."""
    filled.run("tag", "add", THREE, name)
    assert THREE in found_by(filled, name)
    assert [one["tag"] for one in filled.json("why", THREE, name)] == ["study/rct"]
    assert "1 decision forgotten" in filled.run("tag", "reset", THREE, name).stdout


def test_a_tag_in_the_wrong_facet_is_refused_with_the_right_one(filled):
    """`outcome/rct` is nothing, and the message says where the tag is."""
    refused = filled.run("list", "--tag", "outcome/rct", status=2)
    assert "did you mean study/rct?" in refused.stderr
