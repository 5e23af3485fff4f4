"""What a terminal gets: a bar where the end is known, else only the time; lines that fit."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from annotate.cli.common import say


def progress(total: str, advance: str) -> str:
    """Return what a terminal gets of work that takes more than a second."""
    return in_terminal(
        "import time\n"
        "from annotate.cli.common import rich_progress\n"
        f"with rich_progress('Working', {total}) as advance:\n"
        f"    {advance}\n"
        "    time.sleep(1.3)\n"
    )


def in_terminal(code: str) -> str:
    """Return what a program tells people in a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    command = [sys.executable, "-c", code]
    subprocess.run(command, stdout=theirs, stderr=theirs, env=environ, check=True)
    os.close(theirs)
    told = b""
    while True:
        try:
            told += os.read(ours, 65536)
        except OSError:
            os.close(ours)
            return told.decode()


def test_of_work_whose_end_is_unknown_only_the_time_is_shown() -> None:
    told = progress("None", "pass")
    assert "Working" in told
    assert "0:00:01" in told
    assert "%" not in told
    assert "━" not in told


@pytest.mark.parametrize(("total", "expected"), [("None", "7,000"), ("14_000", "50%")])
def test_how_much_is_done_is_counted(total: str, expected: str) -> None:
    assert expected in progress(total, "advance(7000)")


LONG = "  " + " ".join(["word"] * 30)


def test_long_lines_are_broken_between_words_in_a_terminal() -> None:
    told = in_terminal(f"from annotate.cli.common import say; say({LONG!r} + '\\nend')")
    first, second, end = told.splitlines()
    assert max(len(first), len(second)) <= 80
    assert first.startswith("  word")
    assert second.startswith("    word")
    assert (f"{first} {second.strip()}", end) == (LONG, "end")


def test_long_lines_stay_whole_for_other_programs(capsys: pytest.CaptureFixture[str]) -> None:
    say(LONG)
    assert capsys.readouterr().out == f"{LONG}\n"
