"""The simulated portal answers HTTP clients as its siblings do, and fails as it is told to."""

from __future__ import annotations

import asyncio
import re
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, unquote

import pytest
from conftest import run_async
from served import CONTROL, FORM, PARTIAL, WORLD, Clock, Visitor, asked, visit

from harvester.sandbox.app import PUBLIC, portal, serve
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.layout import NEWER, OLDER
from harvester.sandbox.sign_in import LOCKED, WRONG
from harvester.sandbox.site import DANGEROUS, LEDGER, PDF
from harvester.sandbox.switches import MFA_CODE, Switches

HOME, SOLAR, SITE = "1000101001", "1000202001", "1000404001"
SMALL, MEDIUM = "1000303001", "1000303002"
BASES = (NEWER, OLDER)
BILLING, HISTORY, USAGE = (
    "/Billing-Payments",
    "/My-Account/Account-History",
    "/My-Account/Usage-History",
)
OLD_HISTORY = "/MyAccount/AccountHistory/tabid/265/Default.aspx"
OLD_USAGE = "/MyAccount/AccountHistory/UsageHistory/MeterUsageList/tabid/266/Default.aspx"
OLD_POPUP = "/CustomerLogin/tabid/123/ctl/Login/Default.aspx"


def us(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def kwh(wh: int | None) -> str:
    return "NaN" if wh is None else f"{wh / 1000:.2f}"


# ---- what scrapers of sibling portals do -------------------------------------------------------


def test_a_scraper_of_partial_postbacks_gets_a_day_of_hours() -> None:
    day = date(2026, 6, 11)

    async def story(visitor: Visitor) -> None:
        control = CONTROL[NEWER]
        page = await visitor.page("/Customer-Login")
        tokens = {
            name: page.xpath(f"//input[@name='{name}']")[0].get("value")
            for name in ("__VIEWSTATE", "__EVENTVALIDATION", "__RequestVerificationToken")
        }
        form = tokens | {
            "ScriptManager": f"{control}UpdatePanel1|{control}btnLogin",
            "__VIEWSTATEGENERATOR": "F57EDA00",
            "__VIEWSTATEENCRYPTED": "",
            "dnn$MiniSearch1$txtSearch": "",
            f"{control}txtUsername": SITE,
            f"{control}txtPassword": f"{SITE}-Pa55",
            f"{control}hdnMFATokenkey": "",
            f"{control}btnLogin": "Sign In",
            "__ASYNCPOST": "true",
        }
        status, text, _ = await visitor.post_form("/Customer-Login", form)
        assert status == 200
        assert "pageRedirect" in text
        for path in ("/BillingPayments/tabid/42/Default.aspx", BILLING, USAGE):
            await visitor.text(path)
        body = {"keymbr": "01000404", "MemberSep": "1000404-001", "StartDate": us(day)}
        daily = {"IsEnergy": "false", "IsPPM": "false", "IsCostEnable": "3"}
        await visitor.method("GetDailyUsageData", body | daily | {"EndDate": us(day)})
        hourly = body | {"EndDate": "06/12/2026", "IntervalType": "60"}
        media, told = await visitor.method("GetIntervalData", str(hourly))
        assert media == "application/json"
        (truth,) = WORLD.days(SITE, day, day)
        assert [item["KWH"] for item in told["Items"]] == [kwh(hour.wh) for hour in truth.hours]
        assert told["Items"][0]["UsageHourDate"] == "06/11/2026 12:00 AM"
        assert told["Items"][13]["UsageHourDate"] == "06/11/2026 01:00 PM"

    visit(story)


def test_a_scraper_without_ajax_headers_finds_its_user_in_the_reply() -> None:
    async def story(visitor: Visitor) -> None:
        control = CONTROL[NEWER]
        form = await visitor.credentials("sandbox-home", "sandbox-home-Pa55", "/Customer-Login")
        captcha = {f"{control}CaptchaCodeTextBox": "ASDF", "__ASYNCPOST": "true"}
        _, text, _ = await visitor.post_form("/Customer-Login", form | captcha, partial=False)
        assert "sandbox-home" in text
        await visitor.text(USAGE)
        same = {"keymbr": "1000101"}
        await visitor.daily(HOME, "06/09/2026", **same)
        told = await visitor.interval(HOME, "06/09/2026", "06/09/2026", **same)
        (truth,) = WORLD.days(HOME, date(2026, 6, 9), date(2026, 6, 9))
        assert [item["KWH"] for item in told["Items"]] == [kwh(hour.wh) for hour in truth.hours]

    visit(story, "member=plain", "end=same-day")


def test_a_refused_sign_in_names_neither_the_user_nor_a_redirect() -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.sign_in("sandbox-home", "wrong")
        assert WRONG in text
        assert "sandbox-home" not in text
        assert "pageRedirect" not in text
        assert visitor.counts.rejected == {"sandbox-home": 1}
        assert not visitor.counts.sign_ins

    visit(story)


# ---- WebForms ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "name"),
    [(NEWER, "__VIEWSTATE"), (NEWER, "__EVENTVALIDATION"), (OLDER, "__VIEWSTATE")],
)
@pytest.mark.parametrize("forgery", ["", "bm90IG9uZSBvZiBvdXJz", "/wEP*", None])
def test_a_forged_view_state_is_an_error_of_the_server(
    base: str, name: str, forgery: str | None
) -> None:
    async def story(visitor: Visitor) -> None:
        form = await visitor.credentials("sandbox-home", "sandbox-home-Pa55", FORM[base])
        del form[name]
        if forgery is not None:
            form[name] = forgery
        status, text, _ = await visitor.post_form(FORM[base], form, partial=False)
        assert status == 500
        assert f"Server Error in '{base}' Application." in text
        status, text, _ = await visitor.post_form(FORM[base], form)
        assert (status, text.split("|")[5]) == (200, "error")
        assert not visitor.counts.sign_ins

    visit(story, base=base)


def test_a_view_state_is_good_for_its_own_page_only() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("1000404001")
        form = await visitor.hidden(HISTORY)
        select = {"__EVENTTARGET": "dnn$ctr401$BillingPayments$lnkAccount"}
        status, _, _ = await visitor.post_form(BILLING, form | select, partial=False)
        assert status == 500
        form = await visitor.hidden(BILLING) | select | {"__EVENTARGUMENT": "1000404007"}
        status, _, where = await visitor.post_form(BILLING, form, partial=False)
        assert (status, where) == (302, NEWER + BILLING)
        assert "1000404007" in await visitor.text(USAGE)

    visit(story)


def test_the_verification_token_goes_with_its_cookie() -> None:
    async def story(visitor: Visitor) -> None:
        form = await visitor.credentials("sandbox-home", "sandbox-home-Pa55", "/Customer-Login")
        visitor.http.cookie_jar.clear()
        assert "|error|500|" in (await visitor.post_form("/Customer-Login", form))[1]

    visit(story)


def test_the_older_base_has_no_verification_token() -> None:
    async def story(visitor: Visitor) -> None:
        assert "__RequestVerificationToken" not in await visitor.hidden(FORM[OLDER])
        assert "pageRedirect" in await visitor.sign_in("sandbox-home")

    visit(story, base=OLDER)


@pytest.mark.parametrize("base", BASES)
def test_a_whole_postback_signs_in_by_redirect_and_refuses_by_page(base: str) -> None:
    async def story(visitor: Visitor) -> None:
        form = await visitor.credentials("sandbox-home", "no", FORM[base])
        status, text, _ = await visitor.post_form(FORM[base], form, partial=False)
        assert status == 200
        assert WRONG in text
        form[f"{CONTROL[base]}txtPassword"] = "sandbox-home-Pa55"
        status, _, where = await visitor.post_form(FORM[base], form, partial=False)
        assert (status, where) == (302, f"{base}/BillingPayments/tabid/42/Default.aspx")

    visit(story, base=base)


@pytest.mark.parametrize("base", BASES)
def test_cookies_are_for_the_server_alone_and_the_whole_site(base: str) -> None:
    async def story(visitor: Visitor) -> None:
        form = await visitor.credentials("sandbox-home", "sandbox-home-Pa55", FORM[base])
        url = visitor.root + base + FORM[base]
        async with visitor.http.post(url, data=form, headers=PARTIAL) as reply:
            cookies = list(reply.cookies.values())
        assert cookies
        assert all(cookie["httponly"] and cookie["path"] == "/" for cookie in cookies)

    visit(story, base=base)


# ---- sessions ----------------------------------------------------------------------------------


def test_a_deep_link_leads_to_the_form_and_back() -> None:
    async def story(visitor: Visitor) -> None:
        async with visitor.http.get(visitor.root + NEWER + HISTORY) as reply:
            form_path = reply.url.raw_path_qs.removeprefix(NEWER)
        assert form_path.startswith("/Customer-Login?returnurl=")
        text = await visitor.sign_in("sandbox-home", path=form_path)
        assert f"|pageRedirect||{quote(NEWER + HISTORY, safe='').replace('%2F', '%2f')}|" in text

    visit(story)


@pytest.mark.parametrize("back", ["https://billing.example.net/", "//billing.example.net/", "/x"])
def test_a_foreign_return_address_is_not_followed(back: str) -> None:
    async def story(visitor: Visitor) -> None:
        path = f"/Customer-Login?returnurl={quote(back, safe='')}"
        text = unquote(await visitor.sign_in("sandbox-home", path=path))
        assert f"{NEWER}/BillingPayments/tabid/42/Default.aspx" in text

    visit(story)


def test_an_ended_session_answers_feeds_with_the_form_and_status_200() -> None:
    clock = Clock()

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        row = (await visitor.page(HISTORY)).xpath("//tr/@data-row")[0]
        clock.seconds = 299
        assert (await visitor.daily(HOME, "06/09/2026"))["Items"]
        clock.seconds = 299 + 300
        media, text = await visitor.method("GetDailyUsageData", asked(HOME, "06/09/2026"))
        assert media == "text/html"
        assert "txtUsername" in text
        assert "txtUsername" in await visitor.text(f"{PDF}?row={row}")
        assert "txtUsername" in await visitor.text(BILLING)
        assert visitor.counts.sign_ins == {"sandbox-home": 1}

    visit(story, clock=clock)


def test_a_session_can_last_a_number_of_requests() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        assert (await visitor.daily(HOME, "06/09/2026"))["Items"]
        assert "Account Number" in await visitor.text(HISTORY)
        assert "txtUsername" in await visitor.text(HISTORY)

    visit(story, "expire-after=2")


@pytest.mark.parametrize(("base", "billing"), [(NEWER, BILLING), (OLDER, "/")])
def test_logging_out_ends_the_session(base: str, billing: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        assert "Log Out" in await visitor.text(billing)
        await visitor.text("/Logoff")
        assert "Log Out" not in await visitor.text(billing)

    visit(story, base=base)


def test_the_older_base_shows_a_login_link_where_one_is_signed_out() -> None:
    async def story(visitor: Visitor) -> None:
        for path in ("/", OLD_USAGE, OLD_HISTORY):
            page = await visitor.page(path)
            (link,) = page.xpath("//a[normalize-space()='Login']")
            assert link.get("onclick").startswith("return dnnModal.show('/oscp/CustomerLogin/")
            assert not page.xpath("//input[@type='password']")
        popup = f"{OLD_POPUP}?returnurl={quote(OLDER + OLD_USAGE, safe='')}&popUp=true"
        assert unquote(await visitor.sign_in("sandbox-home", path=popup)).endswith(f"{OLD_USAGE}|")
        assert "Account Number" in await visitor.text(OLD_USAGE)

    visit(story, base=OLDER)


# ---- what can stand in the way -----------------------------------------------------------------


def test_wrong_passwords_lock_a_user_and_nobody_else() -> None:
    async def story(visitor: Visitor) -> None:
        assert WRONG in await visitor.sign_in("sandbox-home", "1")
        assert LOCKED in await visitor.sign_in("sandbox-home", "2")
        assert LOCKED in await visitor.sign_in("sandbox-home")
        assert "pageRedirect" in await visitor.sign_in("sandbox-solar")
        assert visitor.counts.rejected == {"sandbox-home": 3}

    visit(story, "lock-after=2")


def test_a_right_password_forgives_the_wrong_ones_before() -> None:
    async def story(visitor: Visitor) -> None:
        for _ in range(3):
            assert WRONG in await visitor.sign_in("sandbox-home", "1")
            assert "pageRedirect" in await visitor.sign_in("sandbox-home")

    visit(story, "lock-after=2")


def test_a_captcha_stops_the_right_password_uncounted() -> None:
    async def story(visitor: Visitor) -> None:
        page = await visitor.page("/Customer-Login")
        assert page.xpath("//img[contains(@id, 'CaptchaImage')]")
        text = await visitor.sign_in("sandbox-home")
        assert "characters you see" in text
        assert "pageRedirect" not in text
        assert not visitor.counts.sign_ins
        assert not visitor.counts.rejected

    visit(story, "captcha")


def test_a_second_factor_wants_its_code_and_the_proof_of_the_first() -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.sign_in("sandbox-home")
        assert "verification code" in text
        assert not visitor.counts.sign_ins
        ticket = re.search(r"\|hiddenField\|\w+_hdnMFATokenkey\|([\w.]+)\|", text)
        assert ticket
        control = CONTROL[NEWER]
        for proof, code, signed_in in (
            (ticket[1], "000000", False),
            ("73616e64626f78.00", MFA_CODE, False),
            (ticket[1], MFA_CODE, True),
        ):
            form = await visitor.hidden("/Customer-Login") | {
                f"{control}hdnMFATokenkey": proof,
                f"{control}txtMFAToken": code,
            }
            _, text, _ = await visitor.post_form("/Customer-Login", form)
            assert ("pageRedirect" in text) is signed_in

    visit(story, "mfa")


@pytest.mark.parametrize(
    ("fault", "where", "said"),
    [
        ("password-expired", "/Change-Password", "must change your password"),
        ("terms", "/Terms", "accept the updated terms"),
    ],
)
def test_an_obstacle_stands_before_every_page_and_feed(fault: str, where: str, said: str) -> None:
    async def story(visitor: Visitor) -> None:
        assert unquote(await visitor.sign_in("sandbox-home")).endswith(f"{NEWER}{where}|")
        for path in (where, BILLING, HISTORY, USAGE):
            text = await visitor.text(path)
            assert said in text
            assert "ContentPane" not in text
            assert "Log Out" not in text
        async with visitor.http.post(
            visitor.root + NEWER + LEDGER, json={}, allow_redirects=False
        ) as reply:
            assert reply.status == 302

    visit(story, fault)


def test_maintenance_is_said_with_status_200_by_every_page() -> None:
    async def story(visitor: Visitor) -> None:
        for path in ("/", "/Customer-Login", BILLING):
            assert "scheduled maintenance" in await visitor.text(path)

    visit(story, "maintenance")


def test_a_sign_in_can_lead_to_a_foreign_host() -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.sign_in("sandbox-home")
        assert unquote(text).endswith("|https://billing.example.net/|")

    visit(story, "foreign-redirect")


def test_every_third_signed_in_request_can_fail() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        statuses = []
        for _ in range(6):
            async with visitor.http.get(visitor.root + NEWER + HISTORY) as reply:
                statuses.append(reply.status)
        assert statuses == [200, 200, 500, 200, 200, 500]

    visit(story, "error-500=3")


def test_a_slow_portal_answers_late() -> None:
    async def story(visitor: Visitor) -> None:
        loop_time = asyncio.get_running_loop().time
        before = loop_time()
        await visitor.text("/Customer-Login")
        assert loop_time() - before >= 0.05

    visit(story, "slow=50")


def test_a_redesign_renames_the_form_and_still_takes_it() -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.text("/Customer-Login")
        for gone in ("txtUsername", "txtPassword", "btnLogin", "User ID", "Password", "Sign In"):
            assert gone not in text
        form = await visitor.hidden("/Customer-Login") | {
            "app$gateway$identifier": "sandbox-home",
            "app$gateway$credential": "sandbox-home-Pa55",
        }
        assert "pageRedirect" in (await visitor.post_form("/Customer-Login", form))[1]
        text = await visitor.text(HISTORY)
        for gone in ("ContentPane", "Log Out", "no-more-tables", "saveViewHTML", "Bill Amount"):
            assert gone not in text

    visit(story, "redesign")


def test_a_redesign_of_the_tables_leaves_the_form() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("1000404001")
        assert "no-more-tables" not in await visitor.text(HISTORY)
        assert "example2" not in await visitor.text(BILLING)

    visit(story, "redesign=tables")


@pytest.mark.parametrize("ids", ["short", "long"])
def test_the_fields_have_short_or_long_ids_and_the_same_names(ids: str) -> None:
    async def story(visitor: Visitor) -> None:
        page = await visitor.page("/Customer-Login")
        prefix = "" if ids == "short" else "dnn_ctr384_CustomerLogin_"
        for name in ("txtUsername", "txtPassword"):
            (found,) = page.xpath(f"//input[@id='{prefix}{name}']")
            assert found.get("name") == f"dnn$ctr384$CustomerLogin${name}"
        (button,) = page.xpath("//input[@id='dnn_ctr384_CustomerLogin_btnLogin']")
        assert button.get("value") == "Sign In"

    visit(story, f"ids={ids}")


def test_the_older_form_has_its_own_names_and_button() -> None:
    async def story(visitor: Visitor) -> None:
        for path in (FORM[OLDER], OLD_POPUP):
            page = await visitor.page(path)
            (button,) = page.xpath("//input[@type='submit']")
            assert button.get("name") == "dnn$ctr564$FeatureLogin$btnLogin"
            assert button.get("value") == "Login"
            assert button.get("onclick") == "return Validate();"

    visit(story, base=OLDER)


# ---- pages -------------------------------------------------------------------------------------


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


# ---- bills as PDF ------------------------------------------------------------------------------


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


# ---- feeds -------------------------------------------------------------------------------------


def test_hours_come_only_after_the_days_of_the_account_were_asked_in_the_session() -> None:
    async def story(visitor: Visitor) -> None:
        day = ("06/09/2026", "06/10/2026")
        await visitor.sign_in("sandbox-business")
        assert (await visitor.interval(SMALL, *day))["Items"] == []
        await visitor.daily(MEDIUM, "06/09/2026")
        assert (await visitor.interval(SMALL, *day))["Items"] == []
        await visitor.daily(SMALL, "01/05/2026")
        assert len((await visitor.interval(SMALL, *day))["Items"]) == 24
        await visitor.sign_in("sandbox-business")
        assert (await visitor.interval(SMALL, *day))["Items"] == []

    visit(story)


def test_the_daily_feed_tells_total_register_cost_and_meter() -> None:
    first, last = date(2025, 4, 10), date(2025, 4, 30)

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        told = await visitor.daily(HOME, us(first), us(last))
        days = WORLD.days(HOME, first, last)
        assert [item["DAILYTIMESTAMPFORMAT"] for item in told["Items"]] == [us(d.day) for d in days]
        assert [item["TOTALENERGY"] for item in told["Items"]] == [str(d.total_kwh) for d in days]
        assert [item["ENDREADING"] for item in told["Items"]] == [str(d.end_reading) for d in days]
        assert [item["Cost"] for item in told["Items"]] == [str(d.cost) for d in days]
        meters = [export["METER"] for export in told["DyExports"]]
        assert meters == ["51001101"] * 7 + ["62004417"] * 14

    visit(story)


def test_an_averaged_day_has_flat_hours_and_no_register_and_an_untold_one_nothing() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        averaged = (await visitor.daily(HOME, "06/13/2026"))["Items"]
        assert [item["ENDREADING"] for item in averaged] == [""]
        hours = (await visitor.interval(HOME, "06/13/2026", "06/14/2026"))["Items"]
        assert len({hour["KWH"] for hour in hours}) == 1
        assert (await visitor.daily(HOME, "06/14/2026"))["Items"] == []
        assert (await visitor.interval(HOME, "06/14/2026", "06/15/2026"))["Items"] == []

    visit(story)


def test_a_silent_day_and_a_silent_hour_are_nan() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        (silent,) = (await visitor.daily(MEDIUM, "09/23/2025"))["Items"]
        assert silent["TOTALENERGY"] == "NaN"
        assert silent["ENDREADING"] == ""
        hours = (await visitor.interval(MEDIUM, "09/23/2025", "09/24/2025"))["Items"]
        assert [hour["KWH"] for hour in hours] == ["NaN"] * 24
        hours = (await visitor.interval(MEDIUM, "03/20/2025", "03/21/2025"))["Items"]
        gaps = [n for n, hour in enumerate(hours) if hour["KWH"] == "NaN"]
        assert gaps == [9, 10, 11, 12, 13, 14]
        assert {hour["GKWH"] for hour in hours} == {"0.00"}

    visit(story)


def test_received_energy_stands_beside_delivered() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-solar")
        await visitor.daily(SOLAR, "06/09/2026")
        hours = (await visitor.interval(SOLAR, "06/09/2026", "06/10/2026"))["Items"]
        (truth,) = WORLD.days(SOLAR, date(2026, 6, 9), date(2026, 6, 9))
        assert [hour["GKWH"] for hour in hours] == [kwh(hour.received_wh) for hour in truth.hours]
        assert any(hour["GKWH"] != "0.00" for hour in hours)
        weather = [(hour["Temp"], hour["Humidity"], hour["WindSpeed"]) for hour in hours]
        assert weather == [(str(h.temp_f), str(h.humidity), str(h.wind_mph)) for h in truth.hours]

    visit(story)


@pytest.mark.parametrize(
    ("mode", "days", "why"), [("truncate", 31, ""), ("error", 0, "31 days"), ("empty", 0, "")]
)
def test_a_range_that_is_too_wide_is_cut_or_refused_or_empty(
    mode: str, days: int, why: str
) -> None:
    first = date(2026, 3, 10)

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        whole = await visitor.daily(SMALL, us(first), us(first + timedelta(days=30)))
        assert len(whole["Items"]) == 31
        wide = us(first + timedelta(days=31))
        for told in (
            await visitor.daily(SMALL, us(first), wide),
            await visitor.interval(SMALL, us(first), us(first + timedelta(days=32))),
        ):
            shown = [
                i.get("DAILYTIMESTAMPFORMAT") or i["UsageHourDate"][:10] for i in told["Items"]
            ]
            assert sorted(set(shown)) == [us(first + timedelta(days=n)) for n in range(days)]
            assert why in told["errorObject"]["errordesc"]

    visit(story, f"over-range={mode}")


def test_a_portal_may_answer_one_day_at_a_time_only() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        assert len((await visitor.daily(SMALL, "06/01/2026", "06/05/2026"))["Items"]) == 1
        assert len((await visitor.interval(SMALL, "06/01/2026", "06/02/2026"))["Items"]) == 24
        assert len((await visitor.interval(SMALL, "06/01/2026", "06/03/2026"))["Items"]) == 24

    visit(story, "range-days=1")


@pytest.mark.parametrize(("end", "same", "following"), [("next-day", 0, 24), ("same-day", 24, 48)])
def test_the_end_date_is_the_last_day_or_the_day_after(end: str, same: int, following: int) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        await visitor.daily(SMALL, "06/01/2026")
        told = await visitor.interval(SMALL, "06/01/2026", "06/01/2026")
        assert len(told["Items"]) == same
        told = await visitor.interval(SMALL, "06/01/2026", "06/02/2026")
        assert len(told["Items"]) == following

    visit(story, f"end={end}")


@pytest.mark.parametrize(
    "body",
    [
        asked(SOLAR, "06/09/2026"),
        asked(HOME, "06/09/2026") | {"MemberSep": HOME},
        asked(HOME, "06/09/2026", keymbr="1000101"),
        asked(HOME, "2026-06-09"),
        {},
    ],
    ids=["another member", "no dash", "not padded", "ISO date", "nothing"],
)
def test_a_feed_refuses_what_it_does_not_know_in_its_error_object(body: dict[str, str]) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        _, told = await visitor.method("GetDailyUsageData", body)
        assert told["Items"] == []
        assert told["errorObject"]["errordesc"]

    visit(story, "member=padded")


def test_the_older_feeds_ask_for_no_member_number() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        body = asked(HOME, "06/09/2026", "06/10/2026") | {"IntervalType": "60"}
        del body["keymbr"]
        _, days = await visitor.method("GetDailyUsageData", body)
        _, hours = await visitor.method("GetIntervalData", body)
        assert (len(days["Items"]), len(hours["Items"])) == (2, 24)

    visit(story, base=OLDER)


def test_a_body_that_is_no_object_is_an_error_of_the_page_method() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        url = visitor.root + NEWER + "/DesktopModules/MeterUsage/API/MeterData.aspx/"
        for body in ("", "keymbr=1", "['a']", "{'a': }"):
            async with visitor.http.post(url + "GetDailyUsageData", data=body) as reply:
                assert reply.status == 500
                assert (await reply.json())["Message"] == "Invalid JSON primitive."

    visit(story)


SPRING = ["12:00 AM", "01:00 AM", "03:00 AM", "04:00 AM"]
AUTUMN = ["12:00 AM", "01:00 AM", "01:00 AM", "02:00 AM"]
PLAIN = ["12:00 AM", "01:00 AM", "02:00 AM", "03:00 AM"]


@pytest.mark.parametrize(
    ("faults", "day", "count", "labels"),
    [
        (["dst=true"], "03/08/2026", 23, SPRING),
        (["dst=true"], "11/02/2025", 25, AUTUMN),
        (["dst=always-24"], "03/08/2026", 24, PLAIN),
        (["dst=always-24"], "11/02/2025", 24, PLAIN),
        (["dst=repeat"], "03/08/2026", 24, PLAIN),
        (["dst=repeat"], "11/02/2025", 25, ["12:00 AM", "01:00 AM", "02:00 AM", "02:00 AM"]),
        (
            ["hour-label=ending"],
            "11/02/2025",
            25,
            ["01:00 AM", "01:00 AM", "02:00 AM", "03:00 AM"],
        ),
        (
            ["hour-label=ending"],
            "03/08/2026",
            23,
            ["01:00 AM", "03:00 AM", "04:00 AM", "05:00 AM"],
        ),
    ],
)
def test_the_days_on_which_the_clock_changes_are_told_as_switched(
    faults: list[str], day: str, count: int, labels: list[str]
) -> None:
    async def story(visitor: Visitor) -> None:
        hours = await a_day_of_hours(visitor, day)
        assert len(hours) == count
        assert [hour["UsageHourDate"][11:] for hour in hours[:4]] == labels

    visit(story, *faults)


async def a_day_of_hours(visitor: Visitor, day: str, number: str = SMALL) -> list[dict[str, Any]]:
    month, dom, year = map(int, day.split("/"))
    await visitor.sign_in("sandbox-business")
    await visitor.daily(number, day)
    following = us(date(year, month, dom) + timedelta(days=1))
    items: list[dict[str, Any]] = (await visitor.interval(number, day, following))["Items"]
    return items


def test_a_day_of_always_24_hours_keeps_its_energy() -> None:
    async def story(visitor: Visitor) -> None:
        (autumn,) = WORLD.days(SMALL, date(2025, 11, 2), date(2025, 11, 2))
        wh = [hour.wh or 0 for hour in autumn.hours]
        told = [hour["KWH"] for hour in await a_day_of_hours(visitor, "11/02/2025")]
        assert told == [kwh(w) for w in (wh[0], wh[1] + wh[2], *wh[3:])]
        (spring,) = WORLD.days(SMALL, date(2026, 3, 8), date(2026, 3, 8))
        wh = [hour.wh or 0 for hour in spring.hours]
        told = [hour["KWH"] for hour in await a_day_of_hours(visitor, "03/08/2026")]
        assert told == [kwh(w) for w in (*wh[:2], None, *wh[2:])]

    visit(story, "dst=always-24")


def test_the_last_hour_ends_at_midnight_of_the_next_day() -> None:
    async def story(visitor: Visitor) -> None:
        hours = await a_day_of_hours(visitor, "06/09/2026")
        assert hours[0]["UsageHourDate"] == "06/09/2026 01:00 AM"
        assert hours[-1]["UsageHourDate"] == "06/10/2026 12:00 AM"

    visit(story, "hour-label=ending")


def test_half_hours_are_to_be_had_for_sixty_days_and_add_up() -> None:
    async def story(visitor: Visitor) -> None:
        hours = await a_day_of_hours(visitor, "06/09/2026")
        halves = (await visitor.interval(SMALL, "06/09/2026", "06/10/2026", IntervalType="30"))[
            "Items"
        ]
        assert [half["UsageHourDate"][11:] for half in halves[:3]] == [
            "12:00 AM", "12:30 AM", "01:00 AM",
        ]  # fmt: skip
        cents = [round(float(half["KWH"]) * 100) for half in halves]
        sums = [a + b for a, b in zip(cents[::2], cents[1::2], strict=True)]
        assert sums == [round(float(hour["KWH"]) * 100) for hour in hours]
        old = await visitor.interval(SMALL, "04/15/2026", "04/16/2026", IntervalType="30")
        assert old["Items"] == []

    visit(story, "interval=30")


def test_half_hours_are_refused_where_there_are_none() -> None:
    async def story(visitor: Visitor) -> None:
        await a_day_of_hours(visitor, "06/09/2026")
        told = await visitor.interval(SMALL, "06/09/2026", "06/10/2026", IntervalType="30")
        assert told["Items"] == []
        assert told["errorObject"]["errordesc"]

    visit(story)


# ---- counts and switches -----------------------------------------------------------------------


def test_what_was_asked_is_counted_and_counting_is_not() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        await visitor.daily(HOME, "06/09/2026")
        for _ in range(2):
            async with visitor.http.get(visitor.root + "/_sandbox/counts") as reply:
                assert await reply.json() == {
                    "sign_ins": {"sandbox-home": 1},
                    "rejected": {},
                    "routes": {"sign-in form": 1, "sign-in": 1, "daily": 1},
                    "dangerous": {},
                    "total": 3,
                }

    visit(story)


@pytest.mark.parametrize("name", DANGEROUS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_dangerous_control_is_counted(name: str, method: str) -> None:
    async def story(visitor: Visitor) -> None:
        url = visitor.root + NEWER + DANGEROUS[name]
        async with visitor.http.request(method, url) as reply:
            assert reply.status == 200
        assert visitor.counts.dangerous == {name: 1}

    visit(story)


def test_a_fault_is_read_from_its_name_and_value() -> None:
    given = ["pdf=blob", "range-days=7", "captcha", "redesign", "notice=off", "error-500=9"]
    assert Switches.parse(given) == Switches(
        pdf="blob", range_days=7, captcha=True, redesign="all", notice="off", error_500=9
    )
    assert Switches.parse([]) == Switches()


@pytest.mark.parametrize("fault", ["pdf=fax", "pdf", "range-days=many", "captcha=2", "mfa=fax"])
def test_a_value_that_does_not_exist_is_refused_in_one_sentence(fault: str) -> None:
    with pytest.raises(ValueError, match=r"^The fault .*\.$"):
        Switches.parse([fault])


def test_a_base_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="/onlineportal, /oscp"):
        portal(WORLD, base="/portal")


def test_the_portal_listens_on_loopback_only() -> None:
    async def run() -> None:
        runner, port = await serve(portal(WORLD))
        assert runner.addresses == [("127.0.0.1", port)]
        await runner.cleanup()

    run_async(run())
