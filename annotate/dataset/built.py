"""What a build made of what; the card and the command tell it."""

from __future__ import annotations

import msgspec


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What a build made of what.

    `splits` maps the splits that have articles to how many, `labels` each label to its
    entities in each split, `losses` each reason to the spans that `tokens` does not show
    as marked. `set_aside` counts marks in quarantine that do not count, `outdated` annotations
    of a text that the corpus no longer has, `superseded` those older than another's work
    on the same article, `waiting` spans of a split label that wait for a person to choose
    and `waiting_relations` those at their ends; none of these are in the dataset. Of
    `ineligible` articles the policy takes no annotation; they are among the `unannotated`, of
    which `included` tells how many are rows all the same, with `annotated` false. `doubtful`
    marks in quarantine count until somebody has looked at them. `unfit` relations are in it
    although the schema does not allow what is at their ends. `annotations` counts everyone's
    that are of the texts as they are now, `annotators` the people who made them. `lacking` are
    the articles whose split is listed and that the corpus does not have. `card_saved` is where
    the card was saved that was there before, empty when a build wrote all but its kept sections.
    """

    articles: int
    unannotated: int
    entities: int
    relations: int
    sentences: int
    splits: dict[str, int]
    labels: dict[str, dict[str, int]]
    losses: dict[str, int]
    set_aside: int
    outdated: int
    superseded: int
    waiting: int = 0
    waiting_relations: int = 0
    ineligible: int = 0
    included: int = 0
    doubtful: int = 0
    unfit: int = 0
    annotations: int = 0
    annotators: int = 0
    lacking: tuple[str, ...] = ()
    card_saved: str = ""
