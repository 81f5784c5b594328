"""Every case of the fault list has a test that bears its id, or a reason why it belongs elsewhere; never both.

The tables: A transport, B ESearch, C EFetch, D records, E identity, F SQLite, G command line, H security.
"""

import ast
from pathlib import Path

import pytest

TABLES = {"a": 28, "b": 22, "c": 14, "d": 36, "e": 9, "f": 18, "g": 9, "h": 15}
CASES = tuple(f"{table}{number:02}" for table, last in TABLES.items() for number in range(1, last + 1))
ELSEWHERE = {
    "g01": "mistyped names at the command line; nothing is fetched, parsed or stored",
    "g05": "settings files at the command line",
    "g06": "key files: there are none, the key comes from the environment only",
    "g07": "what goes to stdout and to stderr at the command line",
    "h07": "--where: there is no option that takes SQL",
    "h08": "--where: there is no option that takes SQL",
}
"""Cases that are not about fetching, parsing, the library or secrets, and why."""


def ids_in(name):
    """The case ids that a test's name bears: tokens such as a19 between underscores."""
    return set(name.split("_")) & set(CASES)


def borne(folder):
    """Every id that a test function in this folder bears, with the tests' names."""
    found = {}
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for case in ids_in(node.name):
                    found.setdefault(case, []).append(f"{path.name}: {node.name}")
    return found


@pytest.fixture(scope="module")
def tests():
    return borne(Path(__file__).parent)


def test_the_table_is_whole():
    """There are 151 cases, and reasons are given for cases of the table only."""
    assert len(CASES) == len(set(CASES)) == 151
    assert set(ELSEWHERE) <= set(CASES)
    assert all(ELSEWHERE.values())


@pytest.mark.parametrize("case", CASES)
def test_case(tests, case):
    """The case has a test by its id or a reason to have none here, and not both."""
    if case in ELSEWHERE:
        assert case not in tests, f"{case.upper()} has a test: take it out of ELSEWHERE"
    else:
        assert case in tests, f"no test is named by {case.upper()}"


def test_the_scan_sees_ids_as_tokens_only(tmp_path):
    """An id counts between underscores in the name of a test function, also in a class, and nowhere else."""
    (tmp_path / "test_x.py").write_text(
        "def test_a19_b02_cut(): ...\ndef made_a20(): ...\ndef test_a210_x(): ...\ndef test_xa22(): ...\n"
        "class T:\n    def test_c03(self): ...\n# def test_d01_x\nTEXT = 'def test_d02_x(): ...'\n"
    )
    assert sorted(borne(tmp_path)) == ["a19", "b02", "c03"]
