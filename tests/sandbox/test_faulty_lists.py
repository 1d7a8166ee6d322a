"""The simulated portal's lists of accounts, bills and readings are wrong as it is told to."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientError
from served import METHODS, WORLD, Clock, Visitor, asked, visit

from harvester.sandbox.bill_pdf import render
from harvester.sandbox.layout import NEWER
from harvester.sandbox.world import World

if TYPE_CHECKING:
    from lxml import html

HOME, SOLAR, SMALL, MEDIUM, BARN = (
    "1000101001",
    "1000202001",
    "1000303001",
    "1000303002",
    "1000303003",
)
BILLING, HISTORY, USAGE = (
    "/Billing-Payments",
    "/My-Account/Account-History",
    "/My-Account/Usage-History",
)
REFUSED = "The account was not found."


def us(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def table(page: html.HtmlElement) -> list[list[str]]:
    """Return the billing dates and amounts of a billing history."""
    rows = page.xpath("//table[@id='no-more-tables']/tbody/tr")
    cells = [[cell.text_content().strip() for cell in row.xpath("./td")] for row in rows]
    return [[row[1], row[6]] for row in cells]


def numbers(page: html.HtmlElement) -> list[str]:
    return [str(number) for number in page.xpath("//tr/@data-account")]


async def choose(visitor: Visitor, number: str) -> str:
    """Select an account by a partial postback and return the delta."""
    form = await visitor.hidden(BILLING) | {
        "__EVENTTARGET": "dnn$ctr401$BillingPayments$lnkAccount",
        "__EVENTARGUMENT": number,
    }
    return (await visitor.post_form(BILLING, form))[1]


# ---- accounts ----------------------------------------------------------------------------------


def test_a_sign_in_can_see_no_account() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        for path in ("/", BILLING, HISTORY, USAGE):
            text = await visitor.text(path)
            assert "no account linked to your user ID" in text
            assert "Log Out" in text
            assert SMALL not in text
        told = await visitor.daily(SMALL, "06/09/2026")
        assert (told["Items"], told["errorObject"]["errordesc"]) == ([], REFUSED)

    visit(story, "no-accounts")


def test_an_account_can_be_listed_and_not_open() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        page = await visitor.page(BILLING)
        assert numbers(page) == [SMALL, MEDIUM, BARN]
        assert f"Account {MEDIUM} is not available online." in await choose(visitor, MEDIUM)
        assert SMALL in await visitor.text(HISTORY)
        assert f"Account {BARN} " not in await choose(visitor, BARN)
        assert BARN in await visitor.text(HISTORY)
        told = await visitor.daily(MEDIUM, "06/09/2026")
        assert (told["Items"], told["errorObject"]["errordesc"]) == ([], REFUSED)
        assert (await visitor.daily(SMALL, "06/09/2026"))["Items"]
        (row,) = page.xpath(f"//tr[@data-account='{MEDIUM}']/@data-row")
        status, _, _ = await visitor.get(f"/DesktopModules/AccountHistory/ViewBill.aspx?row={row}")
        assert status == 500

    visit(story, "closed-account=2")


def test_the_first_account_that_opens_is_selected() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        assert MEDIUM in await visitor.text(HISTORY)
        await visitor.sign_in("sandbox-home")
        assert "no account linked" in await visitor.text(HISTORY)

    visit(story, "closed-account=1")


def test_an_account_can_vanish_once_the_list_was_seen() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        assert MEDIUM in await choose(visitor, MEDIUM)
        assert numbers(await visitor.page(BILLING)) == [SMALL, BARN]
        assert SMALL in await visitor.text(HISTORY)
        told = await visitor.daily(MEDIUM, "06/09/2026")
        assert told["errorObject"]["errordesc"] == REFUSED
        await visitor.sign_in("sandbox-business")
        assert numbers(await visitor.page(BILLING)) == [SMALL, BARN]
        await visitor.sign_in("1000404001")
        assert len(numbers(await visitor.page(BILLING))) == 28

    visit(story, "vanishing-account=2")


# ---- bills -------------------------------------------------------------------------------------

LISTED = [[us(b.billing_date), f"${b.total:,.2f}"] for b in WORLD.bills(SMALL)[:24]]


@pytest.mark.parametrize(
    ("faults", "shown"),
    [
        (["missing-bill=24"], LISTED[:23]),
        (["missing-bill=3"], LISTED[:2] + LISTED[3:]),
        (["duplicate-bill=3"], LISTED[:3] + LISTED[2:]),
        (["missing-bill=1", "duplicate-bill=24"], LISTED[1:] + LISTED[23:]),
    ],
)
def test_a_row_of_the_billing_history_can_be_missing_or_come_twice(
    faults: list[str], shown: list[list[str]]
) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        assert table(await visitor.page(HISTORY)) == shown
        bills = [row for row in await visitor.ledger() if row["TransType"] == "Bill"]
        posted = {row["TransDate"] for row in bills}
        assert {day for day, _ in LISTED} <= posted

    visit(story, *faults)


@pytest.mark.parametrize("number", [a.number for s in WORLD.sign_ins for a in s.accounts][:6])
def test_a_re_issued_bill_is_the_newest_one_with_a_credit_and_all_else_is_as_it_was(
    number: str,
) -> None:
    again = World(reissued=True)
    (new, *older), (old, *same) = again.bills(number), WORLD.bills(number)
    assert older == same
    assert (new.id, new.kind, new.meters, new.due_date) == (
        old.id,
        old.kind,
        old.meters,
        old.due_date,
    )
    credit = [line for line in new.lines if line not in old.lines and line.component == "credit"]
    assert [(line.label, line.amount) for line in credit] == [("Service credit", Decimal("-7.50"))]
    assert new.current_charges == old.current_charges - Decimal("7.50")
    assert sum(line.amount for line in new.lines) == new.total < old.total
    if old.levelized is None:
        assert new.total == old.total - Decimal("7.50")
    changed = [
        (a, b) for a, b in zip(again.ledger(number), WORLD.ledger(number), strict=True) if a != b
    ]
    assert changed[0][0].amount - changed[0][1].amount == new.total - old.total
    assert changed[0][0].balance == new.total
    assert len({b.balance - a.balance for a, b in changed}) == 1


def test_a_re_issued_corrected_bill_still_takes_back_the_wrong_one() -> None:
    today = next(bill.billing_date for bill in WORLD.bills(BARN) if bill.kind == "Corrected")
    (new, *older), (old, *same) = (
        World(today=today, reissued=True).bills(BARN),
        World(today=today).bills(BARN),
    )
    assert (older, new.kind) == (same, "Corrected")
    assert new.total == old.total - Decimal("7.50")
    assert sum(line.amount for line in new.lines) == new.total


def test_what_was_paid_of_a_bill_stays_paid_when_it_is_re_issued() -> None:
    today = WORLD.bills(SMALL)[0].billing_date + timedelta(days=20)
    after, before = World(today=today, reissued=True), World(today=today)
    paid = [item for item in before.ledger(SMALL) if item.kind == "Payment"]
    assert paid[-1].day > WORLD.bills(SMALL)[0].billing_date
    assert [(i.day, i.amount) for i in after.ledger(SMALL) if i.kind == "Payment"] == [
        (item.day, item.amount) for item in paid
    ]
    assert after.ledger(SMALL)[-1].balance == before.ledger(SMALL)[-1].balance - Decimal("7.50")


def test_a_re_issued_bill_is_listed_printed_and_posted() -> None:
    again = World(reissued=True)

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        bill = again.bills(SMALL)[0]
        assert table(await visitor.page(HISTORY)) == [
            [us(bill.billing_date), f"${bill.total:,.2f}"],
            *LISTED[1:],
        ]
        (row, *_) = await visitor.rows()
        assert await visitor.document(row) == ("application/pdf", render(again, bill))
        posted = [item["Balance"] for item in await visitor.ledger() if item["TransType"] == "Bill"]
        assert posted[0] == f"{bill.total:.2f}"

    visit(story, "reissued-bill")


def test_a_bill_can_have_no_pdf_yet() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        first, second, *_ = await visitor.rows()
        for _ in range(2):
            media, told = await visitor.document(first)
            assert media == "text/html"
            assert b"not ready yet" in told
        media, told = await visitor.document(second)
        assert told == render(WORLD, WORLD.bills(SMALL)[1])

    visit(story, "pending-pdf=1")


def test_a_pdf_can_be_that_of_the_row_before() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        rows = await visitor.rows()
        told = [(await visitor.document(row))[1] for row in rows[:3]]
        printed = [render(WORLD, bill) for bill in WORLD.bills(SMALL)[:3]]
        assert told == [printed[0], printed[0], printed[2]]

    visit(story, "repeated-pdf=2")


def test_the_connection_is_reset_within_one_pdf() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        first, second, *_ = await visitor.rows()
        bills = WORLD.bills(SMALL)
        assert (await visitor.document(first))[1] == render(WORLD, bills[0])
        with pytest.raises(ClientError):
            await visitor.document(second)
        assert (await visitor.document(second))[1] == render(WORLD, bills[1])

    visit(story, "reset-pdf=2")


def test_a_dialog_of_another_bill_covers_one_page() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        assert not (await visitor.page(BILLING)).xpath("//*[@id='leftover']")
        (dialog,) = (await visitor.page(HISTORY)).xpath("//*[@id='leftover']")
        assert MEDIUM in dialog.text_content()
        (button,) = dialog.xpath(".//button[normalize-space()='Pay This Bill']/@data-post")
        assert button == f"{NEWER}/Pay-Now"
        assert not (await visitor.page(HISTORY)).xpath("//*[@id='leftover']")

    visit(story, "stale-modal=2")


def test_the_dialog_is_about_the_bill_before_where_there_is_one_account() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        (dialog,) = (await visitor.page(HISTORY)).xpath("//*[@id='leftover']")
        before = WORLD.bills(HOME)[1]
        assert us(before.billing_date) in dialog.text_content()

    visit(story, "stale-modal=1")


# ---- feeds -------------------------------------------------------------------------------------


def test_rows_of_every_feed_can_come_twice() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        days = await visitor.daily(HOME, "04/12/2025", "04/20/2025")
        assert [item["DAILYTIMESTAMPFORMAT"][3:5] for item in days["Items"]] == [
            "12", "13", "14", "15", "15", "16", "17", "18", "19", "19", "20",
        ]  # fmt: skip
        meters = [export["METER"] for export in days["DyExports"]]
        assert meters == ["51001101"] * 6 + ["62004417"] * 5
        hours = await visitor.interval(HOME, "06/09/2026", "06/10/2026")
        labels = [item["UsageHourDate"][11:] for item in hours["Items"]]
        assert labels[2:6] == ["02:00 AM", "03:00 AM", "03:00 AM", "04:00 AM"]
        assert len(labels) == 30
        ledger = [item["Id"] for item in await visitor.ledger()]
        assert len(ledger) == len(WORLD.ledger(HOME)) * 5 // 4
        assert ledger[3] == ledger[4]

    visit(story, "duplicate-rows=4")


def test_a_net_meter_tells_delivered_less_received_energy_and_runs_backward() -> None:
    first, last = date(2026, 4, 1), date(2026, 4, 30)
    apart, net = World().days(SOLAR, first, last), World(net=True).days(SOLAR, first, last)
    assert [[(h.wh, h.received_wh) for h in day.hours] for day in net] == [
        [
            (None, None) if h.wh is None or h.received_wh is None else (h.wh - h.received_wh, 0)
            for h in day.hours
        ]
        for day in apart
    ]
    back = next(day for day in net if any((hour.wh or 0) < 0 for hour in day.hours))

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-solar")
        (day,) = (await visitor.daily(SOLAR, us(back.day)))["Items"]
        assert day["TOTALENERGY"] == str(back.total_kwh)
        hours = (await visitor.interval(SOLAR, us(back.day), us(back.day)))["Items"]
        told = [hour["KWH"] for hour in hours]
        assert told == ["NaN" if h.wh is None else f"{h.wh / 1000:.2f}" for h in back.hours]
        assert any(kwh.startswith("-") for kwh in told)
        assert {hour["GKWH"] for hour in hours} == {"0.00"}

    visit(story, "net")


def test_a_month_of_sun_is_a_bill_of_less_than_no_energy_on_a_net_meter() -> None:
    bills, apart = World(net=True).bills(SOLAR), WORLD.bills(SOLAR)
    for bill, both in zip(bills, apart, strict=True):
        assert both.received_kwh is not None
        assert abs(bill.kwh - (both.kwh - both.received_kwh)) <= 2
        assert bill.received_kwh is None
        assert sum(line.amount for line in bill.lines) == bill.total
    assert any(bill.kwh < 0 and bill.current_charges > 0 for bill in bills)
    assert World(net=True).bills(HOME) == WORLD.bills(HOME)


def test_a_redesign_of_the_feeds_moves_them_and_leaves_nothing_behind() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        (moved,) = (await visitor.page(USAGE)).xpath("//*[@id='usage']/@data-methods")
        assert moved != NEWER + METHODS
        for methods, status in ((NEWER + METHODS, 404), (moved, 200)):
            url = visitor.root + methods + "GetDailyUsageData"
            async with visitor.http.post(url, json=asked(HOME, "06/09/2026")) as reply:
                assert reply.status == status

    visit(story, "redesign=feeds")


def test_one_answer_of_a_feed_is_cut_off() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        whole = await visitor.daily(HOME, "06/09/2026")
        url = visitor.root + NEWER + METHODS + "GetDailyUsageData"
        async with visitor.http.post(url, json=asked(HOME, "06/09/2026")) as reply:
            text = await reply.text()
            assert (reply.status, reply.content_type) == (200, "application/json")
        assert text == json.dumps({"d": whole})[: len(text)]
        assert len(text) == len(json.dumps({"d": whole})) // 2
        assert await visitor.daily(HOME, "06/09/2026") == whole

    visit(story, "truncated-feed=2")


def test_an_error_can_come_in_the_error_object() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        told = [await visitor.daily(HOME, "06/09/2026") for _ in range(4)]
        assert [len(one["Items"]) for one in told] == [1, 0, 1, 0]
        assert [bool(one["errorObject"]["errordesc"]) for one in told] == [False, True, False, True]

    visit(story, "error-object=2")


@pytest.mark.parametrize(("fault", "request_"), [("expire-at-interval=2", 2)])
def test_a_session_can_end_in_the_middle_of_usage(fault: str, request_: int) -> None:
    async def story(visitor: Visitor) -> None:
        day = ("06/09/2026", "06/10/2026")
        for media in ("application/json", "text/html", "application/json"):
            if media == "application/json":
                await visitor.sign_in("sandbox-home")
                await visitor.daily(HOME, day[0])
            body = asked(HOME, *day, IntervalType="60")
            assert (await visitor.method("GetIntervalData", body))[0] == media
        assert visitor.counts.routes["interval"] == request_ + 1

    visit(story, fault, clock=Clock())
