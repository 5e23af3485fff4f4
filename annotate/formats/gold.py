"""Gold annotations in a folder: reading them, counting them, and proving that they hold.

The rules on where a span begins and ends hold for any language. They follow from one decision:
a span is the shortest stretch that is the whole name, without punctuation that is not its own.

- A bracket or quotation mark belongs to the name when its partner is in the span too:
  `Day “Blue”`, `5 years (2018 – 2023)`. A pair around the whole span does not.
- Signs like % and # belong to it; so do a dash or stop before a number, the stops of
  letters with one each (`U.S.`), and a stop, ! or ? behind which the sentence goes on, with
  a comma or a small letter.
- A word may be cut only in scripts without capitals, which put no space between words or
  join particles to names, and where a small letter meets a capital: a byline may be glued
  to the word behind it (`An NguyenOn Monday`).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain, islice, pairwise, takewhile
from pathlib import Path

import msgspec

from annotate.errors import MarkupError
from annotate.markup import Marked, read_inline
from annotate.schema import Schema
from annotate.spans import Relation, Span, covers, overlap, reading_order

_BRACKETS = dict(
    zip(
        "([{「『【〈《⟨\u3014\uff08\uff3b\uff5b",
        ")]}」』】〉》⟩\u3015\uff09\uff3d\uff5d",
        strict=True,
    )
)
# Languages turn them differently: “a”, „a“, ”a”, «a», »a«, »a».
_QUOTES = {"“": "”", "”": "”", "„": "“”", "«": "»", "»": "«»"}
_QUOTES |= {"\u2039": "\u203a", "\u203a": "\u2039\u203a"}
# These are apostrophes, inches and minutes too: only at an end do they need a partner.
_DOUBTFUL = {'"': '"', "'": "'", "‘": "’", "’": "’", "\u201a": "‘’"}
_CLOSERS = {**_BRACKETS, **_QUOTES, **_DOUBTFUL, "¡": "!", "¿": "?"}
_MARKS = frozenset("".join([*_CLOSERS, *_CLOSERS.values()]))
_NEED_PARTNER = frozenset("".join([*_BRACKETS, *_BRACKETS.values(), *_QUOTES, *_QUOTES.values()]))
_APOSTROPHES = frozenset("'‘’")
# Punctuation by its Unicode category, but part of a number, a name or a word: per cent and
# the like, prime signs, the Hebrew and the Indic sign of abbreviation.
_SIGNS = frozenset("#%*@§‰‱٪\uff03\uff05\uff20\u2032\u2033\u2034\u05f3\u05f4\u0970")
_NEVER_STRAY = _SIGNS | _NEED_PARTNER
_INITIALS = re.compile(r"(?:^|\W)(?:[^\W\d_]\.){2,}$")

# Format characters (category Cf) that are seen: number signs that span the digits behind.
_SEEN = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
_JOINERS = frozenset("\u200c\u200d")
# The Thai and the Lao vowel AM: letters by category, yet drawn onto the one before.
_VOWELS = frozenset("\u0e33\u0eb3")
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)


class Fault(msgspec.Struct, frozen=True):
    """What is wrong in the gold of an article; `problem` is a clause that says where."""

    article: str
    problem: str


class GoldCount(msgspec.Struct, frozen=True):
    """How much gold there is, by every label and relation type of the schema, in its order."""

    articles: int
    entities: dict[str, int]
    relations: dict[str, int]


def read_gold(folder: Path) -> dict[str, Marked]:
    """Read the gold annotations in a folder of `ARTICLE.md` files, by article id.

    Raises `MarkupError` for a file that cannot be read or does not parse.
    """
    gold: dict[str, Marked] = {}
    for path in sorted(folder.glob("*.md")):
        try:
            gold[path.stem] = read_inline(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise MarkupError(f"{path} cannot be read: {error}", "Check the file.") from error
    return gold


def count_gold(gold: Mapping[str, Marked], schema: Schema) -> GoldCount:
    """Count spans and relations; a label or type that occurs nowhere counts 0.

    What the schema lacks is not counted; `check_gold` finds it.
    """
    labels = Counter(span.label for marked in gold.values() for span in marked.spans)
    types = Counter(arrow.label for marked in gold.values() for arrow in marked.relations)
    return GoldCount(
        articles=len(gold),
        entities={label: labels[label] for label in schema.labels},
        relations={label: types[label] for label in schema.relation_labels},
    )


def check_gold(name: str, marked: Marked, text: str, schema: Schema) -> list[Fault]:
    """Return what is wrong in the gold of the article `name`, whose canonical text is `text`.

    Found are a text that is not the article's; labels, relation types and ends of relations
    that the schema does not allow; spans that begin or end with what does not belong to a
    name, within a character or within a word, that are marked twice, or that cross (the
    guidelines say that spans nest); relations given twice or without a span at an end. The
    module's description gives the rules on ends.
    """
    spans = sorted(marked.spans, key=reading_order)
    problems = chain(
        _text_problems(marked.text, text),
        *(_span_problems(marked.text, span, schema) for span in spans),
        _twice_marked(marked.text, spans),
        _crossing(marked.text, spans),
        _relation_problems(marked, schema),
    )
    return [Fault(name, problem) for problem in problems]


def _shown(text: str, span: Span) -> str:
    phrase = text[span.start : span.end]
    clipped = phrase if len(phrase) <= 60 else phrase[:59] + "…"
    return f"{clipped!r} ({span.start}:{span.end}, {span.label})"


def _text_problems(gold: str, text: str) -> Iterator[str]:
    if gold == text:
        return
    pairs = enumerate(zip(gold, text, strict=False))
    at = next((n for n, (one, other) in pairs if one != other), min(len(gold), len(text)))
    line = 1 + text.count("\n", 0, at)
    near = slice(max(at - 10, 0), at + 10)
    yield (
        f"the text is not the article's from line {line}, offset {at}: "
        f"{gold[near]!r} in the gold, {text[near]!r} in the article"
    )


def _span_problems(text: str, span: Span, schema: Schema) -> Iterator[str]:
    shown = _shown(text, span)
    if span.label not in schema.labels:
        yield f"{shown} has a label that the schema lacks"
    if not 0 <= span.start < span.end <= len(text):
        yield f"{shown} is no stretch of the text"
        return
    phrase = text[span.start : span.end]
    partners = _partners(phrase)
    for problem in chain(
        _pair_problems(phrase, partners),
        _start_problems(text, span, partnered=partners.get(0) is not None),
        _end_problems(text, span, partnered=partners.get(len(phrase) - 1) is not None),
    ):
        yield f"{shown} {problem}"


def _partners(phrase: str) -> dict[int, int | None]:
    """Return where each bracket and quotation mark has its partner, None when it has none."""
    partners: dict[int, int | None] = {}
    opened: list[int] = []
    for at, char in enumerate(phrase):
        if char not in _MARKS or _is_apostrophe(phrase, at):
            continue
        partners[at] = None
        for depth in reversed(range(len(opened))):
            if char in _CLOSERS.get(phrase[opened[depth]], ""):
                partners[at], partners[opened[depth]] = opened[depth], at
                del opened[depth:]
                break
        else:
            opened.append(at)
    return partners


def _is_apostrophe(phrase: str, at: int) -> bool:
    inside = phrase[at - 1 : at].isalnum() and phrase[at + 1 : at + 2].isalnum()
    return inside and phrase[at] in _APOSTROPHES


def _pair_problems(phrase: str, partners: dict[int, int | None]) -> Iterator[str]:
    if partners.get(0) == len(phrase) - 1 and phrase[0] in _NEED_PARTNER | _DOUBTFUL.keys():
        yield f"has {phrase[0]} and {phrase[-1]} around the whole of it"
    for at, partner in partners.items():
        if partner is None and phrase[at] in _NEED_PARTNER:
            yield f"has a {phrase[at]} without its partner"


def _start_problems(text: str, span: Span, *, partnered: bool) -> Iterator[str]:
    first = text[span.start]
    if problem := _edge_problem(text, span.start, first):
        yield f"begins {problem}"
    elif _is_stray(first) and not partnered and not _begins_name(text, span.start):
        yield f"begins with {first}"


def _end_problems(text: str, span: Span, *, partnered: bool) -> Iterator[str]:
    last = text[span.end - 1]
    if problem := _edge_problem(text, span.end, last):
        yield f"ends {problem}"
    elif _is_stray(last) and not partnered and not _ends_name(text, span):
        yield f"ends with {last}"


def _edge_problem(text: str, at: int, inner: str) -> str:
    if inner.isspace():
        return "with white space"
    if _is_invisible(inner):
        return f"with the invisible character U+{ord(inner):04X}"
    if 0 < at < len(text) and _cuts_character(text, at):
        return "within a character"
    if 0 < at < len(text) and _cuts_word(text, at):
        return "within a word"
    return ""


def _is_stray(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] == "P" and category != "Pc" and char not in _NEVER_STRAY


def _begins_name(text: str, at: int) -> bool:
    """Whether a dash or a stop stands before a number, or a stop before a word (`.NET`)."""
    after = text[at + 1 : at + 2]
    dash = unicodedata.category(text[at]) == "Pd" and after.isdecimal()
    return (dash or (text[at] == "." and after.isalnum())) and not text[at - 1 : at].strip()


def _ends_name(text: str, span: Span) -> bool:
    """Whether the stop, ! or ? at the end is the name's: the sentence does not end there."""
    phrase, behind = text[span.start : span.end], text[span.end : span.end + 8]
    if phrase[-1] not in ".!?" or not phrase[-2:-1].isalnum() or behind[:1].isalnum():
        return False
    rest_of_line = behind.partition("\n")[0]
    goes_on = rest_of_line[:1].isspace() and rest_of_line.lstrip()[:1].islower()
    return goes_on or behind.startswith((",", ";", ":")) or bool(_INITIALS.search(phrase))


def _is_invisible(char: str) -> bool:
    """Whether nothing is seen of the character; the tags of a regional flag make the flag."""
    seen = ord(char) in _TAGS or char in _SEEN
    return unicodedata.category(char) in {"Cc", "Cf"} and not seen


def _cuts_character(text: str, at: int) -> bool:
    """Whether people see one character where code points from both sides of `at` are."""
    before, after = text[at - 1], text[at]
    if ord(before) in _FLAG_LETTERS and ord(after) in _FLAG_LETTERS:
        first = at - 1
        while first and ord(text[first - 1]) in _FLAG_LETTERS:
            first -= 1
        return (at - first) % 2 == 1
    extends = unicodedata.category(after)[0] == "M" or after in _VOWELS or ord(after) in _TAGS
    toned = ord(after) in _SKIN_TONES and not before.isspace()
    return extends or toned or not _JOINERS.isdisjoint((before, after))


def _cuts_word(text: str, at: int) -> bool:
    base = at - 1
    while base and unicodedata.category(text[base])[0] == "M":
        base -= 1
    before, after = text[base], text[at]
    glued = before.islower() and after.isupper()
    return _in_word(before) and _in_word(after) and not glued


def _in_word(char: str) -> bool:
    return char.isdecimal() or char.isupper() or char.islower() or char.istitle()


def _twice_marked(text: str, spans: list[Span]) -> Iterator[str]:
    """Take spans in reading order, in which equal ones are neighbours."""
    for one, other in pairwise(spans):
        if reading_order(one)[:3] == reading_order(other)[:3]:
            yield f"{_shown(text, other)} is marked twice"


def _crossing(text: str, spans: list[Span]) -> Iterator[str]:
    """Take spans in reading order."""
    for number, one in enumerate(spans, start=1):
        for other in takewhile(partial(overlap, one), islice(spans, number, None)):
            if not covers(one, other) and not covers(other, one):
                yield f"{_shown(text, one)} crosses {_shown(text, other)}"


def _relation_problems(marked: Marked, schema: Schema) -> Iterator[str]:
    kinds = {kind.name: kind for kind in schema.relations}
    spans = {span.id: span for span in marked.spans}
    seen: set[Relation] = set()
    for arrow in marked.relations:
        lost = {arrow.head, arrow.tail} - spans.keys()
        if lost:
            yield f"{arrow.label} refers to {' and '.join(sorted(lost))}, which is no span's id"
            continue
        head, tail = spans[arrow.head], spans[arrow.tail]
        shown = f"{arrow.label} from {_shown(marked.text, head)} to {_shown(marked.text, tail)}"
        if arrow in seen:
            yield f"{shown} is given twice"
        seen.add(arrow)
        kind = kinds.get(arrow.label)
        if kind is None:
            yield f"{shown} has a type that the schema lacks"
            continue
        if head.label not in kind.head:
            yield f"{shown} begins at a {head.label}, not at {' or '.join(kind.head)}"
        if tail.label not in kind.tail:
            yield f"{shown} ends at a {tail.label}, not at {' or '.join(kind.tail)}"
