"""Exports of other Label Studio servers, old ones too, brought into the ledger."""

from __future__ import annotations

from annotate.studio.export.importing import Imported, Unmatched, import_export

__all__ = ["Imported", "Unmatched", "import_export"]
