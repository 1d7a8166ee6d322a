"""Archived bytes become rows: wall time to UTC, what is missing kept missing, nothing guessed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from harvester.errors import BadData, State
from harvester.extract import extract
from harvester.extract.rows import Rows, Setting
from harvester.model import (
    Account,
    Artifact,
    Bill,
    DayTotal,
    Direction,
    Kind,
    Note,
    Payment,
    Quality,
    Reading,
)
from harvester.profile import Profile, load

NUMBER = "1234567001"
CAEC = load("caec")
DAY = date(2026, 6, 11)
SPRING = date(2026, 3, 8)
AUTUMN = date(2026, 11, 1)
CLOCK = tuple(f"{hour:02}:00 {half}" for half in ("AM", "PM") for hour in (12, *range(1, 12)))
"""The 24 labels of an ordinary day: 12:00 AM, 01:00 AM ... 11:00 PM."""
HALVES = tuple(label for hour in CLOCK for label in (hour, hour.replace(":00", ":30")))
SPRING_CLOCK = (*CLOCK[:2], *CLOCK[3:])
"""The clock goes from 1:59 AM to 3:00 AM."""
AUTUMN_CLOCK = (*CLOCK[:2], *CLOCK[1:])
"""The clock shows 1:00 AM twice."""


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


# The daily feed


def daily(
    rows: list[dict[str, Any]], meters: list[str], first: date = DAY, last: date | None = None
) -> Rows:
    d = {"Items": rows, "DyExports": [{"METER": meter} for meter in meters]}
    return extract(artifact(Kind.DAILY, {"d": d}, first, last), Setting(CAEC))


def told(label: str, kwh: object = "34", end: object = "48211", cost: object = "4.41") -> Any:
    return {"DAILYTIMESTAMPFORMAT": label, "TOTALENERGY": kwh, "ENDREADING": end, "Cost": cost}


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


# The interval feed


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


@pytest.mark.parametrize(
    "clock", ["{:%m/%d/%Y %I:%M:%S %p}", "{:%m/%d/%Y %H:%M}", " {:%m/%d/%Y  %I:%M %p}"]
)
def test_labels_may_have_seconds_or_be_of_a_24_hour_clock(clock: str) -> None:
    walls = [datetime(2026, 6, 11, hour) for hour in range(24)]  # noqa: DTZ001 - naive by nature
    rows = hours([{"UsageHourDate": clock.format(wall), "KWH": wall.hour} for wall in walls])
    assert list(values(rows)) == [utc(11, 5) + timedelta(hours=n) for n in range(24)]
    assert list(values(rows).values()) == [1000 * n for n in range(24)]
    assert rows.findings == []


@pytest.mark.parametrize(
    "clock", ["{:%Y-%m-%dT%H:%M}", "{:%m/%d/%y %I:%M %p}", "{:%m/%d/%Y %I:%M}"]
)
def test_labels_of_another_form_are_found_and_none_is_guessed(clock: str) -> None:
    walls = [datetime(2026, 6, 11, hour) for hour in range(24)]  # noqa: DTZ001 - naive by nature
    rows = hours([{"UsageHourDate": clock.format(wall), "KWH": wall.hour} for wall in walls])
    assert (rows.readings, rows.covered) == ([], [])
    assert rules(rows) == [("unreadable-row", "2026-06-11")]
    assert rows.findings[0].message.startswith("24 labels")


def test_hours_without_a_column_of_energy_are_not_had() -> None:
    rows = hours([{"UsageHourDate": f"06/11/2026 {label}", "kwh": "1.00"} for label in CLOCK])
    assert (rows.readings, rows.covered) == ([], [])
    assert rules(rows) == [("unreadable-row", "2026-06-11")]


def test_an_answer_that_is_an_error_is_no_empty_answer() -> None:
    error = {"errorObject": {"errordesc": "Timeout expired"}}
    with pytest.raises(BadData) as caught:
        extract(artifact(Kind.INTERVAL, {"d": {"Items": None} | error}), Setting(CAEC))
    assert "Timeout" not in str(caught.value)
    asked = artifact(Kind.INTERVAL, {"d": {"Items": items(DAY, CLOCK, range(24))} | error})
    assert len(extract(asked, Setting(CAEC)).readings) == 24
    empty = extract(artifact(Kind.INTERVAL, {"d": {"Items": None}}), Setting(CAEC))
    assert (empty.readings, empty.covered, empty.findings) == ([], [], [])


def test_the_newest_day_may_come_first_with_its_oldest_hour_first() -> None:
    next_day = date(2026, 11, 2)
    autumn, after = items(AUTUMN, AUTUMN_CLOCK, range(25)), items(next_day, CLOCK, range(24))
    expected = {utc(1, 5, month=11) + timedelta(hours=n): 1000 * n for n in range(25)}
    for day in (autumn, autumn[::-1]):
        for told in ([*after, *day], [*day, *after]):
            rows = hours(told, AUTUMN, next_day)
            assert {at: wh for at, wh in values(rows).items() if at in expected} == expected
            assert rows.findings == []


def test_a_repeated_hour_among_hours_in_no_order_is_neither_of_the_two() -> None:
    told = items(AUTUMN, AUTUMN_CLOCK, range(25))
    rows = hours([*told[12:], *told[:12]], AUTUMN)
    assert [n for n, reading in enumerate(rows.readings) if reading.wh is None] == [1, 2]
    assert rules(rows) == [("clock", "2026-11-01")]
    assert "not which is which" in rows.findings[0].message


def test_a_lone_label_of_a_day_in_half_hours_is_no_hour() -> None:
    next_day = date(2026, 6, 12)
    told = [*items(DAY, HALVES, range(48)), *items(next_day, CLOCK[:1], [7])]
    rows = hours(told, last=next_day)
    assert {r.seconds for r in rows.readings} == {1800}
    assert {r.wh for r in rows.readings if r.local_day == next_day} == {None}
    assert rules(rows) == [("mixed-steps", "2026-06-12")]
    alone = hours(items(DAY, CLOCK[:1], [7]), profile=feed_options(interval_minutes="30"))
    assert {(r.seconds, r.wh) for r in alone.readings} == {(1800, None)}


def test_half_hours_that_are_all_told_in_two_ways_are_found() -> None:
    told = [*items(DAY, HALVES, range(48)), *items(DAY, HALVES, range(100, 148))]
    rows = hours(told)
    assert {(r.seconds, r.wh) for r in rows.readings} == {(1800, None)}
    assert rules(rows) == [("duplicate", "2026-06-11")]


def test_an_ordinary_day_has_24_hours_from_local_midnight() -> None:
    rows = hours(items(DAY, CLOCK, [f"{n}.25" for n in range(24)]), days=total())
    assert rows.readings[1] == Reading(
        account=NUMBER,
        meter="M1",
        direction=Direction.DELIVERED,
        start=utc(11, 6),  # 1 AM in Chicago, five hours behind in summer
        seconds=3600,
        wh=1250,
        quality=Quality.RAW,
        reason=None,
        label="06/11/2026 01:00 AM",
        ordinal=0,
        local_day=DAY,
        utc_offset=-18_000,
    )
    assert list(values(rows)) == [utc(11, 5) + timedelta(hours=n) for n in range(24)]
    assert list(values(rows).values()) == [1000 * n + 250 for n in range(24)]
    assert (rows.covered, rows.findings) == ([DAY], [])


def test_the_labels_are_of_a_12_hour_clock() -> None:
    rows = hours(items(DAY, CLOCK, range(24)))
    by_label = {r.label[11:]: (r.start, r.wh) for r in rows.readings}
    assert by_label["12:00 AM"] == (utc(11, 5), 0)
    assert by_label["11:00 AM"] == (utc(11, 16), 11_000)
    assert by_label["12:00 PM"] == (utc(11, 17), 12_000)
    assert by_label["11:00 PM"] == (utc(12, 4), 23_000)


def test_a_label_may_tell_the_end_of_its_hour() -> None:
    rows = hours(
        [
            *items(DAY, CLOCK[1:], range(23)),
            *items(date(2026, 6, 12), CLOCK[:1], [23]),
        ],
        profile=feed_options(hour_label="ending"),
    )
    assert list(values(rows)) == [utc(11, 5) + timedelta(hours=n) for n in range(24)]
    assert list(values(rows).values()) == [1000 * n for n in range(24)]
    assert rows.readings[-1].label == "06/12/2026 12:00 AM"
    assert {r.local_day for r in rows.readings} == {DAY}
    assert rows.covered == [DAY]


def test_a_day_in_winter_is_six_hours_behind() -> None:
    rows = hours(items(date(2026, 1, 15), CLOCK, range(24)), date(2026, 1, 15))
    assert rows.readings[0].start == utc(15, 6, month=1)
    assert {r.utc_offset for r in rows.readings} == {-21_600}


def test_the_day_of_spring_has_23_hours() -> None:
    rows = hours(items(SPRING, SPRING_CLOCK, range(23)), SPRING)
    found = values(rows)
    assert list(found) == [utc(8, 6, month=3) + timedelta(hours=n) for n in range(23)]
    assert list(found.values()) == [1000 * n for n in range(23)]
    assert [(r.label[11:], r.start.hour, r.utc_offset) for r in rows.readings[1:3]] == [
        ("01:00 AM", 7, -21_600),
        ("03:00 AM", 8, -18_000),
    ]
    assert rows.findings == []


def test_the_day_of_autumn_has_25_hours_and_one_label_twice() -> None:
    rows = hours(items(AUTUMN, AUTUMN_CLOCK, range(25)), AUTUMN)
    found = values(rows)
    assert list(found) == [utc(1, 5, month=11) + timedelta(hours=n) for n in range(25)]
    assert list(found.values()) == [1000 * n for n in range(25)]
    assert [(r.label[11:], r.ordinal, r.start.hour, r.utc_offset) for r in rows.readings[:4]] == [
        ("12:00 AM", 0, 5, -18_000),
        ("01:00 AM", 0, 6, -18_000),
        ("01:00 AM", 1, 7, -21_600),
        ("02:00 AM", 0, 8, -21_600),
    ]
    assert rows.findings == []


def test_an_answer_with_the_newest_first_gives_the_same_hours() -> None:
    told = items(AUTUMN, AUTUMN_CLOCK, range(25))
    assert values(hours(told[::-1], AUTUMN)) == values(hours(told, AUTUMN))


def test_labels_at_the_end_of_an_hour_hold_on_both_days_of_change() -> None:
    profile = feed_options(hour_label="ending")
    # The hour from 1 AM ends in spring at 3 AM on the wall, in autumn at 1 AM for the second time.
    spring = [
        *items(SPRING, SPRING_CLOCK[1:], range(22)),
        *items(date(2026, 3, 9), CLOCK[:1], [22]),
    ]
    found = values(hours(spring, SPRING, profile=profile))
    start = utc(8, 6, month=3)
    assert found == {start + timedelta(hours=n): 1000 * n for n in range(23)}
    autumn = [
        *items(AUTUMN, AUTUMN_CLOCK[1:], range(24)),
        *items(date(2026, 11, 2), CLOCK[:1], [24]),
    ]
    found = values(hours(autumn, AUTUMN, profile=profile))
    start = utc(1, 5, month=11)
    assert found == {start + timedelta(hours=n): 1000 * n for n in range(25)}


def test_a_repeated_hour_that_is_told_once_is_neither_of_the_two() -> None:
    rows = hours(items(AUTUMN, CLOCK, range(1, 25)), AUTUMN)
    assert len(rows.readings) == 25
    lost = [r for r in rows.readings if r.wh is None]
    assert [(r.start, r.reason, r.label) for r in lost] == [
        (utc(1, 6, month=11), State.PARTIAL_DAY, "11/01/2026 01:00 AM"),
        (utc(1, 7, month=11), State.PARTIAL_DAY, "11/01/2026 01:00 AM"),
    ]
    assert rows.readings[3].wh == 3000  # 2 AM is what it says
    assert rules(rows) == [("clock", "2026-11-01")]


def test_a_skipped_hour_that_is_told_all_the_same_is_found_and_not_taken() -> None:
    rows = hours(items(SPRING, CLOCK, range(24)), SPRING)
    assert list(values(rows).values()) == [0, 1000, *[1000 * n for n in range(3, 24)]]
    assert rules(rows) == [("clock", "2026-03-08")]
    assert "03/08/2026 02:00 AM comes 1 times" in rows.findings[0].message
    assert "0 times" in rows.findings[0].message


def test_a_label_that_comes_twice_on_an_ordinary_day_has_no_value() -> None:
    rows = hours(items(DAY, [*CLOCK[:3], *CLOCK[2:]], range(25)))
    assert len(rows.readings) == 24
    assert rows.readings[2].wh is None
    assert rows.readings[2].reason is State.PARTIAL_DAY
    assert rows.readings[3].wh == 4000
    assert rules(rows) == [("duplicate", "2026-06-11")]


def test_a_day_that_is_listed_twice_alike_is_one_day() -> None:
    rows = hours(items(DAY, CLOCK, range(24)) * 2)
    assert [reading.wh for reading in rows.readings] == [1000 * n for n in range(24)]
    (finding,) = rows.findings
    assert (finding.rule, finding.subject) == ("duplicate", "2026-06-11")
    assert "06/11/2026 12:00 AM" in finding.message
    assert "23 more" in finding.message


def test_a_day_that_is_listed_twice_and_differs_once_lacks_that_hour_alone() -> None:
    again = [*range(5), 99, *range(6, 24)]
    rows = hours([*items(DAY, CLOCK, range(24)), *items(DAY, CLOCK, again)])
    assert [n for n, reading in enumerate(rows.readings) if reading.wh is None] == [5]
    assert set(rules(rows)) == {("duplicate", "2026-06-11")}


@pytest.mark.parametrize(
    ("label", "clock"),
    [("beginning", (*HALVES[:12], *CLOCK[6:])), ("ending", (*HALVES[1:13], *CLOCK[7:]))],
)
def test_an_hour_among_half_hours_may_be_whole_or_half_and_is_not_taken(
    label: str, clock: tuple[str, ...]
) -> None:
    told = hours(items(DAY, clock, range(len(clock))), profile=feed_options(hour_label=label))
    assert {reading.seconds for reading in told.readings} == {1800}
    assert [reading.wh for reading in told.readings[:12]] == [1000 * n for n in range(12)]
    assert {(r.wh, r.reason) for r in told.readings[12:]} == {(None, State.PARTIAL_DAY)}
    assert rules(told) == [("mixed-steps", "2026-06-11")]


@pytest.mark.parametrize("silent", ["NaN", "", "null", "--", None])
def test_an_hour_without_a_value_is_null_and_never_zero(silent: object) -> None:
    rows = hours(items(DAY, CLOCK, [silent, "0.00", *["1.00"] * 22]))
    first, second = rows.readings[:2]
    assert (first.wh, first.reason, first.label) == (None, State.NO_DATA, "06/11/2026 12:00 AM")
    assert (second.wh, second.reason) == (0, None)
    assert rows.findings == []


def test_an_hour_that_is_absent_is_a_part_of_the_day_that_is_missing() -> None:
    rows = hours(items(DAY, (*CLOCK[:5], *CLOCK[6:]), ["1.00"] * 23))
    assert len(rows.readings) == 24
    gone = rows.readings[5]
    assert (gone.start, gone.wh, gone.reason) == (utc(11, 10), None, State.PARTIAL_DAY)
    assert gone.label == ""
    assert [r.wh for r in rows.readings if r is not gone] == [1000] * 23


def test_a_day_with_few_hours_still_has_hours() -> None:
    rows = hours(items(DAY, [CLOCK[0], CLOCK[5], CLOCK[9]], ["1.00", "2.00", "3.00"]))
    assert {r.seconds for r in rows.readings} == {3600}
    assert [n for n, r in enumerate(rows.readings) if r.wh is not None] == [0, 5, 9]
    assert len(rows.readings) == 24


def test_half_hours_and_hours_stand_side_by_side_in_one_answer() -> None:
    next_day = date(2026, 6, 12)
    rows = hours(
        [*items(DAY, HALVES, range(48)), *items(next_day, CLOCK, range(24))], last=next_day
    )
    by_day = {day: [r for r in rows.readings if r.local_day == day] for day in (DAY, next_day)}
    assert [(r.start, r.seconds, r.wh) for r in by_day[DAY]] == [
        (utc(11, 5) + n * timedelta(minutes=30), 1800, 1000 * n) for n in range(48)
    ]
    assert [(r.start, r.seconds, r.wh) for r in by_day[next_day]] == [
        (utc(12, 5) + n * timedelta(hours=1), 3600, 1000 * n) for n in range(24)
    ]
    assert rows.covered == [DAY, next_day]


@pytest.mark.parametrize("halves_first", [True, False])
def test_half_hours_and_hours_may_be_told_by_their_ends(*, halves_first: bool) -> None:
    second, third = date(2026, 6, 12), date(2026, 6, 13)
    clocks = (HALVES, CLOCK) if halves_first else (CLOCK, HALVES)
    rows = hours(
        [
            *items(DAY, clocks[0][1:], range(1, len(clocks[0]))),
            *items(second, clocks[0][:1], [len(clocks[0])]),
            *items(second, clocks[1][1:], range(1, len(clocks[1]))),
            *items(third, clocks[1][:1], [len(clocks[1])]),
        ],
        last=second,
        profile=feed_options(hour_label="ending"),
    )
    for day, midnight, clock in ((DAY, 11, clocks[0]), (second, 12, clocks[1])):
        seconds = 86_400 // len(clock)
        assert [(r.start, r.seconds, r.wh) for r in rows.readings if r.local_day == day] == [
            (utc(midnight, 5) + n * timedelta(seconds=seconds), seconds, 1000 * (n + 1))
            for n in range(len(clock))
        ]
    assert rows.findings == []


def test_the_repeated_half_hours_of_autumn_are_two_instants_each() -> None:
    clock = (*HALVES[:4], *HALVES[2:])
    rows = hours(items(AUTUMN, clock, range(50)), AUTUMN)
    assert list(values(rows).values()) == [1000 * n for n in range(50)]
    assert [(r.label[11:], r.ordinal) for r in rows.readings[2:6]] == [
        ("01:00 AM", 0), ("01:30 AM", 0), ("01:00 AM", 1), ("01:30 AM", 1),
    ]  # fmt: skip


def test_labels_that_begin_no_interval_of_the_day_are_found() -> None:
    clock = [label.replace(":00", ":05") for label in CLOCK[:3]]
    rows = hours([*items(DAY, clock, range(3)), *items(DAY, CLOCK[3:], range(3, 24))])
    assert [r.wh for r in rows.readings[:4]] == [None, None, None, 3000]
    assert {r.reason for r in rows.readings[:3]} == {State.PARTIAL_DAY}
    assert rules(rows) == [("clock", "2026-06-11")]
    assert "06/11/2026 12:05 AM" in rows.findings[0].message


def test_received_energy_is_a_direction_of_its_own() -> None:
    rows = [item | {"GKWH": f"0.{n:02}"} for n, item in enumerate(items(DAY, CLOCK, range(24)))]
    found = hours(rows)
    assert list(values(found).values()) == [1000 * n for n in range(24)]
    assert list(values(found, Direction.RECEIVED).values()) == [10 * n for n in range(24)]
    assert len(found.readings) == 48


def test_without_a_column_of_received_energy_there_is_none() -> None:
    found = hours(items(DAY, CLOCK, range(24)))
    assert {r.direction for r in found.readings} == {Direction.DELIVERED}


def test_a_zero_received_beside_nothing_delivered_is_nothing_either() -> None:
    rows = items(DAY, CLOCK, ["NaN", "NaN", *["1.00"] * 22])
    rows[0] |= {"GKWH": "0.00"}
    rows[1] |= {"GKWH": "0.50"}
    rows[2] |= {"GKWH": "0.00"}
    received = [r for r in hours(rows).readings if r.direction is Direction.RECEIVED]
    assert [(r.wh, r.reason) for r in received[:3]] == [
        (None, State.NO_DATA),
        (500, None),
        (0, None),
    ]


def test_negative_energy_is_kept() -> None:
    rows = hours(items(DAY, CLOCK, ["-1.50", *["1.00"] * 23]))
    assert rows.readings[0].wh == -1500
    assert rows.readings[0].reason is None


def test_hours_go_with_the_meter_of_their_day() -> None:
    next_day = date(2026, 6, 12)
    exchanged = {next_day: DayTotal(NUMBER, next_day, "M2", Decimal(24), Decimal(24), None)}
    rows = hours(
        [*items(DAY, CLOCK, range(24)), *items(next_day, CLOCK, range(24))],
        last=next_day,
        days=total() | exchanged,
    )
    assert {(r.local_day, r.meter) for r in rows.readings} == {(DAY, "M1"), (next_day, "M2")}
    assert {r.meter for r in hours(items(DAY, CLOCK, range(24))).readings} == {""}


@pytest.mark.parametrize(
    ("kwh", "days", "quality"),
    [
        (["1.42"] * 24, total("34", None), Quality.ESTIMATED),
        (["1.42"] * 24, total("34", "48211"), Quality.RAW),
        (["1.42"] * 24, {}, Quality.RAW),
        (["1.42"] * 23 + ["1.43"], total("34", None), Quality.RAW),
        (["1.42"] * 23 + ["NaN"], total("34", None), Quality.RAW),
    ],
    ids=["flat without register", "with register", "total unknown", "not flat", "an hour lost"],
)
def test_a_day_is_estimated_only_when_it_is_flat_and_its_register_was_not_read(
    kwh: list[str], days: dict[date, DayTotal], quality: Quality
) -> None:
    rows = hours(items(DAY, CLOCK, kwh), days=days)
    assert {r.quality for r in rows.readings} == {quality}


def test_an_hour_without_a_value_is_not_estimated() -> None:
    rows = hours(items(DAY, CLOCK, ["NaN"] * 24), days=total(None, None))
    assert {(r.wh, r.reason, r.quality) for r in rows.readings} == {
        (None, State.NO_DATA, Quality.RAW)
    }


def test_one_hour_alone_is_no_average() -> None:
    rows = hours(items(DAY, CLOCK[:1], ["1.42"]), days=total("34", None))
    assert {r.quality for r in rows.readings} == {Quality.RAW}


def test_hours_outside_of_what_was_asked_are_left_alone() -> None:
    asked = [date(2026, 6, 11), date(2026, 6, 12)]
    told_days = [date(2026, 6, 10), *asked, date(2026, 6, 13)]
    rows = hours(
        [item for day in told_days for item in items(day, CLOCK, range(24))], last=asked[-1]
    )
    assert {r.local_day for r in rows.readings} == set(asked)
    assert len(rows.readings) == 48
    assert rows.covered == asked


def test_the_end_of_the_last_hour_is_not_a_day_of_its_own() -> None:
    # Labels at the end of hours: the first of the answer belongs to the day before.
    rows = hours(items(DAY, CLOCK, range(24)), profile=feed_options(hour_label="ending"))
    assert {r.local_day for r in rows.readings} == {DAY}
    assert rows.readings[0].wh == 1000
    assert (rows.readings[-1].wh, rows.readings[-1].reason) == (None, State.PARTIAL_DAY)


@pytest.mark.parametrize("label", ["", "06/11/2026 13:00 PM", "06/11/2026 13:00", "2026-06-11"])
def test_an_hour_whose_label_cannot_be_read_is_found(label: str) -> None:
    rows = hours([*items(DAY, CLOCK, range(24)), {"UsageHourDate": label, "KWH": "9.00"}])
    assert list(values(rows).values()) == [1000 * n for n in range(24)]
    assert rules(rows) == [("unreadable-row", "2026-06-11")]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("content", [b"", b"<html>Sign in</html>", b"\xff\xfe\xfa", b"7", b"[7]"])
def test_what_is_not_what_it_should_be_is_unreadable(kind: Kind, content: bytes) -> None:
    with pytest.raises(BadData) as caught:
        extract(artifact(kind, content), Setting(CAEC))
    assert caught.value.state is State.UNREADABLE
    assert "Sign in" not in str(caught.value)


# Account, ledger and notes


def test_an_account_is_its_number_address_rate_and_settings() -> None:
    facts = {
        "number": "1234567-001",
        "service_address": "12 Oak Lane",
        "rate": "Residential",
        "kind": "Electric",
        "e_bill": "On",
        "usage_alert": "",
        "daily_report": "Off",
    }
    assert extract(artifact(Kind.ACCOUNT, facts), Setting(CAEC)).account == Account(
        number=NUMBER,
        service_address="12 Oak Lane",
        rate="Residential",
        kind="Electric",
        settings={"e_bill": "On", "daily_report": "Off"},
    )


def test_what_an_account_page_does_not_show_is_none() -> None:
    assert extract(artifact(Kind.ACCOUNT, {}), Setting(CAEC)).account == Account(NUMBER)


def test_contact_data_of_an_account_never_comes_through() -> None:
    contact = {
        "phone": "334-555-0100",
        "email": "jane@example.com",
        "bank": "checking 4321",
        "card": "4111",
        "ssn": "6789",
    }
    rows = extract(artifact(Kind.ACCOUNT, {"rate": "Residential"} | contact), Setting(CAEC))
    assert rows.account == Account(NUMBER, rate="Residential")
    assert not any(value in repr(rows) for value in contact.values())


def entry(**changes: object) -> dict[str, object]:
    return {
        "Id": "77",
        "TransDate": "06/04/2026",
        "TransType": "Bill",
        "TransDesc": "Electric bill",
        "BalUpdate": "Y",
        "Amount": "201.59",
        "Balance": "1,251.59",
    } | changes


def ledger(*entries: dict[str, object]) -> Rows:
    content = {"ActLedger": {"LedgerItem": {"LedgerItems": list(entries)}}}
    return extract(artifact(Kind.LEDGER, content), Setting(CAEC))


def test_a_ledger_row_keeps_its_sign_balance_and_whether_it_moves_it() -> None:
    rows = ledger(
        entry(),
        entry(Id=78, TransType="Payment", TransDesc="Web", Amount="-50.00", Balance="(12.00)"),
        entry(Id="79", BalUpdate="N", TransDate="06/05/2026 02:15:00 AM"),
    )
    assert rows.payments[0] == Payment(
        account=NUMBER,
        id="77",
        day=date(2026, 6, 4),
        kind="Bill",
        description="Electric bill",
        amount=Decimal("201.59"),
        balance=Decimal("1251.59"),
        moves_balance=True,
    )
    paid, memo = rows.payments[1:]
    assert (paid.id, paid.kind, paid.description) == ("78", "Payment", "Web")
    assert (paid.amount, paid.balance) == (Decimal("-50.00"), Decimal("-12.00"))
    assert (memo.day, memo.moves_balance) == (date(2026, 6, 5), False)
    assert rows.findings == []


@pytest.mark.parametrize(("said", "moves"), [("Y", True), ("N", False), ("", True), (None, True)])
def test_only_a_row_that_says_so_leaves_the_balance_alone(said: object, *, moves: bool) -> None:
    assert ledger(entry(BalUpdate=said)).payments[0].moves_balance is moves


@pytest.mark.parametrize("lacking", ["TransDate", "Amount", "Balance"])
def test_a_ledger_row_that_cannot_be_read_is_found_and_the_others_stay(lacking: str) -> None:
    rows = ledger(entry(Id="1"), entry(Id="2", **{lacking: "?"}), entry(Id="3"))
    assert [payment.id for payment in rows.payments] == ["1", "3"]
    assert rules(rows) == [("unreadable-row", "2")]


def test_an_empty_ledger_is_a_ledger() -> None:
    rows = ledger()
    assert (rows.payments, rows.findings) == ([], [])


def test_notes_have_a_day_and_their_words() -> None:
    notes = [
        {"date": "06/11/2026", "text": "New heat pump, 3 kW"},
        {"date": None, "text": "undated"},
        {"date": "June", "text": "undated"},
    ]
    rows = extract(artifact(Kind.NOTES, notes), Setting(CAEC))
    assert rows.notes == [Note(NUMBER, DAY, "New heat pump, 3 kW")]
    assert rules(rows) == [("unreadable-row", "note")] * 2
    assert "undated" not in rows.findings[0].message


# Bills


HISTORY = """<table id="no-more-tables"><tr><th>View</th><th>Billing Date</th><th>Due Date</th>
<th>Meter Read Date</th><th>Net KWH</th><th>Bill Type</th><th>Bill Amount</th></tr>{}</table>"""


def history(*lines: str) -> Rows:
    """Extract a billing history whose rows are these cells, separated by `|`."""
    rows = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in line.split("|")) + "</tr>" for line in lines
    )
    content = HISTORY.format(rows).encode()
    return extract(artifact(Kind.BILL_LIST, content), Setting(CAEC))


def test_the_billing_history_is_bills_in_its_own_order() -> None:
    rows = history(
        "<i></i>|07/06/2026|07/21/2026|07/01/2026|1,012|Regular|$1,203.10",
        "<i></i>|06/04/2026|||(20)|Final|($5.00)",
    )
    assert rows.bills == [
        Bill(
            account=NUMBER,
            kind="Regular",
            billing_date=date(2026, 7, 6),
            due_date=date(2026, 7, 21),
            read_date=date(2026, 7, 1),
            net_kwh=Decimal(1012),
            amount=Decimal("1203.10"),
        ),
        Bill(NUMBER, "Final", date(2026, 6, 4), None, None, Decimal(-20), Decimal("-5.00")),
    ]
    assert rows.findings == []


def test_two_bills_of_a_day_are_two_and_a_row_that_is_repeated_is_one() -> None:
    line = "|06/04/2026|06/19/2026|06/01/2026|100|Regular|$"
    rows = history(line + "10.00", line + "12.00", line + "10.00")
    assert [bill.amount for bill in rows.bills] == [Decimal("10.00"), Decimal("12.00")]
    assert len({bill.key for bill in rows.bills}) == 2


def test_a_row_of_the_history_that_cannot_be_read_is_found() -> None:
    rows = history(
        "|06/04/2026||||Regular|pending", "|05/04/2026|||100|Regular|$10.00", "|?||||Regular|$9.00"
    )
    assert [bill.billing_date for bill in rows.bills] == [date(2026, 5, 4)]
    assert rules(rows) == [("unreadable-row", "06/04/2026"), ("unreadable-row", "?")]


def test_a_history_without_records_has_no_bills() -> None:
    rows = extract(
        artifact(
            Kind.BILL_LIST, HISTORY.format('<tr><td colspan="7">No records</td></tr>').encode()
        ),
        Setting(CAEC),
    )
    assert (rows.bills, rows.findings) == ([], [])


def test_a_history_with_other_columns_is_unreadable() -> None:
    content = HISTORY.format("").replace("Bill Amount", "Total").encode()
    with pytest.raises(BadData) as caught:
        extract(artifact(Kind.BILL_LIST, content), Setting(CAEC))
    assert caught.value.state is State.UNREADABLE


BILL = Bill(
    account=NUMBER,
    kind="Regular",
    billing_date=date(2026, 6, 4),
    due_date=date(2026, 6, 19),
    read_date=date(2026, 6, 1),
    net_kwh=Decimal(1000),
    amount=Decimal("1201.59"),
)
GOOD = ("Account 1234567-001", "Billing Date 06/04/2026", "Amount due $1,201.59")


def pdf(*pages: tuple[str, ...]) -> bytes:
    """Return a real PDF of these lines a page; a line in the drawing is on each."""
    out = io.BytesIO()
    canvas = Canvas(out, invariant=True)
    for lines in pages:
        canvas.line(72, 60, 500, 60)
        for number, line in enumerate(lines):
            canvas.drawString(72, 720 - 20 * number, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def judged(content: bytes, bill: Bill = BILL) -> Rows:
    return extract(artifact(Kind.BILL_PDF, content), Setting(CAEC, bill=bill))


@pytest.mark.parametrize(
    "pages",
    [
        (GOOD,),
        (("Account", "12345670 01"), GOOD),
        (("page one of two",), GOOD),
        (("1234567001", "June 4, 2026", "1201.59"),),
        (("1234567 001", "Jun. 04 2026", "USD 1,201.59"),),
        (("(1234567-001)", "6/4/26", "$1,201.59 CR"),),
        (("1234567-001", "2026-06-04", "0.00 1,201.59 0.00"),),
        (("1234567-001", "4-Jun-2026", "1,201.59"),),
        (("1234567-001", "04 June 2026", "1,201.59"),),
    ],
)
def test_the_right_bill_names_account_date_and_amount_in_any_usual_way(
    pages: tuple[tuple[str, ...], ...],
) -> None:
    rows = judged(pdf(*pages))
    assert rows.document is State.OK
    assert rules(rows) == [("unknown-layout", BILL.key)]


@pytest.mark.parametrize(
    ("line", "says", "lacks"),
    [
        (0, "Account 1234567-002", "account"),
        (0, "Account 7234567-001", "account"),
        (0, "Account 91234567-001", "account"),
        (0, "Account 1234567-0011", "account"),
        (0, "Account 12345670-01", "account"),
        (1, "Billing Date 06/05/2026", "billing date"),
        (1, "Billing Date 06/04/2025", "billing date"),
        (1, "Billing Date 04/06/2026", "billing date"),
        (1, "Billing Date 16/04/2026", "billing date"),
        (1, "July 4, 2026", "billing date"),
        (1, "June 14, 2026", "billing date"),
        (2, "Amount due $1,201.58", "amount"),
        (2, "Amount due $201.59", "amount"),
        (2, "Amount due $21,201.59", "amount"),
        (2, "Amount due $11201.59", "amount"),
        (2, "Amount due $1,201.591", "amount"),
        (2, "Amount due $1,201", "amount"),
    ],
)
def test_a_document_of_another_bill_is_told_by_what_it_lacks(
    line: int, says: str, lacks: str
) -> None:
    lines = list(GOOD)
    lines[line] = says
    rows = judged(pdf(tuple(lines)))
    assert rows.document is State.WRONG_DOCUMENT
    assert rules(rows) == [("wrong-document", BILL.key)]
    assert f"does not name this bill's {lacks}:" in rows.findings[0].message


def test_a_document_of_somebody_else_lacks_all_three_and_is_not_quoted() -> None:
    rows = judged(pdf(("Account 7654321-001", "Billing Date 05/04/2026", "Amount due $9.99")))
    message = rows.findings[0].message
    assert "account and billing date and amount" in message
    assert "7654321" not in message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><html><body>1234567-001 06/04/2026 $1,201.59</body></html>",
        b"<html>%PDF-1.4",
        pdf(GOOD)[: len(pdf(GOOD)) // 2],
        pdf(GOOD).rpartition(b"%%EOF")[0],
        pdf(GOOD)[5:],
        b"%PDF-1.4\nnothing of the kind\n%%EOF\n",
    ],
    ids=[
        "empty",
        "HTML",
        "HTML that names a PDF",
        "truncated",
        "without its end",
        "beheaded",
        "hollow",
    ],
)
def test_what_is_no_whole_pdf_is_no_pdf(content: bytes) -> None:
    rows = judged(content)
    assert rows.document is State.NOT_A_PDF
    assert rules(rows) == [("not-a-pdf", BILL.key)]


def test_a_pdf_without_text_cannot_tell_whose_it_is() -> None:
    rows = judged(pdf((), ()))
    assert rows.document is State.UNREADABLE
    assert rules(rows) == [("unreadable", BILL.key)]


def test_a_document_of_no_listed_bill_is_unreadable() -> None:
    with pytest.raises(BadData) as caught:
        extract(artifact(Kind.BILL_PDF, pdf(GOOD)), Setting(CAEC))
    assert caught.value.state is State.UNREADABLE


def test_a_small_amount_is_not_found_within_a_larger_one() -> None:
    small = Bill(NUMBER, "Regular", date(2026, 6, 4), None, None, None, Decimal("1.59"))
    assert judged(pdf(GOOD), small).document is State.WRONG_DOCUMENT
    assert judged(pdf((*GOOD[:2], "$1.1.59")), small).document is State.WRONG_DOCUMENT
    assert judged(pdf((*GOOD[:2], "$1.59")), small).document is State.OK
