"""The simulated portal's script fails in a real Chromium as it is told to."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyotp
import pytest
from playwright.sync_api import expect
from served import WORLD, served

from harvester.sandbox.bill_pdf import render
from harvester.sandbox.switches import MFA_SECRET
from harvester.sandbox.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Page

HOME, MEDIUM = "1000101001", "1000303002"
HISTORY = "/My-Account/Account-History"


def sign_in(page: Page, url: str, user: str) -> None:
    page.goto(url)
    page.get_by_label("User ID").fill(user)
    page.get_by_label("Password").fill(f"{user}-Pa55")
    page.get_by_role("button", name="Sign In").click()


@pytest.mark.parametrize("way", ["inline", "blob"])
def test_a_blocked_popup_is_said_and_opens_nothing(page: Page, way: str) -> None:
    with served("popup-blocked", f"pdf={way}") as (url, _):
        sign_in(page, url + HISTORY, "sandbox-home")
        page.locator('[onclick*="saveViewHTML"]').first.click()
        said = "A pop-up blocker kept your bill from opening. Please allow pop-ups for this site."
        expect(page.get_by_role("alert")).to_have_text(said)
        assert len(page.context.pages) == 1


def test_a_blocked_popup_keeps_no_download_from_coming(page: Page) -> None:
    with served("popup-blocked") as (url, _):
        sign_in(page, url + HISTORY, "sandbox-home")
        with page.expect_download() as waiting:
            page.locator('[onclick*="saveViewHTML"]').first.click()
        assert Path(waiting.value.path()).read_bytes() == render(WORLD, WORLD.bills(HOME)[0])


def test_a_left_over_dialog_is_gone_after_a_reload_and_offers_to_pay(page: Page) -> None:
    with served("stale-modal=1") as (url, counts):
        sign_in(page, url + HISTORY, "sandbox-business")
        dialog = page.get_by_role("dialog", name="View Bill")
        expect(dialog).to_contain_text(MEDIUM)
        page.get_by_role("button", name="Payments").click(trial=True, force=True)
        box = page.locator("#leftover").bounding_box()
        assert box
        assert (box["width"], box["height"]) == tuple((page.viewport_size or {}).values())
        with page.expect_download() as waiting:
            dialog.get_by_role("link", name="View Bill").click()
        other = WORLD.bills(MEDIUM)[1]
        assert Path(waiting.value.path()).read_bytes() == render(WORLD, other)
        assert not counts.dangerous
        page.reload()
        expect(page.locator("#no-more-tables")).to_be_visible()
        expect(dialog).to_have_count(0)


def test_paying_in_the_left_over_dialog_is_counted(page: Page) -> None:
    with served("stale-modal=1") as (url, counts):
        sign_in(page, url + HISTORY, "sandbox-home")
        button = page.get_by_role("button", name="Pay This Bill")
        button.click()
        expect(button).to_be_disabled()
        assert counts.dangerous == {"pay-now": 1}
        page.get_by_role("button", name="Close").click()
        expect(page.locator("#leftover")).to_have_count(0)


def test_an_authenticators_code_lets_in(page: Page) -> None:
    with served("mfa=app", "notice=off") as (url, counts):
        sign_in(page, url + HISTORY, "sandbox-home")
        expect(page.get_by_text("Open your authenticator app.")).to_be_visible()
        page.get_by_label("Verification code").fill("1")
        page.get_by_role("button", name="Verify").click()
        expect(page.get_by_role("alert")).to_have_text("That code is not right.")
        page.get_by_label("Verification code").fill(pyotp.TOTP(MFA_SECRET).now())
        page.get_by_role("button", name="Verify").click()
        expect(page.locator("#no-more-tables")).to_be_visible()
        assert counts.sign_ins["sandbox-home"] == 1


def test_hours_of_a_net_meter_hang_below_zero_in_the_graph(page: Page) -> None:
    with served("net", "notice=off") as (url, _):
        sign_in(page, url + "/My-Account/Usage-History", "sandbox-solar")
        (day,) = World(net=True).days("1000202001", date(2026, 6, 14), date(2026, 6, 14))
        below = [hour.wh for hour in day.hours if hour.wh is not None and hour.wh < 0]
        assert below
        expect(page.locator(".slot")).to_have_count(24)
        hanging = page.evaluate("""() => {
          const zero = Number(document.querySelector('line.zero').getAttribute('y1'));
          const low = Number(document.querySelector('rect.slot').getAttribute('height')) + 40;
          const bars = [...document.querySelectorAll('rect.bar')].map(bar =>
            ['y', 'height'].map(name => Number(bar.getAttribute(name))));
          return bars.filter(([y, tall]) => y > zero - 0.01 && y + tall < low + 0.01).length;
        }""")
        assert hanging == len(below)


def test_an_error_page_in_place_of_readings_is_an_empty_graph(page: Page) -> None:
    with served("error-200=2", "notice=off") as (url, counts):
        sign_in(page, url + "/My-Account/Usage-History", "sandbox-home")
        expect(page.get_by_text("No usage is available.")).to_be_visible()
        assert counts.routes["usage"] == 2, "once signed out, once signed in"


def test_an_account_that_does_not_open_says_so_in_place(page: Page) -> None:
    with served("closed-account=2", "notice=off") as (url, _):
        sign_in(page, url + "/Billing-Payments", "sandbox-business")
        page.get_by_role("link", name="View All Accounts (3)").click()
        page.get_by_role("link", name=MEDIUM).click()
        expect(page.get_by_role("alert")).to_have_text(f"Account {MEDIUM} is not available online.")
        number = page.locator("dt:text-is('Account Number') + dd")
        expect(number).to_have_text("1000303001")


def test_confirming_contact_information_is_counted(page: Page) -> None:
    with served("contact-info") as (url, counts):
        sign_in(page, url + "/Customer-Login", "sandbox-home")
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("button", name="Confirm")).to_be_disabled()
        assert counts.dangerous == {"contact-confirm": 1}
