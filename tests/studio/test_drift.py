"""The labelling page on the server, edited by hand: noticed, shown, never overwritten unasked."""

from __future__ import annotations

import msgspec
import pytest

from annotate.corpus import Article
from annotate.errors import StudioError
from annotate.schema import Schema, labelling_config
from annotate.schema.config import carried_schema
from annotate.schema.importing import import_config
from annotate.studio.client import Studio
from annotate.studio.doctor import Check, check_server
from annotate.studio.ledger import Ledger, Place
from annotate.studio.project import config_state
from annotate.studio.pushing import Plan, plan_push, push
from tests.conftest import Annotate, MakeWorkspace, Server
from tests.factories import make_entity, make_schema

ARTICLE = Article(id="a", text="Trung tá Lê An.")
# As somebody would in the settings page: another label, another title.
EDIT = ('<Label value="Person"', '<Label value="Added" alias="ADDED"/><Label value="Human"')


class Room:
    """A pushed project whose page may be edited by hand."""

    def __init__(self, server: Server, studio: Studio, ledger: Ledger, title: str) -> None:
        self.server, self.studio, self.ledger, self.title = server, studio, ledger, title
        self.schema = make_schema()
        self.place = self.push()

    def plan(self) -> Plan:
        return plan_push(self.studio, self.ledger, "s", self.title, self.schema, [ARTICLE])

    def push(self, *, force: bool = False) -> Place:
        target = (self.studio, self.ledger, "s", self.title, self.schema)
        (place,) = push(*target, self.plan(), force=force).places
        return place

    def config(self) -> str:
        project = self.studio.project(self.place.project)
        assert project is not None
        return project.label_config

    def edit(self, before: str, after: str) -> None:
        config = self.config().replace(before, after)
        assert config != self.config()
        self.set(config)

    def set(self, config: str) -> None:
        path = f"api/projects/{self.place.project}/"
        self.server.call("PATCH", path, {"label_config": config})

    def doctor(self) -> Check:
        checks = check_server(self.studio, self.ledger, "s", self.title, self.schema)
        return next(check for check in checks if check.name == "labelling page")


@pytest.fixture
def room(server: Server, studio: Studio, ledger: Ledger, title: str) -> Room:
    return Room(server, studio, ledger, title)


def test_an_edit_is_noticed_and_told(room: Room) -> None:
    assert room.plan().idle
    room.edit(*EDIT)
    plan = room.plan()
    assert plan.config == "edited"
    assert not plan.idle
    told = "; ".join(plan.edits)
    assert "ADDED" in told
    assert "Human" in told
    check = room.doctor()
    assert not check.ok
    assert "edited by hand" in check.found
    assert "ADDED" in check.found
    assert "schema import --project" in check.remedy


def test_an_edit_is_not_overwritten_unless_forced(room: Room) -> None:
    room.edit(*EDIT)
    edited = room.config()
    with pytest.raises(StudioError, match=r"edited by hand: .*ADDED") as refused:
        room.push()
    assert "--force" in refused.value.remedy
    assert room.config() == edited
    room.push(force=True)
    assert room.config() == labelling_config(room.schema)
    assert room.plan().idle


def test_an_edit_is_taken_in_and_the_page_is_in_step_again(room: Room) -> None:
    room.edit(*EDIT)
    room.schema = import_config(room.config()).schema
    assert room.schema.labels == ("ADDED", "PERSON", "RANK")
    room.push(force=True)
    assert room.plan().idle
    assert room.doctor().ok


def test_looks_and_line_breaks_are_told_apart(room: Room) -> None:
    room.set(room.config().replace("  <", "\n\t<"))
    assert room.plan().idle
    room.edit("line-height: 2", "line-height: 9")
    plan = room.plan()
    assert (plan.config, plan.edits) == ("edited", ())


def test_a_page_that_carries_no_schema_is_compared_with_what_was_set(room: Room) -> None:
    room.set('<View><Labels name="label" toName="text"><Label value="Other"/></Labels>'
             '<Text name="text" value="$text"/></View>')  # fmt: skip
    plan = room.plan()
    assert plan.config == "edited"
    assert any("Other" in edit for edit in plan.edits)
    room.push(force=True)
    assert room.plan().idle


def test_a_page_that_is_no_config_for_text_is_edited_too(room: Room) -> None:
    room.set('<View><Image name="i" value="$i"/><Choices name="c" toName="i">'
             '<Choice value="x"/></Choices></View>')  # fmt: skip
    assert room.plan().config == "edited"
    with pytest.raises(StudioError, match="edited by hand"):
        room.push()


def test_a_harmless_change_of_the_schema_needs_no_migration(room: Room) -> None:
    room.studio.annotate(next(iter(room.ledger.tasks(room.place))), [])
    wider = (*room.schema.entities, make_entity("ROLE", "Role"))
    room.schema = msgspec.structs.replace(room.schema, entities=wider)
    assert room.plan().config == "behind"
    assert "run `annotate push`" in room.doctor().remedy.lower()
    room.push()
    assert room.plan().idle


def with_fewer_labels(schema: Schema) -> Schema:
    return msgspec.structs.replace(schema, version="2", entities=schema.entities[:1], relations=())


def test_before_anybody_annotates_every_change_is_free(room: Room) -> None:
    room.schema = with_fewer_labels(room.schema)
    room.push()
    assert room.plan().idle


def test_a_change_that_concerns_annotations_asks_for_a_migration(room: Room) -> None:
    (task,) = room.ledger.tasks(room.place)
    mark = {"from_name": "label", "to_name": "text", "type": "labels", "id": "x"}
    value = {"start": 0, "end": 8, "labels": ["RANK"], "text": "Trung tá"}
    # Also where it is only a draft.
    body = {"result": [{**mark, "value": value}], "lead_time": 1}
    room.server.call("POST", f"api/tasks/{task}/drafts", body)
    room.schema = with_fewer_labels(room.schema)
    for force in (False, True):
        with pytest.raises(StudioError, match="concern annotations made under 1") as refused:
            room.push(force=force)
        assert "annotate schema migrate --to 2" in refused.value.remedy
    carried = carried_schema(room.config())
    assert carried is not None
    assert carried.schema.version == "1"
    project = room.studio.project(room.place.project)
    assert config_state(project, room.ledger, "s", room.schema) == "behind"


def test_pull_and_push_tell_of_an_edit(
    make_workspace: MakeWorkspace, annotate: Annotate, studio: Studio, server: Server
) -> None:
    workspace = make_workspace({"a.md": ARTICLE.text})
    assert annotate("push", "--workspace", workspace.root).status == 0
    (project,) = studio.projects_titled(workspace.settings.title)
    config = project.label_config.replace('value="Người"', 'value="Con người ta"')
    server.call("PATCH", f"api/projects/{project.id}/", {"label_config": config})

    pulled = annotate("pull", "--workspace", workspace.root)
    assert pulled.status == 0
    assert "edited by hand" in pulled.stderr
    assert "Con người ta" in pulled.stderr
    dry = annotate("push", "--dry-run", "--workspace", workspace.root)
    assert "Con người ta" in dry.stdout
    refused = annotate("push", "--workspace", workspace.root)
    assert (refused.status, "--force" in refused.stderr) == (1, True)
    out = workspace.root / "taken.yaml"
    taken = annotate("schema", "import", "--project", "--out", out, "--workspace", workspace.root)
    assert taken.status == 0, taken.stderr
    assert "Con người ta" in out.read_text(encoding="utf-8")
    assert annotate("push", "--force", "--workspace", workspace.root).status == 0
    assert annotate("doctor", "--workspace", workspace.root).status == 0
