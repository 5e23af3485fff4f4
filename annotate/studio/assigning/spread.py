"""Who annotates what: articles are spread over people evenly, and the same way every time.

Pure: no clock and no chance, only hashes of names; nothing depends on the order of the input.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

NOBODY: Mapping[str, Collection[str]] = {}


def spread(
    articles: Mapping[str, str], annotators: Collection[str], overlap: int, *,
    former: Mapping[str, Collection[str]] = NOBODY, begun: Mapping[str, Collection[str]] = NOBODY,
    rebalance: bool = False,
) -> dict[str, tuple[str, ...]]:  # fmt: skip
    """Return the annotators of each article, `overlap` of them, sorted.

    `articles` tells the cluster of each article's id: all of a cluster go to the same people.
    `former` are those whom an article was assigned to before, and `begun` those who annotated
    it; both keep it and count, though they be others than the `annotators` or more than
    `overlap`. With `rebalance` only `begun` is sure to stay, and of `former` as much as an
    even spread allows. `overlap` is at most the number of annotators.
    """
    spreading = _Spreading(articles, annotators, overlap, begun)
    spreading.keep(former, rebalance=rebalance)
    if rebalance:
        spreading.trim()
    spreading.fill()
    while rebalance and spreading.level():
        pass
    return {article: tuple(sorted(people)) for article, people in spreading.held.items()}


class _Spreading:
    """The work of one call: `held` are an article's people, `load` is what each has of all."""

    def __init__(
        self, articles: Mapping[str, str], annotators: Collection[str], overlap: int,
        begun: Mapping[str, Collection[str]],
    ) -> None:  # fmt: skip
        clusters: dict[str, list[str]] = {}
        for article, cluster in sorted(articles.items()):
            clusters.setdefault(cluster, []).append(article)
        # The largest first: what is small fills up what they leave uneven.
        order = sorted(clusters, key=lambda name: (-len(clusters[name]), _hash(name)))
        self._clusters = {name: clusters[name] for name in order}
        self._annotators = sorted(set(annotators))
        self._overlap = overlap
        self._begun = {article: set(begun.get(article, ())) for article in articles}
        self.held = {article: set(people) for article, people in self._begun.items()}
        self.load: Counter[str] = Counter()

    def keep(self, former: Mapping[str, Collection[str]], *, rebalance: bool) -> None:
        """Leave articles with those who had them; when rebalancing, with those still there."""
        there = set(self._annotators)
        for article, people in self.held.items():
            before = set(former.get(article, ()))
            people.update(before & there if rebalance else before)
            self.load.update(people & there)

    def trim(self) -> None:
        """Take from articles the people beyond the overlap who have not begun."""
        for cluster, articles in self._clusters.items():
            for article in articles:
                over = len(self.held[article]) - self._overlap
                idle = self._by_load(cluster, self.held[article] - self._begun[article])
                for person in idle[::-1][: max(over, 0)]:
                    self.held[article].remove(person)
                    self.load[person] -= 1

    def fill(self) -> None:
        """Give each article the people it lacks: those of its cluster, else who has least."""
        for cluster, articles in self._clusters.items():
            votes = Counter(person for article in articles for person in self.held[article])
            people = sorted(
                self._by_load(cluster, self._annotators), key=lambda person: -votes[person]
            )
            for article in articles:
                lacking = max(self._overlap - len(self.held[article]), 0)
                new = [person for person in people if person not in self.held[article]][:lacking]
                self.held[article].update(new)
                self.load.update(new)

    def level(self) -> bool:
        """Give work from those with much to those with little; whether there was any."""
        moved = False
        for cluster, articles in self._clusters.items():
            while self._move(cluster, articles):
                moved = True
        return moved

    def _move(self, cluster: str, articles: Iterable[str]) -> bool:
        """Move one person's articles of a cluster to one who has none of them, if that helps."""
        here = {person: [a for a in articles if person in self.held[a]] for person in self._above()}
        idle = [
            person
            for person, theirs in here.items()
            if theirs and not any(person in self._begun[article] for article in theirs)
        ]
        for giver in self._by_load(cluster, idle)[::-1]:
            size = len(here[giver])
            takers = [
                person
                for person in self._below()
                if self.load[giver] - self.load[person] > size
                and not any(person in self.held[article] for article in here[giver])
            ]
            if takers:
                self._hand_over(here[giver], giver, self._by_load(cluster, takers)[0])
                return True
        return False

    def _hand_over(self, articles: list[str], giver: str, taker: str) -> None:
        for article in articles:
            self.held[article].remove(giver)
            self.held[article].add(taker)
        self.load[giver] -= len(articles)
        self.load[taker] += len(articles)

    def _above(self) -> list[str]:
        """Return those who have more than the mean: nobody else need give."""
        total, count = sum(self.load.values()), len(self._annotators)
        return [person for person in self._annotators if self.load[person] * count > total]

    def _below(self) -> list[str]:
        total, count = sum(self.load.values()), len(self._annotators)
        return [person for person in self._annotators if self.load[person] * count < total]

    def _by_load(self, cluster: str, people: Iterable[str]) -> list[str]:
        """Return the people, who has least first; a hash decides between equals."""
        return sorted(people, key=lambda person: (self.load[person], _hash(f"{cluster}\n{person}")))


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
