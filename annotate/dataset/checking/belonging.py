"""The checks of `tokens` and `annotations`: whether they belong to the articles of `spans`."""

from __future__ import annotations

from annotate.dataset.checking.articles import Articles
from annotate.dataset.checking.crossing import Homes, short
from annotate.dataset.checking.findings import Findings
from annotate.dataset.checking.marks import Marks, label_names, unnamed, wrong_tokens
from annotate.dataset.checking.source import Row, Source, Texts
from annotate.dataset.features import ANNOTATED
from annotate.dataset.publish.files import Check

_ORDER = "rows are not in the order of the articles, from"


class Sentences:
    """Looks at every sentence of `tokens`."""

    def __init__(self, articles: Articles) -> None:
        self._articles = articles
        self._splits = Findings("every sentence is in the split of its article")
        self._tokens = Findings("every token is where it says")
        self._whole = Findings("every article with words has sentences")
        self._annotated = Findings("every sentence is annotated as its article is")
        self._tells = False
        # The articles that have some.
        self._cut: set[bytes] = set()

    def look(self, source: Source) -> None:
        """Read the sentences beside their articles."""
        self._tells = any(source.tells(config) for config in ("spans", "tokens"))
        for split in source.splits("tokens"):
            columns = [name for name in source.built.features("tokens") if "ner_tags" in name]
            names = {name: source.built.names("tokens", name) for name in columns}
            texts = source.texts(split)
            for row in source.rows("tokens", split):
                if self._belongs(row, split):
                    self._look_at(row, texts, names)
        if "tokens" in source.built.configs:
            self._look_for_uncut(source)

    def _look_for_uncut(self, source: Source) -> None:
        """Find articles without a sentence; their texts are read again only if there are some."""
        there = source.splits("spans")
        if len(self._cut) >= sum(source.built.count("spans", split) for split in there):
            return
        for split in there:
            for row in source.again("spans", split, ("id", "text")):
                if short(row["id"]) not in self._cut and row["text"].strip():
                    self._whole.add(f"{row['id']} ({split})")

    def _belongs(self, row: Row, split: str) -> bool:
        home = self._articles.ids.get(row["id"])
        if home:
            self._cut.add(short(row["id"]))
        if home != split:
            where = f"in {home}" if home else "not there"
            self._splits.add(f"{_sentence(row)} is in {split}, its article is {where}")
        return home == split

    def _look_at(self, row: Row, texts: Texts, names: dict[str, list[str]]) -> None:
        article = texts.of(row["id"])
        if article is None:
            self._tokens.add(f"{_ORDER} {row['id']} on")
            return
        if row.get(ANNOTATED) != article.get(ANNOTATED):
            self._annotated.add(_sentence(row))
        if problem := wrong_tokens(row, article["text"], list(names)):
            self._tokens.add(f"{_sentence(row)}: {problem}")
        for name, known in names.items():
            if unnamed(row[name] or (), known):
                self._tokens.add(f"{_sentence(row)}: a number in {name} stands for no tag")

    def checks(self) -> list[Check]:
        """Return what was found."""
        told = [self._annotated.check()] if self._tells else []
        return [self._splits.check(), self._tokens.check(), self._whole.check(), *told]


class Annotations:
    """Looks at everyone's work in `annotations`.

    An article of which no annotation counts is there alone: it must be in one split too, and
    its text in no other.
    """

    def __init__(self, articles: Articles, marks: Marks) -> None:
        self._articles = articles
        self._marks = marks
        self._splits = Findings("every annotation is in the split of its article")
        self._digests = Findings("every annotation is of its article's text")
        # Of those that `spans` does not have.
        self._ids = Homes()
        self._texts = Homes()

    def look(self, source: Source) -> None:
        """Read the annotations beside their articles."""
        for split in source.splits("annotations"):
            names = label_names(source.built, "annotations")
            texts = source.texts(split)
            for row in source.rows("annotations", split):
                if self._belongs(row, split):
                    self._look_at(row, texts, names)

    def _belongs(self, row: Row, split: str) -> bool:
        """Whether the annotation is where its article is, which `spans` has."""
        article, text = row["id"], row["sha256"]
        known = self._articles.ids.get(article)
        home = known or self._ids.settle(article, split)
        if home != split:
            self._splits.add(f"{article} is annotated in {split}, but is in {home}")
        elif (other := self._articles.texts.get(text) or self._texts.settle(text, split)) != split:
            self._splits.add(f"{article} is annotated in {split}, but its text is in {other}")
        return known == split

    def _look_at(self, row: Row, texts: Texts, names: dict[str, list[str]]) -> None:
        article = texts.of(row["id"])
        if article is None:
            self._digests.add(f"{_ORDER} {row['id']} on")
        elif row["sha256"] != article["sha256"]:
            self._digests.add(f"{row['id']}, annotation of {row['annotator']}")
        else:
            where = f"{row['id']}, annotation of {row['annotator']}"
            self._marks.look(row, article["text"], names, where)

    def checks(self) -> list[Check]:
        """Return what was found."""
        return [self._splits.check(), self._digests.check()]


def _sentence(row: Row) -> str:
    return f"sentence {row['sentence']} of {row['id']}"
