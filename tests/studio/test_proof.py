"""Offsets are proved: what is right is kept, UTF-16 is repaired, nothing wrong gets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.studio.proof import Proof, prove
from annotate.text import to_utf16
from tests.strategies import raw_texts

TEXT = "Ông 😀 Lê  An\nở xã 👍🏽 Tân Lập."


@st.composite
def texts_with_extents(draw: st.DrawFn) -> tuple[str, int, int]:
    """Draw any text, canonical or not, and the extent of a span in it."""
    text = draw(raw_texts.filter(bool))
    start = draw(st.integers(0, len(text) - 1))
    return text, start, draw(st.integers(start + 1, len(text)))


def folded(text: str) -> str:
    """Return a text as the editor folds white space, a backslash with n among it."""
    return " ".join(text.replace("\\n", " ").split())


@given(texts_with_extents())
def test_offsets_with_their_own_slice_as_witness_prove_exact(drawn: tuple[str, int, int]) -> None:
    text, start, end = drawn
    assert prove(text, start, end, text[start:end]) == Proof(start, end)


@given(texts_with_extents())
def test_a_witness_with_white_space_folded_proves_what_reads_alike(
    drawn: tuple[str, int, int],
) -> None:
    text, start, end = drawn
    witness = folded(text[start:end])
    proof = prove(text, start, end, witness)
    assert isinstance(proof, Proof)
    assert folded(text[proof.start : proof.end]) == witness
    # After an emoji, what reads as the witness without folding is better proved.
    assert proof == Proof(start, end) or to_utf16(text, end) > end


@given(texts_with_extents())
def test_a_witness_with_line_feeds_as_backslash_and_n_proves_exact(
    drawn: tuple[str, int, int],
) -> None:
    text, start, end = drawn
    proof = prove(text, start, end, text[start:end].replace("\n", "\\n"))
    assert proof == Proof(start, end) or to_utf16(text, end) > end


@given(texts_with_extents())
def test_utf16_offsets_are_repaired_whenever_the_witness_tells_them_apart(
    drawn: tuple[str, int, int],
) -> None:
    text, start, end = drawn
    witness = text[start:end]
    units = to_utf16(text, start), to_utf16(text, end)
    as_code_points = text[slice(*units)] if units[1] <= len(text) else None
    alike = as_code_points == witness
    expected = Proof(*units) if alike else Proof(start, end, repaired=True)
    assert prove(text, *units, witness) == expected


@given(
    raw_texts,
    st.integers(-3, 40),
    st.integers(-3, 40),
    st.one_of(raw_texts, st.sampled_from(("", " ", "\n", "\\n", "a"))),
)
def test_what_is_proved_is_a_span_that_reads_as_the_witness(
    text: str, start: int, end: int, witness: str
) -> None:
    proof = prove(text, start, end, witness)
    if isinstance(proof, Proof):
        assert 0 <= proof.start < proof.end <= len(text)
        assert folded(text[proof.start : proof.end]) == folded(witness)
        assert proof.repaired == ((proof.start, proof.end) != (start, end))


@pytest.mark.parametrize(
    ("start", "end", "witness", "expected"),
    [
        (6, 12, "Lê  An", Proof(6, 12)),
        (6, 12, "Lê An", Proof(6, 12)),
        (6, 12, "Lê\u00a0An", Proof(6, 12)),
        (6, 12, " Lê An ", Proof(6, 12)),
        (10, 14, "An\\nở", Proof(10, 14)),
        (10, 14, "An\nở", Proof(10, 14)),
        (10, 14, "An ở", Proof(10, 14)),
        (7, 13, "Lê An", Proof(6, 12, repaired=True)),
        (11, 15, "An\\nở", Proof(10, 14, repaired=True)),
        (24, 31, "Tân Lập", Proof(21, 28, repaired=True)),
        (4, 6, "😀", Proof(4, 5, repaired=True)),
        (4, 6, "😀 ", Proof(4, 6)),
        (0, 6, "Ông 😀", Proof(0, 5, repaired=True)),
    ],
)
def test_proofs_by_example(start: int, end: int, witness: str, expected: Proof) -> None:
    assert prove(TEXT, start, end, witness) == expected


@pytest.mark.parametrize("witness", [None, 7, ["Lê An"]])
def test_without_a_witness_offsets_within_the_text_are_taken(witness: object) -> None:
    assert prove(TEXT, 6, 12, witness) == Proof(6, 12)
    assert prove(TEXT, 0, len(TEXT), witness) == Proof(0, len(TEXT))


@pytest.mark.parametrize("extent", [(-1, 3), (3, 3), (5, 2), (0, 999), (999, 1000)])
@pytest.mark.parametrize("witness", [None, "", " ", "Ông"])
def test_what_is_no_span_of_the_text_is_not_proved(
    extent: tuple[int, int], witness: str | None
) -> None:
    reason = prove(TEXT, *extent, witness)
    assert isinstance(reason, str)
    assert f"{extent[0]}–{extent[1]}" in reason


@pytest.mark.parametrize("extent", [(None, 3), (3, None), (None, None)])
def test_missing_offsets_are_a_reason(extent: tuple[int | None, int | None]) -> None:
    assert prove(TEXT, *extent, "Lê An") == "it has no offsets"


def test_a_wrong_witness_is_a_reason_that_shows_both_texts() -> None:
    reason = prove(TEXT, 6, 12, "Lê Anh")
    assert reason == "6–12 of the article is 'Lê  An', the server says 'Lê Anh'"


def test_a_long_witness_is_cut_in_the_reason() -> None:
    assert len(str(prove("a" * 1000, 0, 1000, "b" * 1000))) < 300
