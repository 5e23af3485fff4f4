"""The card in a real browser: its pictures load, fit, and follow the reader's theme."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from PIL import Image
from playwright.sync_api import Browser, Page

from annotate.dataset.card.drawing import legible
from annotate.dataset.card.passages import draw_examples, draw_passage
from annotate.dataset.card.plots import bins, draw_articles, draw_labels
from annotate.dataset.examples import Passage, drawable
from annotate.settings import DatasetSettings
from tests.dataset.building import build_into, run
from tests.dataset.rendering import PICTURES, open_card
from tests.factories import (
    gold_annotation,
    make_entity,
    make_schema,
    sample_articles,
    sample_schema,
)
from tests.strategies import marked_texts, raw_texts

PAPER = {"light": (255, 255, 255), "dark": (22, 27, 34)}
NAMES = {"passage", "labels", "splits", "articles"}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with all that a card may tell: the sample, partly annotated by two people."""
    articles = list(sample_articles().values())
    annotations = [gold_annotation(article, id=n) for n, article in enumerate(articles)]
    for one in annotations[:9]:
        spans = tuple(span for n, span in enumerate(one.spans) if n % 7)
        annotations.append(
            msgspec.structs.replace(
                one, id=one.id + 1000, annotator="binh@example.org", spans=spans, relations=(),
                updated_at="2024-06-14T09:00:00.000000Z",
            )
        )  # fmt: skip
    settings = DatasetSettings(
        title="Vietnamese local security news: entities and relations", license="cc-by-4.0",
        description="News about security in Vietnamese neighbourhoods.", authors=("Lê An",),
        homepage="https://example.org/news",
    )  # fmt: skip
    out = tmp_path_factory.mktemp("card") / "dataset"
    build_into(out, articles, annotations, sample_schema(), settings)
    return out


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(browser: Browser, dataset: Path, scheme: str) -> Iterator[Page]:
    opened = open_card(browser, dataset, scheme)
    yield opened
    opened.close()


def pixel(picture: bytes) -> tuple[int, ...]:
    """Return the colour of a picture's ground, near a corner."""
    found = Image.open(io.BytesIO(picture)).convert("RGB").getpixel((14, 14))
    assert isinstance(found, tuple)
    return found


def test_the_card_shows_all_its_pictures_within_its_width(page: Page, scheme: str) -> None:
    images = page.locator("img")
    assert images.count() == len(NAMES)
    shown: list[dict[str, Any]] = images.evaluate_all(
        "all => all.map(i => ({width: i.naturalWidth, right: i.getBoundingClientRect().right,"
        " alt: i.alt}))"
    )
    right = page.evaluate("document.body.getBoundingClientRect().right")
    for image in shown:
        assert image["width"] == 760
        assert image["right"] <= right
        assert image["alt"]
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"card-{scheme}.png", full_page=True)


def test_the_page_is_not_wider_than_the_window(page: Page) -> None:
    page.set_viewport_size({"width": 420, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_every_picture_follows_the_theme(page: Page, scheme: str) -> None:
    images = page.locator("img")
    assert images.count() == len(NAMES)
    for number in range(images.count()):
        assert pixel(images.nth(number).screenshot()) == PAPER[scheme]


def test_a_picture_follows_a_theme_that_the_page_chose(page: Page, scheme: str) -> None:
    # As on the Hub, whose readers choose a theme for it alone.
    other = "light" if scheme == "dark" else "dark"
    page.evaluate(f"document.documentElement.style.colorScheme = '{other}'")
    page.wait_for_timeout(300)
    assert pixel(page.locator("img").first.screenshot()) == PAPER[other]


def test_a_reader_without_style_sheets_sees_the_light_theme(
    browser: Browser, dataset: Path, tmp_path: Path
) -> None:
    drawn = ET.parse(dataset / "plots" / "labels.svg")  # noqa: S314 - drawn here
    for sheet in drawn.iter(f"{SVG}style"):
        sheet.text = ""
    drawn.write(tmp_path / "plain.svg")
    page = browser.new_page(color_scheme="dark")
    page.goto((tmp_path / "plain.svg").as_uri())
    assert pixel(page.screenshot()) == PAPER["light"]
    page.close()


def test_pictures_are_files_of_their_own_without_script_or_address(dataset: Path) -> None:
    found = {path.stem: path for path in (dataset / "plots").iterdir()}
    assert found.keys() == NAMES
    for path in found.values():
        text = path.read_text(encoding="utf-8")
        root = ET.fromstring(text)  # noqa: S314 - drawn here
        assert not list(root.iter(f"{SVG}script"))
        references = {value for e in root.iter() for n, value in e.items() if n.endswith("href")}
        assert all(value.startswith("#") for value in references)
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
        assert path.stat().st_size < 200_000


def test_pictures_are_the_same_in_another_process_and_locale(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.dataset.building import build_sample;"
        "build_sample(Path(sys.argv[1]), backwards=sys.argv[2] == '1')"
    )
    run(code, tmp_path / "a", "0", PYTHONHASHSEED="1", LC_ALL="C", TZ="UTC")
    style = {"MPLBACKEND": "svg", "MATPLOTLIBRC": str(tmp_path)}
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nsvg.fonttype: none\n", encoding="utf-8")
    run(code, tmp_path / "b", "1", PYTHONHASHSEED="2", TZ="Asia/Tokyo", **style)
    for name in NAMES:
        one, other = (tmp_path / side / "plots" / f"{name}.svg" for side in "ab")
        assert one.read_bytes() == other.read_bytes()


def ink(svg: str) -> list[str]:
    """Return the words that a picture has as text or tells of its parts."""
    root = ET.fromstring(svg)  # noqa: S314 - drawn here
    texts = [*root.iter(f"{SVG}text"), *root.iter(f"{SVG}title")]
    return [text.text or "" for text in texts]


def test_plots_have_the_readers_own_font_and_any_letters() -> None:
    labels = {"標籤 <b> & $x$": {"train": 3, "test": 1}, "B": {"train": 0, "test": 2}}
    words = ink(draw_labels(labels, ["train", "test"]))
    assert {"標籤 <b> & $x$", "B", "4", "2", "train", "test"} <= {*words}
    assert "標籤 <b> & $x$, train: 3" in words
    assert "B, train: 0" not in words


def test_a_plot_of_many_labels_shows_the_most_frequent() -> None:
    labels = {f"L{n}": {"train": n} for n in range(200)}
    words = ink(draw_labels(labels, ["train"]))
    assert "L199" in words
    assert "L150" not in words


def test_long_names_are_cut_in_a_plot() -> None:
    words = ink(draw_labels({"LONG_" * 20: {"train": 1}}, ["train"]))
    assert any(word.endswith("…") and len(word) <= 24 for word in words)


@pytest.mark.parametrize(
    "values", [[5], [0, 1], [1, 1_000_000], list(range(100)), [7] * 50 + [9], [0]]
)
def test_every_value_is_in_the_bar_that_it_belongs_to(values: list[int]) -> None:
    step, bars = bins(Counter(values))
    assert sum(bars.values()) == len(values)
    for start, count in bars.items():
        assert sum(start <= value < start + step for value in values) == count
    assert len(bars) <= 25
    assert "Articles by number of spans" in ink(draw_articles(Counter(values), Counter(values)))


@given(marked=marked_texts())
def test_every_mark_of_a_text_is_drawn_in_its_colour(marked: Any) -> None:
    colours = {"A": "#aa0000", "B": "#00aa00", "C": "#0000aa"}
    entities = [make_entity(name, name, color=colour) for name, colour in colours.items()]
    text = "".join(char if drawable(char) else "x" for char in marked.text)
    marks = tuple((span.start, span.end, span.label) for span in marked.spans)
    svg = draw_passage(Passage(text, marks), make_schema(entities=entities, relations=()))
    seen = {label for start, end, label in marks if text[start:end].strip()}
    assert {label for label, colour in colours.items() if f'"{colour}"' in svg} >= seen


def test_a_word_longer_than_a_line_is_broken() -> None:
    short, long = (
        draw_passage(Passage("x" * n, ((0, n, "PERSON"),)), make_schema()) for n in (9, 400)
    )
    assert float(height(long)) > 4 * float(height(short))


def height(svg: str) -> str:
    return ET.fromstring(svg).get("height", "")  # noqa: S314 - drawn here


def test_what_the_font_lacks_is_not_drawn() -> None:
    schema = make_schema(entities=[make_entity("名", "名")], relations=())
    passage = Passage("Lê An", ((0, 5, "名"),))
    assert draw_passage(passage, schema) == ""
    assert draw_passage(Passage("名", ((0, 1, "PERSON"),)), make_schema()) == ""
    assert draw_examples({"名": passage}, schema) == ""


@given(title=raw_texts)
def test_a_picture_says_what_it_shows_whatever_labels_are_called(title: str) -> None:
    name = "L" + "".join(char for char in title if char.isprintable())
    svg = draw_labels({name: {"train": 1}}, ["train"])
    assert ET.fromstring(svg).get("aria-label") == f"Spans by label and split: {name} 1"  # noqa: S314


@pytest.mark.parametrize("colour", ["#ffffff", "#000000", "#ffff00", "#0000ff", "#808080"])
def test_a_labels_colour_stands_out_in_both_themes(colour: str) -> None:
    def luminance(shade: str) -> float:
        parts = [int(shade[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for shade, paper in zip(legible(colour), ("#ffffff", "#161b22"), strict=True):
        low, high = sorted((luminance(shade), luminance(paper)))
        assert (high + 0.05) / (low + 0.05) >= 3
