"""`python -m annotate`."""

from annotate.cli import run

run()
