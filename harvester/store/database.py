"""The rows of a home, in a file or on a server: brought up to date, kept in whole transactions."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from harvester.store.place import Server
from harvester.store.sqlite import Sqlite

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from harvester.errors import Misconfigured

MILLI: Final = 3
"""Decimal places of kWh kept as whole Wh, and of registers."""
MONEY: Final = 5
"""Decimal places of dollars kept as whole 1e-5 units."""
HOME: Final = 0
"""In place of an account's id: all that the home has."""


class Connection(Protocol):
    """What rows need of a database; statements are in the SQL that both know, with `?` or `?1`."""

    @property
    def in_transaction(self) -> bool:
        """Whether what is written now waits for the rest of a transaction."""

    def prepare(self) -> None:
        """Set how it is written."""

    def close(self) -> None:
        """Let go of it."""

    def rows(self, query: str, values: Sequence[object]) -> list[Any]:
        """Return all rows that a statement gives."""

    def stream(self, query: str, values: Sequence[object]) -> Iterator[Any]:
        """Yield the rows of a query, in memory that does not grow with them."""

    def many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Write rows."""

    def copy(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Write whole rows, with the ids that they have."""

    def retire(self) -> None:
        """Have nobody who still has it open write to it again, once the transaction ends."""

    def script(self, script: str) -> None:
        """Run the statements of a migration, within the transaction there is."""

    def version(self) -> int:
        """Return the number of the last migration, 0 where there was none."""

    def set_version(self, version: int) -> None:
        """Remember the number of the last migration."""

    def scrub(self) -> None:
        """Leave nothing of deleted rows in the database's files."""

    def transaction(self, of: int | None) -> AbstractContextManager[None]:
        """Keep all that is written or nothing; nobody else writes meanwhile what it is `of`."""

    def unusable(self, why: str) -> Misconfigured:
        """Return the refusal to work with it."""


class Database:
    """The rows, their schema and their transactions; a context manager that closes it."""

    def __init__(self, place: Path | Server) -> None:
        """Open it, or create the file; raises Misconfigured if it cannot be used."""
        self.place = place
        self._db = connect(place)
        try:
            self._migrate()
        except BaseException:  # a signal too must leave no connection behind
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()

    def scrub(self) -> None:
        """Write the database anew, so that nothing of a deleted row is left in it or in its log.

        Raises Misconfigured while another program reads or writes it.  What the disk itself keeps
        of blocks that a file no longer uses is out of reach, and so is what a PostgreSQL server
        has in its write-ahead log until it writes over that.
        """
        self._db.scrub()

    def transaction(self, of: int = HOME) -> AbstractContextManager[None]:
        """Everything written inside is kept together or not at all; one inside is part of it.

        Nobody else writes meanwhile what the outermost one is `of`: an account, or all of the home.
        SQLite has one writer in any case.  One connection has one transaction: never await anything
        inside.
        """
        return self._db.transaction(of)

    def _rows(self, query: str, *values: object) -> list[Any]:
        return self._db.rows(query, values)

    def _write(self, statement: str, rows: Collection[tuple[object, ...]]) -> None:
        if rows:
            with self._db.transaction(None):
                self._db.many(statement, rows)

    def _migrate(self) -> None:
        scripts = {
            int(script.name.removesuffix(".sql")): script
            for script in files("harvester.store").joinpath("migrations").iterdir()
            if script.name.endswith(".sql")
        }
        newest = max(scripts)
        self._refuse_newer(newest)
        self._db.prepare()
        if self._db.version() == newest:
            return
        with self._db.transaction(None):
            version = self._db.version()
            self._refuse_newer(newest)
            for number in sorted(number for number in scripts if number > version):
                self._db.script(scripts[number].read_text())
            self._db.set_version(newest)

    def _refuse_newer(self, newest: int) -> None:
        if self._db.version() > newest:
            raise self._db.unusable("a newer harvester wrote it, so this one must be updated")


def connect(place: Path | Server) -> Connection:
    """Open a database as it is; raises Misconfigured if it cannot be used."""
    if isinstance(place, Path):
        return Sqlite(place)
    # Loaded by who has a server only: psycopg is an extra, and takes its time.
    server: Connection = importlib.import_module("harvester.store.postgres").Postgres(place)
    return server


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
