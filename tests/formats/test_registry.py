"""The registry: what it promises of a format is what its reader and writer do."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from annotate.cli.formats import EVERY, IN, OUT
from annotate.errors import FormatError
from annotate.formats import registry
from annotate.formats.document import Document, Losses
from annotate.formats.losses import NAMES, lose, told
from annotate.formats.registry import FORMATS, Format
from annotate.spans import Relation, Span

TEXT = "Trung tá Lê An 👍🏽\nvề  Huế."
SPANS = (
    Span(id="r", start=0, end=8, label="RANK"),
    Span(id="p", start=0, end=14, label="PERSON", attributes={"form": ("x",)}),
    Span(id="l", start=22, end=25, label="LOCATION"),
)
FULL = Document(
    id="bai-1",
    text=TEXT,
    spans=SPANS,
    relations=(Relation(head="p", tail="r", label="holds_rank"),),
    choices={"topic": ("news",)},
    annotator="lan.anh@example.org",
    metadata={"title": "Tin", "page": "3"},
)

writers = pytest.mark.parametrize("name", [name for name, one in FORMATS.items() if one.writer])


def options_of(function: str) -> tuple[str, ...]:
    """Return the keyword-only parameters of a reader or writer."""
    module, _, name = function.partition(":")
    parameters = inspect.signature(getattr(import_module(module), name)).parameters.values()
    return tuple(one.name for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY)


def everything_in(path: Path) -> bytes:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return b"".join(one.name.encode() + one.read_bytes() for one in files)


@pytest.mark.parametrize("name", EVERY)
def test_a_format_takes_the_options_that_it_names(name: str) -> None:
    form = EVERY[name]
    if form.writer:
        assert options_of(form.writer) == form.writing
    if form.reader and name != "label-studio":  # whose reader brings work to the ledger itself
        assert options_of(form.reader) == form.reading


def test_formats_are_found_by_their_names() -> None:
    assert all(name == form.name for name, form in EVERY.items())
    assert set(FORMATS) | {"label-studio"} == set(EVERY)
    assert set(IN) | set(OUT) == set(EVERY)


@writers
def test_what_is_written_is_a_file_where_there_is_a_suffix_and_else_a_folder(
    tmp_path: Path, name: str
) -> None:
    form = FORMATS[name]
    form.write([FULL], tmp_path / f"x{form.suffix}", Losses())
    assert (tmp_path / f"x{form.suffix}").is_file() == bool(form.suffix)
    assert len(list(tmp_path.iterdir())) == 1


@writers
def test_no_format_tells_who_annotated(tmp_path: Path, name: str) -> None:
    losses = Losses()
    form = FORMATS[name]
    form.write([FULL], tmp_path / "x", losses)
    assert losses["annotators"] == 1
    if form.reader:
        assert [one.annotator for one in form.read(tmp_path / "x", Losses())] == [""]
    assert b"lan.anh" not in everything_in(tmp_path)


@writers
def test_what_comes_back_is_what_was_written_but_for_what_was_counted(
    tmp_path: Path, name: str
) -> None:
    form = FORMATS[name]
    if not form.reader:
        return
    losses = Losses()
    path = tmp_path / f"x{form.suffix}"
    form.write([FULL], path, losses)
    (found,) = form.read(path, Losses())
    assert (found.text == TEXT) == ("texts with other spacing" not in losses)
    assert len(found.spans) == len(SPANS) - losses["nested spans"]
    assert len(found.relations) == 1 - losses["relations"]
    assert sum(len(span.attributes) for span in found.spans) == 1 - losses["attributes"]
    assert len(found.choices) == 1 - losses["choices"]
    assert len(found.metadata) == 2 - losses["metadata"]
    marked = {found.text[span.start : span.end] for span in found.spans}
    assert marked <= {"Trung tá", "Trung tá Lê An", "Huế"}


@writers
def test_a_loss_has_the_name_that_it_has_in_every_format(tmp_path: Path, name: str) -> None:
    losses = Losses()
    FORMATS[name].write([FULL], tmp_path / "x", losses)
    assert set(losses) <= set(NAMES)


def test_no_loss_is_counted_past_the_vocabulary() -> None:
    folder = Path(registry.__file__).parent
    sources = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    counting = [name for name, source in sources.items() if re.search(r"losses\[.*\] \+=", source)]
    assert counting == ["losses.py"]


def test_losses_are_told_in_words_the_most_first() -> None:
    losses = Losses()
    lose(losses, "nested spans")
    lose(losses, "relations", 1200)
    lose(losses, "choices", 0)
    assert told(losses) == "1,200 relations, 1 nested span"
    assert told(Losses()) == ""


def test_a_package_that_is_missing_comes_with_the_line_that_installs_it(tmp_path: Path) -> None:
    form = Format(
        name="odd", title="", offsets="", needs="no_such_package", reader="annotate.x:read_odd"
    )
    with pytest.raises(FormatError, match=r"pip install 'annotate-corpus\[formats\]'"):
        form.read(tmp_path, Losses())


def test_naming_the_formats_imports_nothing_slow() -> None:
    code = (
        "import sys, annotate.cli.formats\n"
        "slow = {'spacy', 'cassis', 'datasets', 'regex', 'yaml', 'pyarrow', 'httpx'}\n"
        "sys.exit(', '.join(slow & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def rows() -> list[list[str]]:
    """Return the rows of the table of formats in the documentation."""
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_documentation_lists_every_format_with_its_ways_and_its_offsets() -> None:
    def way(form: Format) -> str:
        return " and ".join(
            what for what, function in (("in", form.reader), ("out", form.writer)) if function
        )

    expected: list[Any] = [[f"`{name}`", way(one), one.offsets] for name, one in EVERY.items()]
    assert [row[:3] for row in rows()] == expected
