"""What of a labelling config can become a schema, and notes of all the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from annotate.schema.config import BYLINE_FIELD, TITLE_FIELD
from annotate.schema.importing.names import Given
from annotate.schema.importing.tags import Tag

TEXTS = frozenset({"text", "hypertext"})
LABELS = frozenset({"labels", "hypertextlabels"})
# They arrange what lies in them.
BOXES = frozenset({"view", "collapse", "panel"})
_WHEN = ("visiblewhen", "whentagname", "whenlabelvalue", "whenchoicevalue")

# A whole text that stands for a field of the task.
_FIELD = re.compile(r"\$[\w\[\].{}]+")
_OWN_FIELDS = frozenset({f"${TITLE_FIELD}", f"${BYLINE_FIELD}"})

# Attributes that become a part of the schema, or that a page made of it has in its own way.
_LOOKS = frozenset(
    {
        "classname", "idattr", "display", "style", "size", "layout", "rows", "placeholder",
        "underline", "showinline", "showsubmitbutton", "editable", "maxsubmissions", "opacity",
        "fillcolor", "strokecolor", "strokewidth", "selectedcolor", "aliasstyle", "highlightcolor",
        "schema", "digest",
    }
)  # fmt: skip
_CARRIED = {
    "text": {"name", "value", "granularity"},
    "labels": {"name", "toname", "value"},
    "label": {"value", "alias", "background", "hotkey", "hint", "granularity"},
    "relations": {"name", "toname"},
    "relation": {"value"},
    "header": {"name", "value"},
    "choices": {"name", "toname", "choice", "perregion", "value"},
    "choice": {"value", "alias"},
    "textarea": {"name", "toname", "perregion"},
}
_CARRIED |= {"hypertext": _CARRIED["text"], "hypertextlabels": _CARRIED["labels"]}


class Note(NamedTuple):
    """What could not be carried over, or was changed, and the line of the config or 0."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


class Question(NamedTuple):
    """A control that asks something, the title above it, and when it is shown."""

    tag: Tag
    title: Tag | None
    when: dict[str, str]


def field_of(value: str) -> str:
    """Return the field of the task that a value stands for, "" if it stands for itself."""
    return value if _FIELD.fullmatch(value) else ""


@dataclass
class Gathered:
    """The tags that can become a schema, in their order."""

    named: dict[str, Tag] = field(default_factory=dict)
    texts: list[Tag] = field(default_factory=list)
    labels: list[Tag] = field(default_factory=list)
    other_labels: list[Tag] = field(default_factory=list)
    relations: list[Tag] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    _heading: Tag | None = None
    _once: set[str] = field(default_factory=set)

    def note(self, tag: Tag, text: str) -> None:
        """Note something about a tag."""
        self.notes.append(Note(tag.line, f"{tag} {text}"))

    def once(self, tag: Tag, text: str) -> None:
        """Note something that goes for all tags of a kind, the first time."""
        if text not in self._once:
            self._once.add(text)
            self.notes.append(Note(tag.line, text))

    def called(self, tag: Tag, name: Given, title: Given) -> None:
        """Note a name or a title that is not the one on the page."""
        both = name.name == title.name and name.reason and title.reason
        for what, given in (("name", name), ("title", title)):
            if given.reason and not (both and given is title):
                which = "name and title" if both else what
                self.note(tag, f"has the {which} {given.name!r} here: {given.reason}")

    def lost(self, tag: Tag, why: str = "") -> None:
        """Note that a tag is left out; tags without a name once for each kind."""
        because = f": {why}" if why else ""
        if tag.name or tag.get("value") or why:
            self.note(tag, f"is not carried over{because}")
        else:
            self.once(tag, f"<{tag.written}> is not carried over")

    def look(self, tag: Tag) -> None:
        """Note the attributes of a tag that are left out."""
        known = _CARRIED.get(tag.kind, set()) | _LOOKS | set(_WHEN)
        for key in tag.attributes:
            if key not in known:
                self.once(tag, f"{tag.spelt[key]} of <{tag.written}> is not carried over")

    def inside(self, around: Tag, *kinds: str) -> Iterator[Tag]:
        """Yield the tags of some kinds within a control, and note those of others."""
        for tag in around.inner:
            if tag.kind in kinds:
                self.look(tag)
                yield tag
            elif tag.kind in BOXES:
                yield from self.inside(tag, *kinds)
            else:
                self.lost(tag)

    def gather(self, root: Tag) -> None:
        """Sort a config's tags into those that can become a schema, and notes."""
        for tag in (root, *root.below()):
            if tag.name and not tag.get("toname"):
                self.named.setdefault(tag.name, tag)
        self._gather(root, {})
        self._no_question_below()

    def _gather(self, tag: Tag, when: dict[str, str]) -> None:
        when = when | {key: tag.get(key) for key in _WHEN if tag.get(key)}
        if tag.kind in BOXES:
            self.look(tag)
            for inner in tag.inner:
                self._gather(inner, when)
        elif tag.kind == "header":
            self._head(tag)
        elif tag.kind in {"choices", "textarea"}:
            self.look(tag)
            self.questions.append(Question(tag, self._heading, when))
            self._heading = None
        else:
            self._no_question_below()
            self._sort(tag)

    def _sort(self, tag: Tag) -> None:
        if tag.kind in TEXTS:
            self.texts.append(tag)
        elif tag.kind in LABELS:
            self.labels.append(tag)
        elif tag.kind == "relations":
            self.relations.append(tag)
        else:
            if tag.kind.endswith("labels"):
                self.other_labels.append(tag)
            self.lost(tag)
            return
        self.look(tag)

    def _head(self, tag: Tag) -> None:
        value = tag.get("value")
        if field_of(value):
            if value not in _OWN_FIELDS:
                self.lost(tag, "it shows a field of the task")
        elif value.strip():
            self._no_question_below()
            self._heading = tag

    def _no_question_below(self) -> None:
        if self._heading is not None:
            self.lost(self._heading)
            self._heading = None
