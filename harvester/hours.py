"""An account's hours as a series without holes: an hour that has no value says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from harvester.errors import State
from harvester.filing import Store
from harvester.model import Direction, Quality, Window
from harvester.profile import load
from harvester.settings import Settings
from harvester.store.catalog import Entry

HOUR = 3600
DAY = timedelta(days=1)


class Hour(NamedTuple):
    """A reading in plain values, or an hour of which the home has none."""

    direction: int
    """1 delivered, 19 received, as `Direction` has it."""
    start: int
    """Seconds since 1970 in UTC."""
    meter: str
    """Empty where the home has nothing of the hour."""
    seconds: int
    wh: int | None
    quality: int
    """As `Quality` has it; of no meaning without a value."""
    reason: str | None
    """The state that says why there is no value."""
    label: str
    """The portal's own, and `ordinal` counts its repetitions in a day."""
    ordinal: int
    local_day: str
    utc_offset: int
    """Seconds east of UTC."""

    @property
    def local(self) -> datetime:
        """The start on the wall clock, without a time zone."""
        return _EPOCH + timedelta(seconds=self.start + self.utc_offset)

    @property
    def utc(self) -> datetime:
        """The start in UTC, without saying so."""
        return _EPOCH + timedelta(seconds=self.start)

    @property
    def quality_name(self) -> str | None:
        """The name of the quality; None without a value."""
        return None if self.wh is None else QUALITIES[self.quality]


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clocks and UTC are both told without a zone
QUALITIES = {int(quality): quality.name.lower() for quality in Quality}
DIRECTIONS = {int(direction): direction.name.lower() for direction in Direction}


def hours(store: Store, entry: Entry, window: Window | None = None) -> list[Hour]:
    """Return every hour from the first day that has any to the last one that was asked for.

    They are by direction and start; `window` takes a part of the days.  What was asked for before
    the first hour is left out, as the portal may have had no such account yet.

    Where the home has nothing of an hour it is there all the same: with NO_DATA if the portal had
    none, with PARTIAL_DAY if it left it out, and with PENDING if it was not asked for yet.
    """
    catalog, zone = store.catalog, zone_of(store, entry)
    silent = catalog.silent_days(entry.id)
    part = _known(catalog.extent(entry.id), silent, window)
    if part is None:
        return []
    told = [Hour._make(row) for row in catalog.reading_rows(entry.id, part)]
    expected = set(range(_midnight(part.start, zone), _midnight(part.end, zone), HOUR))
    added = []
    for direction in sorted({hour.direction for hour in told} or {int(Direction.DELIVERED)}):
        own = [hour for hour in told if hour.direction == direction]
        holes = expected.difference(hour.start for hour in own)
        days = {hour.local_day for hour in own} if holes else set()
        added += [_hole(direction, start, zone, days, silent) for start in holes]
    return sorted(told + added, key=_order) if added else told


def by_clock_hour(series: Sequence[Hour], direction: Direction) -> dict[int, int | None]:
    """Return the Wh of each clock hour by its UTC start, over all meters and shorter intervals.

    It is None where any part of it has no value.
    """
    sums: dict[int, int | None] = {}
    for hour in series:
        if hour.direction == direction:
            start = hour.start - hour.start % HOUR
            before = sums.get(start, 0)
            sums[start] = None if before is None or hour.wh is None else before + hour.wh
    return dict(sorted(sums.items()))


def net_by_clock_hour(series: Sequence[Hour]) -> dict[int, int | None]:
    """Return delivered less received Wh of each clock hour, None where either has no value.

    Of an account that sends nothing back it is what was delivered.
    """
    delivered = by_clock_hour(series, Direction.DELIVERED)
    if not receives(series):
        return delivered
    received = by_clock_hour(series, Direction.RECEIVED)
    return {
        start: None if wh is None or back is None else wh - back
        for start, wh in delivered.items()
        for back in [received.get(start)]
    }


def receives(series: Sequence[Hour]) -> bool:
    """Tell whether any energy was received: portals show 0 for accounts that send none back."""
    return any(hour.wh for hour in series if hour.direction == Direction.RECEIVED)


def hours_of(day: date, zone: ZoneInfo) -> int:
    """Return how many hours a local day has: 23, 24 or 25."""
    return (_midnight(day + DAY, zone) - _midnight(day, zone)) // HOUR


def zone_of(store: Store, entry: Entry) -> ZoneInfo:
    """Return the time zone of an account's utility; Misconfigured where its profile is gone."""
    return _zone(entry.profile, Settings(home=store.home).profile_folders)


@lru_cache
def _zone(profile: str, folders: tuple[Path, ...]) -> ZoneInfo:
    return load(profile, folders).zone


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, datetime.min.time(), zone).timestamp())


def _known(
    extent: tuple[date | None, date | None], silent: Mapping[date, object], window: Window | None
) -> Window | None:
    first, last = extent
    if first is None or last is None:
        return None
    part = Window(first, max([last, *silent]) + DAY)
    if window:
        part = Window(max(part.start, window.start), min(part.end, window.end))
    return part if len(part) else None


def _hole(
    direction: int, start: int, zone: ZoneInfo, days: set[str], silent: Mapping[date, object]
) -> Hour:
    local = datetime.fromtimestamp(start, zone)
    day, offset = local.date(), local.utcoffset() or timedelta(0)
    if day in silent:
        reason = State.NO_DATA
    else:
        reason = State.PARTIAL_DAY if f"{day}" in days else State.PENDING
    return Hour(
        direction,
        start,
        "",
        HOUR,
        None,
        int(Quality.RAW),
        str(reason),
        "",
        0,
        f"{day}",
        int(offset.total_seconds()),
    )


def _order(hour: Hour) -> tuple[int, int, str]:
    return hour[:3]
