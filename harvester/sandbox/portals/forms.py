"""An example portal without scripts: forms, a list of months, a graph that the server draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from harvester.sandbox.nouns import ZONE, Day
from harvester.sandbox.portals.desk import COOKIE, HERE, Chart, Desk, Visit, application
from harvester.sandbox.world import World

LISTED = 4
LEFT, WIDE, TOP, BOTTOM = 60, 34, 20, 300


def portal(world: World, chart: Chart = "drawn") -> web.Application:
    """Return the portal of a world."""
    desk = Desk(world, "Plains Power", LISTED, chart)
    return application(
        desk,
        [
            ("GET", "/", _door),
            ("POST", "/sign-in", _sign_in),
            ("GET", "/home", _home),
            ("GET", "/bills", _bills),
            ("POST", "/bills", _bills),
            ("POST", "/bill", _bill),
            ("GET", "/usage", _usage),
        ],
    )


async def _door(desk: Desk, _request: web.Request) -> web.Response:
    return _page(desk, "door.html", {"refused": False})


async def _sign_in(desk: Desk, request: web.Request) -> web.Response:
    form = await request.post()
    key = desk.sign_in(str(form.get("member", "")), str(form.get("pin", "")))
    if key is None:
        return _page(desk, "door.html", {"refused": True})
    response = web.HTTPSeeOther("/home")
    response.set_cookie(COOKIE, key, httponly=True)
    raise response


def _visit(desk: Desk, request: web.Request) -> Visit:
    visit = desk.visit(request)
    if visit is None:
        raise web.HTTPFound("/")
    return visit


async def _home(desk: Desk, request: web.Request) -> web.Response:
    visit = _visit(desk, request)
    if number := request.query.get("account"):
        visit.account = visit.sign_in.account(number) or visit.account
    return _page(desk, "home.html", {"visit": visit})


async def _bills(desk: Desk, request: web.Request) -> web.Response:
    visit = _visit(desk, request)
    form = await request.post()
    bills = desk.bills(visit.account)
    months = sorted({f"{bill.billing_date:%Y-%m}" for bill in bills}, reverse=True)
    month = str(form.get("month", ""))
    shown = [(desk.named(bill), bill) for bill in bills if f"{bill.billing_date:%Y-%m}" == month]
    values = {"visit": visit, "months": months, "month": month, "shown": shown}
    return _page(desk, "bills.html", values)


async def _bill(desk: Desk, request: web.Request) -> web.Response:
    form = await request.post()
    return desk.document(_visit(desk, request), str(form.get("document", "")))


async def _usage(desk: Desk, request: web.Request) -> web.Response:
    visit = _visit(desk, request)
    newest = desk.world.today - timedelta(days=1)
    asked = date.fromisoformat(request.query.get("day", f"{newest}"))
    shown = asked - timedelta(days=1) if desk.chart == "other-day" else asked
    drawn = newest if desk.chart == "stale" else shown
    values = {
        "visit": visit,
        "asked": asked,
        "shown": shown,
        "earlier": asked - timedelta(days=1),
        "later": asked + timedelta(days=1) if asked < newest else None,
        "graph": _graph(desk.day(visit, drawn)),
        "chart": desk.chart,
    }
    return _page(desk, "usage.html", values)


def _graph(day: Day | None) -> Mapping[str, object] | None:
    """Return the places of bars, lines and words of a day's graph."""
    if day is None:
        return None
    values = [hour.wh for hour in day.hours]
    step = next(s for s in (100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000)
                if 6 * s >= max(v or 0 for v in values))  # fmt: skip
    scale = (BOTTOM - TOP) / (6 * step)
    zone = ZoneInfo(ZONE)
    hours = [
        {
            "x": LEFT + n * WIDE,
            "label": f"{hour.start.astimezone(zone):%I:%M %p}".lstrip("0"),
            "kwh": None if hour.wh is None else f"{hour.wh / 1000:.2f}",
            "height": round((hour.wh or 0) * scale, 3),
            "y": round(BOTTOM - (hour.wh or 0) * scale, 3),
        }
        for n, hour in enumerate(day.hours)
    ]
    lines = [{"y": round(BOTTOM - n * step * scale, 3), "says": n * step / 1000} for n in range(7)]
    return {"hours": hours, "lines": lines, "total": _total(values)}


def _total(values: Sequence[int | None]) -> str:
    return f"{sum(v or 0 for v in values) / 1000:.2f}"


def _page(desk: Desk, template: str, values: Mapping[str, object]) -> web.Response:
    text = _templates().get_template(template).render(name=desk.name, **values)
    return web.Response(text=text, content_type="text/html")


@cache
def _templates() -> Environment:
    return Environment(loader=FileSystemLoader(HERE / "pages"), autoescape=True)
