"""Migrate: a project goes from one version of its schema to another, with all its marks.

In this order, so that no mark ever has a label that the labelling page lacks:

1. Everything is pulled: the ledger is the backup. Config and instructions are kept there too.
2. The page gets the labels of both versions.
3. Annotations, drafts and predictions are rewritten, one by one where people marked, each kept
   in the ledger first; again until nothing is left, for people go on marking meanwhile.
4. The page gets the new version. Labels that were split stay on it while spans wait for review.
5. Everything is pulled again and compared with what it should be.
6. What was imported, and is on no server, is rewritten in the ledger.

Cut off anywhere and run again, it goes on.
"""

from __future__ import annotations

import msgspec

from annotate.errors import StudioError
from annotate.progress import Progress, silent
from annotate.schema import Schema
from annotate.schema.config import Page
from annotate.schema.versions.compare import needs_migration, next_step
from annotate.schema.versions.union import union
from annotate.spans import Annotation
from annotate.studio.client import Studio
from annotate.studio.imported import migrate_imported
from annotate.studio.ledger import Entry, Ledger, Place
from annotate.studio.ledger.migrations import Migrated
from annotate.studio.project import (
    TAKE_IN,
    config_state,
    page_of,
    remember_page,
    require_project,
    settings_for,
)
from annotate.studio.pull import pull
from annotate.studio.redeciding import rewrite_known
from annotate.studio.review import Review
from annotate.studio.rewrite import Parts, Rewriter
from annotate.studio.settle import mark_digest, undecide
from annotate.studio.sweep import Sweep, find_stale, read_marks
from annotate.studio.tally import Adder, Tally
from annotate.studio.wire import Project

# How often everything is looked through for what people marked while it was rewritten.
_ROUNDS = 10


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a migration would do: from and to which version, and whether it goes on with one.

    `drafts` and `predictions` count drafts, and articles whose suggestions are rewritten.
    """

    project: int
    old: str
    new: str
    resumes: bool
    tally: Tally
    drafts: int
    predictions: int


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What a migration did.

    `again` means that it was done before, and only what came since was looked at; `rewritten`
    counts annotations and drafts of this run. `waiting` counts spans on the server by label,
    `views` names the views where they are, and `drafts_waiting` tells who has some in a draft
    of which task, where no view shows them. `verified` annotations are as they should be,
    `edited` ones were changed by people since. `imported` annotations, which are in the ledger
    alone, were rewritten there.
    """

    project: int
    old: str
    new: str
    tally: Tally
    again: bool
    rewritten: int
    drafts: int
    predictions: int
    waiting: dict[str, int]
    views: tuple[str, ...]
    drafts_waiting: tuple[tuple[str, int], ...]
    verified: int
    edited: int
    imported: int = 0


def plan_migration(
    studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema, part: int = 0
) -> Plan:
    """Say what a migration to the schema would do; looks at the server and changes nothing.

    Of a corpus that spreads over several projects each `part` is migrated by itself.

    Raises `SchemaError` when the schema does not say what becomes of everything, and
    `StudioError` when the page was edited by hand or spans still wait for review.
    """
    project, old, resumed = _start(studio, ledger, server, title, schema, part)
    rewriter = Rewriter(old, schema)
    if resumed is None:
        _refuse_unknown_labels(studio, project, old, schema)
    tally = Adder(rewriter, old, schema)
    for page in studio.annotated_tasks(project.id):
        for task in page:
            for annotation in task.annotations:
                tally.add(rewriter.parts(read_marks(annotation.result)))
    return Plan(
        project=project.id, old=old.version, new=schema.version, resumes=resumed is not None,
        tally=tally.counts(),
        drafts=sum(
            rewriter.rewrite(read_marks(draft.result)).changed
            for draft in studio.drafts(project.id)
        ),
        predictions=len(find_stale(studio, project.id, rewriter)),
    )  # fmt: skip


def migrate(
    studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema, part: int = 0,
    *, discard_drafts: bool = False, progress: Progress = silent,
) -> Done:  # fmt: skip
    """Bring a project to the schema; run again after a failure, it goes on.

    `discard_drafts` takes the spans that wait for review out of unsubmitted drafts.

    Raises what `plan_migration` raises, and `StudioError` when in the end an annotation is
    not as it should be.
    """
    project, old, resumed = _start(studio, ledger, server, title, schema, part)
    place = Place(server, project.id)
    rewriter = Rewriter(old, schema)
    if resumed is None:
        _refuse_unknown_labels(studio, project, old, schema)
        pull(studio, ledger, place, old, progress, full=True)
        migrated = ledger.migrations.begin(place, old, schema)
        before = {"label_config": project.label_config, "guide": project.expert_instruction}
        ledger.migrations.back_up(migrated, "project", project.id, msgspec.json.encode(before))
    else:
        migrated = resumed
    if resumed is None or resumed.ended is None:
        _set_page(studio, ledger, server, project, Page(union(old, schema)), part)
    sweep = Sweep(studio, ledger, place, rewriter, migrated, progress)
    rewritten = _sweep(sweep)
    predictions = sweep.predictions()
    review = Review(studio, project.id, rewriter, old, schema)
    for draft, _ in review.drafts() if discard_drafts else ():
        body = msgspec.json.encode(draft)
        ledger.migrations.back_up(migrated, "draft", draft.id, body)
        review.take_out(draft)
    waiting, drafts = review.waiting(), review.drafts()
    names = {*waiting, *(label for _, labels in drafts for label in labels)}
    kept = tuple(entity for entity in old.entities if entity.name in names)
    _set_page(studio, ledger, server, project, Page(schema, kept), part)
    review.open(waiting)
    review.close(names)
    pull(studio, ledger, place, Page(schema, kept).drawn, progress, full=True)
    verified, edited = _verify(ledger, place, migrated, rewriter)
    imported = migrate_imported(ledger, rewriter, old, schema)
    ledger.migrations.end(migrated)
    tally = Adder(rewriter, old, schema)
    for annotation in ledger.annotations(place, until=migrated.row):
        tally.add(_parts(annotation))
    return Done(
        project=project.id, old=old.version, new=schema.version, tally=tally.counts(),
        again=resumed is not None and resumed.ended is not None, rewritten=rewritten,
        drafts_waiting=tuple((draft.user, draft.task) for draft, _ in drafts),
        drafts=len(ledger.migrations.backups(migrated, "draft")), predictions=predictions,
        waiting=dict(waiting), views=tuple(map(review.view_title, waiting)),
        verified=verified, edited=edited, imported=imported,
    )  # fmt: skip


def _start(
    studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema, part: int
) -> tuple[Project, Schema, Migrated | None]:
    """Return the project, the schema that it comes from, and the migration to go on with."""
    project = require_project(studio, ledger, server, title, part)
    page = page_of(project, ledger, server, schema)
    last = ledger.migrations.last(Place(server, project.id))
    if last is not None and last.ended is None:
        if last.new.version != schema.version:
            raise StudioError(
                f"a migration from {last.old.version} to {last.new.version} is not finished",
                f"Finish it first, with the schema of version {last.new.version}.",
            )
        _refuse_changed(last.new, schema)
        return project, last.old, last
    if config_state(project, ledger, server, schema) == "edited":
        raise StudioError(
            f"the labelling page of project {project.id} at {studio.url} was edited by hand",
            TAKE_IN,
        )
    if last is not None and last.new.version == schema.version == page.schema.version:
        _refuse_changed(page.schema, schema)
        return project, last.old, last
    if page.review:
        labels = ", ".join(entity.name for entity in page.review)
        raise StudioError(
            f"spans of {labels} still wait for review in project {project.id}",
            f"Finish the review, then run `annotate schema migrate --to {page.schema.version}`"
            f" with the schema of version {page.schema.version}.",
        )
    return project, page.schema, None


def _refuse_changed(known: Schema, schema: Schema) -> None:
    """Refuse a schema that changed in what concerns annotations and kept its version."""
    if needs_migration(known, schema):
        raise StudioError(
            f"the schema is no longer the version {known.version} that the project was brought to",
            next_step(known, schema),
        )


def _refuse_unknown_labels(studio: Studio, project: Project, old: Schema, new: Schema) -> None:
    """Have the server refuse, before anything is done, labels that neither version has."""
    config = settings_for(Page(union(old, new)))["label_config"]
    studio.validate_config(project.id, config)


def _set_page(
    studio: Studio, ledger: Ledger, server: str, project: Project, page: Page, part: int
) -> None:
    studio.update_project(project.id, settings_for(page))
    remember_page(ledger, server, project, page, part)


def _sweep(sweep: Sweep) -> int:
    """Rewrite until nothing is left, and return how many annotations and drafts that were."""
    rewritten = 0
    for _ in range(_ROUNDS):
        done = sweep.run()
        rewritten += done
        if done == 0:
            return rewritten
    raise StudioError(
        "people submit annotations under the old version faster than they can be rewritten",
        "Ask them to reload the page, then run the command again.",
    )


def _verify(
    ledger: Ledger, place: Place, migrated: Migrated, rewriter: Rewriter
) -> tuple[int, int]:
    """Compare every annotation that there was before with what it should be now.

    Returns how many are so, and how many people changed since. Raises `StudioError` for one
    of which the server has what was sent, and which is otherwise than it should be.
    """
    now = {annotation.id: annotation for annotation in ledger.annotations(place)}
    there = ledger.results(place)
    before = ledger.results(place, until=migrated.row)
    sent = before | ledger.migrations.backups(migrated, "annotation", last=True)
    verified, edited, wrong = 0, 0, []
    for old in ledger.annotations(place, until=migrated.row):
        if old.id not in now:
            continue
        if rewriter.rewrite(read_marks(sent[old.id])).result != read_marks(there[old.id]):
            edited += 1
        elif _is_as_expected(rewrite_known(Entry(old, before[old.id]), rewriter), now[old.id]):
            verified += 1
        else:
            wrong.append(old.article)
    if wrong:
        raise StudioError(
            f"{len(wrong)} of the annotations are not what they should be after the migration, the"
            f" first of article {wrong[0]}",
            "The ledger has them as they were. This is a fault of annotate; please report it.",
        )
    return verified, edited


def _is_as_expected(expected: Annotation, now: Annotation) -> bool:
    """Whether it is; what could not be proved under the old version may hold under the new.

    Then there may be more than expected, but nothing less.
    """
    if _parts(now) == _parts(expected):
        return True
    before, after = undecide(expected), undecide(now)
    held = _digests(before) - _digests(after)
    more = _extents(before) <= _extents(after) and {*before.relations} <= {*after.relations}
    return bool(held) and more


def _digests(annotation: Annotation) -> set[str]:
    return {mark_digest(aside) for aside in annotation.set_aside}


def _extents(annotation: Annotation) -> set[tuple[int, int, str]]:
    return {(span.start, span.end, span.label) for span in annotation.spans}


def _parts(annotation: Annotation) -> Parts:
    return Parts(annotation.spans, annotation.relations, annotation.choices)
