"""The dataset's card: README.md as the Hub shows it, its pictures, and croissant.json."""

from annotate.dataset.card.write import write_card

__all__ = ["write_card"]
