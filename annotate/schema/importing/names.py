"""Names and titles of a foreign labelling config, mended where the loader would refuse them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count
from typing import NamedTuple

from annotate.schema.checking.check import reads_as_value
from annotate.schema.checking.names import LONGEST, check_name, fold
from annotate.schema.checking.parts import CONTROL, Part
from annotate.text import canonicalise

# Room for a number behind a name.
_ROOM = 10
# Where the editor would begin to read a field of the task.
_FIELD = re.compile(r"\$(?=[\w\[\].{}])")


class Given(NamedTuple):
    """A name that the loader takes, and why it is not the one on the page; "" if it is."""

    name: str
    reason: str


class Names:
    """Names of one kind, all different to the loader.

    Those to `keep` go to nobody else and are not changed; those `taken` go to nobody. Names
    that are `on_page` are titles, those of `controls` are no values and have no comma.
    """

    def __init__(
        self, keep: Iterable[str] = (), taken: Iterable[str] = (), *, on_page: bool = False,
        controls: bool = False,
    ) -> None:  # fmt: skip
        self._controls = controls
        self._keep = set(keep)
        self._taken = {fold(name) for name in (*self._keep, *taken)}
        self._on_page = on_page

    def give(self, wanted: str, taken: Iterable[str] = ()) -> Given:
        """Return a name like the one wanted; `taken` are names that this one may not have."""
        if wanted in self._keep:
            self._keep.remove(wanted)
            return Given(wanted, "")
        name, reason = mended(wanted, on_page=self._on_page)
        if self._controls and (fit := _as_control(name)) != name:
            name, reason = fit, "Label Studio would read it as something else"
        others = self._taken | {fold(other) for other in taken}
        if fold(name) in others:
            reason = reason or "another has such a name"
            short = name[: LONGEST - _ROOM].strip()
            form = "{} ({})" if self._on_page else "{}_{}"
            numbered = (mended(form.format(short, number)).name for number in count(2))
            fitting = map(_as_control, numbered) if self._controls else numbered
            name = next(name for name in fitting if fold(name) not in others)
        self._taken.add(fold(name))
        return Given(name, reason)


def _as_control(name: str) -> str:
    name = name.replace(",", ";")
    return f"{name[: LONGEST - 1]}_" if reads_as_value(name) else name


def mended(name: str, *, on_page: bool = False) -> Given:
    """Return the name as the loader takes it, as little changed as possible."""
    reason = _reason(name, on_page=on_page)
    if not reason:
        return Given(name, "")
    name = canonicalise(CONTROL.sub("", name)).text.replace("\n", " ")
    if on_page:
        name = _FIELD.sub("$ ", name)
    # Where it is cut, half of an emoji may be left.
    name = canonicalise(name[:LONGEST]).text
    return Given(name or "unnamed", reason)


def _reason(name: str, *, on_page: bool) -> str:
    if CONTROL.search(name):
        return "a control character has no place in it"
    return next((reason for _, reason in check_name(Part((), name), on_page=on_page)), "")
