"""Bills and intervals in the shape of UtilityAPI's lists, for programs that read those.

Fields are those of its public documentation (utilityapi.com/docs/api/bills and /intervals).  What a
home does not hold, or holds for nobody else (names, addresses), is null.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from harvester.accounts import short_names
from harvester.export.texts import text_file
from harvester.filing import Store
from harvester.hours import HOUR, by_clock_hour, hours, net_by_clock_hour, receives, zone_of
from harvester.model import Component, Direction, LineItem, Window
from harvester.store.bills import Document
from harvester.store.catalog import Entry

NO_CHARGE = {Component.BALANCE_FORWARD, Component.PAYMENT, Component.ADJUSTMENT}
"""Lines that say what is owed rather than what the period cost."""


def write(store: Store, accounts: Sequence[Entry], window: Window | None, out: Path) -> list[Path]:
    """Write `caec-001-bills.json` and `caec-001-intervals.json` for each account.

    A reading's `kwh` is net: delivered less received.  Without a value it is null, and has no data
    points.  `window` is of billing dates and of local days.
    """
    names, written = short_names(store), []
    for entry in accounts:
        name, zone = names[entry.id], zone_of(store, entry)
        for kind, items in (
            ("bills", _bills(store, entry, name, zone, window)),
            ("intervals", _intervals(store, entry, name, zone, window)),
        ):
            file = out / f"{name}-{kind}.json"
            with text_file(file) as target:
                told = json.dumps({kind: list(items), "next": None}, ensure_ascii=False)
                target.write(f"{told}\n")
            written.append(file)
    return written


def _bills(
    store: Store, entry: Entry, name: str, zone: ZoneInfo, window: Window | None
) -> Iterator[dict[str, Any]]:
    for document in store.catalog.documents(entry.id):
        bill, told = document.bill, document.statement
        if window and not window.start <= bill.billing_date < window.end:
            continue
        told_at = document.retrieved_at.isoformat() if document.retrieved_at else None
        charges = [line for line in told.lines if line.component not in NO_CHARGE] if told else []
        missing = f"The document was not read: {document.state or 'not asked for yet'}."
        yield {
            "uid": f"{name}/{bill.billing_date}/{bill.kind}/{bill.amount}",
            "meter_uid": name,
            "authorization_uid": None,
            "created": told_at,
            "updated": told_at,
            "utility": entry.profile,
            "notes": [] if told else [{"type": "document_missing", "msg": missing}],
            "blocks": ["base", "sources", "line_items"],
            "base": _base(document, zone),
            "sources": [{"type": "pdf", "raw_url": f"urn:sha256:{document.sha}"}] * bool(told),
            "line_items": [_line(document, line, zone) for line in charges],
        }


def _base(document: Document, zone: ZoneInfo) -> dict[str, Any]:
    """Return what a bill says; without its document, what the billing history says of it."""
    bill, told = document.bill, document.statement
    energy = _number(told.kwh if told else bill.net_kwh)
    return {
        "service_identifier": None,
        "service_tariff": told.rate if told else None,
        "service_class": None,
        "service_address": None,
        "meter_numbers": sorted({read.meter for read in told.reads}) if told else [],
        "billing_contact": None,
        "billing_address": None,
        "billing_account": bill.account,
        "bill_start_date": _midnight(told.service_from if told else None, zone),
        "bill_end_date": _midnight(told.service_to if told else bill.read_date, zone),
        "bill_statement_date": _midnight(bill.billing_date, zone),
        "bill_total_kwh": energy,
        "bill_total_unit": "kwh",
        "bill_total_volume": energy,
        "bill_total_cost": _number(told.current_charges if told else None),
    }


def _line(document: Document, line: LineItem, zone: ZoneInfo) -> dict[str, Any]:
    told = document.statement
    return {
        "name": line.label,
        "start": _midnight(told.service_from if told else None, zone),
        "end": _midnight(told.service_to if told else None, zone),
        "volume": _number(line.quantity),
        "unit": line.unit.lower() if line.unit else None,
        "rate": _number(line.unit_price),
        "cost": _number(line.amount),
    }


def _intervals(
    store: Store, entry: Entry, name: str, zone: ZoneInfo, window: Window | None
) -> Iterator[dict[str, Any]]:
    """Yield one item with all readings, oldest first; none where the home has no hours."""
    series = hours(store, entry, window)
    if not series:
        return
    parts = {"net": net_by_clock_hour(series)}
    if receives(series):
        parts["fwd"] = by_clock_hour(series, Direction.DELIVERED)
        parts["rev"] = by_clock_hour(series, Direction.RECEIVED)
    yield {
        "uid": name,
        "meter_uid": name,
        "authorization_uid": None,
        "created": None,
        "updated": None,
        "utility": entry.profile,
        "notes": [],
        "blocks": ["base", "sources", "readings"],
        "base": {
            "service_identifier": None,
            "service_tariff": store.catalog.facts(entry.id).rate,
            "service_address": None,
            "meter_numbers": sorted({hour.meter for hour in series if hour.meter}),
        },
        "sources": [],
        "readings": [
            {
                "start": _instant(start, zone),
                "end": _instant(start + HOUR, zone),
                "kwh": None if wh is None else wh / 1000,
                "datapoints": [
                    {"type": kind, "unit": "kwh", "value": value / 1000}
                    for kind, by_start in parts.items()
                    for value in [by_start.get(start)]
                    if value is not None
                ],
            }
            for start, wh in parts["net"].items()
        ],
    }


def _instant(start: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(start, UTC).astimezone(zone).isoformat(timespec="microseconds")


def _midnight(day: date | None, zone: ZoneInfo) -> str | None:
    if day is None:
        return None
    return datetime.combine(day, datetime.min.time(), zone).isoformat(timespec="microseconds")


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
