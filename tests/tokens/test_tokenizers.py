"""Tokenisers by name: each tiles the text, offsets are exact, and what is missing is told."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib import import_module
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from annotate.errors import DatasetError
from annotate.text import canonicalise
from annotate.tokens import Token
from annotate.tokens.tokenizers import Tokenizer, load_tokenizer, versions
from tests.factories import sample_articles
from tests.strategies import CLUSTERS, canonical_texts

NAMES = ("syllable", "underthesea", "spacy:en", "spacy:xx")
every_tokenizer = pytest.mark.parametrize("name", NAMES)

# What tokenisers treat in ways of their own: addresses, abbreviations, numbers, other spellings.
_HARD = (
    "https://tin.example.org/a?b=c&d#e",
    "an.le+tin@example.org",
    "v.v...",
    "TP.HCM",
    "T.Ư",
    "NĐ-CP",
    "5.000,5",
    "29/3/2026",
    "xung quanh",
    "hoà bình",
    "ngành nghành",
    "ðồng Ðình",
    "nguyễnðình",
    "chíếc",
    ":))",
    "♥‿♥",
    "Ông ấy nói: “Vâng.” Rồi",
    "x\u0323\u0302",
    "\u0301",
    "a\u200db",
    "…?!",
    "_",
    *CLUSTERS,
)
_pieces = st.sampled_from((*_HARD, " ", "  ", "\n", "\n\n", "\u00a0", ".", "?", "”"))
hard_texts = st.lists(_pieces, min_size=1, max_size=12).map(
    lambda pieces: canonicalise("".join(pieces)).text
)


@cache
def loaded(name: str) -> Tokenizer:
    return load_tokenizer(name)


def words(name: str, text: str) -> list[list[str]]:
    return [[text[start:end] for start, end in sentence] for sentence in loaded(name)(text)]


def assert_tiled(text: str, sentences: list[list[Token]]) -> None:
    """Whether tokens lie in order, without a blank at their ends or a character between them."""
    tokens = [token for sentence in sentences for token in sentence]
    assert all(sentences)
    assert all(left.end <= right.start for left, right in pairwise(tokens))
    for start, end in tokens:
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
    between = [text[left.end : right.start] for left, right in pairwise(tokens)]
    if tokens:
        between += [text[: tokens[0].start], text[tokens[-1].end :]]
    assert not "".join(between or [text]).strip()


@every_tokenizer
@given(text=st.one_of(canonical_texts, hard_texts))
@example(text="")
@example(text=canonicalise(" ".join(_HARD)).text)
@example(text=canonicalise("".join(_HARD)).text)
def test_every_character_but_white_space_is_in_exactly_one_token(name: str, text: str) -> None:
    assert_tiled(text, loaded(name)(text))


@every_tokenizer
@given(text=st.one_of(canonical_texts, hard_texts))
def test_no_token_and_no_sentence_goes_over_a_line_feed(name: str, text: str) -> None:
    for sentence in loaded(name)(text):
        assert "\n" not in text[sentence[0].start : sentence[-1].end]


@every_tokenizer
@pytest.mark.parametrize("article", sample_articles())
def test_the_sample_is_tiled(name: str, article: str) -> None:
    text = sample_articles()[article].text
    assert_tiled(text, loaded(name)(text))


@every_tokenizer
def test_a_line_of_a_million_characters_is_tiled(name: str) -> None:
    text = " ".join(article.text for article in sample_articles().values()).replace("\n", " ")
    text = " ".join([text] * (1_000_000 // len(text) + 1))
    assert_tiled(text, loaded(name)(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Công an xã Tân Lập", [["Công an", "xã", "Tân Lập"]]),
        ("Công  an xã", [["Công  an", "xã"]]),
        ("Ở https://tin.example.org/moi. Hết.", [["Ở", "https://tin.example.org/moi", "."],
                                                 ["Hết", "."]]),
        ("Hoà bình, hòa bình.", [["Hoà bình", ",", "hòa bình", "."]]),
        ("Năm ðồng.", [["Năm", "ðồng", "."]]),
        ("Ông nói: “Vâng.” Rồi đi.", [["Ông", "nói", ":", "“", "Vâng", ".", "”"],
                                      ["Rồi", "đi", "."]]),
        ("Ở TP.HCM và TP. Huế.", [["Ở", "TP.HCM", "và", "TP.", "Huế", "."]]),
        ("Tiêu đề\nMột xã", [["Tiêu đề"], ["Một", "xã"]]),
    ],
)  # fmt: skip
def test_words_of_underthesea_by_example(text: str, expected: list[list[str]]) -> None:
    assert words("underthesea", text) == expected


def test_words_of_underthesea_are_its_own() -> None:
    word_tokenize = import_module("underthesea").word_tokenize
    text = "Sáng 12/3, Công an huyện U Lâm phối hợp với 5 xã tổ chức ra quân"
    assert words("underthesea", text) == [word_tokenize(text)]


def test_underthesea_refuses_a_text_in_which_its_words_are_not_to_be_found() -> None:
    decomposed = "Co\u0302ng an xa\u0303"
    with pytest.raises(DatasetError, match="cannot be found in the text near 'Co\u0302ng"):
        loaded("underthesea")(decomposed)


def test_a_run_without_blanks_takes_no_longer_than_its_length_says() -> None:
    text = "a." * 10_000
    assert_tiled(text, loaded("underthesea")(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't go. He said so.", [["Do", "n't", "go", "."], ["He", "said", "so", "."]]),
        ("A  headline \n\n Then text.", [["A", "headline"], ["Then", "text", "."]]),
        ("  \n ", []),
    ],
)
def test_tokens_of_spacy_by_example(text: str, expected: list[list[str]]) -> None:
    assert words("spacy:en", text) == expected


_PACKAGE = """
import spacy
from spacy.language import Language


@Language.component("made_here_sentences")
def begin_at_capitals(doc):
    for token in doc:
        token.is_sent_start = token.text[0].isupper()
    return doc


def load(**options):
    nlp = spacy.blank("en")
    {component}
    return nlp
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a folder on the path in which packages can be installed."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def install_pipeline(folder: Path, name: str, component: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(_PACKAGE.format(component=component))
    info = folder / f"{name}-2.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.5\n")
    (info / "entry_points.txt").write_text(f"[spacy_models]\n{name} = {name}\n")


def test_an_installed_pipeline_is_used_with_the_sentences_that_it_makes(install: Path) -> None:
    senter = 'nlp.add_pipe("made_here_sentences", name="senter")'
    install_pipeline(install, "xx_made_here", senter)
    text = "one Two. three"
    found = load_tokenizer("spacy:xx_made_here")(text)
    assert [[text[a:b] for a, b in row] for row in found] == [["one"], ["Two", ".", "three"]]
    assert versions("spacy:xx_made_here")["xx_made_here"] == "2.5"


def test_an_installed_pipeline_without_sentences_gets_those_that_end_at_stops(
    install: Path,
) -> None:
    install_pipeline(install, "xx_plain", "pass")
    text = "one Two. three"
    found = load_tokenizer("spacy:xx_plain")(text)
    assert [[text[a:b] for a, b in row] for row in found] == [["one", "Two", "."], ["three"]]


def test_an_unknown_name_lists_what_there_is(install: Path) -> None:
    install_pipeline(install, "xx_listed", "pass")
    for read in (load_tokenizer, versions):
        with pytest.raises(DatasetError) as caught:
            read("sylable")
        assert str(caught.value) == (
            "there is no tokenizer 'sylable'. Use syllable, underthesea, spacy: and the code of a"
            " language, as in spacy:en, or spacy:xx_listed."
        )


@pytest.mark.parametrize("name", ["", "spacy", "Syllable", "underthesea:vi"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(DatasetError, match="there is no tokenizer"):
        load_tokenizer(name)


@pytest.mark.parametrize("name", ["spacy:", "spacy:qq", "spacy:../en", "spacy:regex"])
def test_a_language_that_spacy_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(DatasetError, match="no language and no installed pipeline"):
        load_tokenizer(name)


def test_a_language_with_a_tokenizer_of_its_own_tells_which() -> None:
    with pytest.raises(DatasetError, match="Run `pip install pyvi`"):
        load_tokenizer("spacy:vi")
    with pytest.raises(DatasetError, match="Run `pip install pyvi`"):
        versions("spacy:vi")


@pytest.mark.parametrize(
    ("name", "packages"),
    [
        ("syllable", {"regex"}),
        ("underthesea", {"underthesea", "underthesea_core"}),
        ("spacy:en", {"spacy"}),
    ],
)
def test_versions_are_of_the_packages_that_decide_the_tokens(name: str, packages: set[str]) -> None:
    assert versions(name) == {package: version(package) for package in packages}


_WITHOUT = """
import sys
from importlib.abc import MetaPathFinder


class Nothing(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Nothing())
from annotate.errors import DatasetError
from annotate.tokens.tokenizers import load_tokenizer
try:
    load_tokenizer(sys.argv[2])
except DatasetError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("package", "name"), [("underthesea", "underthesea"), ("spacy", "spacy:en")]
)
def test_a_missing_extra_tells_the_line_that_installs_it(package: str, name: str) -> None:
    assert run(_WITHOUT, package, name) == (
        f"{package} is not installed. Run `pip install 'annotate-corpus[{package}]'`.\n"
    )


_LIGHT = """
import sys
import annotate.tokens, annotate.tokens.tokenizers
print(*{"spacy", "underthesea", "numpy", "requests", "datasets"} & sys.modules.keys())
"""


def test_no_tokenizer_is_imported_before_it_is_asked_for() -> None:
    assert run(_LIGHT).strip() == ""


_OFFLINE = """
import socket, sys


def refused(*given):
    raise SystemExit(f"the network was asked for: {given}")


socket.socket.connect = socket.getaddrinfo = refused
from annotate.tokens.tokenizers import load_tokenizer
print(len(load_tokenizer(sys.argv[1])("Công an xã.")[0]))
"""


@pytest.mark.parametrize(("name", "count"), [("underthesea", "3"), ("spacy:xx", "4")])
def test_no_tokenizer_asks_the_network_or_writes_into_the_home(
    name: str, count: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(_OFFLINE, name).strip() == count
    assert list(tmp_path.iterdir()) == []


def run(code: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    ).stdout
