"""The letter that an account holder signs and sends to the utility, as a PDF of a page or two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from html import escape
from io import BytesIO

from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from harvester.custody.authorization import Scope, Terms
from harvester.errors import Misconfigured, State

PLAIN_WORDS = {
    Scope.ACCOUNT: "the account itself: its number, service address, rate and portal settings",
    Scope.BILLS: "the list of bills and each bill as a document",
    Scope.PAYMENTS: "the payments and charges that the account history lists",
    Scope.INTERVALS: "electricity use by the hour and by the day, and meter readings",
    Scope.NOTES: "notes that were added to the usage graph",
}
NEVER = (
    "No payment is made, scheduled, changed or arranged.",
    "No setting is changed: not the service, rate, password, alerts, billing or contact data.",
    "Nothing is signed up for, cancelled, reported or answered on the account holder's behalf.",
    "No phone, e-mail, bank, card or social security data is collected.",
    "No access control of the portal is bypassed; fetching stops when the utility asks for that.",
)

_BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=11, leading=14, spaceAfter=7)
_ITEM = ParagraphStyle("item", parent=_BODY, spaceAfter=1, leftIndent=14, bulletIndent=3)
_CELL = ParagraphStyle("cell", parent=_BODY, spaceAfter=0)
_HEAD = ParagraphStyle(
    "head", parent=_BODY, fontName="Times-Bold", spaceBefore=5, spaceAfter=3, keepWithNext=1
)
_TITLE = ParagraphStyle(
    "title", parent=_BODY, fontName="Times-Bold", fontSize=14, leading=18, spaceBefore=6
)
_MARGIN = inch
_PADDING = 6
"""Points that a frame keeps free at each side."""
_LINE = 0.6
"""Points that a rule is thick."""


def write(terms: Terms, utility: str, phone: str | None, written: date) -> bytes:
    """Return the PDF; the same terms always give the same bytes.

    Raises Misconfigured for a name with letters that its font does not have.
    """
    for what in ("grantor", "role", "grantee", "purpose"):
        _printable(what, getattr(terms, what) or "")
    _printable("name of the utility", utility)
    out = BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=letter,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=0.85 * inch,
        bottomMargin=0.85 * inch,
        invariant=1,
        title=f"Authorization {terms.id} to release electric account information",
        author=terms.grantee or "",
        lang="en-US",
    )
    foot = partial(_foot, terms.id)
    story = [*_opening(terms, utility, phone, written), *_rules(), _end(terms, utility)]
    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _opening(terms: Terms, utility: str, phone: str | None, written: date) -> Iterator[Flowable]:
    to = f"{escape(utility)}<br/>Member services" + (f"<br/>Phone {escape(phone)}" if phone else "")
    yield Paragraph(f"{_long(written)}", _BODY)
    yield Paragraph(to, _BODY)
    yield Paragraph("Authorization to release electric account information", _TITLE)
    yield Paragraph(
        f"I, {escape(terms.grantor)}, {escape(terms.role)} of the account or accounts named here,"
        f" authorize {escape(utility)} to let <b>{escape(terms.grantee or '')}</b> have the"
        " information listed below. I also agree that it is read with my sign-in on the"
        " member portal, by a program that signs in at a modest pace.",
        _BODY,
    )
    yield _facts(list(_told(terms)))


def _told(terms: Terms) -> Iterator[tuple[str, str]]:
    accounts = ", ".join(terms.accounts) if terms.accounts else (
        "every account that my sign-in on the member portal shows")  # fmt: skip
    since = terms.history_from
    yield "Authorization", terms.id
    yield "Accounts", accounts
    yield "Information", "; ".join(PLAIN_WORDS[scope] for scope in Scope if scope in terms.scopes)
    yield "History", f"from {_long(since)} on" if since else "all that the portal shows"
    yield "Purpose", terms.purpose or ""
    yield "Valid from", _long(terms.effective_from.date())
    if terms.once:
        yield "Valid until", "it was fetched once"
    elif terms.last_day:
        yield "Valid until", f"the end of {_long(terms.last_day)}"
    else:
        yield "Valid until", "I revoke it"
    if terms.runs_a_day:
        yield "How often", f"at most {_times(terms.runs_a_day)} a day"
    if terms.retention_days:
        yield "Kept for", f"{terms.retention_days} days after it was fetched, then deleted"


def _rules() -> Iterator[Flowable]:
    yield Paragraph("What is never done under this authorization", _HEAD)
    for said in NEVER:
        yield Paragraph(said, _ITEM, bulletText="•")


def _end(terms: Terms, utility: str) -> KeepTogether:
    """Return how it ends and the signature: no page holds the signature alone."""
    head = Paragraph("How it is revoked", _HEAD)
    told = Paragraph(
        f"I may revoke this authorization at any time and without a reason, by telling"
        f" {escape(terms.grantee or '')} or {escape(utility)} so; a sentence that names"
        f" authorization <b>{terms.id}</b> is enough. From then on nothing more is fetched. What"
        " was fetched before is deleted if I ask for that.",
        _BODY,
    )
    return KeepTogether([Spacer(0, 4), head, told, _signature(terms)])


def _signature(terms: Terms) -> Table:
    signed = _table(
        [("", "", ""), ("Signature", "", "Date"),
         ("", "", ""), (f"Printed name ({escape(terms.grantor)})", "",
                        f"Role ({escape(terms.role)})")],
        (4.0, 0.3, 2.2),
        [28, None, 28, None],
    )  # fmt: skip
    signed.setStyle(
        [("LINEABOVE", (column, row), (column, row), _LINE, "black")
         for column in (0, 2) for row in (1, 3)]
    )  # fmt: skip
    return signed


def _facts(told: list[tuple[str, str]]) -> Table:
    made = _table(
        [(f"<b>{name}</b>", escape(value)) for name, value in told],
        (1.15, 5.35),
        [None] * len(told),
    )
    made.setStyle([("LINEBELOW", (0, 0), (-1, -1), 0.25, "grey")])
    made.spaceAfter = 6
    return made


def _table(
    rows: list[tuple[str, ...]], inches: tuple[float, ...], heights: list[int | None]
) -> Table:
    return Table(
        [[Paragraph(cell, _CELL) for cell in row] for row in rows],
        colWidths=[width * inch for width in inches],
        rowHeights=heights,
        hAlign="LEFT",
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
        ],
    )


def _foot(name: str, canvas: Canvas, document: SimpleDocTemplate) -> None:
    canvas.saveState()
    canvas.setFont("Times-Roman", 9)
    canvas.drawString(_MARGIN + _PADDING, 0.55 * inch, f"Authorization {name}")
    canvas.drawRightString(letter[0] - _MARGIN - _PADDING, 0.55 * inch, f"Page {document.page}")
    canvas.restoreState()


def _printable(what: str, text: str) -> None:
    """Refuse what the standard fonts of PDF would print as boxes."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        raise Misconfigured(
            State.INVALID_AUTHORIZATION,
            f"The {what} has letters that the letter's font lacks: write it in Latin letters.",
        ) from None


def _long(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
