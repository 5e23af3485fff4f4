"""The questions of a labelling config: choices about the article, attributes of a mark."""

from __future__ import annotations

from collections.abc import Iterator

from annotate.schema.checking.check import ENTITY_COLUMNS, TAKEN
from annotate.schema.importing.gather import TEXTS, Gathered, Question, field_of
from annotate.schema.importing.labels import Row
from annotate.schema.importing.names import Names
from annotate.schema.importing.tags import Tag
from annotate.schema.model import Attribute, Choice, Option, Schema


class QuestionReader:
    """Reads questions about one text; `names` gives names to all controls of the config.

    The titles of the schema that is `known` are not changed.
    """

    def __init__(self, found: Gathered, known: Schema | None, text: Tag, names: Names) -> None:
        self.attributes: list[Attribute] = []
        self.choices: list[Choice] = []
        self._found = found
        self._text = text
        self._names = names
        asked, chosen = (known.attributes, known.choices) if known else ((), ())
        self._asked_titles = Names((attribute.title for attribute in asked), on_page=True)
        self._choice_titles = Names((choice.title for choice in chosen), on_page=True)
        self._known = {attribute.name: attribute.options for attribute in asked}
        self._known |= {choice.name: choice.options for choice in chosen}

    def read(self, question: Question, rows: list[Row]) -> None:
        """Add the question to the attributes or the choices, or note that it is left out."""
        tag = question.tag
        options = tuple(self._options(tag)) if tag.kind == "choices" else ()
        labels = self._labels(question, rows) if tag.says("perregion") else ()
        if why := self._why_not(question, options, labels):
            self._found.lost(tag, why)
            return
        self._note_condition(question)
        multiple = tag.get("choice") == "multiple"
        if tag.says("perregion"):
            name, title = self._called(question, ENTITY_COLUMNS, self._asked_titles)
            hint = "" if options else tag.get("placeholder")
            self.attributes.append(Attribute(name, title, labels, hint, options, multiple))
        else:
            name, title = self._called(question, TAKEN, self._choice_titles)
            self.choices.append(Choice(name, title, options, multiple))

    def _why_not(
        self, question: Question, options: tuple[Option, ...], labels: tuple[str, ...]
    ) -> str:
        """Return why the question cannot be a part of a schema; "" when it can."""
        tag = question.tag
        about = self._found.named.get(tag.get("toname").strip(), self._text)
        per_region = tag.says("perregion")
        if about.kind not in TEXTS or (per_region and about is not self._text):
            return f"it is about {about}"
        if tag.kind == "choices" and not options:
            dynamic = field_of(tag.get("value"))
            return f"its options come from the field {dynamic}" if dynamic else "it has no option"
        if tag.kind == "textarea" and not per_region:
            return "a free text about the whole article has no place in a schema"
        return "it is asked of no label that is here" if per_region and not labels else ""

    def _note_condition(self, question: Question) -> None:
        tag, when = question.tag, question.when.get("visiblewhen", "")
        usual = {"", "region-selected"} if tag.says("perregion") else {""}
        if when not in usual:
            self._found.note(tag, f"is always asked here, not only when {when}")
        about = self._found.named.get(tag.get("toname").strip(), self._text)
        if about is not self._text:
            self._found.note(tag, f"is about the article here, not about {about}")

    def _called(
        self, question: Question, columns: frozenset[str], titles: Names
    ) -> tuple[str, str]:
        """Return the question's name and its title."""
        tag = question.tag
        name = self._names.give(tag.name or "question", columns)
        heading = question.title or next(self._headings(tag), None)
        title = titles.give(heading.get("value") if heading else name.name)
        self._found.called(tag, name, title)
        return name.name, title.name

    def _headings(self, tag: Tag) -> Iterator[Tag]:
        return (inner for inner in tag.below() if inner.kind == "header" and inner.get("value"))

    def _options(self, tag: Tag) -> Iterator[Option]:
        known = self._known.get(tag.name, ())
        names = Names(option.name for option in known)
        titles = Names((option.title for option in known), on_page=True)
        seen: set[str] = set()
        for choice in self._found.inside(tag, "choice", "header"):
            if choice.kind == "header":
                continue
            if choice.inner:
                self._found.once(choice, "a <Choice> within a <Choice> is not carried over")
            wanted = choice.get("alias") or choice.get("value")
            if not wanted.strip() or wanted in seen:
                self._found.lost(choice, "it is there twice" if wanted.strip() else "it is empty")
                continue
            seen.add(wanted)
            name, title = names.give(wanted), titles.give(choice.get("value") or wanted)
            self._found.called(choice, name, title)
            yield Option(name.name, title.name)

    def _labels(self, question: Question, rows: list[Row]) -> tuple[str, ...]:
        """Return the labels that a question is asked of: all unless a condition names some."""
        tag, control = question.tag, question.when.get("whentagname", "")
        scope = [row for row in rows if row.control == control] or rows
        told = question.when.get("whenlabelvalue", "")
        if not told:
            names = [row.entity.name for row in scope]
        else:
            names = []
            for part in told.split(","):
                called = [row for row in scope if part.strip() == row.name]
                called += [row for row in scope if part.strip() == row.value]
                if not called:
                    self._found.note(tag, f"names {part!r}, which is no label")
                names += [row.entity.name for row in called[:1]]
        # Of a known schema, which had no such question when it named its labels.
        if commas := [name for name in names if "," in name]:
            self._found.note(tag, f"cannot be asked of {commas[0]!r}, for its comma")
        return tuple(dict.fromkeys(name for name in names if "," not in name))
