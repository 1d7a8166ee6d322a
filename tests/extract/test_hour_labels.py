"""A label of wall time becomes the hour in UTC that it means, or none where it may be two."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from archived import (
    AUTUMN,
    CAEC,
    CLOCK,
    DAY,
    HALVES,
    NUMBER,
    artifact,
    feed_options,
    hours,
    items,
    rules,
    total,
    utc,
    values,
)

from harvester.errors import BadData, State
from harvester.extract import extract
from harvester.extract.rows import Setting
from harvester.model import (
    Direction,
    Kind,
    Quality,
    Reading,
)

SPRING = date(2026, 3, 8)
SPRING_CLOCK = (*CLOCK[:2], *CLOCK[3:])
"""The clock goes from 1:59 AM to 3:00 AM."""
AUTUMN_CLOCK = (*CLOCK[:2], *CLOCK[1:])
"""The clock shows 1:00 AM twice."""


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
