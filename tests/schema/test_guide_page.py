"""The guide as a page of its own: whole, linked, and readable in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from annotate.schema import Schema, guide_page
from tests.factories import make_entity, make_schema, sample_schema
from tests.schema.guides import every_feature, from_page

# Each piece of text with its contrast to what is behind it, as WCAG 2.2 defines it.
_CONTRASTS = """() => {
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  const paint = (colors) => {
    for (const color of ["#fff", ...colors]) { pen.fillStyle = color; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (color) => {
    const [red, green, blue] = color.map((channel) => {
      const part = channel / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim()) continue;
    const behind = [];
    for (let outer = element; outer; outer = outer.parentElement)
      behind.unshift(getComputedStyle(outer).backgroundColor);
    const shades = [paint(behind), paint([...behind, getComputedStyle(element).color])];
    const [dark, light] = shades.map(luminance).sort((one, other) => one - other);
    found.push([walker.currentNode.data, (light + 0.05) / (dark + 0.05)]);
  }
  return found;
}"""

Scheme = Literal["light", "dark"]
Make = Callable[[], Schema]


def opened(browser: Browser, schema: Schema, folder: Path, width: int, scheme: Scheme) -> Page:
    file = folder / "guide.html"
    file.write_text(guide_page(schema), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(file.as_uri())
    return page


def hard_to_read() -> Schema:
    """Return a schema with labels in the greys and hues that are hardest to write on."""
    colors = ("#ffffff", "#000000", "#777777", "#ff0000", "#0000ff", "#00ff00", "#767676")
    entities = tuple(
        make_entity(
            f"L{number}", f"Label {number}", color=color, definition="x" * 300,
            examples=("one two", f"a [long [and [deep](L0)](L{number})](L1) mark"),
            counter_examples=(f"[wrong](L{number})", "[in [it](L0)](L1)", "no"),
        )
        for number, color in enumerate(colors)
    )  # fmt: skip
    return make_schema(title="w" * 200, entities=entities, relations=())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("make", [every_feature, sample_schema, hard_to_read])
def test_all_text_stands_out_from_what_is_behind_it(
    browser: Browser, tmp_path: Path, make: Make, scheme: Scheme
) -> None:
    page = opened(browser, make(), tmp_path, 1000, scheme)
    contrasts: list[tuple[str, float]] = page.evaluate(_CONTRASTS)
    assert len(contrasts) > 50
    assert [text for text, contrast in contrasts if contrast < 4.5] == []
    page.close()


@pytest.mark.parametrize("make", [every_feature, sample_schema, hard_to_read])
def test_the_page_fits_a_telephone(browser: Browser, tmp_path: Path, make: Make) -> None:
    page = opened(browser, make(), tmp_path, 400, "light")
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    page.close()


def test_every_line_of_the_contents_leads_to_its_heading(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, hard_names(), tmp_path, 800, "light")
    links: list[list[Any]] = page.evaluate(
        "[...document.querySelectorAll('nav a')].map((link) => [link.textContent,"
        " document.getElementById(decodeURIComponent(link.hash.slice(1)))?.textContent])"
    )
    headings: list[str] = page.evaluate(
        "[...document.querySelectorAll('h2, h3, h4')].map((heading) => heading.textContent)"
    )
    assert [heading for _, heading in links] == headings
    assert all(heading.startswith(text) for text, heading in links)
    page.close()


def hard_names() -> Schema:
    groups = {"A": "Labels", "a b": "", "a-b": "", "%41": "Other labels", '"<b>&': "x", "ệ": "x"}
    entities = tuple(
        make_entity(name, f"Title of {name}", group=group) for name, group in groups.items()
    )
    return make_schema(entities=entities, relations=())


def test_few_labels_need_no_contents() -> None:
    assert "nav" not in {tag for tag, _ in from_page(every_feature()).elements}
    assert "nav" in {tag for tag, _ in from_page(sample_schema()).elements}


def test_no_two_elements_share_an_anchor() -> None:
    ids = [known["id"] for _, known in from_page(hard_names()).elements if "id" in known]
    assert len(ids) == len(set(ids)) > 7


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    elements = from_page(every_feature()).elements
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in elements}
    assert not {"src", "style", "onclick"} & {name for _, known in elements for name in known}
    links = {known["href"][0] for _, known in elements if "href" in known}
    assert links <= {"#"}
    policy = [known["content"] for _, known in elements if "http-equiv" in known]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_the_page_says_its_language_and_title() -> None:
    page = from_page(every_feature())
    assert page.elements[0] == ("html", {"lang": "en", "dir": "ltr"})
    assert page.text.lstrip().startswith("All <b> & “more” 🇻🇳")


def test_the_same_schema_gives_the_same_page() -> None:
    assert guide_page(every_feature()) == guide_page(every_feature())
