"""A worker of a team's server: which of them takes a new request."""

from __future__ import annotations

import select
import socket
import time

from gunicorn.workers.gthread import ThreadWorker

# Seconds for which a worker with something to do leaves a new request to the others: most
# requests take no longer, so one of the others may have ended its own by then.
_GIVE_WAY = 0.05


class Worker(ThreadWorker):  # type: ignore[misc]
    """A worker with threads that lets one without work go first.

    Python runs one thread of a worker at a time, so a request that a busy one takes waits
    for what is there, beside a worker that does nothing.
    """

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, if nobody else did meanwhile."""
        until = time.monotonic() + _GIVE_WAY
        ended = select.poll()
        ended.register(self.method_queue, select.POLLIN)
        while self._is_busy() and (left := until - time.monotonic()) > 0:
            if ended.poll(left * 1000):
                self.method_queue.run_callbacks(None)
        super().accept(listener)

    def _is_busy(self) -> bool:
        return bool(self.nr_conns > len(self.keepalived_conns))
