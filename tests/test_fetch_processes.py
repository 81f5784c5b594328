"""`reftrack fetch` as a process of its own: stopped, killed, behind a dead proxy."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from desk import Workspace
from made_up_pubmed import MadeUpPubmed

MANY = 850


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def server():
    made = MadeUpPubmed()
    for number in range(1, MANY + 1):
        made.add(number, f"Examplin in stroke, study {number}.")
    made.search = lambda term: [] if "mdat" in term else sorted(made.entries)
    with made.server(rate_limit=0) as running:
        yield running


def start(workspace, server, *arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "reftrack", "fetch", "stroke", *arguments],
        cwd=workspace.folder,
        env={**os.environ, "REFTRACK_EUTILS_URL": server.url, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stopped_after(workspace, server, batches, sent):
    """A fetch that gets a signal when EFetch has been asked so often; the server is slow enough to be in the middle."""
    usual = server.efetch

    def slow(params):
        time.sleep(0.3)
        return usual(params)

    server.efetch = slow
    process = start(workspace, server)
    deadline = time.monotonic() + 60
    while sum("efetch" in request.path for request in list(server.log)) < batches:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(sent)
    out, err = process.communicate(timeout=20)
    server.efetch = usual
    return process.returncode, out, err


def asked(server):
    return [int(p) for request in server.log if "efetch" in request.path for p in request.params["id"].split(",")]


def check_and_complete(workspace, server):
    """What a stopped fetch left is whole, and the next one asks only for the rest."""
    held = {paper["pmid"] for paper in workspace.json("list")}
    assert workspace.run("doctor", "--fix").stdout.count("!!") == 0  # marks a run that could not say its end itself
    before = len(asked(server))
    environment = {"REFTRACK_EUTILS_URL": server.url}
    (line,) = json.loads(workspace.run("fetch", "stroke", "--json", environment=environment).stdout)["runs"]
    assert (line["status"], line["received"], len(line["new"])) == ("complete", MANY, MANY)
    assert not held & set(asked(server)[before:])
    old = workspace.json("runs")[1]
    assert old["status"] == "interrupted"
    assert f"run {line['run']} went on and completed it" in old["problem"]
    return held, old


def test_a27_ctrl_c_keeps_the_finished_batches(workspace, server):
    """Status 130 at once, a sentence, every finished batch kept; the next fetch completes it."""
    status, out, err = stopped_after(workspace, server, 4, signal.SIGINT)
    assert (status, out) == (130, "")
    assert "every finished batch is kept" in err
    assert "Traceback" not in err
    held, old = check_and_complete(workspace, server)
    assert len(held) % 200 == 0
    assert len(old["stored"]) == len(held)


def test_c12_kill_between_batches(workspace, server):
    """Kill -9: the run is found interrupted, the library is whole, the next fetch asks only for the rest."""
    status, _, _ = stopped_after(workspace, server, 4, signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert workspace.json("runs")[0]["status"] == "interrupted"
    check_and_complete(workspace, server)


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
def test_a28_a_dead_proxy_is_named(workspace, server, variable, monkeypatch):
    """A proxy that is set and does not answer: status 3 and a sentence that says proxy, no traceback."""
    monkeypatch.setattr("reftrack.eutils.wire.PATIENCE", 1.0)
    environment = {variable: "http://127.0.0.1:9", "REFTRACK_EUTILS_URL": "http://nowhere.invalid/entrez/eutils/"}
    result = workspace.run("fetch", "stroke", environment=environment, status=3)
    assert "the proxy could not be reached" in result.stderr
    assert json.loads(workspace.run("runs", "--json").stdout)[0]["status"] == "failed"


def test_a_kill_is_written_down_as_ctrl_c_is(workspace, server):
    """SIGTERM, as a timer or a shutdown sends it: status 130, the ledger says interrupted, what came is kept."""
    status, out, _ = stopped_after(workspace, server, 4, signal.SIGTERM)
    assert (status, out) == (130, "")
    (line,) = workspace.json("runs")
    assert (line["status"], line["problem"]) == ("interrupted", "stopped by the user")
    check_and_complete(workspace, server)
