"""Files an artifact: bytes into the archive first, then what they say into the catalog, at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from harvester.checks.readings import readings as check
from harvester.errors import BadData
from harvester.extract import extract
from harvester.extract.rows import Rows, Setting
from harvester.judging import Judging
from harvester.model import Artifact, Bill, Finding, Kind, Window
from harvester.profile import Profile
from harvester.store.usage import Change
from harvester.store.whole import Store

__all__ = ["Filed", "Filing", "Store"]

_SUFFIX = {
    "application/pdf": "pdf",
    "text/html": "html",
    "application/atom+xml": "xml",
    "application/zip": "zip",
}


@dataclass(frozen=True)
class Filed:
    """What became of an artifact."""

    sha: str
    rows: Rows
    change: Change
    failure: BadData | None
    """Why nothing could be read from it, if so."""


class Filing:
    """Extraction, rules and rows of one profile's artifacts, now or again."""

    def __init__(self, store: Store, profile: Profile) -> None:
        self._archive = store.archive
        self._catalog = store.catalog
        self._profile = profile

    def take(self, account: int, artifact: Artifact, run: int) -> Filed:
        """File what came home: in any order, and any number of times, with the same result.

        What came home before something that is already filed makes all of its account read again.
        """
        # Who tidies or forgets sees file and row, or neither.
        with self._catalog.transaction(account):
            sha = self._archive.put(artifact.content, _SUFFIX.get(artifact.media_type, "json"))
            entered = self._catalog.add_artifact(account, artifact, sha, run)
            rows, failure = self._extract(account, artifact)
            change = Change(0, 0)
            if entered.new and entered.last:
                bill = artifact.about.get("bill", "")
                judging = Judging(self._catalog, self._profile, account, artifact.account, bill)
                change = self._write(account, entered.id, artifact, rows)
                judging.after(artifact, rows.covered)
            elif entered.new:
                before = self._catalog.told(account)
                self.again(account)
                change = Change(*(now - then for now, then in zip(
                    self._catalog.told(account), before, strict=True)))  # fmt: skip
        return Filed(sha, rows, change, failure)

    def again(self, account: int) -> int:
        """Extract one account's artifacts from the archive again; return how many there were."""
        filed = self._catalog.artifacts(account)
        with self._catalog.transaction(account):
            self._catalog.forget_derived(account)
            for number, sha, told in filed:
                artifact = replace(told, content=self._archive.get(sha))
                self._write(account, number, artifact, self._extract(account, artifact)[0])
            if filed:
                whose = filed[0].artifact.account
                Judging(self._catalog, self._profile, account, whose).everything()
        return len(filed)

    def _extract(self, account: int, artifact: Artifact) -> tuple[Rows, BadData | None]:
        days = self._catalog.day_totals(account, _window(artifact))
        setting = Setting(self._profile, days, self._bill(account, artifact))
        try:
            return extract(artifact, setting), None
        except BadData as unreadable:
            about = artifact.about.get("bill") or artifact.about.get("first") or artifact.kind
            finding = Finding(artifact.account, "unreadable", about, f"{unreadable}")
            return Rows(findings=[finding]), unreadable

    def _bill(self, account: int, artifact: Artifact) -> Bill | None:
        """Return the listed bill that a document should be."""
        key = artifact.about.get("bill")
        return self._catalog.bill(account, key) if key else None

    def _write(self, account: int, number: int, artifact: Artifact, rows: Rows) -> Change:
        catalog = self._catalog
        if rows.account:
            catalog.upsert_account(account, rows.account, number)
        catalog.upsert_bills(account, rows.bills, number)
        bill = self._bill(account, artifact)
        if rows.document and bill:
            catalog.bill_pdf(account, bill, rows.document, number)
        if rows.statement and bill:
            catalog.upsert_statement(account, bill, rows.statement, number)
        catalog.upsert_payments(account, rows.payments, number)
        catalog.upsert_notes(account, rows.notes, number)
        catalog.upsert_days(account, rows.days, number)
        change = catalog.upsert_readings(account, rows.readings, number)
        subjects = None
        if artifact.kind in {Kind.DAILY, Kind.INTERVAL, Kind.GRAPH}:
            stream = Kind.DAILY if artifact.kind is Kind.DAILY else Kind.INTERVAL
            catalog.cover(account, stream, rows.covered, rows.missing, number)
        if window := _window(artifact):
            subjects = {f"{day}" for day in window.days()}
        elif bill:
            subjects = {bill.key}
        at = artifact.retrieved_at
        found = [*rows.findings, *check(rows.readings, at)]
        catalog.replace_findings(
            account, artifact.kind, [(f, at) for f in found], subjects, lasting=True
        )
        if artifact.kind in {Kind.BILL_LIST, Kind.LEDGER}:
            Judging(catalog, self._profile, account, artifact.account).listing(at)
        return change


def _window(artifact: Artifact) -> Window:
    """Return the days that a feed's answer or a file may speak of; none for other artifacts."""
    first, last = (artifact.about.get(name) for name in ("first", "last"))
    if first is None or last is None:
        return Window(date.max, date.max)
    return Window(date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1))
