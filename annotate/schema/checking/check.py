"""What may be well typed in a schema file but is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator

from annotate.schema.checking.examples import check_examples
from annotate.schema.checking.migrations import check_migrations
from annotate.schema.checking.names import (
    check_name,
    check_names,
    check_twice,
    check_unique,
    fold,
    of,
    unknown,
)
from annotate.schema.checking.parts import Fault, Part, shown
from annotate.schema.checking.patterns import check_patterns

# Columns of the dataset, beside which a choice is one more.
TAKEN = frozenset(
    {
        "id", "text", "title", "source", "url", "published_at", "language", "sha256", "cluster",
        "entities", "relations",
    }
)  # fmt: skip
# Columns of an entity in the dataset, beside which an attribute is one more.
ENTITY_COLUMNS = frozenset({"id", "start", "end", "label", "text"})

COLOR = re.compile(r"#[0-9a-fA-F]{6}")
# Of BCP 47 the usual part: a language, then its script, region or variant.
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def check(root: Part) -> Iterator[Fault]:
    """Yield all faults of a schema file beyond those of type."""
    yield from _check_top(root)
    for key in ("entities", "relations", "attributes", "choices"):
        yield from check_names(root.part(key).mappings())
    for entity in root.part("entities").mappings():
        yield from _check_look(entity)
    yield from check_unique(root.part("entities").mappings(), "hotkey")
    yield from _check_groups(root)
    yield from _check_nesting(root)
    for relation in root.part("relations").mappings():
        for side in ("head", "tail"):
            yield from _check_labels(relation.part(side), root, least=1)
    yield from _check_controls(root)
    for attribute in root.part("attributes").mappings():
        yield from _check_attribute(attribute, root)
    for choice in root.part("choices").mappings():
        yield from _check_options(choice, "at least one option is needed")
    yield from check_patterns(root)
    yield from check_examples(root)
    yield from check_migrations(root)


def _check_top(root: Part) -> Iterator[Fault]:
    for key in ("name", "version", "language", "title"):
        yield from check_name(root.part(key))
    language = root.text("language")
    if language and not LANGUAGE.fullmatch(language):
        yield root.part("language").fault(f"{language!r} is no code of a language, such as vi")
    if root.part("entities").value == []:
        yield root.part("entities").fault("at least one entity is needed")


def _check_look(entity: Part) -> Iterator[Fault]:
    hotkey, color = entity.text("hotkey"), entity.part("color")
    if len(hotkey) > 1 or hotkey.isspace() or not hotkey.isprintable():
        yield entity.part("hotkey").fault(f"a hotkey is one key, not {hotkey!r}")
    if isinstance(color.value, str) and not COLOR.fullmatch(color.value):
        yield color.fault(f"a colour is #rrggbb, not {color.value!r}")


def _check_groups(root: Part) -> Iterator[Fault]:
    """Yield the groups with a fault in their title, and those whose labels stand apart."""
    first: dict[str, Part] = {}
    before = ""
    for entity in root.part("entities").mappings():
        group = entity.text("group")
        part = entity.part("group")
        if group:
            yield from check_name(part, on_page=True)
            owner = first.setdefault(fold(group), entity)
            if owner.text("group") != group:
                yield part.fault(f"{group!r} is already that of {of(owner, 'group', group)}")
            elif owner is not entity and group != before:
                yield part.fault(f"the labels of {group!r} do not stand together")
        before = group


def _check_labels(part: Part, root: Part, *, least: int = 0) -> Iterator[Fault]:
    """Yield what is wrong with a list of entity labels."""
    known = root.part("entities").names()
    if part.value == [] and least:
        yield part.fault("at least one label is needed")
    yield from check_twice(part)
    for label, item in part.distinct():
        if label not in known:
            yield item.fault(unknown(label, known))


def _check_nesting(root: Part) -> Iterator[Fault]:
    """Yield unknown labels in `contains`, and labels that would lie within each other."""
    entities = root.part("entities").mappings()
    for entity in entities:
        yield from _check_labels(entity.part("contains"), root)
    within = {e.text("name"): [p.value for p in e.part("contains").texts()] for e in entities}
    told: set[str] = set()
    for entity in entities:
        name = entity.text("name")
        if name not in told and (cycle := _cycle(name, within)):
            told |= set(cycle)
            way = " > ".join(label if label.isprintable() else repr(label) for label in cycle)
            yield entity.part("contains").fault(
                f"{way} go round in a circle; leave one of them out,"
                " or `contains` of one, which then may hold any label"
            )


def _cycle(start: str, within: dict[str, list[str]]) -> list[str]:
    """Return the shortest way from a label through others back to itself, empty if none."""
    ways = [[start]]
    seen: set[str] = set()
    for way in ways:
        for label in within.get(way[-1], ()):
            if label == start and len(way) > 1:
                return [*way, start]
            if label not in seen and label != start:
                seen.add(label)
                ways.append([*way, label])
    return []


def _check_attribute(attribute: Part, root: Part) -> Iterator[Fault]:
    labels = attribute.part("labels")
    yield from _check_labels(labels, root, least=1)
    for label in labels.texts():
        if "," in label.value:
            yield label.fault(
                f"Label Studio would take {label.value!r} for several labels, for its comma;"
                " give it another name"
            )
    yield from _check_options(attribute, "leave it out for a free text, or give an option")
    if attribute.part("multiple").value is True and "options" not in attribute.value:
        yield attribute.part("multiple").fault("a free text has no options to choose from")


def _check_options(part: Part, if_empty: str) -> Iterator[Fault]:
    if part.part("options").value == []:
        yield part.part("options").fault(if_empty)
    yield from check_names(part.part("options").mappings())


def _check_controls(root: Part) -> Iterator[Fault]:
    """Yield the names of controls that clash: labels, text, attributes and choices are some."""
    controls = root.part("controls")
    owners: dict[str, str] = {}
    for key, default in (("labels", "label"), ("text", "text")):
        part = controls.part(key)
        yield from check_name(part)
        yield from _check_free(part, controls.text(key) or default, owners)
        owners.setdefault(fold(controls.text(key) or default), shown(part.path))
    for kind, columns in (("attributes", ENTITY_COLUMNS), ("choices", TAKEN)):
        parts = [(part.part("name"), part.text("name")) for part in root.part(kind).mappings()]
        for part, name in parts:
            if fold(name) in columns:
                yield part.fault(f"{name!r} is the name of a column")
            else:
                yield from _check_free(part, name, owners)
        # Two of one kind are told among the names.
        owners |= {fold(name): shown(part.path[:-1]) for part, name in parts if name}


def _check_free(part: Part, name: str, owners: dict[str, str]) -> Iterator[Fault]:
    if "," in name or reads_as_value(name):
        yield part.fault(f"{name!r} has a comma or reads as a value, which Label Studio refuses")
    if owner := owners.get(fold(name)):
        yield part.fault(f"{name!r} is already that of {owner}")


def reads_as_value(name: str) -> bool:
    """Whether it is a number or a truth value for the SDK of Label Studio, and so no name."""
    if name.lower() in {"true", "false", "null"}:
        return True
    try:
        float(name)
    except ValueError:
        return False
    return True
