"""A day's graph is kept as hours where nothing speaks against it, and else as a finding alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harvester.errors import BadData
from harvester.extract import extract
from harvester.extract.rows import Rows, Setting
from harvester.model import Artifact, Direction, Kind, Quality
from harvester.profile import load

CANVAS = load("example-canvas")
DAY = "2026-06-11"
HOUR = timedelta(hours=1)


def point(wall: datetime, value: str | None, ordinal: int = 0, mark: str = "") -> dict[str, Any]:
    return {
        "label": "",
        "wall": wall.isoformat(),
        "ordinal": ordinal,
        "instant": None,
        "value": value,
        "mark": mark,
    }


def day(**changed: Any) -> list[dict[str, Any]]:
    """Return 24 points of 0.1 to 2.4 kWh, one of them changed."""
    points = [point(datetime.fromisoformat(DAY) + n * HOUR, f"{(n + 1) / 10}") for n in range(24)]
    points[5] |= changed
    return points


def series(points: list[dict[str, Any]], name: str = "used", unit: str = "kWh") -> dict[str, Any]:
    return {"name": name, "unit": unit, "source": "", "precision": "0", "points": points}


def read(
    *found: dict[str, Any], doubts: tuple[str, ...] = (), date: str = DAY, **more: str
) -> Rows:
    told = {
        "meter": more.get("meter", ""),
        "strategy": "heap",
        "agreed": [],
        "doubts": [{"rule": rule, "message": f"In doubt: {rule}."} for rule in doubts],
        "missing": [],
        "series": list(found),
    }
    content = json.dumps({"day": date, "graphs": [told]}).encode()
    return extract(artifact(content, date), Setting(CANVAS))


def artifact(content: bytes, date: str = DAY, missing: str = "") -> Artifact:
    about = {"first": date, "last": date, "missing": missing}
    at = datetime(2026, 6, 12, tzinfo=UTC)
    return Artifact(Kind.GRAPH, "1000505001", content, "", "application/json", at, about)


def test_a_checked_graph_is_the_hours_of_its_day() -> None:
    rows = read(series(day()))
    assert [r.wh for r in rows.readings] == [100 * n for n in range(1, 25)]
    assert rows.readings[0].start == datetime(2026, 6, 11, 5, tzinfo=UTC)
    assert [f"{d}" for d in rows.covered] == [DAY]
    assert rows.findings == []


@pytest.mark.parametrize(
    "rule",
    [
        "strategies-differ",
        "total-differs",
        "series-missing",
        "measured-only",
        "no-hours",
        "hours-undecided",
    ],
)
def test_a_graph_in_doubt_is_a_finding_and_no_reading(rule: str) -> None:
    rows = read(series(day()), doubts=(rule,))
    assert (rows.readings, rows.covered) == ([], [])
    assert [(f.subject, f.message) for f in rows.findings] == [(DAY, f"In doubt: {rule}.")]


def test_a_graph_that_nothing_confirms_is_kept_and_that_is_told() -> None:
    rows = read(series(day()), doubts=("not-checked",))
    assert len(rows.readings) == 24
    assert [f.message for f in rows.findings] == ["In doubt: not-checked."]


def test_a_gap_is_null_and_no_zero() -> None:
    rows = read(series(day(value=None)))
    assert rows.readings[5].wh is None
    assert rows.readings[5].reason is not None
    assert rows.readings[6].wh == 700


def test_what_the_graph_marks_as_averaged_is_estimated() -> None:
    rows = read(series(day(mark="Averaged")))
    assert [n for n, r in enumerate(rows.readings) if r.quality is Quality.ESTIMATED] == [5]


def test_units_are_those_that_the_graph_prints() -> None:
    assert read(series(day(), unit="Wh")).readings[9].wh == 1
    assert read(series(day(), unit="MWh")).readings[9].wh == 1_000_000
    rows = read(series(day(), unit="kW"))
    assert rows.readings == []
    assert "not of energy" in rows.findings[0].message


def test_two_series_are_told_apart_by_the_profiles_names_only() -> None:
    both = read(series(day()), series(day(), name="given"))
    assert {r.direction for r in both.readings} == {Direction.DELIVERED, Direction.RECEIVED}
    assert len(both.readings) == 48
    odd = read(series(day()), series(day(), name="temperature"))
    assert odd.readings == []
    assert "does not name" in odd.findings[0].message


def test_the_hour_that_autumn_repeats_comes_twice_in_order() -> None:
    autumn = datetime(2025, 11, 2)  # noqa: DTZ001 - a wall clock's
    walls = [(autumn, 0), (autumn + HOUR, 0), (autumn + HOUR, 1)]
    walls += [(autumn + n * HOUR, 0) for n in range(2, 24)]
    points = [point(wall, f"{n + 1}", ordinal) for n, (wall, ordinal) in enumerate(walls)]
    rows = read(series(points), date="2025-11-02")
    assert [r.wh for r in rows.readings] == [1000 * n for n in range(1, 26)]
    starts = [r.start for r in rows.readings]
    assert starts == [datetime(2025, 11, 2, 5, tzinfo=UTC) + n * HOUR for n in range(25)]


def test_a_meter_that_was_picked_is_that_of_its_hours() -> None:
    assert {r.meter for r in read(series(day()), meter="62005501").readings} == {"62005501"}


def test_a_day_that_the_portal_says_it_has_nothing_of_is_missing() -> None:
    content = json.dumps({"day": DAY, "graphs": []}).encode()
    rows = extract(artifact(content, missing=DAY), Setting(CANVAS))
    assert ({f"{d}" for d in rows.missing}, rows.readings) == ({DAY}, [])


@pytest.mark.parametrize("content", [b"", b"[]", b'{"graphs": [{}]}', b"<html>"])
def test_what_is_no_graph_is_unreadable(content: bytes) -> None:
    with pytest.raises(BadData):
        extract(artifact(content), Setting(CANVAS))
