"""Colours of a labelling config, as a schema writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import cycle

# Told apart with the common kinds of colour blindness (Petroff 2021, arXiv:2107.02270).
PALETTE = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
_ROUNDS = 6

_HEX = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*(?:[,/][^)]*)?\)")


def read_color(color: str) -> str:
    """Return a colour of CSS as #rrggbb, "" when it is none that is known.

    How much shows through it is left out.
    """
    color = color.strip()
    if _HEX.fullmatch(color):
        return color[:7] if len(color) > 5 else "#" + "".join(char * 2 for char in color[1:4])
    if found := _RGB.fullmatch(color.lower()):
        return "#" + "".join(f"{min(int(part), 255):02x}" for part in found.groups())
    from matplotlib.colors import CSS4_COLORS  # noqa: PLC0415, most colours need it not

    return str(CSS4_COLORS.get(color.lower(), "")).lower()


def free_colors(taken: Iterable[str]) -> Iterator[str]:
    """Yield colours that are not taken, always the same ones, without end.

    Each round through the palette is darker; after a few the colours come again.
    """
    known = {color.lower() for color in taken}
    rounds = [_darker(color, 0.8**number) for number in range(_ROUNDS) for color in PALETTE]
    yield from cycle([color for color in rounds if color not in known] or PALETTE)


def _darker(color: str, share: float) -> str:
    parts = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part * share):02x}" for part in parts)
