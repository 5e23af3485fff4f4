"""Make a corpus of any size of news-like articles with planted near-duplicates.

python -m benchmarks.generate COUNT FILE [--share S] [--seed N]

Writes the articles to FILE as JSON Lines, and to FILE.pairs the ids of every two that are
reprints of one text, tab-separated. The words are those of the sample corpus; as long as it
stays the same, the same arguments give the same bytes.
"""

from __future__ import annotations

import argparse
import math
import random
import re
from array import array
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from hashlib import blake2b
from itertools import combinations, islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.corpus import read_articles
from annotate.workspace import shipped

# How many copies a reprinted text has, and how often.
_COPIES = {1: 55, 2: 25, 3: 13, 4: 7}
_LARGEST = 1 + max(_COPIES)

# At most one copy to an original, so that every copy finds one at any count.
_MOST_SHARE = 0.5

# The share of the articles that have a paragraph of another, and of the text that it is.
_LOOK_ALIKES = 0.02
_BOILERPLATE = (0.2, 0.25)

# Words (syllables) of a body: log-normal around the median, and no further than these.
_MEDIAN, _SIGMA, _LEAST, _MOST = 325, 0.35, 140, 640

_SOURCES = (
    *("Nhịp sống Đồng Bưng", "Báo Bến Nước", "Tin Miền Thượng", "Thời báo Cửa Sông", "Phố Núi"),
    *("Tiếng nói Đất Bãi", "An ninh Vùng Cao", "Đời sống Ven Biển", "Tuần tin Châu Thổ"),
)
_FAMILIES = ("Bùi", "Đặng", "Đỗ", "Hoàng", "Lê", "Mai", "Nguyễn", "Phạm", "Trần", "Vũ")
_MIDDLES = ("Đức", "Hoài", "Hữu", "Minh", "Ngọc", "Quang", "Thanh", "Thị", "Văn", "Xuân")
_GIVEN = ("An", "Bình", "Chi", "Dũng", "Hà", "Khoa", "Lan", "Mai", "Nam", "Phúc", "Sơn", "Yên")

_WORD = re.compile(r"\w+(?:[./-]\w+)*")
_BREAK = re.compile(r"[.!?…:;]\s+|\n+")
_FULL_STOP = re.compile(r"\.(?=\s|\Z)")


class Planted(NamedTuple):
    """The ids of two articles that are one text; of two copies, the one made first leads."""

    original: str
    copy: str


class Story(NamedTuple):
    """What a newspaper prints: paragraphs of `body` are separated by an empty line."""

    title: str
    body: str
    author: str

    @property
    def text(self) -> str:
        """The headline, the paragraphs and the byline, as a crawler finds them."""
        return f"{self.title}\n\n{self.body}\n\n{self.author}"


def generate(count: int, *, share: float = 0.2, seed: int = 0) -> Iterator[dict[str, str]]:
    """Yield `count` articles with the fields of `Article`, of which `share` are copies.

    They come in no order, nor do their ids. Texts are made one at a time; what is held is
    some eight bytes an article. Raises `ValueError` for a negative count, and for a share
    that is not from 0 to 0.5.
    """
    plan = _Plan(count, share, seed)
    return (_article(plan, *divmod(place, _LARGEST)) for place in plan.order())


def planted(count: int, *, share: float = 0.2, seed: int = 0) -> Iterator[Planted]:
    """Yield every two articles of `generate`, called alike, that are one text."""
    for group, size in enumerate(_Plan(count, share, seed).reprinted):
        ids = [_article_id(seed, group, member) for member in range(size)]
        yield from (Planted(*pair) for pair in combinations(ids, 2))


def look_alikes(count: int, *, share: float = 0.2, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Yield every two articles of `generate` that share a paragraph but are not one text."""
    for group in _Plan(count, share, seed).look_alikes:
        yield _article_id(seed, group, 0), _article_id(seed, group, 1)


def write_jsonl(
    path: Path, count: int, *, share: float = 0.2, seed: int = 0
) -> list[tuple[str, str]]:
    """Write the articles of `generate`, one a line, and return the pairs of `planted`."""
    encoder = msgspec.json.Encoder()
    articles = generate(count, share=share, seed=seed)
    with path.open("wb") as file:
        file.writelines(encoder.encode(article) + b"\n" for article in articles)
    return list(planted(count, share=share, seed=seed))


class _Plan:
    """Who is a copy of whom: groups by number, first the reprinted, then the look-alikes."""

    def __init__(self, count: int, share: float, seed: int) -> None:
        if count < 0:
            raise ValueError(f"count must be at least 0, not {count}")
        if not 0 <= share <= _MOST_SHARE:
            raise ValueError(f"share must be from 0 to {_MOST_SHARE}, not {share}")
        self.seed = seed
        copies = min(round(count * share), count // 2)
        self.reprinted = bytes(_sizes(copies, _random(seed, "sizes")))
        unique = count - sum(self.reprinted)
        pairs = min(round(count * _LOOK_ALIKES / 2), unique // 2)
        first = len(self.reprinted)
        self.look_alikes = range(first, first + pairs)
        self.singles = range(first + pairs, first + unique - pairs)

    def order(self) -> array[int]:
        """Every article once, shuffled, as the number `group * _LARGEST + member`."""
        sizes = [*self.reprinted, *(2 for _ in self.look_alikes), *(1 for _ in self.singles)]
        places = array("q")
        for group, size in enumerate(sizes):
            places.extend(range(group * _LARGEST, group * _LARGEST + size))
        _random(self.seed, "order").shuffle(places)
        return places


def _sizes(copies: int, rng: random.Random) -> Iterator[int]:
    """Yield sizes of groups, each an original and its copies, until the copies are used up."""
    numbers, weights = list(_COPIES), list(_COPIES.values())
    while copies > 0:
        number = min(copies, *rng.choices(numbers, weights))
        copies -= number
        yield 1 + number


def _article(plan: _Plan, group: int, member: int) -> dict[str, str]:
    seed = plan.seed
    article_id = _article_id(seed, group, member)
    story = (
        _look_alike(seed, group, member)
        if group in plan.look_alikes
        else _reprint(seed, group, member)
    )
    rng = _random(seed, group, member, "print")
    day = date(2023, 1, 1) + timedelta(days=_random(seed, group).randrange(730))
    return {
        "id": article_id,
        "text": story.text,
        "title": story.title,
        "source": rng.choice(_SOURCES),
        "url": f"https://example.org/{article_id}",
        "author": story.author,
        "published_at": (day + timedelta(days=rng.randrange(3))).isoformat(),
        "language": "vi",
    }


def _article_id(seed: int, group: int, member: int) -> str:
    # The prefix keeps YAML from taking an id for a number.
    return "bai-" + blake2b(f"{seed}/{group}/{member}".encode(), digest_size=8).hexdigest()


def _random(*key: int | str) -> random.Random:
    """Return a generator of its own for the key, the same one in every process."""
    return random.Random("/".join(map(str, key)))  # noqa: S311 - nothing here is a secret


def _reprint(seed: int, group: int, member: int) -> Story:
    story = original(_random(seed, group))
    if not member:
        return story
    rng = _random(seed, group, member)
    return rng.choice(list(KINDS.values()))(rng, story)


def _look_alike(seed: int, group: int, member: int) -> Story:
    """Write a text of its own with a paragraph that the group's other member has too."""
    paragraph = " ".join(_sentences(_random(seed, group), 75))
    rng = _random(seed, group, member)
    words = round(_words(paragraph) / rng.uniform(*_BOILERPLATE)) - _words(paragraph)
    story = original(rng, words)
    paragraphs = story.body.split("\n\n")
    paragraphs.insert(rng.randint(0, len(paragraphs)), paragraph)
    return story._replace(body="\n\n".join(paragraphs))


def original(rng: random.Random, words: int | None = None) -> Story:
    """Write a text of about so many words, or of a length as newspapers have it."""
    sentences = iter(_sentences(rng, words or _length(rng)))
    paragraphs = iter(lambda: " ".join(islice(sentences, rng.randint(2, 3))), "")
    title = _capital(" ".join(rng.choices(_runs(), k=4)))
    return Story(title, "\n\n".join(paragraphs), _name(rng))


def _length(rng: random.Random) -> int:
    while not _LEAST <= (words := rng.lognormvariate(math.log(_MEDIAN), _SIGMA)) <= _MOST:
        pass
    return round(words)


def _sentences(rng: random.Random, words: int) -> list[str]:
    """Write sentences until they have so many words; the last may go some words beyond."""
    sentences: list[str] = []
    while words > 0:
        sentences.append(_sentence(rng))
        words -= _words(sentences[-1])
    return sentences


def _sentence(rng: random.Random) -> str:
    runs = rng.choices(_runs(), k=rng.randint(4, 8))
    middle = len(runs) // 2
    text = _capital(f"{' '.join(runs[:middle])}, {' '.join(runs[middle:])}")
    return f"{text}." if rng.random() < 0.85 else f"“{text}” – {_name(rng)} cho biết."


@cache
def _runs() -> tuple[str, ...]:
    """Return every run of two to four words within a sentence of the sample corpus.

    Chained at random they have the words of real articles, yet two texts made of them
    have hardly five words in a row in common. The first word of a sentence is left out,
    whose capital would stand in the middle of others.
    """
    articles = read_articles([shipped("corpus") / "articles"])
    parts = (part for article in articles for part in _BREAK.split(article.text))
    return tuple(
        " ".join(words[start : start + length])
        for words in (_WORD.findall(part)[1:] for part in parts)
        for length in (2, 3, 4)
        for start in range(len(words) - length + 1)
    )


def _words(text: str) -> int:
    return len(text.split())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _name(rng: random.Random) -> str:
    return f"{rng.choice(_FAMILIES)} {rng.choice(_MIDDLES)} {rng.choice(_GIVEN)}"


def _signed(rng: random.Random, story: Story) -> Story:
    """Sign with another byline, and change two to six single words."""
    words = story.body.split(" ")
    # A word with punctuation or an end of paragraph at it stays.
    plain = [index for index, word in enumerate(words) if word.isalpha() and word.islower()]
    for index in rng.sample(plain, rng.randint(2, 6)):
        words[index] = rng.choice(_runs()).split()[0].lower()
    return story._replace(body=" ".join(words), author=_name(rng))


def _cut(rng: random.Random, story: Story) -> Story:
    """Put a lead sentence in front, and leave out about the last third."""
    kept = round(len(story.body) * rng.uniform(0.6, 0.7))
    stop = _FULL_STOP.search(story.body, kept)
    body = story.body[: stop.end()] if stop else story.body
    return story._replace(body=f"{_sentence(rng)}\n\n{body}")


def _rewritten(rng: random.Random, story: Story) -> Story:
    """Put one paragraph in other words, about as many."""
    paragraphs = story.body.split("\n\n")
    index = rng.randrange(len(paragraphs))
    paragraphs[index] = " ".join(_sentences(rng, _words(paragraphs[index])))
    return story._replace(body="\n\n".join(paragraphs))


def _typeset(rng: random.Random, story: Story) -> Story:
    """Set the words with other marks, spaces and capitals, and name the source in a line."""
    opening, closing = rng.choice(('""', "«»", "‘’"))
    marks = str.maketrans("“”–", opening + closing + rng.choice("-—"))
    body = story.body.translate(marks)
    body = body.replace(". ", rng.choice((".  ", "! ", "… ", ".\u00a0")))
    body = body.replace(", ", rng.choice((" , ", "; ", ",  ")))
    body = body.replace("\n\n", rng.choice(("\n", "\n\n", "\n\n\n")))
    credit = f"(Theo {rng.choice(_SOURCES)})"
    return Story(story.title.upper(), f"{body}\n\n{credit}", story.author)


def _exact(_rng: random.Random, story: Story) -> Story:
    """Change nothing."""
    return story


# What newspapers make of an agency's text, each as often as the others.
KINDS: dict[str, Callable[[random.Random, Story], Story]] = {
    "signed": _signed,
    "cut": _cut,
    "rewritten": _rewritten,
    "typeset": _typeset,
    "exact": _exact,
}


def main() -> None:
    """Write the corpus and its pairs, and tell how many there are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate")
    parser.add_argument("count", type=int, metavar="COUNT", help="how many articles")
    parser.add_argument("file", type=Path, metavar="FILE", help="the JSON Lines to write")
    parser.add_argument("--share", type=float, default=0.2, help="the share of copies, 0 to 0.5")
    parser.add_argument("--seed", type=int, default=0, help="another number, other articles")
    options = parser.parse_args()
    try:
        pairs = write_jsonl(options.file, options.count, share=options.share, seed=options.seed)
    except ValueError as error:
        parser.error(str(error))
    lines = "".join(f"{one}\t{other}\n" for one, other in pairs)
    Path(f"{options.file}.pairs").write_text(lines, encoding="utf-8")
    print(f"{options.count} articles, {len(pairs)} planted pairs")


if __name__ == "__main__":
    main()
