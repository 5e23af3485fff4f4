"""Schemas: the model, the file, the labelling config, the guide and the suggestions."""

from annotate.schema.config import labelling_config
from annotate.schema.guide import guide_html, guide_markdown, guide_page
from annotate.schema.load import load_schema, parse_schema
from annotate.schema.model import Choice, Entity, Option, Regex, RelationType, Schema
from annotate.schema.suggest import suggest

__all__ = [
    "Choice",
    "Entity",
    "Option",
    "Regex",
    "RelationType",
    "Schema",
    "guide_html",
    "guide_markdown",
    "guide_page",
    "labelling_config",
    "load_schema",
    "parse_schema",
    "suggest",
]
