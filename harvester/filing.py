"""Files an artifact: bytes into the archive first, then what they say into the catalog, at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from harvester import checks
from harvester.errors import BadData
from harvester.extract import extract
from harvester.extract.rows import Rows, Setting
from harvester.model import Artifact, Bill, Finding, Kind, Window
from harvester.profile import Profile
from harvester.store.archive import Archive
from harvester.store.audit import Trail
from harvester.store.catalog import Catalog
from harvester.store.home import private_folder
from harvester.store.usage import Change

_SUFFIX = {"application/pdf": "pdf", "text/html": "html"}


class Store:
    """Everything that a home keeps: bytes, rows and the trail."""

    def __init__(self, home: Path) -> None:
        private_folder(home)
        self.home = home
        self.archive = Archive(home / "archive")
        self.catalog = Catalog(home / "catalog.sqlite")
        self.trail = Trail(home / "trail.jsonl")


@dataclass(frozen=True)
class Filed:
    """What became of an artifact."""

    sha: str
    rows: Rows
    change: Change
    failure: BadData | None
    """Why nothing could be read from it, if so."""


class Filing:
    """Extraction, checks and rows of one profile's artifacts, now or again."""

    def __init__(self, store: Store, profile: Profile) -> None:
        self._archive = store.archive
        self._catalog = store.catalog
        self._profile = profile

    def take(self, account: int, artifact: Artifact, run: int, bill: Bill | None = None) -> Filed:
        """File what just came home; `bill` is the listed bill that a document should be."""
        sha = self._archive.put(artifact.content, _SUFFIX.get(artifact.media_type, "json"))
        with self._catalog.transaction():
            number = self._catalog.add_artifact(account, artifact, sha, run)
            return self._read(account, number, sha, artifact, bill)

    def again(self, account: int) -> int:
        """Extract one account's artifacts from the archive again; return how many there were."""
        filed = self._catalog.artifacts(account)
        with self._catalog.transaction():
            self._catalog.forget_derived(account)
            for number, sha, told in filed:
                artifact = replace(told, content=self._archive.get(sha))
                listed = {bill.key: bill for bill in self._catalog.bills(account)}
                bill = listed.get(artifact.about.get("bill", ""))
                self._read(account, number, sha, artifact, bill)
        return len(filed)

    def _read(
        self, account: int, number: int, sha: str, artifact: Artifact, bill: Bill | None
    ) -> Filed:
        days = self._catalog.day_totals(account, _window(artifact))
        setting = Setting(self._profile, days, bill)
        failure = None
        try:
            rows = extract(artifact, setting)
        except BadData as unreadable:
            failure = unreadable
            about = artifact.about.get("bill") or artifact.about.get("first") or artifact.kind
            rows = Rows(findings=[Finding(artifact.account, "unreadable", about, f"{unreadable}")])
        rows.findings += self._check(account, artifact, rows, setting)
        return Filed(sha, rows, self._write(account, number, artifact, rows, bill), failure)

    def _check(
        self, account: int, artifact: Artifact, rows: Rows, setting: Setting
    ) -> Iterator[Finding]:
        number = artifact.account
        if artifact.kind is Kind.INTERVAL:
            yield from checks.hours(rows.readings, setting.days)
            yield from checks.no_hours(number, rows.missing, setting.days)
        elif artifact.kind is Kind.BILL_LIST:
            known = self._catalog.bills(account)
            yield from checks.bill_list(number, rows.bills, known, self._profile.bills_listed)
        elif artifact.kind is Kind.LEDGER:
            yield from checks.ledger(number, rows.payments, self._catalog.bills(account))

    def _write(
        self, account: int, number: int, artifact: Artifact, rows: Rows, bill: Bill | None
    ) -> Change:
        catalog = self._catalog
        if rows.account:
            catalog.upsert_account(account, rows.account, number)
        catalog.upsert_bills(account, rows.bills, number)
        if rows.document and bill:
            catalog.bill_pdf(account, bill, rows.document, number)
        catalog.upsert_payments(account, rows.payments, number)
        catalog.upsert_notes(account, rows.notes, number)
        catalog.upsert_days(account, rows.days, number)
        change = catalog.upsert_readings(account, rows.readings, number)
        subjects = None
        if artifact.kind in {Kind.DAILY, Kind.INTERVAL}:
            catalog.cover(account, artifact.kind, rows.covered, rows.missing, number)
            subjects = {f"{day}" for day in rows.covered}
        elif bill:
            subjects = {bill.key}
        catalog.replace_findings(account, rows.findings, number, subjects)
        return change


def _window(artifact: Artifact) -> Window:
    """Return the days that an answer of a feed may speak of; none for other artifacts."""
    first, last = (artifact.about.get(name) for name in ("first", "last"))
    if first is None or last is None:
        return Window(date.max, date.max)
    return Window(date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1))
