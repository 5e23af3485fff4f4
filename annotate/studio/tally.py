"""What a migration does to annotations, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from annotate.schema import Schema
from annotate.schema.versions.migration import rewrite
from annotate.studio.rewrite import Parts, Rewriter


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What a migration does to the annotations made under the old version.

    `annotations` counts those that have something to rewrite, `united` spans that become one
    with another. By what becomes of what are counted: spans in `renamed`, `relations` (those
    with a new title too) and `answers` to attributes and choices. `waiting` and `archived`
    count spans by their old label, `archived_relations` by type, `archived_answers` by
    attribute or choice.
    """

    annotations: int
    united: int
    renamed: dict[str, int]
    relations: dict[str, int]
    answers: dict[str, int]
    waiting: dict[str, int]
    archived: dict[str, int]
    archived_relations: dict[str, int]
    archived_answers: dict[str, int]


class Adder:
    """Adds up what becomes of annotations."""

    def __init__(self, rewriter: Rewriter, old: Schema, new: Schema) -> None:
        self._rewriter = rewriter
        self._types = dict(_changed_types(rewriter, old, new))
        self._annotations = self._united = 0
        counted = set(Tally.__struct_fields__) - {"annotations", "united"}
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in counted}

    def add(self, given: Parts) -> None:
        """Add an annotation as it was under the old version."""
        rules = self._rewriter.rules
        told = rewrite(rules, *given)
        counts = self._counts
        counts["waiting"].update(span.label for span in told.waiting)
        counts["archived"].update(span.label for span in told.archived_spans)
        counts["archived_relations"].update(arrow.label for arrow in told.archived_relations)
        answers = [archived.name for archived in told.archived_attributes]
        counts["archived_answers"].update((*answers, *told.archived_choices))
        labels = (span.label for span in given.spans if span.label in rules.labels)
        counts["renamed"].update(f"{label} → {rules.labels[label]}" for label in labels)
        types = (relation.label for relation in given.relations)
        counts["relations"].update(self._types[label] for label in types if label in self._types)
        for span in given.spans:
            counts["answers"].update(self._answers(span.attributes, rules.attributes))
        counts["answers"].update(self._answers(given.choices, rules.choices))
        self._united += len(told.ties)
        self._annotations += (told.spans, told.relations, told.choices) != given

    def _answers(
        self, given: Mapping[str, tuple[str, ...]], names: Mapping[str, str]
    ) -> Iterator[str]:
        for name, answers in given.items():
            now = names.get(name, name)
            options = self._rewriter.rules.options.get(name, {})
            if now != name:
                yield f"{name} → {now}"
            yield from (f"{name}: {o} → {options[o]}" for o in answers if o in options)

    def counts(self) -> Tally:
        """Return what was added up."""
        known = {name: dict(counts) for name, counts in self._counts.items()}
        return Tally(annotations=self._annotations, united=self._united, **known)


def _changed_types(rewriter: Rewriter, old: Schema, new: Schema) -> Iterator[tuple[str, str]]:
    """Yield the relation types that change, each with how."""
    titles = {relation.name: relation.title for relation in new.relations}
    for relation in old.relations:
        now = rewriter.rules.relations.get(relation.name, relation.name)
        if now != relation.name:
            yield relation.name, f"{relation.name} → {now}"
        elif titles.get(now, relation.title) != relation.title:
            yield relation.name, f"{now}, “{relation.title}” → “{titles[now]}”"
