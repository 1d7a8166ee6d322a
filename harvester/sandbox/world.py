"""The simulated co-op as its portal tells it on one day, all of it from a seed and that day.

What happened is fixed by the seed alone; `today` only decides how much of it is already told, and
in which version.  So a later `today` adds days, bills and rows and replaces averaged days by true
ones, and changes nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from harvester.sandbox.billing import Books, books
from harvester.sandbox.cast import CAST, Plan
from harvester.sandbox.metering import metering
from harvester.sandbox.nouns import (
    TODAY,
    ZONE,
    Account,
    Bill,
    Day,
    Hour,
    LedgerItem,
    Line,
    Meter,
    MeterRead,
    Note,
    Revision,
    SignIn,
)

__all__ = [
    "TODAY",
    "ZONE",
    "Account",
    "Bill",
    "Day",
    "Hour",
    "LedgerItem",
    "Line",
    "Meter",
    "MeterRead",
    "Note",
    "Revision",
    "SignIn",
    "World",
]


class World:
    """Everything the portal knows on `today`; unknown users and account numbers are KeyErrors.

    Where it is `reissued`, the newest bill of each account has been replaced by one with a credit;
    where it is `net`, a meter behind panels tells delivered less received energy and no other.
    """

    def __init__(
        self, seed: int = 7, today: date = TODAY, *, reissued: bool = False, net: bool = False
    ) -> None:
        self.seed = seed
        self.today = today
        self._reissued = reissued
        self._plans: dict[str, Plan] = {}
        self._sign_ins: dict[str, SignIn] = {}
        for user, members in CAST.items():
            plans = tuple(map(_net, members)) if net else members
            told = [replace(plan.account, notes=self._notes(plan)) for plan in plans]
            self._sign_ins[user] = SignIn(user, f"{user}-Pa55", tuple(told))
            self._plans |= {plan.account.number: plan for plan in plans}
        self._accounts = {a.number: a for s in self.sign_ins for a in s.accounts}

    @property
    def sign_ins(self) -> tuple[SignIn, ...]:
        """Every sign-in the portal accepts."""
        return tuple(self._sign_ins.values())

    def sign_in(self, user: str) -> SignIn:
        """Return the sign-in of a user id, which is matched exactly."""
        return self._sign_ins[user]

    def known(self, user: str) -> SignIn | None:
        """Return the sign-in of what is typed: its user id, or 1234567001 or 1234567-001."""
        number = user.replace("-", "", 1) if user[7:8] == "-" else user
        seen = (s for s in self.sign_ins if s.account(number))
        return self._sign_ins.get(user) or next(seen, None)

    def account(self, number: str) -> Account:
        """Return the account of a ten-digit number."""
        return self._accounts[number]

    def opened(self, number: str) -> date:
        """Return the first day of an account's service, before which it has no data."""
        return self._plans[number].opened

    def meters(self, number: str) -> tuple[Meter, ...]:
        """Return the meters known by today, oldest first."""
        return tuple(
            replace(m, removed=m.removed if m.removed and m.removed <= self.today else None)
            for m in self._plans[number].meters
            if m.installed <= self.today
        )

    def days(self, number: str, first: date, last: date) -> list[Day]:
        """Return the days first..last, both included, that are published; the others are absent."""
        metered = metering(self.seed, self._plans[number], self.today)
        first = max(first, self.opened(number))
        last = min(last, self.today)
        span = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [day for day in (metered.told(day, self.today) for day in span) if day]

    def revisions(self, number: str) -> list[Revision]:
        """Return the versions that were shown once and are replaced by today, oldest day first."""
        return metering(self.seed, self._plans[number], self.today).revisions(self.today)

    def bills(self, number: str) -> tuple[Bill, ...]:
        """Return all bills up to today, newest first; the portal itself shows the last 24."""
        return self._books(number).bills[::-1]

    def bill(self, bill_id: str) -> Bill:
        """Return the bill of an id."""
        number = bill_id.partition("-")[0]
        found = {bill.id: bill for bill in self.bills(number)}
        return found[bill_id]

    def ledger(self, number: str) -> tuple[LedgerItem, ...]:
        """Return bills and payments up to today, oldest first, with the running balance."""
        return self._books(number).ledger

    def _books(self, number: str) -> Books:
        return books(self.seed, self._plans[number], self.today, reissued=self._reissued)

    def _notes(self, plan: Plan) -> tuple[Note, ...]:
        return tuple(note for note in plan.account.notes if note.day < self.today)


def _net(plan: Plan) -> Plan:
    if not plan.panels_kw:
        return plan
    return replace(plan, net=True, account=replace(plan.account, has_received=False))
