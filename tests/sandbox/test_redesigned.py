"""The simulated portal is redesigned one thing at a time, and still lets in whoever knows it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from served import served

FIRST = ["View", "Billing Date", "Due Date", "Meter Read Date", "Net KWH", "Bill Type"]


@pytest.mark.parametrize(
    ("redesign", "user", "password", "button"),
    [
        ("ids", "#usr", "#pwd", "input.button"),
        ("labels", "input[type=text]", "input[type=password]", "input.button"),
        ("link", "#txtUsername", "#txtPassword", "a.button"),
        ("iframe", "#gateMember", "#gateSecret", "input.button"),
        ("language", "#txtUsuario", "#txtClave", "input.button"),
        ("decoy", "#txtUsername", "#txtPassword", "[id$=CustomerLogin_btnLogin]"),
    ],
)
def test_the_redesigned_form_lets_in_at_once(
    page: Page, redesign: str, user: str, password: str, button: str
) -> None:
    with served(f"redesign={redesign}", "notice=off") as (url, counts):
        page.goto(f"{url}/Customer-Login")
        form = page.frame_locator("#gate") if redesign == "iframe" else page
        form.locator(user).fill("sandbox-home")
        form.locator(password).fill("sandbox-home-Pa55")
        form.locator(button).click()
        expect(page.get_by_text("Current Balance")).to_be_visible()
        assert dict(counts.sign_ins) == {"sandbox-home": 1}
        page.goto(f"{url}/My-Account/Account-History")
        ids = "#statementGrid" if redesign == "ids" else "#no-more-tables"
        expect(page.locator(f"table{ids}")).to_be_visible()


def test_a_form_over_two_pages_asks_for_the_user_first(page: Page) -> None:
    with served("redesign=two-pages", "notice=off") as (url, counts):
        page.goto(f"{url}/Customer-Login")
        expect(page.locator("input[type=password]")).to_have_count(0)
        page.get_by_label("User ID").fill("sandbox-home")
        page.get_by_role("button", name="Next").click()
        page.get_by_label("Password").fill("sandbox-home-Pa55")
        expect(page.get_by_label("User ID")).to_have_count(0)
        page.get_by_role("button", name="Sign In").click()
        expect(page.get_by_text("Current Balance")).to_be_visible()
        assert dict(counts.sign_ins) == {"sandbox-home": 1}


@pytest.mark.parametrize("redesign", ["columns", "wrapper", "facts"])
def test_the_redesigned_tables_and_facts_tell_the_same(page: Page, redesign: str) -> None:
    with served(f"redesign={redesign}", "notice=off") as (url, _):
        page.goto(f"{url}/My-Account/Account-History")
        page.get_by_label("User ID").fill("sandbox-home")
        page.get_by_label("Password").fill("sandbox-home-Pa55")
        page.get_by_role("button", name="Sign In").click()
        heads = page.locator("#bills th")
        expect(heads).to_have_count(7)
        told = dict(zip(heads.all_inner_texts(), _row(page), strict=True))
        assert re.fullmatch(r"\d\d/\d\d/\d{4}", told["Billing Date"])
        assert told["Bill Amount"].startswith("$")
        assert (heads.all_inner_texts()[:6] == FIRST) == (redesign != "columns")
        wrapped = page.locator("#bill-list > table").count()
        assert (wrapped, page.locator("#no-more-tables").count()) == (
            int(redesign == "wrapper"),
            int(redesign == "facts"),
        )
        label = "Service Number" if redesign == "facts" else "Account Number"
        expect(page.locator("dt").first).to_have_text(label)


def _row(page: Page) -> list[str]:
    return page.locator("#bills tbody tr").first.locator("td").all_inner_texts()
