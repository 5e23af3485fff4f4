"""The proxy that other tests trust to break things in the way they say."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from annotate.studio.client import Studio
from annotate.workspace import Workspace
from tests.conftest import Annotate, MakeWorkspace, Server
from tests.deeds import answer, cut, cut_body, cut_chunks, drip, halve, hang
from tests.proxy import ALWAYS, Answer, Asked, Chance, Deed, Fault, FaultProxy

VERSION = "api/version"


@pytest.fixture
def get() -> Iterator[Callable[[FaultProxy], httpx.Response]]:
    with httpx.Client(trust_env=False, timeout=5) as client:
        yield lambda proxy: client.get(f"{proxy.url}/{VERSION}")


Get = Callable[[FaultProxy], httpx.Response]


def statuses(proxy: FaultProxy, get: Get, times: int) -> list[int]:
    """What each of some requests is answered, 0 for a connection that breaks."""
    found = []
    for _ in range(times):
        try:
            found.append(get(proxy).status_code)
        except httpx.TransportError:
            found.append(0)
    return found


def test_an_answer_is_passed_on_as_it_is(server: Server, get: Get) -> None:
    straight = httpx.get(f"{server.url}/{VERSION}")
    with FaultProxy(server.url) as proxy:
        passed = get(proxy)
    assert passed.content == straight.content
    assert passed.headers["content-type"] == straight.headers["content-type"]
    assert "date" in passed.headers


def test_a_fault_befalls_the_nth_request_and_those_that_follow(server: Server, get: Get) -> None:
    with FaultProxy(server.url, [Fault(answer(502), "GET", "version$", nth=2, times=2)]) as proxy:
        assert statuses(proxy, get, 5) == [200, 502, 502, 200, 200]
        assert [asked.number for asked in proxy.asked if asked.fault] == [2, 3]
        assert [asked.status for asked in proxy.asked] == [200, 502, 502, 200, 200]


@pytest.mark.parametrize(("after", "made"), [(False, 0), (True, 1)])
def test_a_fault_before_or_after_the_server_did_the_work(
    server: Server, title: str, after: bool, made: int
) -> None:
    fault = Fault(answer(502), "POST", "/api/projects", after=after)
    with FaultProxy(server.url, [fault]) as proxy:
        headers = {"Authorization": f"Token {server.login.token}"}
        url = f"{proxy.url}/api/projects"
        refused = httpx.post(url, json={"title": title}, headers=headers, trust_env=False)
    assert refused.status_code == 502
    with Studio(server.url, server.login.token) as studio:
        assert len(studio.projects_titled(title)) == made


@pytest.mark.parametrize(
    ("deed", "error"),
    [
        (cut, httpx.ReadError),
        (cut_body(), httpx.RemoteProtocolError),
        (cut_chunks, httpx.RemoteProtocolError),
    ],
)
def test_a_cut_breaks_the_connection(
    server: Server, get: Get, deed: Deed, error: type[Exception]
) -> None:
    with FaultProxy(server.url, [Fault(deed)]) as proxy, pytest.raises(error):
        get(proxy)


def test_a_cut_is_a_reset_and_no_farewell(server: Server) -> None:
    with FaultProxy(server.url, [Fault(cut)]) as proxy:
        port = urlsplit(proxy.url).port
        with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
            raw.sendall(b"GET /api/version HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                raw.recv(100)


def test_half_an_answer_claims_to_be_whole(server: Server, get: Get) -> None:
    with FaultProxy(server.url, [Fault(halve)]) as proxy:
        half, whole = get(proxy), get(proxy)
    assert whole.content.startswith(half.content)
    assert len(half.content) == len(whole.content) // 2


def test_a_dripping_answer_comes_whole(server: Server, get: Get) -> None:
    with FaultProxy(server.url, [Fault(drip(0.0, 100))]) as proxy:
        assert get(proxy).content == get(proxy).content


def test_a_hanging_request_ends_with_the_proxy(server: Server) -> None:
    with FaultProxy(server.url, [Fault(hang)]) as proxy, pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{proxy.url}/{VERSION}", timeout=0.2, trust_env=False)


def test_chance_is_the_same_for_the_same_seed(server: Server, get: Get) -> None:
    def run(seed: int) -> list[int]:
        chance = Chance(seed, 0.5, [answer(502), answer(429), cut])
        with FaultProxy(server.url, [chance]) as proxy:
            return statuses(proxy, get, 12)

    first = run(1)
    assert run(1) == first
    assert run(2) != first
    assert set(first) == {200, 502, 429, 0}


def test_what_is_called_around_a_request_can_change_it(server: Server) -> None:
    def before(asked: Asked) -> None:
        asked.headers["Authorization"] = f"Token {server.login.token}"

    def after(_: Asked, passed: Answer) -> None:
        passed.headers.append(("X-Seen", "yes"))

    with FaultProxy(server.url, before=before, after=after) as proxy:
        passed = httpx.get(f"{proxy.url}/api/projects", trust_env=False)
    assert passed.status_code == 200
    assert passed.headers["X-Seen"] == "yes"


def test_what_is_called_around_a_request_and_fails_is_told(server: Server, get: Get) -> None:
    def fail(_: Asked) -> None:
        raise ValueError("no such task")

    with pytest.raises(ValueError, match="no such task"), FaultProxy(server.url, before=fail) as p:
        assert statuses(p, get, 1) == [0]


def test_a_server_that_is_gone_is_a_bad_gateway(get: Get) -> None:
    with FaultProxy("http://127.0.0.1:9") as proxy:
        assert get(proxy).status_code == 502


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    return make_workspace({"one.txt": "Trung tá Lê An đến Bộ Công an."})


def test_a_command_never_goes_round_the_proxy(
    server: Server, workspace: Workspace, annotate: Annotate
) -> None:
    def elsewhere(_: Asked, passed: Answer) -> None:
        # The server gives addresses of its own; none of them may be followed.
        passed.body = passed.body.replace(server.url.encode(), b"http://127.0.0.1:9")

    with FaultProxy(server.url, after=elsewhere) as proxy:
        for command in ("push", "pull", "status"):
            done = annotate(command, cwd=workspace.root, LABEL_STUDIO_URL=proxy.url)
            assert done.status == 0, done.stderr
        assert proxy.count("POST", "/import") == 1
        assert proxy.count("GET", "/api/tasks") > 0


def test_a_proxy_that_always_fails_fails_a_command(
    server: Server, workspace: Workspace, annotate: Annotate
) -> None:
    with FaultProxy(server.url, [Fault(answer(401), times=ALWAYS)]) as proxy:
        done = annotate("push", cwd=workspace.root, LABEL_STUDIO_URL=proxy.url)
    assert done.status == 1
    assert "not accepted" in done.stderr
