"""A document is the bill's own by what it says, or is told for what it is."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from archived import CAEC, NUMBER, artifact, rules
from reportlab.pdfgen.canvas import Canvas

from harvester.errors import BadData, State
from harvester.extract import extract
from harvester.extract.rows import Rows, Setting
from harvester.model import (
    Bill,
    Kind,
)

BILL = Bill(
    account=NUMBER,
    kind="Regular",
    billing_date=date(2026, 6, 4),
    due_date=date(2026, 6, 19),
    read_date=date(2026, 6, 1),
    net_kwh=Decimal(1000),
    amount=Decimal("1201.59"),
)
GOOD = ("Account 1234567-001", "Billing Date 06/04/2026", "Amount due $1,201.59")


def pdf(*pages: tuple[str, ...]) -> bytes:
    """Return a real PDF of these lines a page; a line in the drawing is on each."""
    out = io.BytesIO()
    canvas = Canvas(out, invariant=True)
    for lines in pages:
        canvas.line(72, 60, 500, 60)
        for number, line in enumerate(lines):
            canvas.drawString(72, 720 - 20 * number, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def judged(content: bytes, bill: Bill = BILL) -> Rows:
    return extract(artifact(Kind.BILL_PDF, content), Setting(CAEC, bill=bill))


@pytest.mark.parametrize(
    "pages",
    [
        (GOOD,),
        (("Account", "12345670 01"), GOOD),
        (("page one of two",), GOOD),
        (("1234567001", "June 4, 2026", "1201.59"),),
        (("1234567 001", "Jun. 04 2026", "USD 1,201.59"),),
        (("(1234567-001)", "6/4/26", "$1,201.59 CR"),),
        (("1234567-001", "2026-06-04", "0.00 1,201.59 0.00"),),
        (("1234567-001", "4-Jun-2026", "1,201.59"),),
        (("1234567-001", "04 June 2026", "1,201.59"),),
    ],
)
def test_the_right_bill_names_account_date_and_amount_in_any_usual_way(
    pages: tuple[tuple[str, ...], ...],
) -> None:
    rows = judged(pdf(*pages))
    assert rows.document is State.OK
    assert rules(rows) == [("unknown-layout", BILL.key)]


@pytest.mark.parametrize(
    ("line", "says", "lacks"),
    [
        (0, "Account 1234567-002", "account"),
        (0, "Account 7234567-001", "account"),
        (0, "Account 91234567-001", "account"),
        (0, "Account 1234567-0011", "account"),
        (0, "Account 12345670-01", "account"),
        (1, "Billing Date 06/05/2026", "billing date"),
        (1, "Billing Date 06/04/2025", "billing date"),
        (1, "Billing Date 04/06/2026", "billing date"),
        (1, "Billing Date 16/04/2026", "billing date"),
        (1, "July 4, 2026", "billing date"),
        (1, "June 14, 2026", "billing date"),
        (2, "Amount due $1,201.58", "amount"),
        (2, "Amount due $201.59", "amount"),
        (2, "Amount due $21,201.59", "amount"),
        (2, "Amount due $11201.59", "amount"),
        (2, "Amount due $1,201.591", "amount"),
        (2, "Amount due $1,201", "amount"),
    ],
)
def test_a_document_of_another_bill_is_told_by_what_it_lacks(
    line: int, says: str, lacks: str
) -> None:
    lines = list(GOOD)
    lines[line] = says
    rows = judged(pdf(tuple(lines)))
    assert rows.document is State.WRONG_DOCUMENT
    assert rules(rows) == [("wrong-document", BILL.key)]
    assert f"does not name this bill's {lacks}:" in rows.findings[0].message


def test_a_document_of_somebody_else_lacks_all_three_and_is_not_quoted() -> None:
    rows = judged(pdf(("Account 7654321-001", "Billing Date 05/04/2026", "Amount due $9.99")))
    message = rows.findings[0].message
    assert "account and billing date and amount" in message
    assert "7654321" not in message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><html><body>1234567-001 06/04/2026 $1,201.59</body></html>",
        b"<html>%PDF-1.4",
        pdf(GOOD)[: len(pdf(GOOD)) // 2],
        pdf(GOOD).rpartition(b"%%EOF")[0],
        pdf(GOOD)[5:],
        b"%PDF-1.4\nnothing of the kind\n%%EOF\n",
    ],
    ids=[
        "empty",
        "HTML",
        "HTML that names a PDF",
        "truncated",
        "without its end",
        "beheaded",
        "hollow",
    ],
)
def test_what_is_no_whole_pdf_is_no_pdf(content: bytes) -> None:
    rows = judged(content)
    assert rows.document is State.NOT_A_PDF
    assert rules(rows) == [("not-a-pdf", BILL.key)]


def test_a_pdf_without_text_cannot_tell_whose_it_is() -> None:
    rows = judged(pdf((), ()))
    assert rows.document is State.UNREADABLE
    assert rules(rows) == [("unreadable", BILL.key)]


def test_a_document_of_no_listed_bill_is_unreadable() -> None:
    with pytest.raises(BadData) as caught:
        extract(artifact(Kind.BILL_PDF, pdf(GOOD)), Setting(CAEC))
    assert caught.value.state is State.UNREADABLE


def test_a_small_amount_is_not_found_within_a_larger_one() -> None:
    small = Bill(NUMBER, "Regular", date(2026, 6, 4), None, None, None, Decimal("1.59"))
    assert judged(pdf(GOOD), small).document is State.WRONG_DOCUMENT
    assert judged(pdf((*GOOD[:2], "$1.1.59")), small).document is State.WRONG_DOCUMENT
    assert judged(pdf((*GOOD[:2], "$1.59")), small).document is State.OK
