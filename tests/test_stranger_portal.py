"""What other portals of the product do otherwise is harvested, or said for what it is."""

from __future__ import annotations

import asyncio
import base64
import time
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from charts.libraries import INSTALLED
from test_foreign_portal import (
    AFTER,
    BILL,
    BILL_LIST,
    BILLS,
    LOGIN,
    Foreign,
    harvested,
    patient,
)

from harvester.errors import State
from harvester.portal import QUIET
from harvester.profile import Candidate, Profile

NUMBER = "0012345001"
FIVE = (
    ("03/11/2026", "$3,088.10"), ("02/11/2026", "$2,088.10"), ("01/11/2026", "$1,088.10"),
    ("12/11/2025", "$88.12"), ("11/11/2025", "$88.11"),
)  # fmt: skip

DOOR = f"""<div id="way"></div><iframe id="door" width="600" height="400"></iframe><script>
const enter = () => setTimeout(() => {{ door.src = '{LOGIN}?popUp=true'; }}, 1000);
fetch('/oscp/way').then(r => r.text()).then(text => {{ way.innerHTML = text; }});</script>"""
WAY = """<a href="#" onclick="enter(); return false">Login</a>"""

SUMMARY = """<script>if (top !== self) top.location.href = location.href;</script>
<div><div id="panel"><span>Account Number:</span> <span>{separated}</span><br>
<span>Service Address:</span> <span>1 Way</span><br><span>Due</span> <span>$88.00</span></div>
</div>"""

HISTORY = """<div id="no-more-tables"></div><div id="shown"></div><div id="news"></div><script>
if (!sessionStorage.asked) {
  document.getElementById('news').innerHTML = '<p style="position:fixed;bottom:0">'
    + '<button type="button" onclick="this.parentElement.remove()">Got it</button></p>'
    + '<div class="overlay"><button type="button" onclick="sessionStorage.asked = 1;'
    + 'this.parentElement.remove()">No, thanks</button></div>'; }
function saveViewHTML(icon) {
  fetch('/oscp/coded?n=' + icon.dataset.n).then(r => r.text()).then(text => {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes], {type: 'application/pdf'}));
    document.getElementById('shown').innerHTML =
      '<div class="overlay"><iframe src="' + url + '"></iframe></div>'; }); }
function getAccountHistory(from, to) {
  bindAccountHistory({ActLedger: {LedgerItem: {LedgerItems: []}}}); }
function bindAccountHistory(res) {}
const head = '<table><thead><tr>' + ['View', 'Billing Date', 'Due Date', 'Meter Read Date',
  'Net KWH', 'Bill Type', 'Bill Amount'].map(h => '<th>' + h + '</th>').join('') + '</tr></thead>';
setTimeout(() => fetch('/oscp/rows').then(r => r.json()).then(rows => {
  const place = document.getElementById('no-more-tables');
  place.innerHTML = '<select name="t_length"><option>2</option><option>25</option></select>'
    + head + '</table>' + head + '<tbody></tbody></table>';
  const size = place.querySelector('select'), body = place.querySelector('tbody');
  size.onchange = () => { body.innerHTML = '<tr><td colspan="7">Loading...</td></tr>';
    setTimeout(() => { body.innerHTML = rows.slice(0, size.value).join(''); }, 150); };
  size.onchange(); }), 200);
</script>"""

DATA_TABLES = [
    INSTALLED / "node_modules" / file
    for file in ("jquery/dist/jquery.js", "datatables.net/js/jquery.dataTables.js")
]
TABLE = """<script src="/oscp/0.js"></script><script src="/oscp/1.js"></script><script>
$('#no-more-tables table').DataTable({pageLength: 2, lengthChange: false, order: []});</script>"""

FILLING = """<script>setTimeout(() => fetch('/oscp/rows').then(r => r.text()).then(text => {
  document.querySelector('#no-more-tables tbody').innerHTML = text; }), 200)</script>"""

PREPARING = """Your bill is being prepared.
<script>setTimeout(() => location.replace('/oscp/bill?n={}'), 2000)</script>"""


class Stranger(Foreign):
    """Scripts tell everything: the form in a frame, five bills by two, a document in a dialog."""

    summary = SUMMARY
    refusal = "That did not work."

    def __init__(self) -> None:
        super().__init__()
        self.bills = {NUMBER: FIVE}

    def add(self, router: web.UrlDispatcher) -> None:
        """Add what the scripts ask for."""
        router.add_get("/oscp/way", self.way)
        router.add_get("/oscp/rows", self.rows)
        router.add_get("/oscp/coded", self.coded)

    async def front(self, request: web.Request) -> web.StreamResponse:
        """Show a way to the form, and the form to its frame."""
        return await super().front(request) if request.query else self.html(DOOR)

    async def history(self, _: web.Request) -> web.Response:
        """Show the place for the bills."""
        return self.html(AFTER + HISTORY)

    async def way(self, _: web.Request) -> web.Response:
        """Tell, after a while, of the way to the form."""
        await asyncio.sleep(0.3)
        return web.Response(text=WAY, content_type="text/html")

    async def rows(self, _: web.Request) -> web.Response:
        """Tell the rows of the bills."""
        rows = [
            BILL.format(n=n, day=day, owed=owed) for n, (day, owed) in enumerate(self.bills[NUMBER])
        ]
        return web.json_response(rows)

    async def coded(self, request: web.Request) -> web.Response:
        """Return a bill as text."""
        drawn = (await self.bill(request)).body
        assert isinstance(drawn, bytes)
        return web.Response(text=base64.b64encode(drawn).decode())


class Paged(Foreign):
    """The billing history is a real DataTable of two rows a page, with no choice of more."""

    def __init__(self) -> None:
        super().__init__()
        self.bills = dict.fromkeys(BILLS, FIVE)

    def add(self, router: web.UrlDispatcher) -> None:
        """Add the scripts."""
        for number, script in enumerate(DATA_TABLES):
            router.add_get(f"/oscp/{number}.js", self.script(script))

    def script(self, file: Path) -> Handler:
        """Return the handler of a script."""

        async def show(_: web.Request) -> web.StreamResponse:
            return web.FileResponse(file)

        return show

    async def history(self, request: web.Request) -> web.Response:
        """Show the bills."""
        shown = await super().history(request)
        return self.html(f"{shown.text}{TABLE}")


class Filling(Foreign):
    """The billing history is a bare head, whose rows a script asks for; an account has none."""

    def __init__(self) -> None:
        super().__init__()
        (full, empty) = BILLS
        self.bills = {full: FIVE, empty: ()}

    def add(self, router: web.UrlDispatcher) -> None:
        """Add what the script asks for."""
        router.add_get("/oscp/rows", self.rows)

    async def history(self, _: web.Request) -> web.Response:
        """Show the head."""
        return self.html(AFTER + BILL_LIST.format("") + FILLING)

    async def rows(self, _: web.Request) -> web.Response:
        """Tell the rows, after longer than a page is quiet that wants nothing more."""
        await asyncio.sleep(2 * QUIET)
        rows = enumerate(self.bills[self.account])
        shown = (BILL.format(n=n, day=day, owed=owed) for n, (day, owed) in rows)
        return web.Response(text="".join(shown), content_type="text/html")


class Preparing(Foreign):
    """A bill comes in a tab of its own, behind a page that asks for patience."""

    def add(self, router: web.UrlDispatcher) -> None:
        """Add that page."""
        router.add_get("/oscp/prepare", self.prepare)

    async def history(self, request: web.Request) -> web.Response:
        """Show the bills."""
        shown = await super().history(request)
        opened = "window.open('/oscp/prepare?n=' + icon.dataset.n); return;"
        shown.text = str(shown.text).replace("const ask", opened + "const ask")
        return shown

    async def prepare(self, request: web.Request) -> web.Response:
        """Ask for patience."""
        text = PREPARING.format(request.query["n"])
        return web.Response(text=text, content_type="text/html")


class Forgetful(Foreign):
    """The session ends while a script asks for the list of accounts, after one was chosen."""

    ended = False

    async def accounts(self, request: web.Request) -> web.Response:
        """Tell the accounts; once, show the page of the sign-in in their place."""
        if self.asked["chosen"] and not self.ended:
            self.ended, self.open = True, False
            raise web.HTTPFound(LOGIN)
        return await super().accounts(request)

    async def choose(self, request: web.Request) -> web.Response:
        """Select an account."""
        self.asked["chosen"] += 1
        return await super().choose(request)


def stranger() -> Profile:
    """Return the profile that an operator would write for it."""
    found = patient(20)
    news = [Candidate(role="button", name=name) for name in ("Got it", "No, thanks")]
    return found.model_copy(
        update={
            "locators": {**found.locators, "notice": tuple(news)},
            "clicks": (*found.clicks, "Got it", "No, thanks"),
            "bills_listed": len(FIVE),
        }
    )


@pytest.fixture(autouse=True)
def _silent_page(monkeypatch: pytest.MonkeyPatch) -> None:
    # The page never sends the feed itself: there is nothing to wait for.
    monkeypatch.setattr("harvester.platforms.oscp_usage.LEARN_SECONDS", 0.1)


def test_what_scripts_tell_late_in_parts_and_in_frames_is_harvested_whole(tmp_path: Path) -> None:
    began = time.monotonic()
    outcome, foreign, store = harvested(tmp_path, "right", Stranger(), stranger())
    assert (outcome.state, outcome.message, outcome.failed) == (State.OK, "", [])
    assert foreign.asked["sign-in"] == 1
    (one,) = store.catalog.holdings()
    assert (one.account.number, one.account.service_address) == (NUMBER, "1 Way")
    listed = [(f"{b.billing_date:%m/%d/%Y}", f"${b.amount:,}") for b in store.catalog.bills(one.id)]
    assert listed == [*FIVE]
    assert one.pdfs == len(FIVE)
    # Five dialogs are left over, none of which was clicked upon until the patience of 20 s ended.
    assert time.monotonic() - began < 40


@pytest.mark.skipif(
    not all(script.is_file() for script in DATA_TABLES), reason="no DataTables (npm) is installed"
)
def test_a_history_that_its_script_shows_by_pages_is_read_whole(tmp_path: Path) -> None:
    outcome, _, store = harvested(tmp_path, "right", Paged())
    assert (outcome.state, outcome.message, outcome.failed) == (State.OK, "", [])
    assert outcome.pdfs == len(FIVE) * len(BILLS)
    for one in store.catalog.holdings():
        found = store.catalog.bills(one.id)
        assert [(f"{b.billing_date:%m/%d/%Y}", f"${b.amount:,}") for b in found] == [*FIVE]


def test_rows_are_waited_for_while_the_page_asks_for_something_and_no_longer(
    tmp_path: Path,
) -> None:
    began = time.monotonic()
    _, _, store = harvested(tmp_path, "right", Filling(), patient(600))
    assert {one.account.number: one.bills for one in store.catalog.holdings()} == {
        number: 5 * (number == NUMBER) for number in BILLS
    }
    assert time.monotonic() - began < 60  # of the 150 s that rows may take to come


def test_a_page_that_leads_on_to_a_document_is_waited_for(tmp_path: Path) -> None:
    outcome, _, store = harvested(tmp_path, "right", Preparing())
    assert (outcome.state, outcome.failed) == (State.OK, [])
    held = {one.account.number: one.pdfs for one in store.catalog.holdings()}
    assert held == {number: len(bills) for number, bills in BILLS.items()}


def test_a_refusal_in_unknown_words_is_not_answered_with_the_same_password(tmp_path: Path) -> None:
    foreign, found = Stranger(), patient(3)
    outcome, _, _ = harvested(tmp_path, "wrong", foreign, found)
    assert outcome.state is State.PORTAL_CHANGED
    assert "still asks for the sign-in" in outcome.message
    again, _, _ = harvested(tmp_path, "wrong", foreign, found)
    assert again.state is State.PORTAL_CHANGED
    assert "`harvester sign-in me`" in again.message
    assert foreign.asked["sign-in"] == 1


def test_a_session_that_ends_under_a_script_is_no_drift(tmp_path: Path) -> None:
    outcome, foreign, store = harvested(tmp_path, "right", Forgetful(), patient(4))
    assert (outcome.state, outcome.message, outcome.failed) == (State.OK, "", [])
    assert foreign.asked["sign-in"] == outcome.sign_ins == 2
    assert outcome.evidence is None
    assert {one.account.number: one.pdfs for one in store.catalog.holdings()} == {
        number: len(bills) for number, bills in BILLS.items()
    }
