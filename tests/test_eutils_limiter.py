"""One limit for all: threads share slots in memory, processes in a folder."""

import json
import os
import signal
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest
import responses

from eutils_server import EutilsServer, FakeTime, search_body, status_page
from reftrack.eutils import DEFAULT_URL, Eutils
from reftrack.eutils.limiter import FARTHEST, Asker, Limiter, SharedSlots

ESEARCH = DEFAULT_URL + "esearch.fcgi"
ONE_HIT = search_body(1, [7])


@pytest.fixture
def fake():
    return FakeTime()


@pytest.fixture
def asker(fake):
    """Somebody who wants a slot and sleeps on the fake clock."""
    return Asker(lambda: True, fake.sleep, lambda *_: None)


def shared(folder, fake, *, url=DEFAULT_URL, key=False, gap=1.0):
    return SharedSlots(folder, url, with_key=key, gap=gap, wall=fake.clock)


def test_a23_threads_share_the_slots(fake, asker):
    """Twenty starts from four threads are nineteen gaps apart."""
    limiter, began = Limiter(0.5, clock=fake.clock), fake.now
    threads = [threading.Thread(target=lambda: [limiter.take(asker) for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fake.now - began == 19 * 0.5


def test_a01_a_refusal_holds_everybody(fake, asker):
    """When NCBI has had enough, no thread starts before the wait is over, not even one that waits for its slot."""
    limiter = Limiter(1.0, clock=fake.clock)
    limiter.take(asker)
    began = fake.now

    def sleep(seconds):
        if fake.now == began:
            limiter.hold(10)
        fake.sleep(seconds)

    limiter.take(Asker(lambda: True, sleep, lambda *_: None))
    assert fake.now - began == 10


def test_a_slot_nobody_wants_is_not_waited_for(fake):
    """Whoever gave up meanwhile does not sleep."""
    limiter = Limiter(1.0, clock=fake.clock)
    limiter.hold(60)
    limiter.take(Asker(lambda: False, fake.sleep, lambda *_: None))
    assert fake.slept == []


def test_a24_processes_share_the_slots(tmp_path, fake, asker):
    """Two limiters that share nothing but a folder start a gap apart, in turn."""
    limiters = [Limiter(1.0, clock=fake.clock, slots=shared(tmp_path / "new" / "folder", fake)) for _ in range(2)]
    began = fake.now
    starts = []
    for number in range(6):
        limiters[number % 2].take(asker)
        starts.append(fake.now - began)
    assert starts == pytest.approx([0, 1, 2, 3, 4, 5])


def test_a24_a_refusal_holds_other_processes(tmp_path, fake, asker):
    """A `Retry-After` that one process was told is waited for by the others."""
    one, other = (Limiter(1.0, clock=fake.clock, slots=shared(tmp_path, fake)) for _ in range(2))
    began = fake.now
    one.hold(7)
    other.take(asker)
    assert fake.now - began == pytest.approx(7)


@pytest.mark.parametrize(("status", "after"), [(429, None), (429, 7), (503, 7)])
def test_a24_a_refusal_reaches_the_folder(tmp_path, fake, status, after):
    """What NCBI said to one client stands in the folder before that client has slept."""
    headers = {"Retry-After": str(after)} if after else {}
    settings = fake.settings | {
        "sleep": lambda seconds: (waits.append(shared(tmp_path, fake).take()), fake.sleep(seconds))
    }
    waits = []
    with responses.RequestsMock() as http, Eutils(limits=tmp_path, **settings) as eutils:
        http.post(ESEARCH, status=status, headers=headers)
        http.post(ESEARCH, body=ONE_HIT)
        eutils.search("x")
    assert waits[0] == pytest.approx(after or 1)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\0" * 500,
        b"soon",
        b"nan inf",
        b"1000.000000",
        "1000.000000 ٣.000000".encode(),
        f"1000.000000 {1000 + FARTHEST + 1:.6f}".encode(),
        b"1002.000000 1003.000000",
        b"1795571234.000000 1795571235.000000",
        b"900.000000 901.000000",
    ],
    ids=[
        "empty",
        "zeros",
        "words",
        "no numbers",
        "half",
        "other digits",
        "too far",
        "from the future",
        "set back",
        "old",
    ],
)
def test_a24_a_file_that_is_not_believed(tmp_path, fake, said):
    """What is garbage, past, too far away, or written by a clock that was set back since, keeps nobody waiting."""
    slots = shared(tmp_path, fake)
    slots.take()
    (file,) = tmp_path.glob("*.slot")
    file.write_bytes(said)
    assert slots.take() == 0
    assert slots.take() == pytest.approx(1.0)


def test_a24_without_a_folder_each_keeps_the_limit(tmp_path, fake, asker):
    """A folder that cannot be made or written costs the sharing, not the run and not the limit."""
    (tmp_path / "file").write_text("in the way")
    limiter = Limiter(1.0, clock=fake.clock, slots=shared(tmp_path / "file" / "limits", fake))
    began = fake.now
    for _ in range(3):
        limiter.take(asker)
    limiter.hold(5)
    limiter.take(asker)
    assert fake.now - began == pytest.approx(7)


def test_a24_a_read_only_folder(tmp_path, fake):
    """A slot file that may not be written keeps nobody waiting."""
    slots = shared(tmp_path, fake)
    slots.take()
    (file,) = tmp_path.glob("*.slot")
    file.unlink()
    file.mkdir()  # as good as read-only, for every user
    assert [slots.take() for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("url", "key", "name"),
    [
        (DEFAULT_URL, False, "eutils.ncbi.nlm.nih.gov_443"),
        (DEFAULT_URL, True, "eutils.ncbi.nlm.nih.gov_443_key"),
        ("http://127.0.0.1:8080/entrez/eutils/", False, "127.0.0.1_8080"),
        ("http://[::1]/entrez/eutils/", False, "__1_80"),
        ("http://Example.org/../x/", False, "example.org_80"),
    ],
)
def test_a24_a_file_for_each_limit(tmp_path, fake, url, key, name):
    """NCBI counts by server, and with a key apart: so does the folder, and the key is nowhere in it."""
    shared(tmp_path, fake, url=url, key=key).take()
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.slot", f"{name}.lock"}


def test_h03_key_is_not_in_the_folder(tmp_path, fake):
    """Neither the names nor the contents of the shared files hold the key."""
    with responses.RequestsMock() as http, Eutils(api_key="SECRETKEY123", limits=tmp_path, **fake.settings) as eutils:
        http.post(ESEARCH, body=ONE_HIT)
        eutils.search("x")
    files = list(tmp_path.iterdir())
    assert len(files) == 2
    assert "secretkey" not in "".join(file.name + file.read_text() for file in files).lower()


HOLD = """
import sys, time
from filelock import FileLock
lock = FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9")
def test_a24_killed_while_holding_the_lock(tmp_path, fake):
    """The lock of a process that was killed is free: no slot is waited for, and the limit is shared as before."""
    slots = shared(tmp_path, fake)
    slots.take()
    (lock,) = tmp_path.glob("*.lock")
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    assert slots.take() == pytest.approx(1.0)
    assert shared(tmp_path, fake).take() == pytest.approx(2.0)


def test_a24_a_holder_that_hangs(tmp_path, fake, monkeypatch):
    """A process that was stopped while it held the lock does not stop the others."""
    monkeypatch.setattr("reftrack.eutils.limiter._LOCK_PATIENCE", 0.1)
    slots = shared(tmp_path, fake)
    slots.take()
    (lock,) = tmp_path.glob("*.lock")
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        assert slots.take() == 0
        holder.kill()


FETCH = """
import json, pathlib, sys
from reftrack.eutils import Eutils
with Eutils(base_url=sys.argv[1], limits=pathlib.Path(sys.argv[2])) as eutils:
    bodies = [bool(batch.body) for batch in eutils.fetch(range(1, 7), size=1)]
    print(json.dumps([bodies, eutils.requests_sent]))
"""


def test_a24_two_processes_at_once(tmp_path):
    """Two processes fetch from one server that keeps NCBI's limit: all starts are a gap apart, and none is refused."""
    records = {pmid: f"<PubmedArticle><PMID>{pmid}</PMID></PubmedArticle>".encode() for pmid in range(1, 7)}
    with EutilsServer(records, lambda _: [], rate_limit=3) as server:
        both = [
            subprocess.Popen(
                [sys.executable, "-c", FETCH, server.url, str(tmp_path)], stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        said = [json.loads(process.communicate(timeout=60)[0]) for process in both]
        starts = sorted(request.time for request in server.log)
    assert said == [[[True] * 6, 6]] * 2
    assert len(starts) == 12
    assert min(later - earlier for earlier, later in pairwise(starts)) > 0.37 - 0.2


def test_limits_are_not_shared_unless_asked(tmp_path, monkeypatch, fake):
    """Without a folder nothing is written anywhere."""
    monkeypatch.chdir(tmp_path)
    with responses.RequestsMock() as http, Eutils(**fake.settings) as eutils:
        http.post(ESEARCH, body=ONE_HIT)
        eutils.search("x")
    assert list(Path.cwd().iterdir()) == []


def test_a07_a_failing_server_holds_nobody(fake):
    """A server that merely fails holds nobody but the one who asked."""
    with (
        EutilsServer({}, lambda _: [1], rate_limit=0) as server,
        Eutils(base_url=server.url, **fake.settings) as eutils,
    ):
        server.queue_fault(status_page(503))
        eutils.search("x")
        assert eutils._wire._limiter._held_until == float("-inf")
