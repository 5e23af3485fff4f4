"""Which split an article belongs to: what a list says, else its cluster of near-duplicates."""

from __future__ import annotations

import csv
import hashlib
import io
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, get_args

from annotate.errors import DatasetError
from annotate.settings import Split

SplitName = Literal["train", "validation", "test"]
SPLITS: tuple[SplitName, ...] = get_args(SplitName)

_COLUMNS = ["id", "split"]
_NAMES: Mapping[str, SplitName] = {name: name for name in SPLITS}


def split_of(key: str, shares: Split) -> SplitName:
    """Return the split of a key: the same on every machine, whatever else is in the corpus.

    The first 8 bytes of its sha256, as a fraction of 2**64, fall into the share of a split. A
    seed that is not 0 stands before the key, with a colon between them.
    """
    seeded = f"{shares.seed}:{key}" if shares.seed else key
    point = int.from_bytes(hashlib.sha256(seeded.encode()).digest()[:8]) / 2**64
    if point < shares.train:
        return "train"
    return "validation" if point < shares.train + shares.validation else "test"


class Splits:
    """Says which split an article belongs to.

    `fixed` lists articles whose split a person decided; everything in their clusters follows
    them. Any other article goes by its cluster's name alone, so what is added to the corpus
    moves no article, but for what is listed. `clusters` are the id and the cluster of every
    article, looked at once, and only when there is a list. `lacking` are the listed ids that
    are of none of these articles.
    Raises `DatasetError` when the list would tear a cluster apart.
    """

    def __init__(
        self, shares: Split, fixed: Mapping[str, SplitName] | None = None,
        clusters: Iterable[tuple[str, str]] = (),
    ) -> None:  # fmt: skip
        self._shares = shares
        self._fixed = {_composed(name): split for name, split in (fixed or {}).items()}
        # The first listed article of each cluster that has one.
        self._first: dict[str, str] = {}
        lacking = {*self._fixed}
        for given, cluster in clusters if self._fixed else ():
            article_id = _composed(given)
            if article_id in self._fixed:
                self._follow(article_id, cluster)
                lacking.discard(article_id)
        self.lacking = tuple(sorted(lacking))

    def _follow(self, article_id: str, cluster: str) -> None:
        first = self._first.setdefault(cluster, article_id)
        one, other = self._fixed[first], self._fixed[article_id]
        if one != other:
            raise DatasetError(
                f"{first} is listed in {one} and {article_id} in {other}, but they are"
                " near-duplicates",
                "List both in the same split.",
            )

    def of(self, article_id: str, cluster: str) -> SplitName:
        """Return the split of an article, given its cluster."""
        return self.listed(article_id, cluster) or split_of(cluster, self._shares)

    def listed(self, article_id: str, cluster: str) -> SplitName | None:
        """Return the split that the list gives an article or its cluster, if it does."""
        return self._fixed.get(self._first.get(cluster) or _composed(article_id))


def _composed(article_id: str) -> str:
    # A letter with its accent is one character or two, by who typed it; the corpus has one.
    return unicodedata.normalize("NFC", article_id)


def read_fixed(path: Path) -> dict[str, SplitName]:
    """Read a list of articles whose split is fixed: CSV in UTF-8 with the columns id,split.

    Ids that the corpus lacks are allowed: their articles may come later.
    Raises `DatasetError` with the number of the line that is wrong.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DatasetError(f"{path} cannot be read: {reason}", "Correct it.") from error
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    fixed: dict[str, SplitName] = {}
    try:
        _check_header(path, next(rows, []))
        for row in filter(None, rows):
            article_id, split = _listed(row, path, rows.line_num)
            _refuse_other(fixed.get(article_id, split), split, path, rows.line_num)
            fixed[article_id] = split
    except csv.Error as error:
        raise DatasetError(f"{path}, line {rows.line_num}: {error}", "Correct it.") from error
    return fixed


def _check_header(path: Path, header: list[str]) -> None:
    if [name.strip() for name in header] != _COLUMNS:
        raise DatasetError(f"{path}, line 1: not the header id,split", "Write it there.")


def _listed(row: list[str], path: Path, line: int) -> tuple[str, SplitName]:
    """Return the article's id and its split."""
    if len(row) != len(_COLUMNS):
        columns = "1 column" if len(row) == 1 else f"{len(row)} columns"
        raise DatasetError(f"{path}, line {line}: {columns}", "Write id,split.")
    article_id, split = (value.strip() for value in row)
    if not article_id or split not in _NAMES:
        what = f"no split {split}" if article_id else "no id"
        raise DatasetError(f"{path}, line {line}: {what}", f"Splits are {', '.join(SPLITS)}.")
    return _composed(article_id), _NAMES[split]


def _refuse_other(before: SplitName, split: SplitName, path: Path, line: int) -> None:
    if before != split:
        raise DatasetError(
            f"{path}, line {line}: the article is in {before} above, in {split} here",
            "Leave one of the two.",
        )
