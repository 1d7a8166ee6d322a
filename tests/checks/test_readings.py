"""An answer is searched for intervals that overlap, come too early, are negative or all alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from harvester.checks.readings import readings
from harvester.model import Direction, Quality, Reading

ACCOUNT = "1234567001"
DAY = date(2026, 6, 11)
MIDNIGHT = datetime(2026, 6, 11, 5, tzinfo=UTC)
LATER = MIDNIGHT + timedelta(days=3)


def hours(values: Iterable[int | None], **how: object) -> list[Reading]:
    """Return a day's readings of so many Wh each, an hour apart."""
    told = [
        Reading(
            account=ACCOUNT,
            meter="M1",
            direction=Direction.DELIVERED,
            start=MIDNIGHT + number * timedelta(hours=1),
            seconds=3600,
            wh=wh,
            quality=Quality.RAW,
            reason=None,
            label=f"hour {number}",
            ordinal=0,
            local_day=DAY,
            utc_offset=-18000,
        )
        for number, wh in enumerate(values)
    ]
    return [replace(reading, **how) for reading in told]  # type: ignore[arg-type]


def rules(told: list[Reading], at: datetime = LATER) -> list[tuple[str, str]]:
    return [(finding.rule, finding.subject) for finding in readings(told, at)]


USUAL = [1000 + 10 * number for number in range(24)]


def test_an_ordinary_day_has_nothing_to_tell() -> None:
    assert rules(hours(USUAL)) == []
    assert rules([]) == []


def test_intervals_that_overlap_are_found() -> None:
    told = hours(USUAL)
    assert rules([replace(told[0], seconds=7200), *told[1:]]) == [("overlap", "2026-06-11")]
    assert rules([replace(told[0], seconds=3601), *told[1:]]) == [("overlap", "2026-06-11")]


def test_an_hour_has_a_value_only_when_it_is_over() -> None:
    eight = MIDNIGHT + timedelta(hours=8)
    assert rules(hours(USUAL[:8]), eight) == []
    assert rules(hours(USUAL[:9]), eight) == [("future", "2026-06-11")]
    assert rules(hours([*USUAL[:8], None]), eight) == []


def test_negative_energy_is_found_in_either_direction() -> None:
    assert rules(hours([-1, *USUAL[1:]])) == [("negative", "2026-06-11")]
    received = hours([-1, *USUAL[1:]], direction=Direction.RECEIVED)
    assert rules(received) == [("negative", "2026-06-11, received")]


@pytest.mark.parametrize(
    ("negative", "found"),
    [(range(10, 13), []), (range(8, 17), []), (range(10, 12), ["negative"]),
     (range(2, 5), ["negative"]), ((8, 12, 16), ["negative"]), (range(24), ["negative"])],
)  # fmt: skip
def test_hours_on_end_by_day_are_negative_of_a_net_meter(
    negative: Iterable[int], found: list[str]
) -> None:
    told = hours([-n * 10 - 10 if n in negative else USUAL[n] for n in range(24)])
    assert [rule for rule, _ in rules(told)] == found


def test_where_energy_is_received_beside_none_is_negative() -> None:
    told = hours([-1000 if 10 <= n < 14 else USUAL[n] for n in range(24)])
    received = hours([5] * 24, direction=Direction.RECEIVED)
    assert [rule for rule, _ in rules([*told, *received])] == ["negative"]


@pytest.mark.parametrize(
    ("step", "wh", "found"),
    [(100, 1900, []), (100, 2000, ["flat-run"]), (800, 15_200, []), (800, 16_000, ["flat-run"]),
     (1000, 5000, []), (10, 200, ["flat-run"]), (1, 200, ["flat-run"]), (1, 199, [])],
)  # fmt: skip
def test_a_steady_use_may_well_be_alike_where_it_is_told_in_wide_steps(
    step: int, wh: int, found: list[str]
) -> None:
    told = hours([wh] * 12 + [step * n for n in range(1, 13)])
    assert [rule for rule, _ in rules(told)] == found


def test_what_is_alike_for_a_week_is_how_the_account_is() -> None:
    def days(count: int) -> list[Reading]:
        return [
            replace(one, local_day=DAY + n * timedelta(days=1)) for n in range(count)
            for one in hours([500] * 24)
        ]  # fmt: skip

    assert len(rules(days(6))) == 6
    assert rules(days(7)) == []


@pytest.mark.parametrize(
    ("alike", "wh", "found"),
    [(11, 500, []), (12, 500, ["flat-run"]), (24, 500, ["flat-run"]), (24, 190, []), (24, 0, [])],
)
def test_twelve_hours_on_end_that_are_alike_are_found(
    alike: int, wh: int, found: list[str]
) -> None:
    told = hours([wh] * alike + USUAL[alike:])
    assert [rule for rule, _ in rules(told)] == found


def test_averaged_hours_are_alike_by_nature() -> None:
    assert rules(hours([500] * 24, quality=Quality.ESTIMATED)) == []


def test_half_hours_are_alike_by_their_time() -> None:
    halves = [
        replace(one, start=MIDNIGHT + n * timedelta(minutes=30), seconds=1800)
        for n, one in enumerate(hours([500] * 24))
    ]
    assert [rule for rule, _ in rules(halves)] == ["flat-run"]
    assert rules(halves[:23]) == []
