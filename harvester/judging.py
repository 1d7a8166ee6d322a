"""Applies the rules to what the catalog holds around a change, and keeps their outcome."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import pairwise

from harvester import tariff
from harvester.checks import bills, days
from harvester.model import Artifact, Finding, Kind, Window
from harvester.profile import Profile
from harvester.store.bills import Document, Outline
from harvester.store.catalog import Catalog
from harvester.tariff.learned import HOLDS

_Outcome = tuple[Finding, datetime]
_EVER = Window(date.min, date.max)


class Judging:
    """The rules of one account; each outcome depends on the rows alone, not on their order.

    Made before the rows of an artifact are written, perhaps of the document of a bill of this key,
    it can tell afterwards what they changed.
    """

    def __init__(
        self, catalog: Catalog, profile: Profile, account: int, number: str, bill: str = ""
    ) -> None:
        self._catalog = catalog
        self._profile = profile
        self._account = account
        self._number = number
        self._multipliers = catalog.multipliers(account)
        self._bill_key = bill
        self._before = catalog.outlines(account, bill) if bill else []

    @cached_property
    def _outlines(self) -> list[Outline]:
        """All bills, as they are once all is written."""
        return self._catalog.outlines(self._account)

    def everything(self) -> None:
        """Judge all days and all bills anew."""
        self._days(_EVER)
        self._bills(self._outlines)
        self._together(self._outlines)

    def after(self, artifact: Artifact, covered: Collection[date]) -> None:
        """Judge what an artifact that was just filed may have changed."""
        streams = {Kind.DAILY, Kind.INTERVAL, Kind.GREEN_BUTTON, Kind.GRAPH}
        if artifact.kind in streams and covered:
            window = Window(min(covered), max(covered) + timedelta(days=1))
            self._days(window)
            self._bills([one for one in self._outlines if _meets(one, window)])
        elif artifact.kind is Kind.BILL_PDF:
            before, self._multipliers = (
                self._multipliers,
                self._catalog.multipliers(self._account),
            )
            if before != self._multipliers:
                self._days(_EVER)
            changed = {*self._before} ^ {*self._catalog.outlines(self._account, self._bill_key)}
            periods = {one.period for one in changed}
            self._bills([one for one in self._outlines if one.period in periods])
            self._together(changed)
        elif artifact.kind in {Kind.BILL_LIST, Kind.ACCOUNT}:
            self._bills(self._outlines)
            self._together(self._outlines)

    def listing(self, at: datetime) -> None:
        """Judge the billing history and the ledger as they came home at this time."""
        listed, known, ledger = (
            self._catalog.listed_bills(self._account),
            self._catalog.bills(self._account),
            self._catalog.payments(self._account),
        )
        replaced = bills.superseded(listed, known)
        standing = [bill for bill in known if bill not in replaced]
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

    def _bills(self, judged: Collection[Outline]) -> None:
        """Judge the documents of these bills, each by itself."""
        read = self._read(judged)
        newest = {one.period: one for one in reversed(self._outlines) if one.stated}
        self._keep(
            "bills",
            [
                (f if newest[one.period] == one else _replaced(f), at)
                for one in judged
                for f, at in self._bill(read[one])
            ],
            None if judged is self._outlines else {read[one].bill.key for one in judged},
        )

    def _together(self, changed: Collection[Outline]) -> None:
        """Judge what bills say of one another, and their prices, where any of these matters.

        Of the bills that it reads, those at the ends lack others that they are compared with: they
        are there for those between, which are judged.
        """
        replaced = bills.superseded([one for one in self._outlines if one.listed], self._outlines)
        standing = [one for one in self._outlines if one not in replaced]
        judged = _linked(standing, changed)
        read = self._read(_linked(standing, judged))
        documents = {one: read[one] for one in standing if one in read}
        stated = [bills.Stated(d.bill, d.statement, one.sha) for one, d in documents.items()]
        wanted = {documents[one].bill.key for one in judged}
        at = {d.bill.key: d.retrieved_at for d in documents.values() if d.retrieved_at}
        found = (*bills.documents(self._number, stated), *self._tariff(stated, wanted))
        self._keep(
            "documents",
            [(finding, at[finding.subject]) for finding in found if finding.subject in wanted],
            None if changed is self._outlines else wanted,
        )

    def _read(self, wanted: Collection[Outline]) -> dict[Outline, Document]:
        """Return all documents from the oldest to the newest of these, newest first."""
        billed = {one.billing_date for one in wanted} or {""}
        first, last = min(billed), max(billed)
        between = [one for one in self._outlines if first <= one.billing_date <= last]
        documents = self._catalog.documents(self._account, first, last)
        return dict(zip(between, documents, strict=True))

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

    def _tariff(self, stated: Sequence[bills.Stated], wanted: Collection[str]) -> Iterator[Finding]:
        """Recompute the bills, by the account's rate where they print none."""
        rate = self._catalog.facts(self._account).rate
        told = [
            (one.bill.key, replace(one.statement, rate=one.statement.rate or rate))
            for one in stated
            if one.statement
        ]
        learned = tariff.learn(statement for _, statement in told)
        for key, statement in told:
            if key in wanted:
                yield from tariff.findings(statement, self._profile.tariff, learned, key)

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


def _meets(one: Outline, window: Window) -> bool:
    if one.service_from is None or one.service_to is None:
        return False
    return one.service_from < f"{window.end}" and f"{window.start}" <= one.service_to


def _linked(standing: Sequence[Outline], some: Collection[Outline]) -> set[Outline]:
    """Return these bills and all whose outcome may depend on them, or theirs on it.

    Those are the next ones in order, the ones of the same document, and those whose price is told
    for the same time.
    """
    some = set(some)
    days = [date.fromisoformat(one.service_to) for one in some if one.service_to]
    first, last = (f"{min(days) - HOLDS}", f"{max(days) + HOLDS}") if days else ("", "")
    shas = {one.sha for one in some} - {""}
    linked = {
        one
        for one in standing
        if one in some or one.sha in shas or first <= (one.service_to or "") <= last != ""
    }
    for pair in pairwise(standing):
        if pair[0] in some or pair[1] in some:
            linked.update(pair)
    return linked


def _latest(*times: tuple[date, datetime]) -> Mapping[date, datetime]:
    latest: dict[date, datetime] = {}
    for day, at in times:
        latest[day] = max(at, latest.get(day, at))
    return latest


def _midnight(day: str) -> datetime:
    """Return what a silence counts from, as nothing of it came home: the day itself."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
