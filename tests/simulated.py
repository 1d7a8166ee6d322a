"""What a harvest of a simulated account brings home, as artifacts, made without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from html import escape

from harvester.model import Artifact, Component, Kind, LineItem, Statement
from harvester.sandbox import feeds
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.nouns import Bill
from harvester.sandbox.switches import Switches
from harvester.sandbox.world import World

COLUMNS = (
    "View", "Billing Date", "Due Date", "Meter Read Date", "Net KWH", "Bill Type", "Bill Amount",
)  # fmt: skip
DAY = timedelta(days=1)
RANGE = 31


@cache
def document(world: World, bill: Bill) -> bytes:
    """Return a bill's PDF, made once."""
    return render(world, bill)


@dataclass
class Visit:
    """One day on which an account is harvested: `world` tells what the portal shows that day."""

    world: World
    number: str
    first: date
    switches: Switches = field(default_factory=Switches)
    listed: int = 24

    def __post_init__(self) -> None:
        self._at = datetime.combine(self.world.today, datetime.min.time(), UTC) + timedelta(
            hours=12
        )

    def artifacts(self) -> Iterator[Artifact]:
        """Yield everything in the order of a harvest, a second apart."""
        yield self._artifact(Kind.ACCOUNT, json.dumps({"number": self.number}))
        bills = self.world.bills(self.number)[: self.listed]
        yield self._artifact(Kind.BILL_LIST, history(bills), "text/html")
        ledger = feeds.ledger(self.world.ledger(self.number), "01/1950", "01/2200")
        yield self._artifact(Kind.LEDGER, json.dumps(ledger))
        for bill in bills:
            content = document(self.world, bill)
            yield self._artifact(Kind.BILL_PDF, content, "application/pdf", {"bill": key(bill)})
        yield self._artifact(Kind.NOTES, "[]")
        yield from self.usage()

    def usage(self) -> Iterator[Artifact]:
        """Yield the answers of both feeds, a month each, newest first."""
        account = self.world.account(self.number)
        end = self.world.today
        while end > self.first:
            start = max(self.first, end - RANGE * DAY)
            days = self.world.days(self.number, start, end - DAY)
            silent = {start + n * DAY for n in range((end - start).days)} - {d.day for d in days}
            about = {
                "first": f"{start}",
                "last": f"{end - DAY}",
                "missing": " ".join(f"{day}" for day in sorted(silent)),
            }
            minutes = self.switches.interval
            told = feeds.interval(account, days, minutes, self.switches, self.world.today)
            yield self._artifact(Kind.DAILY, json.dumps({"d": feeds.daily(days)}), about=about)
            yield self._artifact(Kind.INTERVAL, json.dumps({"d": told}), about=about)
            end = start

    def _artifact(
        self,
        kind: Kind,
        content: str | bytes,
        media_type: str = "application/json",
        about: Mapping[str, str] | None = None,
    ) -> Artifact:
        self._at += timedelta(seconds=1)
        return Artifact(
            kind=kind,
            account=self.number,
            content=content.encode() if isinstance(content, str) else content,
            url="https://onlinebilling.caec.com/oscp/",
            media_type=media_type,
            retrieved_at=self._at,
            about=about or {},
        )


def key(bill: Bill) -> str:
    """Return the identity of a listed bill."""
    return f"{bill.account}/{bill.billing_date}/{bill.kind}/{bill.total}"


def history(bills: tuple[Bill, ...]) -> str:
    """Return a billing history as a table."""
    rows = [
        (
            "",
            f"{bill.billing_date:%m/%d/%Y}",
            f"{bill.due_date:%m/%d/%Y}",
            f"{bill.read_date:%m/%d/%Y}",
            f"{bill.kwh:,}",
            bill.kind,
            f"${bill.total:,.2f}",
        )
        for bill in bills
    ]
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    heads = "".join(f"<th>{head}</th>" for head in COLUMNS)
    return f"<table><tr>{heads}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def statement(world: World, bill: Bill) -> Statement:
    """Return what a bill's document says, without its meters' reads, as the truth has it."""
    lines = tuple(
        LineItem(
            *(line.label, Component(line.component), line.quantity, line.unit, line.unit_price),
            *(line.amount, 1, 0, 0),
        )
        for line in bill.lines
    )
    return Statement(
        account=bill.account,
        layout="sandbox@1",
        billing_date=bill.billing_date,
        due_date=bill.due_date,
        service_from=bill.service_from,
        service_to=bill.service_to,
        days=bill.days,
        rate=world.account(bill.account).rate,
        kwh=Decimal(bill.kwh),
        received_kwh=None if bill.received_kwh is None else Decimal(bill.received_kwh),
        current_charges=bill.current_charges,
        levelized=bill.levelized,
        total=bill.total,
        after_due=bill.after_due,
        lines=lines,
    )


def planted(world: World, number: str, first: date) -> set[tuple[str, str]]:
    """Return the findings, by rule and subject, that an account's own truth has from a day on.

    They are hours that its meter never reported, exchanges of it, and a bill from a misread
    register, which was corrected.
    """
    bills = world.bills(number)[:24]
    corrected = {bill.service_from for bill in bills if bill.kind == "Corrected"}
    misread = [b for b in bills if b.kind == "Regular" and b.service_from in corrected]
    return {
        *(
            ("gap", f"{day.day}")
            for day in world.days(number, first, world.today)
            if any(hour.quality == "missing" for hour in day.hours)
        ),
        *(("meter-change", f"{meter.installed}") for meter in world.meters(number)[1:]),
        *(("bill-energy", key(bill)) for bill in misread),
        *(("register-bill", f"{key(bill)}, {bill.meters[-1].number}") for bill in misread),
    }
