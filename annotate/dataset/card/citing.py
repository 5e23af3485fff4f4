"""How a dataset is cited, and which versions of it there were."""

from __future__ import annotations

import re
import unicodedata

from annotate.dataset.card.facts import Facts
from annotate.dataset.card.kept import outside
from annotate.dataset.card.markdown import code, one_line, table

_HEADS = ("build", "newest annotation", "schema", "articles", "entities", "relations")
_VERSION = re.compile(r"\| `([0-9a-f]{12})` (\|.*\|)")
_SHOWN = 10
_ESCAPES = {char: rf"\{char}" for char in "#$%&_{}"}
_ESCAPES |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def citation(facts: Facts) -> str:
    """Return the BibTeX entry of the settings, or else one made of what they say."""
    settings = facts.settings
    if settings.citation.strip():
        return settings.citation.strip()
    year = facts.date[:4]
    fields = {
        "title": f"{{{_escaped(facts.title)}}}",
        "author": " and ".join(f"{{{_escaped(name)}}}" for name in settings.authors),
        "year": year,
        "version": _escaped(facts.schema.version),
        "note": f"Build {facts.short}",
        "url": settings.homepage.translate({ord(char): f"%{ord(char):02X}" for char in "{}\\ "}),
    }
    key = _key(settings.authors[0] if settings.authors else facts.title) + year
    lines = [f"  {name:<7} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}"])


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in one_line(text))


def _key(name: str) -> str:
    """Return a key of the letters of a name that any BibTeX reads."""
    name = name.replace("Đ", "D").replace("đ", "d")
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(re.findall(r"[a-z0-9]+", letters.lower())[:3])[:24] or "dataset"


def history(facts: Facts, former: str) -> str:
    """Return the versions of the dataset, the newest first: this one and those of its card.

    A version that is built again is there once, and so is one that differs in nothing to tell.
    """
    counts = (facts.built.articles, facts.built.entities, facts.built.relations)
    cells = [facts.date or "–", code(facts.schema.version), *(f"{count:,}" for count in counts)]
    this = f"| `{facts.short}` | {' | '.join(cells)} |"
    told = this.partition("` ")[2]
    found = (_VERSION.fullmatch(line) for line in outside(former))
    rows = [one[0] for one in found if one and one[1] != facts.short]
    if rows and rows[0].partition("` ")[2] == told:
        rows.pop(0)
    shown = "\n".join([table(_HEADS, (), numbers=3), this, *rows[: _SHOWN - 1]])
    older = rows[_SHOWN - 1 :]
    if not older:
        return shown
    hidden = "\n".join([table(_HEADS, (), numbers=3), *older])
    return f"{shown}\n\n<details><summary>Older</summary>\n\n{hidden}\n\n</details>"
