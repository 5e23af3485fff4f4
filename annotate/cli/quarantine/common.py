"""What the commands about quarantine share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from annotate.cli.common import LOCAL, corpus_ids, load_workspace_schema
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from rich.text import Text

    from annotate.cli.marking import Painter
    from annotate.schema import Schema
    from annotate.studio.ledger import Ledger
    from annotate.studio.quarantine import Quarantined

F = TypeVar("F", bound=Callable[..., Any])

KEPT = (
    "Noted in the ledger; nothing on the server was changed.\n"
    "Pulls keep it until somebody changes or deletes the mark there."
)

# What becomes of a mark as long as nobody decides.
COUNTS = "counts, waits for a look"
DOES_NOT = "does not count"
WAITS = "waits for a decision"


def filter_options(command: F) -> F:
    """Give the command `article` and `annotator`."""
    article = click.option("--article", metavar="ARTICLE", help="Only marks in this article.")
    annotator = click.option("--annotator", metavar="WHO", help="Only marks of this person.")
    return article(annotator(command))


class Desk(NamedTuple):
    """An opened ledger, the schema as annotators see it, and all marks in quarantine."""

    workspace: Workspace
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
        yield Desk(workspace, ledger, schema, list_marks(ledger, ledger.places(server)))


def only(desk: Desk, article: str | None, annotator: str | None) -> list[Quarantined]:
    """Return the marks of an article and of a person, told by address or the part before @.

    Raises `LedgerError` when there is no such article or person at all.
    """
    from annotate.studio.known import require_article, require_person

    if article is not None:
        require_article(desk.ledger, article, lambda: corpus_ids(desk.workspace))
    if annotator is not None:
        require_person(desk.ledger, annotator)
    return [
        one
        for one in desk.marks
        if article in {None, one.annotation.article}
        and annotator in {None, person(one), person(one).partition("@")[0]}
    ]


def none_of(article: str | None, annotator: str | None, does: str = WAITS) -> str:
    """Return that no mark, of the person and in the article that were named, does something."""
    whose = f" of {annotator}" if annotator else ""
    where = f" in {article}" if article else ""
    return f"No mark{whose}{where} {does}."


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


def state(one: Quarantined) -> str:
    """Return what becomes of a mark as long as nobody decides about it."""
    return COUNTS if one.counts else DOES_NOT


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


def claimed(one: Quarantined) -> str:
    """Return where a mark says that it is, in code points; empty when it does not say."""
    start, end = one.value.get("start"), one.value.get("end")
    # A whole number only: other editors count seconds, or name a place in a page.
    return f"{start}:{end}" if type(start) is int and type(end) is int else ""


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
        "counts": one.counts if decision is None else None,
        "mark": msgspec.json.decode(one.aside.mark),
        "decided": decided,
    }
