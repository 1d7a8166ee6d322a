"""A schema of a PostgreSQL database that holds a home: its rows, its trail, its members' locks."""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any, Final, cast

from harvester.errors import Misconfigured, State, Transient
from harvester.store.place import FILE, Server, no_server

try:
    import psycopg
    from psycopg import conninfo, sql
    from psycopg.types.numeric import Int8Dumper, IntLoader
    from psycopg.types.string import StrDumper
except ImportError as error:
    raise Misconfigured(
        State.HOME_UNUSABLE,
        "A PostgreSQL database is to be used, and psycopg, which speaks to one, is not installed"
        " here: pip install 'harvester[postgres]'.",
    ) from error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

LOCK_SECONDS: Final = 10
WHEN_LOST: Final = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""After half a minute of silence a server that lost its power is given up, not after two hours."""
LET_GO: Final = (
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
)
"""The server gives up a machine as soon, and what that had locked."""
TABLES_OF_ITS_OWN: Final = """
    CREATE TABLE store (version BIGINT NOT NULL);
    INSERT INTO store VALUES (0);
    CREATE TABLE trail (place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, line BYTEA NOT NULL);
"""
LOCKED = "another program keeps it locked"
NUMBERED: Final = ("account", "run", "artifact")
"""The tables whose rows are numbered as they come."""
REFUSALS: Final = {
    "08": "the connection was lost",
    "22021": "it cannot hold such characters: it must be of the encoding UTF8",
    "22P05": "it cannot hold such characters: it must be of the encoding UTF8",
    "25006": "it is read-only",
    "28": "it does not let this user in",
    "3F000": "there is no home in it any more",
    "40P01": LOCKED,
    "42501": "permission denied",
    "42P01": "there is no home in it any more",
    "53100": "the disk is full",
    "53300": "it has too many connections",
    "55P03": LOCKED,
    "57P": "it was shut down",
    "58": "the disk failed",
    "XX001": "the database is damaged",
    "XX002": "the database is damaged",
}
"""Why a statement failed, by SQLSTATE or what that begins with: PostgreSQL's appendix A."""
_SUMS = 1700
"""The OID of `numeric`, which only sums of whole numbers have here."""


class Postgres:
    """One connection to the home's schema; made anew where it was lost between transactions."""

    def __init__(self, server: Server) -> None:
        """Connect; raises Misconfigured where there is no such server, database or user."""
        self.server = server
        self._names = count()
        self.in_transaction = False
        self._db = self._connected()

    def prepare(self) -> None:
        """Do nothing: how it is written is for the server's own settings."""

    def close(self) -> None:
        """Let go of the connection, and of what is locked by it."""
        self._db.close()

    def rows(self, query: str, values: Sequence[object]) -> list[Any]:
        """Return all rows that a statement gives."""
        with self._refusals():
            return self._live().execute(translated(query), values).fetchall()

    def stream(self, query: str, values: Sequence[object]) -> Iterator[Any]:
        """Yield the rows of a query, in memory that does not grow with them."""
        with self._refusals():
            # With hold, as whoever reads them asks for other rows meanwhile.
            name = f"rows_{next(self._names)}"
            with psycopg.RawServerCursor(self._live(), name, withhold=True) as cursor:
                cursor.itersize = 5000
                cursor.execute(translated(query), values)
                yield from cursor

    def many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Write rows."""
        with self._refusals(), self._live().cursor() as cursor:
            cursor.executemany(translated(statement), rows)

    def copy(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Write whole rows, many at once, and number new ones after them."""
        into = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
        with self._refusals(), self._live().cursor() as cursor:
            with cursor.copy(into) as copying:
                for row in rows:
                    copying.write_row(row)
            if table in NUMBERED:
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
                )

    def retire(self) -> None:
        """Drop all there is of the home, at the end of the transaction there is."""
        self.script(f'DROP SCHEMA "{self.server.schema}" CASCADE')

    def script(self, script: str) -> None:
        """Run statements without values, within the transaction there is."""
        with self._refusals():
            self._live().execute(schema_of(script).encode())

    def version(self) -> int:
        """Return the number of the last migration, which waits for one that is under way."""
        found = self.rows("SELECT to_regclass('store')", ())
        if found[0][0] is None:
            raise self.unusable("there is no home in it: harvester store migrate brings one")
        wait = " FOR UPDATE" if self.in_transaction else ""
        return int(self.rows(f"SELECT version FROM store{wait}", ())[0][0])

    def set_version(self, version: int) -> None:
        """Remember the number of the last migration."""
        self.many("UPDATE store SET version = ?", [(version,)])

    def scrub(self) -> None:
        """Write the tables anew; raises Misconfigured while another program uses them."""
        known = self.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = ? AND tablename <> 'trail'",
            [self.server.schema],
        )
        self.script(f"VACUUM FULL {', '.join(table for (table,) in known)}")

    @contextmanager
    def transaction(self, of: int | None) -> Iterator[None]:
        """Keep all that is written or nothing; nobody else writes meanwhile what it is `of`.

        Whoever writes to an account or a run, or a row that names one, waits for who has them all.
        """
        if self.in_transaction:
            yield
            return
        with self._refusals():
            db = self._live()
            self.in_transaction = True
            try:
                with db.transaction():
                    if of == 0:
                        db.execute("LOCK TABLE account, run IN EXCLUSIVE MODE")
                    elif of is not None:
                        db.execute("SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE", [of])
                    yield
                    if db.closed:  # which psycopg leaves unsaid, as nothing is left to commit
                        raise self.unusable(REFUSALS["08"])
            finally:
                self.in_transaction = False

    def alive(self) -> None:
        """Raise Misconfigured where the connection was lost, and all that it locked with it."""
        with self._refusals():
            self._db.execute("SELECT 1")

    def unusable(self, why: str) -> Misconfigured:
        """Return the refusal to work with the database; the address shows no secret."""
        return unusable(self.server, why)

    def _live(self) -> psycopg.Connection[Any]:
        """Return the connection, made anew where it was lost; never within a transaction."""
        if self._db.closed and not self.in_transaction:
            self._db = self._connected()
        return self._db

    def _connected(self) -> psycopg.Connection[Any]:
        try:
            told = conninfo.conninfo_to_dict(self.server.dsn)
        except psycopg.ProgrammingError:
            raise no_server("is not one that PostgreSQL understands") from None
        told = {**WHEN_LOST, **told, "client_encoding": "UTF8"}
        try:
            made: psycopg.Connection[Any] = psycopg.connect(
                **cast("dict[str, Any]", told), autocommit=True, cursor_factory=psycopg.RawCursor
            )
        except psycopg.OperationalError as error:
            raise self.unusable(" ".join(f"{error}".split())) from error
        for kind in (int, bool):
            made.adapters.register_dumper(kind, _Whole)
        made.adapters.register_dumper(str, StrDumper)
        made.adapters.register_loader(_SUMS, IntLoader)
        made.execute(
            sql.SQL("SET search_path = {}; SET lock_timeout = {}; " + LET_GO).format(
                sql.Identifier(self.server.schema), f"{LOCK_SECONDS}s"
            )
        )
        return made

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            why = _why(error)
            if why is None and self._db.closed:
                why = REFUSALS["08"]
            if why is None and isinstance(error, psycopg.DataError) and not error.sqlstate:
                why = "a text that came home has a NUL character in it, which it cannot hold"
            if why is None:
                raise
            raise self.unusable(why) from error


class _Whole(Int8Dumper):
    """Whole numbers of every size in one type, so that a statement is prepared once."""

    def dump(self, obj: Any) -> bytes:  # noqa: ANN401 - as psycopg declares it
        return b"%d" % obj


class Lines:
    """The lines of a trail as rows of a table, on a connection of their own.

    An entry is kept whatever becomes of the rows that are written at the same time.
    """

    def __init__(self, server: Server, made: Postgres | None = None) -> None:
        self.name = where(server)
        self._server = server
        self._made = made

    @contextmanager
    def held(self) -> Iterator[Lines]:
        """Let nobody else append meanwhile; what is written is safe once this ends."""
        with self._db.transaction(None):
            self._db.script("LOCK TABLE trail IN SHARE ROW EXCLUSIVE MODE")
            yield self

    def tail(self, entries: int = 1) -> bytes:
        """Return the last entries, each with the end of its line."""
        rows = self._db.rows("SELECT line FROM trail ORDER BY place DESC LIMIT ?", [entries])
        return b"".join(line + b"\n" for (line,) in reversed(rows))

    def write(self, lines: bytes, torn: int) -> None:
        """Add lines; none is ever torn here."""
        del torn
        self._db.many(
            "INSERT INTO trail (line) VALUES (?)", [(line,) for line in lines.splitlines()]
        )

    def newest(self) -> bytes:
        """Return some of the newest entries."""
        return self.tail(200)

    def each(self) -> Iterator[bytes]:
        """Yield the lines there are now."""
        for (line,) in self._db.stream("SELECT line FROM trail ORDER BY place", ()):
            yield line + b"\n"

    @property
    def _db(self) -> Postgres:
        """The connection, made when it is first needed: most commands only read rows."""
        if self._made is None:
            self._made = Postgres(self._server)
        return self._made


@contextmanager
def alone(server: Server, members: Iterable[str], otherwise: str) -> Iterator[Callable[[], None]]:
    """Hold the locks of members on all machines, on a connection that lets go of them as it ends.

    Gives what raises Misconfigured once the connection, and so a lock, is lost.  Raises Transient
    with the sentence `otherwise` while another program holds one of them.
    """
    held = Postgres(server)
    try:
        for member in members:
            digest = hashlib.sha256(f"{server.schema}\0{member}".encode()).digest()
            key = int.from_bytes(digest[:8], "big", signed=True)
            if not held.rows("SELECT pg_try_advisory_lock(?)", [key])[0][0]:
                raise Transient(State.PENDING, otherwise)

        yield held.alive
    finally:
        with suppress(psycopg.Error):
            held.close()


def make(server: Server) -> None:
    """Make the schema for a home, empty and without tables yet, where there is none."""
    db = Postgres(server)
    try:
        with db.transaction(None):
            db.script(f'CREATE SCHEMA IF NOT EXISTS "{server.schema}"')
            if db.rows("SELECT to_regclass('store')", ())[0][0] is None:
                db.script(TABLES_OF_ITS_OWN)
    finally:
        db.close()


def where(server: Server) -> str:
    """Return what people call a database: the server, its database and the schema."""
    told = conninfo.conninfo_to_dict(server.dsn)
    host = told.get("host") or told.get("hostaddr") or told.get("service") or "this machine"
    return f"{told.get('dbname') or 'the database'} at {host}, schema {server.schema}"


def unusable(server: Server, why: str) -> Misconfigured:
    """Return the refusal to work with a database, with what to do about it."""
    return Misconfigured(
        State.HOME_UNUSABLE,
        f"The PostgreSQL database {where(server)}, cannot be used ({why}): mend that, or what the"
        f" home's {FILE} says of it.",
    )


def _why(error: psycopg.Error) -> str | None:
    state = error.sqlstate or ""
    return next((why for begin, why in REFUSALS.items() if state.startswith(begin)), None)


@cache
def translated(query: str) -> bytes:
    """Return a statement as PostgreSQL takes it: its places, its JSON, and no word on indexes."""
    places = count(1)
    query = re.sub(r" INDEXED BY \w+", "", query)
    query = re.sub(r"(\w+) ->> ", r"(\1::json) ->> ", query)
    query = re.sub(r"\?(\d*)", lambda found: f"${found[1] or next(places)}", query)
    return query.encode()


def schema_of(script: str) -> str:
    """Return a migration as PostgreSQL takes it: its types, and text in the order of its bytes."""
    for what, instead in (
        (r"\) STRICT(, WITHOUT ROWID)?;", ");"),
        (r"\bid INTEGER PRIMARY KEY\b", "id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"),
        (r"\bINTEGER\b", "BIGINT"),
        (r"\bREAL\b", "DOUBLE PRECISION"),
        (r"\bTEXT\b", 'TEXT COLLATE "C"'),
    ):
        script = re.sub(what, instead, script)
    return script
