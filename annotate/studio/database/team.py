"""How a team's server is run, and that it is remembered."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from annotate.errors import LocalServerError
from annotate.studio.database.address import Database, environment_of
from annotate.studio.install import Launch, environment, require
from annotate.studio.system import write_private

WORKERS = 2
FILE_NAME = "team.json"
_CONFIG = "python:annotate.studio.database.workers"


class Team(msgspec.Struct, frozen=True):
    """How a team's server is run.

    `data` is the folder of what people upload, empty for the usual one; `url` is where
    people find the server when something stands in front of it, empty when nothing does.
    """

    database: Database
    workers: int = WORKERS
    data: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if self.url and not is_public_url(self.url):
            raise ValueError("url must be http(s)://HOST[:PORT]")


def is_public_url(text: str) -> bool:
    """Whether it is http(s)://HOST[:PORT] and nothing else."""
    parts = urlsplit(text)
    bare = f"{parts.scheme}://{parts.netloc}"
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and text.rstrip("/") == bare
    )


def read_team(private: Path) -> Team | None:
    """Return how the workspace's server was last run for a team, None when it never was."""
    path = private / FILE_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Team)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, OSError) as error:
        raise LocalServerError(
            f"{path} cannot be read: {error}",
            "Delete it, then run `annotate serve --database …` again.",
        ) from error


def remember_team(private: Path, team: Team) -> None:
    """Keep how the server is run; there is no password in it."""
    write_private(private / FILE_NAME, msgspec.json.encode(team))


def team_launch(team: Team, data: Path, host: str, port: int) -> Launch:
    """Return how the server's first process is started, which then starts the workers."""
    require("gunicorn")
    spec = importlib.util.find_spec("label_studio")
    assert spec is not None  # noqa: S101
    assert spec.submodule_search_locations  # noqa: S101
    # Label Studio's parts import each other from there.
    folder = Path(next(iter(spec.submodule_search_locations)))
    listen = ["--bind", f"{host}:{port}", "--workers", str(team.workers)]
    return Launch(
        [sys.executable, "-m", "gunicorn", "--config", _CONFIG, *listen, "core.wsgi:application"],
        environment(data)
        | environment_of(team.database)
        | {"DJANGO_SETTINGS_MODULE": "core.settings.label_studio", "PYTHONUNBUFFERED": "1"}
        | _public(team.url),
        folder,
    )


def _public(url: str) -> dict[str, str]:
    """Return what Label Studio must know of the address that people use."""
    if not url:
        return {}
    # Otherwise a form that came by https is taken for a forgery.
    known = {"LABEL_STUDIO_HOST": url, "CSRF_TRUSTED_ORIGINS": url}
    if url.startswith("https://"):
        known |= {"SESSION_COOKIE_SECURE": "1", "CSRF_COOKIE_SECURE": "1"}
    return known
