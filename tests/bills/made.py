"""Bills to read: those of the sandbox, two designs by other producers, and single pages of text."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import typst
from playwright.sync_api import sync_playwright
from reportlab.pdfgen.canvas import Canvas

from harvester.browser import NO_SANDBOX, provide
from harvester.extract import extract
from harvester.extract.rows import Rows, Setting
from harvester.model import Artifact, Bill, Kind, Statement
from harvester.profile import Profile, load

HERE = Path(__file__).parent
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
"""What makes any page the document of BILL: three lines without a label."""


def generic() -> Profile:
    """Return a profile that knows no layout, so that the rules for any bill read all."""
    return replace_bills(load("caec"))


def replace_bills(profile: Profile) -> Profile:
    """Return a profile with the rules for any bill alone."""
    return profile.model_copy(update={"bills": profile.bills[-1:]})


def document(content: bytes, bill: Bill = BILL, profile: Profile | None = None) -> Rows:
    """Return what is read of a document that should be this bill, by the rules for any bill."""
    artifact = Artifact(
        kind=Kind.BILL_PDF,
        account=bill.account,
        content=content,
        url="https://portal.example/bill.pdf",
        media_type="application/pdf",
        retrieved_at=datetime(2026, 6, 16, tzinfo=UTC),
    )
    return extract(artifact, Setting(profile or generic(), bill=bill))


def statement(content: bytes, bill: Bill = BILL, profile: Profile | None = None) -> Statement:
    """Return the statement that is read of a document."""
    found = document(content, bill, profile).statement
    assert found is not None
    return found


Placed = tuple[float, str]
"""Where text begins, in points from the left, and the text; right-aligned where it is negative."""


def page(*lines: str | Iterable[Placed], font: str = "Helvetica", lead: float = 16) -> list[bytes]:
    """Return one page's drawing: lines from the top, each as text or as text at places."""
    return [typed((*lines, *MARKS), font=font, lead=lead)]


def typed(
    *pages: Iterable[str | Iterable[Placed]], font: str = "Helvetica", lead: float = 16
) -> bytes:
    """Return a PDF of pages of lines, from the top of each."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792), invariant=True)
    for lines in pages:
        canvas.setFont(font, 10)
        for number, line in enumerate(lines):
            y = 740 - lead * number
            for x, text in [(50.0, line)] if isinstance(line, str) else line:
                if x < 0:
                    canvas.drawRightString(-x, y, text)
                else:
                    canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()
