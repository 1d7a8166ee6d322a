"""A portal written apart from the simulated one, with other markup, is harvested all the same."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from conftest import run_async
from permitted import permit
from reportlab.pdfgen.canvas import Canvas

from harvester.cli.simulated import Known
from harvester.errors import State
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Direction, Window
from harvester.profile import Profile, load
from harvester.run import harvest_all
from harvester.task import Outcome, Task

TODAY = date(2026, 3, 20)
DAY = timedelta(days=1)
FIRST_CHICAGO_HOUR = 5
"""The UTC hour of midnight in Chicago's summer."""
BILLS = {"0012345001": (("03/11/2026", "$88.10"), ("02/10/2026", "$1,204.55")),
         "0012345002": (("03/11/2026", "$88.10"),)}  # fmt: skip
LOGIN = "/oscp/OnlineServices/FeaturesLogin/tabid/123/Default.aspx"
BILLING = "/oscp/BillingPayments/tabid/42/Default.aspx"
HISTORY = "/oscp/MyAccount/AccountHistory/tabid/265/Default.aspx"
USAGE = "/oscp/MyAccount/AccountHistory/UsageHistory/MeterUsageList/tabid/266/Default.aspx"
FEEDS = "/oscp/DesktopModules/MeterUsage/API/MeterData.aspx/"

FRAME = """<!DOCTYPE html><html><head><title>Co-op</title><link rel="icon" href="data:,">
<style>.overlay{{position:fixed;inset:0;background:#fff}}</style></head><body>
<form id="Form" method="post"><div id="banner">The portal will be down for scheduled maintenance
on Sunday. If your password is invalid or your account is locked, call us.</div>
{}<footer>By signing in you agree to the terms of use.</footer></form></body></html>"""

SIGN_IN = """<table><tr><td><i></i></td><td>
<input id="dnn_ctr701_Gate_txtUsername" name="u" placeholder="Your ID"></td></tr>
<tr><td><input id="dnn_ctr701_Gate_txtPassword" name="p" type="password"></td></tr></table>
<button id="dnn_ctr701_Gate_btnLogin">Log In</button>"""

AFTER = """<nav><a href="/oscp/Pay">Pay Now</a> <a href="/oscp/Off">Sign Out</a></nav>"""

ACCOUNTS = """<table id="summary"><tr><th>Account Number</th><th>Due</th></tr></table>
<p><b>Account Number:</b> {separated}<br><b>Service Address:</b> 1 Way<br></p>
<div id="late"></div>
<script>setTimeout(() => fetch('/oscp/list').then(r => r.text()).then(t => {{
  document.getElementById('late').innerHTML = t; }}), 100)</script>"""

LIST = """<a href="#" onclick="all_.hidden = false; return false">View All Accounts (2)</a>
<div id="all_" hidden><select name="example2_length"><option value="10">10</option>
<option value="All">All</option></select><div id="example2_wrapper"><table id="example2">
<tr><th>Account</th><th></th></tr>{}</table></div></div>"""

PLACE = """<tr><td><a href="/oscp/choose?a={0}">{0}</a></td>
<td><a id="vbLinkBtn{1}" href="#">View Bill</a></td></tr>"""

BILL_LIST = """<div id="no-more-tables"><table><thead><tr><th> View </th><th>Billing&nbsp;Date</th>
<th>Due<br>Date</th><th>Meter Read Date</th><th>Net KWH</th><th>Bill Type</th><th>Bill Amount</th>
</tr></thead><tbody>{}</tbody></table></div><div id="shown"></div><script>
function saveViewHTML(icon) {{
  const ask = new XMLHttpRequest();
  ask.open('GET', '/oscp/bill?n=' + icon.dataset.n); ask.responseType = 'blob';
  ask.onload = () => {{
    const shown = document.createElement('embed');
    shown.src = URL.createObjectURL(ask.response); shown.type = 'application/pdf';
    document.getElementById('shown').replaceChildren(shown); }};
  ask.send(); }}
function getAccountHistory(from, to) {{
  setTimeout(() => bindAccountHistory({{ActLedger: {{LedgerItem: {{LedgerItems: []}}}}}}), 20); }}
function bindAccountHistory(res) {{}}
</script>"""

BILL = """<tr><td><i data-n="{n}" onclick="saveViewHTML(this)">pdf</i></td><td>{day}</td><td></td>
<td>{day}</td><td>1,000</td><td>Regular</td><td>{owed}</td></tr>"""

GRAPH = """<div id="graph">Loading</div><script>setTimeout(() => {
  document.getElementById('graph').innerHTML = '<svg><text x="9" y="20">kWh</text></svg>'; }, 50)
</script>"""


def reading(account: str, day: date, hour: int) -> Decimal | None:
    """Return what the meter measured in an hour of local time; one hour was never read."""
    if (day.day, hour) == (18, 4):
        return None
    return Decimal(100 * int(account[-1]) + day.day) / 100 + Decimal(hour) / 10


class Foreign:
    """The pages, and what was asked of them."""

    summary = ACCOUNTS
    refusal = "Login failed: invalid user or password."

    def __init__(self) -> None:
        self.account = "0012345001"
        self.bills: Mapping[str, tuple[tuple[str, str], ...]] = BILLS
        self.asked: Counter[str] = Counter()
        self.bodies: list[dict[str, str]] = []
        self.open = False
        self.primed = False

    def application(self) -> web.Application:
        """Return the pages as an application."""
        app = web.Application()
        app.router.add_get(LOGIN, self.front)
        app.router.add_post(LOGIN, self.sign_in)
        app.router.add_get(BILLING, self.page(self.summary))
        app.router.add_get(HISTORY, self.history)
        app.router.add_get(USAGE, self.page(GRAPH))
        app.router.add_get("/oscp/list", self.accounts)
        app.router.add_get("/oscp/choose", self.choose)
        app.router.add_get("/oscp/bill", self.bill)
        app.router.add_post(FEEDS + "GetDailyUsageData", self.daily)
        app.router.add_post(FEEDS + "GetIntervalData", self.interval)
        self.add(app.router)
        app.router.add_route("*", "/{path:.*}", self.other)
        return app

    def add(self, router: web.UrlDispatcher) -> None:
        """Add what another portal has beside these pages."""

    async def front(self, request: web.Request) -> web.StreamResponse:
        """Show the form of the sign-in."""
        shown: web.StreamResponse = await self.page(SIGN_IN, signed_in=False)(request)
        return shown

    def html(self, text: str, status: int = 200) -> web.Response:
        """Return a page in the frame of all pages."""
        return web.Response(text=FRAME.format(text), content_type="text/html", status=status)

    def page(self, text: str, *, signed_in: bool = True) -> Callable[..., Any]:
        """Return the handler of a page."""

        async def show(request: web.Request) -> web.Response:
            self.asked[request.path] += 1
            if signed_in and not self.open:
                raise web.HTTPFound(LOGIN)
            told = text.replace("{separated}", f"{self.account[:-3]}-{self.account[-3:]}")
            told = told.replace("{{", "{").replace("}}", "}")
            return self.html((AFTER if signed_in else "") + told)

        return show

    async def sign_in(self, request: web.Request) -> web.Response:
        """Take the form as a whole postback."""
        self.asked["sign-in"] += 1
        form = await request.post()
        if (form.get("u"), form.get("p")) != ("resident", "right"):
            return self.html(f"<b>{self.refusal}</b>" + SIGN_IN)
        self.open = True
        raise web.HTTPFound(BILLING)

    async def accounts(self, _: web.Request) -> web.Response:
        """Return the part of the billing page that comes late."""
        rows = "".join(PLACE.format(number, n) for n, number in enumerate(BILLS))
        return web.Response(text=LIST.format(rows), content_type="text/html")

    async def choose(self, request: web.Request) -> web.Response:
        """Select an account."""
        self.account = request.query["a"]
        raise web.HTTPFound(BILLING)

    async def history(self, _: web.Request) -> web.Response:
        """Show the bills of the selected account."""
        rows = (
            BILL.format(n=n, day=day, owed=owed)
            for n, (day, owed) in enumerate(self.bills[self.account])
        )
        return self.html(AFTER + BILL_LIST.format("".join(rows)))

    async def bill(self, request: web.Request) -> web.Response:
        """Return a bill that is made anew each time."""
        self.asked["bill"] += 1
        day, owed = self.bills[self.account][int(request.query["n"])]
        file = io.BytesIO()
        canvas = Canvas(file, invariant=True)
        for line, text in enumerate((f"{self.account[:-3]}-{self.account[-3:]}", day, owed)):
            canvas.drawString(50, 700 - 20 * line, text)
        canvas.save()
        return web.Response(body=file.getvalue(), content_type="application/pdf")

    async def told(self, request: web.Request) -> tuple[str, list[date]]:
        """Return account and days of a feed's request, at most ten days from its end."""
        body = json.loads(await request.text())
        self.bodies.append(body)
        first, last = (
            datetime.strptime(body[name], "%m/%d/%Y").replace(tzinfo=UTC).date()
            for name in ("StartDate", "EndDate")
        )
        days = [first + n * DAY for n in range((last - first).days + 1) if first + n * DAY < TODAY]
        return body["MemberSep"].replace("-", ""), days[-10:]

    def answer(self, items: list[dict[str, Any]], **more: Any) -> web.Response:
        """Return a feed's answer: JSON in a string in JSON."""
        return web.json_response({"d": json.dumps({"Items": items, **more})})

    async def daily(self, request: web.Request) -> web.Response:
        """Tell days, with numbers that are no strings."""
        account, days = await self.told(request)
        self.primed = True
        items = [
            {
                "DAILYTIMESTAMPFORMAT": f"{day:%m/%d/%Y}",
                "TOTALENERGY": float(sum(reading(account, day, h) or 0 for h in range(24))),
                "ENDREADING": 4000 + day.day,
                "Cost": None,
            }
            for day in days
        ]
        return self.answer(items, DyExports=[{"METER": f"M{account[-1]}"} for _ in days])

    async def interval(self, request: web.Request) -> web.Response:
        """Tell hours without received energy and weather; nothing before the days were told."""
        account, days = await self.told(request)
        items = [
            {"UsageHourDate": f"{day:%m/%d/%Y} {hour % 12 or 12:02}:00 {'AP'[hour // 12]}M",
             "KWH": "NaN" if (kwh := reading(account, day, hour)) is None else float(kwh)}
            for day in days if self.primed and day != TODAY
            for hour in range(24)
        ]  # fmt: skip
        return self.answer(items)

    async def other(self, request: web.Request) -> web.Response:
        """Count what no harvest should ask for."""
        self.asked[f"other {request.path}"] += 1
        return self.html("Not found", status=404)


def patient(seconds: float = 8) -> Profile:
    found = load("caec")
    pace = found.pace.model_copy(update={"reply_seconds": seconds, "pause_ms": 0})
    return found.model_copy(update={"pace": pace})


def harvested(
    home: Path, password: str, foreign: Foreign | None = None, found: Profile | None = None
) -> tuple[Outcome, Foreign, Store]:
    foreign = foreign or Foreign()

    async def run() -> tuple[Outcome, Foreign]:
        runner = web.AppRunner(foreign.application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = int(runner.addresses[0][1])
        member = Member(name="me", profile="caec", user="resident")
        # Twelve days from the 8th: the clock changed on that day, so it is left out.
        window = Window(date(2026, 3, 9), TODAY)
        task = Task(member, found or patient(), Known(password), window, TODAY, sandbox=port)
        permit(home, "me")
        try:
            (outcome,) = await harvest_all([task], Store(home), lambda *_: None)
        finally:
            await runner.cleanup()
        return outcome, foreign

    return *run_async(run()), Store(home)


@pytest.fixture(scope="module")
def harvest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Foreign, Store]:
    with pytest.MonkeyPatch.context() as patch:
        # The page never sends the feed itself: there is nothing to wait for.
        patch.setattr("harvester.platforms.oscp_usage.LEARN_SECONDS", 0.1)
        return harvested(tmp_path_factory.mktemp("home"), "right")


def test_a_portal_of_other_markup_is_harvested_with_one_sign_in(
    harvest: tuple[Outcome, Foreign, Store],
) -> None:
    outcome, foreign, _ = harvest
    assert (outcome.state, outcome.message, outcome.failed) == (State.OK, "", [])
    assert (outcome.accounts, outcome.pdfs, outcome.sign_ins) == (2, 3, 1)
    assert foreign.asked["sign-in"] == 1
    assert not [name for name in foreign.asked if name.startswith("other")]


def test_every_hour_of_either_account_is_what_its_meter_measured(
    harvest: tuple[Outcome, Foreign, Store],
) -> None:
    _, _, store = harvest
    for one in store.catalog.holdings():
        readings = list(store.catalog.readings(one.id))
        assert {r.direction for r in readings} == {Direction.DELIVERED}
        midnights = {
            datetime(2026, 3, n, FIRST_CHICAGO_HOUR, tzinfo=UTC): date(2026, 3, n)
            for n in range(9, 20)
        }
        expected = {
            midnight + timedelta(hours=hour): reading(one.account.number, day, hour)
            for midnight, day in midnights.items()
            for hour in range(24)
        }
        assert {
            r.start: None if r.wh is None else Decimal(r.wh) / 1000 for r in readings
        } == expected
        assert [(r.local_day.day, r.reason) for r in readings if r.wh is None] == [
            (18, State.NO_DATA)
        ]
        assert {r.meter for r in readings} == {f"M{one.account.number[-1]}"}


def test_facts_bills_and_documents_come_from_unlike_pages(
    harvest: tuple[Outcome, Foreign, Store],
) -> None:
    _, _, store = harvest
    for one in store.catalog.holdings():
        assert one.account.service_address == "1 Way"
        bills = store.catalog.bills(one.id)
        assert [(f"{b.billing_date:%m/%d/%Y}", f"${b.amount:,}") for b in bills] == list(
            BILLS[one.account.number]
        )
        assert one.pdfs == len(bills)


def test_a_feed_that_the_page_does_not_send_itself_is_asked_as_the_product_wants_it(
    harvest: tuple[Outcome, Foreign, Store],
) -> None:
    _, foreign, _ = harvest
    assert {body["MemberSep"] for body in foreign.bodies} == {"0012345-001", "0012345-002"}
    assert {body["keymbr"] for body in foreign.bodies} == {"00012345"}
    intervals = [body for body in foreign.bodies if "IntervalType" in body]
    assert {body["IntervalType"] for body in intervals} == {"60"}
    assert not [body for body in intervals if "IsEnergy" in body]


def test_its_refusal_is_a_wrong_password_though_its_news_speak_of_much(tmp_path: Path) -> None:
    outcome, foreign, _ = harvested(tmp_path, "wrong")
    assert outcome.state is State.BAD_CREDENTIALS
    assert foreign.asked["sign-in"] == 1
