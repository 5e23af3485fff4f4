"""A schema as YAML: it reads well, and reading it gives the same schema."""

from __future__ import annotations

from textwrap import dedent

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from annotate.schema import Choice, Option, Regex, RelationType, Schema, parse_schema
from annotate.schema.dump import dump_schema
from annotate.schema.model import Attribute, Controls, EntityChanges, Migration
from tests.factories import make_entity, make_schema, sample_schema
from tests.schema.strategies import schemas
from tests.strategies import raw_texts

LONG = "Cơ quan, đơn vị, đoàn thể có tên: gồm cả cấp và địa danh của nó, nhưng không gồm nơi chốn."


def definition(text: str) -> str:
    """Return how the YAML has a definition."""
    schema = make_schema(entities=(make_entity("A", "A", definition=text),), relations=())
    dumped = dump_schema(schema)
    assert parse_schema(dumped) == schema
    lines = dumped.partition("definition: ")[2].removesuffix("\n").split("\n")
    return "\n".join(line.strip(" ") for line in lines)


def test_a_schema_reads_like_one_written_by_hand() -> None:
    schema = make_schema(
        version="1.0",
        entities=(
            make_entity(
                "PERSON", "Person", examples=("Lê An", "Bà Ba"), hotkey="1", color="#0022ff"
            ),
            make_entity(
                "TOWN",
                "Town: a place",
                patterns=("Huế", Regex(r"xã \w+")),
                contains=(),
                definition="Where people live.\n\nNot a country.\n",
            ),
        ),
        relations=(
            RelationType("near", "near", ("TOWN",), ("TOWN",), directed=False),
            RelationType("in", "lives in", ("PERSON",), ("TOWN",)),
        ),
        attributes=(Attribute("sure", "Sure?", ("TOWN",), options=(Option("y", "Yes"),)),),
        choices=(Choice("topic", "Topic", (Option("no", "No"), Option("1", "One, or so"))),),
        guidelines=("Only names: no pronouns.", "Short."),
        granularity="character",
        migrations=(Migration("0.9", "1.0", EntityChanges(rename={"PER": "PERSON"})),),
        controls=Controls(labels="ner"),
    )
    assert dump_schema(schema) == dedent(
        """\
        name: small
        version: "1.0"
        language: en
        title: Small

        entities:
          - name: PERSON
            title: Person
            definition: A name.
            examples: [Lê An, Bà Ba]
            color: "#0022ff"
            hotkey: "1"

          - name: TOWN
            title: "Town: a place"
            definition: |
              Where people live.

              Not a country.
            patterns:
              - Huế
              - regex: xã \\w+
            contains: []

        relations:
          - name: near
            title: near
            head: [TOWN]
            tail: [TOWN]
            directed: false
          - name: in
            title: lives in
            head: [PERSON]
            tail: [TOWN]

        attributes:
          - name: sure
            title: Sure?
            labels: [TOWN]
            options:
              - {name: y, title: "Yes"}

        choices:
          - name: topic
            title: Topic
            options:
              - {name: "no", title: "No"}
              - {name: "1", title: "One, or so"}

        guidelines:
          - "Only names: no pronouns."
          - Short.

        granularity: character

        migrations:
          - from: "0.9"
            to: "1.0"
            entities:
              rename:
                PER: PERSON

        controls:
          labels: ner
        """
    )


def test_the_sample_schema_comes_back() -> None:
    assert parse_schema(dump_schema(sample_schema())) == sample_schema()


def test_what_is_too_long_for_a_line_is_folded_at_blanks() -> None:
    folded = definition(f"{LONG} {LONG}")
    first, *lines = folded.split("\n")
    assert first == ">-"
    assert len(lines) > 1
    assert all(80 < len(line) <= 94 for line in lines[:-1])
    assert definition("x" * 200) == f">-\n{'x' * 200}"
    assert definition("x" * 99 + " ").startswith('"x')


def test_a_long_list_of_phrases_has_a_line_for_each() -> None:
    entity = make_entity("A", "A", examples=("short", "x" * 80))
    dumped = dump_schema(make_schema(entities=(entity,), relations=()))
    assert f"    examples:\n      - short\n      - {'x' * 80}\n" in dumped


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a: b", '"a: b"'),
        ('say "a: b"', "'say \"a: b\"'"),
        ("it's", "it's"),
        ("'a", '"\'a"'),
        ("C:\\x: y", "'C:\\x: y'"),
        ("true", '"true"'),
        ("1.0.0", "1.0.0"),
        ("1e3", '"1e3"'),
        ("0o17", '"0o17"'),
        ("2024-02-30", '"2024-02-30"'),
        ("~", '"~"'),
        ("", '""'),
        (" a", '" a"'),
        ("a\r\nb", '"a\\r\\nb"'),
        ("a\x85b", '"a\\Nb"'),
        ("a\u2028b", '"a\\Lb"'),
        ("a\tb", '"a\\tb"'),
        ("a\n b", '"a\\n b"'),
        ("a\nb\n\n", '"a\\nb\\n\\n"'),
        ("\na", '"\\na"'),
        ("a\nb", "|-\na\nb"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    ],
)
def test_a_text_is_written_so_that_it_stays_that_text(text: str, written: str) -> None:
    assert definition(text) == written


@given(schemas())
def test_any_schema_comes_back(schema: Schema) -> None:
    assert parse_schema(dump_schema(schema)) == schema


HARD = st.one_of(
    raw_texts,
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.lists(
        st.sampled_from(
            (
                "\n", " ", "  ", "\t", "a", "word", "#", "- ", ": ", ":", "\x85", "\u2028", "\r",
                "\ufeff", "'", '"', "\\", "|", ">", "---", "...", "\u200d", "😀", "{", "[", ",",
                "%", "@", "!", "&", "*", "?", "1.0", "null", "x" * 40, "a b c d e f " * 8,
            )
        ),
        max_size=12,
    ).map("".join),
)  # fmt: skip


@given(HARD, st.lists(HARD, max_size=3), st.dictionaries(HARD, HARD, max_size=2))
def test_any_text_comes_back_wherever_it_stands(
    text: str, texts: list[str], names: dict[str, str]
) -> None:
    schema = make_schema(
        name=text,
        entities=(make_entity(text, "A", definition=text, examples=tuple(texts)),),
        relations=(),
        choices=(Choice(text, "B", (Option(text, text),)),),
        migrations=(Migration(text, text, EntityChanges(rename=names)),),
    )
    dumped = dump_schema(schema)
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        data = yaml.load(dumped, loader)  # noqa: S506, both are safe
        assert msgspec.convert(data, Schema) == schema
