"""What goes wrong on the way to the Hub."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.dataset.publish.answers import (
    Answer,
    Fault,
    altered,
    cut,
    cut_after,
    fail_after,
    refuse,
    retry_later,
)
from tests.dataset.publish.faulting import Stage, fault
from tests.dataset.publish.hub import ORGANISATION, TOKEN, LocalHub
from tests.dataset.publish.making import contents
from tests.dataset.publish.repositories import ATTRIBUTES
from tests.dataset.publish.serving import running_hub

HUB = "the Hub"
REPO = f"{ORGANISATION}/tin-tuc"
COMMIT = f"POST /api/datasets/{REPO}/commit/main"
TAG = f"POST /api/datasets/{REPO}/tag/.*"
UPLOAD = "PUT /lfs/.*"
# Of a file's bytes and of what is known of it.
READ = r"(GET|HEAD) /(lfs/|datasets/.*/resolve/).*"

# As often as huggingface_hub tries, and more.
EVERY = 40


class HubStage(Stage):
    """A repository of a Hub on loopback."""

    target = f"hf://{REPO}"

    def __init__(self, folder: Path, dice: random.Random, hub: LocalHub) -> None:
        super().__init__(folder, dice)
        self.hub = hub
        self.environ = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN}

    def loaded(self) -> dict[str, bytes]:
        """Return the files of the last commit."""
        files = self.hub.repositories[REPO].head.files
        return {name: data for name, data in files.items() if name not in ATTRIBUTES}

    def strays(self) -> list[str]:
        """Return tags of what nobody called done, and other repositories."""
        tags = {*self.hub.repositories[REPO].tags} - {"v1"}
        return [*tags, *(self.hub.repositories.keys() - {REPO})]

    def heal(self) -> None:
        """Let the Hub do what it is asked for."""
        self.hub.heal()

    def fail(self, request: str, *faults: Fault) -> None:
        """Apply faults to requests of the next publishing."""
        self.hub.fail(request, *faults)

    def killing(self, *, after: bool = False) -> Fault:
        """Return the fault that kills the process that asks, before or after the work."""

        def fault(work: Callable[[], Answer]) -> None:
            if after:
                work()
            self.kill()

        return fault

    def some(self, *faults: Fault) -> list[Fault]:
        """Return from one to three of the faults, in any order."""
        return [self.dice.choice(faults) for _ in range(self.dice.randint(1, 3))]


@contextmanager
def hub_stage(folder: Path, dice: random.Random) -> Iterator[HubStage]:
    """Give a stage on a Hub of its own."""
    with running_hub() as hub:
        yield HubStage(folder, dice, hub)


@fault(HUB, "the commit is refused", "failed", "old", r"the Hub refused it \(HTTP 400, no")
def refused_commit(stage: HubStage) -> None:
    stage.fail(COMMIT, refuse(400, "no thanks"))


@fault(HUB, "two commits at the same moment", "failed", "old", "another change is under way")
def parallel_commit(stage: HubStage) -> None:
    stage.fail(COMMIT, refuse(409, "Another commit is in progress"))


@fault(HUB, "somebody commits in between", "failed", "old", "somebody else changed it meanwhile")
def overtaken(stage: HubStage) -> None:
    def meddle(work: Callable[[], Answer]) -> Answer:
        card = stage.loaded()["README.md"]
        stage.hub.meddle(REPO, "README.md", card)
        return work()

    stage.fail(COMMIT, meddle)


@fault(HUB, "the Hub fails at the commit", "failed", "old", r"the Hub failed \(HTTP 50\d\)")
def failing_commit(stage: HubStage) -> None:
    stage.fail(COMMIT, refuse(stage.dice.choice([500, 502, 503, 504])))


@fault(HUB, "the connection breaks at the commit", "failed", "old", "the connection .* broke")
def cut_commit(stage: HubStage) -> None:
    stage.fail(COMMIT, cut)


@fault(HUB, "the commit is made, its answer is lost", "recovered", "new")
def lost_answer(stage: HubStage) -> None:
    stage.fail(COMMIT, stage.dice.choice([fail_after(500), fail_after(502), cut_after]))


@fault(
    HUB, "the commit is made, then the network is gone", "failed", "new",
    "did not say whether it took the new version",
)  # fmt: skip
def lost_network(stage: HubStage) -> None:
    def gone(work: Callable[[], Answer]) -> None:
        work()
        stage.fail(f"GET /api/datasets/{REPO}", *[cut] * EVERY)

    stage.fail(COMMIT, gone)


@fault(HUB, "uploads are cut or fail, then go through", "recovered", "new")
def rough_uploads(stage: HubStage) -> None:
    stage.fail(UPLOAD, *stage.some(cut, cut_after, refuse(500), refuse(503), retry_later(429)))


@fault(HUB, "every upload is cut", "failed", "old", "took nothing: the connection .* broke")
def cut_uploads(stage: HubStage) -> None:
    stage.fail(UPLOAD, *[cut] * EVERY)


@fault(HUB, "a large file is refused", "failed", "old", "took nothing: .*gives no right.*403")
def refused_upload(stage: HubStage) -> None:
    stage.fail(UPLOAD, refuse(403, "expired"))


@fault(HUB, "large files are not taken", "failed", "old", "HTTP 413, too large")
def refused_batch(stage: HubStage) -> None:
    stage.fail("POST .*/batch", refuse(413, "too large"))


@fault(HUB, "the token expires in the middle", "failed", "old", "does not accept HF_TOKEN")
def expired_token(stage: HubStage) -> None:
    request = stage.dice.choice(["POST .*/preupload/main", "POST .*/batch", COMMIT])
    stage.fail(request, refuse(401, "Invalid credentials in Authorization header"))


@fault(HUB, "the right to write is taken away", "failed", "old", "HF_TOKEN gives no right to it")
def lost_right(stage: HubStage) -> None:
    request = stage.dice.choice(["POST .*/preupload/main", "POST .*/batch", COMMIT])
    stage.fail(request, refuse(403, "You don't have the rights"))


@fault(HUB, "the dataset changes before it is sent", "failed", "old", "changed while it was being")
def changed_before(stage: HubStage) -> None:
    stage.change("Searching for names", len(contents(stage.new)))


@fault(HUB, "a file reads back otherwise", "failed", "new", "read back from .* is not what was")
def altered_file(stage: HubStage) -> None:
    stage.fail("GET /lfs/.*", altered)


@fault(HUB, "reading back is cut or fails, then goes on", "recovered", "new")
def rough_reading(stage: HubStage) -> None:
    def rough(work: Callable[[], Answer]) -> Answer:
        answer = work()
        stage.fail(READ, *stage.some(cut, cut_after, refuse(503), retry_later(429)))
        return answer

    stage.fail(COMMIT, rough)


@fault(HUB, "nothing can be read back", "failed", "new", "has the commit .*, which cannot be read")
def no_reading(stage: HubStage) -> None:
    def broken(work: Callable[[], Answer]) -> Answer:
        answer = work()
        stage.fail(READ.replace("HEAD", "GET"), *[refuse(503)] * EVERY)
        return answer

    stage.fail(COMMIT, broken)


@fault(HUB, "the tag is refused", "failed", "new", "has the new version .*, but not the tag v1")
def refused_tag(stage: HubStage) -> None:
    stage.options["tag"] = "v1"
    stage.fail(TAG, refuse(stage.dice.choice([403, 500])))


@fault(HUB, "kill -9 while files are uploaded", "killed", "old")
def killed_uploading(stage: HubStage) -> None:
    request = stage.dice.choice(["POST .*/preupload/main", "POST .*/batch", UPLOAD])
    stage.fail(request, stage.killing(after=stage.dice.random() < 0.5))


@fault(HUB, "kill -9 before the commit is made", "killed", "old")
def killed_before(stage: HubStage) -> None:
    stage.fail(COMMIT, stage.killing())


@fault(HUB, "kill -9 after the commit was made", "killed", "new")
def killed_after(stage: HubStage) -> None:
    stage.fail(COMMIT, stage.killing(after=True))


@fault(HUB, "kill -9 while it is read back", "killed", "new")
def killed_reading(stage: HubStage) -> None:
    def later(work: Callable[[], Answer]) -> Answer:
        answer = work()
        stage.fail(READ, stage.killing(after=stage.dice.random() < 0.5))
        return answer

    stage.fail(COMMIT, later)
