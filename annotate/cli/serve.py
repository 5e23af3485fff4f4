"""`annotate serve`."""

from __future__ import annotations

import click

from annotate.cli.common import json_option, print_json, rich_progress, workspace_option
from annotate.workspace import Workspace


@click.command()
@workspace_option
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8080, show_default=True,
    help="The port to listen on.",
)  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--open", "open_browser", is_flag=True, help="Open it in the browser.")
@click.option("--show-login", is_flag=True, help="Print the login of the local server and end.")
@json_option
def serve(
    workspace: Workspace, port: int, host: str, *,
    open_browser: bool, show_login: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run this workspace's own Label Studio until Ctrl-C.

    Its data and log lie in .annotate/. It listens on 127.0.0.1, sign-up is closed, and it
    reports nothing to anyone.

    \b
    Example:
      annotate serve --port 8081 --open
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
    if server.needs_migration():
        click.echo("The first start on this machine takes about a minute.", err=True)
    if host not in {"127.0.0.1", "localhost"}:
        click.echo(f"Everyone who reaches {host} can see the login page.", err=True)
    running = server.start(host, port, rich_progress)
    try:
        if as_json:
            print_json({"url": running.url, "pid": running.pid})
        else:
            click.echo(f"Label Studio runs at {running.url}")
            click.echo("Log in as `annotate serve --show-login` says. Ctrl-C stops it.")
        if open_browser:
            click.launch(running.url)
        server.wait()
        click.echo(f"Label Studio ended by itself; its log is {server.log}", err=True)
        raise click.exceptions.Exit(1)
    except KeyboardInterrupt:
        click.echo("Label Studio is stopped.", err=True)
    finally:
        server.stop(running)
