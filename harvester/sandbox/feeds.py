"""Days, hours and ledger rows as the JSON of the portal's page methods, in pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from harvester.sandbox.nouns import ZONE, Account, Day, Hour, LedgerItem
from harvester.sandbox.switches import Switches

Json = dict[str, Any]
HALF_HOUR_DAYS = 60
"""How many days back half-hours are to be had where the portal has them."""

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_LOCAL = ZoneInfo(ZONE)
_STRING = re.compile(r"""'((?:[^'\\]|\\.)*)'|("(?:[^"\\]|\\.)*")""", re.DOTALL)
_QUOTE = re.compile(r'\\.|"', re.DOTALL)


class RefusedError(Exception):
    """The feed answers this text in its error object."""


def lenient(text: str) -> Json:
    """Read a JSON object whose strings may be in single quotes; ValueError where it is none."""
    try:
        read = json.loads(text)
    except ValueError:
        read = json.loads(_STRING.sub(_double_quoted, text))
    if not isinstance(read, dict):
        message = "a page method takes an object"
        raise ValueError(message)  # noqa: TRY004 - the caller tells good bodies from bad ones
    return read


def _double_quoted(match: re.Match[str]) -> str:
    if match[2]:
        return match[2]
    mend = {"\\'": "'", '"': '\\"'}
    return '"' + _QUOTE.sub(lambda found: mend.get(found[0], found[0]), match[1]) + '"'


@dataclass(frozen=True)
class Asked:
    """What a request asked of an account: the days first..last, both included."""

    first: date
    last: date

    @classmethod
    def of(cls, body: Json, switches: Switches, *, interval: bool) -> Asked | None:
        """Read StartDate and EndDate, in either order of the daily feed; None is no day at all.

        Where `end` is any, EndDate is the day after the last one, but for a single day asked for by
        its own date.
        """
        try:
            first, last = (
                datetime.strptime(str(body[name]), "%m/%d/%Y").date()  # noqa: DTZ007 - a date
                for name in ("StartDate", "EndDate")
            )
        except (KeyError, ValueError):
            message = "Invalid date range."
            raise RefusedError(message) from None
        if not interval:
            first, last = min(first, last), max(first, last)
        elif switches.end == "next-day" or (switches.end == "any" and first < last):
            last -= _DAY
        if (last - first).days < switches.range_days:
            return cls(first, last) if first <= last else None
        if switches.over_range == "error":
            message = f"Please select a range of {switches.range_days} days or less."
            raise RefusedError(message)
        if switches.over_range == "empty" or switches.range_days == 0:
            return None
        return cls(first, first + timedelta(days=switches.range_days - 1))


def keymbrs(account: Account, switches: Switches) -> list[str]:
    """Return the member number as this portal's feeds take it; its own pages send the first."""
    forms = {"padded": account.member_number.zfill(8), "plain": account.member_number}
    return list(forms.values()) if switches.member == "any" else [forms[switches.member]]


def member_sep(account: Account) -> str:
    """Return an account as the feeds name it, as 1234567-001."""
    return f"{account.member_number}-{account.separator}"


def daily(days: Sequence[Day]) -> Json:
    """Return what GetDailyUsageData says: an item a day and, beside it, whose meter it was."""
    return {
        "__type": "DailyUsageResponse",
        "Items": [_daily_item(day) for day in days],
        "DyExports": [{"METER": day.meter} for day in days],
        "errorObject": {"errordesc": ""},
    }


def _daily_item(day: Day) -> Json:
    return {
        "DAILYTIMESTAMPFORMAT": f"{day.day:%m/%d/%Y}",
        "TOTALENERGY": "NaN" if day.total_kwh is None else str(day.total_kwh),
        "ENDREADING": "" if day.end_reading is None else str(day.end_reading),
        "Cost": "NaN" if day.cost is None else f"{day.cost:.2f}",
    }


def interval(
    account: Account, days: Sequence[Day], minutes: str, switches: Switches, today: date
) -> Json:
    """Return what GetIntervalData says; `minutes` is the IntervalType that was asked for."""
    split = switches.interval == "split"
    if minutes not in {"60", "30" if split else switches.interval}:
        return nothing("The interval type is not available.")
    halves = minutes == "30"
    items = []
    for day in days:
        recent = today - day.day <= timedelta(days=HALF_HOUR_DAYS)
        if split or recent or not halves:
            for hour in interval_rows(day, switches):
                row = hour.unread() if split and halves != recent else hour
                items += [_item(account, r, switches) for r in (_halve(row) if halves else (row,))]
    return {"__type": "IntervalUsageResponse", "Items": items, "errorObject": {"errordesc": ""}}


def nothing(why: str = "") -> Json:
    """Return a reply without items."""
    return {"Items": [], "DyExports": [], "errorObject": {"errordesc": why}}


class Row(NamedTuple):
    """One row as shown: naive local times, Wh, and the weather of its hour."""

    begins: datetime
    ends: datetime
    wh: int | None
    received_wh: int | None
    hour: Hour

    def unread(self) -> Row:
        """Return the row without its reading."""
        return self._replace(wh=None, received_wh=None)


def interval_rows(day: Day, switches: Switches) -> Iterator[Row]:
    """Yield the hours of a day as `switches.dst` tells them.

    `true`: 23, 24 or 25 rows by the clock on the wall.  `always-24`: the hour that spring skips is
    a row without a reading, the two of autumn are one row with their sum.  `repeat`: spring's
    skipped hour repeats the hour before, autumn's second 1 AM is labelled 2 AM, which comes twice.
    """
    rows = [Row(_wall(h.start), _wall(h.start + _HOUR), h.wh, h.received_wh, h) for h in day.hours]
    midnight = datetime.combine(day.day, datetime.min.time())
    labels = [midnight + n * _HOUR for n in range(24)]
    if switches.dst == "true" or len(rows) == len(labels):
        yield from rows
        return
    changed = 2  # the clock changes at 2 AM; in autumn row 2 is the second 1 AM
    if len(rows) < len(labels):
        before = rows[changed - 1]
        lost = before.unread() if switches.dst == "always-24" else before
        rows.insert(changed, lost)
    elif switches.dst == "always-24":
        rows[changed - 1] = _sum(rows[changed - 1], rows.pop(changed))
    else:
        labels.insert(changed, labels[changed])
    for label, row in zip(labels, rows, strict=True):
        yield row._replace(begins=label, ends=label + _HOUR)


def _wall(utc: datetime) -> datetime:
    return utc.astimezone(_LOCAL).replace(tzinfo=None)


def _sum(one: Row, other: Row) -> Row:
    def both(a: int | None, b: int | None) -> int | None:
        return None if a is None or b is None else a + b

    return one._replace(
        wh=both(one.wh, other.wh), received_wh=both(one.received_wh, other.received_wh)
    )


def _halve(row: Row) -> tuple[Row, Row]:
    """Split an hour into halves of whole hundredths of a kWh that sum to it."""

    def first(wh: int | None) -> int | None:
        return None if wh is None else wh // 20 * 10

    def rest(wh: int | None) -> int | None:
        return None if wh is None else wh - wh // 20 * 10

    middle = row.begins + _HOUR / 2
    return (
        row._replace(ends=middle, wh=first(row.wh), received_wh=first(row.received_wh)),
        row._replace(begins=middle, wh=rest(row.wh), received_wh=rest(row.received_wh)),
    )


def _item(account: Account, row: Row, switches: Switches) -> Json:
    label = row.begins if switches.hour_label == "beginning" else row.ends
    return {
        "UsageHourDate": f"{label:%m/%d/%Y %I:%M %p}",
        "KWH": _kwh(row.wh),
        "GKWH": _kwh(row.received_wh if account.has_received else 0),
        "Temp": str(row.hour.temp_f),
        "Humidity": str(row.hour.humidity),
        "WindSpeed": str(row.hour.wind_mph),
    }


def _kwh(wh: int | None) -> str:
    return "NaN" if wh is None else f"{Decimal(wh) / 1000:.2f}"


def repeated(told: Json, every: int) -> Json:
    """Return a reply in which every Nth row of each list comes twice; 0 is none."""

    def again(value: object) -> object:
        if isinstance(value, dict):
            return {name: again(inner) for name, inner in value.items()}
        if not isinstance(value, list):
            return value
        return [row for n, row in enumerate(value, 1) for _ in range(1 if n % every else 2)]

    return {name: again(value) for name, value in told.items()} if every else told


def ledger(items: Sequence[LedgerItem], since: str, until: str) -> Json:
    """Return the ledger from month to month (MM/YYYY, both included), newest first."""
    first, last = _month(since), _month(until)
    rows = [item for item in items if first <= (item.day.year, item.day.month) <= last]
    told = [_ledger_item(item) for item in reversed(rows)]
    return {"ActLedger": {"LedgerItem": {"LedgerItems": told}}, "errorObject": {"errordesc": ""}}


def _month(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,2})/(\d{4})", text)
    if match is None:
        message = "Invalid month range."
        raise RefusedError(message)
    return int(match[2]), int(match[1])


def _ledger_item(item: LedgerItem) -> Json:
    day = f"{item.day:%m/%d/%Y}"
    return {
        "Id": item.id,
        "SourceSeqNo": item.id.zfill(9),
        "SystemTime": f"{day} 02:15:00 AM",
        "TransDate": day,
        "Reference": f"{item.kind[0]}{item.id}",
        "Batch": f"{item.day:%y%j}",
        "Rate": "",
        "BalUpdate": "Y" if item.moves_balance else "N",
        "TransType": item.kind,
        "TransDesc": item.description,
        "DelNotFlag": "N",
        "Amount": f"{item.amount:.2f}",
        "Arrears": "0.00",
        "BalDiff": f"{item.amount if item.moves_balance else 0:.2f}",
        "Balance": f"{item.balance:.2f}",
    }
