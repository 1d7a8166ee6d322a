"""Consumption by bill for ENERGY STAR Portfolio Manager: its web services' XML, and a spreadsheet.

Dates, energy and charges are those of the bills' documents, as its help asks for: not put into
calendar months.  Of bills for one period the one billed last counts.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from lxml import etree

from harvester.accounts import short_names
from harvester.export.files import whole_file
from harvester.export.texts import text_file
from harvester.export.workbook import DAY, DOLLARS, KWH, TEXT, book, sheet
from harvester.filing import Store
from harvester.model import Bill, Statement, Window
from harvester.store.catalog import Entry

COLUMNS = {
    "Meter Name": TEXT, "Start Date": DAY, "End Date": DAY, "Usage/Quantity": KWH,
    "Usage Units": TEXT, "Cost ($)": DOLLARS, "Estimation": TEXT,
}  # fmt: skip
"""Heads of its spreadsheets of meter consumption, as far as a bill has them."""
UNITS = "kWh (thousand Watt-hours)"

Billed = tuple[Bill, Statement]


def write(store: Store, accounts: Sequence[Entry], window: Window | None, out: Path) -> list[Path]:
    """Write `portfolio-manager.xlsx` of all accounts and `caec-001.xml` of each.

    The XML is the body of `POST /meter/(id)/consumptionData`.  Bills that are in neither are listed
    in `caec-001-left-out.csv` with the reason.  `window` is of billing dates.
    """
    names, written = short_names(store), [out / "portfolio-manager.xlsx"]

    def rows() -> Iterator[Sequence[object]]:
        for entry in accounts:
            name = names[entry.id]
            counted, left = _choose(store, entry, window)
            with whole_file(out / f"{name}.xml") as target:
                target.write(_xml(counted))
            written.append(out / f"{name}.xml")
            written.extend(_left_out(out / f"{name}-left-out.csv", left))
            for bill, told in counted:
                estimated = "Yes" if _is_estimated(bill) else "No"
                period = told.service_from, told.service_to
                yield name, *period, told.kwh, UNITS, told.current_charges, estimated

    with book(written[0]) as made:
        sheet(made, "Meter Consumption Data", COLUMNS, rows())
    return written


def _choose(
    store: Store, entry: Entry, window: Window | None
) -> tuple[list[Billed], list[tuple[Bill, str]]]:
    """Return the bills that count, oldest first, and the others with the reason."""
    counted: dict[object, Billed] = {}
    left = []
    for document in reversed(store.catalog.documents(entry.id)):
        bill, told = document.bill, document.statement
        if window and not window.start <= bill.billing_date < window.end:
            continue
        if told is None:
            left.append((bill, f"its document was not read ({document.state or 'not asked for'})"))
        elif told.service_from is None or told.service_to is None or told.kwh is None:
            left.append((bill, "its document does not state the period or the energy"))
        else:
            earlier = counted.pop(told.service_from, None)
            if earlier:
                left.append((earlier[0], f"replaced by the bill of {bill.billing_date}"))
            counted[told.service_from] = bill, told
    return list(counted.values()), left


def _xml(counted: Sequence[Billed]) -> bytes:
    root = etree.Element("meterData")
    for bill, told in counted:
        estimated = f"{_is_estimated(bill)}".lower()
        entry = etree.SubElement(root, "meterConsumption", estimatedValue=estimated)
        values = {
            "startDate": told.service_from,
            "endDate": told.service_to,
            "usage": told.kwh,
            "cost": told.current_charges,
        }
        for tag, value in values.items():
            if value is not None:
                etree.SubElement(entry, tag).text = f"{value:f}" if tag == "usage" else f"{value}"
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _left_out(file: Path, left: Sequence[tuple[Bill, str]]) -> list[Path]:
    if not left:
        file.unlink(missing_ok=True)
        return []
    with text_file(file) as target:
        rows = csv.writer(target, lineterminator="\n")
        rows.writerow(("billing_date", "kind", "amount", "why"))
        rows.writerows((b.billing_date, b.kind, b.amount, why) for b, why in left)
    return [file]


def _is_estimated(bill: Bill) -> bool:
    """Tell whether the billing history calls it an estimated one."""
    return "estimat" in bill.kind.casefold()
