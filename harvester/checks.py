"""The invariants of good data, as findings: each compares two things that the portal said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from harvester.model import Bill, DayTotal, Direction, Finding, Payment, Reading

_KWH = Decimal("0.001")
_HOUR_ROUNDING = Decimal("0.005")
"""Hours are shown in hundredths of a kWh."""


def hours(readings: Iterable[Reading], totals: Mapping[date, DayTotal]) -> Iterator[Finding]:
    """Compare the hours of each day with the day's total, within the rounding of both.

    Hours that are missing may only leave a day short of its total.
    """
    days: dict[date, list[Reading]] = defaultdict(list)
    for reading in readings:
        if reading.direction is Direction.DELIVERED:
            days[reading.local_day].append(reading)
    for day, told in days.items():
        total = totals.get(day)
        if total is None or total.total_kwh is None:
            continue
        known = [reading.wh for reading in told if reading.wh is not None]
        apart = total.total_kwh - sum(known) * _KWH
        allowed = _half_unit(total.total_kwh) + _HOUR_ROUNDING * len(told)
        if apart < -allowed or (len(known) == len(told) and apart > allowed):
            yield Finding(
                total.account,
                "day-sum",
                f"{day}",
                f"The hours add up to {total.total_kwh - apart} kWh, the day to {total.total_kwh}.",
            )


def no_hours(
    account: str, missing: Collection[date], totals: Mapping[date, DayTotal]
) -> Iterator[Finding]:
    """Find days that have a total but, as the portal says, no hours."""
    for day in sorted(missing):
        if (total := totals.get(day)) and total.total_kwh is not None:
            yield Finding(
                account, "no-hours", f"{day}", f"The day has {total.total_kwh} kWh but no hours."
            )


def bill_list(
    account: str, listed: Collection[Bill], known: Collection[Bill], most: int
) -> Iterator[Finding]:
    """Find a billing history that is empty or lacks what it showed before."""
    if not listed:
        yield Finding(
            account,
            "no-bills",
            "billing history",
            "The billing history is empty; an account in service has bills.",
        )
    elif len(listed) < min(most, len(known)):
        yield Finding(
            account,
            "fewer-bills",
            "billing history",
            f"{len(listed)} bills are listed where {len(known)} were before.",
        )


def ledger(account: str, payments: Iterable[Payment], bills: Iterable[Bill]) -> Iterator[Finding]:
    """Find listed bills that are neither a ledger row of that day nor the balance after one.

    What a bill asks for holds what was still owed; its row in the ledger does not.
    """
    booked = {
        (row.day, owed)
        for row in payments
        if row.kind == "Bill"
        for owed in (row.amount, row.balance)
    }
    for bill in bills:
        if booked and (bill.billing_date, bill.amount) not in booked:
            yield Finding(
                account, "ledger", bill.key, "The ledger has no bill of this day and amount."
            )


def _half_unit(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    return Decimal(5).scaleb((exponent if isinstance(exponent, int) else 0) - 1)
