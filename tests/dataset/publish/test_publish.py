"""What holds for every target: shown on a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotate.dataset.publish import Check, current, unreviewed
from annotate.errors import DatasetError
from annotate.spans import SetAside
from tests.dataset.publish.making import ADDRESS, contents, locked, made, send
from tests.factories import make_annotation, make_article, make_span


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "published"


def test_a_folder_that_no_build_wrote_is_refused(tmp_path: Path, target: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(DatasetError, match="is not a dataset that was built here"):
        send(tmp_path / "other", target)
    assert not target.exists()


@pytest.mark.parametrize("named", ["unknown", '""', "null"])
def test_without_a_licence_nothing_is_published(tmp_path: Path, target: Path, named: str) -> None:
    folder = made(tmp_path / "dataset", license=named)
    with pytest.raises(DatasetError, match=r"no licence\. Set `license` in annotate\.toml"):
        send(folder, target)
    assert not target.exists()


def test_a_card_without_a_readable_head_is_told(tmp_path: Path, target: Path) -> None:
    folder = made(tmp_path / "dataset", **{"README.md": "---\n: [\n---\n"})
    with pytest.raises(DatasetError, match=r"README\.md cannot be read"):
        send(folder, target)


def test_a_corrupt_file_is_told_as_such_and_not_as_somebodys_name(
    dataset: Path, target: Path
) -> None:
    (dataset / "spans" / "train-00000-of-00001.parquet").write_bytes(b"PAR1 and no more")
    for dry_run in (True, False):
        with pytest.raises(DatasetError) as caught:
            send(dataset, target, dry_run=dry_run)
        told = str(caught.value)
        assert "spans/train-00000-of-00001.parquet cannot be read as Parquet: " in told
        assert told.endswith("Run `annotate build` again.")
        assert "annotator" not in told
    assert not target.exists()


def test_an_annotators_address_in_the_data_stops_it(tmp_path: Path, target: Path) -> None:
    folder = made(tmp_path / "dataset", "Một.", f"Liên hệ {ADDRESS} ngay.")
    with pytest.raises(DatasetError) as error:
        send(folder, target)
    told = str(error.value)
    assert "spans/train-00000-of-00001.parquet, column text, row 2 and 1 more problem" in told
    assert ADDRESS not in told
    assert not target.exists()


def test_a_file_that_was_altered_or_added_since_the_build_stops_it(
    dataset: Path, target: Path
) -> None:
    (dataset / "counts.svg").write_text("<svg></svg>")
    with pytest.raises(DatasetError, match=r"counts\.svg was altered"):
        send(dataset, target)
    (dataset / "counts.svg").unlink()
    (dataset / "notes.txt").write_text("mine")
    with pytest.raises(DatasetError, match=r"counts\.svg is missing and 1 more problem"):
        send(dataset, target)
    assert not target.exists()


def test_what_a_person_wrote_in_the_card_is_published_and_searched(
    dataset: Path, target: Path
) -> None:
    card = dataset / "README.md"
    text = card.read_text(encoding="utf-8")
    card.write_text(f"{text}\n<!-- kept: thanks -->\nThanks.\n<!-- /kept -->\n", encoding="utf-8")
    assert send(dataset, target).done
    assert "Thanks." in (target / "README.md").read_text(encoding="utf-8")
    card.write_text(card.read_text(encoding="utf-8").replace("Thanks", ADDRESS), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"may be in README\.md, line"):
        send(dataset, target)


def test_a_dataset_without_a_card_is_refused(dataset: Path, target: Path) -> None:
    (dataset / "README.md").unlink()
    locked(dataset)
    with pytest.raises(DatasetError, match=r"there is no README\.md"):
        send(dataset, target)


def test_the_callers_checks_come_before_anything_is_sent(dataset: Path, target: Path) -> None:
    def leaks(folder: Path) -> list[Check]:
        assert folder == dataset
        return [Check(name="no leak", problems=("a1 is in two splits",), remedy="Build again.")]

    with pytest.raises(
        DatasetError, match=r"^nothing was published: a1 is in two splits\. Build again\.$"
    ):
        send(dataset, target, checks=[leaks])
    assert not target.exists()


def test_a_dry_run_tells_every_check_and_raises_nothing(tmp_path: Path, target: Path) -> None:
    folder = made(tmp_path / "dataset", ADDRESS, license="unknown")
    plan = send(folder, target, dry_run=True, secrets=[ADDRESS, "An"])
    assert {check.name: check.holds for check in plan.checks} == {
        "every file is as the build wrote it": True,
        "a licence is set": False,
        "no annotator is named": False,
        "the target takes it": True,
    }
    assert plan.checks[2].note == "1 name too short to search for"
    assert {file.name for file in plan.files} == contents(folder).keys()
    assert not target.exists()


def test_tags_and_public_places_are_of_the_hub(dataset: Path, target: Path) -> None:
    with pytest.raises(DatasetError, match="not on the Hub"):
        send(dataset, target, tag="v1")
    with pytest.raises(DatasetError, match="not on the Hub"):
        send(dataset, target, private=False)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("", "the target is empty"),
        ("hf:/org/name", "is neither a URL nor a folder"),
        ("nowhere://a/b", "cannot be used"),
        ("s3://key:word@bucket/a", "a name or key before an @"),
        ("simplecache::s3://bucket/a", "a URL within another"),
    ],
)
def test_a_target_that_cannot_be_is_told(dataset: Path, target: str, told: str) -> None:
    with pytest.raises(DatasetError, match=told) as error:
        send(dataset, target)
    assert "word" not in str(error.value)


def test_a_span_that_waits_for_review_stops_it() -> None:
    article = make_article()
    span = make_span(9, 14)
    aside = SetAside(reason="offsets", mark=b"{}", span=span.id)  # type: ignore[arg-type]
    lost = SetAside(reason="offsets", mark=b"{}")  # type: ignore[arg-type]
    waits = make_annotation(article, span, set_aside=(aside, lost))
    settled = make_annotation(article, span, set_aside=(lost,))
    texts = {article.id: article.sha256}
    assert unreviewed([waits, settled], texts).problems == ("1 span waits for review in a",)
    assert unreviewed([waits, waits], texts).problems == ("2 spans wait for review in a",)
    assert unreviewed([settled], texts).holds


@pytest.mark.parametrize("change", [{"status": "draft"}, {"sha256": "0" * 64}])
def test_a_span_that_is_in_no_dataset_may_wait_for_review(change: dict[str, str]) -> None:
    article = make_article()
    span = make_span(9, 14)
    aside = SetAside(reason="offsets", mark=b"{}", span=span.id)  # type: ignore[arg-type]
    waits = make_annotation(article, span, set_aside=(aside,), **change)
    assert unreviewed([waits], {article.id: article.sha256}).holds


def test_a_dataset_that_is_not_current_is_told_why() -> None:
    assert current([]).holds
    assert current(["the corpus changed"]).problems == ("the corpus changed",)


def test_every_check_is_told_when_it_is_made_and_all_problems_are_counted(
    tmp_path: Path, target: Path
) -> None:
    folder = made(tmp_path / "dataset", ADDRESS, license="unknown")
    told: list[Check] = []
    with pytest.raises(DatasetError, match=r"no licence and 2 more problems\. Set `license`"):
        send(folder, target, tell=told.append)
    assert [check.holds for check in told] == [True, False, False, True]
    assert not target.exists()
