"""The daily feed becomes day totals: what it does not know stays unknown, nothing guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from archived import CAEC, CLOCK, DAY, NUMBER, artifact, hours, items, rules, told

from harvester.extract import extract
from harvester.extract.rows import Rows, Setting
from harvester.model import (
    DayTotal,
    Kind,
)


def daily(
    rows: list[dict[str, Any]], meters: list[str], first: date = DAY, last: date | None = None
) -> Rows:
    d = {"Items": rows, "DyExports": [{"METER": meter} for meter in meters]}
    return extract(artifact(Kind.DAILY, {"d": d}, first, last), Setting(CAEC))


def test_a_day_of_the_daily_feed_has_energy_register_cost_and_meter() -> None:
    rows = daily([told("06/11/2026")], ["M1"])
    assert rows.days == [DayTotal(NUMBER, DAY, "M1", Decimal(34), Decimal(48211), Decimal("4.41"))]
    assert (rows.covered, rows.missing, rows.findings) == ([DAY], frozenset(), [])


def test_what_the_daily_feed_does_not_know_is_none_and_never_zero() -> None:
    rows = daily([told("06/11/2026", "NaN", "", None), told("06/12/2026", "0", "0", "0")],
                 ["M1", "M1"], last=date(2026, 6, 12))  # fmt: skip
    unknown, zero = rows.days
    assert (unknown.total_kwh, unknown.end_reading, unknown.cost) == (None, None, None)
    assert (zero.total_kwh, zero.end_reading, zero.cost) == (0, 0, 0)
    assert zero.total_kwh is not None


def test_a_negative_day_of_a_net_meter_is_kept() -> None:
    assert daily([told("06/11/2026", "-3.5")], ["M1"]).days[0].total_kwh == Decimal("-3.5")


def test_a_meter_exchange_shows_by_the_meters_of_the_days() -> None:
    rows = daily(
        [told("06/10/2026"), told("06/11/2026"), told("06/12/2026")],
        ["M1", "M1", "M2"], date(2026, 6, 10), date(2026, 6, 12),
    )  # fmt: skip
    assert [(day.day.day, day.meter) for day in rows.days] == [(10, "M1"), (11, "M1"), (12, "M2")]


def test_a_day_that_is_listed_for_two_meters_has_both() -> None:
    rows = daily([told("06/11/2026", "20", "5000"), told("06/11/2026", "14", "14")], ["M1", "M2"])
    assert [(day.day, day.meter, day.total_kwh) for day in rows.days] == [
        (DAY, "M1", Decimal(20)),
        (DAY, "M2", Decimal(14)),
    ]
    assert set(rows.covered) == {DAY}


@pytest.mark.parametrize("meters", [[], ["M1"], ["M1", "M1", "M2"]])
def test_meters_that_do_not_go_with_the_days_are_not_guessed(meters: list[str]) -> None:
    rows = daily([told("06/11/2026"), told("06/12/2026")], meters, last=date(2026, 6, 12))
    assert [day.meter for day in rows.days] == ["", ""]
    assert rules(rows) == [("meter-unknown", "2026-06-11")]


def test_days_outside_of_what_was_asked_are_left_alone() -> None:
    rows = daily(
        [told(f"06/{day}/2026") for day in (10, 11, 12, 13)], ["M1"] * 4, last=date(2026, 6, 12)
    )
    assert [day.day.day for day in rows.days] == [11, 12]
    assert rows.covered == [date(2026, 6, 11), date(2026, 6, 12)]


def test_a_day_whose_label_is_no_date_is_found() -> None:
    rows = daily([told("2026-06-11"), told("06/11/2026")], ["M1", "M1"])
    assert len(rows.days) == 1
    assert rules(rows) == [("unreadable-row", "2026-06-11")]


@pytest.mark.parametrize("kind", [Kind.DAILY, Kind.INTERVAL])
def test_days_that_the_portal_has_nothing_for_are_settled_and_missing(kind: Kind) -> None:
    gone = [date(2026, 6, 12), date(2026, 6, 13)]
    asked = artifact(kind, {"d": {"Items": []}}, DAY, gone[-1], gone)
    rows = extract(asked, Setting(CAEC))
    assert (rows.covered, rows.missing) == (gone, frozenset(gone))
    assert (rows.days, rows.readings, rows.findings) == ([], [], [])


def test_a_day_that_the_daily_feed_tells_twice_is_one_if_both_agree_and_else_unknown() -> None:
    same = daily([told("06/11/2026"), told("06/11/2026")], ["M1", "M1"])
    assert [(day.total_kwh, day.end_reading) for day in same.days] == [(34, 48211)]
    other = daily([told("06/11/2026"), told("06/11/2026", "35")], ["M1", "M1"])
    assert [(day.total_kwh, day.end_reading) for day in other.days] == [(None, 48211)]
    assert rules(same) == rules(other) == [("duplicate", "2026-06-11")]


def test_two_meters_of_a_day_that_are_not_named_leave_it_unknown() -> None:
    rows = daily([told("06/11/2026", "20", "5000"), told("06/11/2026", "14", "14")], [])
    assert [(day.meter, day.total_kwh, day.end_reading) for day in rows.days] == [("", None, None)]
    assert rules(rows) == [("meter-unknown", "2026-06-11"), ("duplicate", "2026-06-11")]


@pytest.mark.parametrize("odd", ["34 kWh", "3,4", "1E+400", "Infinity", "?"])
def test_energy_that_is_no_number_is_missing_and_found(odd: str) -> None:
    rows = daily([told("06/11/2026", odd)], ["M1"])
    assert [(day.total_kwh, day.end_reading) for day in rows.days] == [(None, 48211)]
    assert rules(rows) == [("unreadable-row", "2026-06-11")]
    of_hours = hours(items(DAY, CLOCK, ["1.00", odd, *["1.00"] * 22]))
    assert [n for n, reading in enumerate(of_hours.readings) if reading.wh is None] == [1]
    assert rules(of_hours) == [("unreadable-row", "2026-06-11")]
    assert odd not in of_hours.findings[0].message


@pytest.mark.parametrize(
    ("told", "wh"),
    [
        ("1,234.50", 1_234_500),
        ("-0.00", 0),
        ("1.2345", 1234),
        (" 3 ", 3000),
        ("1e-2", 10),
        (1.25, 1250),
        (0, 0),
        (float("nan"), None),
        ("-", None),
    ],
)
def test_energy_is_read_however_it_is_written(told: object, wh: int | None) -> None:
    rows = hours(items(DAY, CLOCK, [told, *["1.00"] * 23]))
    assert rows.readings[0].wh == wh
    assert rows.findings == []
