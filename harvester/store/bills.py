"""Bills as they are listed, as their own documents state them, and as the ledger books them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from harvester.errors import State
from harvester.model import (
    Bill,
    Component,
    Direction,
    LineItem,
    Payment,
    RegisterRead,
    Statement,
)
from harvester.store.database import MILLI, MONEY, Database, amount, instant, whole

_KEY = "(account, billing_date, kind, amount)"
_STATED = (
    "printed_date", "due_date", "service_from", "service_to", "days", "rate", "wh", "received_wh",
    "current_charges", "levelized", "total", "after_due",
)  # fmt: skip


class Document(NamedTuple):
    """A listed bill with what became of its document."""

    bill: Bill
    state: State | None
    """None while it has not been asked for."""
    statement: Statement | None
    sha: str
    """Name of the document in the archive, empty where there is none."""
    run: int | None
    retrieved_at: datetime | None


class Outline(NamedTuple):
    """What tells which other bills a bill has to do with, so that only those are read in full."""

    billing_date: str
    kind: str
    amount: int
    listed: bool
    """Whether it is on the newest list."""
    sha: str
    """Name of its document in the archive, if that is its own."""
    pdf: int | None
    """The artifact that is its document."""
    stated: int | None
    """The artifact that tells what the document says."""
    service_from: str | None
    service_to: str | None
    period: str
    """Its first day of service, or that of billing where none is told."""


class Bills(Database):
    """The part of the catalog that holds what is owed and what was paid."""

    def upsert_bills(self, account: int, bills: Iterable[Bill], artifact: int) -> None:
        """Take the listed bills; one that is no longer listed stays."""
        self._write(
            "INSERT INTO bill (account, billing_date, kind, amount, due_date, read_date, net_wh,"
            " first_artifact, artifact) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            f" ON CONFLICT {_KEY} DO UPDATE SET due_date = excluded.due_date,"
            " read_date = excluded.read_date, net_wh = excluded.net_wh,"
            " artifact = excluded.artifact",
            [
                (
                    *_bill_key(account, b),
                    _text(b.due_date),
                    _text(b.read_date),
                    whole(b.net_kwh, MILLI),
                    artifact,
                    artifact,
                )
                for b in bills
            ],
        )

    def bill_pdf(self, account: int, bill: Bill, state: State, artifact: int | None) -> None:
        """Remember a bill's document, or why there is none."""
        self._write(
            f"UPDATE bill SET pdf_state = ?, pdf = ? WHERE {_KEY} = (?, ?, ?, ?)",
            [(state, artifact, *_bill_key(account, bill))],
        )

    def bills(self, account: int) -> list[Bill]:
        """Return every bill that was ever listed, newest first."""
        return self._bills(account, "TRUE")

    def bill(self, account: int, key: str) -> Bill | None:
        """Return the bill of this key, if it was ever listed."""
        near = self._bills(account, _MAY_BE, key)
        return next((bill for bill in near if bill.key == key), None)

    def listed_bills(self, account: int) -> list[Bill]:
        """Return the bills of the newest list, newest first."""
        return self._bills(account, _ON_THE_NEWEST_LIST)

    def missing_pdfs(self, account: int) -> list[Bill]:
        """Return the bills of the newest list whose document is not archived, newest first."""
        return self._bills(account, f"pdf_state IS DISTINCT FROM 'OK' AND {_ON_THE_NEWEST_LIST}")

    def upsert_statement(
        self, account: int, bill: Bill, statement: Statement, artifact: int
    ) -> None:
        """Take what a bill's document says, in place of what it was read as before."""
        key = _bill_key(account, bill)
        s = statement
        stated = (
            *map(_text, (s.billing_date, s.due_date, s.service_from, s.service_to)),
            s.days,
            s.rate,
            *(whole(energy, MILLI) for energy in (s.kwh, s.received_kwh)),
            *(whole(m, MONEY) for m in (s.current_charges, s.levelized, s.total, s.after_due)),
        )
        with self.transaction():
            for table in ("statement", "register_read", "line_item"):
                self._write(f"DELETE FROM {table} WHERE {_KEY} = (?, ?, ?, ?)", [key])
            self._write(
                "INSERT INTO statement (account, billing_date, kind, amount, layout,"
                f" {', '.join(_STATED)}, artifact) VALUES ({', '.join('?' * 18)})",
                [(*key, s.layout, *stated, artifact)],
            )
            self._write(
                f"INSERT INTO register_read VALUES ({', '.join('?' * 16)})",
                [(*key, place, *_read_row(read)) for place, read in enumerate(s.reads)],
            )
            self._write(
                f"INSERT INTO line_item VALUES ({', '.join('?' * 14)})",
                [(*key, place, *_line_row(line)) for place, line in enumerate(s.lines)],
            )

    def statements(self, account: int) -> list[Statement]:
        """Return what the documents of the bills say, newest bill first."""
        return [d.statement for d in self.documents(account) if d.statement]

    def outlines(self, account: int, key: str | None = None) -> list[Outline]:
        """Return an outline of every bill that was ever listed, newest first.

        With a bill's key, only those of its day.
        """
        of_its_day = "" if key is None else f" AND {_MAY_BE}"
        rows = self._rows(
            f"SELECT b.billing_date, b.kind, b.amount, b.{_ON_THE_NEWEST_LIST},"
            " CASE WHEN pdf_state = 'OK' THEN coalesce(sha, '') ELSE '' END, pdf, s.artifact,"
            " service_from, service_to, coalesce(service_from, b.billing_date)"
            f" FROM bill b LEFT JOIN statement s USING {_KEY}"
            f" LEFT JOIN artifact a ON a.id = pdf WHERE b.account = ?1{of_its_day}"
            " ORDER BY b.billing_date DESC, b.kind, b.amount",
            *((account,) if key is None else (account, key)),
        )
        return [*map(Outline._make, rows)]

    def documents(self, account: int, first: str = "", last: str = "9999-12-31") -> list[Document]:
        """Return every bill that was ever listed with its document, newest first.

        With days, only those that were billed from the first to the last.
        """
        billed = account, first, last
        reads, lines = (self._parts(table, billed) for table in ("register_read", "line_item"))
        found = []
        for bill, (state, sha, run, at, layout, *stated) in zip(
            self._bills(account, "billing_date BETWEEN ?2 AND ?3", first, last),
            self._stated(billed),
            strict=True,
        ):
            key = _bill_key(account, bill)
            statement = None
            if layout is not None:
                statement = _statement(
                    bill.account,
                    layout,
                    stated,
                    tuple(map(_read, reads.get(key, ()))),
                    tuple(map(_line, lines.get(key, ()))),
                )
            found.append(
                Document(
                    bill,
                    State(state) if state else None,
                    statement,
                    sha or "",
                    run,
                    None if at is None else instant(at),
                )
            )
        return found

    def _stated(self, billed: tuple[int, str, str]) -> list[Any]:
        return self._rows(
            "SELECT pdf_state, sha, run, retrieved_at, layout,"
            f" {', '.join(f's.{name}' for name in _STATED)} FROM bill b"
            f" LEFT JOIN statement s USING {_KEY} LEFT JOIN artifact a ON a.id = b.pdf"
            " WHERE b.account = ? AND b.billing_date BETWEEN ? AND ?"
            " ORDER BY b.billing_date DESC, b.kind, b.amount",
            *billed,
        )

    def _parts(self, table: str, billed: tuple[int, str, str]) -> dict[tuple[Any, ...], list[Any]]:
        parts: dict[tuple[Any, ...], list[Any]] = {}
        for row in self._rows(
            f"SELECT * FROM {table} WHERE account = ? AND billing_date BETWEEN ? AND ?"
            " ORDER BY billing_date, kind, amount, place",
            *billed,
        ):
            parts.setdefault(row[:4], []).append(row[5:])
        return parts

    def multipliers(self, account: int) -> dict[str, Decimal]:
        """Return each meter's multiplier, as the newest bill that names it prints it."""
        told = "FROM register_read WHERE account = ?1 AND multiplier IS NOT NULL"
        rows = self._rows(
            f"SELECT meter, (SELECT multiplier {told} AND meter = known.meter"
            " ORDER BY billing_date DESC, kind DESC, amount DESC, place DESC LIMIT 1)"
            f" FROM (SELECT DISTINCT meter {told}) AS known ORDER BY meter",
            account,
        )
        return {meter: amount(multiplier, MILLI) for meter, multiplier in rows}

    def upsert_payments(self, account: int, payments: Iterable[Payment], artifact: int) -> None:
        """Take the ledger in its own order."""
        self._write(
            "INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (account, id) DO UPDATE SET place = excluded.place, day = excluded.day,"
            " kind = excluded.kind, description = excluded.description,"
            " amount = excluded.amount, balance = excluded.balance,"
            " moves_balance = excluded.moves_balance, artifact = excluded.artifact",
            [
                (
                    account,
                    p.id,
                    place,
                    f"{p.day}",
                    p.kind,
                    p.description,
                    whole(p.amount, MONEY),
                    whole(p.balance, MONEY),
                    int(p.moves_balance),
                    artifact,
                    artifact,
                )
                for place, p in enumerate(payments)
            ],
        )

    def payments(self, account: int) -> list[Payment]:
        """Return the ledger in the portal's order."""
        return [
            Payment(
                number,
                name,
                date.fromisoformat(day),
                kind,
                description,
                amount(paid, MONEY, 2),
                amount(balance, MONEY, 2),
                bool(moves),
            )
            for number, name, day, kind, description, paid, balance, moves in self._rows(
                "SELECT number, payment.id, day, kind, description, amount, balance, moves_balance"
                " FROM payment JOIN account ON account.id = account WHERE account = ?"
                " ORDER BY place, payment.id",
                account,
            )
        ]

    def _bills(self, account: int, where: str, *values: str) -> list[Bill]:
        return [
            Bill(
                number,
                kind,
                date.fromisoformat(billed),
                _day(due),
                _day(read),
                _energy(net_wh),
                amount(owed, MONEY, 2),
            )
            for number, kind, billed, due, read, net_wh, owed in self._rows(
                "SELECT number, kind, billing_date, due_date, read_date, net_wh, amount FROM bill b"
                f" JOIN account ON account.id = account WHERE account = ?1 AND {where}"
                " ORDER BY billing_date DESC, kind, amount",
                account,
                *values,
            )
        ]


_MAY_BE = "?2 LIKE '%/' || b.billing_date || '/%'"
"""Whether a bill may be the one of a key, by its day."""
_ON_THE_NEWEST_LIST = (
    "artifact = (SELECT id FROM artifact WHERE id IN (SELECT artifact FROM bill WHERE account = ?1)"
    " ORDER BY retrieved_at DESC, about DESC, sha DESC LIMIT 1)"
)
"""As artifacts come home, which need not be as they are entered."""


def _statement(
    account: str,
    layout: str,
    stated: Iterable[Any],
    reads: tuple[RegisterRead, ...],
    lines: tuple[LineItem, ...],
) -> Statement:
    printed, due, since, until, days, rate, wh, received, *money = stated
    current, levelized, total, after_due = map(_money, money)
    return Statement(
        account=account,
        layout=layout,
        billing_date=_day(printed),
        due_date=_day(due),
        service_from=_day(since),
        service_to=_day(until),
        days=days,
        rate=rate,
        kwh=_energy(wh),
        received_kwh=_energy(received),
        current_charges=current,
        levelized=levelized,
        total=total,
        after_due=after_due,
        reads=reads,
        lines=lines,
    )


def _read_row(r: RegisterRead) -> Iterator[object]:
    yield from (r.meter, r.direction, _text(r.service_from), _text(r.service_to))
    yield from (whole(units, MILLI) for units in (r.previous, r.present, r.multiplier, r.kwh))
    yield from (r.page, r.x, r.y)


def _read(row: Iterable[Any]) -> RegisterRead:
    meter, direction, since, until, previous, present, multiplier, wh, page, x, y = row
    return RegisterRead(
        meter=meter,
        direction=Direction(direction),
        service_from=_day(since),
        service_to=_day(until),
        previous=_energy(previous),
        present=_energy(present),
        multiplier=_energy(multiplier),
        kwh=_energy(wh),
        page=page,
        x=x,
        y=y,
    )


def _line_row(line: LineItem) -> Iterator[object]:
    yield from (line.label, line.component, _exact(line.quantity), line.unit)
    yield from (_exact(line.unit_price), whole(line.amount, MONEY), line.page, line.x, line.y)


def _line(row: Iterable[Any]) -> LineItem:
    label, component, quantity, unit, price, charge, page, x, y = row
    return LineItem(
        label=label,
        component=Component(component),
        quantity=None if quantity is None else Decimal(quantity),
        unit=unit,
        unit_price=None if price is None else Decimal(price),
        amount=amount(charge, MONEY, 2),
        page=page,
        x=x,
        y=y,
    )


def _bill_key(account: int, bill: Bill) -> tuple[int, str, str, int]:
    return account, f"{bill.billing_date}", bill.kind, round(bill.amount.scaleb(MONEY))


def _text(day: date | None) -> str | None:
    return None if day is None else f"{day}"


def _exact(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _energy(units: int | None) -> Decimal | None:
    return None if units is None else amount(units, MILLI)


def _money(units: int | None) -> Decimal | None:
    return None if units is None else amount(units, MONEY, 2)
