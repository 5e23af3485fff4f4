"""The ledger: the local, append-only record of every annotation ever pulled."""

from __future__ import annotations

from annotate.studio.ledger.ledger import Ledger
from annotate.studio.ledger.names import EXPORT, Entry, KnownProject, Place
from annotate.studio.ledger.opening import open_ledger

__all__ = ["EXPORT", "Entry", "KnownProject", "Ledger", "Place", "open_ledger"]
