"""A team's database: its address, and what is wrong with it told in one line."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import LocalServerError
from annotate.studio.database.address import Database, environment_of, read_address
from annotate.studio.database.check import check_database
from tests.postgres import OWNER, Cluster

PASSWORD = "pa:ss/w@rd %41"  # noqa: S105
WRITTEN = "pa%3Ass%2Fw%40rd%20%2541"

# No NUL in them, as in libpq's own strings.
words = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=12
)
hosts = st.sampled_from(
    ["", "localhost", "127.0.0.1", "::1", "db.example.org", "/run/pg", "/a b/é%"]
)
databases = st.builds(
    Database, host=hosts, port=st.integers(1, 65535), name=words, user=words,
    options=st.dictionaries(st.sampled_from(["sslmode", "sslrootcert"]), words),
)  # fmt: skip


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)


@given(databases)
def test_an_address_read_again_is_the_same_database(database: Database) -> None:
    assert read_address(database.address) == (database, None)


def test_the_password_is_read_and_is_in_nothing_that_is_kept() -> None:
    database, password = read_address(
        f"postgresql://me:{WRITTEN}@db.example.org/news?sslmode=require"
    )
    assert password == PASSWORD
    assert database == Database("db.example.org", 5432, "news", "me", {"sslmode": "require"})
    assert database.address == "postgresql://me@db.example.org:5432/news?sslmode=require"
    assert environment_of(database)["PGSSLMODE"] == "require"
    also = f"postgresql://me@db.example.org/news?sslmode=require&password={WRITTEN}"
    assert read_address(also) == (database, PASSWORD)


def test_what_an_address_leaves_out_comes_from_the_environment_as_in_psql(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = {"PGHOST": "/run/elsewhere", "PGPORT": "5433", "PGUSER": "mai"}
    for name, value in usual.items():
        monkeypatch.setenv(name, value)
    assert read_address("postgresql:///news")[0] == Database("/run/elsewhere", 5433, "news", "mai")
    assert read_address("postgres://")[0].name == "mai"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("mysql://u:secret@h/n", "must begin with postgresql://, it has mysql"),
        ("h/n", "must begin with postgresql://, it has no scheme"),
        ("postgresql://u:secret@h:x:y/n", "cannot be read"),
        ("postgresql://u:secr%et@h/n", "cannot be read"),
        ("postgresql://u:my@secret@h/n", "cannot be read"),
        ("postgresql://u:my@h:secret@h/n", "% and : / ? # @ are written as %XX"),
        ("postgresql://u:secret@one,two/n", "names several servers"),
        ("postgresql://u@h/n?sslpassword=secret", "has sslpassword, which cannot be used"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(address: str, told: str) -> None:
    with pytest.raises(LocalServerError) as raised:
        read_address(address)
    assert told in str(raised.value)
    assert "secr" not in str(raised.value).replace("sslpassword", "")


@pytest.fixture
def with_password(postgres: Cluster) -> Iterator[None]:
    postgres.sql(f"ALTER ROLE {OWNER} PASSWORD '{PASSWORD}'")
    yield
    postgres.sql(f"ALTER ROLE {OWNER} PASSWORD NULL")


def check(address: str) -> bool:
    return check_database(read_address(address)[0])


def refusal(address: str) -> str:
    with pytest.raises(LocalServerError) as raised:
        check(address)
    told = str(raised.value)
    assert "\n" not in told
    return told


def test_an_empty_database_is_told_from_one_in_use_and_gets_its_extension(
    postgres: Cluster, migrated: str
) -> None:
    name = postgres.database()
    assert check(postgres.address(name))
    assert postgres.sql("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'", name) == [(1,)]
    assert not check(postgres.address(postgres.database(migrated)))


@pytest.mark.usefixtures("with_password")
def test_the_password_comes_from_the_environment_or_from_a_file(
    postgres: Cluster, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = postgres.database()
    address = postgres.address_on_port(name)
    wanted = refusal(address)
    assert f"wants a password for {OWNER}. Put it into ~/.pgpass or PGPASSWORD" in wanted
    assert f"run `annotate serve --database {address}`" in wanted
    monkeypatch.setenv("PGPASSWORD", "another")
    assert f"does not accept the password of {OWNER}. Correct it" in refusal(address)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert check(address)
    monkeypatch.delenv("PGPASSWORD")
    file = tmp_path_factory.mktemp("home") / ".pgpass"
    escaped = PASSWORD.replace(":", "\\:")
    file.write_text(f"127.0.0.1:{postgres.port}:{name}:{OWNER}:{escaped}\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert check(address)


def test_a_missing_server_database_or_role_is_told_with_its_remedy(postgres: Cluster) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{probe.getsockname()[1]}"
        assert refusal(f"postgresql://me@{nobody}/n").startswith(
            f"no PostgreSQL answers at {nobody}"
        )
    assert "the socket in /nowhere" in refusal("postgresql:///n?host=/nowhere")
    assert "there is no machine nowhere.invalid:5432" in refusal("postgresql://nowhere.invalid/n")
    assert f"`sudo -u postgres createdb --owner {OWNER} gone`" in refusal(postgres.address("gone"))
    stranger = refusal(postgres.address("postgres", "stranger"))
    assert "does not know stranger. Make that role: `sudo -u postgres createuser" in stranger


def test_a_refusal_that_is_not_known_is_told_in_the_servers_words(postgres: Cluster) -> None:
    name = postgres.database()
    postgres.sql(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    told = refusal(postgres.address(name))
    assert f'refuses {OWNER}: too many connections for database "{name}"' in told


def test_missing_rights_are_told_with_their_remedy(postgres: Cluster) -> None:
    name = postgres.database()
    postgres.sql(f"ALTER DATABASE {name} OWNER TO postgres")
    told = refusal(postgres.address(name))
    assert f"may not make tables in the database {name}" in told
    postgres.sql(f"GRANT CREATE ON SCHEMA public TO {OWNER}", name)
    told = refusal(postgres.address(name))
    assert "may not add the extension pg_trgm" in told
    # The remedy it names.
    postgres.sql("CREATE EXTENSION pg_trgm", name)
    assert check(postgres.address(name))


def test_a_database_that_cannot_hold_every_character_is_refused(postgres: Cluster) -> None:
    name = f"{postgres.database()}_ascii"
    postgres.sql(
        f"CREATE DATABASE {name} OWNER {OWNER} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
    )
    told = refusal(postgres.address(name))
    assert "has the encoding LATIN1, not UTF8. Make another: `sudo -u postgres createdb" in told


def test_an_old_server_is_refused() -> None:
    with old_server("13.9") as port:
        told = refusal(f"postgresql://me@127.0.0.1:{port}/n")
    assert "has version 13: Label Studio needs 14 or later. Upgrade it." in told


@contextlib.contextmanager
def old_server(version: str) -> Iterator[int]:
    """Speak as much of PostgreSQL's protocol as an older server would before any question."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    def answer(listening: socket.socket) -> None:
        client, _ = listening.accept()
        with client:
            # The wish for an encrypted connection, then the user's name.
            if len(client.recv(8, socket.MSG_PEEK)) == 8:
                client.recv(8)
                client.sendall(b"N")
            client.recv(1000)
            settings = {"server_version": version, "client_encoding": "UTF8"}
            said = [f"{name}\0{value}\0".encode() for name, value in settings.items()]
            client.sendall(
                message(b"R", struct.pack("!i", 0))
                + b"".join(message(b"S", setting) for setting in said)
                + message(b"Z", b"I")
            )
            client.recv(1000)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        yield listening.getsockname()[1]
        thread.join()
