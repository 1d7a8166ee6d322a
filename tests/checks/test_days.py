"""Each rule of days speaks up just beyond its tolerance and is silent at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from harvester.checks.days import Told, days, silence
from harvester.model import DayOfHours, DayTotal, Direction, Finding

ACCOUNT = "1234567001"
DAY = date(2026, 6, 11)
AT = datetime(2026, 6, 12, 5, tzinfo=UTC)
ONE = timedelta(days=1)


def hours(
    wh: int = 34_000,
    *,
    day: date = DAY,
    count: int = 24,
    known: int | None = None,
    peak: int = 2000,
    direction: Direction = Direction.DELIVERED,
    meter: str = "M1",
    places: int = 2,
    estimated: int = 0,
) -> DayOfHours:
    """Return a day whose known hours add up to so many Wh."""
    known = count if known is None else known
    return DayOfHours(
        day=day,
        meter=meter,
        direction=direction,
        count=count,
        known=known,
        seconds=known * 86_400 // count,
        estimated=estimated,
        wh=wh,
        peak=peak,
        places=places,
        since=AT,
    )


def total(
    kwh: str | None, *, day: date = DAY, register: str | None = None, meter: str = "M1"
) -> DayTotal:
    energy = None if kwh is None else Decimal(kwh)
    end = None if register is None else Decimal(register)
    return DayTotal(ACCOUNT, day, meter, energy, end, None)


def judged(
    told: Sequence[DayOfHours],
    totals: Sequence[DayTotal] = (),
    *,
    multiplier: str | None = "1",
) -> list[Finding]:
    """Return the outcome of every rule on every day."""
    everything = Told(
        account=ACCOUNT,
        hours=told,
        totals=totals,
        multipliers={"M1": Decimal(multiplier)} if multiplier else {},
    )
    present = {one.day for one in told} | {one.day for one in totals}
    return list(days(everything, sorted(present)))


def broken(found: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.subject) for finding in found if finding.message]


# A total in whole kWh is within 0.5 of the truth, and 24 hours in hundredths within 24 x 0.005
# = 0.12: together 0.62.  In hundredths it is 0.005 + 0.12 = 0.125, in tenths 0.05 + 0.12 = 0.17.
@pytest.mark.parametrize(
    ("kwh", "least", "most"),
    [("34", 33_380, 34_620), ("34.0", 33_830, 34_170), ("34.00", 33_875, 34_125)],
)
def test_hours_may_differ_from_the_day_by_the_rounding_of_both_and_no_more(
    kwh: str, least: int, most: int
) -> None:
    for silent in (least, 34_000, most):
        assert broken(judged([hours(silent)], [total(kwh)])) == []
    for loud in (least - 1, most + 1):
        assert broken(judged([hours(loud)], [total(kwh)])) == [("day-sum", "2026-06-11")]


def test_a_rule_that_holds_is_kept_with_how_far_apart_and_how_far_it_may_be() -> None:
    (proof,) = judged([hours(33_800)], [total("34")])
    assert (proof.rule, proof.message) == ("day-sum", "")
    assert (proof.residual, proof.tolerance) == (Decimal("0.2"), Decimal("0.62"))


def test_the_finding_names_both_sums() -> None:
    (found,) = judged([hours(35_000)], [total("34")])
    assert found.message == "The hours add up to 35.000 kWh, the day to 34."
    assert found.residual == -1


# 48 x 0.005 = 0.24 and 0.005 of the total; hours in tenths are off by 24 x 0.05 = 1.2, in whole kWh
# by 24 x 0.5 = 12.
@pytest.mark.parametrize(
    ("count", "places", "allowed"), [(48, 2, 245), (24, 1, 1205), (24, 0, 12_005), (24, 3, 17)]
)
def test_the_rounding_is_that_of_the_values_themselves(
    count: int, places: int, allowed: int
) -> None:
    near = hours(24_000 - allowed, count=count, places=places, peak=5000)
    assert broken(judged([near], [total("24.00")])) == []
    assert broken(judged([replace(near, wh=near.wh - 1)], [total("24.00")])) != []


def test_hours_that_are_all_alike_do_not_show_their_rounding() -> None:
    flat = hours(24_000, places=0, peak=1000)
    assert broken(judged([flat], [total("25.00")])) == [("day-sum", "2026-06-11")]


def test_missing_hours_may_leave_a_day_short_of_its_total_and_not_beyond() -> None:
    short = [hours(20_000, known=20)], [total("34")]
    assert ("day-sum", "2026-06-11") not in broken(judged(*short))
    assert ("day-sum", "2026-06-11") not in broken(judged([hours(0, known=0)], [total("34")]))
    at_most = hours(34_620, known=23)
    assert ("day-sum", "2026-06-11") not in broken(judged([at_most], [total("34")]))
    beyond = hours(34_621, known=23)
    assert ("day-sum", "2026-06-11") in broken(judged([beyond], [total("34")]))


def test_received_energy_is_no_part_of_the_delivered_total() -> None:
    both = [hours(34_000), hours(48_000, direction=Direction.RECEIVED)]
    assert broken(judged(both, [total("34")])) == []
    assert judged([hours(48_000, direction=Direction.RECEIVED)], [total("34")]) == []


def test_a_day_of_two_meters_is_the_sum_of_both() -> None:
    told = [hours(20_000, meter="M1"), hours(14_000, meter="M2")]
    totals = [total("20"), total("14", meter="M2")]
    assert ("day-sum", "2026-06-11") not in broken(judged(told, totals))
    assert ("day-sum", "2026-06-11") in broken(judged(told, totals[:1]))


def test_negative_hours_count_as_they_are() -> None:
    assert broken(judged([hours(21_000)], [total("21")])) == []
    assert broken(judged([hours(21_000)], [total("25")])) == [("day-sum", "2026-06-11")]


def test_a_day_without_a_total_is_not_judged() -> None:
    assert judged([hours(34_000)]) == []
    assert judged([hours(34_000)], [total(None)]) == []


def test_missing_intervals_are_a_gap_and_received_ones_only_beside_delivered_ones() -> None:
    assert broken(judged([hours(known=21)])) == [("gap", "2026-06-11")]
    (finding,) = judged([hours(known=21)])
    assert finding.message == "3 of 24 intervals have no value."
    both = [hours(known=23), hours(known=23, direction=Direction.RECEIVED)]
    assert broken(judged(both)) == [("gap", "2026-06-11")]
    received = [hours(), hours(known=23, direction=Direction.RECEIVED)]
    assert broken(judged(received)) == [("gap", "2026-06-11, received")]


def test_a_day_with_a_total_but_no_hours_is_found() -> None:
    (found,) = silence(ACCOUNT, {DAY: Decimal(34)}, None, None)
    assert (found.account, found.rule, found.subject) == (ACCOUNT, "no-hours", "2026-06-11")
    assert found.message == "The day has 34 kWh but no hours."
    (zero,) = silence(ACCOUNT, {DAY: Decimal(0)}, DAY, DAY + ONE)
    assert zero.rule == "no-hours"


def test_a_day_without_anything_in_the_middle_of_service_is_a_gap() -> None:
    first, last = DAY - 30 * ONE, DAY + 30 * ONE
    found = silence(ACCOUNT, {DAY: None}, first, last)
    assert [(f.rule, f.subject) for f in found] == [("gap", "2026-06-11")]
    assert list(silence(ACCOUNT, {first - ONE: None}, first, last)) == []
    assert list(silence(ACCOUNT, {last + ONE: None}, first, last)) == []
    assert list(silence(ACCOUNT, {DAY: None}, None, None)) == []


def test_a_day_that_may_still_be_told_is_no_gap_yet() -> None:
    first = DAY - 30 * ONE
    assert list(silence(ACCOUNT, {DAY: None}, first, DAY + 7 * ONE)) == []
    assert len(list(silence(ACCOUNT, {DAY: None}, first, DAY + 8 * ONE))) == 1


def registers(*told: tuple[str | None, str | None]) -> list[DayTotal]:
    """Return consecutive days of (kWh, register at the end)."""
    return [
        total(kwh, day=DAY + number * ONE, register=register)
        for number, (kwh, register) in enumerate(told)
    ]


# The register is cut to whole units at both ends, so it is off by less than 1; the day by 0.5.
@pytest.mark.parametrize(
    ("register", "rules"),
    [("134", []), ("133", []), ("135", []), ("132", ["register-day"]), ("136", ["register-day"])],
)
def test_a_register_moves_on_by_the_energy_of_the_day(register: str, rules: list[str]) -> None:
    found = judged([], registers(("30", "100"), ("34", register)))
    assert [rule for rule, _ in broken(found)] == rules
    assert [finding.subject for finding in found] == ["2026-06-12"]
    assert found[0].tolerance == Decimal("1.5")


def test_a_register_counts_by_its_multiplier_and_proves_nothing_without() -> None:
    told = registers(("400", "100"), ("420", "110"))
    assert broken(judged([], told, multiplier="40")) == []
    assert broken(judged([], told, multiplier="20")) == [("register-day", "2026-06-12")]
    assert judged([], told, multiplier=None) == []


def test_a_register_that_was_not_read_for_days_counts_all_of_them() -> None:
    right = registers(("30", "100"), ("34", None), ("20", "154"))
    assert broken(judged([], right)) == []
    wrong = registers(("30", "100"), ("34", None), ("20", "160"))
    assert broken(judged([], wrong)) == [("register-day", "2026-06-13")]
    unknown = registers(("30", "100"), (None, None), ("20", "154"))
    assert judged([], unknown) == []


def test_a_register_proves_nothing_over_averaged_days() -> None:
    told = registers(("30", "100"), ("34", None), ("20", "160"))
    averaged = hours(34_000, day=DAY + ONE, estimated=24)
    assert "register-day" not in {finding.rule for finding in judged([averaged], told)}


def test_a_register_at_its_end_begins_anew() -> None:
    assert broken(judged([], registers(("30", "99990"), ("34", "24")))) == []
    fell = broken(judged([], registers(("30", "50000"), ("34", "24"))))
    assert fell == [("register-day", "2026-06-12")]


def test_another_meter_is_told_and_its_register_is_its_own() -> None:
    told = [hours(day=DAY), hours(day=DAY + ONE, meter="M2")]
    totals = [total("34", register="900"), total("34", day=DAY + ONE, register="3", meter="M2")]
    assert broken(judged(told, totals)) == [("meter-change", "2026-06-12")]


def weeks(count: int = 20, peak: int = 2000) -> list[DayOfHours]:
    """Return days before the day, each with that largest hour."""
    return [hours(day=DAY - (number + 1) * ONE, peak=peak) for number in reversed(range(count))]


@pytest.mark.parametrize(("peak", "rules"), [(6000, []), (6001, ["spike"])])
def test_an_hour_may_be_three_times_the_largest_of_the_weeks_before(
    peak: int, rules: list[str]
) -> None:
    found = judged([*weeks(), hours(peak=peak)])
    assert [rule for rule, _ in broken(found)] == rules


def test_a_spike_needs_a_history_and_some_energy() -> None:
    assert broken(judged([*weeks(13), hours(peak=90_000)])) == []
    assert broken(judged([*weeks(14), hours(peak=90_000)])) == [("spike", "2026-06-11")]
    assert broken(judged([*weeks(peak=10), hours(peak=999)])) == []
    long_ago = [replace(one, day=one.day - 45 * ONE) for one in weeks()]
    assert broken(judged([*long_ago, hours(peak=90_000)])) == []


def test_a_spike_of_received_energy_is_compared_with_received_energy() -> None:
    received = [replace(one, direction=Direction.RECEIVED, peak=500) for one in weeks()]
    spike = hours(peak=1600, direction=Direction.RECEIVED)
    told = sorted([*weeks(), *received, hours(), spike], key=lambda one: one.day)
    assert broken(judged(told)) == [("spike", "2026-06-11, received")]


def test_an_hour_that_stands_out_of_a_busier_day_is_no_spike() -> None:
    # The weeks have 34 kWh a day of which 2 in the largest hour: 32 in all others.
    alone, busier = hours(41_001, peak=9000), hours(41_002, peak=9000)
    assert broken(judged([*weeks(), replace(alone, wh=41_000)])) == [("spike", "2026-06-11")]
    assert broken(judged([*weeks(), alone])) == broken(judged([*weeks(), busier])) == []


# Registers are cut to whole units: what a day's two ends differ by is off by less than one of them,
# and 24 hours in hundredths by 0.12.
def test_totals_that_are_what_the_register_moved_on_are_cut_as_it_is() -> None:
    cut = registers(("30", "100"), ("34", "134"))
    told = [hours(30_000), hours(35_120, day=DAY + ONE)]
    assert broken(judged(told, cut)) == []
    assert broken(judged([told[0], replace(told[1], wh=35_121)], cut)) == [
        ("day-sum", "2026-06-12")
    ]
    rounded = registers(("30", "100"), ("34", "133"))
    assert broken(judged(told, rounded)) == [("day-sum", "2026-06-12")]


@pytest.mark.parametrize(("others", "strict"), [(2, False), (3, True)])
def test_totals_that_are_no_register_differences_say_so_of_those_after_them(
    others: int, *, strict: bool
) -> None:
    # Of the first days the register moves on by one less than is told, then by what is told.
    told = registers(
        ("30", "100"),
        *[("30", f"{100 + 29 * n}") for n in range(1, others + 1)],
        *[("30", f"{100 + 29 * others + 30 * n}") for n in range(1, 35)],
    )
    last = others  # the day of the last one that is off
    off = [hours(31_000, day=DAY + (last + number) * ONE) for number in range(1, 35)]
    wrong = {subject for rule, subject in broken(judged(off, told)) if rule == "day-sum"}
    days_on = range(1, 28) if strict else ()
    assert wrong == {f"{DAY + (last + number) * ONE}" for number in days_on}


def test_a_day_without_a_total_has_the_sum_of_its_hours_to_compare_with_the_register() -> None:
    told = registers(("30", "100"), (None, "134"))
    # Off by less than a unit of the register, and by 0.12 of the hours.
    assert broken(judged([hours(35_120, day=DAY + ONE)], told)) == []
    beyond = hours(35_121, day=DAY + ONE)
    assert broken(judged([beyond], told)) == [("register-day", "2026-06-12")]
    lacking = hours(9000, day=DAY + ONE, known=20)
    assert broken(judged([lacking], told)) == [("gap", "2026-06-12")]


@pytest.mark.parametrize("multiplier", ["80", None])
def test_a_plant_whose_register_counts_in_80_kwh_is_no_more_exact(multiplier: str | None) -> None:
    told = registers(("4000", "100"), ("4000", "150"))
    near = hours(4_080_120, day=DAY + ONE, peak=200_000)
    assert broken(judged([near], told, multiplier=multiplier)) == []
    beyond = replace(near, wh=near.wh + 1)
    assert broken(judged([beyond], told, multiplier=multiplier)) == [("day-sum", "2026-06-12")]


def test_a_net_total_is_what_was_delivered_less_what_was_received() -> None:
    both = [hours(34_000), hours(12_000, direction=Direction.RECEIVED)]
    assert broken(judged(both, [total("22")])) == []
    assert broken(judged(both, [total("34")])) == []
    assert broken(judged(both, [total("28")])) == [("day-sum", "2026-06-11")]
    # 0.5 of the total and 0.12 of the hours of each direction
    assert broken(judged([hours(34_740), both[1]], [total("22")])) == []
    assert broken(judged([hours(34_741), both[1]], [total("22")])) == [("day-sum", "2026-06-11")]


def test_the_register_of_a_net_meter_goes_back() -> None:
    assert broken(judged([], registers(("3", "9800"), ("-4", "9796")))) == []
    assert broken(judged([], registers(("3", "95"), ("-4", "91")))) == []
