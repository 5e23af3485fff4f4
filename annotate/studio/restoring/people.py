"""The people of a lost server on the new one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from pathlib import Path

import httpx
import msgspec

from annotate.errors import RequestRefused, ServerUnreachable, StudioError
from annotate.studio.client import Studio
from annotate.studio.system import write_private

_TIMEOUT = httpx.Timeout(60, connect=10)


def find_missing(studio: Studio, addresses: Iterable[str]) -> tuple[str, ...]:
    """Return those of the addresses that no member of the server's organisation has."""
    members = {address.lower() for address in studio.people().values()}
    return tuple(sorted(one for one in addresses if one.lower() not in members))


def refuse_missing(missing: Iterable[str], server: str) -> StudioError:
    """Say who is missing, and what can be done about it."""
    before = f"LABEL_STUDIO_URL={server} " if server.startswith("http") else ""
    return StudioError(
        f"people whose work is to be restored are not on the server: {', '.join(missing)}",
        f"Send them the link of `{before}annotate invite` and restore when they have signed up;"
        " or make their accounts with --sign-up; or have their work count as yours with"
        " --as-owner.",
    )


def sign_up(studio: Studio, server: str, missing: Iterable[str], logins: Path) -> list[str]:
    """Make accounts by the server's own form; return whose.

    Their passwords are made at random and kept in `logins`, mode 0600, before they are used.
    Raises `StudioError` when the server takes one of them for none, or has it already.
    """
    listed = list(missing)
    if strange := [one for one in listed if not re.fullmatch(r"[^@\s]+@[^@\s]+", one)]:
        raise StudioError(
            f"no account can be made for {', '.join(strange)}, which is no address",
            "Have that work count as yours with --as-owner.",
        )
    passwords = _keep_passwords(server, listed, logins)
    invite = studio.invite_link()
    for address in listed:
        _sign_up(studio.url, invite, address, passwords[address])
    if still := find_missing(studio, listed):
        raise StudioError(
            f"the server made no account for {', '.join(still)}",
            "Invite them with `annotate invite`, and restore when they have signed up.",
        )
    return listed


def _keep_passwords(server: str, addresses: list[str], logins: Path) -> dict[str, str]:
    kept: dict[str, dict[str, str]] = {}
    if logins.exists():
        kept = msgspec.json.decode(logins.read_bytes(), type=dict[str, dict[str, str]])
    passwords = kept.setdefault(server, {})
    for address in addresses:
        passwords.setdefault(address, secrets.token_urlsafe(15))
    write_private(logins, msgspec.json.format(msgspec.json.encode(kept)))
    return passwords


def _sign_up(url: str, invite: str, address: str, password: str) -> None:
    here = httpx.URL(url).host in {"127.0.0.1", "localhost", "::1"}
    # A client for each: whoever has signed up is logged in.
    with httpx.Client(base_url=url, timeout=_TIMEOUT, trust_env=not here) as browser:
        try:
            page = browser.get(invite, follow_redirects=True)
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
            form = {"email": address, "password": password}
            form |= {"csrfmiddlewaretoken": token[1]} if token else {}
            answer = browser.post(invite, data=form, headers={"Referer": url})
        except httpx.RequestError as error:
            raise ServerUnreachable(
                f"no answer from Label Studio at {url} to the form for {address}",
                "Run the command again.",
            ) from error
    # Whom it takes it sends on; whom it does not it shows the form again.
    if not answer.is_redirect:
        faults = re.findall(r'<ul class="field_errors">(.*?)</ul>', answer.text, re.DOTALL)
        told = " ".join(re.findall(r"<li>([^<]+)</li>", " ".join(faults)))
        raise RequestRefused(
            f"Label Studio made no account for {address}: {told or answer.status_code}",
            "Invite that person with `annotate invite`, and restore when they have signed up.",
            answer.status_code,
        )
