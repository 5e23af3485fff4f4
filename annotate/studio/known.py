"""Names of articles and people that somebody gave: whether there are such, and what is near."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from annotate.errors import LedgerError
from annotate.studio.ledger import Ledger

# How many names are told.
_SHOWN = 3


def near(name: str, known: Iterable[str]) -> list[str]:
    """Return the few names that a mistyped one may mean, the nearest first."""
    names = sorted(set(known))
    return get_close_matches(name, names, n=_SHOWN) or [n for n in names if name in n][:_SHOWN]


def require_article(ledger: Ledger, article: str, corpus: Callable[[], Iterable[str]]) -> None:
    """Raise `LedgerError` when neither the ledger nor the corpus has an article.

    `corpus` gives the ids of the corpus; it is called only when the ledger lacks the article.
    """
    found = ledger.query(
        "SELECT 1 FROM articles WHERE article = ?1 UNION ALL"
        " SELECT 1 FROM annotations WHERE body ->> 'article' = ?1 LIMIT 1",
        article,
    ).fetchone()
    if found or article in (there := set(corpus())):
        return
    pushed = (one for (one,) in ledger.query("SELECT DISTINCT article FROM articles"))
    told = near(article, {*there, *pushed})
    raise LedgerError(
        f"there is no article {article!r} in the corpus or the ledger",
        f"Near it: {', '.join(told)}." if told else "`annotate history ARTICLE` tells of one.",
    )


def require_person(ledger: Ledger, person: str) -> None:
    """Raise `LedgerError` when the ledger has nobody of an address or the part before its @."""
    people = {
        one
        for (one,) in ledger.query(
            "SELECT address FROM people UNION SELECT DISTINCT body ->> 'annotator'"
            " FROM annotations WHERE body IS NOT NULL"
        )
    }
    by_name = {one.partition("@")[0]: one for one in people} | {one: one for one in people}
    if person in by_name:
        return
    told = list(dict.fromkeys(by_name[one] for one in near(person, by_name)))
    raise LedgerError(
        f"the ledger knows no annotator {person!r}",
        f"Near it: {', '.join(told)}."
        if told
        else f"It knows {', '.join(sorted(people)[:_SHOWN]) or 'nobody yet'}.",
    )
