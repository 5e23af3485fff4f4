"""Reading a guide as people do: what it says, in each of its forms."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

from markdown_it import MarkdownIt

from annotate.schema import Schema, guide_html, guide_markdown, guide_page
from annotate.schema.model import Attribute, Choice, Decision, Option, RelationType
from tests.factories import make_entity, make_schema

_VOID = {"meta", "br"}
_BLOCKS = {"p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "br"}
# Where labels stand beside the marks of an example.
_ASIDE = {"mark": "small", "s": "small", "p": "sub", "li": "sub", "bdi": "sub"}


class Page(HTMLParser):
    """What a page says and consists of; every element must be closed.

    `elements` are each element's name and attributes; `plain` is the text without the labels
    of marks.
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = self.plain = ""
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag in _BLOCKS:
            self._say("\n", "\n")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _VOID
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            aside = any(_ASIDE.get(outer) == tag for outer, tag in self._pairs())
            self._say(data, "" if aside else data)

    def _pairs(self) -> list[tuple[str, str]]:
        return list(zip(self._open, self._open[1:], strict=False))

    def _say(self, text: str, plain: str) -> None:
        self.text += text
        self.plain += plain

    def classes(self, tag: str) -> list[str]:
        """Return the classes of the elements of a name, in their order."""
        return [known.get("class", "") for name, known in self.elements if name == tag]

    @property
    def lines(self) -> list[str]:
        """The text in lines, none of them empty."""
        lines = (" ".join(line.split()) for line in self.text.split("\n"))
        return [line for line in lines if line]

    @property
    def levels(self) -> list[int]:
        """The levels of the headings, in their order."""
        return [int(tag[1]) for tag, _ in self.elements if tag[0] == "h" and tag[1:].isdigit()]


def from_markdown(schema: Schema) -> Page:
    parser = MarkdownIt("commonmark").enable("strikethrough")
    return Page(parser.render(guide_markdown(schema)))


def from_html(schema: Schema) -> Page:
    return Page(guide_html(schema))


def from_page(schema: Schema) -> Page:
    return Page(guide_page(schema))


Read = Callable[[Schema], Page]
FORMS: tuple[Read, ...] = (from_markdown, from_html, from_page)


def squeezed(text: str) -> str:
    """Return a text without white space, which pages change."""
    return "".join(text.split())


def every_feature() -> Schema:
    """Return a schema with everything that a guide tells of."""
    day = (Option("d", "Day"), Option("m", "Month & <more>"))
    case = (
        "[Lovelace](PERSON 1) was born [in 1815](DATE 2) and knew [Babbage](PERSON 3).\n---\n"
        '1 born 2\n1 knows 3\n2 . norm "1815"\n2 . kind "d" "m"'
    )
    return make_schema(
        title="All <b> & “more” 🇻🇳",
        guidelines=("Mark the *whole* name.", "1. Not a list\n- really"),
        entities=(
            make_entity(
                "PERSON", "Person", hotkey="<", group="Who", color="#ffee00",
                definition='A "name" of R&D <people> 👨\u200d👩\u200d👧.',
                examples=("Ada Lovelace", "[Dr [Ada](GIVEN)](PERSON) spoke"),
                counter_examples=("she", "[Miss Ada](PERSON)", "[Monday](DATE)"),
            ),
            make_entity("GIVEN", "Given name", group="Who", contains=(), color="#102030"),
            make_entity("DATE", "Date", hotkey="2", color="#0022ff", contains=("GIVEN", "DATE")),
        ),
        relations=(
            RelationType("knows", "knows", ("PERSON",), ("PERSON",), "They met.", directed=False),
            RelationType("born", "was born", ("PERSON", "GIVEN"), ("DATE",)),
        ),
        attributes=(
            Attribute("norm", "Normal form", ("DATE",), definition="As YYYY-MM-DD."),
            Attribute("kind", "What kind?", ("DATE",), options=day, multiple=True),
        ),
        choices=(Choice("usable", "Usable?", (Option("y", "Yes"), Option("n", "No"))),),
        decisions=(
            Decision(
                "Is “Countess” a name?",
                "Only what follows is.",
                (case, "Nothing here."),
            ),
            Decision("And this?", "No."),
        ),
    )  # fmt: skip
