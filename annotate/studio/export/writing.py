"""Label Studio's JSON: tasks with annotations, as any server under the schema's config takes them.

Every document is a task with one submitted annotation, or with none where nobody annotated it, in
the form in which articles are pushed, so that a server of this project knows them again. Import
them where the labelling config is the schema's. Offsets are code points. Who annotated is not
written: a server refuses addresses of people that it does not know, and takes whoever imports
instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from annotate.corpus import Article
from annotate.corpus.article import METADATA
from annotate.errors import FormatError
from annotate.formats.document import Document, Losses
from annotate.formats.files import writing
from annotate.formats.losses import lose
from annotate.schema import Choice, Schema
from annotate.schema.model import Attribute
from annotate.studio.encode import encode_task
from annotate.studio.export.marking import encode_marks

# What is known of an article and is in no field of its task.
_UNSHOWN = ("published_at", "language")


def write_tasks(
    documents: Iterable[Document], path: Path, losses: Losses, *, schema: Schema,
    unannotated: Collection[str] = (),
) -> None:  # fmt: skip
    """Write documents as tasks with their annotations, one task at a time.

    Those whose ids are in `unannotated` have none: nobody annotated them. Raises `FormatError`
    for what the schema does not know, which the server would take and show to nobody.
    """
    vocabulary = _Vocabulary(schema)
    with writing(path) as file:
        file.write("[")
        between = "\n"
        for document in documents:
            if lacking := sorted(set(vocabulary.lacking(document))):
                raise FormatError(
                    f"{document.id}: the schema {schema.name} has no {', '.join(lacking)}",
                    "Name the workspace whose schema the annotations were made under.",
                )
            task = _task(schema, document)
            if document.id in unannotated:
                task["annotations"] = []
            file.write(between + msgspec.json.encode(task).decode())
            between = ",\n"
            lose(losses, "annotators", bool(document.annotator))
            lose(losses, "metadata", len(document.metadata.keys() - set(METADATA)))
        file.write("\n]\n")


def _task(schema: Schema, document: Document) -> dict[str, Any]:
    known = {name: document.metadata.get(name, "") for name in METADATA}
    article = Article(id=document.id, text=document.text, **known)
    annotation = {"result": encode_marks(schema, document), "was_cancelled": False}
    task = encode_task(schema, article, ())
    # What no task shows, which a server keeps with the task and gives back.
    task["meta"] |= {name: known[name] for name in _UNSHOWN if known[name]}
    return {**task, "annotations": [annotation]}


class _Vocabulary:
    """What a schema has names for."""

    def __init__(self, schema: Schema) -> None:
        self._labels = set(schema.labels)
        self._relations = set(schema.relation_labels)
        asked: tuple[Attribute | Choice, ...] = (*schema.attributes, *schema.choices)
        self._options = {one.name: {option.name for option in one.options} for one in asked}

    def lacking(self, document: Document) -> Iterator[str]:
        """Yield what a document names and the schema does not."""
        labels = {span.label for span in document.spans} - self._labels
        relations = {one.label for one in document.relations} - self._relations
        yield from (f"label {name}" for name in labels)
        yield from (f"relation {name}" for name in relations)
        yield from self._answers(document.choices)
        for span in document.spans:
            yield from self._answers(span.attributes)

    def _answers(self, answers: dict[str, tuple[str, ...]]) -> Iterator[str]:
        for name, given in answers.items():
            known = self._options.get(name)
            if known is None:
                yield f"question {name}"
            elif known:
                yield from (f"answer {one} to {name}" for one in given if one not in known)
