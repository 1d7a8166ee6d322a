"""Whether an hour is labelled by its beginning or its end is proven by its days, or left open."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from harvester.convention import prove
from harvester.model import Artifact, DayTotal, Kind
from harvester.profile import load

CAEC = load("caec")
ZONE = ZoneInfo("America/Chicago")
NUMBER = "1234567001"
FIRST = date(2026, 2, 20)
"""The clock changes within the days from here on."""
DAYS = 60
ONE, HOUR = timedelta(days=1), timedelta(hours=1)

Use = Callable[[random.Random, datetime], int]


def ordinary(chance: random.Random, wall: datetime) -> int:
    return 300 + 90 * wall.hour + chance.randrange(0, 1000, 10)


def plant(chance: random.Random, _: datetime) -> int:
    return chance.randrange(100_000, 300_000, 10)


def tiny(chance: random.Random, _: datetime) -> int:
    return chance.choice((20, 30, 40))


def nothing(_: random.Random, __: datetime) -> int:
    return 0


def starts(day: date) -> Iterator[datetime]:
    start, end = (datetime(d.year, d.month, d.day, tzinfo=ZONE) for d in (day, day + ONE))
    at = start.astimezone(UTC)
    while at < end.astimezone(UTC):
        yield at
        at += HOUR


def proven(
    use: Use, *, ending: bool, places: int = 0, differences: bool = False, multiplier: int = 1
) -> str | None:
    """Return what is proven of two months of hours labelled so; a register counts whole units."""
    chance = random.Random(7)  # noqa: S311 - no secret
    unit, register = 1000 * multiplier, 300 * multiplier
    totals, items = {}, []
    for day in (FIRST + n * ONE for n in range(DAYS)):
        before = register
        for at in starts(day):
            wh = use(chance, at.astimezone(ZONE))
            label = (at + (HOUR if ending else 0 * HOUR)).astimezone(ZONE)
            items.append({"UsageHourDate": f"{label:%m/%d/%Y %I:%M %p}", "KWH": f"{wh / 1000}"})
            register += wh
        moved = register // unit - before // unit
        kwh = Decimal(moved * multiplier if differences else (register - before)) / (
            1 if differences else 1000
        )
        end = Decimal(register // unit)
        totals[day] = DayTotal(NUMBER, day, "M1", round(kwh, places), end, None)
    answer = Artifact(
        kind=Kind.INTERVAL,
        account=NUMBER,
        content=json.dumps({"d": {"Items": items}}).encode(),
        url="https://onlinebilling.caec.com/oscp/",
        media_type="application/json",
        retrieved_at=datetime(2026, 7, 1, tzinfo=UTC),
        about={"first": f"{FIRST}", "last": f"{FIRST + (DAYS - 1) * ONE}", "missing": ""},
    )
    return prove(CAEC, [answer], totals, {"M1": Decimal(multiplier)}).label


@pytest.mark.parametrize("ending", [False, True])
@pytest.mark.parametrize("places", [0, 1, 2])
def test_ordinary_use_proves_how_hours_are_labelled(places: int, *, ending: bool) -> None:
    assert proven(ordinary, ending=ending, places=places) == ("ending" if ending else "beginning")


@pytest.mark.parametrize("ending", [False, True])
@pytest.mark.parametrize("differences", [False, True])
def test_a_plant_proves_it_even_by_a_register_in_80_kwh(*, differences: bool, ending: bool) -> None:
    found = proven(plant, ending=ending, differences=differences, multiplier=80)
    assert found == ("ending" if ending else "beginning")


@pytest.mark.parametrize("ending", [False, True])
@pytest.mark.parametrize("use", [tiny, nothing])
@pytest.mark.parametrize("places", [0, 2])
def test_an_account_that_hardly_uses_anything_proves_neither(
    use: Use, places: int, *, ending: bool
) -> None:
    assert proven(use, ending=ending, places=places) is None


@pytest.mark.parametrize("ending", [False, True])
def test_totals_that_are_register_differences_never_prove_the_wrong_one(*, ending: bool) -> None:
    assert proven(ordinary, ending=ending, differences=True) in {
        None,
        "ending" if ending else "beginning",
    }
