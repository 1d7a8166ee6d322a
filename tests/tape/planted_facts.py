"""Thirty-two facts of an invented member, planted wherever and however a portal may say them."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from io import BytesIO
from urllib.parse import quote, quote_plus

from reportlab.pdfgen.canvas import Canvas

from harvester.exchange import Reply, Request
from harvester.scrub.facts import ADDRESS, METER, Fact
from harvester.scrub.placeholders import ACCOUNT
from harvester.tape.tape import About, Heard

PORTAL = "https://portal.example"
ABOUT = About(
    profile="caec",
    made_from="portal",
    recorded_at=datetime(2026, 3, 20, 15, 0, tzinfo=UTC),
    today=date(2026, 3, 20),
    start=date(2026, 3, 1),
    user="zelda-quux",
    origins=(PORTAL,),
    harvester="0.1.0",
    browser="1",
)

KNOWN = (
    Fact("password", "Tr0ub4dor&3+<x>"),
    Fact("user ID", "zelda-quux"),
    Fact(ACCOUNT, "4711223001"),
    Fact(ACCOUNT, "4711223002"),
    Fact(ACCOUNT, "5822334001"),
    Fact(METER, "88776655"),
    Fact(METER, "AB-99812"),
    Fact(METER, "77665544"),
    Fact(ADDRESS, "4821 Wobbly Creek Lane, Deatsville AL 36022"),
    Fact(ADDRESS, "77 Zinnia Terrace, Wetumpka AL 36092"),
    Fact("note", "Hot tub for Uncle Ignatius & Özlem"),
    Fact("note", 'The "blue" <shed> heater'),
    Fact("word to hide", "Snickerdoodle"),
    Fact("word to hide", "Thistlewaite"),
    Fact("word to hide", "XJ-2207 plate"),
)
"""What a run knows: of its member, of the catalog, and of who records."""

NAMES = ("Zelda Quuxington", "Barnabas Ockham-Fry", "Peregrine Vandersloot")
ADDRESSES = ("PO Box 9917, Millbrook AL 36054",)
PHONES = ("(334) 567-8901", "205-445-6677", "334.221.9987")
EMAILS = ("zelda.q+power@mail.test", "b_ockham@fry.test", "p.vandersloot@sloot.test")
METERS = ("61524334",)
"""What only the pages say, under a label or in its own form."""
COOKIES = ("s3ss10n-aBcDeFgH12345678", "remember-Zz9Yy8Xx7Ww6")
TOKENS = (
    "csrf+Token/AAbbCCddEE112233==",
    "dDwtMTM2NzQ2Zld1cGxldGU7PjtsPGk8MT4",
    "oneTimeTicket99887766",
)
ALL = (*(f.text for f in KNOWN), *NAMES, *ADDRESSES, *PHONES, *EMAILS, *METERS, *COOKIES, *TOKENS)


def spellings(fact: str) -> list[str]:
    """Return a fact as pages, scripts, addresses and feeds may spell it."""
    return [
        html.escape(fact),
        "".join(f"&#{ord(c)};" for c in fact),
        "".join(f"&#x{ord(c):X};" for c in fact),
        quote(fact, safe=""),
        quote_plus(fact),
        html.escape(json.dumps(fact)[1:-1]),
        "".join(f"\\u{ord(c):04x}" for c in fact),
        base64.b64encode(f"<r>{fact}</r>".encode()).decode(),
        base64.urlsafe_b64encode(f"id={fact};".encode()).decode().rstrip("="),
        html.escape(fact[:3]) + "<b>" + html.escape(fact[3:]) + "</b>",
        "<span>".join(html.escape(c) for c in fact),
    ]


def grouped(number: str) -> list[str]:
    """Return an account number as it is printed elsewhere."""
    return [f"{number[:7]}-{number[7:]}", f"{number[:7]} {number[7:]}", f"00{number}99", number[:7]]


@cache
def heard(*, every_spelling: bool = True) -> list[Heard]:
    """Return exchanges that hold every fact: a page, a feed, a document, and two more."""
    page = _page(spellings if every_spelling else lambda fact: [html.escape(fact)])
    return [Heard(1, _request(), page), Heard(1, _request(), _feed()), *_documents()]


def _request() -> Request:
    return Request(
        "POST",
        f"{PORTAL}/account/4711223001?user={quote(ALL[1])}&ticket={TOKENS[2]}",
        (
            ("Cookie", f"sid={COOKIES[0]}; keep={COOKIES[1]}"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ),
        f"txtPassword={quote(ALL[0])}&txtUsername={ALL[1]}&q={quote_plus(NAMES[0])}".encode(),
    )


def _page(spelled: Callable[[str], list[str]]) -> Reply:
    told = [
        ("Name", NAMES[0]),
        ("Account Holder", NAMES[1]),
        ("Mailing Address", ADDRESSES[0]),
        ("Phone", PHONES[0]),
        ("E-mail", EMAILS[0]),
        ("Meter Number(s)", METERS[0]),
    ]
    rows = "".join(f"<dt>{name}</dt><dd>{html.escape(value)}</dd>" for name, value in told)
    texts = "".join(f"<p>{said}</p>" for fact in ALL[:-5] for said in spelled(fact))
    numbers = "".join(f"<p>{n}</p>" for fact in KNOWN[2:5] for n in grouped(fact.text))
    secrets = "".join(f"<i data-s='{quote(s, safe='')}'>{html.escape(s)}</i>" for s in ALL[-5:])
    hidden = (
        f"<input type=hidden name=__RequestVerificationToken value='{TOKENS[0]}'>"
        f"<input name='__VIEWSTATE' type='hidden' value='{TOKENS[1]}'>"
    )
    body = f"<html><form>{hidden}</form><dl>{rows}</dl>{texts}{numbers}{secrets}</html>"
    return Reply(
        200,
        (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Set-Cookie", f"sid={COOKIES[0]}; path=/; HttpOnly; expires=Fri, 20 Mar 2026"),
            ("X-User", NAMES[0]),
            ("Location", f"/next?ticket={TOKENS[2]}&who={quote_plus(NAMES[1])}"),
            ("Content-Disposition", f'inline; filename="{KNOWN[2].text}.html"'),
        ),
        body.encode(),
    )


def _feed() -> Reply:
    told = {
        "CustomerName": NAMES[2],
        "Phone": PHONES[1],
        "EMail": EMAILS[1],
        "all": list(ALL),
        "kept": {"date": "03/20/2026", "KWH": "1.23", "free": "(800) 555-0100"},
    }
    return Reply(200, (("Content-Type", "application/json"),), json.dumps(told).encode())


def _documents() -> list[Heard]:
    out = BytesIO()
    canvas = Canvas(out, invariant=1, pageCompression=1)
    canvas.setTitle(f"Bill of {NAMES[0]} {KNOWN[2].text}")
    canvas.setAuthor(ALL[1])
    canvas.setSubject(EMAILS[2])
    canvas.setKeywords(" ".join((*PHONES, KNOWN[5].text)))
    for line, fact in enumerate((*ALL, "Billing date 03/20/2026", "Total due $172.77")):
        canvas.setFont("Helvetica", 9)
        canvas.drawString(50, 800 - 18 * line, fact.encode("cp1252").decode("cp1252"))
    canvas.save()
    kind = (("Content-Type", "application/pdf"),)
    asked = Request("GET", f"{PORTAL}/bill.pdf?row=1")
    picture = Reply(200, (("Content-Type", "image/png"),), b"\x89PNG\r\n\x1a\n\0" + ALL[0].encode())
    broken = b"%PDF-1.7\n" + NAMES[0].encode()
    return [
        Heard(1, asked, Reply(200, kind, out.getvalue())),
        Heard(1, Request("GET", f"{PORTAL}/check.png"), picture),
        Heard(1, Request("GET", f"{PORTAL}/half.pdf"), Reply(200, kind, broken)),
    ]
