"""What was decided about marks, and when people made them, outlasts a migration of the schema."""

from __future__ import annotations

import msgspec
import pytest

from annotate.corpus import Article
from annotate.errors import StudioError
from annotate.schema import Schema
from annotate.schema.model import Changes, EntityChanges, Migration, RelationType
from annotate.spans import Annotation, Relation
from annotate.studio.client import Studio
from annotate.studio.ledger import Ledger, Place
from annotate.studio.migrate import Done, _is_as_expected, migrate
from annotate.studio.pull import pull
from annotate.studio.pushing import plan_push, push
from annotate.studio.quarantine import Choice, accept, drop, list_marks
from tests.conftest import Server
from tests.factories import make_article, make_entity, make_schema
from tests.studio.marks import arrow_mark, span_mark
from tests.studio.people import sign_up
from tests.studio.test_migrate import Cutting

TEXT = "Ông Lê An là Trung tá. Bà Mai, vợ ông Lê An, là Trung uý."
ARTICLE = make_article(TEXT, "mot")
SCHEMA = make_schema(version="1.0.0")
NEXT = make_schema(
    version="2.0.0",
    entities=(make_entity("HUMAN", "Person"), make_entity("RANK", "Rank")),
    relations=(RelationType(name="has_rank", title="holds", head=("HUMAN",), tail=("RANK",)),),
    migrations=(
        Migration(
            old="1.0.0", to="2.0.0", entities=EntityChanges(rename={"PERSON": "HUMAN"}),
            relations=Changes(rename={"holds_rank": "has_rank"}),
        ),
    ),
)  # fmt: skip
RANK = span_mark("r", "RANK", 13, 21, text="Trung tá")
# Says that it is another text than stands there: it is set aside.
WRONG = span_mark("w", "PERSON", 0, 5, text="Lê An")
MAI = span_mark("m", "PERSON", 23, 29, text="Bà Mai")


class Room:
    """A project with one article, which somebody annotates."""

    def __init__(self, studio: Studio, ledger: Ledger, title: str) -> None:
        self.studio, self.ledger, self.title = studio, ledger, title
        (self.place,) = self.push(ARTICLE)
        (self.task,) = ledger.tasks(self.place)

    def push(self, article: Article) -> tuple[Place, ...]:
        target = (self.studio, self.ledger, "s", self.title, SCHEMA)
        return push(*target, plan_push(*target, [article])).places

    def pull(self, schema: Schema = SCHEMA, *, full: bool = False) -> int:
        return pull(self.studio, self.ledger, self.place, schema, full=full).added

    def migrate(self, studio: Studio | None = None) -> Done:
        return migrate(studio or self.studio, self.ledger, "s", self.title, NEXT)

    def counts(self) -> Annotation:
        (annotation,) = self.ledger.annotations(self.place)
        return annotation


@pytest.fixture
def room(studio: Studio, ledger: Ledger, title: str) -> Room:
    return Room(studio, ledger, title)


def extents(annotation: Annotation) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.label) for span in annotation.spans]


def test_a_mark_that_was_dropped_stays_dropped_when_its_label_gets_another_name(room: Room) -> None:
    room.studio.annotate(room.task, [WRONG, RANK, MAI])
    room.pull()
    drop(room.ledger, list_marks(room.ledger, [room.place]))
    done = room.migrate()
    assert (done.verified, done.edited) == (1, 0)
    assert extents(room.counts()) == [(13, 21, "RANK"), (23, 29, "HUMAN")]
    assert room.counts().set_aside == ()
    for full in (False, True):
        assert room.pull(NEXT, full=full) == 0
    # And it can be decided otherwise.
    (mark,) = list_marks(room.ledger, [room.place])
    accept(room.ledger, NEXT, [mark], Choice(candidate=1))
    assert extents(room.counts())[0] == (4, 9, "HUMAN")


def test_a_mark_that_was_accepted_counts_under_the_new_name(room: Room) -> None:
    room.studio.annotate(room.task, [WRONG, RANK, arrow_mark("w", "holds", "r")])
    room.pull()
    span = next(m for m in list_marks(room.ledger, [room.place]) if m.mark.get("id") == "w")
    accept(room.ledger, SCHEMA, [span], Choice(candidate=2))
    arrows = [m for m in list_marks(room.ledger, [room.place]) if m.decision is None]
    accept(room.ledger, SCHEMA, arrows, Choice())
    before = room.counts()
    assert before.relations == (Relation(head="w", tail="r", label="holds_rank"),)
    assert room.migrate().verified == 1
    after = room.counts()
    assert extents(after) == [(13, 21, "RANK"), (38, 43, "HUMAN")]
    assert after.relations == (Relation(head="w", tail="r", label="has_rank"),)
    assert room.pull(NEXT, full=True) == 0


@pytest.mark.parametrize("at", [2, 3, 4])
def test_a_pull_while_a_migration_is_cut_off_forgets_no_decision(
    room: Room, server: Server, at: int
) -> None:
    room.studio.annotate(room.task, [WRONG, RANK])
    room.pull()
    drop(room.ledger, list_marks(room.ledger, [room.place]))
    transport = Cutting(at, carried_out=True)
    with Studio(server.url, server.login.token, transport) as faulty, pytest.raises(StudioError):
        room.migrate(faulty)
    for full in (False, True):
        room.pull(SCHEMA, full=full)
    assert room.migrate().verified == 1
    assert extents(room.counts()) == [(13, 21, "RANK")]
    assert len(room.counts().decided) == 1


def test_a_span_that_is_missing_is_found_out_also_beside_marks_in_quarantine(room: Room) -> None:
    room.studio.annotate(room.task, [WRONG, RANK, MAI])
    room.pull()
    whole = room.counts()
    less = msgspec.structs.replace(whole, spans=whole.spans[:1])
    assert _is_as_expected(whole, whole)
    assert not _is_as_expected(whole, less)
    # A mark that holds now may bring more, never less.
    held = msgspec.structs.replace(less, set_aside=())
    assert not _is_as_expected(whole, held)
    assert _is_as_expected(less, msgspec.structs.replace(whole, set_aside=()))


def test_what_was_left_of_an_earlier_text_gets_the_new_name_too(room: Room) -> None:
    room.studio.annotate(room.task, [MAI, RANK])
    room.push(msgspec.structs.replace(ARTICLE, text=TEXT.replace("Bà Mai, vợ", "Vợ")))
    (left,) = room.counts().set_aside
    assert b"PERSON" in bytes(left.mark)
    room.migrate()
    (left,) = room.counts().set_aside
    assert msgspec.json.decode(left.mark)["value"]["labels"] == ["HUMAN"]
    (mark,) = list_marks(room.ledger, [room.place])
    accept(room.ledger, NEXT, [mark], Choice(at=(4, 9)))
    assert extents(room.counts()) == [(4, 9, "HUMAN"), (13, 21, "RANK")]


def test_who_changed_an_annotation_last_is_the_same_after_a_migration_and_a_new_text(
    room: Room, server: Server
) -> None:
    mine = room.studio.annotate(room.task, [MAI, RANK])
    with sign_up(server, f"other{room.place.project}@example.org") as other:
        theirs = other.annotate(room.task, [RANK])
    room.pull()
    made = {one.id: one.updated_at for one in room.ledger.annotations(room.place)}
    # Only the first has the label, and the words that move: the server gives it a newer time.
    room.push(msgspec.structs.replace(ARTICLE, text="Tin mới. " + TEXT))
    room.migrate()
    told = {one.id: one.updated_at for one in room.ledger.annotations(room.place)}
    assert made == told
    assert told[mine] < told[theirs]
    (task,) = room.studio.some_tasks(room.place.project, [room.task])
    assert {one.id: one.updated_at for one in task.annotations}[mine] > told[theirs]
    # From now on it is again the server that tells.
    room.studio.set_result(mine, [])
    room.pull(NEXT)
    (now,) = [one for one in room.ledger.annotations(room.place) if one.id == mine]
    assert now.updated_at > told[theirs]


def test_the_time_stays_when_no_answer_came_to_what_was_written(room: Room, server: Server) -> None:
    room.studio.annotate(room.task, [MAI, RANK])
    room.pull()
    made = room.counts().updated_at
    transport = Cutting(3, carried_out=True)
    with Studio(server.url, server.login.token, transport) as faulty, pytest.raises(StudioError):
        room.migrate(faulty)
    (task,) = room.studio.some_tasks(room.place.project, [room.task])
    assert b"HUMAN" in bytes(task.annotations[0].result)
    room.migrate()
    assert room.counts().updated_at == made
