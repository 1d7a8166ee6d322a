"""A bill as the PDF a member would get: the statement and its stub, then thirteen months of use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from io import BytesIO
from typing import Any

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from harvester.sandbox.nouns import Account, Bill
from harvester.sandbox.rates import ASSUMED
from harvester.sandbox.world import World

MARK = "SIMULATED - not a bill"

_ON_READINGS = (
    "kWh used is the present reading less the previous reading, times the multiplier of the meter. "
    "The meter is read at midnight, so the day the service ends is not billed here but on the next "
    "bill."
)
_ON_CHARGES = (
    "The access charge covers poles, lines and billing and is counted by the day. Distribution "
    "brings the power to you; wholesale power is what it costs to make. The power cost adjustment "
    "(PCA) passes on what fuel cost more or less than expected."
)

_GREEN, _PALE, _RED = HexColor("#1d5c4a"), HexColor("#e8f0ec"), HexColor("#a4262c")
_GREY, _RULE = HexColor("#555555"), HexColor("#b8c6bf")
_BOLD = "Helvetica-Bold"
_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13, spaceAfter=6)
_HEAD = ParagraphStyle(
    "head", fontName=_BOLD, fontSize=12, leading=15, textColor=_GREEN, spaceBefore=10, spaceAfter=4
)
_MARGIN = 0.7 * inch
_WIDTH, _HEIGHT = letter
_INNER = _WIDTH - 2 * _MARGIN
_TOP = _HEIGHT - 1.35 * inch
_STUB = 2.05 * inch
_MONTHS = 13
_READ_HEAD = (
    "Meter",
    "Register",
    "Service from",
    "Service to",
    "Days",
    "Previous reading",
    "Present reading",
    "Multiplier",
    "kWh used",
)
_Style = list[tuple[Any, ...]]


def render(world: World, bill: Bill) -> bytes:
    """Return the PDF of a bill; the same bill always gives the same bytes."""
    account = world.account(bill.account)
    out = BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=letter,
        invariant=1,
        title=f"{bill.kind} bill {_dash(account)} {_day(bill.billing_date)}",
        author="Sample Electric Cooperative (simulated)",
        subject=MARK,
    )
    letterhead = partial(_letterhead, account, bill)
    first = Frame(_MARGIN, _STUB, _INNER, _TOP - _STUB, 0, 0, 0, 0)
    later = Frame(_MARGIN, 0.7 * inch, _INNER, _TOP - 0.7 * inch, 0, 0, 0, 0)
    stub = partial(_stub, account, bill)
    document.addPageTemplates(
        [
            PageTemplate("first", [first], onPage=letterhead, onPageEnd=stub),
            PageTemplate("later", [later], onPage=letterhead),
        ]
    )
    document.build([*_statement(account, bill), *_explanation(bill, _history(world, bill))])
    return out.getvalue()


def _statement(account: Account, bill: Bill) -> Iterator[Flowable]:
    yield NextPageTemplate("later")
    replaces = " - replaces the earlier bill of this period" if bill.kind == "Corrected" else ""
    yield Paragraph(f"{bill.kind} bill{replaces}", _HEAD)
    rate = f"{account.rate}, {ASSUMED}" if account.rate_assumed else account.rate
    facts = [
        ("Account number", _dash(account), "Billing date", _day(bill.billing_date)),
        ("Name", account.holder, "Due date", _day(bill.due_date)),
        ("Service address", account.service_address, "Total due", _dollars(bill.total)),
        ("Rate", rate, "After due date", _dollars(bill.after_due)),
    ]
    yield _table(facts, (1.2, 3.3, 1.2, 1.4), _right(3), _bold(0, 2), head=False)
    yield Paragraph("Meter readings", _HEAD)
    reads: list[tuple[str, ...]] = [_READ_HEAD]
    reads += [
        (
            read.number,
            read.channel.capitalize(),
            _day(read.service_from),
            _day(read.service_to),
            f"{(read.service_to - read.service_from).days}",
            f"{read.previous}",
            f"{read.present}",
            f"{read.multiplier}",
            f"{read.kwh:,}",
        )
        for read in bill.meters
    ]
    widths = (0.72, 0.72, 0.86, 0.86, 0.42, 1.0, 1.0, 0.72, 0.8)
    yield _table(reads, widths, _right(*range(4, 9)), size=7.8)
    yield Spacer(0, 4)
    used = f"Total kWh used {bill.kwh:,} in {bill.days} days, read on {_day(bill.read_date)}"
    if bill.received_kwh is not None:
        used += f"; kWh received from you {bill.received_kwh:,}"
    yield Paragraph(used, _BODY)
    yield Paragraph("Charges and payments", _HEAD)
    yield _charges(bill)


def _charges(bill: Bill) -> Table:
    rows: list[tuple[str, ...]] = [("Description", "Quantity", "Unit", "Price", "Amount")]
    sums = []
    for line in bill.lines:
        quantity = "" if line.quantity is None else f"{line.quantity:,}"
        price = "" if line.unit_price is None else f"{line.unit_price}"
        rows.append((line.label, quantity, line.unit or "", price, _dollars(line.amount)))
        if line.component == "tax":
            sums.append(len(rows))
            rows.append(("Current charges", "", "", "", _dollars(bill.current_charges)))
    if bill.levelized is not None:
        rows.append(("Levelized amount due", "", "", "", _dollars(bill.levelized)))
    sums.append(len(rows))
    rows.append(("Total due", "", "", "", _dollars(bill.total)))
    return _table(rows, (3.6, 0.9, 0.6, 0.9, 1.1), _right(1, 3, 4), _sums(*sums))


def _explanation(bill: Bill, history: Sequence[Bill]) -> Iterator[Flowable]:
    yield PageBreak()
    yield Paragraph(f"Your use, last {len(history)} bills", _HEAD)
    yield _chart(history)
    rows = [("Period", "Service from", "Service to", "Days", "kWh used", "kWh a day")]
    compared = [("This bill", history[-1])]
    compared += [("Bill before", past) for past in history[-2:-1]]
    compared += [("A year ago", history[0])] if len(history) == _MONTHS else []
    for name, past in compared:
        since, until = _day(past.service_from), _day(past.service_to)
        a_day = f"{past.kwh / past.days:,.1f}"
        rows.append((name, since, until, f"{past.days}", f"{past.kwh:,}", a_day))
    yield _table(rows, (1.5, 1.2, 1.2, 0.8, 1.2, 1.2), _right(3, 4, 5))
    yield Paragraph("Reading this bill", _HEAD)
    due, late = _day(bill.due_date), _dollars(bill.after_due)
    texts = [
        _ON_READINGS,
        _ON_CHARGES,
        f"Payment is due on {due}. After that day a penalty of 5 % applies and {late} is due.",
    ]
    if bill.levelized is not None:
        texts.append(
            "You are on levelized billing: you pay the average of your last twelve months of "
            "charges, and the adjustment is what this month differs from it."
        )
    if bill.received_kwh is not None:
        texts.append(
            "Your meter counts energy you send to the lines on its received register; it is "
            "credited to this bill."
        )
    if len({read.number for read in bill.meters}) > 1:
        texts.append("Your meter was exchanged in this period. Both meters are listed and billed.")
    if any(ASSUMED in line.label for line in bill.lines):
        texts.append(
            f"Lines marked {ASSUMED} use a price made up for this simulation, because none is "
            "published."
        )
    texts.append(f"{MARK}. Nobody owes this amount, and no such member or co-op exists.")
    yield from (Paragraph(text, _BODY) for text in texts)


def _chart(history: Sequence[Bill]) -> Drawing:
    drawing = Drawing(_INNER, 2.7 * inch)
    chart = VerticalBarChart()
    chart.x, chart.y = 42, 26
    chart.width, chart.height = int(_INNER) - 50, 150
    chart.data = [[past.kwh for past in history]]
    chart.categoryAxis.categoryNames = [f"{past.read_date:%m/%y}" for past in history]
    chart.valueAxis.valueMin = 0
    chart.valueAxis.valueMax = 1.1 * max(past.kwh for past in history) + 1
    chart.valueAxis.labelTextFormat = "{:,.0f}".format
    chart.valueAxis.visibleGrid = True
    chart.valueAxis.gridStrokeColor = chart.bars.strokeColor = _RULE
    for text in (chart.categoryAxis.labels, chart.valueAxis.labels, chart.barLabels):
        text.fontName, text.fontSize = "Helvetica", 7.5
    chart.barLabelFormat = "{:,.0f}".format
    chart.barLabels.nudge = 7
    chart.barWidth, chart.groupSpacing = 10, 6
    chart.bars[0].fillColor = _RULE
    chart.bars[(0, len(history) - 1)].fillColor = _GREEN
    drawing.add(chart)
    return drawing


def _letterhead(account: Account, bill: Bill, canvas: Canvas, _document: BaseDocTemplate) -> None:
    canvas.setFillColor(_RED)
    canvas.rect(0, _HEIGHT - 0.3 * inch, _WIDTH, 0.3 * inch, stroke=0, fill=1)
    canvas.setFillColor(white)
    canvas.setFont(_BOLD, 11)
    canvas.drawCentredString(_WIDTH / 2, _HEIGHT - 0.205 * inch, MARK)
    canvas.setFillColor(_GREEN)
    canvas.setFont(_BOLD, 17)
    canvas.drawString(_MARGIN, _HEIGHT - 0.75 * inch, "Sample Electric Cooperative")
    canvas.setFillColor(_GREY)
    canvas.setFont("Helvetica", 8.5)
    canvas.drawString(
        _MARGIN, _HEIGHT - 0.95 * inch, "1 Sample Plaza, Prattville AL 36066 | (334) 555-0100"
    )
    page = f"Account {_dash(account)} | {_day(bill.billing_date)} | Page {canvas.getPageNumber()}"
    canvas.drawRightString(_WIDTH - _MARGIN, _HEIGHT - 0.75 * inch, page)
    canvas.setStrokeColor(_GREEN)
    canvas.setLineWidth(1.5)
    canvas.line(_MARGIN, _HEIGHT - 1.08 * inch, _WIDTH - _MARGIN, _HEIGHT - 1.08 * inch)


def _stub(account: Account, bill: Bill, canvas: Canvas, _document: BaseDocTemplate) -> None:
    canvas.setStrokeColor(_GREY)
    canvas.setLineWidth(0.7)
    canvas.setDash(3, 3)
    canvas.line(_MARGIN, _STUB - 0.12 * inch, _WIDTH - _MARGIN, _STUB - 0.12 * inch)
    canvas.setDash()
    canvas.setFillColor(_GREY)
    canvas.setFont("Helvetica", 8)
    top = _STUB - 0.3 * inch
    canvas.drawString(_MARGIN, top, f"Payment stub, {MARK}: please send no money")
    rows = [
        (account.holder, "Account", account.number),
        (account.service_address, "Due date", _day(bill.due_date)),
        ("", "Amount due", _dollars(bill.total)),
        ("", f"After {_day(bill.due_date)}", _dollars(bill.after_due)),
    ]
    table = _table(rows, (4.1, 1.6, 1.4), _right(2), _bold(1), head=False)
    _, height = table.wrapOn(canvas, _INNER, _STUB)
    table.drawOn(canvas, _MARGIN, top - 0.12 * inch - height)


def _table(
    rows: Sequence[tuple[str, ...]],
    inches: Sequence[float],
    *styles: _Style,
    head: bool = True,
    size: float = 9,
) -> Table:
    style: _Style = [
        ("FONT", (0, 0), (-1, -1), "Helvetica", size),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ]
    if head:
        style += [("FONTNAME", (0, 0), (-1, 0), _BOLD), ("TEXTCOLOR", (0, 0), (-1, 0), white)]
        style += [("BACKGROUND", (0, 0), (-1, 0), _GREEN)]
    style += [command for more in styles for command in more]
    return Table(rows, [inch * width for width in inches], style=style, repeatRows=int(head))


def _right(*columns: int) -> _Style:
    return [("ALIGN", (column, 0), (column, -1), "RIGHT") for column in columns]


def _bold(*columns: int) -> _Style:
    return [("FONTNAME", (column, 0), (column, -1), _BOLD) for column in columns]


def _sums(*rows: int) -> _Style:
    bold: _Style = [("FONTNAME", (0, row), (-1, row), _BOLD) for row in rows]
    return bold + [("BACKGROUND", (0, row), (-1, row), _PALE) for row in rows]


def _history(world: World, bill: Bill) -> list[Bill]:
    """Return the bills of the last 13 periods as known on the billing date, oldest first."""
    known = {
        past.read_date: past
        for past in reversed(world.bills(bill.account))
        if past.billing_date <= bill.billing_date
    }
    return list(known.values())[-_MONTHS:]


def _dash(account: Account) -> str:
    return f"{account.member_number}-{account.separator}"


def _day(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def _dollars(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"
