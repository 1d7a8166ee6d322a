"""The simulated portal lets HTTP clients in as its siblings do, and ends their sessions."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote, unquote

import pytest
from asked_of import (
    BASES,
    BILLING,
    HISTORY,
    HOME,
    OLD_HISTORY,
    OLD_POPUP,
    OLD_USAGE,
    SITE,
    USAGE,
    kwh,
    us,
)
from served import CONTROL, FORM, PARTIAL, WORLD, Clock, Visitor, asked, visit

from harvester.sandbox.layout import NEWER, OLDER
from harvester.sandbox.sign_in import WRONG
from harvester.sandbox.site import PDF


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
