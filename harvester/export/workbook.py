"""A workbook for people: bills, their lines, days, hours, and what is missing and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from errno import EIO
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import XlsxFileError

from harvester.accounts import short_names
from harvester.errors import State
from harvester.export.files import whole_file
from harvester.filing import Store
from harvester.hours import HOUR, Hour, hours, hours_of, receives, zone_of
from harvester.model import DayTotal, Direction, Quality, Window
from harvester.store.bills import Document
from harvester.store.catalog import Entry

DAY, TIME, KWH, DOLLARS, NUMBER, TEXT = (
    "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "#,##0.00", "#,##0.00;[Red]-#,##0.00", "#,##0.#####", "@",
)  # fmt: skip
COUNT = "#,##0"
WIDTHS = {DAY: 12, TIME: 17, TEXT: 16}
BILLS = {
    "Account": TEXT, "Billing date": DAY, "Kind": TEXT, "Due": DAY, "Service from": DAY,
    "Service to": DAY, "Days": COUNT, "kWh": KWH, "Received kWh": KWH, "Current charges $": DOLLARS,
    "Levelized $": DOLLARS, "Amount $": DOLLARS, "After due date $": DOLLARS, "Rate": TEXT,
    "Document": TEXT,
}  # fmt: skip
LINES = {
    "Billing date": DAY, "Kind": TEXT, "Line": TEXT, "Component": TEXT, "Quantity": NUMBER,
    "Unit": TEXT, "Price $": NUMBER, "Amount $": DOLLARS,
}  # fmt: skip
DAYS = {
    "Day": DAY, "Delivered kWh": KWH, "Received kWh": KWH, "Hours": COUNT, "Without value": COUNT,
    "Estimated": COUNT, "Day's total kWh": KWH, "Register": NUMBER, "Cost $": DOLLARS,
    "Meter": TEXT,
}  # fmt: skip
HOURS = {
    "Local time": TIME, "UTC": TIME, "UTC offset h": NUMBER, "Direction": TEXT, "kWh": KWH,
    "Quality": TEXT, "Why there is none": TEXT, "Meter": TEXT,
}  # fmt: skip
MISSING = {"What": TEXT, "Of": DAY, "How many": COUNT, "Reason": TEXT, "Which means": TEXT}
MEANS = {
    State.NO_DATA: "the portal shows it without a value",
    State.PARTIAL_DAY: "the portal leaves it out, or no clock can tell which hour it is",
    State.PENDING: "it was not asked for yet; the next harvest asks",
    State.NOT_YET_AVAILABLE: "the portal did not have it yet; the next harvest asks again",
    State.NOT_A_PDF: "what came was no whole PDF; the next harvest asks again",
    State.WRONG_DOCUMENT: "what came was another document; the next harvest asks again",
    State.UNREADABLE: "it is archived, but could not be read",
}


def write(store: Store, accounts: Sequence[Entry], window: Window | None, out: Path) -> list[Path]:
    """Write `caec-001.xlsx` for each account; bills are those with a billing date in the window."""
    names, written = short_names(store), []
    for entry in accounts:
        file = out / f"{names[entry.id]}.xlsx"
        series = hours(store, entry, window)
        documents = [
            d
            for d in store.catalog.documents(entry.id)
            if window is None or window.start <= d.bill.billing_date < window.end
        ]
        totals = {t.day: t for t, _ in store.catalog.totals_told(entry.id, window)}
        with book(file) as made:
            sheet(made, "Bills", BILLS, map(_bill, documents))
            sheet(made, "Lines", LINES, _lines(documents))
            sheet(made, "Days", DAYS, _days(series, totals, store, entry))
            sheet(made, "Hours", HOURS, _hours(series))
            sheet(made, "Missing", MISSING, _missing(series, documents))
        written.append(file)
    return written


@contextmanager
def book(file: Path) -> Iterator[xlsxwriter.Workbook]:
    """Give a workbook that holds one row in memory and has no clock in it."""
    with whole_file(file) as target:
        made = xlsxwriter.Workbook(target, {"constant_memory": True})
        made.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 - it wants no zone
        yield made
        try:
            made.close()
        except XlsxFileError as error:
            raise OSError(EIO, f"{error}") from error


def sheet(
    made: xlsxwriter.Workbook,
    name: str,
    columns: Mapping[str, str],
    rows: Iterator[Sequence[object]],
) -> None:
    """Add a sheet whose head stays in view; `columns` are heads with their formats."""
    page = made.add_worksheet(name)
    page.freeze_panes(1, 0)
    formats = []
    for place, (head, shown) in enumerate(columns.items()):
        formats.append(made.add_format({"num_format": shown}))
        page.set_column(place, place, max(WIDTHS.get(shown, 10), len(head) + 2))
        page.write_string(0, place, head, made.add_format({"bold": True}))
    last = 0
    for last, row in enumerate(rows, 1):
        for place, (value, shown) in enumerate(zip(row, formats, strict=True)):
            if isinstance(value, date):
                page.write_datetime(last, place, value, shown)
            elif isinstance(value, int | float | Decimal):
                page.write_number(last, place, value, shown)
            elif value:
                page.write_string(last, place, str(value), shown)
    page.autofilter(0, 0, max(last, 1), len(columns) - 1)


def _bill(document: Document) -> Sequence[object]:
    bill, told = document.bill, document.statement
    return (
        bill.account,
        bill.billing_date,
        bill.kind,
        bill.due_date,
        told and told.service_from,
        told and told.service_to,
        told and told.days,
        told.kwh if told else bill.net_kwh,
        told and told.received_kwh,
        told and told.current_charges,
        told and told.levelized,
        bill.amount,
        told and told.after_due,
        told and told.rate,
        document.state or State.PENDING,
    )


def _lines(documents: Sequence[Document]) -> Iterator[Sequence[object]]:
    for bill, _, told, *_ in documents:
        for line in told.lines if told else ():
            yield (
                bill.billing_date,
                bill.kind,
                line.label,
                line.component,
                line.quantity,
                line.unit,
                line.unit_price,
                line.amount,
            )


def _days(
    series: Sequence[Hour], totals: Mapping[date, DayTotal], store: Store, entry: Entry
) -> Iterator[Sequence[object]]:
    """Yield local days; a day without any value has no sum."""
    sums: Counter[tuple[str, int]] = Counter()
    known: Counter[tuple[str, int]] = Counter()
    estimated: Counter[str] = Counter()
    meters: dict[str, dict[str, None]] = {}
    for hour in series:
        meters.setdefault(hour.local_day, {})[hour.meter] = None
        if hour.wh is not None:
            key = hour.local_day, hour.direction
            sums[key] += hour.wh
            known[key] += hour.seconds
            estimated[hour.local_day] += (
                hour.direction == Direction.DELIVERED and hour.quality == Quality.ESTIMATED
            )
    zone, back = zone_of(store, entry), receives(series)
    for text, names in sorted(meters.items()):
        day = date.fromisoformat(text)
        total = totals.get(day)
        long = hours_of(day, zone)
        delivered, received = (
            sums[text, way] / 1000 if known[text, way] else None
            for way in (Direction.DELIVERED, Direction.RECEIVED)
        )
        yield (
            day,
            delivered,
            received if back else None,
            long,
            long - known[text, Direction.DELIVERED] / HOUR,
            estimated[text],
            total and total.total_kwh,
            total and total.end_reading,
            total and total.cost,
            " ".join(filter(None, names)),
        )


def _hours(series: Sequence[Hour]) -> Iterator[Sequence[object]]:
    back = receives(series)
    for hour in series:
        if hour.direction == Direction.DELIVERED or back:
            yield (
                hour.local,
                hour.utc,
                hour.utc_offset / HOUR,
                Direction(hour.direction).name.lower(),
                None if hour.wh is None else hour.wh / 1000,
                hour.quality_name,
                hour.reason,
                hour.meter,
            )


def _missing(series: Sequence[Hour], documents: Sequence[Document]) -> Iterator[Sequence[object]]:
    for bill, state, told, *_ in documents:
        why = state or State.PENDING
        if why is State.OK and told is None:
            why = State.UNREADABLE
        if why is not State.OK:
            what = f"document of the {bill.kind} bill"
            yield what, bill.billing_date, 1, why, MEANS.get(why, "")
    back = receives(series)
    holes = Counter(
        (hour.local_day, hour.direction, hour.reason)
        for hour in series
        if hour.reason and (back or hour.direction == Direction.DELIVERED)
    )
    for (day, direction, reason), count in sorted(holes.items()):
        what = f"{Direction(direction).name.lower()} hours"
        yield what, date.fromisoformat(day), count, reason, MEANS.get(State(reason), "")
