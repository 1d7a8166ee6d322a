"""Clients that know the product, and nothing of this project, find in it what they rely on."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession
from conftest import run_async
from playwright.sync_api import expect
from served import CONTROL, FORM, WORLD, Visitor, asked, served, visit, visiting

from harvester.sandbox.layout import NEWER, OLDER
from harvester.sandbox.sign_in import LOCKED

if TYPE_CHECKING:
    from playwright.sync_api import Page

DAY = timedelta(days=1)
HOME, SITE, MEDIUM = "1000101001", "1000404001", "1000303002"
BILLING, HISTORY, USAGE = (
    "/Billing-Payments",
    "/My-Account/Account-History",
    "/My-Account/Usage-History",
)
OLD_FORM = FORM[OLDER]
Items = list[dict[str, Any]]


def us(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def read(items: Items) -> int:
    """Count the rows that a client takes for readings: those whose KWH is a number."""
    return sum(item["KWH"] != "NaN" for item in items)


# ---- signing in --------------------------------------------------------------------------------


@pytest.mark.parametrize("base", [NEWER, OLDER])
@pytest.mark.parametrize("user", ["1000303002", "1000303-002"])
def test_an_account_number_is_a_user_id_and_the_account_it_opens(base: str, user: str) -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.sign_in(user, "sandbox-business-Pa55")
        assert "pageRedirect" in text
        assert user in text
        page = await visitor.text("/BillingPayments/tabid/42/Default.aspx")
        assert user in page
        assert f"<dd>{MEDIUM}</dd>" in page
        assert dict(visitor.counts.sign_ins) == {"sandbox-business": 1}

    visit(story, base=base)


@pytest.mark.parametrize("user", ["1000303009", "1000303-0020", "100030-3002", "-1000303002", "-"])
def test_what_only_looks_like_an_account_number_is_no_user_id(user: str) -> None:
    async def story(visitor: Visitor) -> None:
        assert "pageRedirect" not in await visitor.sign_in(user, "sandbox-business-Pa55")
        assert not visitor.counts.sign_ins

    visit(story)


def test_wrong_passwords_count_whatever_the_user_calls_itself() -> None:
    async def story(visitor: Visitor) -> None:
        for user in ("sandbox-home", HOME):
            assert LOCKED not in await visitor.sign_in(user, "wrong")
        assert LOCKED in await visitor.sign_in("1000101-001", "wrong")
        assert LOCKED in await visitor.sign_in("sandbox-home")
        assert dict(visitor.counts.rejected) == {"sandbox-home": 4}

    visit(story, "lock-after=3")


def test_a_second_factor_lets_in_by_the_name_that_was_typed() -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.sign_in("1000101-001", "sandbox-home-Pa55")
        ticket = text.split("hdnMFATokenkey|")[1].split("|")[0]
        control = CONTROL[NEWER]
        code = {f"{control}hdnMFATokenkey": ticket, f"{control}txtMFAToken": "246810"}
        form = await visitor.hidden("/Customer-Login") | code
        _, text, _ = await visitor.post_form("/Customer-Login", form)
        assert "pageRedirect" in text
        assert "1000101-001" in text

    visit(story, "mfa")


def test_the_older_form_has_its_own_fields_and_no_event_validation() -> None:
    async def story(visitor: Visitor) -> None:
        hidden = await visitor.hidden(OLD_FORM)
        assert "__EVENTVALIDATION" not in hidden
        assert "__RequestVerificationToken" not in hidden
        assert hidden["__VIEWSTATEGENERATOR"] == "F462CD71"
        assert hidden["hidEnableRedirection"] == "true"
        assert (hidden["hidParam484"], hidden["hidSmartApp"]) == ("1", "0")
        assert hidden["dnn$ctr564$FeatureLogin$hdnLoginCaptchaIsEnabled"] == "false"

    visit(story, base=OLDER)


def pasted(view_state: str) -> dict[str, str]:
    """Return the few fields that a client sends which keeps them in its source."""
    control = CONTROL[OLDER]
    return {
        "AppID": "OSCP",
        "ScriptManager": f"{control}UpdatePanel1|{control}btnLogin",
        "__ASYNCPOST": "true",
        "__VIEWSTATE": view_state,
        "__VIEWSTATEGENERATOR": "F462CD71",
        f"{control}txtUsername": "sandbox-home",
        f"{control}txtPassword": "sandbox-home-Pa55",
        f"{control}btnLogin": "Login",
    }


FOREIGN_STATE = base64.b64encode(b"\xff\x01\x0f of another portal").decode()


def test_a_client_without_a_form_of_its_own_reads_a_month_of_the_older_portal() -> None:
    async def story(visitor: Visitor) -> None:
        _, text, _ = await visitor.post_form(OLD_FORM, pasted(FOREIGN_STATE))
        assert "pageRedirect" in text
        month_ago = WORLD.today - 31 * DAY
        body = asked(HOME, us(month_ago), us(WORLD.today), IsEnergy="true", IsCostEnable="1")
        del body["keymbr"]
        _, told = await visitor.method("GetDailyUsageData", body)
        totals = [int(i["TOTALENERGY"]) for i in told["Items"] if i["TOTALENERGY"] != "NaN"]
        truth = WORLD.days(HOME, month_ago, month_ago + 30 * DAY)
        assert totals == [day.total_kwh for day in truth]

    visit(story, "view-state=any", base=OLDER)


def test_a_view_state_of_another_portal_is_refused_unless_switched() -> None:
    async def story(visitor: Visitor) -> None:
        _, text, _ = await visitor.post_form(OLD_FORM, pasted(FOREIGN_STATE))
        assert "pageRedirect" not in text
        assert not visitor.counts.sign_ins

    visit(story, base=OLDER)


def test_a_form_that_was_kept_is_still_good_after_a_restart() -> None:
    async def run() -> None:
        async with visiting(base=OLDER) as visitor:
            kept = (await visitor.hidden(OLD_FORM))["__VIEWSTATE"]
        async with visiting(base=OLDER) as visitor:
            _, text, _ = await visitor.post_form(OLD_FORM, pasted(kept))
            assert "pageRedirect" in text
        async with visiting() as visitor:
            form = await visitor.credentials("sandbox-home", "sandbox-home-Pa55", FORM[NEWER])
            _, text, _ = await visitor.post_form(FORM[NEWER], form | {"__VIEWSTATE": kept})
            assert "pageRedirect" not in text

    run_async(run())


# ---- feeds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("keymbr", ["1000101", "01000101"])
@pytest.mark.parametrize("end", ["06/09/2026", "06/10/2026"])
def test_both_ways_to_ask_for_one_day_get_that_day(keymbr: str, end: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        await visitor.daily(HOME, "06/09/2026", keymbr=keymbr)
        told = await visitor.interval(HOME, "06/09/2026", end, keymbr=keymbr)
        assert {item["UsageHourDate"][:10] for item in told["Items"]} == {"06/09/2026"}
        assert len(told["Items"]) == 24

    visit(story)


def test_a_range_of_days_may_be_given_backwards() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        forth = await visitor.daily(HOME, "06/05/2026", "06/08/2026")
        back = await visitor.daily(HOME, "06/08/2026", "06/05/2026")
        assert len(forth["Items"]) == 4
        assert back == forth

    visit(story)


def test_every_day_whose_register_is_a_number_has_a_total_and_a_cost() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        unread = 0
        for first in (date(2025, 8, 1) + n * 31 * DAY for n in range(9)):
            told = await visitor.daily(MEDIUM, us(first), us(first + 30 * DAY))
            assert len(told["DyExports"]) == len(told["Items"]) == 31
            for item in told["Items"]:
                if item["ENDREADING"].isdecimal():
                    assert int(item["TOTALENERGY"]) >= 0
                    assert float(item["Cost"]) > 0
                else:
                    unread += 1
        assert unread == 2  # an averaged day and one that the meter was silent on

    visit(story)


def test_a_client_that_falls_back_from_half_hours_finds_readings_in_either_step() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        found = {}
        for day in ("06/09/2026", "04/15/2026"):
            await visitor.daily(HOME, day)
            for minutes in ("30", "60"):
                items = (await visitor.interval(HOME, day, day, IntervalType=minutes))["Items"]
                found[day[:2], minutes] = len(items), read(items)
        assert found == {
            ("06", "30"): (48, 48),
            ("06", "60"): (24, 0),
            ("04", "30"): (48, 0),
            ("04", "60"): (24, 24),
        }

    visit(story, "interval=split")


def test_an_ended_session_shows_by_the_address_of_a_page_and_the_first_sign_of_a_feed() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        await visitor.text(USAGE)
        async with visitor.http.get(visitor.root + NEWER + USAGE) as reply:
            assert reply.status == 200
            assert "Customer-Login" in f"{reply.url}"
            assert "CustomerLogin" in await reply.text()
        media, told = await visitor.method("GetDailyUsageData", asked(HOME, "06/09/2026"))
        assert media == "text/html"
        assert told.strip().startswith("<")
        assert "CustomerLogin" in told

    visit(story, "expire-after=1")


# ---- browsers ----------------------------------------------------------------------------------


def enter(page: Page, url: str, user: str, password: str) -> None:
    page.goto(url)
    page.locator("[id$=txtUsername]").fill(user)
    page.locator("[id$=txtPassword]").fill(password)
    page.locator("#dnn_ctr384_CustomerLogin_btnLogin").click()
    page.wait_for_url(lambda now: "Customer-Login" not in now)


def test_pages_bear_the_titles_that_a_robot_knows_them_by(page: Page) -> None:
    with served("notice=off") as (url, _):
        page.goto(url + "/Customer-Login")
        assert page.title() == "Customer Login"
        enter(page, url + "/Customer-Login", SITE, f"{SITE}-Pa55")
        page.wait_for_url(url + BILLING)
        assert page.title() == "Billing & Payments"
        page.get_by_role("link", name="Account History", exact=True).click()
        page.wait_for_url(url + HISTORY)
        assert page.title() == "Account History"


def test_a_robot_walks_the_accounts_by_synthetic_clicks(page: Page) -> None:
    with served("ids=long") as (url, counts):
        enter(page, url + "/Customer-Login", SITE, f"{SITE}-Pa55")
        for number in ("1000404019", "1000404028"):
            page.wait_for_url(url + BILLING)
            page.get_by_role("link", name="View All Accounts (28)").dispatch_event("click")
            page.locator("select[name=example2_length]").select_option(label="100")
            rows = page.locator("table#example2 tr")
            expect(rows).to_have_count(29)
            cells = rows.filter(has_text=number).locator("td")
            assert cells.nth(2).inner_text() == "ACTIVE"
            search = page.locator("input[type=search]")
            search.evaluate(
                "(e, said) => { e.value = said; e.dispatchEvent(new Event('input')); }", number
            )
            link = page.locator("table#example2 td a").first
            assert link.evaluate("e => e.outerHTML") == f'<a href="#">{number}</a>'
            link.evaluate("e => e.click()")
            expect(page.locator("dd").get_by_text(number)).to_be_visible()
            assert page.url == f"{url}{BILLING}#"
            expect(page.locator("tr", has=page.locator("#vbLinkBtn0"))).to_contain_text(number)
            notice = page.locator("button", has_text="Looks good")
            assert notice.text_content() == " Looks good"
            notice.dispatch_event("click")
            expect(notice).to_have_count(0)
            page.get_by_role("link", name="Account History", exact=True).dispatch_event("click")
            page.wait_for_url(url + HISTORY)
            expect(page.locator("dd").get_by_text(number)).to_be_visible()
            with page.expect_download() as bill:
                page.locator("i[onclick='saveViewHTML(this)']").first.dispatch_event("click")
            assert bill.value.path().read_bytes().startswith(b"%PDF-")
            page.get_by_role("link", name="Billing & Payments", exact=True).dispatch_event("click")
        page.wait_for_url(url + BILLING)
        assert counts.sign_ins[SITE] == 1
        assert not counts.dangerous


def test_the_notice_of_each_account_can_be_answered_where_it_appears(page: Page) -> None:
    with served() as (url, counts):
        enter(page, url + BILLING, SITE, f"{SITE}-Pa55")
        page.get_by_role("button", name="Looks good").click()
        page.get_by_role("link", name="View All Accounts (28)").click()
        page.get_by_role("link", name="1000404002").click()
        page.get_by_role("button", name="Update").click()
        expect(page.get_by_role("button", name="Update")).to_be_disabled()
        assert dict(counts.dangerous) == {"contact-save": 1}
        page.get_by_role("button", name="Looks good").click()
        page.get_by_role("link", name=SITE).click()
        expect(page.locator("dd").get_by_text(SITE)).to_be_visible()
        expect(page.locator("#notice")).to_have_count(0)


def test_an_account_that_is_chosen_after_the_session_ended_leads_to_the_form(page: Page) -> None:
    with served("notice=off", "expire-after=1") as (url, _):
        enter(page, url + BILLING, SITE, f"{SITE}-Pa55")
        page.get_by_role("link", name="View All Accounts (28)").click()
        page.get_by_role("link", name="1000404002").click()
        expect(page.locator("#txtUsername")).to_be_visible()


def test_the_first_svg_of_a_session_is_the_graph_with_its_hours(page: Page) -> None:
    with served("notice=off") as (url, _):
        enter(page, url + BILLING, "sandbox-home", "sandbox-home-Pa55")
        assert page.locator("svg").count() == 0
        page.goto(url + USAGE, wait_until="commit")
        first = page.wait_for_selector("svg")
        assert first
        assert first.query_selector(".bar")


def test_the_cookies_of_a_browser_open_the_daily_feed_to_another_client(page: Page) -> None:
    with served("notice=off") as (url, _):
        enter(page, url + USAGE, "sandbox-home", "sandbox-home-Pa55")
        page.wait_for_selector("svg")
        cookies = {str(c.get("name")): str(c.get("value")) for c in page.context.cookies()}

        async def ask() -> Items:
            address = url + "/DesktopModules/MeterUsage/API/MeterData.aspx/GetDailyUsageData"
            body = asked(HOME, "04/16/2025", "04/17/2025")
            async with (
                ClientSession(cookies=cookies) as http,
                http.post(address, json=body) as reply,
            ):
                told = (await reply.json())["d"]
            pairs = zip(told["Items"], told["DyExports"], strict=True)
            return [item | export for item, export in pairs]

        days = run_async(ask())
        assert [day["METER"] for day in days] == ["51001101", "62004417"]
        assert [day["DAILYTIMESTAMPFORMAT"] for day in days] == ["04/16/2025", "04/17/2025"]
        assert all(int(day["ENDREADING"]) >= 0 for day in days)
