"""What both example portals share: who is signed in, which account, and what a request costs."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Literal

from aiohttp import web

from harvester.sandbox.app import COUNTS
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.counts import Counts
from harvester.sandbox.nouns import Account, Bill, Day, SignIn
from harvester.sandbox.world import World

HERE = Path(__file__).parent
COOKIE = "visit"

Chart = Literal["drawn", "image", "never", "other-day", "stale"]
"""How the graph comes: as it should; as a picture; not at all; of the day before the one asked
for and saying so; or as it was first drawn, whatever is asked for."""


@dataclass
class Visit:
    """One signed-in browser."""

    sign_in: SignIn
    account: Account


@dataclass
class Desk:
    """One running example portal."""

    world: World
    name: str
    listed: int
    """How many bills it shows of an account."""
    chart: Chart = "drawn"
    counts: Counts = field(default_factory=Counts)
    visits: dict[str, Visit] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    """Bill ids by the random names that pages give them."""

    def sign_in(self, user: str, password: str) -> str | None:
        """Return the cookie of a new visit; None where the credentials are not right."""
        known = self.world.known(user)
        if known is None or known.password != password:
            self.counts.rejected[user] += 1
            return None
        self.counts.sign_ins[user] += 1
        key = secrets.token_urlsafe(16)
        self.visits[key] = Visit(known, known.accounts[0])
        return key

    def visit(self, request: web.Request) -> Visit | None:
        """Return who asks, if they are signed in."""
        return self.visits.get(request.cookies.get(COOKIE, ""))

    def bills(self, account: Account) -> tuple[Bill, ...]:
        """Return what the portal shows of an account's bills, newest first."""
        return self.world.bills(account.number)[: self.listed]

    def named(self, bill: Bill) -> str:
        """Return a random name by which a page may ask for a bill."""
        name = secrets.token_hex(8)
        self.documents[name] = bill.id
        return name

    def document(self, visit: Visit, name: str) -> web.Response:
        """Answer a bill as a PDF to download, to whom it belongs."""
        bill_id = self.documents.get(name, "")
        if visit.sign_in.account(bill_id.partition("-")[0]) is None:
            raise web.HTTPNotFound
        response = web.Response(body=render(self.world, self.world.bill(bill_id)))
        response.content_type = "application/pdf"
        response.headers["Content-Disposition"] = 'attachment; filename="bill.pdf"'
        return response

    def day(self, visit: Visit, day: date) -> Day | None:
        """Return a day's hours if they are published."""
        told = self.world.days(visit.account.number, day, day)
        return told[0] if told and told[0].hours else None


Handler = Callable[[Desk, web.Request], Awaitable[web.StreamResponse]]


def application(desk: Desk, routes: list[tuple[str, str, Handler]]) -> web.Application:
    """Return the portal of these methods, paths and handlers; every request is counted."""

    async def answer(path: str, handler: Handler, request: web.Request) -> web.StreamResponse:
        desk.counts.routes[path] += 1
        return await handler(desk, request)

    async def forbidden(_desk: Desk, request: web.Request) -> web.Response:
        desk.counts.dangerous[request.path] += 1
        return web.Response(text="Nothing was changed: nobody is behind this page.")

    app = web.Application()
    app[COUNTS] = desk.counts
    for method, path, handler in [*routes, ("*", "/pay", forbidden)]:
        app.router.add_route(method, path, partial(answer, path, handler))
    return app
