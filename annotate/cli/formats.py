"""The formats that commands know: those of other tools, and Label Studio's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click

from annotate.formats.registry import FORMATS, Format

LABEL_STUDIO = Format(
    name="label-studio", title="Label Studio's JSON, tasks with annotations",
    offsets="code points", suffix=".json", reader="annotate.studio.export:import_export",
    writer="annotate.studio.export.writing:write_tasks", writing=("schema", "unannotated"),
)  # fmt: skip

EVERY = dict(sorted({**FORMATS, LABEL_STUDIO.name: LABEL_STUDIO}.items()))
IN = tuple(name for name, one in EVERY.items() if one.reader)
OUT = tuple(name for name, one in EVERY.items() if one.writer)


def require_fitting(form: Format, given: Mapping[str, object], taken: Iterable[str]) -> None:
    """Refuse an option that was given and that the format does not take."""
    fitting = set(taken)
    for option, value in given.items():
        if value is not None and option not in fitting:
            name = option.replace("_", "-")
            raise click.UsageError(f"--{name} is not for {form.name}.")
