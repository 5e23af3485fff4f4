"""The ledger: the local, append-only record of every annotation ever pulled."""

from __future__ import annotations

from annotate.studio.ledger.ledger import EXPORT, Entry, KnownProject, Ledger, Place
from annotate.studio.ledger.opening import open_ledger

__all__ = ["EXPORT", "Entry", "KnownProject", "Ledger", "Place", "open_ledger"]
