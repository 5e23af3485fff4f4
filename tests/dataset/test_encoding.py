"""Encoded datasets: from the ids back come the spans that `tokens` shows, or they are listed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from shutil import copytree
from typing import Any

import datasets
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from annotate.dataset.built import Built
from annotate.dataset.encoding import Options, encode
from annotate.dataset.encoding.aligning import IGNORED, NO_WORD, find_units
from annotate.dataset.encoding.encoder import Encoder, Rows
from annotate.dataset.encoding.texts import Text, Texts
from annotate.dataset.encoding.windows import cut
from annotate.dataset.reading import open_built
from annotate.errors import DatasetError
from annotate.formats import Marked
from annotate.formats.tagged import stretches
from annotate.settings import DatasetSettings, Split
from annotate.spans import Span
from annotate.text import canonicalise
from annotate.tokens import Tagging, Token, syllables, tag
from tests.dataset.building import build_into, build_one, build_sample, contents, load, losses, rows
from tests.dataset.training import FAITHFUL, KINDS, trained
from tests.factories import make_annotation, make_article, make_span
from tests.strategies import marked_texts

LABELS = ["A", "B", "C"]
every_kind = pytest.mark.parametrize("kind", KINDS)
every_faithful_kind = pytest.mark.parametrize("kind", FAITHFUL)

Extent = tuple[int, int, str]
Row = dict[str, Any]


def text_of(marked: Marked, tagging: Tagging | None = None) -> Text:
    """Return a text as a built dataset has it: with the spans that its tags show."""
    sentences, _ = tag(syllables(marked.text), marked.spans, tagging or Tagging())
    words = [token for sentence in sentences for token in sentence.tokens]
    layers: list[list[Span]] = []
    for level in range((tagging or Tagging()).depth):
        extents = [extent for sentence in sentences for extent in shown(sentence, level)]
        layers.append([make_span(*extent, f"{level}-{n}") for n, extent in enumerate(extents)])
    return Text("a", marked.text, words, layers)


def shown(sentence: Any, level: int) -> Iterator[Extent]:
    for found in stretches(sentence.levels[level]):
        yield sentence.tokens[found.first].start, sentence.tokens[found.last - 1].end, found.label


def encoded(text: Text, kind: str, **options: Any) -> tuple[Rows, Encoder]:
    encoder = Encoder(trained(kind), Options(**options), LABELS, len(text.layers))
    return encoder.rows(text), encoder


def read_back(
    rows: Sequence[Row], names: Sequence[str], words: Sequence[Token], column: str = "labels"
) -> Iterator[Extent]:
    """Read spans out of an article's rows as one does who has the words: by the labels."""
    begun = sorted({word for row in rows for word in row["words"]} - {NO_WORD})
    # A unit goes up to the word with which the next one begins.
    last_of = {first: following - 1 for first, following in pairwise([*begun, len(words)])}
    for row in rows:
        kept = [at for at, label in enumerate(row[column]) if label != IGNORED]
        for found in stretches([names[row[column][at]] for at in kept]):
            first = row["words"][kept[found.first]]
            last = last_of[row["words"][kept[found.last - 1]]]
            yield words[first].start, words[last].end, found.label


def extents(spans: Sequence[Span]) -> list[Extent]:
    return [(span.start, span.end, span.label) for span in spans]


def names_of(encoder: Encoder, column: str = "labels") -> list[str]:
    names: list[str] = encoder.features[column].feature.names
    return names


taggings = st.builds(
    Tagging, nesting=st.sampled_from(["outermost", "levels"]), levels=st.integers(1, 3)
)


@every_faithful_kind
@given(marked_texts(), taggings, st.booleans(), st.sampled_from(["BIO", "BILOU"]))
def test_spans_come_back_as_the_words_show_them_or_are_listed(
    kind: str, marked: Marked, tagging: Tagging, label_all: bool, scheme: str
) -> None:
    text = text_of(marked, tagging)
    made, encoder = encoded(text, kind, label_all=label_all, scheme=scheme)
    (row,) = made.rows
    lost = Counter(loss.reason for loss in made.losses)
    assert lost.keys() <= {"cut sub-token", "shared sub-token"}
    for layer, column in zip(text.layers, ["labels", "labels_2", "labels_3"], strict=False):
        found = list(read_back([row], names_of(encoder, column), text.words, column))
        gone = [loss.span for loss in made.losses if loss.span in layer]
        for extent in extents([span for span in layer if span not in gone]):
            found.remove(extent)
        # What is left are spans that cut a sub-token, which got the whole of it.
        wider = [loss for loss in made.losses if loss.span in gone and loss.reason[:3] == "cut"]
        for (start, end, label), loss in zip(found, wider, strict=True):
            assert label == loss.span.label
            assert start <= loss.span.start < loss.span.end <= end
            assert (start, end) != (loss.span.start, loss.span.end)


@every_faithful_kind
@given(marked_texts())
def test_places_are_in_the_text_and_cover_all_but_white_space(kind: str, marked: Marked) -> None:
    text = text_of(marked)
    (row,) = encoded(text, kind)[0].rows
    covered: set[int] = set()
    for start, end, word in zip(row["starts"], row["ends"], row["words"], strict=True):
        assert 0 <= start <= end <= len(text.text)
        piece = text.text[start:end]
        assert piece == piece.strip()
        assert (word == NO_WORD) == (not piece)
        if piece:
            assert text.words[word].start <= start < max(place.end for place in text.words)
            covered.update(range(start, end))
    assert "".join(c for at, c in enumerate(text.text) if at not in covered).strip() == ""


@pytest.mark.parametrize("kind", ["byte-level", "byte-level, with blanks"])
@given(marked_texts())
def test_the_bytes_of_a_word_s_ids_are_those_of_its_place(kind: str, marked: Marked) -> None:
    text = text_of(marked)
    tokenizer = trained(kind)
    (row,) = encoded(text, kind)[0].rows
    for word in {*row["words"]} - {NO_WORD}:
        own = [at for at, one in enumerate(row["words"]) if one == word]
        # Specials in a text are read as such, and have no bytes of their own.
        ids = [row["input_ids"][at] for at in own]
        place = text.text[row["starts"][own[0]] : row["ends"][own[-1]]]
        decoded = tokenizer.decode(ids, skip_special_tokens=False)
        assert "".join(decoded.split()) == "".join(place.split())


@every_faithful_kind
@given(marked_texts(), st.integers(3, 12), st.data())
def test_a_span_is_whole_in_a_window_or_listed_and_never_in_part(
    kind: str, marked: Marked, length: int, data: st.DataObject
) -> None:
    text = text_of(marked)
    stride = data.draw(st.integers(0, length - 3))
    whole, encoder = encoded(text, kind, label_all=True)
    made, _ = encoded(text, kind, label_all=True, max_length=length, stride=stride)
    names = names_of(encoder)
    everything = list(read_back(whole.rows, names, text.words))
    unseen = [loss.span for loss in made.losses if loss.reason == "no window"]
    assert all(len(window["input_ids"]) <= length for window in made.rows)
    seen = {*read_back(made.rows, names, text.words)}
    assert seen | {*extents(unseen)} == {*everything}
    assert seen.isdisjoint(extents(unseen))
    assert made.longest_lost == 0 or made.longest_lost > stride + 1
    assert bool(made.longest_lost) == bool(unseen)


@every_kind
@given(marked_texts(), st.integers(3, 12), st.data())
def test_windows_have_every_id_in_order_between_the_special_ones(
    kind: str, marked: Marked, length: int, data: st.DataObject
) -> None:
    stride = data.draw(st.integers(0, length - 3))
    made, _ = encoded(text_of(marked), kind, max_length=length, stride=stride)
    ids: list[int] = []
    for number, row in enumerate(made.rows):
        first, *inner, last = row["input_ids"]
        assert [trained(kind).id_to_token(one) for one in (first, last)] == ["<s>", "</s>"]
        assert row["window"] == number
        lists = [value for value in row.values() if isinstance(value, list)]
        assert {len(value) for value in lists} == {len(row["input_ids"])}
        assert row["labels"][0] == row["labels"][-1] == IGNORED
        if number:
            assert ids[-stride:] == inner[:stride] or not stride
        ids += inner[stride if number else 0 :]
    assert ids == trained(kind).encode(marked.text).ids[1:-1]


@given(st.integers(0, 60), st.integers(1, 12), st.data())
def test_windows_are_full_but_the_last_and_each_goes_on(
    count: int, size: int, data: st.DataObject
) -> None:
    stride = data.draw(st.integers(0, size - 1))
    windows = cut(count, (size, stride))
    assert windows[0][0] == 0
    assert windows[-1][1] == count
    assert all(end - start == size for start, end in windows[:-1])
    assert windows[-1][1] - windows[-1][0] <= size
    for left, right in pairwise(windows):
        assert right[0] == left[1] - stride
        assert right[1] > left[1]


@pytest.mark.parametrize(
    ("scheme", "label_all", "labels"),
    [
        ("BIO", False, ["B-A", None, "I-A", None, "O", "B-B"]),
        ("BIO", True, ["B-A", "I-A", "I-A", "I-A", "O", "B-B"]),
        ("BILOU", False, ["B-A", None, "L-A", None, "O", "U-B"]),
        ("BILOU", True, ["B-A", "I-A", "I-A", "L-A", "O", "U-B"]),
    ],
)
def test_labels_by_example(scheme: Any, label_all: bool, labels: list[str | None]) -> None:
    text = "abab abab c d"
    marked = Marked(text, (make_span(0, 9, "A"), make_span(12, 13, "B")), ())
    vocab = {"a": 0, "b": 1, "ab": 2, "c": 3, "d": 4}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[("a", "b")]))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    encoder = Encoder(tokenizer, Options(label_all=label_all, scheme=scheme), LABELS, 1)
    (row,) = encoder.rows(text_of(marked)).rows
    names = names_of(encoder)
    assert [None if one == IGNORED else names[one] for one in row["labels"]] == labels
    assert row["words"] == [0, 0, 1, 1, 2, 3]
    assert row["starts"] == [0, 2, 5, 7, 10, 12]
    assert row["ends"] == [2, 4, 7, 9, 11, 13]


def test_a_span_whose_word_the_tokenizer_drops_is_listed() -> None:
    # An accent alone is a word here, of which this tokeniser keeps nothing.
    text = canonicalise("An \u0301 nói \u0301").text
    spans = (make_span(0, 4, "A"), make_span(5, 8, "B"), make_span(9, 10, "C"))
    made, encoder = encoded(text_of(Marked(text, spans, ())), "wordpiece")
    (row,) = made.rows
    names = names_of(encoder)
    assert [names[one] for one in row["labels"] if one != IGNORED] == ["B-A", "B-B"]
    assert [(loss.span.label, loss.reason) for loss in made.losses] == [
        ("C", "no sub-token"),
        ("A", "no sub-token"),
    ]


def test_two_spans_in_one_sub_token_are_the_first_and_a_loss() -> None:
    tokenizer = Tokenizer(models.BPE(vocab={"(": 0, ")": 1, "()": 2}, merges=[("(", ")")]))
    encoder = Encoder(tokenizer, Options(), LABELS, 1)
    marked = Marked("()", (make_span(0, 1, "A"), make_span(1, 2, "B")), ())
    rows_, losses_, _ = encoder.rows(text_of(marked))
    assert names_of(encoder)[rows_[0]["labels"][0]] == "B-A"
    assert [(loss.span.label, loss.reason) for loss in losses_] == [
        ("A", "cut sub-token"),
        ("B", "shared sub-token"),
    ]


def test_a_special_token_that_the_text_names_is_a_word_of_it() -> None:
    text = "An </s> nói"
    marked = Marked(text, (make_span(0, 7, "A"),), ())
    made, encoder = encoded(text_of(marked), "unigram")
    assert made.losses == []
    assert list(read_back(made.rows, names_of(encoder), text_of(marked).words)) == [(0, 7, "A")]


def test_sub_tokens_out_of_order_are_refused() -> None:
    words = [Token(0, 2), Token(3, 5)]
    with pytest.raises(DatasetError, match="back and forth"):
        find_units(words, [Token(3, 5), Token(0, 2)])


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (models.BPE(vocab={"a": 0, " ": 1}, merges=[]), "passes over what it has no token for"),
        (models.WordPiece(vocab={"a": 0}), "the tokenizer cannot encode it"),
    ],
)
def test_a_tokenizer_without_a_token_for_the_unknown_is_refused(model: Any, reason: str) -> None:
    encoder = Encoder(Tokenizer(model), Options(), LABELS, 1)
    with pytest.raises(DatasetError, match=f"^article a: .*{reason}"):
        encoder.rows(text_of(Marked("a é a", (), ())))


def test_what_a_tokenizer_means_to_leave_out_is_not_refused() -> None:
    tokenizer = Tokenizer(models.BPE(vocab={"a": 0}, merges=[]))
    tokenizer.normalizer = normalizers.Replace("é", "")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("-", "removed")
    rows_, _, _ = Encoder(tokenizer, Options(), LABELS, 1).rows(text_of(Marked("aé-a", (), ())))
    assert rows_[0]["starts"] == [0, 3]


def test_a_long_text_is_encoded_in_windows() -> None:
    text = "Công an xã Phú Lâm. " * 20_000
    spans = [make_span(at, at + 18, "A", f"{at}") for at in range(0, len(text), 2_000)]
    words = [token for sentence in syllables(text) for token in sentence]
    made, encoder = encoded(Text("a", text, words, [spans]), "byte-level", max_length=512)
    assert made.losses == []
    assert {*read_back(made.rows, names_of(encoder), words)} == {*extents(spans)}


# On disk.


@pytest.fixture(scope="module", params=["byte-level", "unigram"])
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a tokeniser."""
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    trained(request.param).save(str(path))
    return path


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of one article, with a person in it."""
    out = tmp_path_factory.mktemp("one") / "dataset"
    build_one(out)
    return out


def test_the_sample_comes_back_from_the_disk(
    sample: tuple[Path, Built], tokenizer: Path, tmp_path: Path
) -> None:
    source, _ = sample
    out = tmp_path / "encoded"
    told = encode(source, out, str(tokenizer), Options(max_length=256, stride=64))
    loaded = load(out, "default")
    built = open_built(source)
    assert list(loaded) == built.splits("spans")
    texts = Texts(built)
    listed = [row for row in losses(out) if row["reason"] in told.losses]
    for split, shards in loaded.items():
        names = shards.features["labels"].feature.names
        assert names == built.names("tokens", "ner_tags")
        by_article: dict[str, list[Row]] = {}
        for row in shards:
            by_article.setdefault(row["id"], []).append(row)
        for text in texts.of(split):
            found = {*read_back(by_article[text.id], names, text.words)}
            lost = {
                (row["start"], row["end"], row["label"]) for row in listed if row["id"] == text.id
            }
            kept = {*extents(text.layers[0])} - lost
            assert kept <= found
            assert len(found - kept) == len(lost)
    # Quotation marks and stops that the tokeniser joins; nothing is too long.
    assert told.losses.keys() <= {"cut sub-token"}
    assert sum(told.losses.values()) <= 0.01 * sum(len(t.layers[0]) for t in texts.of("train"))


def test_every_loss_is_listed_and_summed_up(
    sample: tuple[Path, Built], tokenizer: Path, tmp_path: Path
) -> None:
    source, built = sample
    out = tmp_path / "encoded"
    told = encode(source, out, str(tokenizer), Options(max_length=20, stride=0))
    assert told.former == built.losses
    assert told.losses["no window"] > 100
    reasons = Counter(row["reason"] for row in losses(out))
    assert reasons == Counter(told.losses) + Counter(told.former)
    texts = {row["id"]: row["text"] for row in rows(source, "spans")}
    for row in losses(out):
        assert texts[row["id"]][row["start"] : row["end"]] == row["text"]
    enough = Options(max_length=400, stride=told.longest_lost)
    assert "no window" not in encode(source, out, str(tokenizer), enough).losses


def test_it_loads_streams_and_maps_as_the_card_declares(
    one: Path, tokenizer: Path, tmp_path: Path
) -> None:
    out = tmp_path / "encoded"
    encode(one, out, str(tokenizer))
    loaded = load(out, "default")["train"]
    features = Encoder(Tokenizer.from_file(str(tokenizer)), Options(), ["PERSON", "RANK"], 1)
    assert loaded.features == features.features
    assert loaded.features["labels"].feature.names == [
        "O", "B-PERSON", "I-PERSON", "B-RANK", "I-RANK",
    ]  # fmt: skip
    streamed = datasets.load_dataset(str(out), split="train", streaming=True)
    assert list(streamed) == list(loaded)
    mapped = loaded.map(lambda row: {"labels": row["labels"]}, load_from_cache_file=False)
    assert mapped.features == loaded.features
    assert min(mapped[0]["labels"]) == IGNORED


def test_the_same_input_gives_the_same_bytes(one: Path, tokenizer: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        encode(one, tmp_path / name, str(tokenizer))
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


def test_levels_of_nested_spans_have_columns_of_labels(tokenizer: Path, tmp_path: Path) -> None:
    article = make_article("Trung tá Lê An nói.")
    marks = make_annotation(article, make_span(0, 14), make_span(0, 8, "RANK"))
    settings = DatasetSettings(
        split=Split(train=1, validation=0, test=0),
        tokens=Tagging(scheme="BILOU", nesting="levels", levels=2),
    )
    build_into(tmp_path / "dataset", [article], [marks], settings=settings)
    encode(tmp_path / "dataset", tmp_path / "encoded", str(tokenizer))
    loaded = load(tmp_path / "encoded", "default")["train"]
    words = [token for sentence in syllables(article.text) for token in sentence]
    names = loaded.features["labels"].feature.names
    assert "U-RANK" in names
    assert list(read_back(loaded, names, words)) == [(0, 14, "PERSON")]
    assert list(read_back(loaded, names, words, "labels_2")) == [(0, 8, "RANK")]


def test_another_scheme_can_be_asked_for(one: Path, tokenizer: Path, tmp_path: Path) -> None:
    encode(one, tmp_path / "encoded", str(tokenizer), Options(scheme="BILOU"))
    loaded = load(tmp_path / "encoded", "default")["train"]
    names = loaded.features["labels"].feature.names
    assert [names[n] for n in loaded[0]["labels"] if n > 0] == ["B-PERSON", "L-PERSON"]


def test_what_the_file_says_of_length_and_padding_does_not_count(one: Path, tmp_path: Path) -> None:
    changed = Tokenizer.from_str(trained("unigram").to_str())
    changed.enable_truncation(4)
    changed.enable_padding(length=50)
    changed.save(str(tmp_path / "tokenizer.json"))
    told = encode(one, tmp_path / "encoded", str(tmp_path))
    (row,) = load(tmp_path / "encoded", "default")["train"]
    assert row["input_ids"] == trained("unigram").encode(make_article().text).ids
    assert row["attention_mask"] == [1] * told.longest


def test_an_encoded_dataset_is_replaced_and_its_record_says_how(
    one: Path, tokenizer: Path, tmp_path: Path
) -> None:
    out = tmp_path / "encoded"
    encode(one, out, str(tokenizer))
    before = load(out, "default")["train"][0]
    encode(one, out, str(tokenizer), Options(max_length=6))
    after = load(out, "default")["train"]
    assert after[0] != before
    record = json.loads((out / "encoding.json").read_text())
    assert record["options"] == {
        "max_length": 6, "stride": 1, "label_all": False, "scheme": "BIO",
    }  # fmt: skip
    assert record["tokenizer"] == f"{tokenizer.parent.name}/tokenizer.json"
    assert str(tmp_path) not in (out / "README.md").read_text()


# What cannot be.


def refusal(*given: Any) -> str:
    with pytest.raises(DatasetError) as caught:
        encode(*given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (Options(stride=3), "a stride says nothing without a length"),
        (Options(max_length=2), "no room for text beside the 2 special ones"),
        (Options(max_length=8, stride=6), "a stride of 6 does not fit windows of 6 ids"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(
    options: Options, reason: str, one: Path, tokenizer: Path, tmp_path: Path
) -> None:
    assert reason in refusal(one, tmp_path / "encoded", str(tokenizer), options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", "no JSON", '{"model": {"type": "BPE"}}', "\udcff"]
)
def test_a_file_that_is_no_tokenizer_is_refused(content: str, one: Path, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    told = refusal(one, tmp_path / "encoded", str(path))
    assert told.startswith(f"{path} is no tokenizer: ")
    assert "\n" not in told
    assert not (tmp_path / "encoded").exists()


def test_a_folder_without_a_fast_tokenizer_is_refused(one: Path, tmp_path: Path) -> None:
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / "vocab.txt").write_text("a\n")
    told = refusal(one, tmp_path / "encoded", str(tmp_path / "slow"))
    assert told == (
        f"{tmp_path / 'slow'} holds no tokenizer.json. Save a fast tokenizer there; others do"
        " not tell where in the text an id stands."
    )


@pytest.mark.parametrize("name", ["./none", "none.json", "a/b/c", "/none", "no name"])
def test_a_path_that_is_not_there_is_not_asked_of_the_hub(
    name: str, one: Path, tmp_path: Path
) -> None:
    told = refusal(one, tmp_path / "encoded", name)
    assert told == f"there is no file or folder {name}. Check the path."


def test_a_name_on_the_hub_is_told_when_there_is_no_network(one: Path, tmp_path: Path) -> None:
    told = refusal(one, tmp_path / "encoded", "some/tokenizer")
    assert told.startswith("'some/tokenizer' is no path here, and the Hub gives no tokenizer.json")
    assert told.endswith("Give the path of a tokenizer.json, or check the name and the connection.")
    assert "\n" not in told


def test_a_target_that_holds_something_else_is_untouched(
    one: Path, tokenizer: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    encode(one, tmp_path / "mixed", str(tokenizer))
    (tmp_path / "mixed" / "a.txt").write_text("mine")
    before = contents(tmp_path)
    for target in (tmp_path / "notes", tmp_path / "file", tmp_path / "mixed", one):
        told = refusal(one, target, str(tokenizer))
        assert told.startswith(f"{target} is there and holds something other than an encoded")
    assert contents(tmp_path) == before
    assert (one / "annotate.lock").is_file()


def test_a_failure_leaves_the_former_one_whole(tokenizer: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "dataset", tmp_path / "encoded"
    build_one(source)
    encode(source, out, str(tokenizer))
    before = contents(out)
    (damaged,) = (source / "tokens").glob("train-*.parquet")
    damaged.write_bytes(b"PAR1 and no more")
    assert "cannot be read" in refusal(source, out, str(tokenizer))
    assert contents(out) == before
    assert {path.name for path in tmp_path.iterdir()} == {"dataset", "encoded"}


def test_a_list_of_losses_that_is_corrupt_is_told_and_not_that_writing_failed(
    tokenizer: Path, sample: tuple[Path, Built], tmp_path: Path
) -> None:
    source = copytree(sample[0], tmp_path / "dataset")
    content = (source / "losses.parquet").read_bytes()
    # The data is overwritten; the end, which tells where data is, is whole.
    (source / "losses.parquet").write_bytes(content[:4] + b"\xff" * 200 + content[204:])
    told = refusal(source, tmp_path / "encoded", str(tokenizer))
    assert told.startswith(f"{source / 'losses.parquet'} cannot be read as Parquet: ")
    assert ".." not in told


def test_a_dataset_that_is_none_is_refused(tokenizer: Path, tmp_path: Path) -> None:
    assert "there is no folder" in refusal(tmp_path / "no", tmp_path / "encoded", str(tokenizer))
    assert "is not a dataset" in refusal(tmp_path, tmp_path / "encoded", str(tokenizer))


def test_tokens_that_are_not_in_the_text_are_refused(tokenizer: Path, tmp_path: Path) -> None:
    source, other = tmp_path / "dataset", tmp_path / "other"
    build_one(source)
    article = make_article("Thiếu tá Bo.")
    build_into(other, [article], [make_annotation(article, make_span(9, 11))])
    (theirs,) = (other / "tokens").glob("train-*.parquet")
    (ours,) = (source / "tokens").glob("train-*.parquet")
    ours.write_bytes(theirs.read_bytes())
    told = refusal(source, tmp_path / "encoded", str(tokenizer))
    assert "the tokens of article a are not in its text" in told


def test_a_target_that_cannot_be_written_is_told(
    one: Path, tokenizer: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    told = refusal(one, tmp_path / "file" / "encoded", str(tokenizer))
    assert "cannot be written: " in told


def test_progress_tells_of_every_article(tokenizer: Path, tmp_path: Path) -> None:
    from contextlib import contextmanager

    steps: list[int] = []

    @contextmanager
    def progress(label: str, total: int | None = None) -> Iterator[Any]:
        assert label == "Encoding"
        yield steps.append
        assert total == sum(steps)

    build_sample(tmp_path / "dataset")
    encode(tmp_path / "dataset", tmp_path / "encoded", str(tokenizer), progress=progress)
    assert len(steps) == 43
