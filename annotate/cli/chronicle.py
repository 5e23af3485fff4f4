"""What `annotate history` prints: the rows of an article, each with what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from annotate.cli.common import plural, stdout
from annotate.cli.quarantine.common import claimed, state, told
from annotate.spans import Decision, Relation, SetAside, Span
from annotate.studio.history import Step

if TYPE_CHECKING:
    from rich.text import Text

    from annotate.cli.marking import Painter
    from annotate.spans import Annotation
    from annotate.studio.history import Change, History, Moved
    from annotate.studio.ledger import Place
    from annotate.studio.quarantine import Quarantined

_SIGNS = {"+": "green", "-": "red", "~": "yellow"}
_STATUS = {"submitted": "green", "skipped": "yellow", "draft": "cyan", "deleted": "red"}


class Chronicle:
    """Prints the history of one article."""

    def __init__(self, history: History, painter: Painter) -> None:
        self._history = history
        self._painter = painter
        self._texts = {one.sha256: one.text for one in history.versions}
        self._console = stdout()

    def print(self, *, earlier: int) -> None:
        """Print everything; so many `earlier` entries are left out."""
        self._head(earlier)
        for event in self._history.events:
            self._step(event) if isinstance(event, Step) else self._moved(event)

    def _head(self, earlier: int) -> None:
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

    def _step(self, step: Step) -> None:
        """Print a row, and below it what changed."""
        from rich.text import Text

        line = Text("\n").append(_minute(step.pulled_at), "bold").append("  ")
        if step.decided:
            line.append("decided by the project's lead", "bold magenta")
            line.append(f"  about {step.annotator}'s #{step.number}, {_place(step.place)}", "dim")
        else:
            line.append(step.annotator or "somebody", "bold").append("  ")
            line.append(step.status, _STATUS[step.status])
            line.append(f"  #{step.number}, {_place(step.place)}", "dim")
        self._console.print(line)
        if step.annotation is not None and not step.decided:
            self._about(step, step.annotation)
        for change in step.changes:
            if not _is_told_by_decision(change, step):
                self._console.print(Text("  ").append_text(self._change(change, step)))

    def _about(self, step: Step, annotation: Annotation) -> None:
        """Print when somebody worked, and what is as it was."""
        from rich.text import Text

        if told := _times(annotation):
            self._console.print(Text(f"  {told}", "dim"))
        if step.carried:
            carried = plural(step.carried, "span as it was", "spans as they were")
            where = f"on the text {annotation.sha256[:8]}"
            self._console.print(Text(f"  {carried}, {where}", "dim"))
        if not step.changes and not step.carried:
            self._console.print(Text("  nothing marked or changed", "dim"))

    def _moved(self, moved: Moved) -> None:
        """Print that the article got another text."""
        from rich.text import Text

        line = Text("\n").append(_minute(moved.pulled_at), "bold")
        line.append(f"  text {moved.old[:8]} → {moved.new[:8]}", "magenta")
        line.append("" if moved.ended else ", not finished; run `annotate push`", "yellow")
        self._console.print(line.append(f"  task {moved.task}, {_place(moved.place)}", "dim"))

    def _change(self, change: Change, step: Step) -> Text:
        from rich.text import Text

        line = Text("", _SIGNS[change.sign]).append(f"{change.sign} ", "bold")
        before, now = change.before, change.now
        if isinstance(now, Decision):
            return self._decision(now, step)
        if isinstance(now, SetAside):
            return self._set_aside(now, step)
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

    def _set_aside(self, aside: SetAside, step: Step) -> Text:
        from rich.text import Text

        one = _quarantined(aside, step)
        return (
            Text()
            .append("? ", "bold yellow")
            .append_text(self._mark(one))
            .append(f" {state(one)}: {aside.reason}")
        )

    def _decision(self, decision: Decision, step: Step) -> Text:
        """Return which mark was accepted or dropped, and as what it counts."""
        from rich.text import Text

        assert decision.aside is not None  # noqa: S101, or it would not be done
        one = _quarantined(decision.aside, step)
        shown = self._mark(one)
        if decision.span:
            text = self._texts.get(decision.sha256, "")[decision.span.start : decision.span.end]
            marked = self._painter.marked(text, decision.span)
            shown = marked if marked.plain == shown.plain else shown.append(" → ") + marked
        elif decision.relation and decision.relation.label not in one.labels:
            shown.append(f" as {decision.relation.label}")
        counts = decision.span or decision.relation
        made = ("✓ accepted: ", "green") if counts else ("✗ dropped: ", "red")
        return Text().append(*made).append_text(shown)

    def _mark(self, one: Quarantined) -> Text:
        """Return what a mark in quarantine says that it is, and where."""
        text = self._texts.get(one.annotation.sha256, "")
        shown = told(one, text, self._painter)
        where = claimed(one)
        return shown.append(f" {where}", "dim") if where else shown

    def print_texts(self, events: Iterable[Step | Moved]) -> None:
        """Print the article as each annotation marks it now."""
        from rich.text import Text

        steps = (one for one in events if isinstance(one, Step))
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


def _quarantined(aside: SetAside, step: Step) -> Quarantined:
    """Return a mark as the commands about quarantine know it."""
    from annotate.studio.quarantine import Quarantined

    assert step.annotation is not None  # noqa: S101, a mark is of one
    return Quarantined(
        id="", key="", place=step.place, kind=step.kind, annotation=step.annotation, aside=aside
    )


def _is_told_by_decision(change: Change, step: Step) -> bool:
    """Whether a span or relation came or went by a decision, which tells that itself."""
    decided = [one.now for one in step.changes if isinstance(one.now, Decision)]
    return change.what in {"span", "relation"} and any(
        (change.now is None or change.now in (one.span, one.relation))
        and (change.before is None or change.before == one.stood)
        for one in decided
    )


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
