"""Pictures as one SVG file each that follows its reader's light or dark theme.

The Hub takes `style` and scripts out of a card, and nothing says that it finds the files that a
`<picture>` names beside the first. So the card shows a picture with plain Markdown, and the file
itself has both themes: browsers tell a picture the theme of the page that it is on. All colours
are attributes for the light one, which a reader that knows no style sheets shows, on a ground of
the picture's own.
"""

from __future__ import annotations

import io
import re
from contextlib import AbstractContextManager
from xml.etree import ElementTree as ET

from matplotlib import style
from matplotlib.figure import Figure

WIDTH = 760
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif"
PAPER = ("#ffffff", "#161b22")
_EDGE = ("#d8dee4", "#30363d")

# By what a colour is for: in the light theme and in the dark one.
INK = ("#1f2328", "#e6edf3")
QUIET = ("#59636e", "#9ba4ae")
LINE = ("#dfe4ea", "#2d343c")
BARS = {
    "train": ("#2f6fb2", "#5aa2e6"),
    "validation": ("#d99a2b", "#e3b04b"),
    "test": ("#6b8f3f", "#8fbc5a"),
}

_SHEET = {
    "font.size": 12,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.linewidth": 0.8,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.major.pad": 6,
    "svg.hashsalt": "card",
    "text.parse_math": False,
    "path.simplify": False,
}

Theme = tuple[str, str]


class Canvas:
    """A figure that becomes an SVG file; all lengths are in its pixels, y grows upward.

    Its colours are those that `colour` gives. Text is drawn as shapes of one font, or, when
    it is not `outlined`, as text in the reader's own font: then the library, whose font lacks
    most of the world's letters, gets the placeholders that `say` gives.
    """

    def __init__(self, height: float, *, outlined: bool) -> None:
        self.height = height
        self.figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
        self.figure.patch.set_visible(False)
        self._outlined = outlined
        self._themes: list[Theme] = []
        self._words: dict[str, str] = {}

    def colour(self, theme: Theme) -> str:
        """Return what to draw in, to be shown in the colour of the reader's theme."""
        if theme not in self._themes:
            self._themes.append(theme)
        return f"#{0x010200 + self._themes.index(theme):06x}"

    def say(self, words: str) -> str:
        """Return the id of a text or a shape, which will show these words or tell them."""
        gid = f"words-{len(self._words)}"
        self._words[gid] = words
        return gid

    def svg(self, label: str) -> str:
        """Return the picture as a file, described by `label`."""
        stream = io.StringIO()
        kind = "path" if self._outlined else "none"
        with style.context({"svg.fonttype": kind}):
            self.figure.savefig(stream, format="svg", metadata={"Date": None})
        drawn = ET.fromstring(stream.getvalue())  # noqa: S314 - made here
        for element in drawn.iter():
            self._adapt(element)
        root = self._root(label)
        root.extend(drawn.findall("defs") + drawn.findall("g"))
        ET.indent(root, "")
        return ET.tostring(root, encoding="unicode") + "\n"

    def _root(self, label: str) -> ET.Element:
        box = {"width": f"{WIDTH}", "height": f"{self.height:g}"}
        box |= {"viewBox": f"0 0 {WIDTH} {self.height:g}", "role": "img", "aria-label": label}
        box |= {"font-family": _FONT, "font-size": "12"}
        root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **box})
        ET.SubElement(root, "title").text = label
        ET.SubElement(root, "style").text = self._dark()
        rect = {"x": "0.5", "y": "0.5", "rx": "8", "class": "paper"}
        rect |= {"width": f"{WIDTH - 1}", "height": f"{self.height - 1:g}"}
        ET.SubElement(root, "rect", rect | {"fill": PAPER[0], "stroke": _EDGE[0]})
        return root

    def _dark(self) -> str:
        """Return the style sheet of the dark theme."""
        rules = [f".paper{{fill:{PAPER[1]};stroke:{_EDGE[1]}}}"]
        for number, (_, dark) in enumerate(self._themes):
            rules += [f".f{number}{{fill:{dark}}}", f".s{number}{{stroke:{dark}}}"]
        return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"

    def _adapt(self, element: ET.Element) -> None:
        """Take away what is the library's own, and make its styles attributes."""
        element.tag = element.tag.rpartition("}")[2]
        element.tail = None
        if element.tag == "style":
            element.clear()
        if element.tag not in {"text", "title"}:
            element.text = None
        for name in [name for name in element.attrib if "}" in name]:
            element.set(name.rpartition("}")[2], element.attrib.pop(name))
        for name in ("d", "x", "y", "transform"):
            if name in element.attrib:
                element.set(name, _short(element.attrib[name]))
        self._speak(element)
        self._dress(element)

    def _speak(self, element: ET.Element) -> None:
        words = self._words.get(element.get("id", ""))
        # Only shapes that are drawn again are referred to.
        if element.tag == "g":
            element.attrib.pop("id", None)
        if words is not None:
            text = element.find("{*}text")
            (ET.SubElement(element, "title") if text is None else text).text = words

    def _dress(self, element: ET.Element) -> None:
        classes: list[str] = []
        for declared in element.attrib.pop("style", "").split("; "):
            name, _, value = declared.partition(": ")
            if not value or name.startswith("font") or name == "stroke-miterlimit":
                continue
            if found := re.fullmatch("#0102([0-9a-f]{2})", value):
                number = int(found[1], 16)
                classes.append(f"{name[0]}{number}")
                value = self._themes[number][0]
            element.set(name, value)
        if classes:
            element.set("class", " ".join(classes))


def _short(numbers: str) -> str:
    """Return places and lengths to the hundredth of a pixel; factors as they are."""
    if "scale" in numbers:
        return numbers
    return re.sub(r"\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}", numbers)


def styled() -> AbstractContextManager[None]:
    """Draw what is drawn within in one style, whatever style its user has."""
    return style.context(["default", _SHEET])


def legible(colour: str) -> Theme:
    """Return a label's colour for lines and small text: as it is, or just as far towards ink."""
    light, dark = PAPER
    return _towards(colour, INK[0], light), _towards(colour, INK[1], dark)


def _towards(colour: str, ink: str, paper: str) -> str:
    """Return the nearest colour to another that stands out from the paper (WCAG 2.2)."""
    mixed = (_mix(colour, ink, step / 10) for step in range(10))
    return next((one for one in mixed if _contrast(one, paper) >= 3.5), ink)


def _mix(colour: str, other: str, part: float) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (c / 255 for c in _channels(colour))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
