"""How commands print the checks of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from annotate.cli.common import plural, say, stdout

if TYPE_CHECKING:
    from annotate.dataset.publish import Check


def print_check(check: Check) -> None:
    """Print whether a check holds; if not, every problem and what to do."""
    mark = "[red]✗[/]" if not check.holds else "[yellow]![/]" if check.note else "[green]✓[/]"
    stdout().print(mark, end=" ")
    # Not by rich: brackets in an id are no markup.
    say(f"{check.name} ({check.note})" if check.note else check.name)
    for problem in check.problems:
        say(f"    {problem}")
    if not check.holds:
        say(f"  → {check.remedy}")


def print_end(checks: Sequence[Check], good: str) -> None:
    """Print how many checks failed; `good` when none did."""
    failed = [check for check in checks if not check.holds]
    say(f"{plural(len(failed), 'check')} of {len(checks)} failed." if failed else good)


def as_json_object(check: Check) -> dict[str, Any]:
    """Return a check for scripts."""
    return {"name": check.name, "holds": check.holds, **msgspec.structs.asdict(check)}
