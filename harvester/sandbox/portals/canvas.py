"""An example portal of one page: a sign-in in two steps, bills as cards by scrolling, a canvas."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from aiohttp import web

from harvester.sandbox.nouns import Bill
from harvester.sandbox.portals.desk import COOKIE, HERE, Chart, Desk, Visit, application
from harvester.sandbox.world import World

LISTED = 12
AT_ONCE = 4


def portal(world: World, chart: Chart = "drawn") -> web.Application:
    """Return the portal of a world."""
    desk = Desk(world, "Lakeside Electric", LISTED, chart)
    return application(
        desk,
        [
            ("GET", "/", _page),
            ("GET", "/app.js", _script),
            ("POST", "/api/sign-in", _sign_in),
            ("GET", "/api/me", _me),
            ("GET", "/api/bills", _bills),
            ("GET", "/api/document", _document),
            ("GET", "/api/usage", _usage),
        ],
    )


async def _page(_desk: Desk, _request: web.Request) -> web.FileResponse:
    return web.FileResponse(HERE / "static" / "canvas.html")


async def _script(_desk: Desk, _request: web.Request) -> web.FileResponse:
    return web.FileResponse(HERE / "static" / "canvas.js")


async def _sign_in(desk: Desk, request: web.Request) -> web.Response:
    told = await request.json()
    key = desk.sign_in(str(told.get("user", "")), str(told.get("password", "")))
    response = web.json_response({"ok": key is not None})
    if key:
        response.set_cookie(COOKIE, key, httponly=True)
    return response


def _visit(desk: Desk, request: web.Request) -> Visit:
    """Return who asks, about the account that is asked for."""
    visit = desk.visit(request)
    if visit is None:
        raise web.HTTPUnauthorized
    if number := request.query.get("account"):
        account = visit.sign_in.account(number)
        if account is None:
            raise web.HTTPNotFound
        visit.account = account
    return visit


async def _me(desk: Desk, request: web.Request) -> web.Response:
    visit = desk.visit(request)
    accounts = visit.sign_in.accounts if visit else ()
    return web.json_response(
        {
            "signedIn": visit is not None,
            "today": f"{desk.world.today}",
            "chart": desk.chart,
            "accounts": [
                {"number": a.number, "address": a.service_address, "rate": a.rate,
                 "received": a.has_received}
                for a in accounts
            ],
        }
    )  # fmt: skip


async def _bills(desk: Desk, request: web.Request) -> web.Response:
    bills = desk.bills(_visit(desk, request).account)
    first = int(request.query.get("from", "0"))
    more = first + AT_ONCE < len(bills)
    told = [_card(desk, bill) for bill in bills[first : first + AT_ONCE]]
    return web.json_response({"bills": told, "more": more})


def _card(desk: Desk, bill: Bill) -> dict[str, str]:
    return {
        "day": f"{bill.billing_date:%B} {bill.billing_date.day}, {bill.billing_date.year}",
        "due": f"{bill.due_date:%B} {bill.due_date.day}, {bill.due_date.year}",
        "used": f"{bill.kwh:,} kWh",
        "total": f"${bill.total:,.2f}",
        "document": desk.named(bill),
    }


async def _document(desk: Desk, request: web.Request) -> web.Response:
    return desk.document(_visit(desk, request), request.query.get("name", ""))


async def _usage(desk: Desk, request: web.Request) -> web.Response:
    visit = _visit(desk, request)
    asked = date.fromisoformat(request.query["day"])
    shown = asked - timedelta(days=1) if desk.chart == "other-day" else asked
    day = desk.day(visit, shown)
    hours: list[dict[str, Any]] = [
        {
            "at": int(hour.start.timestamp() * 1000),
            "used": None if hour.wh is None else hour.wh / 1000,
            "given": None if hour.received_wh is None else hour.received_wh / 1000,
            "guess": hour.quality == "estimated",
        }
        for hour in (day.hours if day else ())
    ]
    return web.json_response({"day": f"{shown}", "hours": hours})
