"""Loading annotations that were made elsewhere into a project, as one person's work."""

from __future__ import annotations

from collections.abc import Mapping

from annotate.errors import StudioError
from annotate.formats import Marked
from annotate.progress import Progress, silent
from annotate.schema import Schema
from annotate.studio.client import Studio
from annotate.studio.encode import encode_relations, encode_spans
from annotate.studio.ledger import Ledger, Place
from annotate.text import digest


def load_annotations(
    studio: Studio, ledger: Ledger, place: Place, schema: Schema, marked: Mapping[str, Marked],
    progress: Progress = silent,
) -> int:  # fmt: skip
    """Submit an annotation for each pushed article that has a marked text and no annotation.

    `marked` is by article id. The work is that of the person whose token is used. Returns
    how many were submitted. Raises `StudioError` when a marked text is not the article's.
    """
    taken = {task.id for page in studio.annotation_numbers(place.project) for task in page}
    waiting = [
        (task, article, sha256)
        for task, (article, sha256) in ledger.tasks(place).items()
        if article in marked and task not in taken
    ]
    with progress("Loading annotations", len(waiting)) as advance:
        for task, article, sha256 in waiting:
            gold = marked[article]
            if digest(gold.text) != sha256:
                raise StudioError(
                    f"the marked text of {article} is not the text that was pushed",
                    "Take out the markup and compare the two.",
                )
            spans = encode_spans(schema, gold.text, gold.spans)
            studio.annotate(task, spans + encode_relations(schema, gold.relations))
            advance(1)
    return len(waiting)
