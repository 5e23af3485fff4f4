"""Drawing examples: inline markup as nested elements, in the colours of the labels."""

from __future__ import annotations

from functools import cached_property
from xml.etree.ElementTree import Element

import msgspec

from annotate.markup import Marked, read_inline
from annotate.schema.guide.tree import add, join, say
from annotate.schema.guide.words import Words
from annotate.schema.model import Attribute, RelationType, Schema
from annotate.spans import Relation, Span

# Without the mark at its end, which asks for text, the second is an emoji in some fonts.
ARROWS = {True: "→", False: "↔\ufe0e"}

# How deep marks within a mark are drawn apart; deeper ones look like the deepest of these.
_DEEPEST = 4
# From how many characters on a label may break into lines.
_LONG = 30


class Drawing(msgspec.Struct, frozen=True, dict=True):
    """How a schema's labels and examples look: a label's colour is the class of its number."""

    schema: Schema
    words: Words

    @cached_property
    def _entities(self) -> dict[str, tuple[str, str]]:
        entities = enumerate(self.schema.entities)
        return {entity.name: (f"g{number}", entity.title) for number, entity in entities}

    @cached_property
    def _attributes(self) -> dict[str, Attribute]:
        return {attribute.name: attribute for attribute in self.schema.attributes}

    @cached_property
    def _relations(self) -> dict[str, RelationType]:
        return {relation.name: relation for relation in self.schema.relations}

    def css(self, label: str) -> str:
        """Return the class of a label's colour."""
        return self._entities[label][0]

    def chips(self, parent: Element, labels: tuple[str, ...]) -> None:
        """Add the titles of labels, each in its colour."""
        join(parent, ", ", (self._phrase(self._entities[name][1], name) for name in labels))

    def _phrase(self, text: str, label: str) -> Element:
        chip = Element("mark", {"class": self.css(label)})
        chip.text = text
        return chip

    def example(self, parent: Element, source: str, label: str) -> None:
        """Add an example of a label; without markup it is one as a whole."""
        marked = read_inline(source, f"an example of {label}")
        if marked.spans:
            self._draw(parent, marked)
        else:
            parent.append(self._phrase(marked.text, label))

    def counter_example(self, parent: Element, source: str, label: str) -> None:
        """Add what is not the label: the whole, or what is marked as that; struck."""
        marked = read_inline(source, f"a counter-example of {label}")
        if marked.spans:
            self._draw(parent, marked, wrong=label)
        else:
            add(parent, "s", marked.text)

    def case(self, parent: Element, source: str) -> None:
        """Add an example of a decision, its relations and answers below it."""
        marked = read_inline(source, "an example of a decision")
        self._draw(parent, marked)
        if not marked.spans:
            say(parent, " ")
            add(parent, "small", f"({self.words.no_mark})")
        notes = Element("ul", {"class": "notes"})
        phrases = {span.id: marked.text[span.start : span.end] for span in marked.spans}
        for relation in marked.relations:
            self._relation(notes, relation, phrases)
        for span in marked.spans:
            self._answers(notes, span, phrases[span.id])
        if len(notes):
            parent.append(notes)

    def _relation(self, notes: Element, relation: Relation, phrases: dict[str, str]) -> None:
        known = self._relations[relation.label]
        note = add(notes, "li")
        add(note, "bdi", phrases[relation.head])
        say(note, f" {ARROWS[known.directed]} ")
        add(note, "bdi", phrases[relation.tail])
        say(note, ": ")
        add(note, "b", known.title)

    def _answers(self, notes: Element, span: Span, phrase: str) -> None:
        for name, answers in span.attributes.items():
            known = self._attributes[name]
            titles = {option.name: option.title for option in known.options}
            note = add(notes, "li")
            add(note, "bdi", phrase)
            say(note, f" · {known.title}: ")
            add(note, "b", ", ".join(titles.get(answer, answer) for answer in answers))

    def _draw(self, parent: Element, marked: Marked, wrong: str = "") -> None:
        """Add a marked text; what crosses a mark is drawn on a copy of the text, below."""
        left = self._nest(parent, marked.text, 0, len(marked.text), list(marked.spans), wrong)
        while left:
            add(parent, "br")
            add(parent, "small", f"{self.words.also}:")
            say(parent, " ")
            left = self._nest(parent, marked.text, 0, len(marked.text), left, wrong)

    def _nest(
        self, parent: Element, text: str, start: int, end: int, spans: list[Span], wrong: str
    ) -> list[Span]:
        """Add the text from `start` to `end` with its spans, in reading order.

        Returns those that cross one drawn before them, which elements cannot show.
        """
        left: list[Span] = []
        while spans:
            span, *spans = spans
            if span.start < start or span.end > end:
                left.append(span)
                continue
            say(parent, text[start : span.start])
            start = span.end
            within = [inner for inner in spans if inner.start < start]
            spans = spans[len(within) :]
            css, title = self._entities[span.label]
            tag, css = ("s", f"{css} wrong") if span.label == wrong else ("mark", css)
            mark = add(parent, tag)
            left += self._nest(mark, text, span.start, span.end, within, wrong)
            depth = min(_height(mark), _DEEPEST)
            mark.set("class", f"{css} n{depth}" if depth else css)
            # A label stays with the end of its mark.
            say(mark, "\u00a0")
            add(mark, "small", title, "" if len(title) < _LONG else "long")
        say(parent, text[start:end])
        return left


def _height(mark: Element) -> int:
    """Return how many marks lie within each other within this one."""
    inner = [_height(child) + 1 for child in mark if child.tag != "small"]
    return max(inner, default=0)
