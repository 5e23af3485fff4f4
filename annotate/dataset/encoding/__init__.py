"""A built dataset as the numbers that a model reads: ids of sub-tokens, and their labels."""

from annotate.dataset.encoding.describing import Encoded
from annotate.dataset.encoding.encode import encode
from annotate.dataset.encoding.options import Options

__all__ = ["Encoded", "Options", "encode"]
