"""A record makes an article, or is refused with a reason."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from annotate.corpus import Article
from annotate.corpus.article import METADATA
from annotate.corpus.reading.fields import Fields, Unusable, check_id, make_article
from annotate.text import UNCHANGED, Changes, canonicalise, digest
from tests.strategies import canonical_texts, raw_texts

PLAIN = Fields()


def make(record: Mapping[str, Any], fields: Fields = PLAIN, default_id: str = "") -> Article:
    return make_article(record, fields, default_id).article


def refusal(record: Mapping[str, Any], fields: Fields = PLAIN, default_id: str = "") -> str:
    with pytest.raises(Unusable) as caught:
        make_article(record, fields, default_id)
    return str(caught.value)


def test_fields_that_are_named_as_here_are_taken_and_others_left() -> None:
    known = {name: f"{name} 1" for name in METADATA}
    record = {"id": "a", "text": "Chữ.", **known, "cluster": "x", "sha256": "y", "tags": [{}]}
    assert make(record) == Article(id="a", text="Chữ.", **known)


def test_fields_of_other_names_are_taken_where_they_are_mapped() -> None:
    fields = Fields(text="body", id="key", metadata={"title": "headline", "url": "id"})
    record = {"body": "Chữ.", "key": 7, "headline": "Tin", "id": "http://x", "title": "no"}
    assert make(record, fields) == Article(id="7", text="Chữ.", title="Tin", url="http://x")


def test_a_field_may_stand_for_several() -> None:
    fields = Fields(text="title")
    assert make({"title": "Chữ."}, fields) == Article(
        id=digest("Chữ.")[:16], text="Chữ.", title="Chữ."
    )


@given(raw_texts)
def test_the_text_is_made_canonical_and_what_that_changed_is_told(text: str) -> None:
    canonical, changes = canonicalise(text)
    assume(canonical)
    made = make_article({"text": text}, PLAIN)
    assert (made.article.text, made.changes) == (canonical, changes)


def test_metadata_are_made_canonical_and_do_not_count() -> None:
    title = unicodedata.normalize("NFD", " Tin\u200b sáng\t")
    made = make_article({"text": "Chữ.", "title": title}, PLAIN)
    assert made.article.title == "Tin sáng"
    assert made.changes == UNCHANGED
    assert make_article({"text": "Chữ.\t", "title": title}, PLAIN).changes == Changes(
        tabs=1, ends=1
    )


# Ids.


@given(canonical_texts)
def test_without_an_id_the_text_gives_one(text: str) -> None:
    expected = digest(text)[:16]
    for record in ({"text": text}, {"text": text, "id": None}, {"text": text, "id": " "}):
        assert make(record).id == expected
    assert re.fullmatch("[0-9a-f]{16}", expected)


def test_an_id_of_the_record_goes_before_one_of_the_file() -> None:
    assert make({"text": "Chữ."}, default_id="bai").id == "bai"
    assert make({"text": "Chữ.", "id": "1"}, default_id="bai").id == "1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (138, "138"),
        (10**30, "1" + "0" * 30),
        (1.5, "1.5"),
        (Decimal("10.20"), "10.20"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (date(2024, 6, 15), "2024-06-15"),
        (" a b\n", "a b"),
        ("x" * 200, "x" * 200),
        ("Tin số 1 – ¿qué?#%*:", "Tin số 1 – ¿qué?#%*:"),
        ("..a", "..a"),
    ],
)
def test_an_id_is_taken_as_it_is_given(value: object, expected: str) -> None:
    assert make({"text": "Chữ.", "id": value}).id == expected


@pytest.mark.parametrize("where", ["id", "file"])
def test_an_id_is_composed_wherever_it_comes_from(where: str) -> None:
    name = unicodedata.normalize("NFD", "bài-số-một")
    record = {"text": "Chữ.", "id": name} if where == "id" else {"text": "Chữ."}
    assert make(record, default_id=name).id == "bài-số-một"


@pytest.mark.parametrize("where", ["id", "file"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("a\tb", r"has an id that is empty or not printable: 'a\tb'"),
        ("a\0", r"has an id that is empty or not printable: 'a\x00'"),
        ("a\u200bb", r"has an id that is empty or not printable: 'a\u200bb'"),
        ("a\ud800b", r"has an id that is empty or not printable: 'a\ud800b'"),
        ("a/b", "has an id with a slash, or a path as id: 'a/b'"),
        ("a\\b", r"has an id with a slash, or a path as id: 'a\\b'"),
        (".", "has an id with a slash, or a path as id: '.'"),
        ("..", "has an id with a slash, or a path as id: '..'"),
        ("x" * 201, "has an id of more than 200 bytes: 'xxx"),
    ],
)
def test_an_id_that_cannot_be_typed_or_be_a_file_is_refused(
    value: str, reason: str, where: str
) -> None:
    if where == "id":
        assert refusal({"text": "Chữ.", "id": value}).startswith(reason)
    else:
        assert refusal({"text": "Chữ."}, default_id=value).startswith(reason)


@pytest.mark.parametrize("given_id", ["", " ", "\u00a0"])
def test_an_empty_id_is_none(given_id: str) -> None:
    with pytest.raises(Unusable, match="empty or not printable"):
        check_id(given_id)


@given(st.text(max_size=20))
def test_an_id_that_is_accepted_names_a_file_in_its_folder(given_id: str) -> None:
    try:
        accepted = check_id(given_id)
    except Unusable:
        return
    assert accepted == given_id
    assert "/" not in given_id
    assert given_id.isprintable()
    assert given_id.strip()


# What is no text.


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "true or false"),
        (7, "a number"),
        (1.5, "a number"),
        (math.nan, "a number"),
        (Decimal(1), "a number"),
        (["một", "hai"], "a list"),
        ({"vi": "một"}, "an object"),
        (b"m", "bytes"),
        (date(2024, 6, 15), "a date or time"),
        (datetime(2024, 6, 15, tzinfo=UTC), "a date or time"),
        ({"một"}, "a value of type set"),
    ],
    ids=repr,
)
def test_a_text_that_is_none_is_refused_by_its_kind(value: object, kind: str) -> None:
    assert refusal({"text": value}) == f"`text` is {kind}, not text"
    assert refusal({"body": value}, Fields(text="body")) == f"`body` is {kind}, not text"


@pytest.mark.parametrize("value", [True, {"name": "An"}, ["An", 1], [None], b"An", {"An"}])
def test_metadata_that_are_no_text_are_refused_by_name(value: object) -> None:
    reason = refusal({"text": "Chữ.", "author": value})
    assert reason.startswith("`author` is ")
    assert reason.endswith(", not text")


@pytest.mark.parametrize("value", [True, {"name": "An"}, ["a"], [], b"a"])
def test_an_id_that_is_neither_text_nor_number_is_refused(value: object) -> None:
    assert refusal({"text": "Chữ.", "id": value}).startswith("`id` is ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        ("", ""),
        (" \t", ""),
        (math.nan, ""),
        ([], ""),
        (0, "0"),
        (math.inf, "inf"),
        (["An", "Bình"], "An, Bình"),
        (("An",), "An"),
        (date(2024, 6, 15), "2024-06-15"),
        (datetime(2024, 6, 15, 8, 30, tzinfo=UTC), "2024-06-15T08:30:00+00:00"),
        (time(8, 30), "08:30:00"),
    ],
    ids=repr,
)
def test_what_is_known_of_an_article_is_kept_as_text(value: object, expected: str) -> None:
    assert make({"text": "Chữ.", "author": value}).author == expected


def test_a_missing_text_is_told_with_the_fields_that_might_hold_it() -> None:
    assert refusal({}) == "has no `text`"
    assert refusal({"id": 1}) == "has no `text`"
    assert refusal({"text": None, "body": "x"}) == "has no `text`"
    assert refusal({"id": 1, "body": "x", "lead": "y", "n": [1]}) == (
        "has no `text`; its fields of text are body, lead"
    )


def test_fields_with_endless_names_do_not_make_an_endless_reason() -> None:
    assert len(refusal({f"{number}{'x' * 10**6}": "y" for number in range(20)})) < 500


@pytest.mark.parametrize("text", ["", " ", "\n\u200b\ufeff\t", "\u00a0\u3000", "\0"])
def test_a_text_of_nothing_is_refused(text: str) -> None:
    assert refusal({"text": text}) == "has no text"


@pytest.mark.parametrize("name", ["text", "title"])
def test_a_lone_surrogate_is_refused_with_its_field(name: str) -> None:
    record = {"text": "Chữ."} | {name: "a\ud83d"}
    assert refusal(record) == f"holds a lone surrogate: `{name}`"


def test_a_lone_surrogate_in_a_field_that_is_not_asked_for_does_no_harm() -> None:
    assert make({"text": "Chữ.", "raw": "\ud83d"}).text == "Chữ."


@pytest.mark.parametrize(
    ("text", "font"),
    [
        ("Nh©n d©n trong x· ®· ®ãng gãp ®Ó lµm ®­êng, x©y tr­êng häc míi.", "TCVN3"),
        (
            "Caùn boä vaø nhaân daân trong xaõ ñaõ ñoùng goùp ñeå laøm ñöôøng, xaây tröôøng hoïc.",
            "VNI",
        ),
    ],
)
def test_vietnamese_for_a_legacy_font_is_refused_by_the_font_s_name(text: str, font: str) -> None:
    reason = f"is in the legacy Vietnamese font encoding {font}; convert it to Unicode"
    assert refusal({"text": text}) == reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["text", "id", *METADATA]), json_values))
def test_any_record_makes_an_article_or_is_refused(record: dict[str, Any]) -> None:
    try:
        article = make(record)
    except Unusable:
        return
    assert article.text
    assert all(isinstance(getattr(article, name), str) for name in METADATA)
    # It can be written down.
    assert f"{article}".encode()
