"""Which annotations are built under which version, and the way out when they do not fit."""

from __future__ import annotations

import pytest

from annotate.errors import SchemaError
from annotate.schema import Schema
from annotate.schema.config import Page
from annotate.studio.ledger import Ledger
from annotate.studio.versions import find_version
from tests.schema.versions import entities, step, version
from tests.studio.ledgers import HERE, entry

OLD = version("1", "A", "B")
NEW = version("2", "A", "C", migrations=(step("1", "2", entities=entities(rename={"B": "C"})),))
# A label renamed in the file, and nothing said of it.
RENAMED = version("1", "A", "C")


def refused(ledger: Ledger, schema: Schema, asked: str | None = None) -> SchemaError:
    """Return why nothing is built, of a project that works under the old version."""
    with pytest.raises(SchemaError) as caught:
        find_version(ledger, [HERE], Page(OLD), schema, asked)
    return caught.value


@pytest.mark.parametrize("asked", [None, "1"])
def test_a_label_renamed_under_the_same_version_has_one_way_out(
    ledger: Ledger, asked: str | None
) -> None:
    """It was: migrate to 1, or build with 1, which both say the same again."""
    error = refused(ledger, RENAMED, asked)
    assert error.problem.endswith("so that they do not all hold, but says 1 as before")
    raised, said, run = (
        error.remedy.index(what)
        for what in ("`version:`", "`migrations:`", "`annotate schema migrate`")
    )
    assert raised < said < run
    assert "--to 1" not in str(error)
    assert "--schema-version" not in str(error)


def test_a_raised_version_is_migrated_to_or_the_former_one_is_built(ledger: Ledger) -> None:
    assert refused(ledger, NEW).remedy == (
        "Run `annotate schema migrate --to 2`, or build with --schema-version 1."
    )
    assert find_version(ledger, [HERE], Page(OLD), NEW, "1").schema == OLD


def test_a_migration_to_the_same_version_hides_nothing_that_came_later(ledger: Ledger) -> None:
    """It was: the former version was built without what came after that migration."""
    ledger.append(HERE, [entry(1)])
    ledger.migrations.end(ledger.migrations.begin(HERE, OLD, OLD))
    ledger.append(HERE, [entry(2)])
    assert find_version(ledger, [HERE], Page(OLD), NEW, "1").until == {}


def test_the_versions_that_the_ledger_has_are_told_without_that_of_the_file(
    ledger: Ledger,
) -> None:
    assert refused(ledger, NEW, "0").remedy == "The ledger has 1."
