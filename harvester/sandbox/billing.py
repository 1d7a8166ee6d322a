"""The bills and the ledger of one account, written forward in time and cut off at today."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import count
from typing import Literal

from harvester.sandbox.cast import Plan
from harvester.sandbox.metering import metering
from harvester.sandbox.nouns import Bill, Channel, LedgerItem, Line, Meter, MeterRead
from harvester.sandbox.rates import PENALTY, TARIFFS, cents, charges

_TO_PAY = timedelta(days=15)
_TO_CORRECT = timedelta(days=6)
_MISREAD_BY = 300
_YEAR = 12
_LATE_PAYMENTS = 0.08


@dataclass(frozen=True)
class Books:
    """Bills and ledger rows of one account, oldest first."""

    bills: tuple[Bill, ...]
    ledger: tuple[LedgerItem, ...]


@lru_cache(maxsize=64)
def books(seed: int, plan: Plan, today: date, *, reissued: bool = False) -> Books:
    """Return what was billed and paid up to and including `today`.

    With `reissued` the newest bill is one of the same period and day with a credit, in place of the
    first one; what was paid of that stays paid.
    """
    newest = len(books(seed, plan, today).bills) - 1 if reissued else None
    writer = _Writer(seed, plan, today, newest)
    writer.write()
    return Books(tuple(writer.bills), tuple(writer.ledger))


class _Writer:
    def __init__(self, seed: int, plan: Plan, today: date, reissued: int | None) -> None:
        self._reissued = reissued
        self._name = f"{seed}:{plan.account.number}"
        self._plan = plan
        self._today = today
        self._metering = metering(seed, plan, today)
        self._balance = Decimal(0)
        self._payments: list[Line] = []
        self.bills: list[Bill] = []
        self.ledger: list[LedgerItem] = []

    def write(self) -> None:
        for index, (since, until) in enumerate(self._periods()):
            rng = random.Random(f"{self._name}:bill:{index}")
            billed = until + timedelta(days=rng.choice((3, 4)))
            if billed > self._today:
                return
            reads = tuple(self._reads(since, until))
            if index == self._plan.misread_bill:
                wrong = replace(reads[-1], present=reads[-1].present + _MISREAD_BY)
                self._issue(billed, (*reads[:-1], wrong))
                billed += _TO_CORRECT
                if billed > self._today:
                    return
                self._issue(billed, reads, corrects=self.bills[-1])
            else:
                self._issue(billed, reads)
            first = self.bills[-1]
            if len(self.bills) - 1 == self._reissued:
                self._replace(first)
            self._settle(first, rng, half=index in self._plan.short_paid)

    def _periods(self) -> Iterator[tuple[date, date]]:
        """Yield service periods of 28 to 33 days, around the same day of each month, endlessly."""
        since = self._plan.opened
        for month in count(since.month):
            aim = date(self._plan.opened.year + month // 12, month % 12 + 1, self._plan.opened.day)
            jitter = random.Random(f"{self._name}:read:{aim}").choice((-1, 0, 0, 1))
            until = since + timedelta(days=max(28, min(33, (aim - since).days + jitter)))
            yield since, until
            since = until

    def _reads(self, since: date, until: date) -> Iterator[MeterRead]:
        channels: tuple[Channel, ...] = ("delivered",)
        if self._plan.account.has_received:
            channels = ("delivered", "received")
        for channel in channels:
            for meter in self._plan.meters:
                first = max(since, meter.installed)
                last = min(until, meter.removed or until)
                if first < last:
                    yield self._read(meter, channel, first, last)

    def _read(self, meter: Meter, channel: Channel, first: date, last: date) -> MeterRead:
        previous = self._metering.reading(meter, first, channel)
        present = self._metering.reading(meter, last, channel)
        return MeterRead(meter.number, channel, first, last, previous, present, meter.multiplier)

    def _replace(self, bill: Bill) -> None:
        """Issue the last bill again with a credit, as though the first issue had never been."""
        self.bills.pop()
        self._balance -= self.ledger.pop().amount
        corrects = self.bills[-1] if bill.kind == "Corrected" else None
        if corrects:
            self._balance -= self.ledger.pop().amount
        self._payments = [line for line in bill.lines if line.component == "payment"]
        self._issue(bill.billing_date, bill.meters, corrects, credit=_CREDIT)

    def _issue(
        self,
        billed: date,
        reads: tuple[MeterRead, ...],
        corrects: Bill | None = None,
        credit: tuple[Line, ...] = (),
    ) -> None:
        plan = self._plan
        since, until = reads[0].service_from, reads[-1].service_to
        kwh = _kwh(reads, "delivered")
        received = _kwh(reads, "received") if plan.account.has_received else None
        tariff = TARIFFS[plan.account.rate]
        *charged, tax = charges(tariff, (until - since).days, kwh, received, plan.lights)
        new = [*charged, *credit, tax]
        current = sum((line.amount for line in new), Decimal(0))
        levelized = self._levelized(current)

        owed = self.bills[-1].total if self.bills else Decimal(0)
        lines = [_line("Balance forward", "balance_forward", owed), *self._payments]
        self._payments = []
        if corrects:
            label = f"Bill of {corrects.billing_date:%m/%d/%Y} reversed"
            lines.append(_line(label, "adjustment", -corrects.current_charges))
            self._post(billed, "Bill", label, -corrects.current_charges)
        lines += new
        if levelized is not None:
            lines.append(_line("Levelized billing adjustment", "adjustment", levelized - current))
        kind = "Corrected" if corrects else "Regular"
        self._post(billed, "Bill", f"{kind} bill", current if levelized is None else levelized)
        total = self._balance
        bill = Bill(
            id=f"{plan.account.number}-{billed:%Y%m%d}",
            account=plan.account.number,
            kind=kind,
            billing_date=billed,
            due_date=billed + _TO_PAY,
            read_date=until,
            service_from=since,
            service_to=until,
            meters=reads,
            kwh=kwh,
            received_kwh=received,
            lines=tuple(lines),
            current_charges=current,
            total=total,
            after_due=total + max(Decimal(0), cents(PENALTY * total)),
            levelized=levelized,
        )
        self.bills.append(bill)

    def _levelized(self, current: Decimal) -> Decimal | None:
        """Return the average of the last twelve current charges, from the thirteenth bill on."""
        if not self._plan.levelized or len(self.bills) < _YEAR:
            return None
        year = [*(bill.current_charges for bill in self.bills), current][-_YEAR:]
        return cents(sum(year, Decimal(0)) / _YEAR)

    def _settle(self, bill: Bill, rng: random.Random, *, half: bool) -> None:
        """Pay a bill, mostly before it is due; the co-op waives the penalty when it is not."""
        late = rng.random() < _LATE_PAYMENTS
        day = bill.due_date + timedelta(days=rng.randint(1, 4) if late else -rng.randint(1, 8))
        penalty_day = bill.due_date + timedelta(days=1)
        if not late:
            self._pay(day, cents(bill.total / 2) if half else bill.total)
        if (late or half) and penalty_day <= self._today:
            waived = bill.after_due - bill.total
            self._post(penalty_day, "Bill", "Late charge waived", waived, moves=False)
        if late:
            self._pay(day, bill.total)

    def _pay(self, day: date, amount: Decimal) -> None:
        if day <= self._today and amount > 0:
            self._post(day, "Payment", "Payment - thank you", -amount)
            label = f"Payment received {day:%m/%d/%Y} - thank you"
            self._payments.append(_line(label, "payment", -amount))

    def _post(
        self,
        day: date,
        kind: Literal["Bill", "Payment"],
        description: str,
        amount: Decimal,
        *,
        moves: bool = True,
    ) -> None:
        if moves:
            self._balance += amount
        number = str(10001 + len(self.ledger))
        row = LedgerItem(number, day, kind, description, amount, self._balance, moves)
        self.ledger.append(row)


_CREDIT = (Line("Service credit", "credit", None, None, None, Decimal("-7.50")),)


def _kwh(reads: Iterable[MeterRead], channel: Channel) -> int:
    return sum(read.kwh for read in reads if read.channel == channel)


def _line(
    label: str, component: Literal["balance_forward", "payment", "adjustment"], amount: Decimal
) -> Line:
    return Line(label, component, None, None, None, amount)
