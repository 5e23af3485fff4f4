"""Publishing a built dataset: to the Hub, to a folder, to any file system that fsspec knows."""

from annotate.dataset.publish.checks import current, unreviewed
from annotate.dataset.publish.files import Check, File, Published
from annotate.dataset.publish.run import publish

__all__ = ["Check", "File", "Published", "current", "publish", "unreviewed"]
