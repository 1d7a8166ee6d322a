"""The usage feeds as day totals and hours: wall time to UTC, missing kept missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from harvester import printed
from harvester.errors import BadData, State
from harvester.extract.rows import Rows, Setting
from harvester.extract.walltime import (
    CLOCKS,
    HOUR,
    instants_of,
    order_of,
    repeated,
    starts_of,
    steps_of,
    walls_of,
)
from harvester.model import Artifact, DayTotal, Direction, Finding, Quality, Reading, Window

_CHANNELS = ((Direction.DELIVERED, "KWH"), (Direction.RECEIVED, "GKWH"))
_NONE = {"", "nan", "null", "none", "n/a", "-", "--"}
_DAILY = ("TOTALENERGY", "ENDREADING", "Cost")
_WH = Decimal(1000)
MINUTE = timedelta(minutes=1)
ORDINARY_HOURS = 24


def daily(artifact: Artifact, _: Setting) -> Rows:
    """Return day totals; `Items[i]` goes with `DyExports[i].METER`: exchanges show there."""
    told = _told(artifact)
    rows, window = _rows(artifact)
    if len(told.meters) != len(told.items):
        rows.findings.append(
            Finding(
                artifact.account,
                "meter-unknown",
                f"{window.start}",
                f"{len(told.meters)} meters for {len(told.items)} days: none is certain.",
            )
        )
    certain = len(told.meters) == len(told.items)
    totals: dict[tuple[date, str], list[DayTotal]] = defaultdict(list)
    for number, item in enumerate(told.items):
        day = printed.day(str(item.get("DAILYTIMESTAMPFORMAT", "")))
        if day is None:
            rows.findings.append(_unreadable(artifact, "A day's label is no date."))
        elif window.start <= day < window.end:
            for name in (name for name in _DAILY if _is_odd(item.get(name))):
                rows.findings.append(_unreadable(artifact, f"Its {name} is no number.", day))
            values = (_number(item.get(name)) for name in _DAILY)
            meter = told.meters[number] if certain else ""
            totals[day, meter].append(DayTotal(artifact.account, day, meter, *values))
    for (day, _meter), alike in totals.items():
        rows.days.append(_agreed(alike))
        if len(alike) > 1:
            said = f"The day comes {len(alike)} times: {_TAKEN['duplicate']}."
            rows.findings.append(Finding(artifact.account, "duplicate", f"{day}", said))
    rows.covered += [total.day for total in rows.days]
    return rows


def _agreed(told: Sequence[DayTotal]) -> DayTotal:
    """Return what is told of a meter's day; where it is told differently there is nothing."""
    sides = zip(*((one.total_kwh, one.end_reading, one.cost) for one in told), strict=True)
    values = (side[0] if len(set(side)) == 1 else None for side in sides)
    return DayTotal(told[0].account, told[0].day, told[0].meter, *values)


class _Row(NamedTuple):
    label: str
    ordinal: int
    wall: datetime
    item: dict[str, Any]
    ordered: bool = True
    """Whether the rows of its day are clearly in the order of time."""

    def has_energy(self) -> bool:
        """Tell whether the row has energy in either direction."""
        return any(_number(self.item.get(name)) for _, name in _CHANNELS)

    def has_value(self) -> bool:
        """Tell whether the row has a reading in either direction, be it zero."""
        return any(_kwh(self.item, name) is not None for _, name in _CHANNELS)

    def alike(self, other: _Row) -> bool:
        """Tell whether another row has the same values."""
        return all(self.item.get(name) == other.item.get(name) for _, name in _CHANNELS)


def interval(artifact: Artifact, setting: Setting) -> Rows:
    """Return the hours of both directions, each day complete: what has no value is None.

    A label stands for as many instants as the wall clock showed it; where the portal has more or
    fewer rows for it, or two in no order, all of them are None with PARTIAL_DAY, and so is what
    lies between two such labels of a day; a finding says so: no hour is guessed.  Rows that say the
    same twice on an ordinary day are one.  Of a day in parts of an hour, an hour that lacks a part
    is None: it may be told whole.  Parts of an hour without one reading are no day: some portals
    fill in so what they keep by the hour.  A day is estimated where its hours are all alike and its
    register was not read.
    """
    rows, window = _rows(artifact)
    feed, zone = setting.profile.feed, setting.profile.zone
    back = MINUTE if feed.hour_label == "ending" else timedelta()
    by_label: dict[datetime, list[_Row]] = defaultdict(list)
    for row in _labelled(artifact, rows, back):
        by_label[row.wall].append(row)
    # A day's last hour ends on the next, so that a label's day is that of a moment before
    steps = steps_of((w - back for w in by_label), timedelta(minutes=int(feed.interval_minutes)))
    told: dict[date, _Told] = defaultdict(_Told)
    for wall, same in by_label.items():
        shift = steps[(wall - back).date()] if back else timedelta()
        starts = [instant - shift for instant in instants_of(wall, zone)]
        day = (starts[0].astimezone(zone) if starts else wall).date()
        if window.start <= day < window.end:
            ordinary = len(starts_of(day, zone, HOUR)) == ORDINARY_HOURS
            told[day].take(wall, starts, same, after=shift, ordinary=ordinary)
    for day in [d for d, one in told.items() if steps[d] < HOUR and not one.has_value]:
        del told[day]
    for day, one in sorted(told.items()):
        whole = starts_of(day, zone, steps[day])
        one.between()
        one.breaking_off(whole, repeated(whole, zone))
        one.outside(whole)
        one.parts(whole, steps[day])
        one.columns()
        for rule, said in one.odd.items():
            more = f", as {len(said) - 1} more" if len(said) > 1 else ""
            message = f"{said[0]}{more}: {_TAKEN[rule]}."
            rows.findings.append(Finding(artifact.account, rule, f"{day}", message))
        if one.channels:
            rows.covered.append(day)
        rows.readings += _day(
            artifact.account, setting, day, steps[day], one.hours, channels=one.channels
        )
    return rows


_TAKEN = {
    "clock": "no value of it is taken",
    "duplicate": "it is taken only where all say the same",
    "mixed-steps": "no value of it is taken",
    "unreadable-row": "it is not taken",
}


@dataclass
class _Told:
    """What an answer tells of one local day."""

    hours: dict[datetime, _Row] = field(default_factory=dict)
    """By UTC start; a row without an item has no value."""
    channels: set[str] = field(default_factory=set)
    has_value: bool = False
    """Whether any row has a reading, taken or not."""
    unclear: list[datetime] = field(default_factory=list)
    lacking: bool = False
    """Whether a label came less often than the clock showed it."""
    odd: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By rule, what is wrong, a clause each."""

    def take(
        self,
        wall: datetime,
        starts: list[datetime],
        same: list[_Row],
        *,
        after: timedelta,
        ordinary: bool,
    ) -> None:
        """Take the rows of a label that begins at these instants, if it is clear which is which."""
        for row in same:
            self.channels |= {name for _, name in _CHANNELS if name in row.item}
            self.odd_numbers(row)
        self.has_value |= any(row.has_value() for row in same)
        if len(same) == len(starts) and (len(starts) == 1 or same[0].ordered):
            self.hours |= zip(starts, same, strict=True)
        elif starts or any(row.has_energy() for row in same):  # a skipped hour may be empty
            self.odd_label(wall, starts, same, after=after, ordinary=ordinary)

    def odd_numbers(self, row: _Row) -> None:
        """Say which values of a row cannot be read."""
        for _, name in _CHANNELS:
            if _is_odd(row.item.get(name)):
                self.odd["unreadable-row"].append(f"The {name} of {row.label} is no number")

    def columns(self) -> None:
        """Say that delivered energy is told nowhere."""
        if "KWH" not in self.channels:
            self.odd["unreadable-row"].append("There is no column KWH")

    def odd_label(
        self,
        wall: datetime,
        starts: list[datetime],
        same: list[_Row],
        *,
        after: timedelta,
        ordinary: bool,
    ) -> None:
        """Take a label of another number of rows than the clock showed it, if they are alike.

        Where labels end an interval, one that lacks a row may have it in the label `after`.
        """
        first, shown = same[0], f"the clock showed it {len(starts)} times"
        if len(same) == len(starts):
            shown += ", and not which is which"
        clear = ordinary and len(starts) == 1 and all(row.alike(first) for row in same)
        rule = "duplicate" if ordinary and len(same) > len(starts) else "clock"
        self.odd[rule].append(f"{first.label} comes {len(same)} times where {shown}")
        if not clear:
            self.lacking |= len(same) < len(starts)
            self.unclear += [wall, wall + after] if len(same) < len(starts) else [wall]
            if not ordinary:  # and so may be the rest of its hour
                end = (wall - after).replace(minute=0) + HOUR
                self.unclear.append(end if after else end - MINUTE)
        self.hours |= dict.fromkeys(starts, first if clear else first._replace(item={}))

    def between(self) -> None:
        """Take no value of what lies between two labels that no clock can tell."""
        for start, row in self.hours.items() if self.unclear else ():
            if min(self.unclear) <= row.wall <= max(self.unclear):
                self.hours[start] = row._replace(item={})

    def breaking_off(self, whole: Sequence[datetime], repeated: Collection[datetime]) -> None:
        """Take no value behind an hour that came twice, if not all of it is told and the day ends.

        A portal may show another hour twice in its place, and the second row may be yet to come.
        """
        if whole[-1] in self.hours or not (self.lacking or set(repeated) - self.hours.keys()):
            return
        behind = [start for start in self.hours if repeated and start >= min(repeated)]
        if behind:
            label = self.hours[min(behind)].label
            self.odd["clock"].append(f"From {label} on no clock tells which hour is which")
        for start in behind:
            self.hours[start] = self.hours[start]._replace(item={})

    def outside(self, whole: Collection[datetime]) -> None:
        """Say which labels begin no interval of the day; they have no place among its readings."""
        for odd in sorted(self.hours.keys() - set(whole)):
            self.odd["clock"].append(f"{self.hours[odd].label} begins no interval of its day")

    def parts(self, whole: Sequence[datetime], step: timedelta) -> None:
        """Take no value of an hour that lacks one of its parts."""
        for first in range(0, len(whole), HOUR // step):
            hour = whole[first : first + HOUR // step]
            there = [start for start in hour if start in self.hours]
            if 0 < len(there) < len(hour):
                label = self.hours[there[0]].label
                self.odd["mixed-steps"].append(f"{label} stands for an hour or for a part of one")
                for start in there:
                    self.hours[start] = self.hours[start]._replace(item={})


def _day(
    account: str,
    setting: Setting,
    day: date,
    step: timedelta,
    told: Mapping[datetime, _Row],
    *,
    channels: Collection[str],
) -> Iterator[Reading]:
    zone = setting.profile.zone
    total = setting.days.get(day)
    values = {_number(row.item.get("KWH")) for row in told.values()}
    averaged = total is not None and total.end_reading is None and len(values) == 1 < len(told)
    starts = starts_of(day, zone, step)
    offsets = [int((s.astimezone(zone).utcoffset() or timedelta()).total_seconds()) for s in starts]
    for direction, name in _CHANNELS:
        if name not in channels:
            continue
        for start, offset in zip(starts, offsets, strict=True):
            row = told.get(start)
            kwh = _kwh(row.item, name) if row else None
            silent = State.NO_DATA if row and name in row.item else State.PARTIAL_DAY
            yield Reading(
                account=account,
                meter=total.meter if total else "",
                direction=direction,
                start=start,
                seconds=int(step.total_seconds()),
                wh=None if kwh is None else int((kwh * _WH).to_integral_value()),
                quality=Quality.ESTIMATED if averaged and kwh is not None else Quality.RAW,
                reason=silent if kwh is None else None,
                label=row.label if row else "",
                ordinal=row.ordinal if row else 0,
                local_day=day,
                utc_offset=offset,
            )


def _kwh(item: Mapping[str, Any], name: str) -> Decimal | None:
    """Return a channel's energy; where the meter gave no delivered one, a zero is none either."""
    value = _number(item.get(name))
    unread = "KWH" in item and _number(item["KWH"]) is None
    return None if unread and not value else value


def _told(artifact: Artifact) -> printed.Told:
    try:
        told = printed.feed(artifact.content)
    except ValueError:
        raise BadData(
            State.UNREADABLE, f"What the portal gave as {artifact.kind} is not what it should be."
        ) from None
    if told.error and not told.items:
        raise BadData(State.UNREADABLE, f"The portal gave an error as {artifact.kind}.")
    return told


def _rows(artifact: Artifact) -> tuple[Rows, Window]:
    """Return rows that already say which days the answer settles."""
    first, last = (date.fromisoformat(artifact.about[name]) for name in ("first", "last"))
    window = Window(first, last + timedelta(days=1))
    missing = frozenset(map(date.fromisoformat, artifact.about["missing"].split()))
    return Rows(missing=missing, covered=sorted(missing)), window


def _labelled(artifact: Artifact, rows: Rows, back: timedelta) -> Iterator[_Row]:
    """Yield the rows that have a label, each day's oldest first."""
    days: dict[date, list[_Row]] = defaultdict(list)
    items = _told(artifact).items
    labels = [" ".join(str(item.get("UsageHourDate", "")).split()) for item in items]
    ways: list[list[datetime | None]] = []
    while not ways or (None in ways[-1] and len(ways) < len(CLOCKS)):
        ways.append(walls_of(labels, CLOCKS[len(ways)]))
    walls = min(ways, key=lambda walls: walls.count(None))
    for item, label, wall in zip(items, labels, walls, strict=True):
        if wall:
            days[(wall - back).date()].append(_Row(label, 0, wall, item))
    if None in walls:
        why = f"{walls.count(None)} labels of hours are no date and time of day."
        rows.findings.append(_unreadable(artifact, why))
    for day in days.values():
        order = order_of([row.wall for row in day])
        seen: dict[str, int] = defaultdict(int)
        for row in day[:: order or 1]:
            yield row._replace(ordinal=seen[row.label], ordered=bool(order))
            seen[row.label] += 1


def _unreadable(artifact: Artifact, why: str, day: date | None = None) -> Finding:
    subject = artifact.about["first"] if day is None else f"{day}"
    return Finding(artifact.account, "unreadable-row", subject, why)


def _number(value: object) -> Decimal | None:
    return _read(f"{value}")[0]


def _is_odd(value: object) -> bool:
    """Tell whether it is something, but no number."""
    return _read(f"{value}")[1]


@lru_cache(maxsize=4096)
def _read(told: str) -> tuple[Decimal | None, bool]:
    """Return what it says as a number, and whether it says something else."""
    text = told.strip()
    number = None if text.lower() in _NONE else printed.amount(text)
    return number, number is None and text.lower() not in _NONE
