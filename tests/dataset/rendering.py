"""A card as the Hub shows it: Markdown with tables, without the styles that cards bring."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page

from tests.dataset.cards import parted

PICTURES = Path(__file__).parents[2] / "build" / "pictures"

_STYLE = """
:root { color-scheme: light; --ink: #1f2328; --page: #fff; --line: #d1d9e0; --soft: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  :root { color-scheme: dark; --ink: #e6edf3; --page: #0b0f19; --line: #30363d; --soft: #151b23; }
}
body { margin: 0 auto; padding: 2rem; max-width: 54rem; background: var(--page);
  color: var(--ink); font: 16px/1.6 system-ui, "Noto Sans", sans-serif; }
h2 { margin-top: 2.2em; padding-bottom: 0.3em; border-bottom: 1px solid var(--line); }
img { display: block; max-width: 100%; height: auto; margin: 1.5em 0; }
table { border-collapse: collapse; display: block; overflow-x: auto; font-size: 0.9em; }
th, td { padding: 0.4em 0.8em; border: 1px solid var(--line); vertical-align: top; }
pre { padding: 1em; overflow-x: auto; border-radius: 6px; background: var(--soft);
  font-size: 0.85em; }
code { font-family: "Noto Sans Mono", monospace; }
a { color: #4493f8; }
"""


def to_html(card: str) -> str:
    """Return the body of a card as HTML."""
    _, body = parted(card)
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(body))


def open_card(browser: Browser, folder: Path, scheme: str) -> Page:
    """Open the card of a dataset in a browser with a light or dark theme."""
    card = (folder / "README.md").read_text(encoding="utf-8")
    page = browser.new_page(
        viewport={"width": 1000, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    path = folder.parent / f"{folder.name}-card.html"
    html = to_html(card).replace('src="plots/', f'src="{folder.name}/plots/')
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><style>{_STYLE}</style>{html}", "utf-8")
    page.goto(path.as_uri())
    page.wait_for_load_state("networkidle")
    return page
