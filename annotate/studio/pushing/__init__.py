"""Push: articles become tasks, and tasks follow their articles."""

from __future__ import annotations

from annotate.studio.pushing.forecast import (
    Forecast,
    Left,
    count_left,
    find_unfinished,
    forecast,
)
from annotate.studio.pushing.plan import Plan, plan_push, refuse_prune
from annotate.studio.pushing.push import Pushed, push

__all__ = [
    "Forecast",
    "Left",
    "Plan",
    "Pushed",
    "count_left",
    "find_unfinished",
    "forecast",
    "plan_push",
    "push",
    "refuse_prune",
]
