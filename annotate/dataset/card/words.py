"""What the settings of a build mean, in words."""

from __future__ import annotations

from annotate.dataset.built import Built
from annotate.dataset.card.markdown import code, plural
from annotate.settings import DatasetSettings, Policy, Tagging

_ANNOTATED = (
    "Where the column `annotated` is false, no annotation counts, and that there are no entities "
    "says nothing of the text. Leave such rows out to train and to score: "
    '`spans.filter(lambda row: row["annotated"])`.'
)
_CUT = {
    "expand": "tagged with the whole of each token that it cuts",
    "contract": "tagged without the tokens that it cuts, or not at all when it has no others",
    "drop": "not tagged",
    "error": "not tagged",
}
_LOSSES = {
    "nested": "lie within another span; only the outermost one is tagged",
    "outer": "hold another span; only the innermost ones are tagged",
    "sentences": "spread over more than one sentence; not tagged",
    "shared token": "share a token with another span; not tagged",
    "empty": "hold no token; not tagged",
    "too deep": "lie deeper than the last level of tags; not tagged",
}
_NESTING = {
    "outermost": "Of nested spans the outermost is tagged",
    "innermost": "Of nested spans the innermost is tagged",
}
_SCHEMES = {
    "BIO": "`B-` begins a span, `I-` goes on, `O` is outside",
    "BILOU": "`B-` begins a span, `I-` goes on, `L-` ends it, `U-` is a span of one token, "
    "`O` is outside",
}


def policy_words(policy: Policy) -> str:
    """Return which annotation of an article counts."""
    if policy.use == "latest":
        return "Of several people's annotations of an article, the one changed last counts."
    if policy.use == "annotator":
        if len(policy.annotators) == 1:
            return "The annotations of one person count; of several of an article, the latest."
        return (
            f"Of {len(policy.annotators)} people named in an order of preference, the annotation "
            "of the first one who annotated an article counts."
        )
    if policy.use == "ground-truth":
        return (
            "Only annotations that were starred as ground truth count; of several of an article, "
            "the one changed last."
        )
    return (
        f"What at least {policy.at_least} people marked alike counts: spans with the same ends "
        "and label, with the relations, attributes and answers on which as many agree. Of each "
        "person the latest annotation of an article counts."
    )


def unannotated_words(settings: DatasetSettings, built: Built) -> list[str]:
    """Return what became of the articles that have no annotation that counts."""
    there = "without entities, `annotated` is false" if settings.include_unannotated else "left out"
    told = (
        (built.unannotated - built.ineligible, "without a submitted annotation"),
        (built.ineligible, "of which this takes no annotation"),
    )
    found = [f"{plural(count, 'article')} {why}: {there}." for count, why in told if count]
    return [*found, *[_ANNOTATED] * settings.include_unannotated]


def tokens_words(tagging: Tagging) -> list[str]:
    """Return how `tokens` is made from `spans`, a sentence each."""
    found = [
        f"{_tokenizer(tagging.tokenizer)}.",
        f"Tags are {tagging.scheme}: {_SCHEMES[tagging.scheme]}.",
    ]
    if tagging.nesting == "levels":
        last = f" to `ner_tags_{tagging.levels}`" if tagging.levels > 2 else ""
        deeper = f", those within them in `ner_tags_2`{last}" if tagging.levels > 1 else ""
        found.append(f"The outermost spans are tagged in `ner_tags`{deeper}.")
    else:
        found.append(f"{_NESTING[tagging.nesting]}, in `ner_tags`.")
    if tagging.cut != "error":
        found.append(f"A span that begins or ends within a token is {_CUT[tagging.cut]}.")
    else:
        found.append("No span begins or ends within a token.")
    return found


def _tokenizer(name: str) -> str:
    if name == "syllable":
        return (
            "Tokens are runs of letters, digits and the marks on them (for Vietnamese, "
            "syllables), and single other marks"
        )
    if name.startswith("spacy:"):
        return f"Tokens and sentences are those of spaCy's {code(name.removeprefix('spacy:'))}"
    return f"Tokens and sentences are those of {code(name)}"


def loss_words(reason: str, tagging: Tagging) -> str:
    """Return why spans are not tagged as they were marked."""
    if reason == "cut token":
        return f"begin or end within a token; {_CUT[tagging.cut]}"
    if reason == "crossing":
        kept = "the shorter one" if tagging.nesting == "innermost" else "the one that begins first"
        return f"cross another span; only {kept} is tagged"
    return _LOSSES.get(reason, code(reason))
