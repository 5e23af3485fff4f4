"""Backup of the ledger, and rebuilding a lost server from it."""

from __future__ import annotations

from annotate.studio.restoring.backup import BackedUp, back_up
from annotate.studio.restoring.people import find_missing, sign_up
from annotate.studio.restoring.plan import Plan, plan_restore
from annotate.studio.restoring.restore import Restored, restore
from annotate.studio.restoring.source import open_source

__all__ = [
    "BackedUp",
    "Plan",
    "Restored",
    "back_up",
    "find_missing",
    "open_source",
    "plan_restore",
    "restore",
    "sign_up",
]
