"""A portal on four hosts, with notices of a first visit and older bills behind a button."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from aiohttp import web
from reportlab.pdfgen.canvas import Canvas

USER, PASSWORD = "riverside", "walnut-77"
NUMBER = "4410-22"
TODAY = date(2026, 6, 15)
OLDEST = date(2025, 12, 9)
BILLS = tuple(
    (date(2026, 6 - n, 9) if n < 6 else OLDEST, Decimal("40.10") + 3 * n) for n in range(7)
)
AT_ONCE = 3
More = Literal["appended", "paged", "circling"]
"""Older bills come under the newer ones, or in their place; or the newest after the oldest."""

DOOR = """<!DOCTYPE html><title>Way in</title><link rel="icon" href="data:,">
<img src="{counter}/pixel.gif" alt="" width="1" height="1">
<div id="cookie-bar" hidden style="position:fixed;inset:0;background:#ccc">We keep cookies.
<button type="button" onclick="document.cookie = 'seen=1'; this.parentNode.hidden = true">
Accept all</button></div>
<script>document.getElementById('cookie-bar').hidden = document.cookie.includes('seen')</script>
<form method="post" action="{house}/session">{said}
<label>Customer <input name="who"></label>
<label>Secret word <input name="word" type="password"></label><button>Come in</button></form>"""

FRAME = """<!DOCTYPE html><title>House</title><link rel="icon" href="data:,">
<a href="/home">Start</a> {} <a href="/out">Go out</a>{}"""
LINKS = '<a href="/bills">Statements</a> <a href="/hours">Hours</a>'
IN_TABS = """<a href="/bills" target="_blank">Statements</a>
<a href="#" onclick="window.open('/hours', 'hours'); return false">Hours</a>"""

HOME = """<dl><dt>Customer number</dt><dd>4410-22</dd></dl>
<dialog id="news"><p>The office is closed on Monday.</p>
<button type="button" aria-label="Close the news">&times;</button></dialog>
<script>const news = document.getElementById('news');
news.querySelector('button').onclick = () => { document.cookie = 'news=1; path=/'; news.close(); };
if (!document.cookie.includes('news=1')) news.showModal();</script>"""

STATEMENTS = """<ul id="list"></ul><button id="more" type="button">Older ones</button><script>
let from = 0;
const list = document.getElementById('list'), more = document.getElementById('more');
const load = () => fetch('/list?from=' + from).then(r => r.json()).then(told => {
  const rows = told.rows.map(([day, sum, n]) => `<li class="slip"><span class="of">${day}</span>
    <b class="sum">$${sum}</b> <a href="/paper?n=${n}" download>Paper</a></li>`).join('');
  list.innerHTML = told.append ? list.innerHTML + rows : rows;
  from = told.next;
  more.hidden = told.next === null;
});
more.onclick = load;
load();</script>"""

HOURS = """<label>Day <input type="date" id="day" value="2026-06-14"></label><div id="graph"></div>
<script>
const draw = () => { const day = document.getElementById('day').value;
  document.getElementById('graph').textContent = 'Loading...';
  fetch('DATA/hours?day=' + day).then(r => r.json()).then(told => {
    const bars = told.kwh.map((v, n) => `<rect x="${60 + n * 30}" width="20" fill="#26a"
      y="${400 - v * 60}" height="${v * 60}"></rect>`).join('');
    const ticks = [0, 1, 2, 3, 4].map(v => `<text x="40" y="${404 - v * 60}">${v}</text>`).join('');
    document.getElementById('graph').innerHTML = `<h2>${told.title}</h2>
      <svg width="800" height="440">${ticks}${bars}<text x="10" y="20">kWh</text></svg>`;
  }); };
document.getElementById('day').onchange = draw;
draw();</script>"""


def kwh(day: date, hour: int) -> Decimal:
    """Return what was used in an hour."""
    return Decimal((day.day * 31 + hour * hour * 7) % 350 + 20) / 100


class Scattered:
    """The four hosts, of which the first is the way in, and what was asked of them."""

    def __init__(self, more: More = "appended", *, tabs: bool = False) -> None:
        self.more = more
        self._links = IN_TABS if tabs else LINKS
        self.asked: Counter[str] = Counter()
        self.door = self.house = self.data = self.counter = ""

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Serve each host at an address of its own, as far as browsers see."""
        hosts = {
            "door": {"/": self._door},
            "house": {
                "/session": self._session, "/home": self._page(HOME), "/bills": self._page(
                    STATEMENTS), "/list": self._list, "/paper": self._paper,
                "/hours": self._page(HOURS), "/out": self._out,
            },
            "data": {"/hours": self._hours},
            "counter": {"/pixel.gif": self._pixel},
        }  # fmt: skip
        runners = []
        try:
            for n, (name, routes) in enumerate(hosts.items(), 1):
                app = web.Application()
                for path, answer in routes.items():
                    app.router.add_route("*", path, answer)
                runners.append(runner := web.AppRunner(app))
                await runner.setup()
                await web.TCPSite(runner, f"127.0.0.{n}", 0).start()
                setattr(self, name, f"http://127.0.0.{n}:{runner.addresses[0][1]}")
            yield
        finally:
            for runner in runners:
                await runner.cleanup()

    def _html(self, text: str) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    async def _door(self, request: web.Request) -> web.Response:
        said = "<p>We do not know that.</p>" if "no" in request.query else ""
        return self._html(DOOR.format(counter=self.counter, house=self.house, said=said))

    async def _session(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.asked["sign-in"] += 1
        if (form["who"], form["word"]) != (USER, PASSWORD):
            raise web.HTTPSeeOther(f"{self.door}/?no")
        answer = web.HTTPSeeOther("/home")
        answer.set_cookie("inside", "1", httponly=True)
        raise answer

    def _page(self, text: str) -> Any:
        async def show(request: web.Request) -> web.Response:
            if request.cookies.get("inside") != "1":
                raise web.HTTPFound(f"{self.door}/")
            return self._html(FRAME.format(self._links, text.replace("DATA", self.data)))

        return show

    async def _out(self, _: web.Request) -> web.Response:
        answer = web.HTTPFound(f"{self.door}/")
        answer.del_cookie("inside")
        raise answer

    async def _list(self, request: web.Request) -> web.Response:
        self.asked["list"] += 1
        first = int(request.query["from"])
        rows = [(f"{day:%B} {day.day}, {day.year}", f"{owed:.2f}", first + n)
                for n, (day, owed) in enumerate(BILLS[first : first + AT_ONCE])]  # fmt: skip
        over = first + AT_ONCE >= len(BILLS)
        after = (0 if self.more == "circling" else None) if over else first + AT_ONCE
        return web.json_response({"rows": rows, "next": after, "append": self.more == "appended"})

    async def _paper(self, request: web.Request) -> web.Response:
        day, owed = BILLS[int(request.query["n"])]
        self.asked["paper"] += 1
        file = io.BytesIO()
        canvas = Canvas(file, invariant=True)
        for line, text in enumerate((NUMBER, f"{day:%m/%d/%Y}", f"${owed}")):
            canvas.drawString(50, 700 - 20 * line, text)
        canvas.save()
        return web.Response(body=file.getvalue(), content_type="application/pdf")

    async def _hours(self, request: web.Request) -> web.Response:
        self.asked["hours"] += 1
        day = date.fromisoformat(request.query["day"])
        told = {"title": f"Used on {day:%m/%d/%Y}", "kwh": [float(kwh(day, h)) for h in range(24)]}
        told["at"] = [f"{day} {h:02}:00" for h in range(24)]
        free = {"Access-Control-Allow-Origin": "*"}
        return web.json_response(told, headers=free)

    async def _pixel(self, _: web.Request) -> web.Response:
        self.asked["pixel"] += 1
        return web.Response(body=b"", content_type="image/gif")


DAYS = [TODAY - timedelta(days=n) for n in (3, 2, 1)]
