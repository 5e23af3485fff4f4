"""Reading the articles that a corpus has as text and Markdown files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from annotate.corpus.article import Article
from annotate.corpus.reading.documents import read_document
from annotate.corpus.reading.fields import Fields, Made, Unusable, make_article
from annotate.corpus.reading.streams import first_line
from annotate.errors import CorpusError

SUFFIXES = (".md", ".txt")
_FIELDS = Fields()


def read_articles(paths: Iterable[Path]) -> list[Article]:
    """Read every article below the given files and folders, sorted by id.

    A folder stands for its `.md` and `.txt` files at any depth. Raises `CorpusError` for a
    file that cannot be used, and for two articles with one id.
    """
    return [made.article for made in read_files(paths)]


def read_files(paths: Iterable[Path]) -> list[Made]:
    """Like `read_articles`, with what canonicalising changed in each."""
    by_id: dict[str, tuple[Made, Path]] = {}
    for path in _files(paths):
        made = _read(path)
        other = by_id.setdefault(made.article.id, (made, path))[1]
        if other != path:
            raise CorpusError(
                f"{other} and {path} have the same article id {made.article.id!r}",
                "Give one of them another `id` in its front matter.",
            )
    return [by_id[key][0] for key in sorted(by_id)]


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            # A link to nothing is read too, which says so: its article would be gone in silence.
            found = sorted(p for p in path.rglob("*") if _is_article(p) and not p.is_dir())
        elif _is_article(path):
            found = [path]
        elif not path.exists():
            raise CorpusError(
                f"{path} does not exist", "Name another, or correct `corpus` in annotate.toml."
            )
        else:
            raise CorpusError(
                f"{path} is neither a folder nor a {' or '.join(SUFFIXES)} file",
                "Name articles by such paths, or take other files in with `annotate corpus add`.",
            )
        for file in found:
            if (real := file.resolve()) not in seen:
                seen.add(real)
                yield file


def _is_article(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def read_article(path: Path) -> Article:
    """Read one file; Markdown may begin with YAML front matter, whose `id` names the article.

    Without one the id is the file's stem. Raises `CorpusError` when the file cannot be
    read, holds no text that can be decoded, or has front matter that does not hold.
    """
    return _read(path).article


def _read(path: Path) -> Made:
    try:
        record, _ = read_document(path.read_bytes(), path.suffix.lower())
        return make_article(record, _FIELDS, path.stem)
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {first_line(error)}", "Check it.") from error
    except Unusable as error:
        raise CorpusError(f"{path} {error}", "Correct the file, or remove it.") from error
