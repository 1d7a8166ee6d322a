"""Every fault that is planted in clean data is found by its rule, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from simulated import Visit, key

from harvester.model import Artifact, Kind
from harvester.sandbox.world import World

OFFICE = "1000303001"
TODAY = date(2026, 4, 20)
FIRST = date(2026, 2, 10)
DAY = date(2026, 4, 1)
SPRING = date(2026, 3, 8)
ON_DAY, NEXT_DAY = f"{DAY}", "2026-04-02"

WORLD = World(today=TODAY)
BILLED = next(b for b in WORLD.bills(OFFICE) if b.service_from <= DAY < b.service_to)
BILL = key(BILLED)

Rows = list[dict[str, Any]]
Change = Callable[[Rows], object]


@pytest.fixture(scope="module")
def clean() -> list[Artifact]:
    """Return ten weeks of an ordinary account, with all its bills of the time."""
    return list(Visit(WORLD, OFFICE, FIRST).artifacts())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "home", OFFICE)
    yield made
    made.catalog.close()


def planted(
    artifacts: list[Artifact], kind: Kind, change: Change, day: date = DAY
) -> list[Artifact]:
    """Change the rows of a day in the answer that has it."""
    label = {Kind.INTERVAL: "UsageHourDate", Kind.DAILY: "DAILYTIMESTAMPFORMAT"}[kind]
    changed = []
    for artifact in artifacts:
        if artifact.kind is kind and artifact.about["first"] <= f"{day}" <= artifact.about["last"]:
            told = json.loads(artifact.content)
            items = told["d"]["Items"]
            rows = [item for item in items if item[label].startswith(f"{day:%m/%d/%Y}")]
            place = items.index(rows[0])
            del items[place : place + len(rows)]
            change(rows)
            items[place:place] = rows
            about = artifact.about if rows else {**artifact.about, "missing": f"{day}"}
            content = json.dumps(told).encode()
            changed.append(replace(artifact, content=content, about=about))
        else:
            changed.append(artifact)
    return changed


def put(hour: int, kwh: str) -> Change:
    return lambda rows: rows[hour].update(KWH=kwh)


def put_all(kwh: str) -> Change:
    return lambda rows: [row.update(KWH=kwh) for row in rows]


def add(name: str, amount: str) -> Change:
    """Add so much to a number of each row."""
    return lambda rows: [
        row.update({name: f"{Decimal(row[name]) + Decimal(amount)}"}) for row in rows
    ]


def label(hour: int, time: str) -> Change:
    return lambda rows: rows[hour].update(UsageHourDate=f"{DAY:%m/%d/%Y} {time}")


def again(hour: int, **values: str) -> Change:
    return lambda rows: rows.insert(hour, rows[hour] | values)


def halve(hour: int) -> Change:
    """Tell one hour in halves."""
    half = f"{DAY:%m/%d/%Y} {hour:02}:30 AM"
    return lambda rows: rows.insert(hour + 1, rows[hour] | {"UsageHourDate": half})


def skipped_hour(rows: Rows) -> None:
    """Tell the hour that the clock of spring skips."""
    rows.insert(2, rows[1] | {"UsageHourDate": "03/08/2026 02:00 AM"})


def test_nothing_is_found_where_nothing_is_planted(desk: Desk, clean: list[Artifact]) -> None:
    desk.take(clean)
    assert desk.wrong() == set()
    assert len([one for one in desk.outcomes() if one.rule == "day-sum"]) == len(range(69))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ((Kind.INTERVAL, put(5, "NaN"), DAY), {("gap", ON_DAY)}),
        ((Kind.INTERVAL, lambda rows: rows.pop(5), DAY), {("gap", ON_DAY)}),
        ((Kind.INTERVAL, list.clear, DAY), {("no-hours", ON_DAY)}),
        ((Kind.INTERVAL, again(5), DAY), {("duplicate", ON_DAY)}),
        ((Kind.INTERVAL, again(5, KWH="9.99"), DAY), {("duplicate", ON_DAY), ("gap", ON_DAY)}),
        ((Kind.INTERVAL, label(5, "05:07 AM"), DAY), {("clock", ON_DAY), ("gap", ON_DAY)}),
        ((Kind.INTERVAL, halve(5), DAY), {("mixed-steps", ON_DAY), ("gap", ON_DAY)}),
        (
            (Kind.INTERVAL, label(5, "soon"), DAY),
            {("unreadable-row", "2026-03-20"), ("gap", ON_DAY)},
        ),
        ((Kind.INTERVAL, put(12, "-2.00"), DAY), {("negative", ON_DAY), ("day-sum", ON_DAY)}),
        (
            (Kind.INTERVAL, put(12, "99.90"), DAY),
            {("spike", ON_DAY), ("day-sum", ON_DAY), ("bill-energy", BILL)},
        ),
        ((Kind.INTERVAL, put_all("0.90"), DAY), {("flat-run", ON_DAY), ("day-sum", ON_DAY)}),
        ((Kind.INTERVAL, put_all("0.00"), DAY), {("day-sum", ON_DAY), ("bill-energy", BILL)}),
        ((Kind.INTERVAL, skipped_hour, SPRING), {("clock", f"{SPRING}")}),
        (
            (Kind.DAILY, add("TOTALENERGY", "2"), DAY),
            {("day-sum", ON_DAY), ("register-day", ON_DAY)},
        ),
        (
            (Kind.DAILY, add("ENDREADING", "9"), DAY),
            {("register-day", ON_DAY), ("register-day", NEXT_DAY)},
        ),
    ],
)
def test_a_fault_in_a_feed_is_found_by_its_rule_alone(
    desk: Desk,
    clean: list[Artifact],
    fault: tuple[Kind, Change, date],
    expected: set[tuple[str, str]],
) -> None:
    desk.take(planted(clean, *fault))
    assert desk.wrong() == expected
