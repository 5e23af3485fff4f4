"""Starts Label Studio: `python -m annotate.studio.launcher`, with its own arguments."""

from __future__ import annotations

import gc
import sys
from typing import Any, cast

# New objects that Python waits for before it looks for unreachable ones; it starts with 700.
_ENOUGH = 5_000


def prepare() -> None:
    """Make Label Studio start and answer faster.

    For a process of its own, before it is imported: this changes what others read and import.
    """
    _relax_collector()
    _leave_out("scipy")
    _read_yaml_in_c()


def _relax_collector() -> None:
    """Have Python look for unreachable objects less often.

    Label Studio keeps a million objects, and a task that it tells makes hundreds of new ones.
    With Python's own setting a listing of tasks spends a third of its time on looking.
    """
    gc.set_threshold(_ENOUGH, 10, 10)


def _leave_out(package: str) -> None:
    """Have an import of a package fail, as where it is not installed.

    Label Studio does not need scipy. NLTK, of which it takes a tokenizer, imports all of it
    where it is installed: a fifth of a start.
    """
    cast("dict[str, Any]", sys.modules)[package] = None


def _read_yaml_in_c() -> None:
    """Have PyYAML use libyaml, with which it comes on most machines.

    Label Studio's table of features is read with it: in Python that is a seventh of a start. It
    reads none but its own files so; on lists that are too deep libyaml crashes.
    """
    import yaml  # noqa: PLC0415, for the server alone

    yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # type: ignore[misc]


def main() -> None:
    """Run Label Studio's own command."""
    prepare()
    from label_studio.server import main as run  # noqa: PLC0415, prepared first

    run()


if __name__ == "__main__":
    main()
