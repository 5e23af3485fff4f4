"""What a build counts on its way."""

from __future__ import annotations

from collections import Counter

from annotate.dataset.ends import Ends
from annotate.dataset.policy import Choice
from annotate.dataset.splits import SPLITS, SplitName
from annotate.spans import Annotation


class Counts:
    """Of articles and annotations, by what they are called in `Built`; of labels by split."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self.of: Counter[str] = Counter()
        self.labels: dict[SplitName, Counter[str]] = {split: Counter() for split in SPLITS}

    def add_foreign(self, found: list[Annotation]) -> None:
        """Count annotations of an article that the corpus does not have."""
        self.of["outdated"] += sum(one.status == "submitted" for one in found)

    def add_choice(self, choice: Choice) -> None:
        """Count what counts of an article, and what does not."""
        self.of["superseded"] += choice.superseded
        self.of["outdated"] += choice.outdated
        self.of["ineligible"] += choice.ineligible
        self.of["unannotated"] += choice.annotation is None
        if choice.annotation:
            self.of["doubtful"] += choice.doubtful
            self.of["set_aside"] += len(choice.annotation.set_aside) - choice.doubtful

    def add_article(self, marked: Annotation, kept: Annotation, split: SplitName) -> None:
        """Count what an article has, and what of it is kept."""
        counts = self.of
        counts["articles"] += 1
        counts["entities"] += len(kept.spans)
        counts["relations"] += len(kept.relations)
        counts["unfit"] += self._ends.count(kept)
        counts["waiting"] += len(marked.spans) - len(kept.spans)
        counts["waiting_relations"] += len(marked.relations) - len(kept.relations)
        self.labels[split].update([span.label for span in kept.spans])
