"""How fluid the labelling page is: marking in a long article with many marks.

    python -m benchmarks.labelling [--rounds 10]

A real Label Studio, a real Chromium, an article of 5,000 words with 200 marks. Beside our page
stands the named entity template that Label Studio ships, with the same labels, article and marks,
and the same page on a short article with a single mark. Printed is the time from letting go of
the mouse until the browser has drawn the next two frames, in milliseconds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from itertools import cycle
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec
from playwright.sync_api import sync_playwright

from annotate.schema import Schema, labelling_config
from annotate.spans import Span
from annotate.studio.client import Studio
from annotate.studio.encode import encode_spans
from annotate.studio.server import LocalServer
from tests.browser import ARGUMENTS, find_browser
from tests.factories import sample_gold, sample_schema
from tests.labelling import Annotator

WORDS, MARKS = 5_000, 200

_WATCH = """() => {
  window.took = null;
  document.addEventListener("mouseup", () => {
    const start = performance.now();
    const done = () => { window.took = performance.now() - start; };
    requestAnimationFrame(() => requestAnimationFrame(done));
  }, {once: true, capture: true});
}"""


def template(schema: Schema) -> str:
    """Return a config in the form of the template for named entities."""
    view = Element("View")
    labels = SubElement(view, "Labels", name="label", toName="text")
    for entity in schema.entities:
        SubElement(labels, "Label", value=entity.name, background=entity.color)
    SubElement(view, "Text", name="text", value="$text")
    return tostring(view, encoding="unicode")


def long_article() -> tuple[str, list[Span]]:
    """Return a text of that many words and that many marks, spread over all of it."""
    texts: list[str] = []
    spans: list[Span] = []
    for gold in cycle(sample_gold().values()):
        if sum(len(text.split()) for text in texts) >= WORDS:
            break
        start = sum(len(text) + 2 for text in texts)
        for span in gold.spans:
            moved = {"start": span.start + start, "end": span.end + start}
            spans.append(msgspec.structs.replace(span, id=f"m{len(spans)}", **moved))
        texts.append(gold.text)
    return "\n\n".join(texts), spans[:: max(1, len(spans) // MARKS)][:MARKS]


def measure(person: Annotator, key: str, rounds: int) -> list[float]:
    """Mark a word here and there on the open article; return the milliseconds of each."""
    page, took = person.page, []
    length = page.evaluate("document.querySelector('[class*=htx-richtext]').innerText.length")
    for number in range(rounds):
        at = 40 + number * max(1, (length - 100) // rounds)
        page.keyboard.press("Escape")
        page.wait_for_timeout(600)
        page.keyboard.press(key)
        left, top, right, bottom = person.show(at, at + 5)
        page.mouse.move(left + 1, (top + bottom) / 2)
        page.mouse.down()
        page.mouse.move(right - 1, (top + bottom) / 2, steps=3)
        page.evaluate(_WATCH)
        page.mouse.up()
        page.wait_for_function("() => window.took !== null")
        took.append(page.evaluate("window.took"))
    return took


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    schema = sample_schema()
    text, spans = long_article()
    short = "Trung tá Lê An ở xã Đá. " * 3
    ours, theirs = labelling_config(schema), template(schema)
    cases: list[tuple[str, str, str, list[Span]]] = [
        ("our page, short article", ours, short, [Span(id="m", start=0, end=8, label="RANK")]),
        (f"our page, {len(text.split()):,} words, {len(spans)} marks", ours, text, spans),
        (f"template, {len(text.split()):,} words, {len(spans)} marks", theirs, text, spans),
    ]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        local = LocalServer(Path(folder))
        with local.use() as running:
            login = local.login()
            browser = playwright.chromium.launch(
                executable_path=find_browser(), args=list(ARGUMENTS)
            )
            with Studio(running.url, login.token) as studio:
                print("| | median ms | slowest ms |\n| --- | ---: | ---: |")
                for name, config, article, marks in cases:
                    project, task = lay_out(studio, name, config, article, marks)
                    person = Annotator(browser, running.url, login.email, login.password)
                    person.open(project, task, suggestions=len(marks))
                    took = measure(person, "5", rounds)
                    print(f"| {name} | {statistics.median(took):.0f} | {max(took):.0f} |")


def lay_out(
    studio: Studio, title: str, config: str, text: str, spans: list[Span]
) -> tuple[int, int]:
    """Make a project of one article, whose marks open as suggestions."""
    settings = {"label_config": config, "show_collab_predictions": True, "model_version": "x"}
    project = studio.create_project(title[:50], settings)
    result = encode_spans(sample_schema(), text, spans)
    task: dict[str, Any] = {
        "data": {"text": text, "title": title, "byline": ""},
        "predictions": [{"model_version": "x", "result": result}],
    }
    (number,) = studio.import_tasks(project.id, [task])
    return project.id, number


if __name__ == "__main__":
    main()
