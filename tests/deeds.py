"""What the fault proxy can do to a request."""

from __future__ import annotations

from tests.proxy import Answer, Deed, Exchange


def answer(status: int, **headers: str) -> Deed:
    """Answer in the server's place; `Retry_After="2"` is a header."""
    named = [(name.replace("_", "-"), text) for name, text in headers.items()]

    def answers(exchange: Exchange) -> None:
        exchange.send(Answer(status, named))

    return answers


def cut(exchange: Exchange) -> None:
    """Break the connection before the answer."""
    exchange.hang_up(reset=True)


def cut_body(share: float = 0.5, *, reset: bool = False) -> Deed:
    """Break the connection in the middle of the body."""

    def cuts(exchange: Exchange) -> None:
        whole = exchange.forward()
        part = whole.body[: int(len(whole.body) * share)]
        exchange.send(Answer(whole.status, whole.headers, part), size=len(whole.body))
        exchange.hang_up(reset=reset)

    return cuts


def cut_chunks(exchange: Exchange) -> None:
    """End a body sent in chunks without its last one."""
    whole = exchange.forward()
    part = whole.body[: len(whole.body) // 2]
    exchange.start(whole, ("Transfer-Encoding", "chunked"))
    exchange.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
    exchange.hang_up()


def halve(exchange: Exchange) -> None:
    """Pass on half of the body, with the right length for the half."""
    whole = exchange.forward()
    exchange.send(Answer(whole.status, whole.headers, whole.body[: len(whole.body) // 2]))


def hang(exchange: Exchange) -> None:
    """Answer nothing, until the proxy closes."""
    exchange.server.proxy.closing.wait(60)
    exchange.hang_up()


def drip(pause: float, size: int) -> Deed:
    """Pass on the body `size` bytes at a time, with a pause after each."""

    def drips(exchange: Exchange) -> None:
        whole = exchange.forward()
        exchange.start(whole, ("Content-Length", str(len(whole.body))))
        for at in range(0, len(whole.body), size):
            exchange.wfile.write(whole.body[at : at + size])
            if exchange.server.proxy.closing.wait(pause):
                break

    return drips
