"""docs/story.md is made by living through it: a made-up PubMed on a loopback server, and commands as one types them.

`make docs` writes the page; a test lives through it again and compares. Today's date is written as DAY, so that the
page stays true tomorrow; everything else is what the program said.
"""

import os
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from desk import terminal
from eutils_server import status_page
from made_up_pubmed import MadeUpPubmed

TARGET = Path(__file__).parents[1] / "docs" / "story.md"
DAY = "2026-11-25"
KEY = "madeupkey0000000000000000000000000000"
"""With a key NCBI allows ten requests a second, so the telling is quicker."""
QUERY = """title = "Examplin in stroke"
term = "examplin[tiab] AND stroke[mh]"
"""
COHORT = """title = "Everything on examplin, cohort by cohort"
term = "examplin[tiab] AND cohort[ti]"
"""
MANY = 420

HEAD = f"""# A story: what a fetch says when PubMed changes

Made by living through it on a loopback server with a made-up PubMed (`make docs` writes this page, a test lives through
it again). Every paper is invented, the drug "examplin" too; {DAY} stands for the day of the telling.
"""


class Teller:
    """Runs commands and keeps what is read on the page."""

    def __init__(self, folder, server):
        self.folder, self.page = folder, [HEAD]
        binary = folder / "bin"
        binary.mkdir()
        script = binary / "reftrack"
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -m reftrack "$@"\n')
        script.chmod(0o755)
        self.environment = {
            "PATH": f"{binary}:{os.environ['PATH']}",
            "HOME": str(folder),
            "REFTRACK_EUTILS_URL": server.url,
            "NCBI_EMAIL": "someone@hospital.test",
            "NCBI_API_KEY": KEY,
            "XDG_STATE_HOME": str(folder / "state"),
        }

    def say(self, text):
        self.page.append(text)

    def type(self, command, *, status=0):
        """Run a command on a terminal; what it says on stderr is shown before what it prints."""
        aside = self.folder / "aside.txt"
        workspace = self.folder / "workspace"
        workspace.mkdir(exist_ok=True)
        got, seen = terminal(f"{command} 2>{aside}", workspace, columns=92, environment=self.environment)
        told = aside.read_text(encoding="utf-8")
        assert got == status, (command, got, told, seen)
        lines = [line.rstrip() for line in (told + seen).splitlines() if not line.startswith("Next: ")]
        shown = self._steady("\n".join(lines).strip("\n"))
        after = f"\n$ echo $?\n{status}" if status else ""
        self.page.append(f"```console\n$ {command}\n{shown}{after}\n```\n")

    @staticmethod
    def _steady(text):
        today = datetime.now(UTC).date().isoformat()
        text = re.sub(rf"{today}[ T]\d\d:\d\d(:\d\d)?", f"{DAY} 09:00", text)
        text = re.sub(r"waiting \d+ s", "waiting 2 s", text.replace(today, DAY))
        return re.sub(r"^(.*waiting 2 s.*\n)+", r"\1", text, flags=re.MULTILINE)  # as often as there were requests


def live(folder):
    """The story, from beginning to end; gives the page."""
    made = MadeUpPubmed()
    for number in range(1, 8):
        made.add(number, f"Examplin after stroke, study {number}.", mesh=("Stroke", "Humans"))
    made.add(8, "Examplin in an old registry.", entered="2019-03-02")
    with made.server(rate_limit=3) as server:
        teller = Teller(folder, server)
        _first_days(teller, made)
        _a_week_later(teller, made)
        _outage(teller, server)
        _cut_off(teller, made, server)
    return "\n".join(teller.page)


def _first_days(teller, made):
    queries = teller.folder / "workspace" / "queries"
    teller.say("## The first run\n")
    (teller.folder / "workspace").mkdir()
    terminal([sys.executable, "-m", "reftrack", "init", "--bare"], teller.folder / "workspace")
    (queries / "stroke.toml").write_text(QUERY)
    teller.type("reftrack fetch")
    teller.say("## Nothing new\n\nTwo requests: all PMIDs of the query, and which of them PubMed changed.\n")
    teller.type("reftrack fetch")
    teller.type("reftrack digest")


def _a_week_later(teller, made):
    today = datetime.now(UTC).date().isoformat()
    teller.say(
        "## Seven things happen\n\nA paper appears. An old one gets the heading the query asks for. One is corrected. "
        "One is retracted, one gets\nan erratum. One loses its heading. One is deleted at PubMed.\n"
    )
    made.add(9, "Examplin in stroke, a new trial.", mesh=("Stroke",), entered=today, revised=today)
    made.change(8, mesh=("Stroke",), completed=today)
    made.change(1, title="Examplin after stroke, study 1: extended follow-up.", mesh=("Stroke", "Humans", "Aged"))
    made.retract(2, 77)
    made.change(3, links=(("ErratumIn", "J Example. 2026;7:78", 90000078),))
    made.change(4, mesh=("Humans",))
    made.delete(5)
    teller.type("reftrack fetch --exit-code", status=11)
    teller.say("Status 11 says that a paper which is held was retracted. Why is the old one here only now?\n")
    teller.type("reftrack show 90000008")
    teller.type("reftrack show 90000002")
    teller.type("reftrack list --columns pmid,title,key")
    teller.say("The same for a colleague:\n")
    teller.type("reftrack digest --format md")


def _outage(teller, server):
    teller.say("## NCBI is down\n\nAn error is never an empty result: nothing was changed, and the status says so.\n")
    server.queue_fault(status_page(503), times=4)
    teller.type("reftrack fetch", status=3)


def _cut_off(teller, made, server):
    teller.say(
        f"## Cut off on the way\n\nA second query finds {MANY} papers, and the server fails after the first batch. "
        "What came is kept; the next run\nasks only for the rest, and tells all of them as new.\n"
    )
    (teller.folder / "workspace" / "queries" / "cohort.toml").write_text(COHORT)
    for number in range(100, 100 + MANY):
        made.add(number, f"Examplin cohort {number}.")
    usual = server.efetch

    def failing(params):
        return usual(params) if len(params["id"].split(",")) == 200 and "90000100" in params["id"] else (503, b"")

    server.efetch = failing
    teller.type("reftrack fetch cohort", status=4)
    server.efetch = usual
    teller.type("reftrack fetch cohort")
    teller.say("The ledger has all of it:\n")
    teller.type("reftrack runs")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made_in:
        TARGET.write_text(live(Path(made_in)), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name} written\n")
