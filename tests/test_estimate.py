"""Estimates add up to the day's total, are never negative by scaling and never replace a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.estimate import estimates
from harvester.model import DayTotal, Direction, Quality, Reading

ZONE = ZoneInfo("America/Chicago")
THURSDAY = date(2026, 6, 11)
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
ONE = timedelta(days=1)


def hours(day: date, values: Sequence[int | None], seconds: int = 3600) -> list[Reading]:
    midnight = datetime.combine(day, datetime.min.time(), ZONE).astimezone(UTC)
    starts = [midnight + n * timedelta(seconds=seconds) for n in range(len(values))]
    return [
        Reading(
            account="1234567001",
            meter="M1",
            direction=Direction.DELIVERED,
            start=start,
            seconds=seconds,
            wh=wh,
            quality=Quality.RAW,
            reason=None,
            label="",
            ordinal=0,
            local_day=day,
            utc_offset=int((start.astimezone(ZONE).utcoffset() or timedelta()).total_seconds()),
        )
        for start, wh in zip(starts, values, strict=True)
    ]


def total(kwh: str) -> DayTotal:
    return DayTotal("1234567001", THURSDAY, "M1", Decimal(kwh), None, None)


def guessed(
    day: Sequence[Reading], before: Sequence[Reading] = (), kwh: str | None = None
) -> list[int]:
    found = estimates(day, before, total(kwh) if kwh else None)
    return [found[at].wh for at in sorted(found)]


USUAL = [100 * n for n in range(1, 25)]
YESTERDAY = hours(THURSDAY - ONE, USUAL)


def gap(first: int, last: int) -> list[Reading]:
    return hours(THURSDAY, [None if first <= n <= last else 1000 for n in range(24)])


def test_a_short_gap_is_a_line_and_a_long_one_the_days_before() -> None:
    assert guessed(gap(5, 6)) == [1000, 1000]
    assert guessed(gap(5, 7), YESTERDAY) == [600, 700, 800]
    assert guessed(gap(5, 7)) == []


# The 21 known hours have 21 kWh; 600 + 700 + 800 = 2100 is scaled to what is left.
@pytest.mark.parametrize(
    ("kwh", "expected"),
    [("25.2", [1200, 1400, 1600]), ("21", [0, 0, 0]), ("20.7", [0, 0, 0]), ("21.001", [0, 0, 1])],
)
def test_a_day_adds_up_to_its_total_and_never_beyond(kwh: str, expected: list[int]) -> None:
    assert guessed(gap(5, 7), YESTERDAY, kwh) == expected


def test_what_was_nothing_before_shares_what_is_left_evenly() -> None:
    idle = hours(THURSDAY - ONE, [0] * 24)
    assert guessed(gap(5, 7), idle, "24.002") == [1000, 1001, 1001]


def test_estimates_of_a_part_of_what_is_missing_are_at_most_what_is_left() -> None:
    part = YESTERDAY[:7]
    assert guessed(gap(5, 7), part, "40") == [600, 700]
    assert guessed(gap(5, 7), part, "21.13") == [60, 70]


def test_a_net_meter_may_give_back_more_than_it_takes() -> None:
    sunny = hours(THURSDAY - ONE, [-100 * n for n in range(1, 25)])
    assert guessed(gap(5, 7), sunny, "19.2") == [-514, -600, -686]
    assert guessed(gap(5, 7), YESTERDAY, "19.2") == [0, 0, 0]


def test_whole_hours_are_no_example_for_halves() -> None:
    halves = hours(THURSDAY, [None] * 48, seconds=1800)
    assert guessed(halves, YESTERDAY) == []
    before = hours(THURSDAY - ONE, [n * 10 for n in range(48)], seconds=1800)
    assert guessed(halves, [*before, *YESTERDAY]) == [n * 10 for n in range(48)]


@pytest.mark.parametrize(("day", "count"), [(SPRING, 23), (AUTUMN, 25)])
def test_a_day_of_change_has_an_estimate_for_each_of_its_hours(day: date, count: int) -> None:
    saturday = hours(day - ONE, USUAL)
    clock = [*USUAL[:2], *(USUAL[3:] if count < 24 else USUAL[1:])]
    assert guessed(hours(day, [None] * count), saturday) == clock
    found = guessed(hours(day, [None] * count), saturday, "50")
    assert len(found) == count
    assert sum(found) == 50_000


values = st.integers(0, 9000)


@given(
    day=st.lists(values | st.none(), min_size=24, max_size=24),
    before=st.lists(values | st.none(), min_size=24, max_size=24),
    wh=st.integers(0, 100_000),
)
def test_no_estimate_is_negative_or_leads_beyond_the_total(
    day: list[int | None], before: list[int | None], wh: int
) -> None:
    told = hours(THURSDAY, day)
    energy = replace(total("0"), total_kwh=Decimal(wh) / 1000)
    found = estimates(told, hours(THURSDAY - ONE, before), energy)
    rest = wh - sum(one for one in day if one is not None)
    assert found.keys() <= {reading.start for reading in told if reading.wh is None}
    assert all(one.wh >= 0 for one in found.values())
    assert sum(one.wh for one in found.values()) <= max(rest, 0)
    if found and len(found) == day.count(None):
        assert sum(one.wh for one in found.values()) == max(rest, 0)
