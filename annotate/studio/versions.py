"""Which annotations were made under which version of a schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from annotate.errors import SchemaError
from annotate.schema import Schema
from annotate.schema.config import Page
from annotate.schema.versions.compare import needs_migration, next_step
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
            # One to its own version left everything as it was.
            if migration.old.version == version != migration.new.version
        }
        if under:
            former = next(iter(under.values())).old
            return Version(former, {place: migration.row for place, migration in under.items()})
        if page is None or page.schema.version != version:
            now = page.schema if page is not None else schema
            known = sorted({m.old.version for m in migrated} | {now.version})
            raise SchemaError(
                f"nothing was annotated under version {version} of {schema.name}",
                f"The ledger has {', '.join(known)}.",
            )
        return Version(page.schema, waiting=tuple(entity.name for entity in page.review))
    if page is not None and needs_migration(page.schema, schema):
        raise _unmigrated(page.schema, schema)
    return Version(schema, waiting=tuple(entity.name for entity in page.review) if page else ())


def _unmigrated(old: Schema, new: Schema) -> SchemaError:
    """Return that annotations made under the old version do not hold in the schema file."""
    made = f"the annotations were made under {old.name} {old.version}"
    if old.version == new.version:
        return SchemaError(
            f"{made}, and the schema file was changed so that they do not all hold, but says"
            f" {new.version} as before",
            next_step(old, new),
        )
    return SchemaError(
        f"{made}; the schema file has version {new.version}, under which they do not all hold",
        f"{next_step(old, new).removesuffix('.')}, or build with --schema-version {old.version}.",
    )
