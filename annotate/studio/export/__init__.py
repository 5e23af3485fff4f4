"""Files with annotations: brought into the ledger, and written for Label Studio."""

from __future__ import annotations

from annotate.studio.export.importer import Imported
from annotate.studio.export.importing import import_documents, import_export
from annotate.studio.export.matching import Unmatched

__all__ = ["Imported", "Unmatched", "import_documents", "import_export"]
