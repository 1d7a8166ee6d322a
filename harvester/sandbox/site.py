"""One running portal: its world, its switches, its memory, and how it renders a page."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from harvester.sandbox.counts import Counts
from harvester.sandbox.forms import TOKEN, ForgedError, Seal, delta
from harvester.sandbox.layout import METHODS, Layout
from harvester.sandbox.nouns import Bill
from harvester.sandbox.session import Session, Sessions
from harvester.sandbox.switches import Switches
from harvester.sandbox.world import World

HERE = Path(__file__).parent
COOP = "Sample Electric Cooperative"
PORTAL_CSS, PORTAL_JS = "/Portals/0/portal.css", "/Portals/0/portal.js"
LEDGER = "/DesktopModules/AccountHistory/API/AccountHistory.aspx/GetAccountHistory"
PDF = "/DesktopModules/AccountHistory/ViewBill.aspx"

DANGEROUS = {
    "pay-now": "/Pay-Now",
    "auto-draft": "/Auto-Draft",
    "e-bill": "/E-Bill",
    "report-outage": "/Report-Outage",
    "payment-arrangement": "/Payment-Arrangement",
    "contact-save": "/My-Account/Contact/Save",
    "alerts-save": "/My-Account/Alerts/Save",
    "password-save": "/Change-Password/Save",
    "terms-accept": "/Terms/Accept",
    "contact-confirm": "/Contact-Information/Confirm",
    "note-save": METHODS + "SaveNote",
    "note-delete": METHODS + "DeleteNote",
}
"""Path by name of every control that a harvest must never touch."""


@dataclass
class Site:
    """What all handlers share."""

    world: World
    layout: Layout
    switches: Switches
    sessions: Sessions
    now: Callable[[], float]
    """The portal's clock, in seconds."""
    began: float
    """When the portal was started."""
    delay: float
    """Seconds before each answer of a portal that is not slow."""
    seal: Seal
    counts: Counts = field(default_factory=Counts)
    tally: Counter[str] = field(default_factory=Counter)
    """What the faults go by: how many requests have got as far as each of them."""
    wrong: Counter[str] = field(default_factory=Counter)
    """Wrong passwords by user since the last right one or the last lock."""
    locks: dict[str, float] = field(default_factory=dict)
    """When a user was locked."""
    passwords: list[float] = field(default_factory=list)
    """When the passwords of the last 24 hours came."""
    limited_until: float = float("-inf")
    pdf: str = ""
    """Id of the bill that the last PDF request was about."""

    def page(
        self,
        request: web.Request,
        template: str,
        values: Mapping[str, object],
        name: str = "",
        session: Session | None = None,
    ) -> web.Response:
        """Render a template; `name` is the page that the hidden fields of its form belong to."""
        cookie = request.cookies.get(TOKEN) or secrets.token_urlsafe(24)
        hidden = {**self.seal.fields(name), **self.layout.hidden}
        if session:
            hidden["__PREVIOUSPAGE"] = name
        if self.layout.tokens:
            hidden[TOKEN] = self.seal.token(cookie)
        html = _templates().get_template(template).render(
            site=self,
            layout=self.layout,
            url=self.layout.url,
            words=self.layout.words,
            tables=self.layout.tables,
            switches=self.switches,
            dangerous={key: self.layout.url(path) for key, path in DANGEROUS.items()},
            coop=COOP,
            paths={"ledger": LEDGER, "pdf": PDF},
            css=PORTAL_CSS,
            js=PORTAL_JS,
            session=session,
            account=session.account if session else None,
            hidden=hidden,
            modal=self._modal(session) if session and name else None,
            **values,
        )  # fmt: skip
        response = web.Response(text=html, content_type="text/html")
        response.headers["Cache-Control"] = "private"
        if name and self.layout.tokens and TOKEN not in request.cookies:
            response.set_cookie(TOKEN, cookie, httponly=True, path="/", samesite="Lax")
        return response

    def _modal(self, session: Session) -> tuple[Bill, str] | None:
        """Return the bill, and its row, that a dialog covering this page is about, if one does."""
        self.tally["shown"] += 1
        if self.tally["shown"] != self.switches.stale_modal:
            return None
        mine = session.account.number
        others = (a.number for a in session.sign_in.accounts if a.number != mine)
        bills = self.world.bills(next(others, mine))[:2]
        return (bills[-1], session.row(bills[-1].id)) if bills else None

    def message(
        self,
        request: web.Request,
        title: str,
        *text: str,
        status: int = 200,
        session: Session | None = None,
    ) -> web.Response:
        """Render a page that only says something."""
        values = {"title": title, "text": text}
        response = self.page(request, "message.html", values, session=session)
        response.set_status(status)
        return response

    def bare(self, status: HTTPStatus, title: str, text: str) -> web.Response:
        """Answer a short page of what stands before the application."""
        html = _templates().get_template("bare.html").render(title=title, text=text)
        return web.Response(text=html, content_type="text/html", status=status)

    def fault(
        self, request: web.Request, why: str, status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    ) -> web.Response:
        """Answer as ASP.NET does when a page throws."""
        response = self.page(request, "error.html", {"why": why})
        response.set_status(status)
        return response

    def forged(
        self, request: web.Request, name: str, form: Mapping[str, object]
    ) -> web.Response | None:
        """Return the error that a form gets which this portal did not hand out for this page."""
        cookie = request.cookies.get(TOKEN, "") if self.layout.tokens else None
        try:
            self.seal.verify(name, form, cookie, state=self.switches.view_state == "checked")
        except ForgedError as error:
            why = f"Validation of {error} failed."
        else:
            return None
        if is_partial(request, form):
            return plain(delta(("error", str(HTTPStatus.INTERNAL_SERVER_ERROR.value), why)))
        return self.fault(request, why)


def is_partial(request: web.Request, form: Mapping[str, object]) -> bool:
    """Tell whether a post wants a delta: ASP.NET goes by the header and, failing it, the field."""
    header = request.headers.get("X-MicrosoftAjax", "")
    return "Delta=true" in header or form.get("__ASYNCPOST") == "true"


def plain(text: str) -> web.Response:
    """Answer a partial postback."""
    return web.Response(text=text, content_type="text/plain")


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["money"] = _money
    environment.filters["day"] = "{:%m/%d/%Y}".format
    return environment


def _money(amount: Decimal) -> str:
    return f"-${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"
