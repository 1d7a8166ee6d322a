"""Compares each bill's list row, document, ledger row, registers and hours with one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Protocol, TypeVar

from harvester.checks.days import advance, rounding, unit
from harvester.model import (
    Bill,
    Component,
    DayOfHours,
    DayTotal,
    Direction,
    Finding,
    Payment,
    Statement,
)

_KWH = Decimal("0.001")
_DAY = timedelta(days=1)
_NONE = Decimal(0)


class _Listed(Protocol):
    """What says which bill of a day a listed one is."""

    @property
    def billing_date(self) -> object: ...

    @property
    def kind(self) -> str: ...


_Bill = TypeVar("_Bill", bound=_Listed)


@dataclass(frozen=True)
class Stated:
    """A listed bill, what its document says, and the hash of that document if it is its own."""

    bill: Bill
    statement: Statement | None
    sha: str


def listing(
    account: str,
    listed: Collection[Bill],
    known: Collection[Bill],
    ledger: Collection[Payment],
    most: int,
) -> Iterator[Finding]:
    """Find a billing history that is empty, or lacks what it showed before or what was booked.

    `most` is how many bills the portal lists; fewer are all there are if the ledger books no other.
    """
    history = "billing history"
    booked = {row.day for row in ledger if row.kind == "Bill" and row.moves_balance}
    if not listed and ledger and not known and not booked:  # as where power is prepaid
        yield Finding(account, "no-bills", history, "")
        return
    if not listed:
        message = "The billing history is empty; an account in service has bills."
        yield Finding(account, "no-bills", history, message)
        return
    replaced = superseded(listed, known)
    for older, newer in replaced.items():
        message = f"The portal lists one of {newer.amount} in its place; both are kept."
        yield Finding(account, "superseded", older.key, message)
    before = len(known) - len(replaced)
    if len(listed) < min(most, before):
        message = f"{len(listed)} bills are listed where {before} were before."
        yield Finding(account, "fewer-bills", history, message)
    days = {bill.billing_date for bill in listed}
    oldest, short = min(days), most - len(listed)
    missing = [day for day in sorted(booked - days) if day > oldest or short > 0]
    for day in missing:
        message = f"The ledger books a bill of {day} that the billing history does not list."
        yield Finding(account, "bill-missing", f"{day}", message)
    if booked and short > 0 and not missing:
        yield Finding(account, "bill-missing", history, "", Decimal(short), Decimal(short))


def superseded(listed: Collection[_Bill], known: Collection[_Bill]) -> dict[_Bill, _Bill]:
    """Return what is listed in place of bills that no longer are, by each of those."""
    newest = {(bill.billing_date, bill.kind): bill for bill in listed}
    still = set(listed)
    gone = (bill for bill in known if bill not in still)
    return {
        bill: newest[bill.billing_date, bill.kind]
        for bill in gone
        if (bill.billing_date, bill.kind) in newest
    }


def ledger(account: str, bills: Collection[Bill], rows: Collection[Payment]) -> Iterator[Finding]:
    """Find listed bills that are neither a ledger row of that day nor the balance after one.

    What a bill asks for holds what was still owed; its row in the ledger does not.
    """
    booked: dict[date, set[Decimal]] = defaultdict(set)
    for row in rows:
        if row.kind == "Bill":
            booked[row.day] |= {row.amount, row.balance}
    for bill in bills if booked else ():
        near = booked[bill.billing_date]
        apart = min((abs(bill.amount - owed) for owed in near), default=bill.amount)
        message = "" if bill.amount in near else "The ledger has no bill of this day and amount."
        yield Finding(account, "ledger", bill.key, message, apart, _NONE)


def documents(account: str, bills: Sequence[Stated]) -> Iterator[Finding]:
    """Find bills, newest first, of which two have one document or do not follow one another."""
    holders: dict[str, list[Bill]] = defaultdict(list)
    for one in bills:
        if one.sha:
            holders[one.sha].append(one.bill)
    for same in holders.values():
        for bill in same[1:]:
            message = (
                f"Its document is the same file as that of the bill of {same[0].billing_date}."
            )
            yield Finding(account, "same-document", bill.key, message)
    for one, before in pairwise(bills):
        if one.statement and before.statement:
            yield from _follows(one.bill, one.statement, before.statement)


def _follows(bill: Bill, statement: Statement, before: Statement) -> Iterator[Finding]:
    """Compare a bill with the one before it; a corrected bill is about the same period again."""
    since, until = statement.service_from, before.service_to
    if since and until and since != before.service_from:
        apart = (since - until).days
        message = ""
        if apart not in {0, 1}:
            message = f"The bill before ends on {until}, this one begins on {since}."
        yield Finding(bill.account, "bill-period", bill.key, message, Decimal(apart), Decimal(1))
    forward = statement.sum_of(Component.BALANCE_FORWARD)
    if forward is not None and before.total is not None:
        message = f"It brings {forward} forward where the bill before asked for {before.total}."
        yield _compared(bill, "balance-forward", forward - before.total, message)


def statement(bill: Bill, told: Statement) -> Iterator[Finding]:
    """Compare a bill's document with its list row and with itself."""
    if told.kwh is not None and bill.net_kwh is not None:
        message = f"The document bills {told.kwh} kWh, the list shows {bill.net_kwh}."
        allowed = _rounded(told.kwh, bill.net_kwh)
        yield _compared(bill, "bill-kwh", told.kwh - bill.net_kwh, message, allowed=allowed)
    if told.total is not None:
        message = f"The document asks for {told.total}, the list shows {bill.amount}."
        yield _compared(bill, "bill-total", told.total - bill.amount, message)
    for what, printed, shown in (
        ("due date", told.due_date, bill.due_date),
        ("end of service", told.service_to, bill.read_date),
    ):
        if printed and shown and printed != shown:
            message = f"The document's {what} is {printed}, the list's {shown}."
            yield _compared(bill, "bill-dates", Decimal((printed - shown).days), message)
    if told.lines and told.total is not None:
        summed = sum((line.amount for line in told.lines), _NONE)
        message = f"The lines add up to {summed}, the bill asks for {told.total}."
        yield _compared(bill, "bill-lines", summed - told.total, message)
    if told.days is not None and told.service_from and told.service_to:
        span = (told.service_to - told.service_from).days
        message = f"From {told.service_from} to {told.service_to} are {span} days, not {told.days}."
        yield _compared(bill, "bill-days", Decimal(span - told.days), message)
    yield from _registers(bill, told)


def _registers(bill: Bill, told: Statement) -> Iterator[Finding]:
    for read in told.reads:
        if read.previous is None or read.present is None or read.kwh is None:
            continue
        factor = read.multiplier if read.multiplier is not None else Decimal(1)
        energy = advance(read.previous, read.present) * factor
        message = (
            f"Meter {read.meter} went from {read.previous} to {read.present}, which is {energy}"
            f" kWh; {read.kwh} are billed."
        )
        subject = f"{bill.key}, {read.meter} {read.direction.name.lower()}"
        apart, allowed = energy - read.kwh, _rounded(energy, read.kwh)
        yield _compared(bill, "bill-register", apart, message, subject=subject, allowed=allowed)
    for direction, billed in (
        (Direction.DELIVERED, told.kwh),
        (Direction.RECEIVED, told.received_kwh),
    ):
        energies = [read.kwh for read in told.reads if read.direction is direction]
        known = [kwh for kwh in energies if kwh is not None]
        if known and len(known) == len(energies) and billed is not None:
            message = f"The meters have {sum(known)} kWh, the bill {billed}."
            subject = bill.key if direction is Direction.DELIVERED else f"{bill.key}, received"
            apart, allowed = sum(known) - billed, _rounded(sum(known, _NONE), billed)
            yield _compared(bill, "bill-reads", apart, message, subject=subject, allowed=allowed)


def energy(
    bill: Bill, told: Statement, hours: Collection[DayOfHours], expected: int
) -> Iterator[Finding]:
    """Compare the hours between a bill's readings with the energy billed.

    `expected` is how many seconds the period has; where an interval is missing or averaged, nothing
    is proven.  Hours are rounded, and a register is cut to whole units at both ends.
    """
    for direction, billed in (
        (Direction.DELIVERED, told.kwh),
        (Direction.RECEIVED, told.received_kwh),
    ):
        days = [one for one in hours if one.direction is direction]
        known = sum(one.seconds for one in days)
        if billed is None or known != expected or any(one.estimated for one in days):
            continue
        factors = [r.multiplier or Decimal(1) for r in told.reads if r.direction is direction]
        allowed = sum(map(rounding, days), _NONE) + sum(factors or [Decimal(1)], _NONE)
        summed = sum(one.wh for one in days) * _KWH
        message = ""
        if abs(summed - billed) > allowed:
            message = f"The hours of the period add up to {summed} kWh, the bill to {billed}."
        subject = bill.key if direction is Direction.DELIVERED else f"{bill.key}, received"
        yield Finding(bill.account, "bill-energy", subject, message, summed - billed, allowed)


def registers(bill: Bill, told: Statement, totals: Mapping[date, DayTotal]) -> Iterator[Finding]:
    """Compare the readings billed with the register of the day that ends at the reading."""
    for read in told.reads:
        if read.direction is Direction.RECEIVED or read.present is None or not read.service_to:
            continue
        total = totals.get(read.service_to - _DAY)
        if total is None or total.end_reading is None or total.meter != read.meter:
            continue
        apart = read.present - total.end_reading
        allowed = max(unit(read.present), unit(total.end_reading))
        message = ""
        if abs(apart) > allowed:
            message = (
                f"Meter {read.meter} is billed at {read.present} on {read.service_to}, where the"
                f" daily feed ends at {total.end_reading}."
            )
        subject = f"{bill.key}, {read.meter}"
        yield Finding(bill.account, "register-bill", subject, message, apart, allowed)


def _rounded(one: Decimal, other: Decimal) -> Decimal:
    """Return how far apart two numbers may be of which one is shown with fewer decimals, if so.

    The one with fewer may be rounded or cut.
    """
    coarse = max(unit(one), unit(other))
    return coarse if one % coarse or other % coarse else _NONE


def _compared(
    bill: Bill,
    rule: str,
    apart: Decimal,
    message: str,
    *,
    subject: str = "",
    allowed: Decimal = _NONE,
) -> Finding:
    """Return the outcome of a rule that allows no difference but that of decimals."""
    said = message if abs(apart) > allowed else ""
    return Finding(bill.account, rule, subject or bill.key, said, apart, allowed)
