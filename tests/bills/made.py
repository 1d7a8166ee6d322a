"""Bills to read: single pages of typed text, and what is read of a document."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from harvester.extract import extract
from harvester.extract.rows import Rows, Setting
from harvester.model import Artifact, Bill, Kind, LineItem, RegisterRead, Statement
from harvester.profile import Profile, load

CAEC = load("caec")
GENERIC = CAEC.model_copy(update={"bills": CAEC.bills[-1:]})
"""A profile that knows no layout: the rules for any bill read all."""
NUMBER = "1234567001"
BILL = Bill(
    account=NUMBER,
    kind="Regular",
    billing_date=date(2026, 6, 15),
    due_date=None,
    read_date=None,
    net_kwh=None,
    amount=Decimal("249.11"),
)
MARKS = ("1234567-001", "06/15/2026", "249.11")
"""Lines without labels that make any page the document of BILL."""

Line = str | Iterable[tuple[float, str]]
"""Text at the left margin, or texts and where they begin; one at -x ends at x."""


def document(content: bytes, bill: Bill = BILL, profile: Profile = GENERIC) -> Rows:
    """Return what is read of a document that should be this bill."""
    artifact = Artifact(
        kind=Kind.BILL_PDF,
        account=bill.account,
        content=content,
        url="https://portal.example/bill.pdf",
        media_type="application/pdf",
        retrieved_at=datetime(2026, 6, 16, tzinfo=UTC),
    )
    return extract(artifact, Setting(profile, bill=bill))


def statement(content: bytes, bill: Bill = BILL, profile: Profile = GENERIC) -> Statement:
    """Return the statement of a document that has one."""
    found = document(content, bill, profile).statement
    assert found is not None
    return found


def typed(*pages: Iterable[Line], font: str = "Helvetica", size: float = 10) -> bytes:
    """Return a PDF of pages of lines, 16 points apart, the first 52 points from the top."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792), invariant=True)
    for lines in pages:
        canvas.setFont(font, size)
        for number, line in enumerate(lines):
            for x, text in [(50.0, line)] if isinstance(line, str) else line:
                draw = canvas.drawString if x >= 0 else canvas.drawRightString
                draw(abs(x), 740 - 16 * number, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def page(*lines: Line, font: str = "Helvetica") -> Statement:
    """Return what the rules for any bill read of one page of these lines."""
    return statement(typed((*lines, *MARKS), font=font))


def ambiguous(*lines: Line) -> list[str]:
    """Return what the rules for any bill say to be told in two ways on such a page."""
    found = [f.message for f in document(typed((*lines, *MARKS))).findings if f.rule == "ambiguous"]
    return found[0].split(": ")[1].split(";")[0].split(", ") if found else []


def told(line: LineItem) -> tuple[Any, ...]:
    """Return a line without its place; figures as they are printed."""
    figures = (line.quantity, line.unit_price, line.amount)
    quantity, price, amount = (None if figure is None else f"{figure}" for figure in figures)
    return line.label, f"{line.component}", quantity, line.unit, price, amount


def register(read: RegisterRead) -> tuple[Any, ...]:
    """Return a register read without dates and place."""
    figures = (read.previous, read.present, read.multiplier, read.kwh)
    return (
        read.meter,
        read.direction.name.lower(),
        *(None if figure is None else f"{figure}" for figure in figures),
    )
