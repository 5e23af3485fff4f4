"""`annotate serve`: what it says before the server starts."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotate.workspace import open_workspace
from tests.cli.test_quarantine import annotate
from tests.conftest import lay_out


@pytest.fixture
def taken() -> Iterator[str]:
    """A port that is not free, so that no server starts."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield str(held.getsockname()[1])


@pytest.mark.parametrize("url", ["", "https://ls.example.org"])
def test_in_a_workspace_that_works_with_another_server_it_says_so(
    tmp_path: Path, taken: str, url: str
) -> None:
    workspace = open_workspace(lay_out(tmp_path / "workspace", "Tin", {}), {})
    outcome = annotate(workspace, "serve", "--port", taken, LABEL_STUDIO_URL=url)
    assert outcome.status == 1
    told = f"This workspace pushes to and pulls from {url}, not this server.\n" in outcome.stderr
    assert told == bool(url)
