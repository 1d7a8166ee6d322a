"""One SQLite file: opened privately, written in whole transactions, its failures as sentences."""

from __future__ import annotations

import os
import sqlite3
import weakref
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from harvester.store.home import private_folder, unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from harvester.errors import Misconfigured

BUSY_MILLISECONDS = 10_000
REFUSALS: Final = {
    sqlite3.SQLITE_BUSY: "another program keeps it locked",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the database is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_NOTADB: "it is not a database",
    sqlite3.SQLITE_PERM: "permission denied",
    sqlite3.SQLITE_READONLY: "it is read-only",
}
MOVED: Final = 1 << 30
"""The version of a file whose rows were moved: nothing more is written to it."""
_PRAGMAS: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",  # what is deleted is overwritten
)


class Sqlite:
    """A file of rows, and its one connection."""

    def __init__(self, file: Path) -> None:
        """Open or create the file; raises Misconfigured if the home cannot be used."""
        self.file = file
        private_folder(file.parent)
        try:
            # Only where there is none: to close a database's file drops every lock that this
            # process has on it, and another process may then take the log away under us.
            with suppress(FileExistsError):
                os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            file.chmod(0o600)
        except OSError as error:
            raise unusable(file, error.strerror) from error
        with self._refusals():
            self._db = sqlite3.connect(file, isolation_level=None, timeout=BUSY_MILLISECONDS / 1000)
        weakref.finalize(self, _let_go, self._db).atexit = False

    @property
    def in_transaction(self) -> bool:
        """Whether what is written now waits for the rest of a transaction."""
        return self._db.in_transaction

    def prepare(self) -> None:
        """Set how the file is written."""
        with self._refusals():
            for pragma in _PRAGMAS:
                self._db.execute(f"PRAGMA {pragma}")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def rows(self, query: str, values: Sequence[object]) -> list[Any]:
        """Return all rows that a statement gives."""
        with self._refusals():
            return self._db.execute(query, values).fetchall()

    def stream(self, query: str, values: Sequence[object]) -> Iterator[Any]:
        """Yield the rows of a query, in memory that does not grow with them."""
        with self._refusals():
            yield from self._db.execute(query, values)

    def many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Write rows."""
        with self._refusals():
            self._db.executemany(statement, rows)

    def copy(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Write whole rows."""
        columns = len(self.rows(f"PRAGMA table_info({table})", ()))
        self.many(f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})", rows)

    def retire(self) -> None:
        """Have nobody who still has the file open write to it again, once the transaction ends."""
        self.set_version(MOVED)

    def script(self, script: str) -> None:
        """Run the statements of a migration, within the transaction there is."""
        with self._refusals():
            for statement in _statements(script):
                self._db.execute(statement)

    def version(self) -> int:
        """Return the number of the last migration; raises Misconfigured once all was moved."""
        with self._refusals():
            version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == MOVED:
            raise self.unusable("it was moved to another database: start this program anew")
        return version

    def set_version(self, version: int) -> None:
        """Remember the number of the last migration."""
        with self._refusals():
            self._db.execute(f"PRAGMA user_version = {version}")

    def scrub(self) -> None:
        """Write the file anew; raises Misconfigured while another program reads or writes it."""
        with self._refusals():
            self._db.execute("VACUUM")
            (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise self.unusable(REFUSALS[sqlite3.SQLITE_BUSY])

    @contextmanager
    def transaction(self, _of: int | None) -> Iterator[None]:
        """Keep all that is written or nothing, with no other writer meanwhile."""
        if self._db.in_transaction:
            yield
            return
        with self._refusals():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self.version()
                yield
                self._db.execute("COMMIT")
            except BaseException:  # a signal too must leave nothing half written
                if self._db.in_transaction:  # a full disk rolls all of it back by itself
                    self._db.execute("ROLLBACK")
                raise

    def unusable(self, why: str) -> Misconfigured:
        """Return the refusal to work with the file."""
        return unusable(self.file, why)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", None)
            why = None if code is None else REFUSALS.get(code & 0xFF)
            if why is None:
                raise
            raise self.unusable(why) from error


def _let_go(db: sqlite3.Connection) -> None:
    """Close a connection that nobody holds any more.

    It and its statements refer to each other: left to itself, it would stay open until the
    collector of cycles comes by.
    """
    with suppress(sqlite3.ProgrammingError):  # of another thread, which closes it too
        db.close()


def retired(file: Path) -> bool:
    """Tell whether all rows of a file were moved elsewhere, so that it may be deleted."""
    if not file.exists():
        return False
    with closing(sqlite3.connect(file)) as db:
        version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version == MOVED


def remove(file: Path) -> None:
    """Delete a file and its log; raises OSError."""
    for ending in ("", "-wal", "-shm"):
        file.with_name(f"{file.name}{ending}").unlink(missing_ok=True)


def _statements(script: str) -> Iterator[str]:
    """Split a script; `executescript` would commit before it begins."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
