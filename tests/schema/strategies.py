"""A Hypothesis strategy for schemas: every feature, hard names, always valid.

`schemas()` draws a `Schema` that the loader takes; `to_yaml` writes one as a file. Names and
titles hold quotes, markup, blanks, brackets, emoji and up to 200 characters. Labels stand in
groups and say what they may contain, patterns are phrases and regular expressions, examples
are marked, and a chain of migrations leads to the version. A test that is not about some of
that leaves it out, and is faster: `schemas(without={"migrations", "decisions"})`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import pairwise, product
from typing import Any, NamedTuple

import msgspec
import yaml
from hypothesis import strategies as st

from annotate.markup import Marked, write_inline
from annotate.schema import Choice, Entity, Option, Regex, RelationType, Schema
from annotate.schema.checking.check import ENTITY_COLUMNS, TAKEN, reads_as_value
from annotate.schema.checking.names import LONGEST, fold
from annotate.schema.model import (
    Attribute,
    Changes,
    Controls,
    Decision,
    EntityChanges,
    Migration,
)
from annotate.spans import Relation, Span
from tests.strategies import CLUSTERS

HARD_NAMES = (
    *CLUSTERS,
    '"', "'", "&", "&amp;", "<b>", "</View>", "]]>", "<!--", "-->", "\\", "\\n", "%s", "{}", "#",
    "null", "true", "1.0", "- a", "a: b", "A, B", "[x](Y)", "(", "---", "Chức vụ",
    "tỉnh  Sơn La", "a\u00a0b", "ﬁn", "Ǆ", "ß", "İ", "x" * LONGEST, "ệ" * LONGEST,
    "\U00020001" * LONGEST, "=", ".", "*", "|", "`", "~", "@", "/", "name",
    "PERSON", "ROLE", "B-PERSON", "text", "label", "O", "$text",
)  # fmt: skip
PHRASES = ("Bộ Công an", "C++", "4 tại chỗ", "a.b", "(x)", "$", "&lt;", "🇻🇳")
REGEXES = (
    r"(?<!\w)(?:Đại|Trung) (?:tá|úy)(?!\w)", r"\d{1,2}/\d{1,2}(?:/\d{4})?", r"[A-Z]{2,}", r"x+?y",
    r"(?i)công an", r"(?P<day>\d+) tháng", r"[<>&\"']+",
)  # fmt: skip
TEXTS = ("ông ", " và ", "a < b & c", "\\", "[", "]", "Lê An", "xã X", "“”", "🇻🇳", "1\n2", "một")
LINES = (*TEXTS, "a: b", "# no comment", "'", "50 %", "$title")
KEYS = "1234567890qwertzuiop+äö#<y&"

# The names of controls that a schema has by default, and of columns.
_RESERVED = TAKEN | ENTITY_COLUMNS | {Controls().labels, Controls().text}

_letters = st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs"))
_names = st.one_of(st.sampled_from(HARD_NAMES), st.text(_letters, min_size=1, max_size=4))
_lines = st.sampled_from(LINES)
_flags = st.booleans()


class _Pool(NamedTuple):
    """Names that stay different when they are folded; each list of a schema takes some.

    Drawing them once is what makes the strategy fast.
    """

    names: list[str]
    draw: st.DrawFn

    def some(self, least: int, most: int, fits: Callable[[str], bool] = bool) -> list[str]:
        """Draw names of the pool that fit, at least `least` if it has so many."""
        start, count = self.draw(st.integers(0, 7)), self.draw(st.integers(least, most))
        return [name for name in self.names[start:] + self.names[:start] if fits(name)][:count]

    def titled(self, names: list[str]) -> list[tuple[str, str]]:
        """Return each name with a title, another one's name among them."""
        start = self.draw(st.integers(0, 7))
        titles = [_titled(name) for name in self.names[start:] + self.names[:start]]
        return list(zip(names, titles, strict=False))


def _may_be_control(name: str) -> bool:
    return fold(name) not in _RESERVED and "," not in name and not reads_as_value(name)


def _titled(name: str) -> str:
    """Return a title that Label Studio does not take for a field of the task."""
    return name.replace("$", "US$ ").strip()


@st.composite
def schemas(draw: st.DrawFn, without: Collection[str] = ()) -> Schema:
    """Draw a valid schema, without the fields of `Schema` that are named."""
    pool = _Pool(draw(st.lists(_names, min_size=8, max_size=8, unique_by=fold)), draw)
    entities = _entities(pool)
    asked = pool.some(0, 5, _may_be_control)
    split = draw(st.integers(0, 2))
    drawn: dict[str, Callable[[], Any]] = {
        "relations": lambda: _relations(pool, entities),
        "attributes": lambda: _attributes(pool, asked[:split], entities),
        "choices": lambda: _choices(pool, asked[split:]),
        "guidelines": lambda: tuple(draw(st.lists(_lines, max_size=2))),
        "granularity": lambda: draw(st.sampled_from(("word", "character"))),
        "controls": lambda: draw(st.sampled_from((Controls(), Controls("<ner>", "bài viết")))),
    }
    schema = Schema(
        name=pool.names[0],
        version=draw(st.sampled_from(("1.0.0", "2", "2024-01", "v1 (draft)"))),
        language=draw(st.sampled_from(("vi", "en", "zh-Hant-TW"))),
        title=pool.names[-1],
        entities=entities,
        **{name: make() for name, make in drawn.items() if name not in without},
    )
    later: dict[str, Any] = {"decisions": _decisions, "migrations": _migrations}
    made = {name: make(pool, schema) for name, make in later.items() if name not in without}
    return msgspec.structs.replace(schema, **made)


def _entities(pool: _Pool) -> tuple[Entity, ...]:
    draw = pool.draw
    titled = pool.titled(pool.some(1, 5))
    names = [name for name, _ in titled]
    # In order, so that the labels of a group stand together; the first or last has no title.
    groups = [*map(_titled, pool.some(2, 2))]
    groups.insert(draw(st.integers(0, 2)), "")
    cuts = sorted(draw(st.tuples(*[st.integers(0, 2)] * len(names))))
    key = draw(st.integers(0, len(KEYS) - len(names)))
    found: list[Entity] = []
    for number, (name, title) in enumerate(titled):
        # Only itself and what stands before it: so no circle can come about.
        within = draw(_within(names[: number + 1]))
        contains = None if within is None else tuple(within)
        found.append(
            Entity(
                name=name,
                title=title,
                definition=draw(_lines),
                examples=_examples(draw, name, contains),
                counter_examples=_examples(draw, name, contains),
                color=f"#{draw(st.integers(0, 0xFFFFFF)):06x}",
                hotkey=KEYS[key + number] if draw(_flags) else "",
                group=groups[cuts[number]],
                patterns=draw(_patterns),
                contains=contains,
            )
        )
    return tuple(found)


_pattern: st.SearchStrategy[str | Regex] = st.sampled_from((*PHRASES, *map(Regex, REGEXES)))
_patterns = st.lists(_pattern, max_size=2).map(tuple)


def _within(names: list[str]) -> st.SearchStrategy[list[str] | None]:
    return st.none() | st.lists(st.sampled_from(names), unique=True)


def _examples(draw: st.DrawFn, name: str, within: tuple[str, ...] | None) -> tuple[str, ...]:
    """Draw up to two phrases, marked as far as the names can be written in markup."""
    inner = [label for label in within or () if _is_writable(label)]
    outer = [name] if _is_writable(name) else []
    return tuple(_marked(draw, outer, inner) for _ in range(draw(st.integers(0, 2))))


def _is_writable(name: str) -> bool:
    return not any(char in "()" or char.isspace() for char in name)


def _marked(draw: st.DrawFn, outer: list[str], inner: list[str]) -> str:
    one, two = draw(st.sampled_from(TEXTS)), draw(st.sampled_from(TEXTS))
    start, middle, end = 1, 1 + len(one), 1 + len(one) + len(two)
    spans = [Span(id="1", start=start, end=end, label=label) for label in outer]
    nested = draw(_flags)
    if nested and outer and inner:
        spans.append(Span(id="2", start=middle, end=end, label=inner[0]))
    return write_inline(Marked(f"“{one}{two}”", tuple(spans))).strip()


def _relations(pool: _Pool, entities: tuple[Entity, ...]) -> tuple[RelationType, ...]:
    draw = pool.draw
    ends = st.lists(st.sampled_from([e.name for e in entities]), min_size=1, unique=True)
    return tuple(
        RelationType(
            name=name,
            title=title,
            head=tuple(draw(ends)),
            tail=tuple(draw(ends)),
            definition=draw(_lines),
            directed=draw(_flags),
        )
        for name, title in pool.titled(pool.some(0, 2))
    )


def _options(pool: _Pool, least: int = 1) -> tuple[Option, ...]:
    return tuple(Option(*pair) for pair in pool.titled(pool.some(least, 3)))


def _attributes(
    pool: _Pool, names: list[str], entities: tuple[Entity, ...]
) -> tuple[Attribute, ...]:
    draw = pool.draw
    # Label Studio separates them by commas.
    labels = [entity.name for entity in entities if "," not in entity.name]
    found: list[Attribute] = []
    for name, title in pool.titled(names if labels else []):
        options = _options(pool, least=0)
        found.append(
            Attribute(
                name=name,
                title=title,
                labels=tuple(draw(st.lists(st.sampled_from(labels), min_size=1, unique=True))),
                definition=draw(_lines),
                options=options,
                multiple=bool(options) and draw(_flags),
            )
        )
    return tuple(found)


def _choices(pool: _Pool, names: list[str]) -> tuple[Choice, ...]:
    return tuple(
        Choice(name=name, title=title, options=_options(pool), multiple=pool.draw(_flags))
        for name, title in pool.titled(names)
    )


def _decisions(pool: _Pool, schema: Schema) -> tuple[Decision, ...]:
    draw = pool.draw
    examples = ["không", *_cases(schema)]
    examples += [example for entity in schema.entities for example in entity.examples]
    drawn = st.lists(st.sampled_from(examples), max_size=2).map(tuple)
    return tuple(draw(st.lists(st.builds(Decision, _lines, _lines, drawn), max_size=2)))


def _cases(schema: Schema) -> list[str]:
    """Return texts with a relation and the attributes of its head, where markup can hold them."""
    return [
        _case(schema, relation.name, head, tail)
        for relation in schema.relations
        for head, tail in product(relation.head, relation.tail)
        if all(map(_is_writable, (relation.name, head, tail)))
    ]


def _case(schema: Schema, name: str, head: str, tail: str) -> str:
    answers: dict[str, tuple[str, ...]] = {
        attribute.name: (attribute.options[0].name if attribute.options else "12/3",)
        for attribute in schema.attributes
        if head in attribute.labels and _is_writable(attribute.name)
    }
    spans = (
        Span(id="1", start=0, end=2, label=head, attributes=answers),
        Span(id="2", start=5, end=8, label=tail),
    )
    return write_inline(Marked("An ở Huế", spans, (Relation(head="1", tail="2", label=name),)))


def _migrations(pool: _Pool, schema: Schema) -> tuple[Migration, ...]:
    """Draw a chain of up to two steps that ends at the schema's version."""
    versions = [f"0.{number}" for number in range(pool.draw(st.integers(0, 2)))]
    asked: list[Choice | Attribute] = [*schema.choices]
    asked += [attribute for attribute in schema.attributes if attribute.options]
    return tuple(
        Migration(
            old=old,
            to=to,
            entities=EntityChanges(**_changes(pool, schema.labels, split=True)),
            relations=Changes(**_changes(pool, schema.relation_labels)),
            attributes=Changes(**_changes(pool, tuple(a.name for a in schema.attributes))),
            choices=Changes(**_changes(pool, tuple(c.name for c in schema.choices))),
            options={
                owner.name: Changes(**_changes(pool, tuple(o.name for o in owner.options)))
                for owner in asked[:1]
            },
        )
        for old, to in pairwise([*versions, schema.version])
    )


def _changes(pool: _Pool, names: tuple[str, ...], *, split: bool = False) -> dict[str, Any]:
    """Draw the fields of `Changes` that lead from names of old to some of these."""
    now = {fold(name) for name in names}
    old = pool.some(0, 5, lambda name: fold(name) not in now)
    fields: dict[str, Any] = {"remove": tuple(old[:1])}
    if names:
        new = names[-1]
        fields["rename"] = dict.fromkeys(old[1:2], names[0])
        # What unites names may be among them: it stays.
        fields["merge"] = dict.fromkeys([new] if old[2:] else [], (new, *old[2:3]))
        if split and len(names) > 1:
            fields["split"] = dict.fromkeys(old[3:4], names[:2])
    return fields


def to_yaml(schema: Schema) -> str:
    """Return a schema file, in which stands what is not so by default."""
    return yaml.dump(to_data(schema), Dumper=_Dumper, allow_unicode=True, sort_keys=False)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """One that writes a value again where it comes again, rather than an alias."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def to_data(value: Any) -> Any:
    """Return a schema, or a part of one, as a file has it."""
    if isinstance(value, msgspec.Struct):
        pairs = ((field, getattr(value, field.name)) for field in msgspec.structs.fields(value))
        return {f.encode_name: to_data(part) for f, part in pairs if part != _default(f)}
    if isinstance(value, tuple):
        return [to_data(item) for item in value]
    if isinstance(value, dict):
        return {key: to_data(item) for key, item in value.items()}
    return value


def _default(field: msgspec.structs.FieldInfo) -> Any:
    made = field.default_factory is not msgspec.NODEFAULT
    return field.default_factory() if made else field.default
