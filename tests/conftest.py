"""What every test file may use: where the shared corpus is, and who skips without it."""

import os
import signal
from pathlib import Path

import pytest

pytest_plugins = ["browser"]

PROJECT = Path(__file__).resolve().parents[1]
CORPUS = Path(os.environ.get("REFTRACK_TEST_CORPUS") or PROJECT.parent / "shared" / "corpus")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell lets its background jobs ignore Ctrl-C, and what they start inherits that: tests of Ctrl-C need it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Tests on real records skip only where the corpus folder is missing."""
    if CORPUS.is_dir():
        return
    skip = pytest.mark.skip(reason=f"no shared corpus at {CORPUS}")
    for item in items:
        if "corpus" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def corpus():
    """The folder of real PubMed records; use together with @pytest.mark.corpus."""
    return CORPUS


@pytest.fixture(scope="session")
def project():
    """The root of this checkout."""
    return PROJECT


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch, tmp_path_factory):
    """No test sees the developer's own key, address, settings or library."""
    for name in list(os.environ):
        if name.startswith(("REFTRACK_", "NCBI_", "ENTREZ_", "PUBMED_")) or name in {"EMAIL", "NO_COLOR"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
