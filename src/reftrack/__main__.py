"""`python -m reftrack`."""

from .cli import main

main(prog_name="reftrack")
