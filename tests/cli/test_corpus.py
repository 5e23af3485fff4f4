"""`annotate corpus`: what its commands print, and one clear line for what cannot be done."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from annotate.cli import main
from annotate.workspace import Workspace, open_workspace
from tests.conftest import MakeWorkspace, Outcome, Server, lay_out
from tests.corpus.making import make_store, tree, write_jsonl

NEWS = "Sáng nay tại xã Tân Lập công an huyện trao giấy khen cho ba tập thể"
FILES = {
    "a.md": f"---\ntitle: Tin một\nsource: Báo [b]\npublished_at: 2024-06-15\n---\n{NEWS}\n",
    "b.txt": f"{NEWS} và hai cá nhân.",
    "[c].txt": "Mưa lớn làm sạt lở quốc lộ đoạn qua đèo, xe cộ ùn tắc nhiều giờ.",
}

Run = Callable[..., Outcome]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(lay_out(tmp_path / "workspace", "Thử", FILES), {})


@pytest.fixture
def news(tmp_path: Path) -> Path:
    records = [
        {"id": "n1", "text": f"{NEWS} vừa qua", "source": "Đài"},
        {"id": "n2", "text": "Hai."},
    ]
    return write_jsonl(tmp_path / "news.jsonl", records)


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run `annotate` in this process."""
    monkeypatch.setenv("COLUMNS", "120")
    handlers = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGHUP)}

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments)])
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, printed.out, printed.err)

    yield call
    for name, handler in handlers.items():
        signal.signal(name, handler)


@pytest.fixture
def run(program: Run, workspace: Workspace) -> Run:
    """Run a command of `annotate corpus` on the workspace."""
    return lambda *arguments: program("corpus", *arguments, "--workspace", workspace.root)


def lines(outcome: Outcome) -> list[str]:
    assert (outcome.status, outcome.stderr) == (0, "")
    return outcome.stdout.splitlines()


def told(outcome: Outcome) -> dict[str, Any]:
    """Return the one JSON object that a command printed."""
    assert (outcome.status, outcome.stderr) == (0, "")
    found = json.loads(outcome.stdout)
    assert isinstance(found, dict)
    return found


def one_line(outcome: Outcome) -> str:
    assert (outcome.status, outcome.stdout) == (1, "")
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("annotate: ")
    assert "fault of annotate" not in line
    return line


def test_add_says_what_became_of_the_records(run: Run, news: Path, workspace: Workspace) -> None:
    assert [re.sub(r"\S*/", "", line) for line in lines(run("add", news))] == [
        "corpus.parquet: 2 articles",
        "  2 new",
        "3 articles in clusters of near-duplicates; `annotate corpus duplicates` shows them",
    ]
    before = tree(workspace.root)
    assert "  2 there already" in lines(run("add", news))
    assert tree(workspace.root) == before
    write_jsonl(news, [{"id": "n2", "text": "Ba.\t"}, {"id": "n3"}, {"id": "n2", "text": "Ba."}])
    printed = lines(run("add", news))
    assert printed[1:4] == [
        "  1 with another text than before: n2",
        "  1 given again with the same id and text",
        "Made canonical: 1 tab, 1 space at an end",
    ]
    assert printed[-1] == "  1 has no `text`"
    assert printed[-2].startswith("Rejected 1, listed in ")


def test_add_counts_what_lies_there_of_other_kinds(run: Run, news: Path) -> None:
    (news.parent / "crawl").mkdir()
    news.rename(news.parent / "crawl" / "news.jsonl")
    (news.parent / "crawl" / "photo.jpg").write_bytes(b"")
    assert "Files of other kinds left alone: 1 .jpg" in lines(run("add", news.parent / "crawl"))


def test_add_maps_fields(run: Run, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "s.jsonl", [{"key": 7, "body": "Bảy.", "headline": "Tựa"}])
    names = ("--text-field", "body", "--id-field", "key", "--map", "title=headline")
    assert told(run("add", source, *names, "--json"))["added"] == 1
    assert told(run("show", "7", "--json"))["title"] == "Tựa"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["add", "news.jsonl"], {"articles": 2, "added": 2, "changed": [], "clustered": 3}),
        (["stats"], {"articles": 3, "files": 3, "stored": 0}),
        (["duplicates"], {"articles": 2, "clusters": [{"cluster": "a", "articles": ["a", "b"]}]}),
        (["show", "a"], {"id": "a", "title": "Tin một", "text": NEWS, "cluster": "a"}),
        (["show", "[c]"], {"id": "[c]", "cluster": "[c]", "lookalikes": []}),
        (["sample", "-n", "2", "--seed", "3"], {"seed": 3, "by": [], "one_per_cluster": True}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_json_is_one_object(
    run: Run, news: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: Any
) -> None:
    monkeypatch.chdir(news.parent)
    found = told(run(*arguments, "--json"))
    assert expected.items() <= found.items()


def test_figures_are_printed_as_they_are(run: Run, news: Path) -> None:
    run("add", news)
    printed = run("stats").stdout
    assert printed.startswith("Thử · 5 articles (3 as files, 2 in the store) · ")
    assert "(not given) 3, Báo [b] 1, Đài 1" in printed
    assert "3 articles in 1 cluster (1 of 3)" in printed
    assert re.search(r"dates +2024-06, 4 without a date in ISO 8601", printed)


def test_a_page_is_written(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert lines(run("stats", "--html", page))[-1].startswith("Page with plots: ")
    assert page.read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    assert "cannot be written" in one_line(
        run("stats", "--html", tmp_path / "no" / "page.html", "--json")
    )


def test_duplicates_show_how_similar_and_what_differs(run: Run, news: Path) -> None:
    assert lines(run("duplicates"))[:5] == [
        "1 cluster, 2 articles; similarity of at least 0.4, shingles of 3 words",
        "",
        "a  2 articles",
        "  0.78  b",
        "  What b has instead:",
    ]
    assert "{+và hai cá nhân.+}" in run("duplicates").stdout
    run("add", news)
    printed = lines(run("duplicates", "n1", "--no-diff"))
    assert printed[2] == "a  3 articles"
    assert [line.split()[1] for line in printed[3:]] == ["n1", "b"]
    assert lines(run("duplicates", "--limit", "0"))[-1] == (
        "… and 1 more; --limit N shows N, --json lists all."
    )


def test_an_article_without_near_duplicates_is_in_no_cluster(run: Run) -> None:
    assert lines(run("duplicates", "[c]"))[0].startswith("0 clusters, 0 articles")
    assert told(run("duplicates", "[c]", "a", "--json"))["articles"] == 2


def test_names_with_brackets_are_no_markup(run: Run, workspace: Workspace) -> None:
    copy = workspace.corpus_path / "[c]2.txt"
    copy.write_bytes((workspace.corpus_path / "[c].txt").read_bytes())
    printed = lines(run("duplicates", "[c]"))
    assert printed[2:] == ["[c]  2 articles", "  1.00  [c]2"]


def test_a_large_cluster_is_shown_in_part(run: Run, workspace: Workspace) -> None:
    make_store(workspace.root / "corpus.parquet", {f"n{n:02}": NEWS for n in range(30)})
    printed = lines(run("duplicates"))
    assert printed[2] == "a  32 articles"
    assert printed[23] == "  … and 11 more"
    assert "What b has instead" in printed[24]


def test_show_prints_what_is_known_and_the_text(run: Run, news: Path) -> None:
    run("add", news)
    printed = lines(run("show", "n1"))
    assert printed[-1] == f"{NEWS} vừa qua"
    facts = dict(line.split("  ", 1) for line in printed[: printed.index("")])
    assert {name.strip(): fact.strip() for name, fact in facts.items()}.items() >= {
        "id": "n1", "source": "Đài", "cluster": "a",
    }.items()  # fmt: skip


def test_a_sample_is_a_list_of_ids(run: Run, tmp_path: Path) -> None:
    drawn = lines(run("sample", "-n", "2"))
    assert len(drawn) == 2
    assert "[c]" in drawn
    assert len(lines(run("sample", "-n", "3", "--whole-clusters", "--by", "source,month"))) == 3
    listed = tmp_path / "ids"
    assert lines(run("sample", "-n", "2", "--out", listed)) == [f"{listed}: 2 articles"]
    assert listed.read_text(encoding="utf-8").splitlines() == drawn


DAMAGE: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "foreign": lambda path: parquet.write_table(pa.table({"id": ["x"], "text": ["x"]}), path),
    "empty": lambda path: path.write_bytes(b""),
}
COMMANDS = [
    ["add", "news.jsonl"], ["stats"], ["duplicates"], ["show", "n1"], ["sample", "-n", "1"],
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_damaged_store_is_told(
    run: Run, news: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch,
    damage: str, arguments: list[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(news.parent)
    run("add", news)
    store = workspace.root / "corpus.parquet"
    DAMAGE[damage](store)
    before = store.read_bytes()
    assert f"{store} " in one_line(run(*arguments))
    assert store.read_bytes() == before


@pytest.mark.parametrize("arguments", [*COMMANDS, ["show", "a"]], ids=" ".join)
def test_a_file_that_contradicts_the_store_is_told(
    run: Run, news: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(news.parent)
    make_store(workspace.root / "corpus.parquet", {"a": "Khác.", "n1": "Một."})
    assert "the article 'a' has another text in" in one_line(run(*arguments))


def test_a_corpus_without_articles(run: Run, workspace: Workspace) -> None:
    for path in workspace.corpus_path.iterdir():
        path.unlink()
    assert lines(run("stats"))[0] == "Thử · 0 articles (0 as files, 0 in the store) · 0 tokens"
    assert lines(run("duplicates"))[0].startswith("0 clusters, 0 articles")
    assert told(run("stats", "--json"))["articles"] == 0
    assert told(run("duplicates", "--json")) == {"clusters": [], "articles": 0}
    assert "more than the 0 articles there are" in one_line(run("sample", "-n", "1"))
    assert "there is no article 'a'" in one_line(run("show", "a"))
    assert "there is no gold" in one_line(run("gold"))
    workspace.corpus_path.rmdir()
    for arguments in (["stats"], ["duplicates"], ["sample", "-n", "1"]):
        assert "does not exist" in one_line(run(*arguments))


def test_the_first_articles_of_a_workspace_may_be_added(
    run: Run, workspace: Workspace, news: Path
) -> None:
    for path in workspace.corpus_path.iterdir():
        path.unlink()
    workspace.corpus_path.rmdir()
    assert told(run("add", news, "--json"))["added"] == 2
    assert told(run("stats", "--json"))["articles"] == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["show", "gone"], "there is no article 'gone'"),
        (["duplicates", "a", "gone"], "there is no article 'gone'"),
        (["gold"], "there is no gold in"),
        (["gold", "gone"], "there is no gold of 'gone'"),
        (
            ["sample", "-n", "4"],
            "a sample of 4 is more than the 2 articles there are, not counting 1",
        ),
        (["sample", "-n", "1", "--out", "no/ids"], "no/ids cannot be written"),
        (["add", "gone.jsonl"], "gone.jsonl does not exist"),
        (["add", "workspace/annotate.toml"], "is of a kind that is not read"),
        (["add", "empty"], "there is no file to be read in empty"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert reason in one_line(run(*arguments))
    assert not (tmp_path / "workspace" / "corpus.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["add", "x", "--map", "titel=headline"], "'titel=headline' is not NAME=FIELD"),
        (
            ["add", "x", "--map", "title"],
            "'title' is not NAME=FIELD with NAME one of title, source",
        ),
        (["add", "x", "--map", "title="], "'title=' is not NAME=FIELD"),
        (["add"], "Missing argument 'SOURCE...'"),
        (["add", "x", "--engine", "spark"], "'spark' is not one of 'native', 'ray'"),
        (["sample", "-n", "1", "--by", "sources"], "'sources' is not one of title, source"),
        (["sample", "-n", "0"], "0 is not in the range"),
        (["sample"], "Missing option '-n'"),
        (["duplicates", "--limit", "-1"], "-1 is not in the range"),
        (["show"], "Missing argument 'ID'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_not_understood_is_told_with_its_usage(
    run: Run, arguments: list[str], reason: str
) -> None:
    outcome = run(*arguments)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith("Usage: annotate corpus ")
    assert reason in outcome.stderr


def test_sources_of_which_nothing_is_usable_are_a_failure(run: Run, tmp_path: Path) -> None:
    outcome = run(
        "add", write_jsonl(tmp_path / "s.jsonl", [{"id": "x", "text": ""}, {"body": "x"}])
    )
    assert outcome.status == 1
    assert "Rejected 2" in outcome.stdout
    (line,) = outcome.stderr.splitlines()
    assert "not one article of these sources could be used" in line


def test_two_additions_at_once(run: Run, news: Path, workspace: Workspace) -> None:
    with workspace.alone("corpus add"):
        assert "another corpus add of this workspace is running" in one_line(run("add", news))
    assert run("add", news).status == 0


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up the right of root to write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def readable() -> Iterator[Path]:
    """Give a workspace in a folder that everyone may read."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        root = lay_out(Path(name) / "workspace", "Thử", FILES)
        (root / "inner").mkdir()
        (root / "corpus").rename(root / "inner" / "corpus")
        settings = root / "annotate.toml"
        settings.write_text(
            settings.read_text("utf-8").replace('"corpus"', '"inner/corpus"'), "utf-8"
        )
        (root / ".annotate").mkdir(mode=0o700)
        (root / ".annotate").chmod(0o777)
        write_jsonl(root / "news.jsonl", [{"id": "n", "text": NEWS}])
        yield root
        for folder in (root / "inner", root / ".annotate"):
            folder.chmod(0o755)


def test_a_corpus_that_may_not_be_written_is_told(program: Run, readable: Path) -> None:
    add = ("corpus", "add", readable / "news.jsonl", "--workspace", readable)
    # Once, so that everything is imported while we still may read it.
    assert program(*add).status == 0
    (readable / ".annotate" / "corpus add.lock").unlink()
    (readable / "news.jsonl").write_text('{"id": "m", "text": "Tin."}', encoding="utf-8")
    before = tree(readable / "inner")
    (readable / "inner").chmod(0o555)
    with as_nobody():
        line = one_line(program(*add))
    assert f"{readable / 'inner'} cannot be written: Permission denied" in line
    assert tree(readable / "inner") == before


def test_a_workspace_that_may_only_be_read_is_searched_each_time(
    program: Run, readable: Path
) -> None:
    search = ("corpus", "duplicates", "--workspace", readable, "--json")
    found = told(program(*search))
    (readable / ".annotate" / "clusters.json").unlink()
    (readable / ".annotate").chmod(0o555)
    with as_nobody():
        assert told(program(*search)) == found
    assert not (readable / ".annotate" / "clusters.json").exists()


def test_a_store_that_may_not_be_read_is_told_and_not_taken_for_an_empty_one(
    program: Run, readable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotate.corpus.store._GROUP_ROWS", 1)
    store = make_store(readable / "inner" / "corpus.parquet", {"x": "X.", "y": "Y."}, shard_bytes=1)
    add = ("corpus", "add", readable / "news.jsonl", "--workspace", readable)
    (readable / "inner").chmod(0o777)
    store.path.chmod(0o000)
    with as_nobody():
        for command in (("corpus", "stats", "--workspace", readable), add):
            assert f"{store.path} cannot be read: " in one_line(program(*command))
    store.path.chmod(0o755)
    assert len(store) == 2


class Stdin(io.BytesIO):
    name = "<stdin>"


def test_push_takes_a_sample_as_file_or_from_stdin_and_refuses_what_is_unknown(
    make_workspace: MakeWorkspace, program: Run, server: Server, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("LABEL_STUDIO_URL", server.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.login.token)
    monkeypatch.chdir(make_workspace(FILES).root)
    drawn = lines(program("corpus", "sample", "-n", "2"))
    listed = tmp_path / "first.ids"
    listed.write_text("\n".join(drawn), encoding="utf-8")
    assert told(program("push", "--ids", listed, "--dry-run", "--json"))["new"] == drawn
    for name in ("c", *drawn):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Stdin(f"{name}\n".encode())))
        outcome = program("push", "--ids", "-", "--dry-run", "--json")
        if name == "c":
            assert "the corpus has no article c, named in <stdin>" in one_line(outcome)
        else:
            assert told(outcome)["new"] == [name]
