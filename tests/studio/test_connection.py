"""One connection to Label Studio, through all that networks, proxies and tokens do to it."""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from annotate.errors import (
    AccessDenied,
    RequestRefused,
    ServerTimeout,
    ServerUnreachable,
    StudioError,
)
from annotate.studio import bodies, credentials, retrying
from annotate.studio.client import Studio
from annotate.studio.connection import Listing
from annotate.studio.retrying import Patience, Trouble, retry_after
from tests.conftest import Faulty, Server
from tests.deeds import answer, cut, cut_body, cut_chunks, drip, halve, hang
from tests.proxy import ALWAYS, Answer, Asked, Deed, Exchange, Fault, FaultProxy

REFRESH = "/api/token/refresh/"
IMPATIENT = httpx.Timeout(5, read=0.3)

Through = Callable[..., tuple[Studio, FaultProxy]]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of each wait, which are not waited."""
    seconds: list[float] = []
    monkeypatch.setattr(retrying, "sleep", seconds.append)
    return seconds


@pytest.fixture
def through(server: Server, waits: list[float]) -> Iterator[Through]:  # noqa: ARG001
    """Make connections with faults on the way to the session's server."""
    with ExitStack() as stack:

        def make(
            *faults: Fault, key: str = "", proxied: dict[str, Any] | None = None, **options: Any
        ) -> tuple[Studio, FaultProxy]:
            proxy = stack.enter_context(FaultProxy(server.url, faults, **(proxied or {})))
            connected = Studio(proxy.url, key or server.login.token, **options)
            return stack.enter_context(connected), proxy

        yield make


@pytest.fixture
def personal(server: Server) -> Iterator[str]:
    """A personal access token, made on the server and revoked there afterwards."""
    key: str = server.call("POST", "api/token/")["token"]
    yield key
    with suppress(httpx.HTTPStatusError):
        revoke(server, key)


def revoke(server: Server, key: str) -> None:
    server.call("POST", "api/token/blacklist/", {"refresh": key})


def once(deed: Deed) -> Fault:
    return Fault(deed, times=1)


# Busy: the server has done nothing, so everything is sent again.


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_given_the_time_it_asks_for(
    through: Through, waits: list[float], title: str, status: int
) -> None:
    told: list[tuple[str, float]] = []
    studio, proxy = through(
        Fault(answer(status, Retry_After="7"), "POST", times=2),
        on_wait=lambda why, seconds: told.append((why, seconds)),
    )
    studio.create_project(title, {})
    assert len(studio.projects_titled(title)) == 1
    assert waits == [7, 7]
    assert proxy.count("POST") == 3
    assert [seconds for _, seconds in told] == [7, 7]
    assert all(f"POST api/projects (HTTP {status})" in why for why, _ in told)


def test_every_method_is_sent_again_to_a_busy_server(through: Through, title: str) -> None:
    studio, proxy = through()
    project = studio.create_project(title, {}).id
    proxy.faults = [Fault(answer(429), method) for method in ("PATCH", "POST", "DELETE", "GET")]
    studio.update_project(project, {"description": "Changed"})
    studio.create_view(project, "Mine", {"conjunction": "and", "items": []})
    studio.delete_view(studio.views(project)[0].id)
    assert studio.views(project) == []
    assert [proxy.count(method, "project|view") for method in ("PATCH", "DELETE")] == [2, 2]


def test_a_server_that_stays_busy_is_left_alone_after_five_tries(
    through: Through, waits: list[float]
) -> None:
    studio, proxy = through(Fault(answer(429), times=ALWAYS))
    with pytest.raises(RequestRefused, match=r"GET api/users \(HTTP 429\).*wait a while"):
        studio.people()
    assert waits == [1, 2, 4, 8]
    assert proxy.count() == 5


NOON = "Sun, 22 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "Sun, 22 Nov 2026 12:00:30 GMT", "Date": NOON}, 30),
        ({"Retry-After": "Sun, 22 Nov 2026 11:00:00 GMT", "Date": NOON}, 0),
        ({"Retry-After": "Sun, 22 Nov 1970 11:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": ""}, None),
        ({}, None),
    ],
)
def test_the_time_a_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    raw = [(name.encode(), text.encode()) for name, text in headers.items()]
    assert retry_after(httpx.Response(429, headers=raw)) == seconds


def test_no_wait_is_longer_than_two_minutes(waits: list[float]) -> None:
    patience = Patience()
    patience.wait(Trouble(StudioError("busy"), tries=5, pause=86400.0))
    assert waits == [120]


# Cut, half, bad gateway: only reading is repeated.

BREAKS = [
    cut, cut_body(), cut_body(reset=True), cut_chunks, halve,
    answer(500), answer(502), answer(503), answer(504),
]  # fmt: skip


@pytest.mark.parametrize("deed", BREAKS)
def test_reading_survives_three_breaks(through: Through, waits: list[float], deed: Deed) -> None:
    studio, proxy = through(Fault(deed, "GET", times=3))
    assert studio.whoami() == "annotate@localhost"
    assert waits == [1, 2, 4]
    assert proxy.count() == 4


@pytest.mark.parametrize("deed", BREAKS)
def test_reading_that_keeps_breaking_is_one_clear_error(through: Through, deed: Deed) -> None:
    studio, proxy = through(Fault(deed, "GET", times=ALWAYS))
    with pytest.raises((ServerUnreachable, RequestRefused)) as caught:
        studio.whoami()
    assert proxy.count() == 4
    assert "GET api/current-user/whoami" in caught.value.problem
    assert "un the command again." in caught.value.remedy


@pytest.mark.parametrize("deed", BREAKS)
def test_writing_is_sent_once(through: Through, waits: list[float], title: str, deed: Deed) -> None:
    studio, proxy = through(Fault(deed, "POST|PATCH|DELETE", times=ALWAYS, after=True))
    assert not studio.projects_titled(title)
    with pytest.raises((ServerUnreachable, RequestRefused)):
        studio.create_project(title, {})
    (made,) = studio.projects_titled(title)
    with pytest.raises((ServerUnreachable, RequestRefused)):
        studio.update_project(made.id, {"description": "Changed"})
    # The answer to this one has no body that could break.
    with suppress(ServerUnreachable, RequestRefused):
        studio.request("DELETE", f"api/projects/{made.id}")
    assert waits == []
    assert [proxy.count(method) for method in ("POST", "PATCH", "DELETE")] == [1, 1, 1]
    assert studio.project(made.id) is None


def test_a_body_that_is_garbled_on_the_way_is_a_break(through: Through) -> None:
    def garble(exchange: Exchange) -> None:
        exchange.send(Answer(200, [("Content-Encoding", "gzip")], b"no gzip at all"))

    studio, _ = through(Fault(garble, times=3))
    assert studio.whoami() == "annotate@localhost"


def test_half_of_an_answer_is_told_from_what_is_not_label_studio(
    through: Through, waits: list[float]
) -> None:
    def page(exchange: Exchange) -> None:
        exchange.send(Answer(200, [("Content-Type", "text/html")], b"<html>Welcome"))

    studio, _ = through(Fault(page, times=ALWAYS))
    with pytest.raises(StudioError, match="is not Label Studio"):
        studio.whoami()
    assert waits == []


def test_a_listing_of_another_shape_is_a_clear_error(studio: Studio, title: str) -> None:
    class Other(msgspec.Struct):
        id: int
        unheard_of: str

    project = studio.create_project(title, {}).id
    studio.import_tasks(project, [{"data": {"text": "Một"}}])
    with pytest.raises(StudioError, match=r"not Label Studio as known here .*unheard_of"):
        list(studio.pages(Listing(project, Other, "task_only", "id", 10)))


# Nobody there.


def no_connection(request: httpx.Request, _: object) -> httpx.Response:
    raise httpx.ConnectError("[Errno 111] Connection refused", request=request)


def test_a_server_that_restarts_is_waited_for(
    faulty: Faulty, waits: list[float], title: str
) -> None:
    studio, transport = faulty("POST", "/api/projects", [no_connection] * 3)
    studio.version()
    studio.create_project(title, {})
    assert waits == [1, 2, 4]
    assert len(studio.projects_titled(title)) == 1
    assert len(transport.requests) == 4


def test_a_url_where_nothing_ever_answered_is_told_at_once(waits: list[float]) -> None:
    nobody = Studio("http://127.0.0.1:9", "0" * 40)
    with nobody, pytest.raises(ServerUnreachable, match=r"127\.0\.0\.1:9 .*refused.*Check the URL"):
        nobody.version()
    assert waits == []


# Too slow.


def test_reading_that_takes_too_long_is_asked_for_once_more(through: Through) -> None:
    studio, proxy = through(once(hang), timeout=IMPATIENT)
    assert studio.whoami() == "annotate@localhost"
    assert proxy.count() == 2


def test_reading_that_always_takes_too_long_is_a_time_out(through: Through) -> None:
    studio, proxy = through(Fault(hang, times=ALWAYS), timeout=IMPATIENT)
    with pytest.raises(
        ServerTimeout, match=r"did not answer GET .* in time\. It is busy"
    ) as caught:
        studio.whoami()
    assert "at work" not in str(caught.value)
    assert proxy.count() == 2


def test_writing_that_takes_too_long_may_still_be_at_work(through: Through, title: str) -> None:
    studio, proxy = through(Fault(hang, "POST", after=True), timeout=IMPATIENT)
    with pytest.raises(ServerTimeout, match=r"POST api/projects in time\. It may still be at work"):
        studio.create_project(title, {})
    assert proxy.count("POST") == 1
    assert len(studio.projects_titled(title)) == 1


def test_an_answer_that_drips_comes_whole(through: Through) -> None:
    studio, proxy = through(once(drip(0.0, 20)))
    assert studio.whoami() == "annotate@localhost"
    assert proxy.count() == 1


def test_an_answer_that_drips_without_end_is_a_time_out(
    through: Through, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_LONGEST", 0.2)
    studio, proxy = through(Fault(drip(0.05, 1), times=ALWAYS))
    with pytest.raises(ServerTimeout, match="in time"):
        studio.whoami()
    assert proxy.count() == 2


def test_an_answer_is_freed_with_its_last_use(through: Through) -> None:
    studio, _ = through()
    gc.disable()
    try:
        answer = weakref.ref(studio.request("GET", "api/version"))
        assert answer() is None
    finally:
        gc.enable()


# The token.


def test_a_legacy_token_that_is_rejected_is_denied_at_once(through: Through) -> None:
    studio, proxy = through(Fault(answer(401), nth=2, times=ALWAYS))
    studio.whoami()
    with pytest.raises(AccessDenied, match="LABEL_STUDIO_API_KEY"):
        studio.whoami()
    assert proxy.count() == 2


def test_a_personal_access_token_is_exchanged_once(through: Through, personal: str) -> None:
    studio, proxy = through(key=personal)
    for _ in range(3):
        assert studio.whoami() == "annotate@localhost"
    assert proxy.asked[0].path == REFRESH
    assert proxy.count() == 4
    assert all(personal not in text for asked in proxy.asked for text in asked.headers.values())


def test_a_bearer_is_renewed_before_it_expires(
    through: Through, personal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(credentials, "monotonic", lambda: now)
    studio, proxy = through(key=personal)
    studio.whoami()
    now += 265
    studio.whoami()
    assert proxy.count("POST", REFRESH) == 1
    # It lives five minutes.
    now += 10
    studio.whoami()
    assert proxy.count("POST", REFRESH) == 2
    assert {asked.status for asked in proxy.asked} == {200}


def test_a_bearer_rejected_in_the_middle_is_renewed_and_nothing_is_done_twice(
    through: Through, personal: str, waits: list[float], title: str
) -> None:
    def spoil(asked: Asked) -> None:
        # The server itself rejects it.
        if proxy.count("POST", "/import") == 1:
            asked.headers["Authorization"] = asked.headers.get("Authorization", "")[:-3] + "xyz"

    studio, proxy = through(key=personal)
    project = studio.create_project(title, {}).id
    proxy.before = spoil
    numbers = studio.import_tasks(project, [{"data": {"text": str(n)}} for n in range(3)])
    assert [asked.status for asked in proxy.asked if "/import" in asked.path] == [401, 201]
    assert proxy.count("POST", REFRESH) == 2
    assert [task.id for page in studio.pushed_tasks(project) for task in page] == numbers
    assert waits == []


def test_bearers_that_are_rejected_again_and_again_are_denied(
    through: Through, personal: str
) -> None:
    studio, proxy = through(Fault(answer(401), "GET", "whoami", nth=2, times=ALWAYS), key=personal)
    studio.whoami()
    with pytest.raises(AccessDenied, match=r"not accepted.*LABEL_STUDIO_API_KEY"):
        studio.whoami()
    assert proxy.count("GET", "whoami") == 3
    assert proxy.count("POST", REFRESH) == 2


def test_a_token_revoked_in_the_middle_is_denied(
    through: Through, server: Server, personal: str
) -> None:
    studio, proxy = through(Fault(answer(401), "GET", nth=2, times=ALWAYS), key=personal)
    studio.whoami()
    revoke(server, personal)
    with pytest.raises(
        AccessDenied, match=r"is expired or revoked.*LABEL_STUDIO_API_KEY"
    ) as caught:
        studio.whoami()
    assert personal not in str(caught.value)
    assert [asked.status for asked in proxy.asked if asked.path == REFRESH] == [200, 401]


def test_personal_access_tokens_switched_off_in_the_middle_are_denied(
    through: Through, server: Server, personal: str
) -> None:
    studio, _ = through(key=personal)
    studio.whoami()
    settings = {"api_tokens_enabled": False, "legacy_api_tokens_enabled": True}
    server.call("POST", "api/jwt/settings", settings)
    try:
        with pytest.raises(AccessDenied, match="not accepted"):
            studio.people()
    finally:
        server.call("POST", "api/jwt/settings", {**settings, "api_tokens_enabled": True})
    assert studio.people()


@pytest.mark.parametrize("deed", BREAKS)
def test_an_exchange_that_breaks_is_tried_again(
    through: Through, personal: str, waits: list[float], deed: Deed
) -> None:
    studio, _ = through(Fault(deed, "POST", REFRESH, times=3), key=personal)
    assert studio.whoami() == "annotate@localhost"
    assert waits == [1, 2, 4]


@pytest.mark.parametrize(
    ("deed", "error"),
    [
        (cut, ServerUnreachable),
        (halve, ServerUnreachable),
        (hang, ServerTimeout),
        (answer(502), RequestRefused),
        (answer(429), RequestRefused),
    ],
)
def test_an_exchange_that_fails_for_the_network_says_nothing_of_the_token(
    through: Through, personal: str, deed: Deed, error: type[StudioError]
) -> None:
    studio, proxy = through(
        Fault(answer(401), "GET", nth=2), Fault(deed, "POST", REFRESH, nth=2, times=ALWAYS),
        key=personal, timeout=IMPATIENT,
    )  # fmt: skip
    studio.whoami()
    with pytest.raises(error, match=f"POST {REFRESH[1:]}"):
        studio.whoami()
    # The tries of the exchange and those of the request do not multiply.
    assert proxy.count("GET") == 2
    assert 1 + 2 <= proxy.count("POST") <= 1 + 5


def test_the_kind_of_a_token_is_known(through: Through, personal: str) -> None:
    kinds = [through(key=key)[0].token_kind for key in ("", personal)]
    assert kinds == ["legacy", "personal access"]


def test_a_token_that_no_header_can_hold_is_denied_and_not_shown() -> None:
    for key in ("abc\ndef", "abc def", "ábc", "abc\r\nX: 1"):
        with pytest.raises(AccessDenied, match="characters") as caught:
            Studio("http://127.0.0.1:9", key)
        assert "abc" not in str(caught.value)


# Several threads.


def test_a_bearer_that_several_threads_find_rejected_is_renewed_once(
    through: Through, personal: str
) -> None:
    first: list[str] = []

    def reject_the_first(exchange: Exchange) -> None:
        bearer = exchange.asked.headers["Authorization"]
        first.append(bearer)
        exchange.send(Answer(401) if bearer == first[0] else exchange.forward())

    studio, proxy = through(Fault(reject_the_first, "GET", times=ALWAYS), key=personal)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: studio.whoami(), range(40)))
    assert found == ["annotate@localhost"] * 40
    assert proxy.count("POST", REFRESH) == 2


def test_threads_get_their_own_answers(through: Through, title: str) -> None:
    studio, _ = through(Fault(answer(502), "GET", nth=5, times=2))
    project = studio.create_project(title, {}).id
    tasks = [{"data": {"text": str(n)}, "meta": {"article": f"a{n}"}} for n in range(30)]
    numbers = studio.import_tasks(project, tasks)

    def article(number: int) -> str:
        read = studio.call("GET", f"api/tasks/{number}", dict[str, Any])
        return str(read["meta"]["article"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(article, numbers)) == [f"a{n}" for n in range(30)]


# The server's clock.


def test_the_servers_clock_is_that_of_its_last_answer(through: Through) -> None:
    def yesterday(_: Asked, passed: Answer) -> None:
        passed.headers = [h for h in passed.headers if h[0] != "Date"] + [("Date", NOON)]

    studio, proxy = through()
    assert studio.server_time is None
    studio.version()
    assert studio.server_time is not None
    assert abs(studio.server_time - datetime.now(UTC)) < timedelta(seconds=10)
    proxy.after = yesterday
    studio.version()
    assert studio.server_time == datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_gateways_clock_is_not_the_servers(through: Through) -> None:
    studio, _ = through(Fault(answer(502, Date=NOON), nth=2, times=ALWAYS))
    studio.version()
    known = studio.server_time
    with pytest.raises(RequestRefused):
        studio.version()
    assert studio.server_time == known


# Large downloads.


@pytest.fixture(scope="module")
def snapshot(server: Server) -> Iterator[tuple[str, bytes]]:
    """A snapshot of some tasks: the path of its download, and what is in it."""
    with Studio(server.url, server.login.token) as studio:
        project = studio.create_project("Snapshot", {}).id
        texts = [f"{n} " + "Hôm nay trời đẹp. " * 200 for n in range(60)]
        studio.import_tasks(project, [{"data": {"text": text}} for text in texts])
    made = server.call("POST", f"api/projects/{project}/exports/", {})
    path = f"api/projects/{project}/exports/{made['id']}/download"
    headers = {"Authorization": f"Token {server.login.token}"}
    whole = httpx.get(f"{server.url}/{path}?exportType=JSON", headers=headers).content
    assert len(whole) > 200_000
    yield path, whole
    server.call("DELETE", f"api/projects/{project}")


def read(studio: Studio, path: str, offset: int = 0) -> bytes:
    with studio.stream(path, {"exportType": "JSON"}, offset=offset) as pieces:
        return b"".join(pieces)


def drop_range(asked: Asked) -> None:
    """Make a server that knows no ranges of one that does."""
    asked.headers.pop("Range", None)


def test_a_download_comes_whole_and_in_pieces(
    through: Through, snapshot: tuple[str, bytes]
) -> None:
    path, whole = snapshot
    studio, proxy = through()
    with studio.stream(path, {"exportType": "JSON"}) as pieces:
        parts = list(pieces)
    assert b"".join(parts) == whole
    assert max(map(len, parts)) <= 2**16
    (asked,) = proxy.asked
    # Bytes are counted, so they may not be compressed.
    assert asked.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    "deed", [cut, cut_body(0.3), cut_body(0.3, reset=True), halve, answer(502)]
)
def test_a_download_goes_on_where_it_was_cut(
    through: Through, snapshot: tuple[str, bytes], deed: Deed
) -> None:
    path, whole = snapshot
    studio, proxy = through(Fault(deed, times=3))
    assert read(studio, path) == whole
    assert proxy.count() == 4
    asked_from = [int(asked.headers["Range"][6:-1]) for asked in proxy.asked]
    assert asked_from == sorted(asked_from)
    if deed is halve:
        left = len(whole)
        for start in asked_from:
            assert start == len(whole) - left
            left -= left // 2


def test_a_download_survives_many_cuts_when_something_comes_each_time(
    through: Through, snapshot: tuple[str, bytes], waits: list[float]
) -> None:
    path, whole = snapshot
    studio, proxy = through(Fault(cut_body(0.2), times=15))
    assert read(studio, path) == whole
    assert proxy.count() == 16
    assert set(waits) == {1}


def test_a_download_of_which_nothing_more_comes_is_an_error(
    through: Through, snapshot: tuple[str, bytes], waits: list[float]
) -> None:
    path, _ = snapshot
    studio, _ = through(once(cut_body()), Fault(cut_body(0.0), times=ALWAYS))
    with pytest.raises(ServerUnreachable, match=f"GET {path}"):
        read(studio, path)
    assert waits == [1, 2, 4]


def test_a_download_goes_on_from_an_offset(through: Through, snapshot: tuple[str, bytes]) -> None:
    path, whole = snapshot
    studio, _ = through(once(cut_body()))
    assert read(studio, path, offset=1000) == whole[1000:]
    assert read(studio, path, offset=len(whole)) == b""
    with pytest.raises(StudioError, match="changed while it was read"):
        read(studio, path, offset=len(whole) + 1)


def test_a_server_without_ranges_sends_it_again_from_the_start(
    through: Through, snapshot: tuple[str, bytes]
) -> None:
    path, whole = snapshot
    studio, proxy = through(Fault(cut_body(0.6), times=2), proxied={"before": drop_range})
    assert read(studio, path) == whole
    assert read(studio, path, offset=1000) == whole[1000:]
    assert {asked.status for asked in proxy.asked} == {200}


def test_a_download_that_has_become_another_is_an_error(
    through: Through, snapshot: tuple[str, bytes]
) -> None:
    def grow(asked: Asked, passed: Answer) -> None:
        if asked.number == 2:
            told = [(name, text + "0") for name, text in passed.headers if name == "Content-Range"]
            passed.headers = told

    studio, _ = through(once(cut_body()), proxied={"after": grow})
    with pytest.raises(StudioError, match="changed while it was read"):
        read(studio, snapshot[0])


def test_a_download_of_what_is_not_there_is_refused(through: Through) -> None:
    studio, proxy = through()
    with pytest.raises(RequestRefused, match="404"):
        read(studio, "api/projects/999999/exports/1/download")
    assert proxy.count() == 1


def test_a_bearer_rejected_within_a_download_is_renewed(
    through: Through, personal: str, snapshot: tuple[str, bytes]
) -> None:
    path, whole = snapshot
    studio, proxy = through(
        Fault(cut_body(), "GET"), Fault(answer(401), "GET", "download"), key=personal
    )
    assert read(studio, path) == whole
    assert [asked.status for asked in proxy.asked] == [200, 206, 401, 200, 206]


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "HTTP_PROXY", "http://127.0.0.1:9")
    with Studio(server.url, server.login.token) as studio:
        assert studio.whoami() == "annotate@localhost"
