"""What can be chosen when a dataset is encoded."""

from __future__ import annotations

from typing import Literal

import msgspec

from annotate.errors import DatasetError

Scheme = Literal["BIO", "BILOU"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a dataset is encoded.

    A row has at most `max_length` ids; a longer text gets several rows, windows of which each
    has the last `stride` ids of the one before, a quarter of the window if it is not said.
    With `label_all` every sub-token of a word has a label, not only the first. `scheme` is
    that of the labels, the dataset's own if it is not said.
    """

    max_length: int | None = None
    stride: int | None = None
    label_all: bool = False
    scheme: Scheme | None = None

    def window(self, specials: int) -> tuple[int, int] | None:
        """Return how many ids of the text a window has, and of those before; None for no end.

        `specials` is how many ids the tokenizer puts around each. Raises `DatasetError` when
        nothing is left for the text, or no window would be ahead of the one before.
        """
        if self.max_length is None:
            if self.stride is not None:
                raise DatasetError(
                    "a stride says nothing without a length", "Give --max-length as well."
                )
            return None
        size = self.max_length - specials
        if size < 1:
            raise DatasetError(
                f"a row of {self.max_length} ids has no room for text beside the"
                f" {specials} special ones",
                "Give a larger --max-length.",
            )
        stride = size // 4 if self.stride is None else self.stride
        if not 0 <= stride < size:
            raise DatasetError(
                f"a stride of {stride} does not fit windows of {size} ids of the text",
                "Give a smaller --stride.",
            )
        return size, stride
