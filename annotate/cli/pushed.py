"""What `annotate push` prints: the plan, and what was done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from annotate.cli.common import listed, plural, say

if TYPE_CHECKING:
    from annotate.schema.suggest import Slow
    from annotate.studio.pushing import Forecast, Left, Plan, Pushed


class Done(NamedTuple):
    """What a push did, and what people should look at of marks on texts that changed."""

    pushed: Pushed
    left: Left

    def as_json_object(self) -> dict[str, Any]:
        """Return it for scripts."""
        import msgspec

        projects = [place.project for place in self.pushed.places]
        left = msgspec.structs.asdict(self.left)
        return msgspec.structs.asdict(self.pushed) | left | {"places": projects}


def print_plan(plan: Plan, foretold: Forecast, title: str, *, prune: bool) -> None:
    """Say what would be done."""
    _print_page(plan, title)
    say(f"{plural(len(plan.new), 'article')} to push, {len(plan.unchanged):,} already there")
    if plan.later:
        say(f"{plan.later:,} more {'is' if plan.later == 1 else 'are'} new; left for later")
    if (parts := len({*plan.homes.values(), *plan.sizes})) > 1:
        say(f"They are spread over {parts} projects")
    gone = "deleted where nobody worked on them" if prune else "left alone; --prune deletes them"
    if plan.changed:
        changed = listed(tuple(shown.article.id for shown in plan.changed))
        articles = plural(len(plan.changed), "article")
        say(f"{articles} with a new text; what was marked is carried over: {changed}")
        _print_forecast(foretold)
    notes = {
        f"on the server but not in the corpus; {gone}": [task.article for task in plan.gone],
        "with several tasks; one each is kept": list(plan.doubles),
        "with suggestions of other patterns; renewed": [s.article.id for s in plan.outdated],
    }
    for note, ids in notes.items():
        if ids:
            say(f"{plural(len(ids), 'article')} {note}: {listed(tuple(ids))}")
    for count, noun, what in (
        (plan.unfinished, "article", "between two texts; goes on"),
        (plan.looked_at, "article", "that nobody need look at any more"),
        (len(plan.unrecorded), "task", "to note in the ledger again"),
        (len(plan.vanished), "task", "deleted on the server since the last push"),
    ):
        if count:
            say(f"{plural(count, noun)} {what}")
    if plan.idle and not (prune and plan.gone):
        say("Nothing to do.")


def _print_forecast(foretold: Forecast) -> None:
    """Say what becomes of the marks in articles with a new text, as far as the ledger tells."""
    total = foretold.as_they_are + foretold.reworded + foretold.taken_off
    if total:
        say(f"  {plural(total, 'mark')} there, by what was pulled so far:")
        if foretold.as_they_are:
            say(f"    {foretold.as_they_are:,} with the same words")
        _print_left(foretold.reworded, foretold.taken_off, "    ")
    if foretold.unknown:
        say(f"  {plural(foretold.unknown, 'article')} whose former text the ledger does not have")


def _print_left(reworded: int, taken_off: int, indent: str) -> None:
    """Say of how many marks what becomes, where their words have changed."""
    if reworded:
        does = "counts and waits" if reworded == 1 else "count and wait"
        say(f"{indent}{reworded:,} with other words; {does} for a look")
    if taken_off:
        does = "does" if taken_off == 1 else "do"
        say(f"{indent}{taken_off:,} taken off, words gone; {does} not count")


def _print_page(plan: Plan, title: str) -> None:
    if plan.config != "in step":
        verb = "create" if plan.config == "missing" else "bring in step with the schema"
        say(f"Project {title!r}: {verb}")
    if plan.config == "edited":
        say("Its labelling page was edited by hand:")
        for edit in plan.edits or ("in looks only",):
            say(f"  {edit}")


def warn_of_slow(slow: Counter[Slow]) -> None:
    """Say which patterns took too long."""
    for (label, number), count in sorted(slow.items()):
        say(
            f"Pattern {number + 1} of {label} took too long in {plural(count, 'article')}, which"
            " have no suggestions of it; make it simpler",
            err=True,
        )


def _print_where(count: int, language: str) -> None:
    """Say how many marks people should look at, and where."""
    from annotate.schema.config import text_changed

    say(f"{plural(count, 'mark')} to look at: see `annotate quarantine list`, and in Label Studio")
    say(f"the view {text_changed(language)!r}")


def print_done(told: Done, url: str | None, language: str) -> None:
    """Say what was done; `language` is that of the page."""
    done = told.pushed
    if done.pushed:
        say(f"Pushed {plural(done.pushed, 'article')}")
    if done.moved:
        say(f"Carried over to a new text: {plural(done.moved, 'article')}")
    if done.left:
        _print_where(done.left, language)
        _print_left(told.left.reworded, told.left.taken_off, "  ")
    if done.pruned or done.kept:
        kept = f"; {done.kept:,} stay, somebody worked on them" if done.kept else ""
        say(f"Deleted {plural(done.pruned, 'task')}{kept}")
    if done.doubles:
        say(f"Deleted {plural(done.doubles, 'task')} that were there twice")
    if url is None:
        say("Annotate in the browser: `annotate serve --open`")
        return
    for place in done.places:
        say(f"Annotate at {url}/projects/{place.project}")


def as_json_object(plan: Plan) -> dict[str, Any]:
    """Return a plan for scripts."""
    return {
        "config": plan.config,
        "edits": plan.edits,
        "new": [article.id for article in plan.new],
        "unchanged": len(plan.unchanged),
        "changed": [shown.article.id for shown in plan.changed],
        "gone": [task.article for task in plan.gone],
        "several_tasks": list(plan.doubles),
        "vanished": [task.number for task in plan.vanished],
        "unrecorded": len(plan.unrecorded),
        "outdated": [shown.article.id for shown in plan.outdated],
        "unfinished": plan.unfinished,
        "looked_at": plan.looked_at,
        "later": plan.later,
        "pushed": 0,
    }
