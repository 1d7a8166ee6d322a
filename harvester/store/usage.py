"""Hours and day totals as rows, what they were before, and which local days are still to be got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple

from harvester.errors import BadData, State
from harvester.model import DayTotal, Direction, Kind, Quality, Reading, Window
from harvester.store.database import (
    MILLI,
    MONEY,
    Database,
    amount,
    epoch,
    instant,
    microseconds,
    moment,
    whole,
)

DAILY_AGAIN = 7
"""Days back that every run reads again: true reads replace averages days later."""
WEEKLY_AGAIN = 45
"""Days back that are read again when their last reading is a week old."""
WEEK = timedelta(days=7)

_KEY = "account, direction, start, meter"
_TOTAL = "account, day, meter, wh, end_reading, cost, places, artifact"
_KIND = itemgetter(1, 6, 7)
"""Direction, quality and reason of a row."""
_VALUE = "seconds, wh, quality, reason, label, ordinal, local_day, utc_offset"


class Change(NamedTuple):
    """What an upsert did with the rows it was given."""

    added: int
    revised: int

    def __add__(self, other: object) -> Change:
        if not isinstance(other, Change):
            return NotImplemented
        return Change(self.added + other.added, self.revised + other.revised)


class Revision(NamedTuple):
    """A reading as it was told until another artifact told it otherwise."""

    reading: Reading
    told_at: datetime
    run: int
    """The run that told it so."""
    replaced_at: datetime


class Usage(Database):
    """The part of the catalog that holds what the meters measured."""

    def upsert_readings(self, account: int, readings: Iterable[Reading], artifact: int) -> Change:
        """Take the hours of whole local days; what differs from before is kept as a revision.

        A row that says nothing new is not written.  Rows of these days that the artifact does not
        have (another meter, another step) are no longer current: they too become revisions.
        Raises BadData for an hour of one meter told twice.
        """
        rows = [_reading_row(account, reading, artifact) for reading in readings]
        new = {row[:4]: row for row in rows}
        if len(new) < len(rows):
            raise BadData(
                State.UNREADABLE,
                f"Artifact {artifact} tells an hour of one meter twice: look at its labels.",
            )
        days = {row[10] for row in rows}
        with self.transaction():
            old = {row[:4]: row for row in self._current(account, days)}
            revised = [row for key, row in old.items() if row[4:8] != new.get(key, ())[4:8]]
            written = [row for key, row in new.items() if row[4:8] != old.get(key, ())[4:8]]
            self._write(
                f"INSERT INTO reading_revision VALUES ({', '.join('?' * 14)})",
                [(*row, artifact) for row in revised],
            )
            self._write(
                f"DELETE FROM reading WHERE ({_KEY}) = (?, ?, ?, ?)", [row[:4] for row in revised]
            )
            self._write(f"INSERT INTO reading VALUES ({', '.join('?' * 13)})", written)
            self._count(account, written, revised)
        return Change(max(len(written) - len(revised), 0), len(revised))

    def _count(
        self, account: int, added: Iterable[tuple[Any, ...]], gone: Iterable[tuple[Any, ...]]
    ) -> None:
        """Keep count of the readings by direction, quality and reason."""
        kinds = Counter(map(_KIND, added))
        kinds.subtract(Counter(map(_KIND, gone)))
        self._write(
            "INSERT INTO reading_count VALUES (?, ?, ?, coalesce(?, ''), ?)"
            " ON CONFLICT (account, direction, quality, reason) DO UPDATE"
            " SET hours = reading_count.hours + excluded.hours",
            [(account, *kind, change) for kind, change in kinds.items()],
        )

    def told(self, account: int) -> tuple[int, int]:
        """Return how many readings and how many revisions there are."""
        ((current, before),) = self._rows(
            "SELECT (SELECT count(*) FROM reading WHERE account = ?1),"
            " (SELECT count(*) FROM reading_revision WHERE account = ?1)",
            account,
        )
        return current, before

    def _current(self, account: int, days: Collection[object]) -> list[tuple[Any, ...]]:
        """Return the rows of these days; they lie within months, so a range finds them."""
        if not days:
            return []
        rows = self._rows(
            f"SELECT {_KEY}, {_VALUE}, artifact FROM reading INDEXED BY reading_day"
            " WHERE account = ? AND local_day BETWEEN ? AND ?",
            account,
            min(days, key=str),
            max(days, key=str),
        )
        return [row for row in rows if row[10] in days]

    def upsert_days(self, account: int, days: Iterable[DayTotal], artifact: int) -> Change:
        """Take day totals, in the same way as hours."""
        new = {(account, f"{d.day}", d.meter): _day_row(d) for d in days}
        told = {key[1] for key in new} or {""}
        old = {
            (account, day, meter): (*values, told_by)
            for day, meter, *values, told_by in self._rows(
                "SELECT day, meter, wh, end_reading, cost, places, artifact FROM day_total"
                " WHERE account = ? AND day BETWEEN ? AND ?",
                account,
                min(told),
                max(told),
            )
            if day in told
        }
        revised = [(*key, *row, artifact) for key, row in old.items() if row[:-1] != new.get(key)]
        changed = [
            (*key, *row, artifact) for key, row in new.items() if row != old.get(key, ())[:-1]
        ]
        with self.transaction():
            self._write(
                f"INSERT INTO day_total_revision ({_TOTAL}, replaced_by)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                revised,
            )
            self._write(
                "DELETE FROM day_total WHERE (account, day, meter) = (?, ?, ?)",
                [row[:3] for row in revised],
            )
            self._write(
                f"INSERT INTO day_total ({_TOTAL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", changed
            )
        return Change(len(new.keys() - old.keys()), len(revised))

    def cover(
        self,
        account: int,
        stream: Kind,
        days: Collection[date],
        missing: Collection[date],
        artifact: int,
    ) -> None:
        """Remember that the portal answered for these days, and which it has nothing for."""
        self._write(
            "INSERT INTO coverage VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (account, stream, day) DO UPDATE SET missing = excluded.missing,"
            " artifact = excluded.artifact",
            [(account, stream, f"{day}", int(day in missing), artifact) for day in days],
        )

    def gaps(
        self, account: int, stream: Kind, window: Window, today: date, now: datetime
    ) -> list[date]:
        """Return the days to ask for: never answered, or recent enough to be revised; newest first.

        `today` is the portal's; it and later days are never asked for.
        """
        answered = dict(
            self._rows(
                "SELECT day, retrieved_at FROM coverage c JOIN artifact a ON a.id = c.artifact"
                " WHERE c.account = ? AND stream = ? AND day >= ? AND day < ?",
                account,
                stream,
                f"{window.start}",
                f"{window.end}",
            )
        )
        stale = microseconds(now - WEEK)

        def wanted(day: date) -> bool:
            age = (today - day).days
            at = answered.get(f"{day}")
            return age > 0 and (
                at is None or age <= DAILY_AGAIN or (age <= WEEKLY_AGAIN and at < stale)
            )

        return [day for day in reversed(list(window.days())) if wanted(day)]

    def silent_days(self, account: int) -> dict[date, Decimal | None]:
        """Return the days that the portal has no hours of, oldest first, and their kWh if known."""
        rows = self._rows(
            "SELECT c.day, sum(wh) FROM coverage c LEFT JOIN day_total t"
            " ON t.account = c.account AND t.day = c.day"
            " WHERE c.account = ? AND stream = ? AND missing = 1 GROUP BY c.day ORDER BY c.day",
            account,
            Kind.INTERVAL,
        )
        return {
            date.fromisoformat(day): None if wh is None else amount(wh, MILLI) for day, wh in rows
        }

    def extent(self, account: int) -> tuple[date | None, date | None]:
        """Return the local days of the first and the last hour."""
        # Each by itself is one look into the index; both in one SELECT would read all of it.
        first, last = self._rows(
            "SELECT (SELECT min(local_day) FROM reading WHERE account = ?1),"
            " (SELECT max(local_day) FROM reading WHERE account = ?1)",
            account,
        )[0]
        return (
            date.fromisoformat(first) if first else None,
            date.fromisoformat(last) if last else None,
        )

    def readings(self, account: int, window: Window | None = None) -> Iterator[Reading]:
        """Return current readings of local days, by direction and start."""
        first, end = (window.start, window.end) if window is not None else (date.min, date.max)
        for row in self._rows(
            f"SELECT number, direction, start, meter, {_VALUE} FROM reading"
            " JOIN account ON account.id = account WHERE account = ? AND local_day >= ?"
            " AND local_day < ? ORDER BY direction, start, meter",
            account,
            f"{first}",
            f"{end}",
        ):
            yield _reading(row)

    def reading_rows(self, account: int, window: Window) -> list[tuple[Any, ...]]:
        """Return current readings as plain values, by direction, start and meter.

        They are direction, start, meter, seconds, wh, quality, reason, label, ordinal, local_day
        and utc_offset as the catalog keeps them: no objects, for whoever needs many of them.
        """
        return self._rows(
            f"SELECT direction, start, meter, {_VALUE} FROM reading WHERE account = ?"
            " AND local_day >= ? AND local_day < ? ORDER BY direction, start, meter",
            account,
            f"{window.start}",
            f"{window.end}",
        )

    def revisions(self, account: int, window: Window | None = None) -> Iterator[Revision]:
        """Return what readings of local days were before, by direction, start and age."""
        first, end = (window.start, window.end) if window is not None else (date.min, date.max)
        for told, run, replaced, *row in self._rows(
            "SELECT t.retrieved_at, t.run, n.retrieved_at, number, direction, start, meter,"
            f" {_VALUE} FROM reading_revision r JOIN account ON account.id = r.account"
            " JOIN artifact t ON t.id = r.artifact JOIN artifact n ON n.id = replaced_by"
            " WHERE r.account = ? AND local_day >= ? AND local_day < ?"
            " ORDER BY direction, start, n.retrieved_at, meter",
            account,
            f"{first}",
            f"{end}",
        ):
            yield Revision(_reading(row), instant(told), run, instant(replaced))

    def day_totals(self, account: int, window: Window | None = None) -> dict[date, DayTotal]:
        """Return current day totals; of a day with two meters, the one that sorts last."""
        return {total.day: total for total, _ in self.totals_told(account, window)}

    def totals_told(
        self, account: int, window: Window | None = None
    ) -> list[tuple[DayTotal, datetime]]:
        """Return current day totals by day and meter, with the time at which each came home."""
        first, end = (window.start, window.end) if window is not None else (date.min, date.max)
        return [
            (
                DayTotal(
                    number,
                    date.fromisoformat(day),
                    meter,
                    None if wh is None else amount(wh, MILLI, places),
                    None if end_reading is None else amount(end_reading, MILLI),
                    None if cost is None else amount(cost, MONEY, 2),
                ),
                instant(at),
            )
            for number, day, meter, wh, end_reading, cost, places, at in self._rows(
                "SELECT number, day, meter, wh, end_reading, cost, places, retrieved_at"
                " FROM day_total d JOIN account ON account.id = d.account"
                " JOIN artifact ON artifact.id = artifact"
                " WHERE d.account = ? AND day >= ? AND day < ? ORDER BY day, meter",
                account,
                f"{first}",
                f"{end}",
            )
        ]

    def late_revisions(self, account: int, window: Window) -> list[date]:
        """Return the days of which a read value was told otherwise more than a week later."""
        rows = self._rows(
            "SELECT DISTINCT r.local_day FROM reading_revision r"
            " JOIN artifact n ON n.id = r.replaced_by"
            " WHERE r.account = ? AND r.local_day >= ? AND r.local_day < ?"
            " AND r.wh IS NOT NULL AND r.quality <> ?"
            " AND n.retrieved_at > 1000000 * (r.start + ?) AND NOT EXISTS"
            " (SELECT 1 FROM reading t WHERE (t.account, t.direction, t.start, t.wh)"
            " = (r.account, r.direction, r.start, r.wh)) ORDER BY r.local_day",
            account,
            f"{window.start}",
            f"{window.end}",
            Quality.ESTIMATED,
            int(WEEK.total_seconds()),
        )
        return [date.fromisoformat(day) for (day,) in rows]


def _reading_row(account: int, r: Reading, artifact: int) -> tuple[object, ...]:
    return (
        account,
        r.direction,
        epoch(r.start),
        r.meter,
        r.seconds,
        r.wh,
        r.quality,
        r.reason,
        r.label,
        r.ordinal,
        r.local_day.isoformat(),
        r.utc_offset,
        artifact,
    )


def _reading(row: Iterable[Any]) -> Reading:
    number, direction, start, meter, seconds, wh, quality, reason, *rest = row
    label, ordinal, local_day, utc_offset = rest
    return Reading(
        account=number,
        meter=meter,
        direction=Direction(direction),
        start=moment(start),
        seconds=seconds,
        wh=wh,
        quality=Quality(quality),
        reason=State(reason) if reason else None,
        label=label,
        ordinal=ordinal,
        local_day=date.fromisoformat(local_day),
        utc_offset=utc_offset,
    )


def _day_row(d: DayTotal) -> tuple[int | None, int | None, int | None, int]:
    energy = whole(d.total_kwh, MILLI)
    return energy, whole(d.end_reading, MILLI), whole(d.cost, MONEY), _places(d.total_kwh)


def _places(number: Decimal | None) -> int:
    exponent = number.as_tuple().exponent if number is not None else 0
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0
