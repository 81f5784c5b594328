"""The program `reftrack`, and `python -m reftrack`."""

from __future__ import annotations

import gc


def start() -> None:
    """Run the program.

    What is loaded to begin with stays to the end, so the garbage collector is kept from looking through it: it would
    while it is loaded, and again when the program ends, for a sixth of the time that `list` takes.
    """
    gc.disable()
    from .cli import main

    gc.freeze()
    gc.enable()
    main(prog_name="reftrack")


if __name__ == "__main__":
    start()
