"""How marks look in a terminal: in the colours of their labels, and readable without any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from annotate.spans import Span, covers, overlap, reading_order

if TYPE_CHECKING:
    from rich.style import Style
    from rich.text import Text

    from annotate.schema import Schema

_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
# Of a label that the schema does not have.
_GREY = "#808080"


class Painter:
    """Paints marks in the colours that a schema gives to its labels."""

    def __init__(self, schema: Schema) -> None:
        self._colours = {entity.name: entity.color for entity in schema.entities}

    def style(self, label: str) -> Style:
        """Return black or white, whichever is read better, on a label's colour."""
        from rich.color import Color
        from rich.style import Style

        colour = self._colours.get(label, _GREY)
        red, green, blue = Color.parse(colour).get_truecolor()
        # Relative luminance, nearly; half of it is where both are read as well.
        light = (0.299 * red + 0.587 * green + 0.114 * blue) / 255 > 0.5
        # By number: a terminal's own black may be grey.
        return Style(color="#000000" if light else "#ffffff", bgcolor=colour)

    def marked(self, marked: str, span: Span) -> Text:
        """Return what a span marks, as in inline markup, and its offsets."""
        from rich.text import Text

        shown = Text().append("[", "bold").append(one_line(marked), self.style(span.label))
        shown.append("]", "bold").append(f"({_named(span)})")
        return shown.append(f" {span.start}:{span.end}", "dim")

    def whole(self, text: str, spans: Iterable[Span]) -> Text:
        """Return a whole text with its spans in brackets, the innermost's colour on top.

        Spans that cross have numbers at both of their brackets.
        """
        from rich.text import Text

        ordered = sorted(spans, key=reading_order)
        numbers = _numbers(ordered)
        opening: dict[int, list[Span]] = defaultdict(list)
        closing: dict[int, list[Span]] = defaultdict(list)
        for span in ordered:
            opening[span.start].append(span)
            closing[span.end].insert(0, span)
        around: list[Span] = []
        shown, last = Text(), 0
        for at in sorted({*opening, *closing, len(text)}):
            shown.append(text[last:at], self.style(around[-1].label) if around else "")
            for span in closing[at]:
                around.remove(span)
                shown.append(f"]{numbers.get(span.id, '')}", "bold")
                shown.append(f"({_named(span)})", "dim")
            for span in opening[at]:
                around.append(span)
                shown.append(f"[{numbers.get(span.id, '')}", "bold")
            last = at
        return shown


def _named(span: Span) -> str:
    """Return the label of a span, and the answers about it."""
    answers = (f" {name}={', '.join(given)}" for name, given in sorted(span.attributes.items()))
    return span.label + "".join(answers)


def _numbers(ordered: Sequence[Span]) -> dict[str, str]:
    """Return a raised number for each span that crosses another."""
    crossing = [
        one
        for one in ordered
        if any(
            overlap(one, other) and not covers(one, other) and not covers(other, one)
            for other in ordered
        )
    ]
    return {span.id: str(n).translate(_SUPERSCRIPT) for n, span in enumerate(crossing, start=1)}


def one_line(text: str) -> str:
    """Return a text with its line feeds shown as signs."""
    return text.replace("\n", "⏎")


def in_context(text: str, start: int, end: int, style: str | Style, width: int = 30) -> Text:
    """Return a stretch of a text in brackets, with what stands around it, on one line."""
    from rich.text import Text

    start, end = min(max(start, 0), len(text)), min(max(end, 0), len(text))
    left, right = max(start - width, 0), min(end + width, len(text))
    shown = Text().append("…" if left else "", "dim")
    shown.append(one_line(text[left:start])).append("[", "bold")
    shown.append(one_line(text[start:end]), style).append("]", "bold")
    return shown.append(one_line(text[end:right])).append("…" if right < len(text) else "", "dim")
