"""Which annotations were made under which version of a schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from annotate.errors import SchemaError
from annotate.schema import Schema
from annotate.schema.config import Page
from annotate.schema.versions.compare import needs_migration
from annotate.studio.ledger import Ledger, Place


class Version(NamedTuple):
    """A version of the schema, and what the ledger has under it.

    `until` is the last row that counts by place, all where there is none; spans of the labels
    in `waiting` wait for review and have no place in the schema.
    """

    schema: Schema
    until: dict[Place, int] = {}  # noqa: RUF012, it is never changed
    waiting: tuple[str, ...] = ()


def find_version(
    ledger: Ledger, places: Sequence[Place], page: Page | None, schema: Schema,
    version: str | None,
) -> Version:  # fmt: skip
    """Return the version asked for; None asks for that of `schema`, the workspace's.

    Raises `SchemaError` when nothing was annotated under it, or when the project was not yet
    brought to the workspace's schema.
    """
    every = {place: ledger.migrations.all(place) for place in places}
    migrated = [migration for migrations in every.values() for migration in migrations]
    unfinished = [migration for migration in migrated if migration.ended is None]
    if unfinished and version in {None, schema.version}:
        (*_, last) = unfinished
        old, new = last.old.version, last.new.version
        raise SchemaError(
            f"a migration from {old} to {new} is not finished",
            f"Run `annotate schema migrate --to {new}`, or build with --schema-version {old}.",
        )
    if version not in {None, schema.version}:
        under = {
            place: migration
            for place, migrations in every.items()
            for migration in migrations
            if migration.old.version == version
        }
        if under:
            former = next(iter(under.values())).old
            return Version(former, {place: migration.row for place, migration in under.items()})
        if page is None or page.schema.version != version:
            known = sorted({m.old.version for m in migrated} | {schema.version})
            raise SchemaError(
                f"nothing was annotated under version {version} of {schema.name}",
                f"The ledger has {', '.join(known)}.",
            )
        return Version(page.schema, waiting=tuple(entity.name for entity in page.review))
    if page is not None and needs_migration(page.schema, schema):
        raise SchemaError(
            f"the annotations were made under {schema.name} {page.schema.version}; the schema"
            f" file has version {schema.version}, under which they do not all hold",
            f"Run `annotate schema migrate --to {schema.version}`, or build with"
            f" --schema-version {page.schema.version}.",
        )
    return Version(schema, waiting=tuple(entity.name for entity in page.review) if page else ())
