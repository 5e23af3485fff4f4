"""Everybody whom the ledger knows."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from annotate.studio.ledger import Ledger

# What stands for somebody whom a server or an export does not name.
_NAMELESS = ("user ", "somebody of ")


def everybody(ledger: Ledger) -> frozenset[str]:
    """Return the addresses and names of all people in the ledger, of lost servers too.

    They are those who are or were on a server, who annotated, and who were to annotate.
    """
    return frozenset(one for one in _told(ledger) if one and not one.startswith(_NAMELESS))


def _told(ledger: Ledger) -> Iterator[str]:
    for (address,) in ledger.query(
        "SELECT address FROM people UNION"
        " SELECT body ->> 'annotator' FROM annotations WHERE body IS NOT NULL"
    ):
        yield address
    for (assigned,) in ledger.query("SELECT DISTINCT annotators FROM assignments"):
        yield from msgspec.json.decode(assigned, type=list[str])
