"""Near-duplicates: what is one text is one cluster, and what is not is not."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import daft
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus import Article
from annotate.corpus.compare import WORD, similarity
from annotate.corpus.duplicates import (
    Member,
    _signatures,
    _words,
    find_clusters,
    name_clusters,
    rows_per_band,
)
from annotate.corpus.engine import _ping, start_engine
from annotate.corpus.reading.fields import Made
from annotate.corpus.store import to_table
from annotate.settings import DuplicateSettings
from annotate.text import UNCHANGED
from benchmarks.generate import generate, look_alikes, planted
from tests.conftest import run_annotate
from tests.corpus.making import make_corpus
from tests.factories import sample_articles

SETTINGS = DuplicateSettings()
NEWS = "Sáng nay tại xã Tân Lập công an huyện trao giấy khen cho ba tập thể và hai cá nhân"


def frame(texts: Mapping[str, str], former: Mapping[str, str] | None = None) -> daft.DataFrame:
    start_engine(SETTINGS)
    rows = (
        Made(Article(id=name, text=text, cluster=(former or {}).get(name, "")), UNCHANGED)
        for name, text in texts.items()
    )
    return daft.from_arrow(to_table(rows).select(["id", "sha256", "text", "cluster"]))


def clusters(texts: Mapping[str, str], **settings: Any) -> dict[str, str]:
    return find_clusters(frame(texts), DuplicateSettings(**settings))


def lettered(*texts: str) -> dict[str, str]:
    return dict(zip("abcdefgh", texts, strict=False))


@pytest.mark.parametrize(
    "text",
    [
        NEWS,
        "một",
        "🔥",
        "👨‍👩‍👧‍👦 ❤️‍🔥",
        "* * *",
        "…",
        "。",
        "雨",
        "中華民國",
        "ฝนตกหนัก",
        "1",
        "\u0301",
    ],
)
def test_equal_texts_are_one_cluster(text: str) -> None:
    assert clusters({"b": text, "a": text, "c": "gì đó khác"}) == {"a": "a", "b": "a"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("🔥", "🔥🔥"),
        ("* * *", "***"),
        ("…", "🔥"),
        ("một", "hai"),
        ("một hai", "hai một"),
        ("một", "một hai"),
        ("một", "🔥 🔥"),
        ("雨", "雪"),
        (NEWS, " ".join(reversed(NEWS.split()))),
        ("今日は雨が降ります", "明日は雪になりそう"),
        ("ฝนตกหนักในภาคใต้", "แดดออกทั่วภาคเหนือ"),
    ],
)
def test_different_texts_are_none(one: str, other: str) -> None:
    assert clusters(lettered(one, other)) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NEWS, NEWS.upper()),
        (NEWS, f"“{NEWS.replace(' ', ', ')}!”"),
        (NEWS, NEWS.replace("Tân Lập", "Tân Lộc")),
        (NEWS, f"{NEWS} trong buổi lễ"),
        ("Một.", "một"),
        ("Một hai!", "một — hai 🔥"),
        ("今日は大雨が降り、道路が冠水しました", "今日は大雨が降り、線路が冠水しました"),
        ("国务院总理今天上午在北京会见了代表团", "国务院总理今天下午在北京会见了代表团"),
        ("ฝนตกหนักในภาคใต้ทำให้น้ำท่วมถนน", "ฝนตกหนักในภาคใต้ทำให้น้ำท่วมบ้าน"),
    ],
)
def test_texts_that_share_most_shingles_are_one_cluster(one: str, other: str) -> None:
    assert similarity(one, other, SETTINGS.shingle_size) >= 0.5
    assert clusters(lettered(one, other, "Chuyện khác hẳn")) == {"a": "a", "b": "a"}


def test_no_articles_have_no_clusters() -> None:
    assert clusters({}) == {}


def test_what_is_alike_over_others_is_one_cluster() -> None:
    words = [f"chữ{number}" for number in range(400)]
    texts = {f"a{start:02}": " ".join(words[start * 10 : start * 10 + 100]) for start in range(20)}
    assert similarity(texts["a00"], texts["a19"], 3) == 0
    assert set(clusters(texts).values()) == {"a00"}


def test_the_threshold_decides() -> None:
    words = [f"chữ{number}" for number in range(100)]
    texts = lettered(" ".join(words), " ".join([*words[:80], *(f"từ{n}" for n in range(20))]))
    assert 0.6 < similarity(texts["a"], texts["b"], 3) < 0.7
    assert clusters(texts, threshold=0.45) == {"a": "a", "b": "a"}
    assert clusters(texts, threshold=0.85) == {}


def test_the_size_of_the_shingles_decides() -> None:
    words = [f"chữ{number}" for number in range(90)]
    swapped = [words[n + 2 - 2 * (n % 3)] for n in range(90)]
    texts = lettered(" ".join(words), " ".join(swapped))
    assert clusters(texts, shingle_size=1) == {"a": "a", "b": "a"}
    assert clusters(texts, shingle_size=4) == {}


def pairs_of(found: Mapping[str, str]) -> set[tuple[str, str]]:
    groups = defaultdict(list)
    for name in sorted(found):
        groups[found[name]].append(name)
    return {pair for members in groups.values() for pair in combinations(members, 2)}


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return {article["id"]: article["text"] for article in generate(2000)}


def test_planted_near_duplicates_are_found_and_nothing_else(generated: dict[str, str]) -> None:
    wanted = {(min(pair), max(pair)) for pair in planted(2000)}
    found = pairs_of(clusters(generated))
    assert found <= wanted
    assert len(found) >= 0.99 * len(wanted)
    assert not found & {(min(pair), max(pair)) for pair in look_alikes(2000)}


def test_articles_of_one_template_do_not_chain_into_a_cluster() -> None:
    words = [f"w{number}" for number in range(400)]
    # Each two share the template, which is a similarity of 0.35 by shingles of three words.
    form = " ".join(words[:209])
    own = {f"a{n:03}": " ".join(f"own{n}x{at}" for at in range(192)) for n in range(150)}
    found = {name: f"{form} {rest}" for name, rest in own.items()}
    found["reprint"] = found["a007"].replace("own7x20", "khác")
    alike = similarity(found["a000"], found["a001"], 3)
    assert 0.34 < alike < 0.36
    assert clusters(found) == {"a007": "a007", "reprint": "a007"}


def test_signatures_estimate_the_similarity_that_is_shown(generated: dict[str, str]) -> None:
    pairs = [(one, other) for one, other in planted(2000) if generated[one] != generated[other]]
    names = sorted({name for pair in pairs for name in pair})
    texts = {name: generated[name] for name in names}
    hashed = {
        row["member"]: np.array(row["signature"])
        for row in _signatures(frame(texts), SETTINGS).to_pylist()
    }
    members = frame(texts).select("id", daft.functions.hash(daft.col("sha256")).alias("member"))
    signature = {row["id"]: hashed[row["member"]] for row in members.to_pylist()}
    errors = np.array([
        (signature[one] == signature[other]).mean() - similarity(texts[one], texts[other], 3)
        for one, other in pairs
    ])  # fmt: skip
    # A share of 128 places: its standard deviation is at most half of 1/sqrt(128).
    assert abs(errors.mean()) < 0.01
    assert errors.std() < 0.0442
    assert np.abs(errors).max() < 5 * 0.0442


def test_words_are_the_same_for_the_search_and_for_the_comparison() -> None:
    start_engine(SETTINGS)
    chars = map(chr, (*range(0xD800), *range(0xE000, 0x110000)))
    # Of what Python's Unicode does not know yet another's may.
    texts = [
        f"x{char}yX {char}" for char in chars if unicodedata.category(char) not in {"Cn", "Co"}
    ]
    texts += [article.text for article in sample_articles().values()]
    found = daft.from_pydict({"text": texts}).select(_words().alias("words")).to_pydict()["words"]
    assert found == [" ".join(WORD.findall(text.lower())) for text in texts]


@given(st.floats(0.05, 1), st.integers(16, 1024))
def test_bands_are_as_long_as_the_threshold_allows(threshold: float, permutations: int) -> None:
    rows = rows_per_band(threshold, permutations)
    assert 1 <= rows <= permutations

    def steepest(rows: int) -> float:
        return float((rows / permutations) ** (1 / rows))

    assert rows == 1 or steepest(rows) <= 0.9 * threshold
    assert rows == permutations or steepest(rows + 1) > 0.9 * threshold


@pytest.mark.parametrize("threshold", [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
def test_few_pairs_at_the_threshold_are_never_looked_at(threshold: float) -> None:
    rows = rows_per_band(threshold, 128)

    def missed(similarity: float) -> float:
        return float((1 - similarity**rows) ** (128 // rows))

    assert missed(threshold) < 0.15
    assert missed(min(1, 1.25 * threshold)) < 0.02


Partition = list[list[str]]


@st.composite
def partitions(draw: st.DrawFn, names: list[str]) -> Partition:
    """Draw groups of all the names."""
    numbers = [draw(st.integers(0, max(0, len(names) // 2))) for _ in names]
    return [
        [name for name, number in zip(names, numbers, strict=True) if number == group]
        for group in sorted(set(numbers))
    ]


def naming(groups: Partition, former: Mapping[str, str]) -> dict[str, str]:
    return name_clusters(iter([Member(i, former.get(i, "")) for i in group] for group in groups))


@st.composite
def grown(draw: st.DrawFn) -> tuple[Partition, Partition]:
    """Draw clusters, and what they are after new articles joined them, and them each other."""
    names = [f"{number:02}" for number in draw(st.permutations(range(12)))]
    before = draw(partitions(names[:8]))
    joined = draw(partitions([str(number) for number in range(len(before))]))
    after = [[name for number in group for name in before[int(number)]] for group in joined]
    for name in names[8:]:
        if at := draw(st.integers(0, len(after))):
            after[at - 1].append(name)
        else:
            after.append([name])
    return before, after


@given(grown())
def test_clusters_that_grow_keep_their_names(drawn: tuple[Partition, Partition]) -> None:
    before, after = drawn
    named = naming(before, {})
    assert all(named[name] == min(group) for group in before for name in group)
    renamed = naming(after, named)
    assert renamed.keys() == {name for group in after for name in group}
    for group in after:
        (name,) = {renamed[member] for member in group}
        assert name in group
        known = [named[member] for member in group if member in named]
        # Of clusters that have grown together the largest gives the name.
        assert not known or known.count(name) == max(map(known.count, known))
    assert naming(after, renamed) == renamed


@given(st.data())
def test_names_are_members_and_unique_whatever_the_clusters_were(data: st.DataObject) -> None:
    names = [f"{number}" for number in range(9)]
    former = {name: data.draw(st.sampled_from(["", "gone", *names])) for name in names}
    groups = data.draw(partitions(names))
    renamed = naming(groups, former)
    assert len(set(renamed.values())) == len(groups)
    assert all(renamed[name] in group for group in groups for name in group)


@pytest.mark.parametrize(
    ("former", "name"),
    [
        ({"b": "b", "c": "b"}, "b"),
        ({"c": "b"}, "b"),
        ({"b": "b", "c": "gone"}, "b"),
        ({"a": "gone", "b": "gone", "c": "gone"}, "a"),
        ({"a": "a", "b": "b", "c": "b"}, "b"),
        ({"a": "a", "b": "b"}, "a"),
        ({"b": "x", "c": "b"}, "a"),
    ],
)
def test_a_name_stays_with_most_of_its_members(former: dict[str, str], name: str) -> None:
    assert set(naming([["c", "a", "b"]], former).values()) == {name}


def test_the_engine_may_be_started_again_and_stays_what_it_was() -> None:
    start_engine(SETTINGS)
    start_engine(SETTINGS)
    start_engine(DuplicateSettings(engine="ray", ray_address="ray://127.0.0.1:9"))
    assert daft.get_or_infer_runner_type() == "native"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1:9", "Connection refused"),
        ("ray://127.0.0.1:9", "Connection refused"),
        ("ray://nowhere.invalid:10001", "not"),
    ],
)
def test_an_address_where_nothing_listens_is_no_ray(address: str, reason: str) -> None:
    with pytest.raises(ConnectionError, match=reason):
        _ping(address)


def test_a_service_that_never_answers_is_no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotate.corpus.engine._PING_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for scheme in ("", "ray://"):
            with pytest.raises(ConnectionError, match=r"no answer within 0\.3 seconds"):
                _ping(f"{scheme}127.0.0.1:{silent.getsockname()[1]}")


def lay_out(root: Path, texts: Mapping[str, str], duplicates: str = "") -> Path:
    make_corpus(root / "corpus", stored=texts)
    settings = f'title = "Thử"\nschema = "s"\ncorpus = "corpus/articles"\n{duplicates}'
    (root / "annotate.toml").write_text(settings, encoding="utf-8")
    return root


@pytest.fixture
def short_folder() -> Iterator[str]:
    """Give a folder for Ray, whose sockets may not lie deep."""
    with tempfile.TemporaryDirectory(prefix="r-", dir="/tmp", ignore_cleanup_errors=True) as name:
        yield name


def processes(word: str) -> list[str]:
    """Return the command lines of all processes that have the word in theirs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if word in line:
            found.append(line)
    return found


def test_ray_finds_the_same_clusters_and_leaves_no_process_behind(
    tmp_path: Path, short_folder: str
) -> None:
    texts = {article["id"]: article["text"] for article in generate(200)}
    root = lay_out(tmp_path, texts | {"x": "🔥", "y": "🔥", "z": "🔥🔥"})
    native = run_annotate("corpus", "duplicates", "--json", "--workspace", root)
    (root / ".annotate" / "clusters.json").unlink()
    on_ray = run_annotate(
        "corpus", "duplicates", "--json", "--engine", "ray", "--workspace", root,
        RAY_TMPDIR=short_folder,
    )  # fmt: skip
    assert on_ray == native
    assert native.status == 0
    assert native.stdout.count('"cluster"') > 10
    assert [path.name for path in Path(short_folder).iterdir()] == ["ray"]
    deadline = time.monotonic() + 10
    while processes(short_folder) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert processes(short_folder) == []


ENDING = """
import atexit, os, sys
from annotate.cli import run

class Taken:
    def __del__(self, write=os.write):
        write(1, b"taken apart")

kept = Taken()
atexit.register(print, "at the end")
run()
"""


@pytest.mark.parametrize(
    ("arguments", "status", "apart"),
    [
        (["duplicates"], 0, False),
        (["duplicates", "nobody"], 1, False),
        (["duplicates", "--help"], 0, True),
    ],
)
def test_a_process_in_which_daft_ran_is_not_taken_apart(
    tmp_path: Path, arguments: list[str], status: int, apart: bool
) -> None:
    """Else one of about a hundred crashes: Daft's threads go on while the interpreter ends."""
    root = lay_out(tmp_path, {"x": NEWS, "y": NEWS})
    done = subprocess.run(
        [sys.executable, "-c", ENDING, "corpus", *arguments, "--workspace", root],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert "at the end" in done.stdout
    assert ("taken apart" in done.stdout) is apart


def test_a_ray_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    address = "ray://127.0.0.1:9"
    table = f'[duplicates]\nengine = "ray"\nray-address = "{address}"\n'
    root = lay_out(tmp_path, {"a": "Một."}, table)
    outcome = run_annotate("corpus", "duplicates", "--workspace", root)
    (line,) = outcome.stderr.splitlines()
    assert line.startswith(f"annotate: no Ray at {address}: Connection refused. Check ")
    assert (outcome.status, outcome.stdout) == (1, "")
