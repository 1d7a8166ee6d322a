"""The simulated portal works in a real Chromium, by its own script, as a member would use it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from served import WORLD, served

from harvester.sandbox.bill_pdf import render
from harvester.sandbox.layout import NEWER, OLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import FrameLocator, Page, Request

HOME, SOLAR, SITE = "1000101001", "1000202001", "1000404001"
BILLING, HISTORY, USAGE = (
    "/Billing-Payments",
    "/My-Account/Account-History",
    "/My-Account/Usage-History",
)
OLD_USAGE = "/MyAccount/AccountHistory/UsageHistory/MeterUsageList/tabid/266/Default.aspx"


@pytest.fixture(autouse=True)
def _no_page_error(page: Page) -> Iterator[None]:
    """Fail a test whose page threw."""
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    yield
    assert not thrown


def fill_in(form: Page | FrameLocator, user: str, password: str = "") -> None:
    form.get_by_label("User ID").fill(user)
    form.get_by_label("Password").fill(password or f"{user}-Pa55")


def sign_in(page: Page, url: str, user: str) -> None:
    """Open a deep link signed out and come back to it signed in."""
    page.goto(url)
    fill_in(page, user)
    page.get_by_role("button", name="Sign In").click()
    page.wait_for_url(url)


def test_a_scraper_of_page_functions_gets_the_ledger(page: Page) -> None:
    with served() as (url, _):
        page.goto(url + HISTORY)
        before = page.url
        page.locator("#txtUsername").press_sequentially("sandbox-solar")
        page.locator("#txtPassword").press_sequentially("sandbox-solar-Pa55")
        page.locator("#dnn_ctr384_CustomerLogin_btnLogin").click()
        page.wait_for_url(lambda now: now != before, wait_until="commit")
        page.evaluate("""() => {
          const told = document.createElement('div');
          told.id = 'told';
          document.body.appendChild(told);
          bindAccountHistory = res =>
            told.textContent = JSON.stringify(res.ActLedger.LedgerItem.LedgerItems);
          getAccountHistory('01/1950', '01/2200');
        }""")
        page.wait_for_function("document.getElementById('told').textContent")
        items = page.evaluate("JSON.parse(document.getElementById('told').textContent)")
        truth = WORLD.ledger(SOLAR)[::-1]
        assert [i["Amount"] for i in items] == [f"{row.amount:.2f}" for row in truth]
        assert page.locator("#ledger tbody tr").count() == 0


def test_a_wrong_password_is_said_beside_what_was_typed(page: Page) -> None:
    with served() as (url, counts):
        page.goto(url + "/Customer-Login")
        fill_in(page, "sandbox-home", "wrong")
        page.get_by_role("button", name="Sign In").click()
        expect(page.get_by_role("alert")).to_have_text("The user ID or password is incorrect.")
        expect(page.get_by_label("User ID")).to_have_value("sandbox-home")
        page.get_by_label("Password").fill("sandbox-home-Pa55")
        page.get_by_role("button", name="Sign In").click()
        page.wait_for_url(url + BILLING)
        assert (counts.sign_ins["sandbox-home"], counts.rejected["sandbox-home"]) == (1, 1)


def test_a_code_is_asked_for_after_the_password(page: Page) -> None:
    with served("mfa") as (url, counts):
        page.goto(url + "/Customer-Login")
        fill_in(page, "sandbox-home")
        page.get_by_role("button", name="Sign In").click()
        page.get_by_label("Verification code").fill("246810")
        page.get_by_role("button", name="Verify").click()
        page.wait_for_url(url + BILLING)
        assert counts.sign_ins["sandbox-home"] == 1


def test_the_notice_covers_the_first_billing_page_of_a_session_only(page: Page) -> None:
    with served() as (url, counts):
        sign_in(page, url + BILLING, "sandbox-home")
        notice = page.get_by_role("button", name="Looks good")
        assert notice.text_content() == " Looks good"
        box = page.locator("#notice").bounding_box()
        assert box
        assert (box["width"], box["height"]) == tuple((page.viewport_size or {}).values())
        notice.click()
        expect(page.locator("#notice")).to_have_count(0)
        page.reload()
        expect(page.locator("#notice")).to_have_count(0)
        assert not counts.dangerous


def test_the_table_of_accounts_shows_ten_at_first_and_reuses_its_ids(page: Page) -> None:
    with served("notice=off") as (url, _):
        sign_in(page, url + BILLING, SITE)
        rows = page.locator("table#example2 tbody tr")
        expect(rows.first).to_be_hidden()
        page.get_by_role("link", name="View All Accounts (28)").click()
        expect(rows).to_have_count(10)
        expect(rows.filter(has=page.locator("#vbLinkBtn0"))).to_contain_text("1000404001")
        page.get_by_role("link", name="3", exact=True).click()
        expect(rows).to_have_count(8)
        expect(rows.filter(has=page.locator("#vbLinkBtn0"))).to_contain_text("1000404021")
        page.locator("input[type=search]").fill("04028")
        expect(rows).to_have_count(1)
        page.locator("input[type=search]").fill("")
        page.locator("select[name=example2_length]").select_option("100")
        expect(rows).to_have_count(28)
        numbers = rows.locator("td:first-child").all_text_contents()
        assert numbers == [account.number for account in WORLD.sign_in(SITE).accounts]


def test_a_selected_account_is_the_one_every_page_is_about(page: Page) -> None:
    with served("notice=off") as (url, _):
        sign_in(page, url + BILLING, SITE)
        page.get_by_role("link", name="View All Accounts").click()
        page.get_by_role("link", name="1000404007").click()
        number = page.locator("dt:text-is('Account Number') + dd")
        expect(number).to_have_text("1000404007")
        for path in (HISTORY, USAGE, BILLING):
            page.goto(url + path)
            expect(number).to_have_text("1000404007")


def test_one_account_has_no_list(page: Page) -> None:
    with served("notice=off") as (url, _):
        sign_in(page, url + BILLING, "sandbox-home")
        expect(page.get_by_role("link", name="Pay Now").first).to_be_visible()
        expect(page.get_by_role("link", name="View All Accounts")).to_have_count(0)


def downloaded(page: Page, click: Callable[[], None]) -> bytes:
    with page.expect_download() as waiting:
        click()
    return Path(waiting.value.path()).read_bytes()


@pytest.mark.parametrize("way", ["attachment", "inline", "blob", "postback"])
def test_a_bill_costs_one_request_and_comes_whole(page: Page, way: str) -> None:
    with served(f"pdf={way}") as (url, counts):
        sign_in(page, url + HISTORY, "sandbox-home")
        page.evaluate("""() => {
          const make = URL.createObjectURL;
          URL.createObjectURL = blob => (window.made = blob, make(blob));
        }""")
        for nth in (0, 5):
            icon = page.locator('[onclick*="saveViewHTML"]').nth(nth)
            if way == "blob":
                with page.expect_popup():
                    icon.click()
                told = bytes(
                    page.evaluate("async () => [...new Uint8Array(await made.arrayBuffer())]")
                )
            else:
                told = downloaded(page, icon.click)
            assert told == render(WORLD, WORLD.bills(HOME)[nth])
        assert counts.routes["pdf"] == 2
        assert not counts.routes["not found"]
        expect(page).to_have_url(url + HISTORY)


def test_a_bill_can_be_viewed_from_the_list_of_accounts(page: Page) -> None:
    with served("notice=off", "pdf=postback") as (url, counts):
        sign_in(page, url + BILLING, SITE)
        page.get_by_role("link", name="View All Accounts").click()
        told = downloaded(page, page.locator("#vbLinkBtn4").click)
        assert told == render(WORLD, WORLD.bills("1000404005")[0])
        page.get_by_role("link", name="1000404003").click()
        expect(page.locator("dt:text-is('Account Number') + dd")).to_have_text("1000404003")
        assert counts.routes["pdf"] == 1


def test_payments_are_asked_for_when_they_are_looked_at(page: Page) -> None:
    with served() as (url, counts):
        sign_in(page, url + HISTORY, "sandbox-home")
        expect(page.locator("#no-more-tables")).to_be_visible()
        assert not counts.routes["ledger"]
        page.get_by_role("button", name="Payments").click()
        rows = page.locator("#ledger tbody tr")
        since = date(WORLD.today.year - 2, WORLD.today.month, 1)
        truth = [row for row in WORLD.ledger(HOME)[::-1] if row.day >= since]
        expect(rows).to_have_count(len(truth))
        expect(rows.first).to_contain_text(f"{truth[0].day:%m/%d/%Y}")
        expect(rows.first).to_contain_text(truth[0].description)


def test_the_older_form_opens_in_a_frame_and_leads_the_whole_page_on(page: Page) -> None:
    with served(base=OLDER) as (url, counts):
        page.goto(url + OLD_USAGE)
        page.get_by_role("link", name="Login").click()
        form = page.frame_locator("iframe#iPopUp")
        form.get_by_role("button", name="Login").click()
        expect(form.get_by_label("User ID")).to_be_focused()
        assert not counts.routes["sign-in"]
        fill_in(form, "sandbox-home")
        form.get_by_role("button", name="Login").click()
        expect(page.locator("#dnn_ctr401_ContentPane")).to_be_visible()
        expect(page).to_have_url(url + OLD_USAGE)
        expect(page.locator("#iPopUp")).to_have_count(0)
        expect(page.locator(".slot")).to_have_count(24)


def test_the_older_form_has_a_page_of_its_own(page: Page) -> None:
    with served(base=OLDER) as (url, _):
        page.goto(url + "/OnlineServices/FeaturesLogin/tabid/123/Default.aspx")
        fill_in(page, "sandbox-home")
        page.get_by_role("button", name="Login").click()
        page.wait_for_url(url + "/BillingPayments/tabid/42/Default.aspx")
        expect(page.get_by_role("button", name="Looks good")).to_be_visible()


def test_the_usage_page_asks_the_days_first_and_then_the_latest_hours(page: Page) -> None:
    with served() as (url, _):
        page.goto(url + USAGE)
        asked: list[tuple[str, object]] = []

        def note(request: Request) -> None:
            if "MeterData.aspx" in request.url:
                asked.append((request.url.split("/")[-1], request.post_data_json))

        page.on("request", note)
        fill_in(page, "sandbox-home")
        page.get_by_role("button", name="Sign In").click()
        expect(page.locator(".slot")).to_have_count(24)
        who = {"keymbr": "01000101", "MemberSep": "1000101-001"}
        assert asked == [
            (
                "GetDailyUsageData",
                who
                | {
                    "StartDate": "06/08/2026",
                    "EndDate": "06/14/2026",
                    "IsEnergy": "false",
                    "IsPPM": "false",
                    "IsCostEnable": "3",
                },
            ),
            (
                "GetIntervalData",
                who | {"StartDate": "06/13/2026", "EndDate": "06/14/2026", "IntervalType": "60"},
            ),
        ]


def show(page: Page, day: str) -> None:
    page.get_by_label("Day").fill(day)
    expect(page.locator("#usageLoading")).to_be_hidden()
    american = f"{day[5:7]}/{day[8:]}/{day[:4]}"
    expect(page.locator(".slot").first).to_have_attribute("data-tip", re.compile("^" + american))


def test_the_graph_of_a_day_has_a_bar_for_each_hour_that_was_read(page: Page) -> None:
    with served() as (url, _):
        sign_in(page, url + USAGE, "sandbox-home")
        expect(page.locator("#usageLoading")).to_be_hidden()
        show(page, "2025-11-02")
        expect(page.locator(".slot")).to_have_count(25)
        expect(page.locator("rect.bar")).to_have_count(24)  # the second 1 AM was never read
        (day,) = WORLD.days(HOME, date(2025, 11, 2), date(2025, 11, 2))
        tips = page.locator(".slot").evaluate_all("slots => slots.map(slot => slot.dataset.tip)")
        assert tips[1] == f"11/02/2025 01:00 AM: {(day.hours[1].wh or 0) / 1000:g} kWh"
        assert tips[2] == "11/02/2025 01:00 AM: no reading"
        highest = max(hour.wh or 0 for hour in day.hours)
        heights = page.locator("rect.bar").evaluate_all(
            "bars => bars.map(bar => Number(bar.getAttribute('height')))"
        )
        read = [hour.wh for hour in day.hours if hour.wh is not None]
        assert heights == pytest.approx([wh / highest * max(heights) for wh in read], abs=0.02)
        page.locator(".slot").nth(3).hover()
        expect(page.locator("#usageTip")).to_have_text(tips[3])


def test_averaged_days_and_received_energy_have_colours_of_their_own(page: Page) -> None:
    with served() as (url, _):
        sign_in(page, url + USAGE, "sandbox-home")
        page.get_by_role("button", name="Daily").click()
        expect(page.locator("rect.bar")).to_have_count(13)  # the 14th is not told yet
        expect(page.locator("rect.bar.averaged")).to_have_count(2)
        expect(page.get_by_text("Averaged", exact=True)).to_be_visible()
        page.get_by_role("button", name="Earlier").click()
        expect(page.locator(".slot")).to_have_count(31)
        sign_in_other = page.context.browser
        assert sign_in_other
        other = sign_in_other.new_page()
        sign_in(other, url + USAGE, "sandbox-solar")
        (day,) = WORLD.days(SOLAR, date(2026, 6, 14), date(2026, 6, 14))
        back = sum(bool(hour.received_wh) for hour in day.hours)
        assert back
        expect(other.locator("rect.bar.received")).to_have_count(back)
        other.close()


def test_all_notes_of_an_account_stand_in_the_graph(page: Page) -> None:
    with served() as (url, _):
        sign_in(page, url + USAGE, "sandbox-home")
        notes = page.locator("svg .usage-note[data-date]")
        expect(notes).to_have_count(3)
        for _ in range(2):
            told = notes.evaluate_all(
                "gs => gs.map(g => [g.dataset.date, g.querySelector('title').textContent])"
            )
            truth = [(f"{n.day:%m/%d/%Y}", n.text) for n in WORLD.account(HOME).notes]
            assert sorted(map(tuple, told)) == sorted(truth)
            show(page, "2025-07-19")


def test_a_double_click_opens_a_note_whose_buttons_are_dangerous(page: Page) -> None:
    with served() as (url, counts):
        sign_in(page, url + USAGE, "sandbox-home")
        page.locator(".slot").nth(5).dblclick()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        assert not counts.dangerous
        for name in ("Save", "Delete note"):
            button = dialog.get_by_role("button", name=name)
            button.click()
            expect(button).to_be_disabled()
        assert counts.dangerous == {"note-save": 1, "note-delete": 1}


def test_every_dangerous_control_of_the_pages_is_counted(page: Page) -> None:
    links = ("Pay Now", "Auto Draft", "E-Bill", "Payment Arrangement", "Report Outage")
    with served() as (url, counts):
        sign_in(page, url + BILLING, "sandbox-home")
        page.get_by_role("button", name="Update").click()
        expect(page.get_by_role("button", name="Update")).to_be_disabled()
        page.get_by_role("button", name="Looks good").click()
        page.get_by_role("button", name="Save Alerts").click()
        expect(page.get_by_role("button", name="Save Alerts")).to_be_disabled()
        for name in links:
            page.get_by_role("link", name=name).first.click()
            expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
            page.goto(url + BILLING)
        settings = ("contact-save", "alerts-save")
        followed = ("pay-now", "auto-draft", "e-bill", "payment-arrangement", "report-outage")
        assert counts.dangerous == dict.fromkeys((*settings, *followed), 1)


@pytest.mark.parametrize(
    ("fault", "button"), [("terms", "I Accept"), ("password-expired", "Save Password")]
)
def test_what_stands_in_the_way_has_a_dangerous_button(page: Page, fault: str, button: str) -> None:
    with served(fault) as (url, counts):
        page.goto(url + "/Customer-Login")
        fill_in(page, "sandbox-home")
        page.get_by_role("button", name="Sign In").click()
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("button", name=button)).to_be_disabled()
        assert counts.dangerous.total() == 1


@pytest.mark.parametrize("base", [NEWER, OLDER])
def test_a_browser_asks_the_portal_for_nothing_that_is_not_there(page: Page, base: str) -> None:
    with served(base=base) as (url, counts):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(url.removesuffix(base) + "/member-benefits-services/usage-monitoring/")
        page.get_by_role("link", name="Member Login").click()
        page.wait_for_load_state("networkidle")
        root = url.removesuffix(base)
        assert all(address.startswith((root, "data:")) for address in asked)
        assert not counts.routes["not found"]
        assert counts.routes["static"] == 2
