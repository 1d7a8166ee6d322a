"""The simulated portal shows account, bills, ledger and documents as its siblings do."""

from __future__ import annotations

import pytest
from asked_of import (
    BASES,
    BILLING,
    HISTORY,
    HOME,
    MEDIUM,
    OLD_HISTORY,
    OLD_USAGE,
    SMALL,
    SOLAR,
    USAGE,
    us,
)
from served import FORM, WORLD, Visitor, visit

from harvester.sandbox.app import PUBLIC
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.layout import NEWER
from harvester.sandbox.site import DANGEROUS, LEDGER, PDF


@pytest.mark.parametrize("base", BASES)
def test_every_page_says_that_it_is_simulated_and_fetches_nothing_from_outside(base: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("1000404001")
        paths = [BILLING, HISTORY, USAGE] if base == NEWER else [OLD_HISTORY, OLD_USAGE]
        for path in (*paths, FORM[base], DANGEROUS["pay-now"]):
            page = await visitor.page(path)
            assert "SIMULATED PORTAL" in page.text_content()
            for link in page.xpath("//@src | //link/@href | //a/@href | //form/@action"):
                assert link.startswith((base, "data:", "#")) or not link, link
        async with visitor.http.get(visitor.root + "/nowhere") as reply:
            assert reply.status == 404
            assert "SIMULATED PORTAL" in await reply.text()
        async with visitor.http.get(visitor.root + PUBLIC) as reply:
            public = await reply.text()
        assert f'href="{base}/"' in public
        assert "Member Login" in public
        assert "SIMULATED PORTAL" in public

    visit(story, base=base)


def test_style_and_script_are_kept_for_long() -> None:
    async def story(visitor: Visitor) -> None:
        page = await visitor.page("/Customer-Login")
        found = page.xpath("//script/@src | //link[@rel='stylesheet']/@href")
        assert len(found) == 2
        for path in found:
            async with visitor.http.get(visitor.root + path) as reply:
                assert reply.status == 200
                assert "max-age=31536000" in reply.headers["Cache-Control"]

    visit(story)


def test_the_billing_page_tells_the_account_and_its_settings() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        page = await visitor.page(BILLING)
        facts = {dt.text_content(): dt.getnext().text_content() for dt in page.xpath("//dl//dt")}
        account = WORLD.account(HOME)
        assert facts == {
            "Account Number": HOME,
            "Name": account.holder,
            "Service Address": account.service_address,
            "Rate": "Residential",
            "Account Type": "Residential",
            "Meter Number(s)": "51001101, 62004417",
            "Phone": account.phone,
            "E-mail": account.email,
            "Last Four of SSN": account.ssn,
            "Bank Account on File": account.bank,
            "Card on File": account.card,
            "Paperless Billing": "On",
            "High Usage Alert": "60 kWh",
            "Daily Usage Report": "On",
        }
        assert f"${WORLD.ledger(HOME)[-1].balance:,.2f}" in page.text_content()

    visit(story)


def test_the_history_lists_the_newest_24_bills() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        page = await visitor.page(HISTORY)
        head, *rows = [
            [cell.text_content().strip() for cell in row.xpath("./th | ./td")]
            for row in page.xpath("//table[@id='no-more-tables']//tr")
        ]
        assert head == [
            "View", "Billing Date", "Due Date", "Meter Read Date", "Net KWH", "Bill Type",
            "Bill Amount",
        ]  # fmt: skip
        bills = WORLD.bills(SMALL)
        assert len(bills) > 24
        assert [row[1:] for row in rows] == [
            [
                us(bill.billing_date),
                us(bill.due_date),
                us(bill.read_date),
                str(bill.kwh),
                bill.kind,
                f"${bill.total:,.2f}",
            ]
            for bill in bills[:24]
        ]
        icons = page.xpath("//table[@id='no-more-tables']//i/@onclick")
        assert icons == ["saveViewHTML(this)"] * 24

    visit(story)


def test_an_account_can_show_no_bills() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        page = await visitor.page(HISTORY)
        assert page.xpath("//table[@id='no-more-tables']")
        assert not page.xpath("//i[@onclick]")

    visit(story, "zero-bills")


def test_the_ledger_tells_the_months_asked_for_as_strings() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-solar")

        async def ask(since: str, until: str) -> list[dict[str, str]]:
            asked_for = {"from": since, "to": until}
            async with visitor.http.post(visitor.root + NEWER + LEDGER, json=asked_for) as reply:
                told = (await reply.json())["d"]
            items: list[dict[str, str]] = told["ActLedger"]["LedgerItem"]["LedgerItems"]
            return items

        truth = WORLD.ledger(SOLAR)[::-1]
        items = await ask("01/1950", "01/2200")
        assert [
            (i["TransDate"], i["TransType"], i["Amount"], i["Balance"], i["BalUpdate"])
            for i in items
        ] == [
            (us(r.day), r.kind, f"{r.amount:.2f}", f"{r.balance:.2f}", "NY"[r.moves_balance])
            for r in truth
        ]
        assert {"Y", "N"} == {i["BalUpdate"] for i in items}
        assert all(isinstance(value, str) for item in items for value in item.values())
        march = [r.id for r in truth if (r.day.year, r.day.month) == (2026, 3)]
        assert [i["Id"] for i in await ask("03/2026", "03/2026")] == march
        assert march

    visit(story)


async def rows(visitor: Visitor, user: str) -> list[str]:
    await visitor.sign_in(user)
    return list((await visitor.page(HISTORY)).xpath("//tr/@data-row"))


async def document(visitor: Visitor, row: str) -> tuple[str, str, bytes]:
    async with visitor.http.get(f"{visitor.root}{NEWER}{PDF}?row={row}") as reply:
        disposition = reply.headers.get("Content-Disposition", "")
        return reply.content_type, disposition.partition(";")[0], await reply.read()


@pytest.mark.parametrize(
    ("way", "disposition"), [("attachment", "attachment"), ("inline", "inline"), ("blob", "")]
)
def test_a_bill_comes_as_the_file_that_was_printed(way: str, disposition: str) -> None:
    async def story(visitor: Visitor) -> None:
        keys = await rows(visitor, "sandbox-home")
        bill = WORLD.bills(HOME)[3]
        told = await document(visitor, keys[3])
        assert told == ("application/pdf", disposition, render(WORLD, bill))

    visit(story, f"pdf={way}")


def test_a_bill_comes_by_form_post_with_the_view_state_of_its_page() -> None:
    async def story(visitor: Visitor) -> None:
        keys = await rows(visitor, "sandbox-home")
        form = await visitor.hidden(HISTORY) | {
            "__EVENTTARGET": "dnn$ctr401$AccountHistory$lnkView",
            "__EVENTARGUMENT": keys[0],
        }
        async with visitor.http.post(visitor.root + NEWER + PDF, data=form) as reply:
            assert await reply.read() == render(WORLD, WORLD.bills(HOME)[0])
        status, _, _ = await visitor.post_form(PDF, form | {"__VIEWSTATE": ""}, partial=False)
        assert status == 500
        async with visitor.http.get(f"{visitor.root}{NEWER}{PDF}?row={keys[0]}") as reply:
            assert reply.status == 404

    visit(story, "pdf=postback")


def test_the_key_of_a_row_is_good_in_its_own_session_only() -> None:
    async def story(visitor: Visitor) -> None:
        first = await rows(visitor, "sandbox-home")
        assert (await visitor.page(HISTORY)).xpath("//tr/@data-row") == first
        second = await rows(visitor, "sandbox-home")
        assert not set(first) & set(second)
        url = visitor.root + NEWER + PDF
        for key in (first[0], WORLD.bills(HOME)[0].id, ""):
            async with visitor.http.get(f"{url}?row={key}") as reply:
                assert reply.status == 500

    visit(story)


def test_one_pdf_is_html_one_is_half_and_one_is_anothers() -> None:
    async def story(visitor: Visitor) -> None:
        keys = await rows(visitor, "sandbox-business")
        mine = [render(WORLD, bill) for bill in WORLD.bills(SMALL)[:4]]
        told = [await document(visitor, key) for key in keys[:4]]
        assert told[0][0] == "text/html"
        assert told[1][2] == mine[1][: len(mine[1]) // 2]
        assert told[2][2] == render(WORLD, WORLD.bills(MEDIUM)[2])
        assert told[3][2] == mine[3]

    visit(story, "html-pdf=1", "truncated-pdf=2", "wrong-pdf=3")
