"""A bill as an ESPI UsageSummary: its period, its energy, and its lines in 1e-5 of a dollar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from harvester.export.greenbutton_account import Leaving
from harvester.export.greenbutton_feed import interval
from harvester.greenbutton.personal import personal
from harvester.model import Component, LineItem, Quality
from harvester.store.bills import Document
from harvester.store.database import MILLI, MONEY, epoch, whole

DOLLAR = 840
ELECTRICITY = 1
WATT_HOURS = 72
KILO = 3
_NOTE = 256
_CHARGES = {
    Component.WHOLESALE_POWER: 1,
    Component.PCA: 1,
    Component.DISTRIBUTION: 2,
    Component.ENERGY: 3,
    Component.DEMAND: 3,
    Component.LIGHT: 3,
    Component.ACCESS: 4,
    Component.PENALTY: 4,
    Component.OTHER: 4,
    Component.TAX: 5,
    Component.CREDIT: 8,
    Component.PAYMENT: 9,
    Component.BALANCE_FORWARD: 10,
    Component.ADJUSTMENT: 10,
}
"""ESPI itemKind: 1 generation, 2 delivery, 3 usage, 4 administration, 5 tax, 8 credit, 9 payment,
10 information; what is of earlier periods is information."""
_CREDITS = {1: 6, 2: 7, 4: 8}
"""What a charge is called that is given back."""

Fields = list[tuple[str, object]]


def summary(account: Leaving, document: Document) -> Fields:
    """Return the fields of a UsageSummary; what neither bill nor list says is absent.

    The bill of a period is its current charges; where the document was not read, what is owed.
    """
    bill, told = document.bill, document.statement
    period = None
    if told and told.service_from and told.service_to:
        period = interval(account.midnight(told.service_from), account.midnight(told.service_to))
    owed = told.current_charges if told and told.current_charges is not None else bill.amount
    kwh = told.kwh if told and told.kwh is not None else bill.net_kwh
    issued = account.midnight(bill.billing_date)
    rate = (told.rate if told else None) or account.facts.rate
    return [
        ("billingPeriod", period),
        ("billLastPeriod", whole(owed, MONEY)),
        *(("costAdditionalDetailLastPeriod", line) for line in _lines(told.lines if told else ())),
        ("currency", DOLLAR),
        ("overallConsumptionLastPeriod", _energy(kwh, issued)),
        ("qualityOfReading", None if kwh is None else int(Quality.REVENUE)),
        ("statusTimeStamp", epoch(issued)),
        ("commodity", ELECTRICITY),
        ("tariffProfile", None if rate is None or personal(rate) else rate[:_NOTE]),
    ]


def _energy(kwh: Decimal | None, at: datetime) -> Fields | None:
    if kwh is None:
        return None
    return [
        ("powerOfTenMultiplier", 0),
        ("timeStamp", epoch(at)),
        ("uom", WATT_HOURS),
        ("value", whole(kwh, MILLI)),
    ]


def _lines(lines: Sequence[LineItem]) -> Iterator[Fields]:
    for line in lines:
        kind = _CHARGES[line.component]
        kind = _CREDITS.get(kind, kind) if line.amount < 0 else kind
        by_kwh = (line.unit or "").lower() == "kwh" and line.quantity is not None
        note = line.label[:_NOTE]
        yield [
            ("amount", whole(line.amount, MONEY)),
            ("note", line.component.replace("_", " ") if personal(note) else note),
            ("measurement", _quantity(line.quantity) if by_kwh else None),
            ("itemKind", kind),
            ("unitCost", _exact(line.unit_price) if by_kwh else None),
        ]


def _quantity(kwh: Decimal | None) -> Fields | None:
    """Return a line's energy in kWh, of which its unit cost is."""
    if kwh is None or kwh != kwh.to_integral_value():
        return None
    return [("powerOfTenMultiplier", KILO), ("uom", WATT_HOURS), ("value", int(kwh))]


def _exact(price: Decimal | None) -> int | None:
    """Return a price in 1e-5 dollars, None where that would round it."""
    units = whole(price, MONEY)
    return units if units is not None and Decimal(units).scaleb(-MONEY) == price else None
