"""Applies the rules to what the catalog holds around a change, and keeps their outcome."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from harvester import tariff
from harvester.checks import bills, days
from harvester.errors import State
from harvester.model import Artifact, Finding, Kind, Window
from harvester.profile import Profile
from harvester.store.bills import Document
from harvester.store.catalog import Catalog

_Outcome = tuple[Finding, datetime]
_EVER = Window(date.min, date.max)


class Judging:
    """The rules of one account; each outcome depends on the rows alone, not on their order."""

    def __init__(self, catalog: Catalog, profile: Profile, account: int, number: str) -> None:
        self._catalog = catalog
        self._profile = profile
        self._account = account
        self._number = number
        self._multipliers = catalog.multipliers(account)

    def everything(self) -> None:
        """Judge all days and all bills anew."""
        self._days(_EVER)
        self._bills(None)
        self._together()

    def after(self, artifact: Artifact, covered: Collection[date], bill: str) -> None:
        """Judge what an artifact that was just filed may have changed."""
        streams = {Kind.DAILY, Kind.INTERVAL, Kind.GREEN_BUTTON, Kind.GRAPH}
        if artifact.kind in streams and covered:
            window = Window(min(covered), max(covered) + timedelta(days=1))
            self._days(window)
            self._bills(
                {
                    d.bill.key
                    for d in self._catalog.documents(self._account)
                    if d.statement and _meets(d, window)
                }
            )
        elif artifact.kind is Kind.BILL_PDF:
            before, self._multipliers = (
                self._multipliers,
                self._catalog.multipliers(self._account),
            )
            if before != self._multipliers:
                self._days(_EVER)
            self._bills({bill}, and_of_its_period=True)
            self._together()
        elif artifact.kind in {Kind.BILL_LIST, Kind.ACCOUNT}:
            self._bills(None)
            self._together()

    def listing(self, at: datetime) -> None:
        """Judge the billing history and the ledger as they came home at this time."""
        listed, known, ledger = (
            self._catalog.listed_bills(self._account),
            self._catalog.bills(self._account),
            self._catalog.payments(self._account),
        )
        replaced = bills.superseded(listed, known)
        standing = [bill for bill in known if bill.key not in replaced]
        found = [
            *bills.listing(self._number, listed, known, ledger, self._profile.bills_listed),
            *bills.ledger(self._number, standing, ledger),
        ]
        outcomes = [(finding, at) for finding in found]
        self._catalog.replace_findings(self._account, "listing", outcomes, lasting=True)

    def _days(self, window: Window) -> None:
        """Judge the days of a window, and those after it that are compared with them."""
        catalog, account = self._catalog, self._account
        start = window.start if window is _EVER else window.start - days.HISTORY
        end = window.end if window is _EVER else window.end + days.HISTORY
        around = Window(start, end)
        hours = catalog.days_of_hours(account, around)
        totals = catalog.totals_told(account, around)
        present = {one.day for one in hours} | {total.day for total, _ in totals}
        judged = sorted(day for day in present if window.start <= day < end)
        told = days.Told(
            account=self._number,
            hours=hours,
            totals=[total for total, _ in totals],
            multipliers=self._multipliers,
        )
        since = _latest(
            *((one.day, one.since) for one in hours),
            *((total.day, at) for total, at in totals),
        )
        late = catalog.late_revisions(account, around)
        found = [*days.days(told, judged), *days.late(self._number, set(judged) & set(late))]
        self._keep(
            "days",
            [(f, since[date.fromisoformat(f.subject[:10])]) for f in found],
            None if window is _EVER else {f"{day}" for day in judged},
        )
        silence = days.silence(self._number, catalog.silent_days(account), *catalog.extent(account))
        self._keep("silence", [(f, _midnight(f.subject)) for f in silence])

    def _bills(self, keys: Collection[str] | None, *, and_of_its_period: bool = False) -> None:
        """Judge the documents of these bills, or of all, each by itself."""
        documents = self._catalog.documents(self._account)
        since = {
            d.bill.key: d.statement.service_from or d.bill.billing_date
            for d in documents
            if d.statement
        }
        if keys is not None and and_of_its_period:
            periods = {since.get(key) for key in keys}
            keys = {*keys, *(key for key, start in since.items() if start in periods)}
        chosen = [d for d in documents if keys is None or d.bill.key in keys]
        newest = {start: key for key, start in reversed(since.items())}
        self._keep(
            "bills",
            [
                (f if newest[since[d.bill.key]] == d.bill.key else _replaced(f), at)
                for d in chosen
                for f, at in self._bill(d)
            ],
            None if keys is None else {d.bill.key for d in chosen},
        )

    def _together(self) -> None:
        """Judge what bills say of one another, and their prices."""
        documents = self._catalog.documents(self._account)
        listed = self._catalog.listed_bills(self._account)
        replaced = bills.superseded(listed, [d.bill for d in documents])
        stated = [
            bills.Stated(d.bill, d.statement, d.sha if d.state is State.OK else "")
            for d in documents
            if d.bill.key not in replaced
        ]
        at = {d.bill.key: d.retrieved_at for d in documents if d.retrieved_at}
        found = (*bills.documents(self._number, stated), *self._tariff(stated))
        self._keep("documents", [(finding, at[finding.subject]) for finding in found])

    def _bill(self, document: Document) -> Iterator[_Outcome]:
        told, bill, at = document.statement, document.bill, document.retrieved_at
        if told is None or at is None:
            return
        for finding in bills.statement(bill, told):
            yield finding, at
        if told.service_from is None or told.service_to is None:
            return
        period = Window(told.service_from, told.service_to)
        hours = self._catalog.days_of_hours(self._account, period)
        newest = max([at, *(one.since for one in hours)])
        for finding in bills.energy(bill, told, hours, self._seconds(period)):
            yield finding, newest
        totals = self._catalog.day_totals(self._account, period)
        for finding in bills.registers(bill, told, totals):
            yield finding, at

    def _tariff(self, stated: Sequence[bills.Stated]) -> Iterator[Finding]:
        """Recompute the bills, by the account's rate where they print none."""
        rate = self._catalog.facts(self._account).rate
        told = [
            (one.bill, replace(one.statement, rate=one.statement.rate or rate))
            for one in stated
            if one.statement
        ]
        learned = tariff.learn(statement for _, statement in told)
        for bill, statement in told:
            yield from tariff.findings(statement, self._profile.tariff, learned, bill.key)

    def _seconds(self, period: Window) -> int:
        zone = self._profile.zone
        start, end = (
            datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)
            for day in (period.start, period.end)
        )
        return int((end - start).total_seconds())

    def _keep(
        self, origin: str, found: Collection[_Outcome], subjects: Collection[str] | None = None
    ) -> None:
        self._catalog.replace_findings(self._account, origin, found, subjects)


def _replaced(finding: Finding) -> Finding:
    """Add to what is wrong with a bill that another one of its period came after it."""
    said = f"{finding.message} A later bill of the same period replaces it."
    return replace(finding, message=said) if finding.message else finding


def _meets(document: Document, window: Window) -> bool:
    told = document.statement
    if told is None or told.service_from is None or told.service_to is None:
        return False
    return told.service_from < window.end and window.start <= told.service_to


def _latest(*times: tuple[date, datetime]) -> Mapping[date, datetime]:
    latest: dict[date, datetime] = {}
    for day, at in times:
        latest[day] = max(at, latest.get(day, at))
    return latest


def _midnight(day: str) -> datetime:
    """Return what a silence counts from, as nothing of it came home: the day itself."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
