"""Assignment: who annotates which article, and where each person finds theirs."""

from __future__ import annotations

from annotate.studio.assigning.assign import assign
from annotate.studio.assigning.plan import (
    Plan,
    Share,
    Standing,
    ask_server,
    check_annotators,
    find_shares,
    plan_assignment,
)
from annotate.studio.assigning.queues import Queue, find_queues
from annotate.studio.assigning.spread import spread

__all__ = [
    "Plan",
    "Queue",
    "Share",
    "Standing",
    "ask_server",
    "assign",
    "check_annotators",
    "find_queues",
    "find_shares",
    "plan_assignment",
    "spread",
]
