"""What keeps a portal's nights from ever being whole, such as short sessions, is got over."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from test_foreign_portal import (
    ACCOUNTS,
    AFTER,
    BILL,
    BILL_LIST,
    BILLS,
    LIST,
    PLACE,
    SIGN_IN,
    Foreign,
    harvested,
    patient,
    reading,
)
from test_stranger_portal import DATA_TABLES, Paged

from harvester.errors import State
from harvester.filing import Store
from harvester.model import Artifact, Kind
from harvester.profile import Profile

FULL, EMPTY = BILLS
IMPORTED = "0098765001"
HALVES_SINCE = 17
FOR_A_SESSION = 14
"""So many of the requests for hours does one session answer."""

BUTTON = """<input type="image" alt="View Bill" title="Shows it" data-n="{n}" src="data:,"
 width="9" height="9" onclick="saveViewHTML(this); return false">"""

LATE = """<script>setTimeout(() => {
  window.getAccountHistory = () => fetch('/oscp/ledger').then(r => r.json())
    .then(rows => bindAccountHistory({ActLedger: {LedgerItem: {LedgerItems: rows}}}));
  window.bindAccountHistory = () => {};
}, 1000)</script>"""


def booked(name: int, kind: str, amount: str, **more: str) -> dict[str, str]:
    told = {"Id": f"{name}", "TransDate": "03/11/2026", "TransType": kind, "TransDesc": kind}
    return {**told, "Amount": amount, "Balance": "0.00", "BalUpdate": "Y", **more}


class Prepaid(Foreign):
    """Bills open by image buttons, a script comes late, and one account pays ahead: no bills."""

    def add(self, router: web.UrlDispatcher) -> None:
        """Add what the function asks for."""
        router.add_get("/oscp/ledger", self.ledger)

    async def history(self, _: web.Request) -> web.Response:
        """Show the bills of the selected account, or say that there are none."""
        icon = '<i data-n="{n}" onclick="saveViewHTML(this)">pdf</i>'
        assert icon in BILL
        rows = "".join(
            BILL.replace(icon, BUTTON).format(n=n, day=day, owed=owed)
            for n, (day, owed) in enumerate(self.bills[self.account])
        )
        shown = BILL_LIST.format(rows).partition("function getAccountHistory")[0] + "</script>"
        if self.account == EMPTY:
            shown = "<p>No billing history is available for this account.</p>"
        return self.html(AFTER + shown + LATE)

    async def ledger(self, _: web.Request) -> web.Response:
        """Tell payments and bills, and a notice that is of no money."""
        rows = [booked(1, "Payment", "-40.00")]
        if self.account == FULL:
            rows += [booked(n, "Bill", "88.10") for n in (2, 3)]
            rows[1] |= {"Amount": "1,204.55", "TransDate": "02/10/2026"}
        rows.append(booked(4, "Bill", "", TransDesc="Notice sent", BalUpdate="N"))
        return web.json_response(rows)


class Short(Foreign):
    """The session ends once, before the second account's bills; a bill has no document yet."""

    ended = False

    async def history(self, request: web.Request) -> web.Response:
        """Show the bills, if anybody is signed in."""
        if self.account == EMPTY and not self.ended:
            self.ended, self.open = True, False
        if not self.open:
            return self.html(SIGN_IN)
        shown = await super().history(request)
        if self.account == FULL:
            shown.text = str(shown.text).replace('<i data-n="1" onclick="saveViewHTML(this)">', "")
        return shown


class Halves(Foreign):
    """Half-hours of recent days, hours of older ones; few answers to a session."""

    left = 0

    async def sign_in(self, request: web.Request) -> web.Response:
        """Begin a session."""
        self.left = FOR_A_SESSION
        return await super().sign_in(request)

    async def interval(self, request: web.Request) -> web.Response:
        """Tell hours, or half-hours as far as there are any."""
        self.left -= 1
        if self.left < 0:
            self.open = False
            return self.html(SIGN_IN)
        if json.loads(await request.text())["IntervalType"] == "60":
            return await super().interval(request)
        account, days = await self.told(request)
        items: list[dict[str, Any]] = []
        for day in (day for day in days if day.day >= HALVES_SINCE):
            for half in range(48):
                kwh = reading(account, day, half // 2)
                clock = f"{half // 2 % 12 or 12}:{'03'[half % 2]}0 {'AP'[half // 24]}M"
                told = "NaN" if kwh is None else f"{kwh / 2}"
                items.append({"UsageHourDate": f"{day:%m/%d/%Y} {clock}", "KWH": told})
        return self.answer(items)


class Listed(Paged):
    """The list of accounts is a real DataTable of one row a page, which does not say how many."""

    summary = ACCOUNTS.replace(
        "= t;",
        "= t; $('#example2').DataTable({{pageLength: 1, lengthMenu: [1]}});",
    ) + "".join(f'<script src="/oscp/{n}.js"></script>' for n in (0, 1))

    async def accounts(self, _: web.Request) -> web.Response:
        """Return the list."""
        rows = "".join(PLACE.format(number, n) for n, number in enumerate(BILLS))
        table = f"<table id='example2'><thead><tr><th>Account</th><th></th></tr></thead>{rows}"
        told = f"{LIST.partition('<select')[0]}{table}</table></div>".replace(" (2)", "")
        return web.Response(text=told, content_type="text/html")


def by_halves() -> Profile:
    """Return the profile of a co-op that tells half-hours, a day at a time."""
    found = patient()
    feed = found.feed.model_copy(update={"interval_minutes": "30", "ranges": (1,)})
    return found.model_copy(update={"feed": feed})


@pytest.fixture(autouse=True)
def _silent_page(monkeypatch: pytest.MonkeyPatch) -> None:
    # The page never sends the feed itself: there is nothing to wait for.
    monkeypatch.setattr("harvester.platforms.oscp_usage.LEARN_SECONDS", 0.1)


def test_bills_behind_image_buttons_a_late_ledger_and_no_bills_at_all_are_no_failure(
    tmp_path: Path,
) -> None:
    outcome, _, store = harvested(tmp_path, "right", Prepaid())
    assert (outcome.state, outcome.message, outcome.failed) == (State.OK, "", [])
    held = {one.account.number: (one.bills, one.pdfs) for one in store.catalog.holdings()}
    assert held == {FULL: (2, 2), EMPTY: (0, 0)}
    ledgers = {
        one.account.number: [row.kind for row in store.catalog.payments(one.id)]
        for one in store.catalog.holdings()
    }
    assert ledgers == {FULL: ["Payment", "Bill", "Bill"], EMPTY: ["Payment"]}


def test_an_account_that_is_done_is_not_asked_for_again_by_a_later_session_of_its_run(
    tmp_path: Path,
) -> None:
    outcome, foreign, store = harvested(tmp_path, "right", Short(), patient(4))
    assert outcome.sign_ins == 2
    asked = [body["MemberSep"][-3:] for body in foreign.bodies if "IsEnergy" in body]
    assert asked == ["001", "001", "002", "002"]  # in two parts each
    assert outcome.state is State.OK_PARTIAL
    (failed,) = outcome.failed
    assert failed.startswith("…001 bill of 2026-02-10")
    assert [one.pdfs for one in store.catalog.holdings()] == [1, 1]


def test_finer_steps_of_recent_days_do_not_use_up_what_a_session_answers(tmp_path: Path) -> None:
    foreign = Halves()
    foreign.bills = dict.fromkeys(BILLS, ())
    outcome, _, store = harvested(tmp_path, "right", foreign, by_halves())
    for one in store.catalog.holdings():
        steps = {
            day: {r.seconds for r in store.catalog.readings(one.id) if r.local_day.day == day}
            for day in range(9, 20)
        }
        assert steps == {day: {1800 if day >= HALVES_SINCE else 3600} for day in range(9, 20)}
    assert outcome.sign_ins == len(BILLS)


def test_an_account_that_the_sign_in_no_longer_shows_is_found_until_it_does(
    tmp_path: Path,
) -> None:
    class Moved(Foreign):
        async def accounts(self, _: web.Request) -> web.Response:
            told = LIST.format(PLACE.format(FULL, 0)).replace("(2)", "(1)")
            return web.Response(text=told, content_type="text/html")

    at, catalog = datetime(2026, 3, 1, tzinfo=UTC), Store(tmp_path).catalog
    file = Artifact(Kind.GREEN_BUTTON, IMPORTED, b"", "", "", at, {})
    run = catalog.begin_run("caec", "me", "import", at)
    catalog.add_artifact(catalog.account_id("caec", "me", IMPORTED), file, "ab", run)
    for foreign, gone in ((Foreign(), []), (Moved(), ["account-gone"]), (Foreign(), [])):
        outcome, _, store = harvested(tmp_path, "right", foreign)
        assert outcome.state is State.OK
        rules = {
            one.account.number: [found.rule for found in store.catalog.findings(one.id)]
            for one in store.catalog.holdings()
        }
        assert "account-gone" not in rules[FULL]
        assert not rules.get(IMPORTED)
        assert [rule for rule in rules[EMPTY] if rule == "account-gone"] == gone


@pytest.mark.skipif(
    not all(script.is_file() for script in DATA_TABLES), reason="no DataTables (npm) is installed"
)
def test_accounts_that_a_script_shows_by_pages_are_all_found(tmp_path: Path) -> None:
    outcome, _, store = harvested(tmp_path, "right", Listed())
    assert (outcome.state, outcome.message, outcome.accounts) == (State.OK, "", len(BILLS))
    assert [one.account.number for one in store.catalog.holdings()] == [*BILLS]


def test_a_feed_that_shows_an_error_as_a_page_has_not_ended_the_session(tmp_path: Path) -> None:
    class Broken(Foreign):
        async def daily(self, _: web.Request) -> web.Response:
            error = "<html><h1>An error occurred while processing your request.</h1></html>"
            return web.Response(text=error, content_type="text/html")

    outcome, _, _ = harvested(tmp_path, "right", Broken(), patient(4))
    assert outcome.state is State.PORTAL_DOWN
    assert "a page in place of data" in outcome.message


def test_a_feed_that_only_says_that_the_session_is_over_is_no_portal_that_is_down(
    tmp_path: Path,
) -> None:
    class Over(Foreign):
        async def daily(self, _: web.Request) -> web.Response:
            text = "<h1>Your session has timed out.</h1>"
            return web.Response(text=text, content_type="text/html")

    outcome, _, _ = harvested(tmp_path, "right", Over(), patient(4))
    assert outcome.state is State.SESSION_EXPIRED


@pytest.mark.parametrize(
    "refusal",
    ["Your login attempt was not successful. Please try again.", "Login failed."],
)
def test_a_refusal_in_the_words_of_its_framework_is_a_wrong_password(
    tmp_path: Path, refusal: str
) -> None:
    foreign = Foreign()
    foreign.refusal = refusal
    outcome, _, _ = harvested(tmp_path, "wrong", foreign, patient(4))
    assert outcome.state is State.BAD_CREDENTIALS
    assert foreign.asked["sign-in"] == 1


@pytest.mark.parametrize(
    "said",
    [
        "Online services are temporarily unavailable. Please try later.",
        "We are performing system maintenance.",
    ],
)
def test_maintenance_in_other_words_is_nobodys_to_mend(tmp_path: Path, said: str) -> None:
    class Resting(Foreign):
        async def front(self, _: web.Request) -> web.StreamResponse:
            return web.Response(text=f"<h1>{said}</h1>", content_type="text/html")

    outcome, foreign, _ = harvested(tmp_path, "right", Resting(), patient(6))
    assert outcome.state is State.MAINTENANCE
    assert foreign.asked["sign-in"] == 0
