"""Faithful annotation round trips between articles, Label Studio and Hugging Face datasets."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annotate.corpus import Article, read_articles
    from annotate.corpus.corpus import Corpus, open_corpus
    from annotate.dataset.build import build
    from annotate.dataset.built import Built
    from annotate.errors import AnnotateError
    from annotate.schema import Schema, labelling_config, load_schema
    from annotate.spans import Annotation, Relation, Span
    from annotate.studio.client import Studio
    from annotate.studio.ledger import Ledger, open_ledger
    from annotate.studio.pull import Pulled, pull
    from annotate.studio.pushing import Plan, Pushed, plan_push, push
    from annotate.studio.server import LocalServer
    from annotate.text import canonicalise
    from annotate.workspace import Workspace, init_workspace, open_workspace

# Where each public name lives. Imported when first used: some of what they need takes
# seconds to import, and no command needs all of it.
_HOMES = {
    "AnnotateError": "annotate.errors",
    "Annotation": "annotate.spans",
    "Article": "annotate.corpus",
    "Built": "annotate.dataset.built",
    "Corpus": "annotate.corpus.corpus",
    "Ledger": "annotate.studio.ledger",
    "LocalServer": "annotate.studio.server",
    "Plan": "annotate.studio.pushing",
    "Pulled": "annotate.studio.pull",
    "Pushed": "annotate.studio.pushing",
    "Relation": "annotate.spans",
    "Schema": "annotate.schema",
    "Span": "annotate.spans",
    "Studio": "annotate.studio.client",
    "Workspace": "annotate.workspace",
    "build": "annotate.dataset.build",
    "canonicalise": "annotate.text",
    "init_workspace": "annotate.workspace",
    "labelling_config": "annotate.schema",
    "load_schema": "annotate.schema",
    "open_corpus": "annotate.corpus.corpus",
    "open_ledger": "annotate.studio.ledger",
    "open_workspace": "annotate.workspace",
    "plan_push": "annotate.studio.pushing",
    "pull": "annotate.studio.pull",
    "push": "annotate.studio.pushing",
    "read_articles": "annotate.corpus",
}

__all__ = [
    "AnnotateError",
    "Annotation",
    "Article",
    "Built",
    "Corpus",
    "Ledger",
    "LocalServer",
    "Plan",
    "Pulled",
    "Pushed",
    "Relation",
    "Schema",
    "Span",
    "Studio",
    "Workspace",
    "build",
    "canonicalise",
    "init_workspace",
    "labelling_config",
    "load_schema",
    "open_corpus",
    "open_ledger",
    "open_workspace",
    "plan_push",
    "pull",
    "push",
    "read_articles",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
