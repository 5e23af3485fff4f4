"""A workspace behind a fault proxy, two people who annotate in it, and what they did.

What people do is written down as they do it, so that in the end the server, the ledger and a
dataset can be compared with it.
"""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import (
    AbstractContextManager,
    ExitStack,
    nullcontext,
    redirect_stderr,
    redirect_stdout,
)
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from unittest import mock

from annotate import cli
from annotate.corpus import Article, read_articles
from annotate.errors import AnnotateError
from annotate.formats import Marked
from annotate.studio.encode import encode_spans, encode_task
from annotate.studio.ledger import open_ledger
from annotate.studio.ledger.verify import verify
from tests.conftest import Server, lay_out
from tests.factories import sample_schema
from tests.proxy import Fault, FaultProxy
from tests.studio.agreeing import (
    SKIPPED,
    Count,
    Key,
    Marks,
    Told,
    compare,
    compare_dataset,
    compare_ledger,
    compare_texts,
)

_BATCH = 3

# So that a few articles are several batches and pages, and nobody waits long for nothing.
SMALL: dict[str, Any] = {
    "annotate.studio.fetching._LEAST": 3,
    "annotate.studio.fetching._MOST": 3,
    "annotate.studio.client.Studio.changed_tasks.__defaults__": (3,),
    "annotate.studio.retrying._LONGEST": 0.05,
    "annotate.studio.pushing.sending._LOOKS": (0.0, 0.1, 0.2, 0.4),
}
_COMMAND = """
from unittest import mock
for name, value in {}.items():
    mock.patch(name, value).start()
from annotate.cli import main
main()
"""


class Written(NamedTuple):
    """An article in two versions with the same spans; the second has more sentences."""

    first: Marked
    second: Marked


class Work(NamedTuple):
    """What somebody did in an article: marked those of its spans, or skipped it."""

    spans: tuple[int, ...]
    skipped: bool = False


Shown = Mapping[str, Marked]


class OwnServer(Protocol):
    """A server that faults may kill and lock."""

    database: Path

    def kill(self) -> None: ...

    def start(self) -> None: ...


class Room:
    """A workspace on a server behind a proxy; `people` are two who annotate there.

    `dice` are of the run's seed; `key` is the token that commands show. `own` is the server if
    faults may kill it, `killed` whether one killed what it should.
    """

    def __init__(
        self, root: Path, people: Sequence[Server], proxy: FaultProxy, dice: random.Random,
        written: Mapping[str, Written], own: OwnServer | None = None,
    ) -> None:  # fmt: skip
        self.root = root
        self.people = people
        self.server = people[0]
        self.proxy = proxy
        self.dice = dice
        self.written = written
        self.own = own
        self.killed = False
        self.key = self.server.login.token
        self.title = f"Faults {uuid.uuid4().hex[:12]}"
        self.texts = {name: versions.first for name, versions in written.items()}
        self.work: dict[Key, Work] = {}
        self._lay_out()

    @cached_property
    def twin(self) -> Room:
        """Another workspace of this project, as a colleague has it; the rest is one."""
        twin = copy(self)
        twin.root = self.root.with_name("twin")
        twin._lay_out()  # noqa: SLF001, its own
        return twin

    def _lay_out(self) -> None:
        lay_out(self.root, self.title, {})
        with (self.root / "annotate.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"[label-studio]\nbatch-size = {_BATCH}\n")
        self.save(self.texts)

    # The corpus.

    def save(self, articles: Iterable[str]) -> None:
        """Write articles as people save them: decomposed, with line ends of another system."""
        for name in articles:
            raw = unicodedata.normalize("NFD", self.texts[name].text).replace("\n", "\r\n")
            (self.root / "corpus" / f"{name}.txt").write_bytes(raw.encode())
        read = {article.id: article.text for article in self.articles()}
        assert read == {name: marked.text for name, marked in self.texts.items()}

    def articles(self) -> list[Article]:
        """Return the articles as the corpus has them."""
        return read_articles([self.root / "corpus"])

    def change_texts(self, count: int = 2) -> None:
        """Have some annotated articles get another text."""
        annotated = sorted({key.article for key in self.work})
        changed = self.dice.sample(annotated, min(count, len(annotated)))
        for name in changed:
            first, second = self.written[name]
            self.texts[name] = second if self.texts[name] is first else first
        self.save(changed)

    # Commands.

    @property
    def environ(self) -> dict[str, str]:
        """What a command is told of the server."""
        return {"LABEL_STUDIO_URL": self.proxy.url, "LABEL_STUDIO_API_KEY": self.key}

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.root / ".annotate" / "ledger.sqlite3"

    def run(self, *arguments: str) -> str:
        """Run a command in this process and return what it printed; its failure is raised."""
        printed = io.StringIO()
        with ExitStack() as stack:
            stack.enter_context(mock.patch.dict(os.environ, self.environ))
            for name, value in SMALL.items():
                stack.enter_context(mock.patch(name, value))
            stack.enter_context(redirect_stdout(printed))
            stack.enter_context(redirect_stderr(io.StringIO()))
            own = ["--workspace", str(self.root)]
            cli.annotate(args=[*arguments, *own], prog_name="annotate", standalone_mode=False)
        return printed.getvalue()

    def attempt(self, *arguments: str) -> AnnotateError | None:
        """Run a command that may fail; return with what."""
        try:
            self.run(*arguments)
        except AnnotateError as error:
            return error
        return None

    def again(self, *arguments: str) -> None:
        """Run a command without faults, once more if it fails; that it fails twice is raised."""
        self.proxy.faults = []
        if self.attempt(*arguments) is not None:
            self.run(*arguments)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command as a process."""
        command = _COMMAND.format(SMALL)
        return subprocess.Popen(
            [sys.executable, "-c", command, *arguments, "--workspace", str(self.root)],
            env={**os.environ, **self.environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, encoding="utf-8", **options,
        )  # fmt: skip

    def live(
        self, trouble: Callable[[], Sequence[Fault]] = list,
        within: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> list[AnnotateError]:  # fmt: skip
        """Push, annotate, pull, change texts, push and pull: in trouble, and then without.

        `trouble` makes the faults of one command, `within` other trouble around it. Returns
        what commands in trouble failed with.
        """
        failures: list[AnnotateError | None] = []
        for command, then in (
            ("push", self.annotate), ("pull", self.edit_and_change), ("push", None), ("pull", None)
        ):  # fmt: skip
            self.proxy.faults = list(trouble())
            with within():
                failures.append(self.attempt(command))
            self.again(command)
            if then is not None:
                then()
        return [error for error in failures if error is not None]

    # What people do.

    def annotate(self) -> None:
        """Have people submit, one request each, as the browser does."""
        for person, article, task in self._free():
            if self.dice.random() < 0.4 or not self.work:
                self.submit(person, article, task)

    def submit(self, person: Server, article: str, task: int, shown: Shown | None = None) -> None:
        """Have a person submit what they marked in a task, or skip it."""
        work = self._draw(article)
        body = self._body(article, work, shown)
        made = person.call("POST", f"api/tasks/{task}/annotations", body)
        self.work[Key(made["id"], article, person.login.email)] = work

    def edit(self, *kinds: str, shown: Shown | None = None) -> None:
        """Have somebody change, delete or add an annotation.

        `shown` are the texts in their browser, by default those that articles have now.
        """
        kind = self.dice.choice(kinds or ("change", "delete", "add"))
        if kind == "add" or not self.work:
            if free := self._free():
                self.submit(*self.dice.choice(free), shown)
            return
        key = self.dice.choice(sorted(self.work))
        person = next(one for one in self.people if one.login.email == key.person)
        if kind == "delete":
            person.call("DELETE", f"api/annotations/{key.number}")
            del self.work[key]
        else:
            work = self._draw(key.article)
            body = self._body(key.article, work, shown)
            person.call("PATCH", f"api/annotations/{key.number}", body)
            self.work[key] = work

    def shown(self) -> Shown:
        """Return the version of each article that the server shows."""
        told = {task["meta"]["article"]: task["data"]["text"] for task in self.export()}
        return {
            article: next(one for one in self.written[article] if one.text == text)
            for article, text in told.items()
        }

    def edit_and_change(self) -> None:
        """Have people edit, and articles change."""
        for kind in ("change", "delete"):
            self.edit(kind)
        self.change_texts()

    def fill(self) -> None:
        """Have everything pushed and annotated, by one request past the commands."""
        self.run("push", "--limit", "0")
        drawn = {
            (article, person.login.email): self._draw(article)
            for article in self.texts
            for person in self.dice.sample(self.people, self.dice.randint(0, 2))
        }
        tasks = [
            encode_task(sample_schema(), article, ())
            | {
                "annotations": [
                    self._body(name, work) | {"completed_by": {"email": person}}
                    for (name, person), work in drawn.items()
                    if name == article.id
                ]
            }
            for article in self.articles()
        ]
        self.server.call("POST", f"api/projects/{self.project()}/import", tasks)
        for one in self.told():
            self.work[one.key] = drawn[one.key.article, one.key.person]
        self.run("push")

    def _free(self) -> list[tuple[Server, str, int]]:
        """Return who could still annotate which article, in which task."""
        done = {(key.article, key.person) for key in self.work}
        tasks = {task["meta"]["article"]: task["id"] for task in self.export()}
        pairs = [(person, *one) for one in sorted(tasks.items()) for person in self.people]
        return [pair for pair in pairs if (pair[1], pair[0].login.email) not in done]

    def _draw(self, article: str) -> Work:
        """Choose what somebody marks in an article."""
        everything = range(len(self.texts[article].spans))
        if self.dice.random() < 0.1:
            return Work((), skipped=True)
        return Work(tuple(self.dice.sample(everything, self.dice.randint(1, len(everything)))))

    def _body(self, article: str, work: Work, shown: Shown | None = None) -> dict[str, Any]:
        marked = (shown or self.texts)[article]
        spans = [marked.spans[number] for number in work.spans]
        result = encode_spans(sample_schema(), marked.text, spans)
        return {"result": result, "was_cancelled": work.skipped}

    # What there is, told past our own client, and whether it agrees.

    def project(self) -> int:
        """Return the number of the one project with the workspace's title."""
        told = self.server.call("GET", f"api/projects?title={self.title.replace(' ', '%20')}")
        (number,) = [one["id"] for one in told["results"] if one["title"] == self.title]
        return int(number)

    def export(self) -> list[dict[str, Any]]:
        """Return the server's own export."""
        query = "exportType=JSON&download_all_tasks=true"
        told: list[dict[str, Any]]
        told = self.server.call("GET", f"api/projects/{self.project()}/export?{query}")
        return told

    def told(self) -> list[Told]:
        """Return the annotations on the server, each mark proved against its task's text."""
        people = {one["id"]: one["email"] for one in self.server.call("GET", "api/users")}
        return [
            Told(
                Key(one["id"], task["meta"]["article"], people[one["completed_by"]]),
                SKIPPED if one["was_cancelled"] else _proved(one["result"], task["data"]["text"]),
                one["updated_at"],
            )
            for task in self.export()
            for one in task["annotations"]
        ]

    def agree(self) -> Count:
        """Count what server, ledgers and datasets have otherwise than it was done."""
        twin = self.__dict__.get("twin")
        return self._agree() + (twin.agree() if twin else Count())

    def _agree(self) -> Count:
        told, tasks = self.told(), self.export()
        wanted = {key: self._wanted(key.article, work) for key, work in self.work.items()}
        texts = {article: marked.text for article, marked in self.texts.items()}
        shown = {task["id"]: (task["meta"]["article"], task["data"]["text"]) for task in tasks}
        with open_ledger(self.ledger) as ledger:
            broken: list[object] = []
            verify(ledger, broken.append)
            assert not broken, broken
            (place,) = ledger.places(self.proxy.url)
            assert place.project == self.project()
            known = {
                task: (article, version.text if version else "")
                for task, (article, sha256) in ledger.tasks(place).items()
                for version in (ledger.version(article, sha256),)
            }
            annotations = list(ledger.annotations(place))
        # A task that only one of both knows.
        other = Count(displaced=len(known.keys() ^ shown.keys()))
        return (
            other
            + compare_texts(texts, shown.values())
            + compare_texts(texts, known.values())
            + compare(wanted, [(one.key, one.marks) for one in told])
            + compare_ledger(wanted, annotations)
            + compare_dataset(told, self.articles(), annotations)
        )

    def _wanted(self, article: str, work: Work) -> Marks:
        spans = self.texts[article].spans
        marked = (spans[number] for number in work.spans)
        return SKIPPED if work.skipped else frozenset((s.label, s.start, s.end) for s in marked)


def _proved(result: list[dict[str, Any]], text: str) -> Marks:
    """Return a result's marks; one whose words are not at its place is none that anyone made."""
    values = [mark["value"] for mark in result]
    return frozenset(
        (v["labels"][0] if text[v["start"] : v["end"]] == v["text"] else "", v["start"], v["end"])
        for v in values
    )
