"""`annotate serve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.common import json_option, plural, print_json, rich_progress, workspace_option
from annotate.errors import LocalServerError
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.studio.database.address import Database
    from annotate.studio.database.team import Team
    from annotate.studio.server import LocalServer, Running


@click.command()
@workspace_option
@click.option(
    "--port", metavar="PORT", type=click.IntRange(1, 65535), default=8080, show_default=True,
    help="The port to listen on.",
)  # fmt: skip
@click.option(
    "--host", metavar="ADDRESS", default="127.0.0.1", show_default=True,
    help="The address to listen on.",
)  # fmt: skip
@click.option(
    "--database", metavar="URL",
    help="Run it for a team, on PostgreSQL: postgresql://USER@HOST/NAME. Its password is best"
    " kept in ~/.pgpass or PGPASSWORD.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(1, 64), metavar="N",
    help="Processes that work at the same time; 2 with --database, which they need.",
)  # fmt: skip
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Where a team's uploads and exports lie; otherwise in .annotate/label-studio.",
)  # fmt: skip
@click.option(
    "--url", "public_url", metavar="URL",
    help="Where a team finds it: https://HOST of the proxy that stands in front of it.",
)  # fmt: skip
@click.option(
    "--open", "open_browser", is_flag=True,
    help="Open it in the browser, also the one that runs already.",
)  # fmt: skip
@click.option("--show-login", is_flag=True, help="Print the login of the local server and end.")
@json_option
def serve(
    workspace: Workspace, port: int, host: str, *,
    database: str | None, workers: int | None, data: Path | None, public_url: str | None,
    open_browser: bool, show_login: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run this workspace's own Label Studio until Ctrl-C.

    Its data and log lie in .annotate/. It listens on 127.0.0.1, sign-up is closed, and it
    reports nothing to anyone. With --database it is a team's server; the workspace keeps
    that, without a password, so that later `annotate serve` alone is enough.

    \b
    Example:
      annotate serve --port 8081 --open
      annotate serve --database postgresql:///annotate --workers 4
      annotate serve --url https://ls.example.org
    """
    from annotate.studio.server import LocalServer

    server = LocalServer(workspace.private)
    if show_login:
        login = server.login()
        if as_json:
            print_json({"email": login.email, "password": login.password})
        else:
            click.echo(f"email     {login.email}\npassword  {login.password}")
        return
    options = (database, workers, data, public_url)
    if open_browser and not any(options) and _open_running(server, as_json=as_json):
        return
    team = _team(server, *options)
    _warn(server, team, host, first=database is not None)
    if workspace.url is not None and (team is None or team.url != workspace.url):
        click.echo(
            f"This workspace pushes to and pulls from {workspace.url}, not this server.", err=True
        )
    running = server.start(host, port, rich_progress, team=team)
    try:
        if as_json:
            print_json({"url": running.url, "pid": running.pid})
        else:
            _say(running, team)
        if open_browser:
            click.launch((team and team.url) or running.url)
        server.wait()
        click.echo(f"Label Studio ended by itself; its log is {server.log}", err=True)
        raise click.exceptions.Exit(1)
    except KeyboardInterrupt:
        click.echo("Label Studio is stopped.", err=True)
    finally:
        server.stop(running)


def _open_running(server: LocalServer, *, as_json: bool) -> bool:
    """Open the server that runs already in the browser; whether there is one that stays."""
    running = server.running()
    if running is None or running.temporary:
        return False
    team = server.team()
    url = (team and team.url) or running.url
    click.launch(url)
    if as_json:
        print_json({"url": running.url, "pid": running.pid})
    else:
        click.echo(f"Label Studio runs already; opened {url} in the browser.")
        click.echo("Log in as `annotate serve --show-login` says.")
    return True


def _team(
    server: LocalServer, database: str | None, workers: int | None, data: Path | None,
    public_url: str | None,
) -> Team | None:  # fmt: skip
    """Return how a team's server is run, from the options or as it was run before."""
    import msgspec

    from annotate.studio.database.team import Team, is_public_url

    if public_url is not None and not is_public_url(public_url):
        raise LocalServerError(
            f"--url {public_url} is not http(s)://HOST", "Leave out path and password."
        )
    given = {
        "workers": workers,
        "data": None if data is None else str(data.resolve()),
        "url": None if public_url is None else public_url.rstrip("/"),
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    before = Team(_read(database)) if database is not None else server.team()
    if before is not None:
        return msgspec.structs.replace(before, **chosen)
    if workers is not None:
        raise LocalServerError(
            "--workers needs --database: SQLite, which this server is on, collapses under"
            " parallel writers",
            "Name a PostgreSQL database, or leave it out.",
        )
    if chosen:
        option = ", ".join(f"--{name}" for name in chosen)
        raise LocalServerError(f"{option} needs --database", "Name a PostgreSQL database.")
    return None


def _read(database: str) -> Database:
    """Read the address; a password in it goes where other people cannot see it."""
    from annotate.studio.database.address import read_address
    from annotate.studio.system import run_again

    read, password = read_address(database)
    if password is not None:
        run_again(database, read.address, {"PGPASSWORD": password})
    return read


def _warn(server: LocalServer, team: Team | None, host: str, *, first: bool) -> None:
    """Say what the person should know before it starts."""
    if server.needs_migration() and not team:
        click.echo("The first start on this machine takes about a minute.", err=True)
    if team and first and server.team() is None:
        click.echo("The first start on an empty database takes about a minute.", err=True)
        if server.has_local_database():
            click.echo(
                "What was pushed and annotated here so far lies on SQLite and is not moved"
                " to PostgreSQL.",
                err=True,
            )
    if host not in {"127.0.0.1", "localhost"}:
        click.echo(f"Everyone who reaches {host} can see the login page.", err=True)


def _say(running: Running, team: Team | None) -> None:
    """Say where it runs and how to enter."""
    if team:
        workers = plural(team.workers, "worker")
        where = f"on {team.database.address}, with {workers}"
        click.echo(f"Label Studio runs at {running.url} {where}")
        if team.url:
            click.echo(f"The team finds it at {team.url}")
    else:
        click.echo(f"Label Studio runs at {running.url}")
    click.echo("Log in as `annotate serve --show-login` says. Ctrl-C stops it.")
