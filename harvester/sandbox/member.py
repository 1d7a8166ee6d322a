"""What a signed-in member sees: the account, its bills as PDF, its use, and what the feeds say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import NamedTuple

from aiohttp import web

from harvester.sandbox import feeds, roster
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.forms import delta
from harvester.sandbox.nouns import Account, Bill
from harvester.sandbox.session import Session
from harvester.sandbox.site import Site, is_partial, plain

BILLS_LISTED = 24
ACCOUNT_LINK = "lnkAccount"
PANEL = "dnn_ctr401_BillingPayments_UpdatePanel1"
_NO_ACCOUNT = "The account was not found."


class Place(NamedTuple):
    """One row of the table of accounts; `row` is the key of its newest bill."""

    account: Account
    balance: Decimal
    row: str


async def billing(site: Site, request: web.Request, session: Session) -> web.Response:
    """Show the selected account, its settings and, where there are several, all accounts."""
    places = [_place(site, session, account) for account in roster.listed(site, session)]
    roster.saw(site, session)
    values = _selected(site, session) | {"panel": PANEL, "places": places}
    return site.page(request, "billing.html", values, "billing", session)


def _selected(site: Site, session: Session, refused: str = "") -> dict[str, object]:
    number = session.account.number
    notice = site.switches.notice == "on" and number not in session.noticed
    session.noticed.add(number)
    return {
        "notice": notice,
        "refused": refused,
        "balance": _balance(site, number),
        "meters": [meter.number for meter in site.world.meters(number)],
    }


def _balance(site: Site, number: str) -> Decimal:
    rows = site.world.ledger(number)
    return rows[-1].balance if rows else Decimal(0)


def _place(site: Site, session: Session, account: Account) -> Place:
    newest = listed(site, account.number)[:1]
    row = session.row(newest[0].id) if newest else ""
    return Place(account, _balance(site, account.number), row)


async def select(site: Site, request: web.Request, session: Session) -> web.Response:
    """Select an account by postback of its link, and show it: in place after a partial one."""
    form = await request.post()
    if forged := site.forged(request, "billing", form):
        return forged
    number, refused = str(form.get("__EVENTARGUMENT", "")), ""
    if str(form.get("__EVENTTARGET", "")).endswith(ACCOUNT_LINK):
        account = roster.opened(site, session, number)
        session.account = account or session.account
        refused = "" if account else number
    if not is_partial(request, form):
        raise web.HTTPFound(site.layout.url(site.layout.billing))
    shown = site.page(request, "_billing.html", _selected(site, session, refused), session=session)
    fresh = site.seal.fields("billing").items()
    hidden = [("hiddenField", name, value) for name, value in fresh]
    return plain(delta(("updatePanel", PANEL, shown.text or ""), *hidden))


async def history(site: Site, request: web.Request, session: Session) -> web.Response:
    """Show the newest bills of the selected account."""
    missing, twice = site.switches.missing_bill, site.switches.duplicate_bill
    bills = [
        (session.row(bill.id), bill)
        for n, bill in enumerate(listed(site, session.account.number), 1)
        for _ in range(0 if n == missing else 2 if n == twice else 1)
    ]
    today = site.world.today
    since = f"{today:%m}/{today.year - 2}"
    values = {"bills": bills, "since": since, "until": f"{today:%m/%Y}"}
    return site.page(request, "history.html", values, "history", session)


async def usage(site: Site, request: web.Request, session: Session) -> web.Response:
    """Show the page of the usage graph, which asks the feeds itself."""
    account = session.account
    values = {
        "keymbr": feeds.keymbrs(account, site.switches)[0] if site.layout.keymbr else "",
        "member_sep": feeds.member_sep(account),
        "hours": _hours(site, request, account),
        "notes": [{"day": note.day.isoformat(), "text": note.text} for note in account.notes],
    }
    return site.page(request, "usage.html", values, "usage", session)


def _hours(site: Site, request: web.Request, account: Account) -> feeds.Json | None:
    """Return the one day that a page without feeds draws: what is asked for, else the newest."""
    if site.switches.graph_data == "feed":
        return None
    last = site.world.today - timedelta(days=1)
    told = site.world.days(account.number, last - timedelta(days=7), last)
    day = request.query.get("day") or f"{told[-1].day if told else last}"
    days = site.world.days(account.number, date.fromisoformat(day), date.fromisoformat(day))
    items = feeds.interval(account, days, "60", site.switches, site.world.today)["Items"]
    averaged = any(one.end_reading is None for one in days)
    return {"day": day, "averaged": averaged, "Items": items}


def listed(site: Site, number: str) -> tuple[Bill, ...]:
    """Return the bills that the portal shows of an account, newest first."""
    return () if site.switches.zero_bills else site.world.bills(number)[:BILLS_LISTED]


async def pdf(site: Site, request: web.Request, session: Session) -> web.Response:
    """Answer a bill's PDF by the key of its row, in the way and with the faults switched on."""
    row = request.query.get("row", "")
    if request.method == "POST":
        form = await request.post()
        page = str(form.get("__PREVIOUSPAGE", ""))
        if forged := site.forged(request, page, form):
            return forged
        row = str(form.get("__EVENTARGUMENT", ""))
    bill_id = session.rows.get(row, "")
    if roster.opened(site, session, bill_id.partition("-")[0]) is None:
        return site.fault(request, "Object reference not set to an instance of an object.")
    site.tally["bills"] += 1
    bill, before = site.world.bill(bill_id), site.pdf
    site.pdf = bill_id
    if site.tally["bills"] == site.switches.repeated_pdf and before:
        bill = site.world.bill(before)
    response = web.Response(body=_document(site, bill))
    response.content_type = "application/pdf"
    if site.tally["bills"] == site.switches.html_pdf:
        response = site.message(request, "Bill", "Your bill could not be displayed.")
    nth = site.switches.pending_pdf
    if nth and bill in listed(site, bill.account)[nth - 1 : nth]:
        response = site.message(request, "Bill", "This bill is not ready yet. Please come back.")
    way = {"inline": "inline", "blob": ""}.get(site.switches.pdf, "attachment")
    if way:
        response.headers["Content-Disposition"] = f'{way}; filename="ViewBill.pdf"'
    response.headers["Cache-Control"] = "private"
    return response


def _document(site: Site, bill: Bill) -> bytes:
    nth = site.tally["bills"]
    data = render(site.world, _other(site, bill) if nth == site.switches.wrong_pdf else bill)
    return data[: len(data) // 2] if nth == site.switches.truncated_pdf else data


def _other(site: Site, bill: Bill) -> Bill:
    """Return the bill at the same place of another account, of the same sign-in if there is one."""
    position = site.world.bills(bill.account).index(bill)
    near = sorted(
        site.world.sign_ins, key=lambda s: bill.account not in {a.number for a in s.accounts}
    )
    accounts = (a.number for s in near for a in s.accounts if a.number != bill.account)
    return next(
        bills[position] for bills in map(site.world.bills, accounts) if len(bills) > position
    )


async def daily(site: Site, request: web.Request, session: Session) -> web.Response:
    """Answer GetDailyUsageData, which also opens GetIntervalData for the account."""

    def answer(body: feeds.Json) -> feeds.Json:
        account = _named(site, session, body)
        session.primed.add(account.number)
        asked = feeds.Asked.of(body, site.switches, interval=False)
        if asked is None:
            return feeds.nothing()
        return feeds.daily(site.world.days(account.number, asked.first, asked.last))

    return await _method(site, request, answer)


async def interval(site: Site, request: web.Request, session: Session) -> web.Response:
    """Answer GetIntervalData."""

    def answer(body: feeds.Json) -> feeds.Json:
        account = _named(site, session, body)
        asked = feeds.Asked.of(body, site.switches, interval=True)
        if asked is None or account.number not in session.primed:
            return feeds.nothing()
        days = site.world.days(account.number, asked.first, asked.last)
        minutes = str(body.get("IntervalType", ""))
        return feeds.interval(account, days, minutes, site.switches, site.world.today)

    return await _method(site, request, answer)


async def ledger(site: Site, request: web.Request, session: Session) -> web.Response:
    """Answer the selected account's ledger from month to month."""

    def answer(body: feeds.Json) -> feeds.Json:
        if roster.opened(site, session, session.account.number) is None:
            raise feeds.RefusedError(_NO_ACCOUNT)
        rows = site.world.ledger(session.account.number)
        return feeds.ledger(rows, str(body.get("from", "")), str(body.get("to", "")))

    return await _method(site, request, answer)


def _named(site: Site, session: Session, body: feeds.Json) -> Account:
    """Return the account that a body names, if the sign-in sees it."""
    member, _, separator = str(body.get("MemberSep", "")).partition("-")
    account = roster.opened(site, session, member + separator)
    known = account and feeds.member_sep(account) == body["MemberSep"]
    if account is None or not known:
        raise feeds.RefusedError(_NO_ACCOUNT)
    if site.layout.keymbr and body.get("keymbr") not in feeds.keymbrs(account, site.switches):
        message = "The member was not found."
        raise feeds.RefusedError(message)
    return account


async def _method(
    site: Site, request: web.Request, answer: Callable[[feeds.Json], feeds.Json]
) -> web.Response:
    """Call a page method: its reply is wrapped in `d`, a body that is none is HTTP 500 as JSON."""
    try:
        body = feeds.lenient(await request.text())
    except ValueError:
        error = {"Message": "Invalid JSON primitive.", "ExceptionType": "System.ArgumentException"}
        return web.json_response(error, status=HTTPStatus.INTERNAL_SERVER_ERROR)
    try:
        told = answer(body)
    except feeds.RefusedError as refused:
        told = feeds.nothing(str(refused))
    return web.json_response({"d": feeds.repeated(told, site.switches.duplicate_rows)})
