"""No file of a built dataset is missing or altered; what people add is no fault."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from annotate.dataset.built import Built
from annotate.dataset.checking import check_built, intact
from annotate.dataset.lock import LOCK
from annotate.dataset.publish.checks import as_built
from annotate.dataset.publish.files import files_of
from annotate.errors import DatasetError
from tests.dataset.breaking import file_of


@pytest.fixture
def copy(sample: tuple[Path, Built], tmp_path: Path) -> Path:
    """A copy of the built sample that may be broken."""
    return copytree(sample[0], tmp_path / "dataset")


def test_what_is_missing_or_altered_is_told_by_its_name(copy: Path) -> None:
    assert intact(copy).problems == ()
    (copy / "croissant.json").unlink()
    picture = min((copy / "plots").iterdir())
    picture.write_bytes(b"")
    problems = ("croissant.json is missing", f"plots/{picture.name} was altered")
    assert intact(copy).problems == problems
    assert as_built(copy).problems == problems


def test_files_beside_those_of_the_build_are_a_fault_for_publishing_only(copy: Path) -> None:
    (copy / ".gitattributes").write_text("mine", encoding="utf-8")
    assert intact(copy).problems == ()
    assert as_built(copy).problems == (".gitattributes was not built",)


def test_only_words_outside_the_kept_sections_of_the_card_are_a_fault(copy: Path) -> None:
    card = copy / "README.md"
    with card.open("a", encoding="utf-8") as file:
        file.write("\n<!-- kept: mine -->\nMy words.\n<!-- /kept -->\n")
    assert intact(copy).problems == ()
    with card.open("a", encoding="utf-8") as file:
        file.write("More of them.\n")
    assert intact(copy).problems == ("README.md was altered",)


def test_without_a_lock_it_is_not_known(copy: Path) -> None:
    (copy / LOCK).unlink()
    found = intact(copy)
    assert (found.holds, found.note) == (True, "not known: there is no annotate.lock")


def test_a_file_that_cannot_be_read_is_one_line_that_names_it(copy: Path) -> None:
    picture = min((copy / "plots").iterdir())
    picture.unlink()
    # Nobody may read this one from its beginning, not even the owner of everything.
    picture.symlink_to("/proc/self/mem")
    for look in (intact, as_built, files_of):
        with pytest.raises(DatasetError, match=rf"{picture.name} cannot be read: \w.*Check"):
            look(copy)


def test_bytes_that_are_no_parquet_are_one_line_that_names_the_file(copy: Path) -> None:
    path = file_of(copy, "spans", "train")
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(DatasetError, match=r"spans/train-.* cannot be read as Parquet") as caught:
        check_built(copy)
    assert caught.value.remedy == "Run `annotate build` again."
    assert ".." not in str(caught.value)
