"""Saved queries: what a file may say, what each fault is answered with, and that the shipped ones are sound."""

import pytest

from reftrack import queries
from reftrack.errors import UsageError
from reftrack.model import DEFAULT_MAX_HITS, Query

GOOD = 'title = "Made up"\nterm = "word[tiab]"\n'


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def put(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_reads_every_key(folder):
    """All five keys arrive in the Query, the term with its layout, PMIDs once each."""
    text = "title = ' Made up '\nterm = '''\na[ti]\n  OR b[ti]\n'''\nnote = 'why\n'\n"
    text = text.replace("'why\n'", "'''\nwhy\n'''") + "known = [90000002, 90000001, 90000002]\nmax = 7\n"
    put(folder, "made-up.toml", text)
    expected = Query("made-up", "Made up", "a[ti]\n  OR b[ti]\n", "why", (90000002, 90000001), 7)
    assert queries.load(folder) == {"made-up": expected}


def test_optional_keys_have_defaults(folder):
    """Without note, known and max a query has none, none and the usual bound."""
    put(folder, "x.toml", GOOD)
    query = queries.named(folder, "x")
    assert (query.note, query.known, query.max_hits) == ("", (), DEFAULT_MAX_HITS)


def test_sorted_by_name(folder):
    """The queries come in the order of their names, whatever the folder's order."""
    for name in ("b.toml", "a_1.toml", "a-1.toml", "9.toml"):
        put(folder, name, GOOD)
    assert list(queries.load(folder)) == ["9", "a-1", "a_1", "b"]


def test_other_files_are_left_alone(folder):
    """Readmes, backups and hidden files are no queries and no errors."""
    for name in ("README.md", "x.toml~", ".x.toml", "x.toml.bak"):
        put(folder, name, "not TOML [")
    assert queries.load(folder) == {}


def test_byte_order_mark_is_fine(folder):
    """A file saved by a Windows editor with a byte order mark is read."""
    put(folder, "x.toml", b"\xef\xbb\xbf" + GOOD.encode())
    assert queries.load(folder)["x"].title == "Made up"


def test_longest_name(folder):
    """A name of 64 characters is allowed."""
    put(folder, "a" * 64 + ".toml", GOOD)
    assert list(queries.load(folder)) == ["a" * 64]


BAD_NAMES = {
    "outside": "../../x",
    "folder": "a/b",
    "backslash": "a\\b",
    "device": "CON",
    "device in small letters": "con",
    "numbered device": "lpt1",
    "dot": ".",
    "dots": "..",
    "empty": "",
    "long": "a" * 300,
    "one too long": "a" * 65,
    "NUL": "a\0b",
    "upper case": "Stroke",
    "space": "a b",
    "leading dash": "-a",
    "newline at the end": "a\n",
    "foreign letter": "strök",
    "foreign digit": "a١",
}


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
def test_bad_name_is_refused(folder, name):
    """A name that could leave the folder, or that some system reads otherwise, is refused before any file is read."""
    with pytest.raises(UsageError, match="cannot name a saved query") as caught:
        queries.named(folder, name)
    assert len(str(caught.value)) < 250
    assert "\0" not in str(caught.value)


@pytest.mark.parametrize("stem", ["Stroke", "con", "a b", "a" * 65])
def test_bad_file_name_is_refused(folder, stem):
    """A file whose stem is no name stops the loading, so that no query is silently left out."""
    put(folder, f"{stem}.toml", GOOD)
    with pytest.raises(UsageError, match="cannot name a saved query"):
        queries.load(folder)


def test_unknown_name_suggests(folder):
    """An unknown name gets the nearest one and a list of what there is."""
    for name in ("stroke.toml", "tbi.toml"):
        put(folder, name, GOOD)
    with pytest.raises(UsageError, match=r"named strok; did you mean stroke\? There are: stroke, tbi\."):
        queries.named(folder, "strok")


def test_unknown_name_in_empty_folder(folder):
    """Where there are no queries the message says so."""
    with pytest.raises(UsageError, match=r"named x\. There are none in "):
        queries.named(folder, "x")


def test_named_ignores_other_faults(folder):
    """One broken file does not stop another query from being used."""
    put(folder, "x.toml", GOOD)
    put(folder, "y.toml", "broken [")
    assert queries.named(folder, "x").name == "x"


FAULTS = {
    "title missing": ('term = "a[ti]"', "has no title; add title"),
    "term missing": ('title = "t"', "has no term; add term"),
    "title no text": (GOOD.replace('"Made up"', "3"), "title must be text in quotes"),
    "term a list": ('title = "t"\nterm = ["a"]', "term must be text in quotes"),
    "note no text": (GOOD + "note = true", "note must be text in quotes"),
    "title empty": (GOOD.replace("Made up", " "), "title is empty; write one"),
    "term blank": (GOOD.replace("word[tiab]", r" \n\t"), "term is empty; write one"),
    "title of two lines": (GOOD.replace("Made up", r"a\nb"), "title must be one line; put the rest into note"),
    "known a number": (GOOD + "known = 90000001", "known must be a list of PMIDs"),
    "known of texts": (GOOD + 'known = ["90000001"]', "known must be a list of PMIDs"),
    "known zero": (GOOD + "known = [0]", "known must be a list of PMIDs"),
    "known true": (GOOD + "known = [true]", "known must be a list of PMIDs"),
    "max zero": (GOOD + "max = 0", "max must be a whole number from 1 up"),
    "max a fraction": (GOOD + "max = 5.5", "max must be a whole number from 1 up"),
    "max true": (GOOD + "max = true", "max must be a whole number from 1 up"),
    "unknown key": (GOOD + 'terms = "x"', "has an unknown key 'terms'; did you mean term?"),
    "unlike any key": (GOOD + "zzz = 1", "has an unknown key 'zzz'; known keys are title, term, note, known, max."),
    "max_hits": (GOOD + "[query]\nx = 1", "has an unknown key 'query'"),
    "broken TOML": (GOOD + "note = 'open\n", "is not valid TOML: .*; correct it"),
    "key twice": (GOOD + 'term = "b"\nmax = 3', "is not valid TOML: .*line 3"),
    "no value": (GOOD + "max =\nnote = 3", "is not valid TOML: .*line 3"),
    "endless number": (GOOD + "max = " + "9" * 5000, "is not valid TOML"),
    "deep nesting": (GOOD + "known = " + "[" * 20000, "is not valid TOML"),
    "not UTF-8": (GOOD.encode() + b"note = '\xff'", r"is not UTF-8 \(byte 46\); save it as UTF-8"),
}


@pytest.mark.parametrize(("text", "message"), FAULTS.values(), ids=FAULTS)
def test_fault_in_a_file(folder, text, message):
    """Each fault is one sentence that names the file and what is wrong."""
    path = put(folder, "x.toml", text)
    with pytest.raises(UsageError, match=message) as caught:
        queries.load(folder)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_folder(folder):
    """A missing folder is named, with the command that makes one."""
    with pytest.raises(UsageError, match=r"no folder of saved queries at .*nowhere; `reftrack init` makes one"):
        queries.load(folder / "nowhere")
    with pytest.raises(UsageError, match="no folder of saved queries"):
        queries.named(folder / "nowhere", "x")


def test_folder_is_a_file(folder):
    """A file in the place of the folder is said to be unreadable as one."""
    with pytest.raises(UsageError, match=r"folder of saved queries .* cannot be read: Not a directory"):
        queries.load(put(folder, "file", ""))


def test_unreadable_file(folder):
    """What cannot be opened (here: a folder named like a query) is named."""
    (folder / "x.toml").mkdir()
    with pytest.raises(UsageError, match=r"x\.toml cannot be read: Is a directory"):
        queries.load(folder)


def test_shipped_queries_load(project):
    """The project ships stroke and tbi, each with a title, a note that gives its reasons, and known PMIDs."""
    shipped = queries.load(project / "queries")
    assert list(shipped) == ["stroke", "tbi"]
    assert all(query.known and "Left out" in query.note for query in shipped.values())
    assert not set(shipped["stroke"].known) & set(shipped["tbi"].known)


def test_shipped_queries_name_the_substance_alike(project):
    """Both shipped queries begin with the same substance block; a name added to one is missed in the other."""
    stroke, tbi = (query.term.split("\nAND\n")[0] for query in queries.load(project / "queries").values())
    assert stroke == tbi
    assert '"cerebrolysin"[nm]' in stroke
