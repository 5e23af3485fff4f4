"""`annotate schema diff`: what it tells, and what it says to do next."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from annotate.cli import main
from annotate.schema import Schema
from tests.conftest import Outcome, lay_out
from tests.factories import make_entity
from tests.schema.strategies import to_yaml
from tests.schema.versions import entities, step, version

Diff = Callable[..., Outcome]


@pytest.fixture
def diff(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Diff]:
    """Run the command in this process, in an empty folder; a schema is written to a file."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    handlers = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGHUP)}

    def call(*arguments: Schema | Path | str) -> Outcome:
        given = []
        for number, argument in enumerate(arguments):
            if isinstance(argument, Schema):
                path = tmp_path / f"{number}.yaml"
                path.write_text(to_yaml(argument), encoding="utf-8")
                given.append(str(path))
            else:
                given.append(str(argument))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["schema", "diff", *given])
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, printed.out, printed.err)

    yield call
    for name, handler in handlers.items():
        signal.signal(name, handler)


def lines(outcome: Outcome) -> list[str]:
    """Return what was printed, without the spaces that fill a line."""
    assert (outcome.status, outcome.stderr) == (0, "")
    return [line.rstrip() for line in outcome.stdout.splitlines()]


RAISE = (
    "Raise `version:` in the schema file from 1.0.0, say under `migrations:` what was renamed,"
    " merged, split or removed (`annotate schema diff` shows it), then run `annotate schema"
    " migrate`; or put the changes back."
)
NESTING = make_entity("B", "b", contains=("A",))
OLD = version("1.0.0", "A", "B")
NEW = version(
    "2.0.0", "C", "B", guidelines=("One.",),
    migrations=(step("1.0.0", "2.0.0", entities=entities(rename={"A": "C"})),),
)  # fmt: skip


def test_what_concerns_annotations_comes_first_with_its_meaning(diff: Diff) -> None:
    assert lines(diff(OLD, NEW)) == [
        "small 1.0.0 → 2.0.0",
        "",
        "What concerns annotations already made",
        "  label A  becomes C",
        "           Its spans are rewritten.",
        "",
        "What harms none",
        "  label C     is called “c”, not “a”",
        "  guidelines  change: 1 new",
        "",
        "Run `annotate schema migrate --to 2.0.0`.",
    ]


def test_one_object_for_scripts(diff: Diff) -> None:
    outcome = diff(OLD, NEW, "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    found = json.loads(outcome.stdout)
    assert found.pop("differences")[0] == {
        "kind": "renamed", "what": "label A", "text": "becomes C",
        "meaning": "Its spans are rewritten.", "breaking": True,
    }  # fmt: skip
    assert found == {
        "old": {"name": "small", "version": "1.0.0"},
        "new": {"name": "small", "version": "2.0.0"},
        "problems": [],
    }


def test_what_cannot_be_migrated_yet_is_told(diff: Diff) -> None:
    lost = version("2.0.0", "B")
    assert lines(diff(OLD, lost))[-5:] == [
        "Annotations cannot be brought to the new version yet:",
        "  -  migrations: no step leads from 1.0.0 to 2.0.0; declare a migration from",
        "     1.0.0 under `migrations`",
        "  -  label A: 2.0.0 lacks it; say under `migrations` what becomes of it",
        "Correct that in the schema file, then run `annotate schema migrate`.",
    ]
    told = json.loads(diff(OLD, lost, "--json").stdout)["problems"]
    assert [line.partition(":")[0] for line in told] == ["migrations", "label A"]


def test_a_migration_that_is_wrong_is_told_though_nothing_breaks(diff: Diff) -> None:
    wrong = step("1.0.0", "2.0.0", entities=entities(rename={"X": "C"}))
    told = lines(diff(OLD, version("2.0.0", "A", "B", "C", migrations=(wrong,))))
    assert told[-2] == (
        "  -  label X: the migration from 1.0.0 names it, but 1.0.0 has none of this name"
    )


@pytest.mark.parametrize(
    ("new", "advice"),
    [
        (OLD, ["No difference."]),
        (version("1.0.1", "A", "B"), ["No difference but the version."]),
        (
            version("1.0.1", "A", "B", "C"),
            ["`annotate push` brings the labelling page in step."],
        ),
        (
            version("1.0.0", "A", "B", title="New"),
            [
                "`annotate push` brings the labelling page in step.",
                "Both are 1.0.0: raise it, so that people can tell the two apart.",
            ],
        ),
        (
            version("1.0.0", "A", "B", entities=(*OLD.entities[:1], NESTING)),
            [RAISE],
        ),
        (NEW, ["Run `annotate schema migrate --to 2.0.0`."]),
    ],
)
def test_it_ends_with_what_to_do_next(diff: Diff, new: Schema, advice: list[str]) -> None:
    told = lines(diff(OLD, new))
    blank = len(told) - told[::-1].index("")
    assert told[blank:] == advice


def test_brackets_in_titles_stay_and_long_lines_wrap_below_themselves(diff: Diff) -> None:
    entity = make_entity("A", "[bold]a[/bold] :smile: " + "dài " * 30 + "[/]")
    told = lines(
        diff(version("1", entities=(make_entity("A", "[b]"),)), version("2", entities=(entity,)))
    )
    assert max(map(len, told)) <= 80
    start = told.index("What harms none") + 1
    first, *rest = told[start : told.index("", start)]
    assert first.startswith("  label A  is called “[bold]a[/bold] :smile: dài")
    assert all(line.startswith(" " * 11) and line[11] != " " for line in rest)
    assert rest[-1].endswith("[/]”, not “[b]”")


def test_long_names_leave_room_for_what_is_told_of_them(diff: Diff) -> None:
    told = lines(diff(OLD, version("2", "A", "B", "x" * 200)))
    assert max(map(len, told)) <= 80
    assert sum(line.count("x") for line in told) == 200
    assert any(line.endswith("is new. It was not looked for before.") for line in told)


def test_another_schema_is_told_by_its_name(diff: Diff) -> None:
    other = msgspec.structs.replace(OLD, name="other")
    assert lines(diff(OLD, other))[0] == "small 1.0.0 → other 1.0.0"


def test_without_a_second_file_the_workspaces_schema_is_the_new_one(
    diff: Diff, tmp_path: Path
) -> None:
    root = lay_out(tmp_path / "workspace", "Thử", {})
    (root / "schema.yaml").write_text(to_yaml(NEW), encoding="utf-8")
    told = lines(diff(OLD, "--workspace", root))
    assert told == lines(diff(OLD, NEW))


def test_two_files_need_no_workspace_and_one_does(diff: Diff) -> None:
    assert diff(OLD, NEW).status == 0
    outcome = diff(OLD)
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "annotate init" in outcome.stderr


def test_a_file_that_is_not_there_is_told(diff: Diff) -> None:
    outcome = diff(OLD, "gone.yaml")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "gone.yaml cannot be read" in outcome.stderr


def test_without_a_file_the_old_version_is_asked_for(diff: Diff, tmp_path: Path) -> None:
    outcome = diff("--workspace", lay_out(tmp_path / "workspace", "Thử", {}))
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "Name the old version's file." in outcome.stderr
