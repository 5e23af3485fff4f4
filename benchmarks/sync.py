"""Push and pull beside what else could carry articles and annotations, on one server.

    python -m benchmarks.sync [--articles 2000] [--rounds 7]

Articles of the generated corpus (about 2.8 kB each), each with 15 marks where annotations are
asked for. Both things of a ratio ran in turn in this process, on the same server, in an order
of chance. The same work takes up to 1.8 times as long another time, in seconds of CPU too, so two
ratios are told: the median of the rounds', each of which is of things that ran within seconds of
each other, and that of the fastest times, as Python's `timeit` advises, in which a machine whose
speed changes by the minute tells who met a good one:

- push: our plan and push, beside posting the same records as ready-made JSON in batches of 500,
  and beside the SDK's `import_tasks`; the project is there before, for all three;
- a push that has nothing to do, beside the first push of the same articles;
- a full pull into a ledger without annotations, every span proved and written to disk, beside
  the exports that the server offers, fetched and thrown away; and the shares of its time in which
  our process and the server's work: what the server is busy with all the time, it limits;
- a pull after 20 changes, beside the fastest of these exports;
- the greatest memory of a full pull and of the SDK's export, each in a process of its own;
- on PostgreSQL, a full pull by two readers from two workers of gunicorn, beside one reader and
  one worker, on one database in turn; and how many of the machine's cores were at work. Of three
  times as many articles: of 2,000 it is over in two seconds, of which its beginning and end, where
  one worker has nothing to do, are a good part. All run on this machine, so with two cores the
  second worker shares them with us and with PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx
import msgspec

from annotate.corpus import Article
from annotate.spans import Span
from annotate.studio.client import Studio
from annotate.studio.database.address import read_address
from annotate.studio.database.team import Team
from annotate.studio.encode import encode_spans, encode_task
from annotate.studio.ledger import Ledger, Place, open_ledger
from annotate.studio.pull import pull
from annotate.studio.pushing import plan_push, push
from annotate.studio.pushing.suggestions import Suggester
from annotate.studio.server import LocalServer
from annotate.studio.system import free_port, write_private
from benchmarks.generate import generate
from tests.factories import sample_schema
from tests.postgres import find_postgres, temporary_cluster

BATCH = 500
MARKS = 15
CHANGES = 20
# Seconds behind the last pull that the next one asks again; the benchmark waits for them.
OVERLAP = 300

SCHEMA = sample_schema()

T = TypeVar("T")


class Server(NamedTuple):
    """A running Label Studio."""

    url: str
    token: str
    pid: int

    @contextmanager
    def studio(self) -> Iterator[Studio]:
        """Give our connection to it."""
        with Studio(self.url, self.token) as studio:
            yield studio

    def seconds(self) -> float:
        """Return how long its process has worked, in seconds of CPU."""
        fields = (
            Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def client(self) -> httpx.Client:
        """Return a plain connection to it."""
        headers = {"Authorization": f"Token {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=600, trust_env=False)


def make_articles(count: int, seed: int) -> list[Article]:
    """Return generated articles with ids of their own."""
    rows = islice(generate(count, seed=seed), count)
    return [Article(id=f"{seed}-{n}", text=row["text"]) for n, row in enumerate(rows)]


def marks_of(article: Article) -> list[dict[str, Any]]:
    """Return marks spread over an article."""
    step = max(8, (len(article.text) - 8) // MARKS)
    labels = SCHEMA.labels
    spans = [
        Span(id=f"m{n}", start=n * step, end=n * step + 7, label=labels[n % len(labels)])
        for n in range(MARKS)
        if n * step + 7 <= len(article.text)
    ]
    return encode_spans(SCHEMA, article.text, spans)


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that it took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Peers:
    """What can be done with a project without this toolkit."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client = server.client()

    def post(self, project: int, records: Sequence[dict[str, Any]]) -> float:
        """Post ready-made JSON in batches; return the seconds."""
        bodies = [
            json.dumps(records[n : n + BATCH]).encode() for n in range(0, len(records), BATCH)
        ]
        return timed(lambda: [self._import(project, body) for body in bodies])

    def _import(self, project: int, body: bytes) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        path = f"/api/projects/{project}/import"
        return self._client.post(path, content=body, headers=headers).raise_for_status()

    def sdk_import(self, project: int, records: Sequence[dict[str, Any]]) -> float:
        """Import by the SDK in the same batches; return the seconds."""
        from label_studio_sdk import LabelStudio

        client: Any = LabelStudio(  # type: ignore[no-untyped-call]
            base_url=self._server.url, api_key=self._server.token
        )
        batches = [list(records[n : n + BATCH]) for n in range(0, len(records), BATCH)]
        return timed(
            lambda: [client.projects.import_tasks(id=project, request=one) for one in batches]
        )

    def export(self, project: int, kind: str) -> float:
        """Fetch an export in one go; return the seconds."""
        params = {"exportType": kind, "download_all_tasks": "false"}
        path = f"/api/projects/{project}/export"
        return timed(lambda: self._client.get(path, params=params).raise_for_status())

    def snapshot(self, project: int) -> float:
        """Make a snapshot and fetch it; return the seconds."""
        path = f"/api/projects/{project}/exports"

        def work() -> None:
            made = self._client.post(f"{path}/", json={}).raise_for_status().json()
            download = f"{path}/{made['id']}/download?exportType=JSON"
            self._client.get(download).raise_for_status()

        return timed(work)


class Bench:
    """A server, and what is measured on it."""

    def __init__(self, server: Server, folder: Path, count: int, rounds: int) -> None:
        self._server = server
        self._folder = folder
        self._count = count
        self._rounds = rounds
        self._peers = Peers(server)

    @contextmanager
    def room(self, name: str) -> Iterator[tuple[Studio, Ledger, str]]:
        """Give a connection, a ledger and the title of a project for one measurement."""
        path = self._folder / f"{name}.sqlite3"
        with self._server.studio() as studio, open_ledger(path) as ledger:
            yield studio, ledger, f"Bench {name}"

    def pushes(self) -> None:
        """Print the rows about pushing."""
        took: dict[str, list[float]] = {"ours": [], "raw": [], "sdk": []}
        again: list[float] = []
        # Twice as often as what only reads: the same writing takes up to 1.8 times as long.
        for number in range(2 * self._rounds):
            articles = make_articles(self._count, seed=number)
            suggester = Suggester(SCHEMA)
            records = [encode_task(SCHEMA, a, suggester.spans(a.text)) for a in articles]
            with self.room(f"push {number}") as (studio, ledger, title):
                target = (studio, ledger, "s", title, SCHEMA)
                first = make_articles(1, seed=1000 + number)
                push(*target, plan_push(*target, first))
                everything = first + articles
                settings = {"label_config": _config(studio, ledger)}
                empty = [studio.create_project(f"{n} {number}", settings).id for n in ("r", "s")]
                ways = {
                    "ours": lambda: timed(lambda: push(*target, plan_push(*target, everything))),  # noqa: B023
                    "raw": lambda: self._peers.post(empty[0], records),  # noqa: B023
                    "sdk": lambda: self._peers.sdk_import(empty[1], records),  # noqa: B023
                }
                for name in in_turn(list(ways), number):
                    took[name].append(ways[name]())
                again.append(timed(lambda: plan_push(*target, everything)))  # noqa: B023
                assert plan_push(*target, everything).idle  # noqa: S101
        ours, raw, sdk = took.values()
        row("push, articles/s", ours, "ready-made JSON in 500s", raw, 0.9, self._count)
        row("push, articles/s", ours, "SDK import_tasks", sdk, 1, self._count)
        row("push again, s", again, "first push", ours, 20)

    def pulls(self) -> None:
        """Print the rows about pulling."""
        with self.room("pull") as (studio, ledger, title):
            place = self.fill(studio, ledger, title, self._count)
            imported = time.monotonic()
            self._full(studio, ledger, place)
            wait(OVERLAP + 5 - (time.monotonic() - imported))
            pull(studio, ledger, place, SCHEMA, overlap=OVERLAP)
            took, fastest = [], []
            for _ in range(self._rounds):
                self._change(studio, ledger, place)
                took.append(timed(lambda: pull(studio, ledger, place, SCHEMA, overlap=OVERLAP)))
                fastest.append(self._fastest(place.project))
            row(f"pull after {CHANGES} changes, s", took, f"export of {self._count:,}", fastest, 20)

    def _full(self, studio: Studio, known: Ledger, place: Place) -> None:
        took: dict[str, list[float]] = {}
        busy: dict[str, list[float]] = {"our own process": [], "the server's": []}
        ways: dict[str, Callable[[], float]] = {
            "export JSON": lambda: self._peers.export(place.project, "JSON"),
            "export JSON_MIN": lambda: self._peers.export(place.project, "JSON_MIN"),
            "snapshot": lambda: self._peers.snapshot(place.project),
        }
        for number in range(self._rounds):
            with copied(known, self._folder / f"full {number}.sqlite3") as ledger:
                whole = partial(pull, studio, ledger, place, SCHEMA)
                for name in in_turn(["ours", *ways], number):
                    here, there = time.process_time(), self._server.seconds()
                    took.setdefault(name, []).append(ways.get(name, lambda: timed(whole))())  # noqa: B023
                    if name == "ours":
                        worked = (time.process_time() - here, self._server.seconds() - there)
                        for shares, used in zip(busy.values(), worked, strict=True):
                            shares.append(used / took[name][-1])
        ours = took.pop("ours")
        for name, seconds in took.items():
            row("full pull, articles/s", ours, name, seconds, 0.9, self._count)
        for who, shares in busy.items():
            share = statistics.median(shares)
            print(f"| {who} at work, share of the pull | {share:.2f} | | | | |")

    def _fastest(self, project: int) -> float:
        return min(self._peers.export(project, "JSON"), self._peers.snapshot(project))

    def fill(self, studio: Studio, ledger: Ledger, title: str, count: int) -> Place:
        """Make a project of annotated articles that the ledger knows."""
        articles = make_articles(count, seed=77)
        target = (studio, ledger, "s", title, SCHEMA)
        (place,) = push(*target, plan_push(*target, articles[:1])).places
        for start in range(1, count, BATCH):
            records = [
                {**encode_task(SCHEMA, a, ()), "annotations": [{"result": marks_of(a)}]}
                for a in articles[start : start + BATCH]
            ]
            studio.import_tasks(place.project, records)
        push(*target, plan_push(*target, articles))
        return place

    def _change(self, studio: Studio, ledger: Ledger, place: Place) -> None:
        numbers = list(ledger.numbers(place))[-CHANGES:]
        for number in numbers:
            found = studio.result(number)
            assert found is not None  # noqa: S101
            marks = json.loads(bytes(found.result))
            studio.set_result(number, marks[1:] + marks[:1])

    def memory(self, counts: Sequence[int]) -> None:
        """Print the greatest memory of a full pull of so many articles, and of the SDK's export."""
        peaks: dict[str, list[int]] = {"pull": [], "sdk": []}
        for count in counts:
            with self.room(f"memory {count}") as (studio, ledger, title):
                project = self.fill(studio, ledger, title, count).project
            for what, found in peaks.items():
                found.append(self._peak(what, project))
        small, large = counts
        for what, (before, after) in peaks.items():
            name = {"pull": "full pull", "sdk": "SDK export"}[what]
            aim = "at most 1.3" if what == "pull" else ""
            print(
                f"| memory, {name} | {after:,} MB of {large:,} | {before:,} MB of {small:,}"
                f" | {after / before:.2f} | | {aim} |"
            )

    def _peak(self, what: str, project: int) -> int:
        command = [sys.executable, "-m", "benchmarks.sync_memory", what, self._server.url]
        done = subprocess.run(
            [*command, str(project), str(self._folder / f"{what} {project}.sqlite3")],
            input=self._server.token, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return int(done.stdout)


def _config(studio: Studio, ledger: Ledger) -> str:
    known = ledger.project("s")
    project = studio.project(known.number) if known else None
    assert project is not None  # noqa: S101
    return project.label_config


@contextmanager
def copied(ledger: Ledger, path: Path) -> Iterator[Ledger]:
    """Give a ledger of one's own that knows the same tasks, as after a push."""
    with sqlite3.connect(path) as copy:
        ledger.copy_to(copy)
    with open_ledger(path) as opened:
        yield opened


def in_turn(names: Sequence[T], number: int) -> list[T]:
    """Return what is measured in an order of chance, another one each time.

    What one leaves behind on the server, a grown database or memory to tidy, slows the next.
    """
    return random.Random(number).sample(names, len(names))  # noqa: S311


def cores_at_work(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that it took, and the mean number of the machine's cores at work."""
    begun = _idle()
    seconds = timed(work)
    return seconds, (os.cpu_count() or 1) - (_idle() - begun) / seconds


def _idle() -> float:
    """Return the seconds that all cores together had nothing to do, since the machine's start."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split(maxsplit=6)
    return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")


def wait(seconds: float) -> None:
    """Wait, telling so."""
    if seconds > 0:
        print(f"(waiting {seconds:.0f} s for the overlap to pass)", file=sys.stderr)
        time.sleep(seconds)


def row(
    what: str, ours: Sequence[float], peer: str, theirs: Sequence[float], aim: float, count: int = 0
) -> None:
    """Print a row of the rounds' seconds, or of the rates of `count` in them.

    These are of the median; the ratios of the median round and of the fastest.
    """
    middle = [statistics.median(seconds) for seconds in (ours, theirs)]
    mine, other = (f"{count / one:,.0f}" if count else f"{one:,.2f}" for one in middle)
    ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
    fastest = min(theirs) / min(ours)
    print(f"| {what} | {mine} | {peer} {other} | {ratio:.2f} | {fastest:.2f} | {aim} |")


def workers(folder: Path, count: int, rounds: int) -> None:
    """Print how two workers and readers on PostgreSQL compare with one."""
    programs = find_postgres()
    if programs is None:
        print("(no PostgreSQL here: the row of its workers is left out)", file=sys.stderr)
        return
    with temporary_cluster(programs) as cluster, ExitStack() as stack:
        name = cluster.database()
        cluster.sql("CREATE EXTENSION pg_trgm", name)
        database, _ = read_address(cluster.address(name))
        # Both run all the time, on one database; who is not asked does nothing.
        servers = {
            number: stack.enter_context(team_server(folder, Team(database, workers=number)))
            for number in (1, 2)
        }
        bench = Bench(servers[1], folder, count, rounds)
        studios = {n: stack.enter_context(server.studio()) for n, server in servers.items()}
        with bench.room("team") as (studio, ledger, title):
            place = bench.fill(studio, ledger, title, count)
            took: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
            # Once more at first, for what a new worker loads.
            for turn in range(2 * rounds + 1):
                for number in in_turn((1, 2), turn):
                    with copied(ledger, folder / f"team {number} {turn}.sqlite3") as full:
                        work = partial(pull, studios[number], full, place, SCHEMA, jobs=number)
                        took[number].append(cores_at_work(work))
    one, two = ([seconds for seconds, _ in took[number][1:]] for number in (1, 2))
    row("full pull by 2 readers from 2 workers, articles/s", two, "1 and 1", one, 1.6, count)
    cores = [statistics.median(at_work for _, at_work in took[number][1:]) for number in (1, 2)]
    used = f"{cores[1]:.2f} | 1 and 1 {cores[0]:.2f}"
    print(f"| cores at work, of {os.cpu_count()} | {used} | | | |")


@contextmanager
def team_server(folder: Path, team: Team) -> Iterator[Server]:
    """Run Label Studio under gunicorn on PostgreSQL with so many workers; all have one login."""
    private = folder / f"team of {team.workers}"
    private.mkdir(mode=0o700)
    local = LocalServer(private)
    login = folder / "team.json"
    if login.exists():
        write_private(private / "login.json", login.read_bytes())
    else:
        write_private(login, msgspec.json.encode(local.login()))
    running = local.start("127.0.0.1", free_port("127.0.0.1"), team=team)
    try:
        yield Server(running.url, local.login().token, running.pid)
    finally:
        local.stop(running)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--memory", type=int, nargs=2, default=(1_000, 10_000))
    given = parser.parse_args()
    print("| what | ours | beside | ratio | of the fastest | aim |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        local = LocalServer(folder / "server")
        (folder / "server").mkdir(mode=0o700)
        with local.use() as running:
            bench = Bench(
                Server(running.url, local.login().token, running.pid),
                folder,
                given.articles,
                given.rounds,
            )
            bench.pushes()
            bench.pulls()
            bench.memory(given.memory)
        workers(folder, 3 * given.articles, given.rounds)


if __name__ == "__main__":
    main()
