"""Proving that a built dataset holds: nothing crosses splits, every mark is where it says."""

from annotate.dataset.checking.intact import intact
from annotate.dataset.checking.run import RARE, check_built

__all__ = ["RARE", "check_built", "intact"]
