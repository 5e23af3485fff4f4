"""Whether Label Studio can work on a database, and how to mend it when it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from annotate.errors import LocalServerError
from annotate.studio.database.address import Database

if TYPE_CHECKING:
    import psycopg

# Label Studio's own library supports none before.
OLDEST = 14
# Seconds.
_PATIENCE = 10

_CORRECT = "Correct the address after --database."


class _Refusal(NamedTuple):
    """What PostgreSQL says, in the problem's and the remedy's words."""

    said: str
    problem: str
    remedy: str


# In English only: in other languages PostgreSQL's own words must do.
_REFUSALS = (
    _Refusal(
        "password authentication failed",
        "PostgreSQL at {place} does not accept the password of {user}",
        "Correct it in ~/.pgpass or PGPASSWORD.",
    ),
    _Refusal(
        "Peer authentication failed",
        "PostgreSQL at {place} knows {user} only as the system user of that name",
        "Run the command as that system user, or give an address with a host and a password.",
    ),
    _Refusal(
        'database "{name}" does not exist',
        "PostgreSQL at {place} has no database {name}",
        "Make it: `sudo -u postgres createdb --owner {user} {name}`.",
    ),
    _Refusal(
        'role "{user}" does not exist',
        "PostgreSQL at {place} does not know {user}",
        "Make that role: `sudo -u postgres createuser {user}`.",
    ),
    _Refusal(
        "Connection refused",
        "no PostgreSQL answers at {place}",
        f"Start it. {_CORRECT}",
    ),
    _Refusal(
        "No such file or directory",
        "no PostgreSQL answers at {place}",
        f"Start it. {_CORRECT}",
    ),
    _Refusal("timeout expired", "PostgreSQL at {place} does not answer in time", _CORRECT),
    _Refusal("failed to resolve host", "there is no machine {place}", _CORRECT),
)


def check_database(database: Database) -> bool:
    """Make sure that Label Studio can work on the database; return whether it is empty.

    Adds the extension pg_trgm when it lacks. Raises `LocalServerError` when nothing answers
    there, the password is wanted or wrong, the database is missing, or cannot be used.
    """
    with _connected(database) as connection:
        refuse_old(connection.info.server_version, database)
        _refuse_other_encoding(connection, database)
        _refuse_without_rights(connection, database)
        _add_trigrams(connection, database)
        return _one(connection, "SELECT to_regclass('django_migrations') IS NULL") is True


def refuse_half_made(database: Database) -> None:
    """Raise `LocalServerError` when nobody has ever entered the database.

    For when its tables could not be completed: an interrupted first start may leave what
    the next one takes for its own work, done already.
    """
    with _connected(database) as connection:
        if _one(connection, "SELECT to_regclass('htx_user') IS NOT NULL") and _one(
            connection, "SELECT count(*) FROM htx_user"
        ):
            return
    raise LocalServerError(
        f"a first start was interrupted and left the database {database.name} half made",
        f"Nobody has worked on it: make it anew by `sudo -u postgres dropdb {database.name}` and"
        f" `sudo -u postgres createdb --owner {database.user} {database.name}`.",
    )


@contextmanager
def _connected(database: Database) -> Iterator[psycopg.Connection]:
    import psycopg  # noqa: PLC0415, only those who use it have it

    try:
        connection = psycopg.connect(
            **database.words(),  # type: ignore[arg-type]
            connect_timeout=_PATIENCE,
            autocommit=True,
            application_name="annotate",
        )
    except psycopg.Error as error:
        raise _refused(database, error) from error
    with connection:
        try:
            yield connection
        except psycopg.Error as error:
            raise LocalServerError(
                f"PostgreSQL at {database.place} refuses to work: {_first_line(error)}",
                "Mend that, then run the command again.",
            ) from error


def _refused(database: Database, error: psycopg.Error) -> LocalServerError:
    known = {"place": database.place, "user": database.user, "name": database.name}
    if error.pgconn and error.pgconn.needs_password:
        return LocalServerError(
            "PostgreSQL at {place} wants a password for {user}".format_map(known),
            "Put it into ~/.pgpass or PGPASSWORD, then run"
            f" `annotate serve --database {database.address}`.",
        )
    for refusal in _REFUSALS:
        if refusal.said.format_map(known) in str(error):
            problem = refusal.problem.format_map(known)
            return LocalServerError(problem, refusal.remedy.format_map(known))
    return LocalServerError(
        f"PostgreSQL at {database.place} refuses {database.user}: {_first_line(error)}", _CORRECT
    )


def _first_line(error: psycopg.Error) -> str:
    """Return what PostgreSQL says, without where and how grave."""
    first = str(error).strip().partition("\n")[0]
    return first.rpartition(" failed: ")[2].removeprefix("FATAL:").strip()


def refuse_old(number: int, database: Database) -> None:
    """Raise `LocalServerError` for a server too old; `number` is libpq's, such as 150018."""
    if number // 10000 < OLDEST:
        raise LocalServerError(
            f"PostgreSQL at {database.place} has version {number // 10000}: Label Studio needs"
            f" {OLDEST} or later",
            "Upgrade it.",
        )


def _refuse_other_encoding(connection: psycopg.Connection, database: Database) -> None:
    encoding = _one(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        raise LocalServerError(
            f"the database {database.name} has the encoding {encoding}, not UTF8",
            "Make another: `sudo -u postgres createdb --encoding UTF8 --template template0"
            f" --owner {database.user} NAME`.",
        )


def _refuse_without_rights(connection: psycopg.Connection, database: Database) -> None:
    if not _one(connection, "SELECT has_schema_privilege(current_schema(), 'CREATE')"):
        raise LocalServerError(
            f"{database.user} may not make tables in the database {database.name}",
            "Make it the owner: `sudo -u postgres psql -c"
            f' \'ALTER DATABASE "{database.name}" OWNER TO "{database.user}"\'`.',
        )


def _add_trigrams(connection: psycopg.Connection, database: Database) -> None:
    """Add the extension with which Label Studio searches text."""
    from psycopg import errors  # noqa: PLC0415, see above

    if _one(connection, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'"):
        return
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except errors.UniqueViolation:
        pass  # another server that starts did so at the same moment
    except errors.InsufficientPrivilege as error:
        raise LocalServerError(
            f"{database.user} may not add the extension pg_trgm to the database {database.name}",
            f"Add it: `sudo -u postgres psql -d {database.name} -c 'CREATE EXTENSION pg_trgm'`.",
        ) from error
    except (errors.FeatureNotSupported, errors.UndefinedFile) as error:
        raise LocalServerError(
            f"PostgreSQL at {database.place} lacks the extension pg_trgm",
            "Install what comes with PostgreSQL: Debian's package is postgresql-contrib.",
        ) from error


def _one(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None
