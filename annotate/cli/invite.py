"""`annotate invite`."""

from __future__ import annotations

from typing import NamedTuple

import click

from annotate.cli.common import connect, json_option, print_json, workspace_option
from annotate.workspace import Workspace


class Door(NamedTuple):
    """Where people find the server: its address, empty while it has none that stays.

    `note` says what stands between them and the server, if anything does.
    """

    url: str
    note: str = ""


def find_door(workspace: Workspace) -> Door:
    """Return where people find the workspace's server; asked while it runs."""
    if workspace.url is not None:
        return Door(workspace.url)
    from annotate.studio.server import LocalServer

    server = LocalServer(workspace.private)
    team, running = server.team(), server.running()
    if team and team.url:
        return Door(team.url)
    if running is None or running.temporary:
        return Door(
            "",
            "The server ran for this command only: start `annotate serve`, and put the address"
            " that it tells before each link.",
        )
    return Door(
        running.url,
        "Nobody but you can reach a server on this machine's own address; `annotate serve"
        " --database` runs one for a team.",
    )


@click.command()
@workspace_option
@json_option
def invite(workspace: Workspace, *, as_json: bool) -> None:
    """Print the link with which people sign up at the server.

    Whoever has it can join, sees every article and can annotate: send it to nobody else.

    \b
    Example:
      annotate invite
    """
    with connect(workspace) as (studio, _):
        path = studio.invite_link()
        door = find_door(workspace)
    link = f"{door.url}/{path.lstrip('/')}"
    if as_json:
        print_json({"link": link, "note": door.note})
        return
    click.echo(link)
    click.echo("Whoever has this link can join.", err=True)
    if door.note:
        click.echo(door.note, err=True)
