"""One SQLite file: opened privately, brought up to date, written in whole transactions only."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Self

from harvester.store.home import private_folder, unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

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
_PRAGMAS: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",  # what is deleted is overwritten
)
MILLI: Final = 3
"""Decimal places of kWh kept as whole Wh, and of registers."""
MONEY: Final = 5
"""Decimal places of dollars kept as whole 1e-5 units."""


class Database:
    """The file, its schema and its transactions; a context manager that closes it."""

    def __init__(self, file: Path) -> None:
        """Open or create the database; raises Misconfigured if the home cannot be used."""
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
        try:
            with self._refusals():
                self._migrate()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def scrub(self) -> None:
        """Write the file anew, so that nothing of a deleted row is left in it or in its log.

        Raises Misconfigured while another program reads or writes it.  What the disk itself keeps
        of blocks that a file no longer uses is out of reach.
        """
        with self._refusals():
            self._db.execute("VACUUM")
            (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise unusable(self.file, REFUSALS[sqlite3.SQLITE_BUSY])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything written inside is kept together or not at all; may be nested.

        One connection has one transaction: never await anything inside.
        """
        inner = self._db.in_transaction
        with self._refusals():
            self._db.execute("SAVEPOINT inner_one" if inner else "BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("RELEASE inner_one" if inner else "COMMIT")
            except BaseException:
                if not self._db.in_transaction:  # a full disk rolls all of it back by itself
                    raise
                if inner:
                    self._db.execute("ROLLBACK TO inner_one")
                    self._db.execute("RELEASE inner_one")
                else:
                    self._db.execute("ROLLBACK")
                raise

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._refusals():
            return self._db.execute(query, values).fetchall()

    def _write(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        with self.transaction():
            self._db.executemany(statement, rows)

    def _migrate(self) -> None:
        scripts = {
            int(script.name.removesuffix(".sql")): script
            for script in files("harvester.store").joinpath("migrations").iterdir()
            if script.name.endswith(".sql")
        }
        newest = max(scripts)
        self._refuse_newer(newest)
        for pragma in _PRAGMAS:
            self._db.execute(f"PRAGMA {pragma}")
        if self._version() == newest:
            return
        with self.transaction():
            version = self._version()
            self._refuse_newer(newest)
            for number in sorted(number for number in scripts if number > version):
                for statement in _statements(scripts[number].read_text()):
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {newest}")

    def _version(self) -> int:
        version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        return version

    def _refuse_newer(self, newest: int) -> None:
        if self._version() > newest:
            raise unusable(self.file, "a newer harvester wrote it, so this one must be updated")

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", None)
            why = None if code is None else REFUSALS.get(code & 0xFF)
            if why is None:
                raise
            raise unusable(self.file, why) from error


def _statements(script: str) -> Iterator[str]:
    """Split a script; `executescript` would commit before it begins."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def epoch(moment: datetime) -> int:
    """Return whole UTC seconds; a moment without a time zone is refused."""
    if moment.tzinfo is None:
        message = "a moment needs its time zone"
        raise ValueError(message)
    return int(moment.timestamp())


def moment(seconds: int) -> datetime:
    """Return the UTC time of epoch seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def microseconds(moment: datetime) -> int:
    """Return UTC microseconds; a moment without a time zone is refused."""
    return epoch(moment) * 1_000_000 + moment.microsecond


def instant(microseconds: int) -> datetime:
    """Return the UTC time of epoch microseconds."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return moment(seconds).replace(microsecond=rest)


def whole(amount: Decimal | None, places: int) -> int | None:
    """Return an amount as a whole number of its smallest unit, rounded half to even."""
    return None if amount is None else round(amount.scaleb(places))


def amount(units: int, places: int, shown: int = 0) -> Decimal:
    """Return the amount again, with as many decimals as it needs and at least those `shown`."""
    exact = Decimal(units).scaleb(-places)
    short = exact.quantize(Decimal(1).scaleb(-shown))
    return short if short == exact else exact.normalize()
