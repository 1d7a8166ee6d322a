"""A clock that is told as ESPI rules shows what the time zone shows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from harvester.errors import Misconfigured
from harvester.greenbutton.clock import Rule, clock_of, decode

ZONES = {
    "America/Chicago": ("360E2000", "B40E2000"),
    "America/New_York": ("360E2000", "B40E2000"),
    "Europe/Berlin": ("3E0E2000", "AE0E3000"),
    "Australia/Sydney": ("A40E2000", "440E3000"),
}
"""Rules put together by hand from their bits: second and first, last, and first Sundays."""


@pytest.mark.parametrize(("name", "rules"), ZONES.items(), ids=ZONES)
def test_rules_are_those_of_the_zone(name: str, rules: tuple[str, str]) -> None:
    clock = clock_of(ZoneInfo(name), 2026)
    assert clock.start
    assert clock.end
    assert (clock.start.encode(), clock.end.encode()) == rules


@pytest.mark.parametrize("name", [*ZONES, "America/Phoenix", "Europe/Dublin", "Asia/Kolkata"])
def test_the_clock_shows_what_the_zone_shows_for_years(name: str) -> None:
    zone = ZoneInfo(name)
    clock = clock_of(zone, 2024)
    for hours in range(2 * 366 * 24):
        moment = 1_704_067_200 + 3600 * hours
        shown = datetime.fromtimestamp(moment, zone)
        assert shown.utcoffset() == timedelta(seconds=clock.offset_at(moment)), shown
        if not hours % 24:
            assert clock.day_of(moment) == shown.date()


def test_a_zone_that_never_moves_its_clocks_has_no_rules() -> None:
    clock = clock_of(ZoneInfo("America/Phoenix"), 2026)
    assert (clock.offset, clock.moved, clock.start, clock.end) == (-7 * 3600, 0, None, None)


def test_clocks_that_follow_the_moon_cannot_be_told() -> None:
    with pytest.raises(Misconfigured, match="moved by no rule"):
        clock_of(ZoneInfo("Africa/Casablanca"), 2026)


def test_the_standards_own_example_is_read() -> None:
    third_friday_of_march = Rule(month=3, operator=4, weekday=5, day=0, seconds=6300)
    bits = 3 << 28 | 4 << 25 | 5 << 17 | 1 << 12 | 2700
    assert decode(f"{bits:08X}") == third_friday_of_march
    assert third_friday_of_march.moment(2026) == datetime(2026, 3, 20, 1, 45)  # noqa: DTZ001


def test_a_day_of_the_week_on_or_after_a_day_of_the_month_is_found() -> None:
    rule = Rule(month=9, operator=1, weekday=7, day=2, seconds=0)
    assert [rule.moment(year).date() for year in (2024, 2029)] == [
        date(2024, 9, 8), date(2029, 9, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["060E2000", "D60E2000", "36002000", "360F9000", "30000000", "310E2000", "3C1"]
)
def test_bits_that_say_no_time_of_a_year_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time of a year"):
        decode(text)
