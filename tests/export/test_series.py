"""An account's hours have no holes, and are those that the sandbox measured."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from desk import Desk
from filled import AUTUMN, CASES, SILENT, SPRING, Case, accounts, fill, store

from harvester.accounts import account_of, short_names
from harvester.errors import Misconfigured
from harvester.hours import (
    Hour,
    by_clock_hour,
    hours,
    hours_of,
    net_by_clock_hour,
    receives,
)
from harvester.model import Direction, Window
from harvester.sandbox.world import World

ZONE = ZoneInfo("America/Chicago")


def series(case: Case, window: Window | None = None) -> list[Hour]:
    entry = next(entry for entry in accounts() if entry.number == case.number)
    return hours(store(), entry, window)


def started(hour: Hour) -> datetime:
    return datetime.fromtimestamp(hour.start, UTC)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_every_told_hour_has_the_value_that_was_measured(case: Case) -> None:
    told = series(case)
    delivered, received = (
        {started(h): h.wh for h in told if h.direction == way and h.local_day != f"{SILENT}"}
        for way in (Direction.DELIVERED, Direction.RECEIVED)
    )
    assert delivered == {start: wh for start, wh, _ in case.hours()}
    assert received == {start: back for start, _, back in case.hours()}


@pytest.mark.parametrize(
    ("case", "day", "count"),
    [
        (AUTUMN, date(2025, 11, 2), 25),
        (SPRING, date(2026, 3, 8), 23),
        (AUTUMN, SILENT, 24),
        (SPRING, date(2026, 3, 9), 24),
    ],
)
def test_a_local_day_has_the_hours_that_its_clock_gives_it(
    case: Case, day: date, count: int
) -> None:
    one = [
        hour
        for hour in series(case)
        if hour.local_day == f"{day}" and hour.direction == Direction.DELIVERED
    ]
    assert len(one) == len({hour.start for hour in one}) == count
    assert hours_of(day, ZONE) == count
    assert all(h.local == started(h).astimezone(ZONE).replace(tzinfo=None) for h in one)


def test_an_hour_of_which_nothing_came_is_there_and_says_why() -> None:
    silent = [hour for hour in series(AUTUMN) if hour.local_day == f"{SILENT}"]
    assert {(h.wh, h.reason, h.meter, h.quality_name) for h in silent} == {
        (None, "NO_DATA", "", None)
    }
    never = [h for h in series(AUTUMN) if h.local_day == "2025-11-02" and h.wh is None]
    assert [(started(h).hour, h.reason) for h in never if h.direction == 1] == [(7, "NO_DATA")]


def test_a_day_that_was_not_asked_for_yet_is_pending_and_a_lost_hour_is_a_partial_day(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path / "home", AUTUMN.number)
    entry = desk.catalog.accounts()[0]
    whole = series(AUTUMN)
    told = [r for r in store().catalog.readings(_id(AUTUMN.number)) if r.start.hour != 17]
    of = {date(2025, 10, 26), date(2025, 10, 28)}
    artifact = store().catalog.artifacts(_id(AUTUMN.number))[0].artifact
    desk.catalog.add_artifact(desk.account, artifact, "0" * 64, desk.run)
    desk.catalog.upsert_readings(desk.account, [r for r in told if r.local_day in of], 1)
    found = [h for h in hours(desk.store, entry) if h.direction == Direction.DELIVERED]
    assert [h.start for h in found] == [
        h.start for h in whole if h.direction == 1 and "2025-10-26" <= h.local_day <= "2025-10-28"
    ]
    assert {h.reason for h in found if h.local_day == "2025-10-27"} == {"PENDING"}
    assert [started(h).hour for h in found if h.reason == "PARTIAL_DAY"] == [17, 17]


def test_days_before_an_account_had_any_hour_are_not_missing(tmp_path: Path) -> None:
    case = Case("1000505001", World(today=date(2026, 1, 20)), date(2025, 12, 20))
    desk = fill(tmp_path / "home", case)
    silent = desk.catalog.silent_days(desk.account)
    assert date(2025, 12, 20) in silent
    assert case.world.opened(case.number) == date(2026, 1, 8)
    found = hours(desk.store, desk.catalog.accounts()[0])
    assert min(hour.local_day for hour in found) == "2026-01-08"


def test_a_window_takes_local_days_and_no_more_than_is_known() -> None:
    two = series(SPRING, Window(date(2026, 3, 8), date(2026, 3, 10)))
    assert {hour.local_day for hour in two} == {"2026-03-08", "2026-03-09"}
    assert len(two) == 2 * (23 + 24)
    assert series(SPRING, Window(date(2020, 1, 1), date(2026, 2, 21))) == [
        hour for hour in series(SPRING) if hour.local_day == "2026-02-20"
    ]
    assert series(SPRING, Window(date(2020, 1, 1), date(2020, 2, 1))) == []


def test_parts_of_an_hour_and_two_meters_add_up_unless_one_has_no_value() -> None:
    def part(start: int, meter: str, wh: int | None) -> Hour:
        reason = "NO_DATA" if wh is None else None
        return Hour(1, start, meter, 1800, wh, 14, reason, "", 0, "1970-01-01", 0)

    parts = [part(0, "a", 10), part(1800, "a", 20), part(1800, "b", 5), part(3600, "a", 7)]
    assert by_clock_hour([*parts, part(5400, "a", None)], Direction.DELIVERED) == {
        0: 35,
        3600: None,
    }
    back = parts[0]._replace(direction=19, wh=50)
    assert net_by_clock_hour([*parts, back]) == {0: -15, 3600: None}


def test_only_an_account_that_sends_energy_back_receives() -> None:
    assert receives(series(SPRING))
    assert not receives(series(AUTUMN))


def test_an_account_is_found_by_its_short_name_which_tells_no_whole_number() -> None:
    names = short_names(store())
    assert sorted(names.values()) == ["caec-001", "caec-001-2"]
    assert account_of(store(), "caec-001-2").number == SPRING.number
    with pytest.raises(Misconfigured, match="has several accounts for '001'"):
        account_of(store(), "001")


def _id(number: str) -> int:
    return next(entry.id for entry in accounts() if entry.number == number)


def test_the_last_day_known_is_the_last_one() -> None:
    days = {hour.local_day for hour in series(AUTUMN)}
    assert (min(days), max(days)) == ("2025-10-25", f"{SILENT}")
    assert len(days) == (SILENT - AUTUMN.first + timedelta(days=1)).days
