"""An account's history as artifacts straight out of the simulated co-op: no portal, no browser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bench import harvest
from harvester import printed
from harvester.filing import Filing, Store
from harvester.model import Artifact, Bill, Kind
from harvester.sandbox import feeds
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.nouns import Bill as Sent
from harvester.sandbox.switches import Switches
from harvester.sandbox.world import World

DAY = timedelta(days=1)
MONTH = 31
ACCOUNT = "1000202001"
"""The member whose meter leaves out an hour now and then: there is something to find."""
_HEADS = ("View", "Billing Date", "Due Date", "Meter Read Date", "Net KWH", "Bill Type",
          "Bill Amount")  # fmt: skip


@dataclass
class History:
    """What a portal would answer of one account; `clock` goes on by a second an artifact."""

    world: World
    number: str = ACCOUNT
    clock: datetime = datetime(2026, 6, 15, 12, tzinfo=UTC)

    def account(self) -> Artifact:
        """Return the facts."""
        told = self.world.account(self.number)
        facts = {"number": self.number, "service_address": told.service_address, "rate": told.rate}
        return self._artifact(Kind.ACCOUNT, json.dumps(facts))

    def listing(self, sent: Sequence[Sent]) -> Artifact:
        """Return the billing history with these bills."""
        rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _row(b))}</tr>" for b in sent)
        heads = "".join(f"<th>{head}</th>" for head in _HEADS)
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        return self._artifact(Kind.BILL_LIST, table, "text/html")

    def ledger(self) -> Artifact:
        """Return all that was billed and paid."""
        told = feeds.ledger(self.world.ledger(self.number), "01/2000", "12/2099")
        return self._artifact(Kind.LEDGER, json.dumps(told))

    def document(self, sent: Sent) -> Artifact:
        """Return one bill's document."""
        told = printed.table(self.listing([sent]).content.decode(), harvest.portal().columns)
        (row,) = (told or {}).values()
        bill: Bill | None = printed.bill(self.number, row)
        if bill is None:
            raise SystemExit("the bill is not listed as it should be: no figure means anything")
        content = render(self.world, sent)
        return self._artifact(Kind.BILL_PDF, content, "application/pdf", {"bill": bill.key})

    def usage(self, first: date, last: date) -> Iterator[Artifact]:
        """Yield the daily and the interval answer for these days."""
        days = self.world.days(self.number, first, last)
        about = {"first": f"{first}", "last": f"{last}", "missing": ""}
        hours = feeds.interval(
            self.world.account(self.number), days, "60", Switches(), self.world.today
        )
        for item in hours["Items"]:
            del item["GKWH"]  # as of a meter that measures delivered energy alone
        for kind, told in ((Kind.DAILY, feeds.daily(days)), (Kind.INTERVAL, hours)):
            yield self._artifact(kind, json.dumps({"d": told}), about=about)

    def _artifact(
        self,
        kind: Kind,
        content: str | bytes,
        media: str = "application/json",
        about: dict[str, str] | None = None,
    ) -> Artifact:
        self.clock += timedelta(seconds=1)
        return Artifact(
            kind=kind,
            account=self.number,
            content=content.encode() if isinstance(content, str) else content,
            url="https://portal.example/",
            media_type=media,
            retrieved_at=self.clock,
            about=about or {},
        )


def _row(sent: Sent) -> tuple[str, ...]:
    days = (f"{day:%m/%d/%Y}" for day in (sent.billing_date, sent.due_date, sent.read_date))
    return ("", *days, f"{sent.kwh}", sent.kind, f"${sent.total:,.2f}")


@dataclass(frozen=True)
class Desk:
    """A home and one account in it, to which artifacts are filed."""

    store: Store
    account: int
    run: int
    filing: Filing

    @classmethod
    def opened(cls, home: Path, number: str = ACCOUNT) -> Desk:
        """Open a home, with the account in it."""
        store = Store(home)
        portal = harvest.portal()
        account = store.catalog.account_id(portal.id, "bench", number)
        run = store.catalog.begin_run(
            portal.id, "bench", "bench", datetime(2026, 6, 15, tzinfo=UTC)
        )
        return cls(store, account, run, Filing(store, portal))

    def file(self, artifact: Artifact) -> None:
        """File one; one that cannot be read ends the bench."""
        if failure := self.filing.take(self.account, artifact, self.run).failure:
            raise SystemExit(f"{failure}: no figure means anything")


def months(today: date, days: int) -> Iterator[tuple[date, date]]:
    """Yield the ranges of so many days before today, newest first."""
    first, last = today - days * DAY, today - DAY
    while last >= first:
        yield max(first, last - (MONTH - 1) * DAY), last
        last -= MONTH * DAY
