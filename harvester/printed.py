"""Reads what a page prints and its feeds say: tables by their headers, US dates, money, rows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from lxml import html
from lxml.etree import ParserError

from harvester.model import Bill

MOST_DIGITS = 12
US_DATE = "%m/%d/%Y"
_MINUTE = timedelta(minutes=1)

_CELLS = ("th", "td")
_LEDGER = (
    "Id", "SourceSeqNo", "SystemTime", "TransDate", "Batch", "Rate", "BalUpdate", "TransType",
    "TransDesc", "DelNotFlag", "Amount", "Arrears", "BalDiff", "Balance",
)  # fmt: skip
"""Fields of a row of the ledger, but for its reference, which may be a check or a card."""
_TAIL = re.compile(r"(?:(?<=[x*#•]{2})[- ]?|(?<=ending )|(?<=ending in ))\d{2,}", re.IGNORECASE)


def digits(text: str) -> str:
    """Return an account number without the separators it is printed with."""
    return re.sub(r"\D", "", text)


def day(text: str, form: str = US_DATE) -> date | None:
    """Return a date printed in this form, with or without a time behind it; None for others."""
    words = text.split()[: len(form.split())]
    try:
        return datetime.strptime(" ".join(words), form).date()  # noqa: DTZ007 - a local day
    except ValueError:
        return None


def wait(text: str) -> timedelta | None:
    """Return how long a sentence asks to wait, as in "try again in 30 minutes"; None for others."""
    told = re.search(r"\b(\d{1,3}|an?|one)\s+(minute|hour|day)s?\b", text, re.IGNORECASE)
    if told is None:
        return None
    count = int(told[1]) if told[1].isdecimal() else 1
    return count * {"m": _MINUTE, "h": 60 * _MINUTE, "d": timedelta(days=1)}[told[2][0].lower()]


@lru_cache(maxsize=4096)
def amount(text: str) -> Decimal | None:
    """Return a number printed with $, thousands commas, a minus or accounting brackets.

    A comma that parts no thousands may be a decimal point; such a number is none, nor is one that
    is too large to be of energy or money.
    """
    bare = re.sub(r"[$\s]|(?<=\d),(?=\d{3}(?!\d))", "", text)
    negative = re.fullmatch(r"\((.+)\)|(.+)(?:-|CR)", bare, re.IGNORECASE)
    if negative:
        bare = "-" + (negative[1] or negative[2])
    try:
        value = Decimal(bare)
    except InvalidOperation:
        return None
    return value if value.is_finite() and value.adjusted() <= MOST_DIGITS else None


def table(markup: str, columns: Mapping[str, Sequence[str]]) -> dict[int, dict[str, str]] | None:
    """Return a table's rows by their position among its `tr`s; None where a header is missing.

    A row holds its cells by column name; one with fewer cells than headers (such as "No records")
    is no row.
    """
    try:
        root = html.fromstring(markup)
    except ParserError:  # nothing but white space and comments
        return None
    for line_break in root.iter("br"):
        line_break.tail = f" {line_break.tail or ''}"
    lines = [
        [
            " ".join("".join(map(str, cell.itertext())).split())
            for cell in line.iterchildren(*_CELLS)
        ]
        for line in root.iter("tr")
    ]
    wanted = {name: {label.casefold() for label in known} for name, known in columns.items()}
    for number, line in enumerate(lines):
        heads = [cell.casefold() for cell in line]
        places = {
            name: next((at for at, head in enumerate(heads) if head in known), None)
            for name, known in wanted.items()
        }
        if None not in places.values():
            return {
                position: {name: row[at] for name, at in places.items() if at is not None}
                for position, row in enumerate(lines)
                if position > number and len(row) >= len(heads)
            }
    return None


def bill(account: str, row: Mapping[str, str], dates: str = US_DATE) -> Bill | None:
    """Return one row of a billing history, None where its date or amount cannot be read."""
    billed, owed = day(row["billing_date"], dates), amount(row["amount"])
    if billed is None or owed is None:
        return None
    return Bill(
        account=account,
        kind=row.get("kind", ""),
        billing_date=billed,
        due_date=day(row.get("due_date", ""), dates),
        read_date=day(row.get("read_date", ""), dates),
        net_kwh=amount(row.get("net_kwh", "")),
        amount=owed,
    )


def without_tails(ledger: str) -> str:
    """Return a ledger's JSON with what its rows are read for, and no digits of a bank or card.

    Fields are those seen at siblings; of a text, digits behind XX or behind "ending in" are
    masked.  Of one that has no rows where they should be, nothing is left that could be read.
    """
    try:
        rows = json.loads(ledger)["ActLedger"]["LedgerItem"]["LedgerItems"]
        kept = [{name: _plain(row[name]) for name in _LEDGER if name in row} for row in rows]
    except (ValueError, KeyError, TypeError):
        return json.dumps({"ActLedger": None})
    return json.dumps({"ActLedger": {"LedgerItem": {"LedgerItems": kept}}}, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, str):
        return _TAIL.sub("…", value)
    return value if isinstance(value, int | float) else None


class Told(NamedTuple):
    """What a usage feed answered: its rows, the meters that go with them, or an error."""

    items: list[dict[str, Any]]
    meters: list[str]
    error: str


def feed(content: bytes) -> Told:
    """Read an answer of the daily or interval feed; ValueError where it is none.

    The rows are at `d.Items`, their meters at `d.DyExports[].METER` in the same order; `d` may
    itself be JSON in a string, as page methods of ASP.NET like to answer.
    """
    try:
        d = json.loads(content)["d"]
        d = json.loads(d) if isinstance(d, str) else d
        items, exports = [{**item} for item in d["Items"] or []], d.get("DyExports") or []
        error = (d.get("errorObject") or {}).get("errordesc") or ""
        return Told(items, [str(export["METER"] or "") for export in exports], str(error))
    except (TypeError, KeyError, AttributeError, UnicodeDecodeError) as odd:
        raise ValueError("the answer is no usage feed") from odd


def sent(body: str) -> dict[str, str]:
    """Read what a page sends to a feed: JSON, maybe in single quotes; empty where it is none."""
    for text in (body, body.replace("'", '"')):
        with suppress(ValueError, AttributeError):
            return {str(name): str(value) for name, value in json.loads(text).items()}
    return {}
