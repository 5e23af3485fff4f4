"""What a person writes in the card stays over rebuilds, and so do the versions."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.dataset.card.kept import keep, read_kept, slot, unwritten, without_kept
from annotate.errors import DatasetError
from annotate.settings import DatasetSettings
from tests.dataset.building import ONLY_TRAIN, build_into
from tests.dataset.cards import make_facts, parted, section, text_of
from tests.factories import make_annotation, make_article, make_schema, make_span
from tests.strategies import raw_texts

BLOCKS = ["<!-- Made. -->", "# Title", slot("why", "Why?"), "## One", "Text.", "### Two", "Text."]
CARD = "---\npretty_name: x\n---\n\n" + "\n\n".join(BLOCKS) + "\n"


def kept(name: str, text: str) -> str:
    return f"<!-- kept: {name} -->\n{text}\n<!-- /kept -->"


def test_a_section_that_a_person_wrote_stays() -> None:
    written = CARD.replace("<!-- Why? -->", "For **science**.\n\n- a\n- b")
    merged = keep(BLOCKS, written)
    assert merged[2] == kept("why", "For **science**.\n\n- a\n- b")
    assert merged[:2] + merged[3:] == BLOCKS[:2] + BLOCKS[3:]


def test_without_a_former_card_the_sections_invite_to_be_written() -> None:
    assert keep(BLOCKS, "") == BLOCKS
    assert "<!-- Why? -->" in BLOCKS[2]


@pytest.mark.parametrize("emptied", ["", "\n", "\n\n\n"])
def test_a_section_that_was_emptied_invites_again(emptied: str) -> None:
    assert keep(BLOCKS, CARD.replace("<!-- Why? -->", emptied)) == BLOCKS


def test_a_section_that_was_deleted_comes_back() -> None:
    assert keep(BLOCKS, CARD.replace(BLOCKS[2], "")) == BLOCKS


@pytest.mark.parametrize(
    ("behind", "before"),
    [
        ("<!-- Made. -->", "# Title"),
        ("# Title", "## One"),
        ("## One", "### Two"),
        ("### Two", ""),
    ],
)
def test_a_section_of_ones_own_stays_below_its_heading(behind: str, before: str) -> None:
    own = kept("mine", "## My heading\n\nMine.")
    merged = keep(BLOCKS, CARD.replace(behind, f"{behind}\n\n{own}\n"))
    at = merged.index(own)
    assert merged[at + 1 : at + 2] == [before] * bool(before)
    assert [block for block in merged if block != own] == BLOCKS


def test_a_section_whose_heading_is_gone_stays_at_the_end() -> None:
    own = kept("mine", "Mine.")
    former = CARD.replace("### Two", f"## Gone\n\n{own}\n\n### Two")
    assert keep(BLOCKS, former) == [*BLOCKS, own]


def test_a_section_below_a_title_that_changed_stays_below_the_title() -> None:
    own = kept("mine", "Mine.")
    former = CARD.replace("# Title", f"# Old title\n\n{own}")
    assert keep(BLOCKS, former)[3] == own


def test_several_sections_of_ones_own_keep_their_order() -> None:
    one, two = kept("one", "1"), kept("two", "2")
    former = CARD.replace("Text.\n\n### Two", f"{one}\nText.\n{two}\n\n### Two")
    merged = keep(BLOCKS, former)
    assert merged[5:7] == [one, two]
    assert keep(BLOCKS, "\n\n".join(merged)) == merged


def test_a_comment_in_code_is_no_heading() -> None:
    own = kept("mine", "Mine.")
    former = CARD.replace("### Two", f"```python\n# Two\n```\n\n{own}\n\n### Two")
    assert read_kept(former)[-1].heading == "## One"


def test_text_that_windows_saved_is_read_the_same() -> None:
    written = CARD.replace("<!-- Why? -->", "For\nscience.")
    assert without_kept(written.replace("\n", "\r\n")) == without_kept(written)
    assert read_kept(written.replace("\n", "\r\n")) == read_kept(written)


def test_titles_in_the_head_are_no_marks() -> None:
    card = CARD.replace("pretty_name: x", "pretty_name: '<!-- kept: x -->'")
    assert [one.name for one in read_kept(card)] == ["why"]


@pytest.mark.parametrize(
    ("broken", "line", "problem"),
    [
        ("<!-- kept: a -->\nText.", 1, "the kept section `a` is not closed"),
        ("<!-- /kept -->", 1, "a kept section closes that did not open"),
        (
            "x\n<!-- kept: a -->\n<!-- kept: b -->\n<!-- /kept -->",
            3,
            "a kept section opens before `a` has closed",
        ),
        (f"{kept('a', 'x')}\n{kept('a', 'y')}", 4, "the kept section `a` is there twice"),
        ("<!-- kept a -->", 1, "the mark of a kept section is not as it should be"),
        ("<!-- kept: -->", 1, "the mark of a kept section is not as it should be"),
        ("<!--kept: a--> text", 1, "the mark of a kept section is not as it should be"),
        (kept("a", "Text <!-- /kept -->"), 2, "the mark of a kept section is not as it should be"),
        ("<!-- Kept: a -->", 1, "the mark of a kept section is not as it should be"),
        ("<!-- /kept: a -->", 1, "the mark of a kept section is not as it should be"),
    ],
)
def test_broken_marks_are_refused_before_text_is_lost(broken: str, line: int, problem: str) -> None:
    for reading in (read_kept, without_kept, lambda card: keep(BLOCKS, card)):
        with pytest.raises(DatasetError) as caught:
            reading(broken)
        assert caught.value.problem == f"README.md, line {line}: {problem}"
        assert "each alone on a line" in caught.value.remedy
        assert "\n" not in str(caught.value)


def test_a_rebuild_with_broken_marks_leaves_the_dataset_as_it_was(tmp_path: Path) -> None:
    article, out = make_article(), tmp_path / "out"
    build_into(out, [article], [make_annotation(article)])
    card = out / "README.md"
    written = card.read_text(encoding="utf-8").replace("<!-- /kept -->", "Mine.", 1)
    card.write_text(written, encoding="utf-8")
    with pytest.raises(DatasetError, match="opens before `motivation` has closed"):
        build_into(out, [article], [make_annotation(article, make_span(9, 14))])
    assert card.read_text(encoding="utf-8") == written


def test_what_is_written_does_not_count_as_altered() -> None:
    written = CARD.replace("<!-- Why? -->", "For\n\n\nscience.")
    own = kept("mine", "Mine.")
    assert without_kept(written) == without_kept(CARD)
    for added in (f"Text.\n\n{own}\n", f"Text.\n{own}", f"{own}\nText."):
        assert without_kept(CARD.replace("Text.", added, 1)) == without_kept(CARD)
    assert without_kept(CARD.replace("Text.", "Text!", 1)) != without_kept(CARD)


def test_sections_that_nobody_wrote_are_known() -> None:
    assert unwritten(CARD) == ["why"]
    assert unwritten(CARD.replace("<!-- Why? -->", "Because.")) == []
    card = text_of(make_facts())
    assert unwritten(card) == ["motivation", "annotation", "limits"]


@given(texts=st.lists(raw_texts, max_size=3))
def test_rebuilding_again_and_again_changes_nothing(texts: list[str]) -> None:
    # A text that closes its own section is another test.
    own = [kept(f"own {n}", text.replace("\r", "")) for n, text in enumerate(texts)]
    former = CARD.replace("### Two", "\n\n".join([*own, "### Two"]))
    once = "\n\n".join(keep(BLOCKS, former))
    again = "\n\n".join(keep(BLOCKS, once))
    assert again == once
    assert without_kept(once) == without_kept("\n\n".join(BLOCKS))
    told = [one.text for one in read_kept(former) if one.text.strip("\n")]
    assert [one.text for one in read_kept(once) if one.text.strip("\n")] == told


def rows(card: str) -> list[str]:
    """Return the names of the builds in a card's history."""
    return re.findall(
        r"^\| `([0-9a-f]{12})` \|", section(parted(card)[1], "Versions"), re.MULTILINE
    )


def built(version: int, former: str = "", entities: int = 0) -> str:
    facts = make_facts(version=f"{version:064x}"[::-1])
    counts = msgspec.structs.replace(facts.built, entities=entities)
    return text_of(facts._replace(built=counts), former)


def test_a_rebuild_keeps_the_versions_before_it() -> None:
    first = built(1, entities=1)
    second = built(2, first, entities=2)
    assert rows(second) == ["200000000000", "100000000000"]
    assert rows(built(1, second, entities=1)) == ["100000000000", "200000000000"]
    assert built(2, second, entities=2) == second


def test_a_version_that_differs_in_nothing_to_tell_takes_the_place_of_the_last() -> None:
    assert rows(built(2, built(1))) == ["200000000000"]


def test_many_versions_are_folded_and_all_kept() -> None:
    card = ""
    for number in range(1, 14):
        card = built(number, card, entities=number)
    assert len(rows(card)) == 13
    shown, _, _ = card.partition("<details>")
    assert rows(shown) == rows(card)[:10]


def test_a_version_tells_when_the_newest_annotation_was_changed(tmp_path: Path) -> None:
    article = make_article()
    annotations = [
        make_annotation(article, updated_at="2024-01-01T00:00:00Z"),
        make_annotation(article, id=2, annotator="b", updated_at="2024-03-01T00:00:00.5Z"),
    ]
    out = tmp_path / "out"
    build_into(out, [article], annotations, make_schema(version="1.2.0"))
    card = (out / "README.md").read_text(encoding="utf-8")
    assert re.search(
        r"^\| `[0-9a-f]{12}` \| 2024-03-01 \| `1.2.0` \| 1 \| 0 \| 0 \|$", card, re.MULTILINE
    )


def test_a_rebuild_keeps_what_was_written_and_the_history(tmp_path: Path) -> None:
    article, out = make_article(), tmp_path / "out"
    build_into(out, [article], [make_annotation(article)])
    card = out / "README.md"
    own = kept("thanks", "## Thanks\n\nTo all.")
    written = card.read_text(encoding="utf-8").replace("## Versions", f"{own}\n\n## Versions")
    card.write_text(re.sub("<!-- Why .*-->", "For | science.", written), encoding="utf-8")
    settings = msgspec.structs.replace(ONLY_TRAIN, title="New")
    build_into(out, [article], [make_annotation(article, make_span(9, 14))], settings=settings)
    again = card.read_text(encoding="utf-8")
    assert kept("motivation", "For | science.") in again
    assert f"{own}\n\n## Versions" in again
    assert len(rows(again)) == 2
    assert "# New\n" in again


def test_a_placeholder_is_not_seen_by_readers() -> None:
    assert DatasetSettings().description == ""
    _, body = parted(text_of(make_facts()))
    shown = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    assert "what is it good for" in body
    assert "what is it good for" not in shown
