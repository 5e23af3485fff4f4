"""An annotator at Label Studio's labelling page, with mouse and keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route, expect

# Where the characters from `start` to `end` (code points) of the article stand on the page.
# The editor shows a line feed as <br>.
_BOXES = """([start, end]) => {
  const boxes = [];
  let at = 0;
  const walk = (node) => {
    if (node.nodeName === "BR") at += 1;
    else if (node.nodeType === Node.TEXT_NODE) {
      let unit = 0;
      for (const char of node.data) {
        if (at >= start && at < end) {
          const range = document.createRange();
          range.setStart(node, unit);
          range.setEnd(node, unit + char.length);
          const box = range.getBoundingClientRect();
          boxes.push([box.left, box.top, box.right, box.bottom]);
        }
        at += 1;
        unit += char.length;
      }
    } else node.childNodes.forEach(walk);
  };
  walk(document.querySelector("[class*=htx-richtext]"));
  return boxes;
}"""
_CHOSEN = "Htx.annotationStore.selected.names.get('label').selectedLabels.map((l) => l.alias)"
_RESULT = "() => window.Htx.annotationStore.selected.serializeAnnotation()"

PICTURES = Path(__file__).parent.parent / "build" / "pictures"


class Annotator:
    """A person logged in at the server."""

    def __init__(self, browser: Browser, url: str, email: str, password: str) -> None:
        self._url = url
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="vi")
        context.route("**/*", self._stay_here)
        self.page: Page = context.new_page()
        self.page.goto(f"{url}/user/login/")
        self.page.fill("input[name=email]", email)
        self.page.fill("input[name=password]", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda there: "/user/login" not in there)

    def _stay_here(self, route: Route) -> None:
        if route.request.url.startswith((self._url, "data:", "blob:")):
            route.continue_()
        else:
            route.abort()

    def open(self, project: int, task: int, *, suggestions: int) -> None:
        """Open an article, again when it opens without its suggestions.

        On a slow first load the editor shows an empty annotation instead; people are told
        to reload, and so does this.
        """
        for _ in range(6):
            self.page.goto(f"{self._url}/projects/{project}/data?task={task}")
            self.page.wait_for_selector("[class*=htx-richtext]")
            self.page.wait_for_function("() => window.Htx?.annotationStore?.selected")
            self.page.wait_for_timeout(1000)
            if len(self.result()) == suggestions:
                return
        raise AssertionError(f"the {suggestions} suggestions never appeared")

    def start(self, project: int, picture: str = "instructions") -> str:
        """Begin labelling where the server says, and return the instructions it shows first."""
        self.page.goto(f"{self._url}/projects/{project}/data?labeling=1")
        instructions = self.page.locator("[class*=lsf-modal-ls_visible]")
        instructions.wait_for()
        text = instructions.inner_text()
        self.page.screenshot(path=PICTURES / f"{picture}.png")
        self.page.keyboard.press("Escape")
        instructions.wait_for(state="hidden")
        return text

    def result(self) -> list[dict[str, Any]]:
        """Return the annotation as the editor would send it."""
        result: list[dict[str, Any]] = self.page.evaluate(_RESULT)
        return result

    def mark(self, start: int, end: int, label: str, hotkey: str) -> None:
        """Choose a label by its key and drag over the characters from `start` to `end`."""
        before = len(self.result())
        # The editor takes two drags that end at one place within 450 ms for a double click,
        # and gives the second the label of the first. No person is that fast.
        self.page.wait_for_timeout(500)
        self.page.keyboard.press("Escape")
        self._wait_for_labels([])
        self.page.keyboard.press(hotkey)
        self._wait_for_labels([label])
        boxes = self._boxes(start, end)
        (left, top, _, bottom), (_, last_top, right, last_bottom) = boxes[0], boxes[-1]
        middle, last_middle = (top + bottom) / 2, (last_top + last_bottom) / 2
        self.page.mouse.move(left + 1, middle)
        self.page.mouse.down()
        self.page.mouse.move((left + right) / 2, (middle + last_middle) / 2, steps=4)
        self.page.mouse.move(right - 1, last_middle, steps=6)
        self.page.mouse.up()
        self._wait_for(before + 1)
        self._cut_to(start, end)

    def _cut_to(self, start: int, end: int) -> None:
        """Draw the edges of the newest mark in, when it grew to whole words and shall not."""
        value = self.result()[-1]["value"]
        for edge, now, wanted in (("left", value["start"], start), ("right", value["end"], end)):
            if now != wanted:
                # Its last letter, for a mark that was there may lie over the first ones.
                self._click(value["end"] - 1)
                self._pull(edge, wanted)

    def _pull(self, edge: str, to: int) -> None:
        """Drag an edge of the selected mark to an offset."""
        box = self.page.locator(f"[class*=__resize_{edge}]").last.bounding_box()
        assert box is not None
        aim = self._boxes(to, to + 1)[0]
        x, y = aim[0] + 1, (aim[1] + aim[3]) / 2
        start = box["x"] + box["width"] / 2
        self.page.mouse.move(start, box["y"] + box["height"] / 2)
        self.page.mouse.down()
        # The editor needs a few movements to begin.
        for step in range(1, 11):
            self.page.mouse.move(start + (x - start) * step / 10, y)
            self.page.wait_for_timeout(30)
        self.page.mouse.up()
        ends = {"left": "start", "right": "end"}
        self.page.wait_for_function(
            f"([end, to]) => ({_RESULT})().some((mark) => mark.value?.[end] === to)",
            arg=[ends[edge], to],
            timeout=5_000,
        )

    def relate(self, head: int, tail: int, title: str) -> None:
        """Draw a relation from the region at offset `head` to that at `tail`, and name it."""
        before = len(self.result())
        self._click(head)
        self.page.keyboard.press("Alt+r")
        self._click(tail)
        self._wait_for(before + 1)
        self._show("Relations")
        row = self.page.locator("[class*=lsf-relations__item]").last
        row.hover()
        row.locator("button").first.click()
        self.page.locator("[class*=relation-meta] button").last.click()
        self.page.get_by_test_id("select-option-label").get_by_text(title, exact=True).click()
        self.page.keyboard.press("Escape")

    def select(self, offset: int) -> None:
        """Select the mark whose innermost letter stands there."""
        self.page.keyboard.press("Escape")
        self._click(offset)

    def write(self, answer: str) -> None:
        """Answer the free text that is asked about the selected mark."""
        before = len(self.result())
        box = self.page.locator(".annotate-attribute :is(input, textarea):visible")
        box.fill(answer)
        box.press("Enter")
        self._wait_for(before + 1)

    def choose(self, option: str) -> None:
        """Tick an option of a question, about the selected mark or about the article."""
        before = len(self.result())
        # Its key stands behind it, in brackets.
        text = re.compile(rf"^{re.escape(option)}(\[.\])?$")
        self.page.locator(".lsf-choice__item:visible").filter(has_text=text).click()
        self._wait_for(before + 1)

    def switch_theme(self) -> None:
        """Go from the light theme to the dark one, or back."""
        theme = self.page.locator("html").get_attribute("data-color-scheme")
        now = {"light": "Light", "dark": "Dark"}[theme or "light"]
        self.page.get_by_text(now, exact=True).click()
        self.page.wait_for_function(
            "(was) => document.documentElement.dataset.colorScheme !== was", arg=theme
        )
        # Colours fade from one to the other.
        self.page.wait_for_timeout(1000)

    def scroll(self, by: int) -> None:
        """Turn the wheel over the article."""
        self.page.mouse.move(600, 500)
        self.page.mouse.wheel(0, by)
        self.page.wait_for_timeout(500)

    def submit(self) -> None:
        """Submit the annotation and wait until the server has it."""
        self._send("Submit")

    def skip(self) -> None:
        """Skip the article and wait until the server knows."""
        self._send("Skip")

    def _send(self, button: str) -> None:
        with self.page.expect_response(
            lambda answer: "/annotations" in answer.url and answer.request.method == "POST"
        ) as response:
            self.page.get_by_role("button", name=button).click()
        assert response.value.ok

    def photograph(self, name: str, button: str | None = "Submit") -> None:
        """Take a picture of the page, with the list of regions open and nothing selected."""
        self._show("Regions")
        self.page.mouse.move(0, 0)
        if button is not None:
            expect(self.page.get_by_role("button", name=button)).to_be_visible()
        self.page.screenshot(path=PICTURES / f"{name}.png")

    def _show(self, panel: str) -> None:
        self.page.get_by_text(panel, exact=True).first.click()

    def show(self, start: int, end: int) -> tuple[float, float, float, float]:
        """Bring characters of one line into sight, and return where they are."""
        for _ in range(3):
            boxes = self._boxes(start, end)
            middle = (boxes[0][1] + boxes[0][3]) / 2
            if 250 < middle < 650:
                break
            self.scroll(int(middle) - 450)
        return boxes[0][0], boxes[0][1], boxes[-1][2], boxes[-1][3]

    def _boxes(self, start: int, end: int) -> list[list[float]]:
        boxes: list[list[float]] = self.page.evaluate(_BOXES, [start, end])
        assert len(boxes) == end - start
        # A joiner has no width of its own, so it says nothing about where to click.
        return [box for box in boxes if box[2] > box[0]]

    def _click(self, offset: int) -> None:
        left, top, right, bottom = self._boxes(offset, offset + 1)[0]
        self.page.mouse.click((left + right) / 2, (top + bottom) / 2)
        self.page.wait_for_timeout(200)

    def _wait_for_labels(self, labels: list[str]) -> None:
        self.page.wait_for_function(
            f"(labels) => JSON.stringify({_CHOSEN}) === JSON.stringify(labels)",
            arg=labels,
            timeout=10_000,
        )

    def _wait_for(self, marks: int) -> None:
        self.page.wait_for_function(f"(n) => ({_RESULT})().length === n", arg=marks, timeout=10_000)
