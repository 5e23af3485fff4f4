"""A PostgreSQL of the test run's own: made from the machine's package, gone at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from annotate.studio.system import free_port

OWNER = "team"
# PostgreSQL refuses to run as root; the package makes this person.
_SYSTEM_USER = "postgres"


def find_postgres() -> Path | None:
    """Return the folder of the newest installed `initdb`, None when there is none.

    Debian keeps each version's programs apart and off the path.
    """
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: float(folder.parent.name))
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


class Cluster:
    """A running PostgreSQL: by its socket without a password, on 127.0.0.1 with one."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs = programs
        self.folder = folder
        self.port = free_port("127.0.0.1")

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as whom the cluster belongs to."""
        user = _SYSTEM_USER if os.geteuid() == 0 else None
        subprocess.run(
            [self.programs / program, *arguments],
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=60,
        )

    def dump(self, database: str) -> bytes:
        """Return what makes a database anew, as SQL."""
        return self._piped("pg_dump", database)

    def load(self, dump: bytes, database: str) -> None:
        """Fill an empty database with what was dumped from another, of any cluster."""
        self._piped("psql", "--quiet", "-v", "ON_ERROR_STOP=1", database, given=dump)

    def _piped(self, program: str, *arguments: str, given: bytes = b"") -> bytes:
        place = ("-h", str(self.folder), "-p", str(self.port), "-U", "postgres")
        command = [str(self.programs / program), *place, *arguments]
        return subprocess.run(
            command, input=given, stdout=subprocess.PIPE, check=True, timeout=60
        ).stdout

    def start(self) -> None:
        data = str(self.folder / "data")
        auth = ("--auth-local=trust", "--auth-host=scram-sha-256")
        self.run("initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--no-sync", *auth)
        settings = {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        log = str(self.folder / "log")
        self.run("pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", options)
        self.sql(f"CREATE ROLE {OWNER} LOGIN")

    def restart(self) -> None:
        data, log = str(self.folder / "data"), str(self.folder / "log")
        self.run("pg_ctl", "restart", "-w", "-m", "fast", "-D", data, "-l", log)

    def stop(self) -> None:
        self.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.folder / "data"))

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Carry out a statement as the one who may do everything."""
        with psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname=database,
            autocommit=True,
        ) as connection:  # fmt: skip
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def database(self, template: str = "template1") -> str:
        """Make a database, a copy of another one if asked, and return its name."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.sql(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}")
        return name

    def address(self, database: str, user: str = OWNER) -> str:
        """Return the address by which nobody needs a password."""
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"

    def address_on_port(self, database: str, user: str = OWNER) -> str:
        """Return the address by which everybody needs a password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"


@contextmanager
def temporary_cluster(programs: Path) -> Iterator[Cluster]:
    """Run a cluster in a folder of its own, where the path of its socket stays short."""
    folder = Path(tempfile.mkdtemp(prefix="annotate-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, _SYSTEM_USER)
    cluster = Cluster(programs, folder)
    try:
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
