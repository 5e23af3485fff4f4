"""A second person on the session's server, who came in by the invite link."""

from __future__ import annotations

import re

import httpx

from annotate.studio.client import Studio
from tests.conftest import Server

PASSWORD = "a long passphrase"  # noqa: S105, of a server that ends with the tests


def sign_up(server: Server, email: str) -> Studio:
    """Sign a person up with the server's own form and return their connection."""
    admin = {"Authorization": f"Token {server.login.token}"}
    with httpx.Client(base_url=server.url, follow_redirects=True) as browser:
        invite = browser.get("/api/invite", headers=admin).json()["invite_url"]
        page = browser.get(invite)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        form = {"email": email, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        answer = browser.post(invite, data=form, headers={"Referer": server.url})
        answer.raise_for_status()
        key = browser.get("/api/current-user/token").raise_for_status().json()["token"]
    return Studio(server.url, key)
