"""`annotate corpus`: what goes in, and what is known about it."""

from __future__ import annotations

import click

from annotate.cli.lazy import LazyGroup

# In the order of the work.
COMMANDS = ("add", "stats", "duplicates", "show", "sample", "gold")


@click.group(cls=LazyGroup, package=__name__, names=COMMANDS)
def corpus() -> None:
    """Fill the corpus with articles, and know what is in it.

    The corpus is the folder of Markdown and text files that annotate.toml names, and the
    store beside it, which `add` fills from other sources.

    \b
    Example:
      annotate corpus add crawl/ news.jsonl.gz
      annotate corpus stats
    """
