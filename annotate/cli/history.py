"""`annotate history`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from annotate.cli.common import (
    LOCAL,
    json_option,
    load_workspace_schema,
    plural,
    print_json,
    stdout,
    workspace_option,
)
from annotate.errors import LedgerError
from annotate.spans import Relation, SetAside, Span
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from rich.text import Text

    from annotate.cli.marking import Painter
    from annotate.spans import Annotation, Decision
    from annotate.studio.history import Change, History, Moved, Step
    from annotate.studio.ledger import Place

_SIGNS = {"+": "green", "-": "red", "~": "yellow"}
_STATUS = {"submitted": "green", "skipped": "yellow", "draft": "cyan", "deleted": "red"}


@click.command()
@click.argument("article", metavar="ARTICLE")
@click.option("--annotator", metavar="WHO", help="Only the work of this person.")
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Only the newest N entries, oldest first."
)
@click.option("--text", "with_text", is_flag=True, help="Show the article with what counts now.")
@workspace_option
@json_option
def history(
    workspace: Workspace, article: str, *, annotator: str | None, limit: int | None,
    with_text: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show who marked what in an article when.

    Every row that the ledger has of it, the oldest first, with what changed since the row
    before: spans, relations, answers, marks set aside and what was decided about them. Rows
    stay when an annotation is changed or deleted on the server. Needs no server.

    \b
    Example:
      annotate history dien-tap-cuu-ho-cuu-nan
      annotate history dien-tap-cuu-ho-cuu-nan --text --annotator an@example.org
    """
    import msgspec

    from annotate.cli.marking import Painter
    from annotate.studio.history import Step, read_history
    from annotate.studio.ledger import open_ledger

    with open_ledger(workspace.ledger_path) as ledger:
        found = read_history(ledger, article)
        known = ledger.project(workspace.url or LOCAL)
    schema = known.page.drawn if known and known.page else load_workspace_schema(workspace)
    events = [
        one
        for one in found.events
        if annotator is None or (isinstance(one, Step) and _is(one.annotator, annotator))
    ]
    if annotator is not None and not events:
        people = sorted({one.annotator for one in found.events if isinstance(one, Step)})
        raise LedgerError(
            f"{annotator} annotated nothing in {article}",
            f"These did: {', '.join(people) or 'nobody'}.",
        )
    shown = events if limit is None else events[-limit:]
    chosen = msgspec.structs.replace(found, events=tuple(shown))
    if as_json:
        print_json(msgspec.json.decode(msgspec.json.encode(chosen)))
        return
    printer = _Printer(chosen, Painter(schema))
    printer.head(earlier=len(events) - len(shown))
    for event in shown:
        printer.step(event) if isinstance(event, Step) else printer.moved(event)
    if with_text:
        printer.texts(one for one in events if isinstance(one, Step))


def _is(annotator: str, wanted: str) -> bool:
    return wanted in {annotator, annotator.partition("@")[0]}


class _Printer:
    """Prints the history of one article."""

    def __init__(self, history: History, painter: Painter) -> None:
        self._history = history
        self._painter = painter
        self._texts = {one.sha256: one.text for one in history.versions}
        self._console = stdout()

    def head(self, *, earlier: int) -> None:
        """Print what the article is called, and its texts."""
        from rich.text import Text

        versions = self._history.versions
        line = Text(self._history.article, "bold")
        if versions and versions[-1].title:
            line.append(f"  {versions[-1].title}", "not bold")
        self._console.print(line)
        for number, one in enumerate(versions, start=1):
            count = plural(len(one.text), "character")
            which = f"text {number} " if len(versions) > 1 else "text "
            self._console.print(Text(f"{which}{one.sha256[:8]}, {count}", "dim"))
        if not self._history.events:
            self._console.print("Nobody annotated it yet.")
        if earlier:
            entries = plural(earlier, "earlier entry", "earlier entries")
            self._console.print(Text(f"\n… {entries}", "dim"))

    def step(self, step: Step) -> None:
        """Print a row, and below it what changed."""
        from rich.text import Text

        line = Text("\n").append(_minute(step.pulled_at), "bold").append("  ")
        line.append(step.annotator or "somebody", "bold").append("  ")
        line.append(step.status, _STATUS[step.status])
        line.append(f"  #{step.number}, {_place(step.place)}", "dim")
        self._console.print(line)
        if step.annotation is not None:
            if told := _times(step.annotation):
                self._console.print(Text(f"  {told}", "dim"))
            if step.carried:
                digest = step.annotation.sha256[:8]
                carried = plural(step.carried, "span")
                self._console.print(Text(f"  {carried} as they were, on the text {digest}", "dim"))
            if not step.changes and not step.carried:
                self._console.print(Text("  nothing marked or changed", "dim"))
        for change in step.changes:
            self._console.print(Text("  ").append_text(self._change(change)))

    def moved(self, moved: Moved) -> None:
        """Print that the article got another text."""
        from rich.text import Text

        line = Text("\n").append(_minute(moved.pulled_at), "bold")
        line.append(f"  text {moved.old[:8]} → {moved.new[:8]}", "magenta")
        line.append("" if moved.ended else ", not finished; run `annotate push`", "yellow")
        self._console.print(line.append(f"  task {moved.task}, {_place(moved.place)}", "dim"))

    def _change(self, change: Change) -> Text:
        from rich.text import Text

        line = Text("", _SIGNS[change.sign]).append(f"{change.sign} ", "bold")
        before, now = change.before, change.now
        if change.what == "decision":
            return self._decision(change)
        if isinstance(now, SetAside):
            return Text().append("? ", "bold yellow").append(f"set aside: {now.reason}")
        if isinstance(before, Relation) or isinstance(now, Relation):
            relation = now or before
            assert isinstance(relation, Relation)  # noqa: S101, one of them
            return line.append_text(_arrow(change.text_before, relation.label, change.text))
        sides = [
            self._painter.marked(text, side) if isinstance(side, Span) else Text(_answer(side))
            for text, side in ((change.text_before, before), (change.text, now))
            if side is not None
        ]
        named = Text(f"{change.name or change.what}: ") if change.what != "span" else Text()
        return line.append_text(named).append_text(Text(" → ").join(sides))

    def _decision(self, change: Change) -> Text:
        from rich.text import Text

        decision = change.now
        assert not isinstance(decision, Span | Relation | SetAside | tuple | str)  # noqa: S101
        assert decision is not None  # noqa: S101, that is what changed
        if decision.span:
            text = self._texts.get(decision.sha256, "")[decision.span.start : decision.span.end]
            shown = self._painter.marked(text, decision.span)
        elif decision.relation:
            shown = Text(f"the relation {decision.relation.label}")
        else:
            shown = Text(_told(decision))
        counts = decision.span or decision.relation
        made = ("✓ accepted: ", "green") if counts else ("✗ dropped: ", "red")
        return Text().append(*made).append_text(shown)

    def texts(self, steps: Iterable[Step]) -> None:
        """Print the article as each annotation marks it now."""
        from rich.text import Text

        newest = {(step.place, step.kind, step.number): step for step in steps}
        for step in newest.values():
            annotation = step.annotation
            if annotation is None:
                continue
            line = Text("\n").append(f"{step.annotator}, {step.status}", "bold underline")
            self._console.print(line, Text(f"#{step.number}, {_place(step.place)}\n", "dim"))
            text = self._texts.get(annotation.sha256)
            if text is None:
                self._console.print("The ledger does not have the text that was annotated.")
                continue
            self._console.print(self._painter.whole(text, annotation.spans))
            below = [*_below(annotation, text)]
            if below:
                self._console.print(Text("\n").join([Text(), *below]))


def _below(annotation: Annotation, text: str) -> Iterator[Text]:
    """Yield what brackets do not show: relations and answers about the article."""
    from rich.text import Text

    marked = {span.id: text[span.start : span.end] for span in annotation.spans}
    for relation in annotation.relations:
        yield _arrow(marked.get(relation.head, ""), relation.label, marked.get(relation.tail, ""))
    for name, answers in sorted(annotation.choices.items()):
        yield Text(f"{name}: {', '.join(answers)}")


def _arrow(head: str, label: str, tail: str) -> Text:
    from rich.text import Text

    from annotate.cli.marking import one_line

    return Text(one_line(head)).append(f" ─{label}→ ", "bold").append(one_line(tail))


def _answer(answers: object) -> str:
    return ", ".join(answers) if isinstance(answers, tuple) else str(answers)


def _told(decision: Decision) -> str:
    """Return what a mark that was dropped says that it marks."""
    import msgspec

    mark = msgspec.json.decode(decision.aside.mark) if decision.aside else None
    value = mark.get("value") if isinstance(mark, dict) else None
    told = value.get("text") if isinstance(value, dict) else None
    return repr(told) if isinstance(told, str) else "a mark"


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")


def _place(place: Place) -> str:
    return (
        f"{place.server} {place.project}"
        if place.server == "export"
        else (f"project {place.project}")
    )


def _times(annotation: Annotation) -> str:
    """Return when the server says that it was made and changed, and how long that took."""
    made, changed = _minute(annotation.created_at), _minute(annotation.updated_at)
    parts = [f"made {made}"] if made else []
    parts += [f"changed {changed}"] if changed not in {made, ""} else []
    if annotation.lead_time:
        seconds = round(annotation.lead_time)
        parts.append(f"{seconds // 60} min" if seconds >= 90 else f"{seconds} s")
    return ", ".join(parts)
