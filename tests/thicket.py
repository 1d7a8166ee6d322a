"""A portal with what the examples lack: a code, older bills behind a link, two meters, an end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import escape
from zoneinfo import ZoneInfo

from aiohttp import web

from harvester.sandbox.nouns import ZONE, Day
from harvester.sandbox.portals.desk import COOKIE, Desk, Visit, application
from harvester.sandbox.world import World

LISTED, AT_ONCE = 3, 2
CODE = "402917"
METERS = ("A-11", "B-22")
PROFILE = """
platform = "generic"
name = "Thicket Light"
time_zone = "America/Chicago"
origins = ["http://127.0.0.1:1"]
bills_listed = 3
bills = ["sample-coop"]
clicks = ["Sign in", "Confirm", "Older bills", "PDF"]

[routes]
login = "/"
home = "/home"
bills = "/bills"
usage = "/usage"

[locators]
name = [{ label = "Name" }]
secret = [{ label = "Secret" }]
sign_in = [{ role = "button", name = "Sign in" }]
code = [{ label = "Code" }]
send_code = [{ role = "button", name = "Confirm" }]
rows = [{ css = "tr.bill" }]
older = [{ role = "link", name = "Older bills" }]
pdf = [{ role = "link", name = "PDF" }]
meter = [{ label = "Meter" }]
day = [{ label = "Day" }]

[outcomes]
OK = [{ role = "link", name = "Sign out" }]
MFA_REQUIRED = [{ text = 'code that we sent' }]
BAD_CREDENTIALS = [{ text = 'is not right' }]

[labels]
number = ["Account"]

[walk]
sign_in = [
  { fill = "name", with = "user" }, { fill = "secret", with = "password" }, { click = "sign_in" },
]

[walk.accounts]
open = [{ open = "home" }]
shown = { by = "label" }

[walk.bills]
open = [{ open = "bills" }]
rows = "rows"
dates = "%Y-%m-%d"
pdf = "pdf"
more = { by = "button", button = "older" }

[walk.bills.cells]
billing_date = { header = ["Issued"] }
amount = { header = ["Amount"] }

[walk.usage]
open = [{ open = "usage" }]
meters = "meter"
day = { by = "field", steps = [{ fill = "day", with = "day" }] }
"""


@dataclass
class Thicket(Desk):
    """The desk of it; whoever is signed in is not any more when `ends_at` is opened that often."""

    ends_at: tuple[str, int] = ("", 0)
    stale: bool = False
    """Whether its graph says every day that it is of it, and draws the newest."""
    codes: list[str] = field(default_factory=list)
    """What was handed in as a code."""

    def page(self, request: web.Request) -> Visit:
        """Return who asks; send whoever is not signed in, or not any more, to the door."""
        path, times = self.ends_at
        if request.path == path and self.counts.routes[path] == times:
            self.visits.clear()
        visit = self.visit(request)
        if visit is None:
            raise web.HTTPFound("/")
        return visit


def portal(world: World, ends_at: tuple[str, int] = ("", 0)) -> tuple[web.Application, Thicket]:
    """Return the portal, with its desk to look at."""
    desk = Thicket(world, "Thicket Light", LISTED, ends_at=ends_at)
    routes = [
        ("GET", "/", _door), ("POST", "/sign-in", _sign_in), ("POST", "/code", _code),
        ("GET", "/home", _home), ("GET", "/bills", _bills), ("GET", "/bill", _bill),
        ("GET", "/usage", _usage),
    ]  # fmt: skip
    return application(desk, routes), desk  # type: ignore[arg-type]


def told(day: Day, meter: str) -> list[int | None]:
    """Return what a meter measured, Wh by hour: the second one has the first one's day reversed."""
    values = [hour.wh for hour in day.hours]
    return values if meter == METERS[0] else values[::-1]


def _page(*inside: str, number: str = "") -> web.Response:
    top = f'<p>Account: {number}</p><p><a href="/out">Sign out</a></p>' if number else ""
    text = f"<!DOCTYPE html><title>Thicket Light</title><body>{top}{''.join(inside)}</body>"
    return web.Response(text=text, content_type="text/html")


def _form(action: str, fields: Iterable[tuple[str, str, str]], button: str) -> str:
    inputs = "".join(
        f'<label>{said} <input name="{name}" type="{kind}"></label>' for said, name, kind in fields
    )
    return f'<form method="post" action="{action}">{inputs}<button>{button}</button></form>'


_DOOR = _form("/sign-in", [("Name", "who", "text"), ("Secret", "pin", "password")], "Sign in")
_ASK = "<p>Type the code that we sent you.</p>" + _form("/code", [("Code", "c", "text")], "Confirm")


async def _door(_desk: Thicket, _request: web.Request) -> web.Response:
    return _page(_DOOR)


async def _sign_in(desk: Thicket, request: web.Request) -> web.Response:
    form = await request.post()
    key = desk.sign_in(str(form.get("who", "")), str(form.get("pin", "")))
    if key is None:
        return _page("<p>That is not right.</p>", _DOOR)
    response = _page(_ASK)
    response.set_cookie("half", key)
    return response


async def _code(desk: Thicket, request: web.Request) -> web.Response:
    form = await request.post()
    desk.codes.append(str(form.get("c", "")))
    if desk.codes[-1] != CODE:
        return _page(_ASK)
    response = web.HTTPSeeOther("/home")
    response.set_cookie(COOKIE, request.cookies["half"])
    raise response


async def _home(desk: Thicket, request: web.Request) -> web.Response:
    return _page("<h1>Home</h1>", number=desk.page(request).account.number)


async def _bills(desk: Thicket, request: web.Request) -> web.Response:
    visit = desk.page(request)
    first = int(request.query.get("from", "0"))
    bills = desk.bills(visit.account)
    rows = "".join(
        f'<tr class="bill"><td>{bill.billing_date}</td><td>{bill.total}</td>'
        f'<td><a href="/bill?name={desk.named(bill)}">PDF</a></td></tr>'
        for bill in bills[first : first + AT_ONCE]
    )
    more = f'<a href="/bills?from={first + AT_ONCE}">Older bills</a>'
    return _page(
        f"<table><tr><th>Issued</th><th>Amount</th><th></th></tr>{rows}</table>",
        more if first + AT_ONCE < len(bills) else "",
        number=visit.account.number,
    )


async def _bill(desk: Thicket, request: web.Request) -> web.Response:
    return desk.document(desk.page(request), request.query.get("name", ""))


async def _usage(desk: Thicket, request: web.Request) -> web.Response:
    visit = desk.page(request)
    day = date.fromisoformat(request.query.get("day", f"{desk.world.today - timedelta(days=1)}"))
    meter = request.query.get("meter", METERS[0])
    choices = "".join(
        f"<option{' selected' if one == meter else ''}>{escape(one)}</option>" for one in METERS
    )
    newest = desk.world.today - timedelta(days=1)
    known = desk.day(visit, newest if desk.stale else day)
    return _page(
        f'<form><select name="meter" aria-label="Meter" onchange="this.form.submit()">{choices}'
        f'</select><label>Day <input name="day" type="date" value="{day}"'
        f' onchange="this.form.submit()"></label></form>',
        _chart(known, meter, day) if known else "<p>Nothing.</p>",
        number=visit.account.number,
    )


def _chart(day: Day, meter: str, said: date) -> str:
    zone = ZoneInfo(ZONE)
    names = [f"{h.start.astimezone(zone):%I:%M %p}" for h in day.hours]
    hours = list(zip(names, told(day, meter), strict=True))
    kwh = [
        (n, name, "" if wh is None else f"{wh / 1000:.2f}") for n, (name, wh) in enumerate(hours)
    ]
    bars = "".join(
        f'<rect x="{60 + 30 * n}" y="{300 - 20 * float(said)}" width="26"'
        f' height="{20 * float(said)}"><title>{name}: {said} kWh</title></rect>'
        for n, name, said in kwh
        if said
    )
    rows = "".join(f"<tr><td>{name}</td><td>{said}</td></tr>" for _, name, said in kwh)
    return (
        f'<h2>{said:%m/%d/%Y}</h2><svg width="900" height="320">{bars}</svg>'
        f"<table><tr><th>Hour</th><th>kWh</th></tr>{rows}</table>"
    )
