"""Hours as a stream for exports: as they are told now, or as they were told when a run ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from harvester.model import Window
from harvester.store.database import Database

_OWN = "meter, direction, start, seconds, wh, quality"


class Hour(NamedTuple):
    """One interval of one meter in one direction; times are UTC seconds."""

    meter: str
    direction: int
    start: int
    seconds: int
    wh: int | None
    quality: int
    told: int
    """UTC microseconds at which what tells it so came home."""


class Channel(NamedTuple):
    """All intervals of one length that one meter measured in one direction, summed up."""

    meter: str
    direction: int
    seconds: int
    start: int
    end: int
    least: int | None
    """The least energy in Wh; None where none is known."""
    told: int
    """When the newest of them came home, in UTC microseconds."""


class Hours(Database):
    """The part of the catalog that streams hours, in memory that does not grow with them."""

    def hours(
        self, account: int, window: Window | None = None, as_of: int | None = None
    ) -> Iterator[Hour]:
        """Yield the hours of local days by direction, start and meter.

        With the id of a run, as they were told when that run ended, whatever was told since.
        """
        rows, values = _told(account, window, as_of)
        for row in self._db.stream(f"{rows} ORDER BY direction, start, meter", values):
            yield Hour(*row)

    def channels(
        self, account: int, window: Window | None = None, as_of: int | None = None
    ) -> list[Channel]:
        """Return what the hours of local days are of, by direction, meter and length."""
        rows, values = _told(account, window, as_of)
        return [
            Channel(*row)
            for row in self._rows(
                "SELECT meter, direction, seconds, min(start), max(start + seconds), min(wh),"
                f" max(retrieved_at) FROM ({rows}) AS told GROUP BY direction, meter, seconds"
                " ORDER BY direction, meter, seconds",
                *values,
            )
        ]


def _told(account: int, window: Window | None, as_of: int | None) -> tuple[str, list[Any]]:
    """Return a query of rows as they are told, and its values."""
    first, end = (window.start, window.end) if window is not None else (date.min, date.max)
    days = [account, f"{first}", f"{end}"]
    where = "r.account = ? AND local_day >= ? AND local_day < ?"
    now = (
        f"SELECT {_OWN}, retrieved_at FROM reading r JOIN artifact t ON t.id = artifact"
        f" WHERE {where}"
    )
    if as_of is None:
        return now, days
    before = (
        f"SELECT {_OWN}, t.retrieved_at FROM reading_revision r JOIN artifact t ON t.id = artifact"
        f" JOIN artifact n ON n.id = replaced_by WHERE {where} AND t.run <= ? AND n.run > ?"
    )
    return f"{now} AND t.run <= ? UNION ALL {before}", [*days, as_of, *days, as_of, as_of]
