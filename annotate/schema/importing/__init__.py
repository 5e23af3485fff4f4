"""Schemas out of labelling configs, made here or by anybody."""

from annotate.schema.importing.imported import Imported, import_config

__all__ = ["Imported", "import_config"]
