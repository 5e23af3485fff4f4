"""Every command explains itself, at once."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from docs.generate import commands, pages
from tests.conftest import run_annotate

EVERY = dict(commands())
every_command = pytest.mark.parametrize("name", EVERY)


@every_command
def test_every_command_has_help_with_an_example_of_itself(name: str) -> None:
    text = EVERY[name].help or ""
    first, *_ = text.splitlines()
    assert first.endswith(".")
    assert f"annotate {name}" in text.partition("Example:")[2]


@every_command
def test_every_option_says_what_it_does(name: str) -> None:
    options = [p for p in EVERY[name].params if isinstance(p, click.Option)]
    assert all(option.help for option in options)


def test_the_generated_documentation_is_current() -> None:
    for path, text in pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run `make docs`"


@pytest.mark.parametrize("arguments", [["--help"], ["corpus", "add", "--help"]], ids=" ".join)
def test_help_imports_nothing_slow(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from annotate.cli import main\n"
        f"try:\n    main({arguments!r})\n"
        "except SystemExit: pass\n"
        "slow = {'daft', 'datasets', 'label_studio_sdk', 'rich', 'yaml', 'pyarrow', 'httpx'}\n"
        "sys.exit(', '.join(slow & sys.modules.keys()) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("pusj", "No such command 'pusj'. Did you mean 'push'?"),
        ("schema chek", "No such command 'chek'. Did you mean 'check'?"),
        ("frobnicate", "No such command 'frobnicate'."),
    ],
)
def test_an_unknown_command_is_told_with_what_is_near(given: str, told: str) -> None:
    outcome = run_annotate(*given.split())
    assert outcome.status == 2
    assert outcome.stderr.endswith(f"Error: {told}\n")


@pytest.mark.parametrize("group", ["", "schema ", "corpus ", "quarantine ", "dataset "])
def test_a_list_of_commands_has_their_whole_first_sentences(group: str) -> None:
    """They were cut off where they were longer than a line."""
    printed = run_annotate(*group.split(), "--help").stdout
    listed = " ".join(printed.partition("Commands:")[2].split())
    names = [name.removeprefix(group) for name in EVERY if name.startswith(group)]
    for name in (one for one in names if " " not in one):
        sentence = (EVERY[group + name].help or "").partition("\n\n")[0]
        assert f"{name} {' '.join(sentence.split())}" in listed
