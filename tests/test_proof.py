"""Filed data equals the truth on every account and in every variant, and its checks say so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from desk import CAEC, Desk
from simulated import Visit, planted

from harvester.model import Direction, Quality
from harvester.sandbox.switches import Switches
from harvester.sandbox.truth import account_truth
from harvester.sandbox.world import TODAY, World

DAY = timedelta(days=1)
FIRST = date(2024, 6, 15)
HOME, SOLAR, OFFICE, PLANT, BARN, NEW = (
    "1000101001", "1000202001", "1000303001", "1000303002", "1000303003", "1000505001",
)  # fmt: skip
CAMPUS = tuple(f"1000404{site:03}" for site in (1, 2, 7, 14, 21, 28))
"""Ordinary sites, three of them on Medium Power, the last with more lights than a page holds."""
CLEAN = (OFFICE, *CAMPUS)
ACCOUNTS = (HOME, SOLAR, OFFICE, PLANT, BARN, NEW, *CAMPUS)
ESTIMATED, RAW = Quality.ESTIMATED, Quality.RAW


@cache
def world(today: date = TODAY) -> World:
    return World(today=today)


def hours(desk: Desk) -> dict[tuple[Direction, datetime], tuple[int | None, str, Quality | None]]:
    return {
        (r.direction, r.start): (r.wh, r.meter, r.quality if r.wh is not None else None)
        for r in desk.catalog.readings(desk.account)
    }


@pytest.fixture
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    made = Desk(tmp_path / "home", request.param)
    yield made
    made.catalog.close()


@cache
def true_days(number: str, today: date = TODAY, first: date = FIRST) -> list[dict[str, Any]]:
    days = account_truth(world(today), number)["days"]
    return [day for day in days if first <= date.fromisoformat(day["day"]) < today]


def true_hours(days: list[dict[str, Any]]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for day in days:
        for start, wh, received, told in day["hours"]:
            quality = {"true": RAW, "estimated": ESTIMATED, "missing": None}[told]
            at = datetime.fromisoformat(start)
            found[Direction.DELIVERED, at] = (wh, day["meter"], quality)
            found[Direction.RECEIVED, at] = (received, day["meter"], quality)
    return found


@pytest.mark.parametrize("desk", ACCOUNTS, indirect=True)
def test_every_reading_quality_and_finding_of_an_account_equals_the_truth(desk: Desk) -> None:
    desk.take(Visit(world(), desk.number, FIRST).artifacts())
    days = true_days(desk.number)
    assert hours(desk) == true_hours(days)
    wrong = planted(world(), desk.number, FIRST)
    assert not (wrong and desk.number in CLEAN)
    assert desk.wrong() == wrong
    proven = {(f.rule, f.subject) for f in desk.outcomes() if not f.message}
    totals = {day["day"] for day in days if day["total_kwh"] is not None}
    assert {subject for rule, subject in proven if rule == "day-sum"} == totals - {
        subject for rule, subject in wrong if rule == "gap"
    }


@pytest.mark.parametrize("variant", ["dst=true", "dst=always-24", "dst=repeat", "interval=30"])
@pytest.mark.parametrize("change", [date(2026, 3, 8), date(2025, 11, 2)])
@pytest.mark.parametrize("label", ["beginning", "ending"])
def test_in_every_variant_an_hour_is_the_truth_or_is_missing_with_a_finding(
    tmp_path: Path, variant: str, change: date, label: str
) -> None:
    today, first = change + 20 * DAY, change - 20 * DAY
    feed = CAEC.feed.model_copy(update={"hour_label": label})
    switches = Switches.parse([variant, f"hour-label={label}"])
    for number in ACCOUNTS:
        desk = Desk(tmp_path / number, number, CAEC.model_copy(update={"feed": feed}))
        desk.take(Visit(world(today), number, first, switches).usage())
        truth, found = delivered(true_days(number, today, first)), hourly(desk)
        assert found.keys() == truth.keys()
        lost = {at for at in truth if found[at] is None and truth[at] is not None}
        assert {at: found[at] for at in truth.keys() - lost} == {
            at: truth[at] for at in truth.keys() - lost
        }
        assert {at.astimezone(CAEC.zone).date() for at in lost} <= {change}
        assert not lost or variant in {"dst=always-24", "dst=repeat"}
        assert not lost or ("clock", f"{change}") in desk.wrong()
        desk.catalog.close()


def hourly(desk: Desk) -> dict[datetime, int | None]:
    """Return delivered energy by hour, None where the hour or a part of it is missing."""
    hours: dict[datetime, list[int | None]] = defaultdict(list)
    for reading in desk.catalog.readings(desk.account):
        if reading.direction is Direction.DELIVERED:
            hours[reading.start.replace(minute=0)].append(reading.wh)
    return {
        at: None if None in parts else sum(wh for wh in parts if wh is not None)
        for at, parts in hours.items()
    }


def delivered(days: list[dict[str, Any]]) -> dict[datetime, int | None]:
    return {datetime.fromisoformat(at): wh for day in days for at, wh, *_ in day["hours"]}


@pytest.mark.parametrize("desk", [HOME, PLANT], indirect=True)
def test_every_replaced_average_is_kept_with_value_quality_artifact_and_run(desk: Desk) -> None:
    early, late = TODAY - DAY, TODAY + 10 * DAY
    for today in (early, late):
        desk.run = desk.catalog.begin_run("caec", "member", "run", datetime.now(UTC))
        desk.take(Visit(world(today), desk.number, TODAY - 20 * DAY).usage())
    truth = {
        (direction, datetime.fromisoformat(start)): wh
        for day in account_truth(world(late), desk.number)["revisions"]
        if day["visible_from"] <= f"{early}" < day["visible_until"]
        for start, delivered_, received, _ in day["hours"]
        for direction, wh in (
            (Direction.DELIVERED, delivered_),
            (Direction.RECEIVED, received),
        )
    }
    kept = list(desk.catalog.revisions(desk.account))
    assert len(truth) == 48
    assert {(r.reading.direction, r.reading.start): r.reading.wh for r in kept} == truth
    assert {r.reading.quality for r in kept} == {ESTIMATED}
    assert {(r.run, r.told_at.date(), r.replaced_at.date()) for r in kept} == {
        (desk.run - 1, early, late)
    }
    assert hours(desk) == true_hours(true_days(desk.number, late, TODAY - 20 * DAY))
