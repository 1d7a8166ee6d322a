"""The interval feed becomes readings: what is missing is kept missing, nothing guessed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

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
    DayTotal,
    Direction,
    Kind,
    Quality,
)


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
