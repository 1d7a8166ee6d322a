"""Answers of a portal as the archive has them, made for a test, and what is read of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from harvester.extract import extract
from harvester.extract.rows import Rows, Setting
from harvester.model import (
    Artifact,
    DayTotal,
    Direction,
    Kind,
)
from harvester.profile import Profile, load

NUMBER = "1234567001"
CAEC = load("caec")
DAY = date(2026, 6, 11)
AUTUMN = date(2026, 11, 1)
CLOCK = tuple(f"{hour:02}:00 {half}" for half in ("AM", "PM") for hour in (12, *range(1, 12)))
"""The 24 labels of an ordinary day: 12:00 AM, 01:00 AM ... 11:00 PM."""
HALVES = tuple(label for hour in CLOCK for label in (hour, hour.replace(":00", ":30")))


def utc(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def artifact(
    kind: Kind,
    content: object,
    first: date = DAY,
    last: date | None = None,
    missing: Iterable[date] = (),
) -> Artifact:
    """Return an artifact with what its flow says about it; bytes are taken as they are."""
    return Artifact(
        kind=kind,
        account=NUMBER,
        content=content if isinstance(content, bytes) else json.dumps(content).encode(),
        url="https://onlinebilling.caec.com/oscp/",
        media_type="application/json",
        retrieved_at=utc(15, 12),
        about={
            "point": "urn:uuid:of-no-point",
            "first": f"{first}",
            "last": f"{last or first}",
            "missing": " ".join(f"{day}" for day in missing),
        },
    )


def feed_options(**options: object) -> Profile:
    return CAEC.model_copy(update={"feed": CAEC.feed.model_copy(update=options)})


def items(day: date, clock: Iterable[str], kwh: Iterable[object]) -> list[dict[str, Any]]:
    """Return a day's rows of the interval feed."""
    return [
        {"UsageHourDate": f"{day:%m/%d/%Y} {label}", "KWH": value}
        for label, value in zip(clock, kwh, strict=True)
    ]


def hours(
    rows: list[dict[str, Any]],
    first: date = DAY,
    last: date | None = None,
    *,
    profile: Profile = CAEC,
    days: Mapping[date, DayTotal] | None = None,
) -> Rows:
    """Extract rows of the interval feed."""
    asked = artifact(Kind.INTERVAL, {"d": {"Items": rows}}, first, last)
    return extract(asked, Setting(profile, days or {}))


def total(
    kwh: str | None = "24", end_reading: str | None = "48211", day: date = DAY
) -> dict[date, DayTotal]:
    energy = None if kwh is None else Decimal(kwh)
    register = None if end_reading is None else Decimal(end_reading)
    return {day: DayTotal(NUMBER, day, "M1", energy, register, None)}


def values(rows: Rows, direction: Direction = Direction.DELIVERED) -> dict[datetime, int | None]:
    return {r.start: r.wh for r in rows.readings if r.direction is direction}


def rules(rows: Rows) -> list[tuple[str, str]]:
    return [(finding.rule, finding.subject) for finding in rows.findings]


def told(label: str, kwh: object = "34", end: object = "48211", cost: object = "4.41") -> Any:
    return {"DAILYTIMESTAMPFORMAT": label, "TOTALENERGY": kwh, "ENDREADING": end, "Cost": cost}
