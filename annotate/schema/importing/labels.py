"""The labels of a labelling config."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from annotate.schema.checking.names import fold
from annotate.schema.importing.colors import read_color
from annotate.schema.importing.gather import BOXES, Gathered, field_of
from annotate.schema.importing.names import Names, mended
from annotate.schema.importing.tags import Tag
from annotate.schema.model import Entity, Schema

# The definition of a label without a hint.
UNDEFINED = "Not defined yet."


class Row(NamedTuple):
    """A label, the control that it is in, and what it is called on the page."""

    entity: Entity
    control: str
    name: str
    value: str


class LabelReader:
    """Reads labels; the names and titles of the schema that is `known` are not changed.

    With `commas` False a name gets none. The colour of a label that has none is "".
    """

    def __init__(self, found: Gathered, known: Schema | None, *, commas: bool) -> None:
        entities = known.entities if known else ()
        self._found = found
        self._kept = {entity.name for entity in entities}
        self._names = Names(self._kept)
        self._titles = Names((entity.title for entity in entities), on_page=True)
        self._commas = commas
        self._keys: set[str] = set()
        self._groups: dict[str, str] = {}

    def read(self, controls: list[Tag]) -> list[Row]:
        """Return the labels of the controls; those of the second and on as a group each."""
        rows: list[Row] = []
        for number, control in enumerate(controls):
            more = list(self._control(control, control.name if number else ""))
            if number and more:
                first = controls[0]
                self._found.note(control, f"goes into {first}: its labels are a group there")
            rows += more
        if not rows:
            return []
        together = _together(rows)
        if together != rows:
            self._found.note(
                controls[0], "has groups in pieces: the labels of each now stand together"
            )
        return together

    def _control(self, control: Tag, group: str) -> Iterator[Row]:
        if field_of(control.get("value")):
            why = f"labels that come from the field {control.get('value')} are not carried over"
            self._found.note(control, f"has more than is written here: {why}")
        seen: set[str] = set()
        for tag, title in self._labels(control, group):
            name = tag.get("alias") or tag.get("value")
            if not name.strip() or name in seen:
                self._found.lost(tag, "it is there twice" if name.strip() else "it has no value")
                continue
            seen.add(name)
            entity = self._entity(tag, name, title)
            yield Row(entity, control.name, name.strip(), tag.get("value").strip())

    def _labels(self, box: Tag, group: str) -> Iterator[tuple[Tag, str]]:
        """Yield the labels in a box, each with the header above it."""
        for tag in box.inner:
            if tag.kind == "label":
                self._found.look(tag)
                yield tag, group
            elif tag.kind == "header" and not field_of(tag.get("value")):
                group = tag.get("value")
            elif tag.kind in BOXES:
                yield from self._labels(tag, group)
            else:
                self._found.lost(tag)

    def _entity(self, tag: Tag, wanted: str, group: str) -> Entity:
        if not self._commas and "," in wanted and wanted not in self._kept:
            wanted = wanted.replace(",", ";")
            self._found.note(tag, f"is {wanted!r} here: conditions take a comma for two labels")
        name = self._names.give(wanted)
        title = self._titles.give(tag.get("value") or wanted)
        self._found.called(tag, name, title)
        return Entity(
            name=name.name,
            title=title.name,
            definition=tag.attributes.get("hint", UNDEFINED),
            color=self._color(tag),
            hotkey=self._key(tag),
            group=self._group(tag, group),
        )

    def _color(self, tag: Tag) -> str:
        background = tag.get("background")
        color = read_color(background)
        if background and not color:
            self._found.note(tag, f"has a background that is no known colour, {background!r}")
        return color

    def _key(self, tag: Tag) -> str:
        key = tag.get("hotkey")
        reason = ""
        if len(key) > 1 or key.isspace() or not key.isprintable():
            reason = "is not one key"
        elif key and fold(key) in self._keys:
            reason = "is that of another label"
        if reason:
            self._found.note(tag, f"has no hotkey here: {key!r} {reason}")
            return ""
        self._keys.add(fold(key))
        return key

    def _group(self, tag: Tag, group: str) -> str:
        """Return the group as it was first spelt."""
        if not group.strip():
            return ""
        title = mended(group, on_page=True)
        if title.reason and group not in self._groups.values():
            self._found.note(tag, f"is in the group {title.name!r}, not {group!r}: {title.reason}")
        return self._groups.setdefault(fold(title.name), title.name)


def _together(rows: Iterable[Row]) -> list[Row]:
    """Return the rows with each group where its first label stands."""
    places: dict[str | int, int] = {}
    numbered = [
        (places.setdefault(fold(row.entity.group) or number, number), row)
        for number, row in enumerate(rows)
    ]
    return [row for _, row in sorted(numbered, key=lambda pair: pair[0])]
