"""Where a PostgreSQL database is, and who uses it. Never with a password."""

from __future__ import annotations

import os
from urllib.parse import quote, urlencode

import msgspec

from annotate.errors import LocalServerError
from annotate.studio.install import installed_version

SCHEMES = ("postgresql://", "postgres://")
_USUAL_PORT = 5432
EXAMPLE = "postgresql://USER@HOST/NAME"
# What the database is told apart by; any other word of an address is an option.
_MAIN = ("host", "port", "dbname", "user")


class Database(msgspec.Struct, frozen=True):
    """A database; `host` is a folder for a unix socket, empty for PostgreSQL's usual one.

    `options` are the other words of its address by libpq's names, such as `sslmode`.
    """

    host: str
    port: int
    name: str
    user: str
    options: dict[str, str] = {}

    @property
    def address(self) -> str:
        """The address as people give it, without a password."""
        rest = dict(self.options)
        if self._by_socket:
            # A folder cannot stand where the host does.
            rest |= {"host": self.host} if self.host else {}
            rest |= {"port": str(self.port)} if self.port != _USUAL_PORT else {}
        query = f"?{urlencode(rest, safe='/', quote_via=quote)}" if rest else ""
        place = "" if self._by_socket else self._host_and_port
        return (
            f"postgresql://{quote(self.user, safe='')}@{place}/{quote(self.name, safe='')}{query}"
        )

    @property
    def place(self) -> str:
        """The server alone, for messages."""
        if not self._by_socket:
            return self._host_and_port
        return f"the socket in {self.host}" if self.host else "the socket of this machine"

    @property
    def _by_socket(self) -> bool:
        return not self.host or self.host.startswith("/")

    @property
    def _host_and_port(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def words(self) -> dict[str, str]:
        """Return everything by libpq's names."""
        main = {"port": str(self.port), "dbname": self.name, "user": self.user}
        return main | ({"host": self.host} if self.host else {}) | self.options


def read_address(url: str) -> tuple[Database, str | None]:
    """Return the database that an address names, and the password in it if there is one.

    What it leaves out comes from PGHOST, PGPORT, PGUSER and PGDATABASE, as in `psql`.
    Raises `LocalServerError` when it is not the address of a PostgreSQL database.
    """
    given, password = _parse(url)
    usual = _usual()
    main = {name: given.pop(name, usual.get(name, "")) for name in _MAIN}
    if unknown := sorted(given.keys() - _variables().keys()):
        raise LocalServerError(
            f"the address of the database has {unknown[0]}, which cannot be used here",
            "Leave it out.",
        )
    if "," in main["host"] + main["port"]:
        raise LocalServerError("the address of the database names several servers", "Name one.")
    if "@" in main["host"] or not main["port"].isdecimal():
        # These may be parts of a password with an @ or a : in it, so they are not told.
        raise _unreadable()
    user = main["user"]
    name = main["dbname"] or user
    return Database(main["host"], int(main["port"]), name, user, given), password


def _parse(url: str) -> tuple[dict[str, str], str | None]:
    # It comes with Label Studio.
    installed_version()
    from psycopg import OperationalError, pq  # noqa: PLC0415, only those who use it have it

    if not url.startswith(SCHEMES):
        scheme = url.partition("://")[0] if "://" in url else "no scheme"
        raise LocalServerError(
            f"the address of the database must begin with postgresql://, it has {scheme}",
            f"Write {EXAMPLE}.",
        )
    try:
        words = pq.Conninfo.parse(url.encode())
    except OperationalError as error:
        # What libpq says repeats the address, and there may be a password in it.
        raise _unreadable() from error
    given = {word.keyword.decode(): word.val.decode() for word in words if word.val is not None}
    return given, given.pop("password", None)


def _unreadable() -> LocalServerError:
    return LocalServerError(
        "the address of the database cannot be read",
        f"Write {EXAMPLE}; in a name or a password, % and : / ? # @ are written as %XX.",
    )


def _usual() -> dict[str, str]:
    from psycopg import pq  # noqa: PLC0415, see above

    words = pq.Conninfo.get_defaults()
    return {word.keyword.decode(): word.val.decode() for word in words if word.val is not None}


def _variables() -> dict[str, str]:
    """Return the environment variable of each word of an address that has one."""
    from psycopg import pq  # noqa: PLC0415, see above

    words = pq.Conninfo.get_defaults()
    return {word.keyword.decode(): word.envvar.decode() for word in words if word.envvar}


def environment_of(database: Database) -> dict[str, str]:
    """Return what makes Label Studio use the database.

    A password, and what else libpq reads from the environment, is passed on as it is:
    Label Studio gives libpq none, which then looks for PGPASSWORD and in ~/.pgpass.
    """
    own = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    variables = _variables()
    options = {variables[name]: value for name, value in database.options.items()}
    label_studio = {
        "DJANGO_DB": "default",
        "POSTGRE_HOST": database.host,
        "POSTGRE_PORT": str(database.port),
        "POSTGRE_NAME": database.name,
        "POSTGRE_USER": database.user,
        "POSTGRE_PASSWORD": "",
    }
    return own | options | label_studio
