"""What a home holds as Arrow tables, and a home to ask for them.

Energy of hours is whole Wh, of bills kWh; money is US dollars; moments are UTC.  What is not known
is null.  No table has a name, an address or any other contact data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa

from harvester.accounts import account_of, short_names
from harvester.errors import Misconfigured, State
from harvester.filing import Store
from harvester.hours import DIRECTIONS, QUALITIES, hours
from harvester.model import Finding, Window
from harvester.settings import Settings
from harvester.store.catalog import Entry
from harvester.store.place import place

TEXT, DAY, MOMENT = pa.string(), pa.date32(), pa.timestamp("us", "UTC")
MONEY, ENERGY, PRINTED = pa.decimal128(18, 5), pa.decimal128(18, 3), pa.decimal128(28, 10)

READINGS = pa.schema(
    {
        "account_number": TEXT, "meter": TEXT, "direction": TEXT, "start": MOMENT,
        "seconds": pa.int32(), "wh": pa.int64(), "quality": TEXT, "reason": TEXT,
        "local_day": DAY, "utc_offset": pa.int32(), "label": TEXT, "ordinal": pa.int32(),
    }
)  # fmt: skip
BILLS = pa.schema(
    {
        "account_number": TEXT, "billing_date": DAY, "kind": TEXT, "due_date": DAY,
        "read_date": DAY, "net_kwh": ENERGY, "amount": MONEY, "document": TEXT, "sha256": TEXT,
        "service_from": DAY, "service_to": DAY, "days": pa.int32(), "rate": TEXT, "kwh": ENERGY,
        "received_kwh": ENERGY, "current_charges": MONEY, "levelized": MONEY, "total": MONEY,
        "after_due": MONEY,
    }
)  # fmt: skip
LINE_ITEMS = pa.schema(
    {
        "account_number": TEXT, "billing_date": DAY, "kind": TEXT, "bill_amount": MONEY,
        "place": pa.int32(), "label": TEXT, "component": TEXT, "quantity": PRINTED, "unit": TEXT,
        "unit_price": PRINTED, "amount": MONEY, "page": pa.int32(),
    }
)  # fmt: skip
PAYMENTS = pa.schema(
    {
        "account_number": TEXT, "id": TEXT, "day": DAY, "kind": TEXT, "description": TEXT,
        "amount": MONEY, "balance": MONEY, "moves_balance": pa.bool_(),
    }
)  # fmt: skip
FINDINGS = pa.schema(
    {
        "account_number": TEXT, "rule": TEXT, "subject": TEXT, "message": TEXT,
        "residual": PRINTED, "tolerance": PRINTED, "since": MOMENT,
    }
)  # fmt: skip
NOTES = pa.schema({"account_number": TEXT, "day": DAY, "text": TEXT})
ACCOUNTS = pa.schema(
    {
        "account": TEXT, "account_number": TEXT, "utility": TEXT, "member": TEXT,
        "first_day": DAY, "last_day": DAY, "bills": pa.int32(),
    }
)  # fmt: skip


def readings(store: Store, entry: Entry, window: Window | None = None) -> pa.Table:
    """Return the hours by direction and start, without holes; see `READINGS` for the columns.

    `quality` is null and `reason` is not where `wh` is null.  `start` is the beginning of the hour.
    """
    columns = list(zip(*hours(store, entry, window), strict=True)) or [()] * 11
    direction, start, meter, seconds, wh, quality, reason, label, ordinal, day, offset = columns
    named = [None if w is None else QUALITIES[q] for w, q in zip(wh, quality, strict=True)]
    moments = pa.array(start, pa.int64()).cast(pa.timestamp("s", "UTC"))
    made: list[tuple[object, ...] | list[object] | pa.Array] = [
        pa.repeat(entry.number, len(start)),
        meter,
        [DIRECTIONS[d] for d in direction],
        moments.cast(MOMENT),
        seconds,
        wh,
        named,
        reason,
        pa.array(day, TEXT).cast(DAY),
        offset,
        label,
        ordinal,
    ]
    arrays = [
        one if isinstance(one, pa.Array) else pa.array(one, column.type)
        for one, column in zip(made, READINGS, strict=True)
    ]
    return pa.table(arrays, READINGS)


def bills(store: Store, entry: Entry, window: Window | None = None) -> pa.Table:
    """Return the bills by day, oldest first; see `BILLS` for the columns.

    `document` is the state of its PDF and null where that was not asked for; from `service_from`
    on, columns are as the PDF states them.  `window` is of billing dates.
    """
    rows = []
    for bill, state, told, sha, _, _ in reversed(store.catalog.documents(entry.id)):
        if not _within(bill.billing_date, window):
            continue
        row = {
            "billing_date": bill.billing_date,
            "kind": bill.kind,
            "due_date": bill.due_date,
            "read_date": bill.read_date,
            "net_kwh": bill.net_kwh,
            "amount": bill.amount,
            "document": state,
            "sha256": sha or None,
        }
        if told:
            row |= {name: getattr(told, name) for name in BILLS.names[9:]}
        rows.append(row)
    return _table(entry, rows, BILLS)


def line_items(store: Store, entry: Entry, window: Window | None = None) -> pa.Table:
    """Return the printed lines of the bills, oldest bill first; see `LINE_ITEMS`.

    `place` counts the lines of a bill from 0; `quantity` and `unit_price` are as printed.
    """
    rows = [
        {
            "billing_date": document.bill.billing_date,
            "kind": document.bill.kind,
            "bill_amount": document.bill.amount,
            "place": place,
            **{name: getattr(line, name) for name in LINE_ITEMS.names[5:]},
        }
        for document in reversed(store.catalog.documents(entry.id))
        if document.statement and _within(document.bill.billing_date, window)
        for place, line in enumerate(document.statement.lines)
    ]
    return _table(entry, rows, LINE_ITEMS)


def payments(store: Store, entry: Entry, window: Window | None = None) -> pa.Table:
    """Return the ledger in the portal's order; bills are positive, payments negative."""
    rows = [
        {name: getattr(payment, name) for name in PAYMENTS.names[1:]}
        for payment in store.catalog.payments(entry.id)
        if _within(payment.day, window)
    ]
    return _table(entry, rows, PAYMENTS)


def findings(store: Store, entry: Entry, window: Window | None = None) -> pa.Table:
    """Return what is wrong or noteworthy, by rule and subject; see `FINDINGS` for the columns.

    A `subject` is a day, or a bill as date/kind/amount.  `window` leaves out those of other days.
    """
    rows = [
        {
            "rule": finding.rule,
            "subject": _subject(finding),
            "message": finding.message.replace(entry.number, f"…{entry.number[-3:]}"),
            "residual": finding.residual,
            "tolerance": finding.tolerance,
            "since": since,
        }
        for finding, since in store.catalog.outcomes(entry.id)
        if finding.message and _about(_subject(finding), window)
    ]
    return _table(entry, rows, FINDINGS)


def notes(store: Store, entry: Entry, window: Window | None = None) -> pa.Table:
    """Return the member's own notes on the usage graph, by day."""
    rows = [
        {"day": note.day, "text": note.text}
        for note in store.catalog.notes(entry.id)
        if _within(note.day, window)
    ]
    return _table(entry, rows, NOTES)


TABLES: dict[str, Callable[[Store, Entry, Window | None], pa.Table]] = {
    "readings": readings,
    "bills": bills,
    "line_items": line_items,
    "payments": payments,
    "findings": findings,
    "notes": notes,
}


class Home:
    """A home to read from; `open_home` opens one.

    An account is named by its number, its last three digits or more, its short name (`caec-001`) or
    its sign-in.  Days are dates or ISO texts; `start` is in, `end` is out.  Each answer is an Arrow
    table: `.to_pandas()` and `polars.from_arrow` make frames of it.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        home = Path(path) if path else Settings().home
        kept = place(home).database
        if isinstance(kept, Path) and not kept.is_file():
            raise Misconfigured(
                State.HOME_UNUSABLE,
                f"{home} is no home of harvester: it has no catalog.sqlite. Give the folder that"
                " `harvester status` names, or harvest into it first.",
            )
        self._store = Store(home)

    def accounts(self) -> pa.Table:
        """Return the accounts with their short names and what is held of each; see `ACCOUNTS`."""
        names = short_names(self._store)
        rows = [
            {
                "account": names[held.id],
                "account_number": held.account.number,
                "utility": held.profile,
                "member": held.member,
                "first_day": held.first,
                "last_day": held.last,
                "bills": held.bills,
            }
            for held in self._store.catalog.holdings()
        ]
        return pa.Table.from_pylist(rows, ACCOUNTS)

    def readings(
        self, account: str, start: date | str | None = None, end: date | str | None = None
    ) -> pa.Table:
        """Return the hours of an account, those without a value too; see `frames.readings`."""
        return readings(self._store, account_of(self._store, account), _window(start, end))

    def bills(self, account: str) -> pa.Table:
        """Return the bills of an account; see `frames.bills`."""
        return bills(self._store, account_of(self._store, account))

    def findings(self, account: str) -> pa.Table:
        """Return what is wrong or noteworthy of an account; see `frames.findings`."""
        return findings(self._store, account_of(self._store, account))


def _window(start: date | str | None, end: date | str | None) -> Window | None:
    if start is None and end is None:
        return None
    return Window(_date(start) or date.min, _date(end) or date.max)


def _date(day: date | str | None) -> date | None:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _table(entry: Entry, rows: Iterable[Mapping[str, object]], schema: pa.Schema) -> pa.Table:
    own = [{"account_number": entry.number, **row} for row in rows]
    return pa.Table.from_pylist(own, schema)


def _within(day: date, window: Window | None) -> bool:
    return window is None or window.start <= day < window.end


def _subject(finding: Finding) -> str:
    return finding.subject.removeprefix(f"{finding.account}/")


def _about(subject: str, window: Window | None) -> bool:
    """Tell whether it is about a day of the window; what is about no day always is."""
    try:
        day = date.fromisoformat(subject[:10])
    except ValueError:
        return True
    return _within(day, window)
