"""Every command explains itself, at once."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from annotate.cli import COMMANDS
from annotate.cli import annotate as program
from docs.generate import pages
from tests.conftest import run_annotate


def command(name: str) -> click.Command:
    found = program.get_command(click.Context(program), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_of_itself(name: str) -> None:
    text = command(name).help or ""
    first, *_ = text.splitlines()
    assert first.endswith(".")
    assert f"annotate {name}" in text.partition("Example:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    options = [p for p in command(name).params if isinstance(p, click.Option)]
    assert all(option.help for option in options)


def test_the_generated_documentation_is_current() -> None:
    for path, text in pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run `make docs`"


def test_help_imports_nothing_slow() -> None:
    code = (
        "import sys\n"
        "from annotate.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit: pass\n"
        "slow = {'datasets', 'label_studio_sdk', 'rich', 'yaml', 'pyarrow', 'httpx'}\n"
        "sys.exit(', '.join(slow & sys.modules.keys()) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unknown_command_is_told() -> None:
    outcome = run_annotate("pusj")
    assert outcome.status == 2
    assert "No such command 'pusj'" in outcome.stderr
