"""Each invariant of good data speaks up just beyond its tolerance and is silent at it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from harvester import checks
from harvester.model import Bill, DayTotal, Direction, Payment, Quality, Reading

ACCOUNT = "1234567001"
DAY = date(2026, 6, 11)
MIDNIGHT = datetime(2026, 6, 11, 5, tzinfo=UTC)


def hours(
    values: Iterable[int | None], direction: Direction = Direction.DELIVERED, day: date = DAY
) -> list[Reading]:
    """Return a day's readings of so many Wh each."""
    return [
        Reading(
            account=ACCOUNT,
            meter="M1",
            direction=direction,
            start=MIDNIGHT + (day - DAY) + number * timedelta(hours=1),
            seconds=3600,
            wh=wh,
            quality=Quality.RAW,
            reason=None,
            label="",
            ordinal=0,
            local_day=day,
            utc_offset=-18000,
        )
        for number, wh in enumerate(values)
    ]


def total(kwh: str | None, day: date = DAY) -> dict[date, DayTotal]:
    value = None if kwh is None else Decimal(kwh)
    return {day: DayTotal(ACCOUNT, day, "M1", value, None, None)}


def day_of(wh: int) -> list[int | None]:
    """Return 24 hours that sum to so many Wh."""
    return [wh - 23 * 1000, *[1000] * 23]


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
        assert list(checks.hours(hours(day_of(silent)), total(kwh))) == []
    for loud in (least - 1, most + 1):
        (found,) = checks.hours(hours(day_of(loud)), total(kwh))
        assert (found.account, found.rule, found.subject) == (ACCOUNT, "day-sum", "2026-06-11")


def test_the_finding_names_both_sums() -> None:
    (found,) = checks.hours(hours(day_of(35_000)), total("34"))
    assert found.message == "The hours add up to 35.000 kWh, the day to 34."


def test_half_hours_round_twice_as_often_as_hours() -> None:
    # 48 x 0.005 = 0.24, and 0.005 of the total: 0.245.
    least = [24_000 - 245 - 47 * 500, *[500] * 47]
    assert list(checks.hours(hours(least), total("24.00"))) == []
    assert len(list(checks.hours(hours([least[0] - 1, *least[1:]]), total("24.00")))) == 1


def test_missing_hours_may_leave_a_day_short_of_its_total() -> None:
    assert list(checks.hours(hours([1000] * 20 + [None] * 4), total("34"))) == []
    assert list(checks.hours(hours([None] * 24), total("34"))) == []


def test_missing_hours_may_not_take_a_day_beyond_its_total() -> None:
    # 23 hours of 1 kWh are known: at most 34.62 in all, whatever the missing hour holds.
    at_most = [34_620 - 22 * 1000, *[1000] * 22, None]
    assert list(checks.hours(hours(at_most), total("34"))) == []
    beyond = [34_621 - 22 * 1000, *[1000] * 22, None]
    assert len(list(checks.hours(hours(beyond), total("34")))) == 1


def test_received_energy_is_no_part_of_the_delivered_total() -> None:
    both = hours(day_of(34_000)) + hours([2000] * 24, Direction.RECEIVED)
    assert list(checks.hours(both, total("34"))) == []
    assert list(checks.hours(hours([2000] * 24, Direction.RECEIVED), total("34"))) == []


def test_negative_hours_count_as_they_are() -> None:
    net = hours([-2000, *[1000] * 23])
    assert list(checks.hours(net, total("21"))) == []
    assert len(list(checks.hours(net, total("25")))) == 1


def test_a_day_without_a_total_is_not_judged() -> None:
    assert list(checks.hours(hours(day_of(34_000)), {})) == []
    assert list(checks.hours(hours(day_of(34_000)), total(None))) == []


def test_each_day_is_judged_by_its_own_total() -> None:
    next_day = DAY + timedelta(days=1)
    readings = hours(day_of(34_000)) + hours(day_of(50_000), day=next_day)
    found = list(checks.hours(readings, total("34") | total("34", next_day)))
    assert [finding.subject for finding in found] == ["2026-06-12"]


def test_a_day_with_a_total_but_no_hours_is_found() -> None:
    (found,) = checks.no_hours(ACCOUNT, {DAY}, total("34"))
    assert (found.account, found.rule, found.subject) == (ACCOUNT, "no-hours", "2026-06-11")
    assert found.message == "The day has 34 kWh but no hours."


def test_a_day_of_zero_has_a_total_too() -> None:
    assert len(list(checks.no_hours(ACCOUNT, {DAY}, total("0")))) == 1


def test_a_day_without_hours_and_without_a_total_is_only_missing() -> None:
    assert list(checks.no_hours(ACCOUNT, {DAY}, total(None))) == []
    assert list(checks.no_hours(ACCOUNT, {DAY}, {})) == []
    assert list(checks.no_hours(ACCOUNT, set(), total("34"))) == []


def test_days_without_hours_are_told_oldest_first() -> None:
    days = [DAY + timedelta(days=number) for number in range(3)]
    totals = total("1", days[0]) | total("2", days[1]) | total("3", days[2])
    found = checks.no_hours(ACCOUNT, [days[2], days[0], days[1]], totals)
    assert [finding.subject for finding in found] == ["2026-06-11", "2026-06-12", "2026-06-13"]


def bills(count: int) -> list[Bill]:
    """Return so many different bills."""
    return [bill(amount=f"{100 + number}.00") for number in range(count)]


def bill(day: date = DAY, amount: str = "201.59") -> Bill:
    return Bill(ACCOUNT, "Regular", day, None, None, None, Decimal(amount))


def test_an_empty_billing_history_is_never_a_success() -> None:
    for known in (0, 24):
        (found,) = checks.bill_list(ACCOUNT, [], bills(known), 24)
        assert (found.rule, found.subject) == ("no-bills", "billing history")


@pytest.mark.parametrize(
    ("listed", "known", "rules"),
    [
        (1, 0, []),
        (5, 5, []),
        (6, 5, []),
        (4, 5, ["fewer-bills"]),
        (24, 24, []),
        (24, 30, []),  # the portal shows 24 at most
        (23, 24, ["fewer-bills"]),
        (23, 30, ["fewer-bills"]),
        (23, 23, []),
    ],
)
def test_a_billing_history_may_not_lose_bills_that_it_would_still_show(
    listed: int, known: int, rules: list[str]
) -> None:
    found = list(checks.bill_list(ACCOUNT, bills(listed), bills(known), 24))
    assert [finding.rule for finding in found] == rules


def row(amount: str, balance: str, day: date = DAY, kind: str = "Bill") -> Payment:
    booked = Decimal(amount), Decimal(balance)
    return Payment(ACCOUNT, "1", day, kind, "", *booked, moves_balance=True)


def test_a_bill_is_in_the_ledger_by_its_amount_or_by_the_balance_after_it() -> None:
    assert list(checks.ledger(ACCOUNT, [row("201.59", "250.00")], [bill()])) == []
    assert list(checks.ledger(ACCOUNT, [row("150.00", "201.59")], [bill()])) == []


@pytest.mark.parametrize(
    "booked",
    [
        row("201.58", "201.60"),
        row("201.59", "201.59", day=DAY - timedelta(days=1)),
        row("201.59", "201.59", day=DAY + timedelta(days=1)),
    ],
)
def test_a_bill_a_cent_or_a_day_away_from_the_ledger_is_found(booked: Payment) -> None:
    (found,) = checks.ledger(ACCOUNT, [booked], [bill()])
    assert (found.account, found.rule) == (ACCOUNT, "ledger")
    assert found.subject == "1234567001/2026-06-11/Regular/201.59"


def test_a_payment_of_that_day_and_amount_is_no_bill() -> None:
    payment = row("201.59", "201.59", kind="Payment")
    other = row("99.00", "99.00")
    assert len(list(checks.ledger(ACCOUNT, [payment, other], [bill()]))) == 1


def test_a_ledger_without_any_bill_says_nothing_about_bills() -> None:
    assert list(checks.ledger(ACCOUNT, [], [bill()])) == []
    assert list(checks.ledger(ACCOUNT, [row("5.00", "5.00", kind="Payment")], [bill()])) == []


def test_only_the_bills_that_the_ledger_lacks_are_found() -> None:
    booked = [row("100.00", "100.00"), row("102.00", "102.00")]
    found = list(checks.ledger(ACCOUNT, booked, bills(3)))
    assert [finding.subject for finding in found] == ["1234567001/2026-06-11/Regular/101.00"]
