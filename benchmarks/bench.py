"""Measure what reftrack promises of its speed, as ratios to peers and floors, in one run.

    make bench          every row, some 15 minutes, and docs/performance.md
    make bench-quick    fewer records and rounds, about a minute; prints the table and writes nothing

`make` builds the two environments. By hand: `python benchmarks/bench.py --peers PYTHON`, run by a Python that has
reftrack installed (not editable, without numpy), where PYTHON has what benchmarks/peers.txt names. The rows stand in
`measuring/rows.py`, who is measured and how in `measuring/sides.py`.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from measuring.inputs import FULL, PROJECT, QUICK, Inputs, real_records
from measuring.page import facts, page, text
from measuring.processes import MeasurementError
from measuring.rows import ROWS
from measuring.shares import PARTS, shares
from measuring.sides import GROUPS, groups_for, measure

ENVIRONMENT = PROJECT / ".venv-bench"
PAGE = PROJECT / "docs" / "performance.md"


def arguments():
    """What may be said on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer records and rounds; writes nothing")
    parser.add_argument("--without-large", action="store_true", help="leave out the import of 300,000 records")
    parser.add_argument("--only", action="append", default=[], metavar="GROUP", help=f"of {', '.join(GROUPS)}")
    parser.add_argument("--without-shares", action="store_true", help="do not ask where the time goes")
    parser.add_argument("--peers", type=Path, default=ENVIRONMENT / "peers" / "bin" / "python", metavar="PYTHON")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="an empty folder for what is made, and kept")
    parser.add_argument("--list", action="store_true", help="print the rows and their bounds, and measure nothing")
    return parser


def list_rows():
    """Row, bound, group, as TSV."""
    for row in ROWS:
        bound = "" if row.bound is None else f"<= {row.bound:g}"
        print(row.what, f"{bound} {row.unit if row.absolute else ''}".strip(), row.group, sep="\t")


def main():
    """Measure, print the table, and write the page where all of it was measured."""
    given = arguments().parse_args()
    if given.list:
        list_rows()
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that gigabytes of libraries are not left behind
    scale = QUICK if given.quick else FULL
    groups = groups_for(scale, large=not given.without_large, only=given.only)
    if not given.peers.exists():
        raise SystemExit(f"There is no {given.peers}; `make bench` builds it, or name a Python by --peers.")
    with tempfile.TemporaryDirectory() as temporary:
        work = given.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        at = Inputs(work.resolve(), real_records(ENVIRONMENT / "records"), given.peers.absolute(), scale)
        try:
            seen = {}
            for group in groups:  # told at once, so that a run which is ended has not been for nothing
                measured = measure(at, group, tell)
                print(text(measured, facts(at)), flush=True)
                seen |= measured
            found = {} if given.without_shares or scale != FULL else shares(at, tell)
        except MeasurementError as error:
            raise SystemExit(f"Nothing was written: {error}") from None
        if scale != FULL:
            print("\nOf fewer records, where starting weighs more: it shows a direction. `make bench` is what counts.")
        for name, what in found.items():
            print(f"\n{name}\n{what}")
        if scale == FULL and not given.only and set(found) == set(PARTS):
            words = ["make bench" if len(sys.argv) == 1 else f"python benchmarks/bench.py {' '.join(sys.argv[1:])}"]
            PAGE.write_text(page(at, seen, found, words), encoding="utf-8")
            print(f"\n{PAGE.relative_to(PROJECT)} is written.")


def tell(what):
    """Progress, on standard error."""
    print(f"  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
