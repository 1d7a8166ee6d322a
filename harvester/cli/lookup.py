"""Commands that say what is wrong, and show one bill or one day with where it came from."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from harvester import cli
from harvester.checks import RULES
from harvester.cli import show
from harvester.cli.common import account_of, settings_of, table, tell
from harvester.errors import Misconfigured, State
from harvester.estimate import estimates
from harvester.model import Direction, Estimate, Finding, Kind, Window
from harvester.store.bills import Document
from harvester.store.catalog import Entry, Source
from harvester.store.findings import Found
from harvester.store.usage import Revision
from harvester.store.whole import Store

REFERENCE = timedelta(days=35)
"""How far back the days lie that estimates are made from."""


def status(options: argparse.Namespace) -> int:
    """Show what the home has."""
    settings = settings_of(options)
    queue = None
    if settings.queue:
        from harvester.cli import workers

        queue = workers.told(settings)
    states = show.home(Store(settings.home), [], [], as_json=options.json, queue=queue)
    if queue and not options.json:
        workers.tell(queue)
    return cli.exit_code(states)


def findings(options: argparse.Namespace) -> int:
    """List what is wrong or noteworthy, account by account."""
    store = Store(settings_of(options).home)
    chosen = [account_of(store, options.account)] if options.account else store.catalog.accounts()
    found = ((entry, one) for entry in chosen for one in store.catalog.wrong(entry.id))
    if options.json:
        print(json.dumps([_finding(e, f) for e, f in found], default=str, indent=2))
        return 0
    # One by one, in columns as wide as they can get: a home may have more than fit into a table.
    wide = max((len(_whose(entry)) for entry in chosen), default=0)
    some = False
    for entry, (finding, since) in found:
        rule = RULES[finding.rule]
        if not some:
            print(_LINE.format("Account", wide, "Rule", "Since", "Sure", "Mended by", "About"))
            some = True
        about = f"{_short(finding)}: {finding.message}"
        said = (finding.rule, f"{since:%Y-%m-%d}", rule.sure, rule.mended_by, about)
        print(_LINE.format(_whose(entry), wide, *said))
    if not some:
        print("Nothing is known to be wrong.")
    return 0


_LINE = (
    f"{{:{{}}}}  {{:{max(map(len, RULES))}}}  {{:10}}"
    f"  {{:{max(len(r.sure) for r in RULES.values())}}}"
    f"  {{:{max(len(r.mended_by) for r in RULES.values())}}}  {{}}"
)
"""Account and how wide that is, rule, since, sure, mended by, and what it is about."""


def _whose(entry: Entry) -> str:
    return f"{entry.member} …{entry.number[-3:]}"


def day(options: argparse.Namespace) -> int:
    """Show a local day hour by hour."""
    store = Store(settings_of(options).home)
    entry = account_of(store, options.account)
    window = Window(options.day, options.day + timedelta(days=1))
    readings = list(store.catalog.readings(entry.id, window))
    sources = store.catalog.sources(entry.id, options.day)
    if not sources:
        raise Misconfigured(
            State.NO_DATA,
            f"Nothing of {options.day} has come home for {entry.member} {entry.number};"
            f" `harvester backfill` asks for it.",
        )
    total = store.catalog.day_totals(entry.id, window).get(options.day)
    delivered = [r for r in readings if r.direction is Direction.DELIVERED]
    received = {r.start: r for r in readings if r.direction is Direction.RECEIVED}
    guessed: Mapping[datetime, Estimate] = {}
    if options.estimate:
        history = Window(options.day - REFERENCE, options.day)
        before = [
            r
            for r in store.catalog.readings(entry.id, history)
            if r.direction is Direction.DELIVERED
        ]
        guessed = estimates(delivered, before, total)
    revisions = list(store.catalog.revisions(entry.id, window))
    outcomes = store.catalog.outcomes(entry.id, f"{options.day}")
    if options.json:
        document = {
            "account": entry.number,
            "day": options.day,
            "total": asdict(total) if total else None,
            "readings": [asdict(reading) for reading in readings],
            "estimates": {f"{at.isoformat()}": asdict(one) for at, one in guessed.items()},
            "revisions": [_revision(revision) for revision in revisions],
            "sources": [_source(store, source) for source in sources],
            "checks": [_finding(entry, one) for one in outcomes],
        }
        print(json.dumps(document, default=str, indent=2))
        return 0
    heads = ["Label", "UTC", "Delivered Wh", "Received Wh", "Quality", "Meter"]
    shown = table(*heads, *(["Estimate Wh"] if options.estimate else []))
    for reading in delivered:
        back = received.get(reading.start)
        cells = [
            reading.label or "-",
            f"{reading.start:%m-%d %H:%M}",
            _wh(reading.wh),
            _wh(back.wh) if back else "",
            reading.reason or reading.quality.name,
            reading.meter,
        ]
        one = guessed.get(reading.start)
        if options.estimate:
            cells.append(f"{one.wh:,} {one.quality.name}" if one else "")
        shown.add_row(*cells)
    print(f"{entry.member} {entry.number}, {options.day}")
    tell(shown)
    if total:
        register = "not read" if total.end_reading is None else total.end_reading
        energy = "no total" if total.total_kwh is None else f"{total.total_kwh} kWh"
        print(f"Day: {energy}; register at its end: {register}; meter {total.meter or 'unknown'}")
    _tell_revisions(revisions)
    _tell_proof(store, sources, outcomes)
    return 0


def bill(options: argparse.Namespace) -> int:
    """Show a bill: its list row, its document, and what was checked."""
    store = Store(settings_of(options).home)
    entry = account_of(store, options.account)
    documents = store.catalog.documents(entry.id)
    found = [d for d in documents if options.date in {None, d.bill.billing_date}]
    if not found:
        known = ", ".join(f"{d.bill.billing_date}" for d in documents) or "none yet"
        raise Misconfigured(
            State.NO_DATA,
            f"{entry.member} {entry.number} has no bill of {options.date}; there are: {known}.",
        )
    if options.date is None:
        found = found[:1]
    if options.json:
        told = [_bill(store, entry, document) for document in found]
        print(json.dumps(told, default=str, indent=2))
        return 0
    for document in found:
        _tell_bill(store, entry, document)
    return 0


def _tell_bill(store: Store, entry: Entry, document: Document) -> None:
    listed, told = document.bill, document.statement
    print(f"{entry.member} {entry.number}, {listed.kind} bill of {listed.billing_date}")
    print(f"Listed: {listed.amount} due {listed.due_date or '-'}, {listed.net_kwh or '-'} kWh")
    if told is None:
        print(f"Document: {document.state or 'not asked for yet'}")
    else:
        print(
            f"Document: {told.total} due {told.due_date}, {told.after_due or '-'} after that;"
            f" {told.kwh} kWh from {told.service_from} to {told.service_to}, {told.days} days"
        )
        reads = table("Meter", "Register", "From", "To", "Previous", "Present", "x", "kWh", "At")
        for read in told.reads:
            reads.add_row(
                read.meter,
                read.direction.name.lower(),
                *(f"{_or_dash(day)}" for day in (read.service_from, read.service_to)),
                *(f"{_or_dash(n)}" for n in (read.previous, read.present, read.multiplier)),
                f"{_or_dash(read.kwh)}",
                f"page {read.page}, {read.x:.0f} {read.y:.0f}",
            )
        tell(reads)
        lines = table("Line", "Component", "Quantity", "Unit", "Price", "Amount", "At")
        for line in told.lines:
            lines.add_row(
                line.label,
                line.component,
                *(f"{_or_dash(n)}" for n in (line.quantity, line.unit, line.unit_price)),
                f"{line.amount}",
                f"page {line.page}, {line.x:.0f} {line.y:.0f}",
            )
        tell(lines)
        print(f"Read by layout {told.layout}")
    _tell_proof(store, _sources(document), store.catalog.outcomes(entry.id, listed.key))


def _tell_revisions(revisions: Sequence[Revision]) -> None:
    for revision in revisions:
        before = revision.reading
        value = "no value" if before.wh is None else f"{before.wh:,} Wh"
        print(
            f"Before: {before.label} {before.direction.name.lower()} {value}"
            f" ({before.reason or before.quality.name}), told {revision.told_at:%Y-%m-%d %H:%M}"
            f" by run {revision.run}, replaced {revision.replaced_at:%Y-%m-%d %H:%M} UTC"
        )


def _tell_proof(store: Store, sources: Iterable[Source], outcomes: Collection[Found]) -> None:
    for source in sources:
        file = store.archive.where(source.sha)
        at = f"{source.retrieved_at:%Y-%m-%d %H:%M} UTC"
        print(f"From: {source.kind}, run {source.run}, {at}, {file}")
    for finding, _ in outcomes:
        numbers = ""
        if finding.residual is not None and finding.tolerance is not None:
            numbers = f" (apart {finding.residual}, allowed {finding.tolerance})"
        verdict = finding.message or "holds"
        print(f"Check {_short(finding, with_rule=True)}: {verdict}{numbers}")


def _short(finding: Finding, *, with_rule: bool = False) -> str:
    """Return what a finding is about, without the account number that a bill's key begins with."""
    about = finding.subject.removeprefix(f"{finding.account}/")
    return f"{finding.rule}, {about}" if with_rule else about


def _bill(store: Store, entry: Entry, document: Document) -> dict[str, object]:
    return {
        "bill": asdict(document.bill),
        "document": document.state,
        "statement": asdict(document.statement) if document.statement else None,
        "sources": [_source(store, source) for source in _sources(document)],
        "checks": [
            _finding(entry, one) for one in store.catalog.outcomes(entry.id, document.bill.key)
        ],
    }


def _sources(document: Document) -> Iterator[Source]:
    if document.sha and document.retrieved_at and document.run:
        yield Source(Kind.BILL_PDF, document.sha, document.retrieved_at, document.run)


def _finding(entry: Entry, found: Found) -> dict[str, object]:
    rule = RULES[found.finding.rule]
    return asdict(found.finding) | {
        "member": entry.member,
        "holds": not found.finding.message,
        "since": found.since,
        "sure": rule.sure,
        "mended_by": rule.mended_by,
    }


def _source(store: Store, source: Source) -> dict[str, object]:
    return source._asdict() | {"file": store.archive.where(source.sha)}


def _revision(revision: Revision) -> dict[str, object]:
    return revision._asdict() | {"reading": asdict(revision.reading)}


def _wh(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _or_dash(value: object) -> object:
    return "-" if value is None else value
