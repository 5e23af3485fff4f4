"""What is there already is replaced whole, or refused and left as it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from annotate.corpus import Article
from annotate.dataset.build import build, check
from annotate.dataset.lock import LOCK
from annotate.errors import DatasetError
from tests.dataset.building import (
    ONLY_TRAIN,
    build_into,
    build_one,
    build_sample,
    contents,
    rows,
    run,
)
from tests.factories import make_annotation, make_article, make_schema, make_span


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    """Assert that nothing below a folder, temporary folders included, came or changed."""
    before = sorted(folder.rglob("*")), contents(folder)
    yield
    assert (sorted(folder.rglob("*")), contents(folder)) == before


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "README.md"])
def test_a_folder_with_something_else_in_it_is_refused_and_untouched(
    tmp_path: Path, name: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text("mine", encoding="utf-8")
    with untouched(tmp_path), pytest.raises(DatasetError, match="is not a dataset built here"):
        build_one(out)


def test_a_file_in_the_place_of_the_folder_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with untouched(tmp_path), pytest.raises(DatasetError, match="is not a dataset built here"):
        build_one(tmp_path / "out")


def test_a_file_in_the_place_of_a_parent_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with untouched(tmp_path), pytest.raises(DatasetError, match="out cannot be written: File exi"):
        build_one(tmp_path / "file" / "out")


def test_an_empty_folder_is_used_and_missing_parents_are_made(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "empty", tmp_path / "deep" / "er" / "out"):
        build_one(out)
        assert len(rows(out, "spans")) == 1


def test_a_dataset_built_before_is_replaced_whole(tmp_path: Path) -> None:
    out, again = tmp_path / "out", tmp_path / "again"
    build_sample(out)
    for folder in (out, again):
        build_one(folder)
    # The card tells of the version that it replaces; see test_card.py.
    one, other = ({**contents(folder), "README.md": b"", LOCK: b""} for folder in (out, again))
    assert one == other
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "out"]


@pytest.mark.parametrize("status", ["skipped", None])
def test_nothing_annotated_is_an_error_and_the_former_dataset_stays(
    tmp_path: Path, status: str | None
) -> None:
    article = make_article()
    annotations = [make_annotation(article, status=status)] if status else []
    build_one(tmp_path / "out")
    with untouched(tmp_path), pytest.raises(DatasetError, match="no article") as caught:
        build_into(tmp_path / "out", [article], annotations)
    assert "annotate pull" in caught.value.remedy


FULL_DISK = """
import resource, sys
from pathlib import Path
from annotate import AnnotateError
from tests.dataset.building import build_one
from tests.factories import make_entity
out, limit, definition = Path(sys.argv[1]), int(sys.argv[2]), "x" * int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    build_one(out, entities=(make_entity("PERSON", "Person", definition=definition),))
except AnnotateError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("former", [True, False])
@pytest.mark.parametrize(("limit", "long"), [(100, 10), (50_000, 100_000)], ids=["rows", "card"])
def test_on_a_full_disk_there_is_one_error_and_nothing_else(
    tmp_path: Path, limit: int, long: int, *, former: bool
) -> None:
    out = tmp_path / "out"
    if former:
        build_sample(out)
    with untouched(tmp_path):
        printed = run(FULL_DISK, out, str(limit), str(long))
    assert printed.startswith(f"DatasetError {out} cannot be written: ")
    assert "File too large" in printed
    assert printed.count("\n") == 1


def unreadable(article: Article, file: str | None) -> Iterator[Article]:
    """Yield an article, then fail as a file of more of them does."""
    yield article
    raise OSError(5, "Input/output error", file)


@pytest.mark.parametrize(
    ("file", "where"), [("corpus/a.txt", "corpus/a.txt"), (None, "what the dataset is built from")]
)
def test_a_corpus_that_cannot_be_read_is_told_as_such(
    tmp_path: Path, file: str | None, where: str
) -> None:
    article = make_article()
    given = ([make_annotation(article)], make_schema(), ONLY_TRAIN)
    build_one(tmp_path / "out")
    for act in (build, check):
        with untouched(tmp_path), pytest.raises(DatasetError, match=f"^{where} cannot be read: In"):
            act(tmp_path / "out", unreadable(article, file), *given)


FULL_TEMP = """
import resource, sys
from pathlib import Path
from annotate import AnnotateError
from annotate.dataset import build
from tests.dataset.building import ONLY_TRAIN
from tests.factories import make_article, make_schema
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
articles = (make_article("x" * 1_000_000, f"a{n}") for n in range(12))
try:
    build.check(Path(sys.argv[1]), articles, [], make_schema(), ONLY_TRAIN)
except AnnotateError as error:
    print(type(error).__name__, error)
"""


def test_a_check_without_room_for_temporary_files_says_so(tmp_path: Path) -> None:
    build_one(tmp_path / "out")
    with untouched(tmp_path):
        printed = run(FULL_TEMP, tmp_path / "out")
    assert printed.startswith("DatasetError temporary files cannot be written: File too large")
    assert printed.count("\n") == 1


def test_what_is_built_is_readable_by_others(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        build_one(tmp_path / "out")
    finally:
        os.umask(before)
    out = tmp_path / "out"
    assert out.stat().st_mode & 0o777 == 0o755
    assert {path.stat().st_mode & 0o777 for path in out.rglob("*.parquet")} == {0o644}


def test_a_file_that_somebody_put_into_a_dataset_is_not_lost_by_a_rebuild(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_sample(out)
    (out / "notes.md").write_text("mine", encoding="utf-8")
    with untouched(tmp_path), pytest.raises(DatasetError, match=r"holds notes\.md"):
        build_sample(out)


def test_a_card_that_is_not_utf8_is_refused_and_untouched(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_one(out)
    (out / "README.md").write_bytes(b"\xff")
    with untouched(tmp_path), pytest.raises(DatasetError, match=r"README\.md is not UTF-8"):
        build_one(out)


def test_a_card_with_a_broken_section_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_one(out)
    card = (out / "README.md").read_text(encoding="utf-8")
    (out / "README.md").write_text(f"{card}\n<!-- kept: mine -->\n", encoding="utf-8")
    with untouched(tmp_path), pytest.raises(DatasetError, match="`mine` is not closed"):
        build_one(out)


def test_what_one_writes_into_a_kept_section_is_no_change(tmp_path: Path) -> None:
    out = tmp_path / "out"
    article = make_article()
    given = ([article], [make_annotation(article, make_span(9, 14))], make_schema(), ONLY_TRAIN)
    build_one(out)
    card = (out / "README.md").read_text(encoding="utf-8")
    for section, change in (
        ("<!-- kept: mine -->\n\nMy words.\n\n<!-- /kept -->\n", []),
        ("Between the sections.\n", ["README.md was altered"]),
    ):
        (out / "README.md").write_text(f"{card}\n{section}", encoding="utf-8")
        assert check(out, *given) == change


def edit(card: Path, old: str, new: str) -> str:
    """Put other words into a card; return all of it."""
    text = card.read_text(encoding="utf-8")
    assert old in text
    card.write_text(text.replace(old, new, 1), encoding="utf-8")
    return card.read_text(encoding="utf-8")


def test_words_outside_the_kept_sections_are_saved_beside_the_dataset(tmp_path: Path) -> None:
    out, saved = tmp_path / "out", tmp_path / "out.README.before.md"
    assert build_one(out).card_saved == ""
    first = edit(out / "README.md", "# Small", "# Mine")
    assert build_one(out).card_saved == str(saved)
    assert saved.read_text(encoding="utf-8") == first
    assert build_one(out).card_saved == ""
    # The same words are there already; others get a number.
    edit(out / "README.md", "# Small", "# Mine")
    (out / "README.md").write_text(first, encoding="utf-8")
    assert build_one(out).card_saved == str(saved)
    second = edit(out / "README.md", "# Small", "# Ours")
    assert build_one(out).card_saved == str(tmp_path / "out.README.before.2.md")
    assert (tmp_path / "out.README.before.2.md").read_text(encoding="utf-8") == second
    assert saved.read_text(encoding="utf-8") == first


def test_words_in_a_kept_section_are_in_the_new_card_and_not_saved(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_one(out)
    with (out / "README.md").open("a", encoding="utf-8") as card:
        card.write("\n<!-- kept: mine -->\nMy words.\n<!-- /kept -->\n")
    assert build_one(out).card_saved == ""
    assert "My words." in (out / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_card_is_saved_where_a_broken_lock_cannot_tell_whose_words_it_has(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_one(out)
    (out / LOCK).write_text("{", encoding="utf-8")
    card = (out / "README.md").read_bytes()
    assert Path(build_one(out).card_saved).read_bytes() == card


def test_a_card_that_cannot_be_saved_stays_with_its_dataset(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_one(out)
    edit(out / "README.md", "# Small", "# Mine" + "!" * 250_000)
    with untouched(tmp_path):
        printed = run(FULL_DISK, out, "200000", "10")
    assert printed.startswith(f"DatasetError {out} cannot be written: File too large")


def test_a_dataset_without_its_lock_is_told_as_such_and_untouched(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_one(out)
    (out / LOCK).unlink()
    article = make_article()
    given = ([article], [make_annotation(article)], make_schema(), ONLY_TRAIN)
    for act in (build, check):
        with (
            untouched(tmp_path),
            pytest.raises(DatasetError, match=r"its annotate\.lock is missing.*Move the folder"),
        ):
            act(out, *given)
    # With anything else beside it, it may be somebody's.
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    with untouched(tmp_path), pytest.raises(DatasetError, match="is not a dataset built here"):
        build(out, *given)
