"""Quarantine: marks that were set aside, and what a person decides about them.

A decision is a new row of the ledger. Nothing changes on the server, and a later pull keeps
what was decided about a mark as long as the annotation has it.
"""

from __future__ import annotations

from annotate.studio.quarantine.deciding import Choice, accept, drop
from annotate.studio.quarantine.ends import allowed_types
from annotate.studio.quarantine.listing import (
    Quarantined,
    Waiting,
    count_waiting,
    counts_meanwhile,
    find_marks,
    list_marks,
)
from annotate.studio.quarantine.looking import Extent, Look, look_at

__all__ = [
    "Choice",
    "Extent",
    "Look",
    "Quarantined",
    "Waiting",
    "accept",
    "allowed_types",
    "count_waiting",
    "counts_meanwhile",
    "drop",
    "find_marks",
    "list_marks",
    "look_at",
]
