"""The usage feeds as day totals and hours: wall time to UTC, missing kept missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from harvester import printed
from harvester.errors import BadData, State
from harvester.extract.rows import Rows, Setting
from harvester.model import Artifact, DayTotal, Direction, Finding, Quality, Reading, Window

_CHANNELS = ((Direction.DELIVERED, "KWH"), (Direction.RECEIVED, "GKWH"))
_NONE = {"", "nan", "null", "none", "n/a", "--"}
_WH = Decimal(1000)
HOUR = timedelta(hours=1)
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
    for number, item in enumerate(told.items):
        day = printed.day(str(item.get("DAILYTIMESTAMPFORMAT", "")))
        if day is None:
            rows.findings.append(_unreadable(artifact, "A day's label is no date."))
        elif window.start <= day < window.end:
            rows.days.append(
                DayTotal(
                    account=artifact.account,
                    day=day,
                    meter=told.meters[number] if certain else "",
                    total_kwh=_number(item.get("TOTALENERGY")),
                    end_reading=_number(item.get("ENDREADING")),
                    cost=_number(item.get("Cost")),
                )
            )
    rows.covered += [total.day for total in rows.days]
    return rows


class _Row(NamedTuple):
    label: str
    ordinal: int
    wall: datetime
    item: dict[str, Any]

    def has_value(self) -> bool:
        """Tell whether the row has energy in either direction."""
        return any(_number(self.item.get(name)) for _, name in _CHANNELS)

    def alike(self, other: _Row) -> bool:
        """Tell whether another row has the same values."""
        return all(self.item.get(name) == other.item.get(name) for _, name in _CHANNELS)


def interval(artifact: Artifact, setting: Setting) -> Rows:
    """Return the hours of both directions, each day complete: what has no value is None.

    A label stands for as many instants as the wall clock showed it; where the portal has more or
    fewer rows for it, all of them are None with PARTIAL_DAY, and so is what lies between two such
    labels of a day; a finding says so: no hour is guessed.  Rows that say the same twice on an
    ordinary day are one.  Of a day in parts of an hour, an hour that lacks a part is None: it may
    be told whole.  Parts of an hour without one reading are no day: some portals fill in so what
    they keep by the hour.  A day is estimated where its hours are all alike and its register was
    not read.
    """
    rows, window = _rows(artifact)
    zone = setting.profile.zone
    by_label: dict[datetime, list[_Row]] = defaultdict(list)
    for row in _labelled(artifact, rows):
        by_label[row.wall].append(row)
    ending = setting.profile.feed.hour_label == "ending"
    back = timedelta(minutes=1) if ending else timedelta()  # a day's last hour ends on the next
    steps = _steps(wall - back for wall in by_label)
    told: dict[date, _Told] = defaultdict(_Told)
    for wall, same in by_label.items():
        shift = steps[(wall - back).date()] if ending else timedelta()
        starts = [instant - shift for instant in _instants(wall, zone)]
        day = (starts[0].astimezone(zone) if starts else wall).date()
        if not window.start <= day < window.end:
            continue
        told[day].channels.update(*(row.item for row in same))
        if len(same) == len(starts):
            told[day].hours |= zip(starts, same, strict=True)
        elif starts or any(row.has_value() for row in same):  # a skipped hour may have an empty row
            ordinary = len(list(_starts(day, zone, HOUR))) == ORDINARY_HOURS
            told[day].odd_label(wall, starts, same, after=shift, ordinary=ordinary)
    for day in [d for d, one in told.items() if steps[d] < HOUR and not _any(one.hours)]:
        del told[day]
    rows.covered += told
    for day, one in sorted(told.items()):
        whole = list(_starts(day, zone, steps[day]))
        one.between()
        one.outside(whole)
        one.parts(whole, steps[day])
        for rule, said in one.odd.items():
            more = f", as {len(said) - 1} more" if len(said) > 1 else ""
            message = f"{said[0]}{more}: {_TAKEN[rule]}."
            rows.findings.append(Finding(artifact.account, rule, f"{day}", message))
        rows.readings += _day(
            artifact.account, setting, day, steps[day], one.hours, channels=one.channels
        )
    return rows


_TAKEN = {
    "clock": "no value of it is taken",
    "duplicate": "it is taken only where all say the same",
    "mixed-steps": "no value of it is taken",
}


@dataclass
class _Told:
    """What an answer tells of one local day."""

    hours: dict[datetime, _Row] = field(default_factory=dict)
    """By UTC start; a row without an item has no value."""
    channels: set[str] = field(default_factory=set)
    unclear: list[datetime] = field(default_factory=list)
    odd: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By rule, what is wrong, a clause each."""

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
        clear = ordinary and len(starts) == 1 and all(row.alike(first) for row in same)
        rule = "duplicate" if ordinary and len(same) > len(starts) else "clock"
        self.odd[rule].append(f"{first.label} comes {len(same)} times where {shown}")
        if not clear:
            self.unclear += [wall, wall + after] if len(same) < len(starts) else [wall]
        self.hours |= dict.fromkeys(starts, first if clear else first._replace(item={}))

    def between(self) -> None:
        """Take no value of what lies between two labels that no clock can tell."""
        for start, row in self.hours.items() if self.unclear else ():
            if min(self.unclear) <= row.wall <= max(self.unclear):
                self.hours[start] = row._replace(item={})

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
    for direction, name in _CHANNELS:
        if name not in channels:
            continue
        for start in _starts(day, zone, step):
            row = told.get(start)
            kwh = _kwh(row.item, name) if row else None
            offset = start.astimezone(zone).utcoffset() or timedelta()
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
                utc_offset=int(offset.total_seconds()),
            )


def _any(told: Mapping[datetime, _Row]) -> bool:
    """Tell whether any channel of any row has a reading."""
    items = (row.item for row in told.values())
    return any(_kwh(item, name) is not None for item in items for _, name in _CHANNELS)


def _kwh(item: Mapping[str, Any], name: str) -> Decimal | None:
    """Return a channel's energy; where the meter gave no delivered one, a zero is none either."""
    value = _number(item.get(name))
    unread = "KWH" in item and _number(item["KWH"]) is None
    return None if unread and not value else value


def _told(artifact: Artifact) -> printed.Told:
    try:
        return printed.feed(artifact.content)
    except ValueError:
        raise BadData(
            State.UNREADABLE, f"What the portal gave as {artifact.kind} is not what it should be."
        ) from None


def _rows(artifact: Artifact) -> tuple[Rows, Window]:
    """Return rows that already say which days the answer settles."""
    first, last = (date.fromisoformat(artifact.about[name]) for name in ("first", "last"))
    window = Window(first, last + timedelta(days=1))
    missing = frozenset(map(date.fromisoformat, artifact.about["missing"].split()))
    return Rows(missing=missing, covered=sorted(missing)), window


def _labelled(artifact: Artifact, rows: Rows) -> Iterator[_Row]:
    labelled = []
    for item in _told(artifact).items:
        label = str(item.get("UsageHourDate", ""))
        try:
            wall = datetime.strptime(label, "%m/%d/%Y %I:%M %p")  # noqa: DTZ007 - naive by nature
        except ValueError:
            why = "An hour's label is no date and 12-hour time."
            rows.findings.append(_unreadable(artifact, why))
            continue
        labelled.append(_Row(label, 0, wall, item))
    if labelled and labelled[0].wall > labelled[-1].wall:
        labelled.reverse()  # newest first: of an hour that comes twice, the later one came first
    seen: dict[str, int] = defaultdict(int)
    for row in labelled:
        yield row._replace(ordinal=seen[row.label])
        seen[row.label] += 1


def _unreadable(artifact: Artifact, why: str) -> Finding:
    return Finding(artifact.account, "unreadable-row", artifact.about["first"], why)


def _number(value: object) -> Decimal | None:
    text = str(value if value is not None else "").strip()
    return None if text.lower() in _NONE else printed.amount(text)


def _steps(labels: Iterable[datetime]) -> dict[date, timedelta]:
    """Return the shortest distance of two labels by day that parts an hour evenly, or an hour."""
    days = {day: sorted(walls) for day, walls in groupby(sorted(labels), datetime.date)}
    return defaultdict(
        lambda: HOUR,
        {
            day: min([HOUR, *(b - a for a, b in pairwise(w) if not HOUR % (b - a))])
            for day, w in days.items()
        },
    )


def _instants(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return every UTC instant at which the wall clock showed this: none, one or two."""
    both = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return sorted({i for i in both if i.astimezone(zone).replace(tzinfo=None) == wall})


def _starts(day: date, zone: ZoneInfo, step: timedelta) -> Iterator[datetime]:
    """Yield the UTC start of every interval of a local day, as many as the day has."""
    midnight = datetime.min.time()
    start = datetime.combine(day, midnight, zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), midnight, zone).astimezone(UTC)
    while start < end:
        yield start
        start += step
