"""What the commands about quarantine share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from annotate.cli.common import LOCAL, load_workspace_schema
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from rich.text import Text

    from annotate.cli.marking import Painter
    from annotate.schema import Schema
    from annotate.studio.ledger import Ledger
    from annotate.studio.quarantine import Quarantined

F = TypeVar("F", bound=Callable[..., Any])

KEPT = (
    "Noted in the ledger; nothing on the server was changed. Pulls keep it until somebody"
    " changes or deletes the mark there."
)


def filter_options(command: F) -> F:
    """Give the command `article` and `annotator`."""
    article = click.option("--article", metavar="ARTICLE", help="Only marks in this article.")
    annotator = click.option("--annotator", metavar="WHO", help="Only marks of this person.")
    return article(annotator(command))


class Desk(NamedTuple):
    """An opened ledger, the schema as annotators see it, and all marks in quarantine."""

    ledger: Ledger
    schema: Schema
    marks: list[Quarantined]


@contextmanager
def open_quarantine(workspace: Workspace) -> Iterator[Desk]:
    """Open the ledger and list what is in quarantine."""
    from annotate.studio.ledger import open_ledger
    from annotate.studio.quarantine import list_marks

    with open_ledger(workspace.ledger_path) as ledger:
        server = workspace.url or LOCAL
        known = ledger.project(server)
        page = known.page if known else None
        schema = page.drawn if page else load_workspace_schema(workspace)
        yield Desk(ledger, schema, list_marks(ledger, ledger.places(server)))


def only(
    marks: Iterable[Quarantined], article: str | None, annotator: str | None
) -> list[Quarantined]:
    """Return the marks of an article and of a person, told by address or the part before @."""
    return [
        one
        for one in marks
        if article in {None, one.annotation.article}
        and annotator in {None, person(one), person(one).partition("@")[0]}
    ]


def is_open(one: Quarantined) -> bool:
    """Whether nobody has decided about a mark, and somebody can."""
    return one.decision is None and one.kind != "draft"


def person(one: Quarantined) -> str:
    """Return who made a mark."""
    return one.annotation.annotator


def text_of(desk: Desk, one: Quarantined) -> str:
    """Return the text that was annotated, empty when the ledger does not have it."""
    article = desk.ledger.version(one.annotation.article, one.annotation.sha256)
    return article.text if article else ""


def told(one: Quarantined, text: str, painter: Painter) -> Text:
    """Return what a mark says that it is, on one line; `text` is what was annotated."""
    from rich.text import Text

    from annotate.cli.marking import one_line

    labels = ", ".join(one.labels) or "?"
    if one.is_relation:
        ends = [_end(one, text, one.mark.get(end)) for end in ("from_id", "to_id")]
        return Text(ends[0]).append(f" ─{labels}→ ", "bold").append(ends[1])
    answers = one.value.get("choices") or one.value.get("text")
    if isinstance(answers, list) and not one.labels:
        return Text(f"{one.mark.get('from_name')}: {', '.join(map(str, answers))}")
    shown = Text().append("[", "bold").append(one_line(one.witness or "…"), painter.style(labels))
    return shown.append("]", "bold").append(f"({labels})")


def _end(one: Quarantined, text: str, mark_id: object) -> str:
    """Return the text at one end of a relation, with a question mark when it does not count."""
    import msgspec

    from annotate.cli.marking import one_line

    for span in one.annotation.spans:
        if span.id == mark_id:
            return one_line(text[span.start : span.end])
    beside = (msgspec.structs.replace(one, aside=aside) for aside in one.annotation.set_aside)
    found = (other.witness for other in beside if other.mark.get("id") == mark_id)
    return one_line(next(filter(None, found), "")) + "?"


def outcome(one: Quarantined, text: str, painter: Painter) -> Text:
    """Return what was decided about a mark."""
    from rich.text import Text

    decision = one.decision
    if decision is None:
        return Text("open", "yellow")
    if decision.span:
        marked = painter.marked(text[decision.span.start : decision.span.end], decision.span)
        return Text("accepted as ", "green").append_text(marked)
    if decision.relation:
        return Text("accepted as ", "green").append(f"relation {decision.relation.label}", "bold")
    return Text("dropped", "red")


def as_json_object(one: Quarantined) -> dict[str, Any]:
    """Return a mark for scripts."""
    import msgspec

    annotation, decision = one.annotation, one.decision
    decided = decision and {
        "span": msgspec.to_builtins(decision.span),
        "relation": msgspec.to_builtins(decision.relation),
    }
    return {
        "id": one.id,
        "article": annotation.article,
        "annotator": annotation.annotator,
        "status": annotation.status,
        "annotation": annotation.id,
        "server": one.place.server,
        "project": one.place.project,
        "reason": one.aside.reason,
        "made_on": one.aside.sha256 or annotation.sha256,
        "stands": one.aside.span or None,
        "mark": msgspec.json.decode(one.aside.mark),
        "decided": decided,
    }
