"""What gunicorn reads: how its workers are, and what it does before it starts them.

For its own process only, which this makes ready for Label Studio.
"""

from __future__ import annotations

import gc
import sys
import time

from annotate.studio.database.worker import Worker
from annotate.studio.launcher import prepare

# Unreachable objects are looked for among all others after this many looks at newer ones. What
# was loaded is left out, so a look costs what it finds; looked for more rarely, what a few
# listings leave behind stops a worker for most of a second.
_YOUNGER = 2

prepare()

# Loaded once, before the workers are made from it: they start at once and share the memory.
preload_app = True
# An export of minutes takes one thread of a worker and leaves the others to people.
worker_class = Worker
threads = 4
# Seconds: a worker that hangs is ended; long imports and exports do not count as hanging.
timeout = 600
# Seconds to finish what is under way when the server is stopped.
graceful_timeout = 10
# A filter of tasks stands in the address, and may be long.
limit_request_line = 0
control_socket_disable = True

# Whoever holds this lock of the database may change its tables; "annotate" as a number.
_LOCK = int.from_bytes(b"annotate")


def on_starting(_arbiter: object) -> None:
    """Bring the tables up to date and make the login; one server at a time does so."""
    from django.db import connections  # noqa: PLC0415, Label Studio sets it up
    from label_studio.server import main  # noqa: PLC0415, see above

    _wait_for_turn()
    # The login comes by environment; arguments are there for every user to read.
    sys.argv = ["label-studio", "init", "--quiet", "--enable-legacy-api-token"]
    main()
    # No two workers may use one connection. This also lets go of the lock.
    connections.close_all()


def when_ready(_arbiter: object) -> None:
    """Leave what was loaded out of every later look for unreachable objects."""
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], _YOUNGER)


def _wait_for_turn() -> None:
    from django.db import connection  # noqa: PLC0415, see above

    with connection.cursor() as cursor:
        while True:
            # Not by waiting inside PostgreSQL: it makes some of the tables' indexes only when
            # nobody waits there, so the two would wait for each other.
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            if cursor.fetchone() == (True,):
                return
            time.sleep(1)
