"""A portal that a person shows click by click is harvested by the profile that comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run_async
from playwright.async_api import Page, expect
from shown import Answer, Scripted, about, button, click, css, link
from tenacity import wait_none
from walked import NEW, PORTALS, SOLAR, WORLD, at_home, harvested, truth

from harvester.browser import open_browser
from harvester.errors import State
from harvester.profile import load
from harvester.sandbox.app import COUNTS, serve
from harvester.survey import survey


async def enter_forms(page: Page) -> None:
    await page.get_by_label("Member").press_sequentially(NEW)
    await page.get_by_label("Number").press_sequentially(f"{NEW}-Pa55")
    await page.get_by_role("button", name="Go in").click()
    await expect(page.get_by_role("link", name="Leave")).to_be_visible()


async def enter_canvas(page: Page) -> None:
    await page.get_by_label("Your e-mail or user name").press_sequentially(SOLAR)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Pass phrase").press_sequentially(f"{SOLAR}-Pa55")
    await page.get_by_role("button", name="Enter").click()
    await expect(page.get_by_role("button", name="Sign off")).to_be_visible()


async def change(page: Page) -> None:
    await page.get_by_label("Which account").select_option(index=0)
    await page.get_by_role("button", name="Change").click()


async def month(page: Page) -> None:
    await page.get_by_label("Month").select_option(index=1)
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("#found")).to_be_visible()


async def to_the_end(page: Page) -> None:
    end = page.get_by_text("That is all.")
    for _ in range(5):  # as many as there are lots of cards, and some
        cards = await page.locator("article").count()
        await page.mouse.wheel(0, 100_000)
        await expect(page.locator("article").nth(cards).or_(end).first).to_be_visible()
        if await end.is_visible():
            break
    await end.click()


def cell(number: int) -> Answer:
    return click(lambda page: page.locator("tr.bill td").nth(number))


FORMS: list[tuple[str, Answer]] = [
    *about(),
    ("Sign in as the member", enter_forms),
    ("signed in", click(link("Leave"))),
    ("wrong password", "are not known to us"),
    ("page of the account", ""),
    ("opened again", "y"),
    ("the account number", click(css("td:text-matches('^[0-9]{7}-[0-9]{3}$')"))),
    ("How are accounts chosen", "picker"),
    ("list of accounts", click(lambda page: page.get_by_label("Which account"))),
    ("Choose an account", change),
    ("service address", click(css("td:text-is('Where:') + td"))),
    ("name of the rate", click(css("td:text-is('Tariff:') + td"))),
    ("bills to be harvested", ""),
    ("the list of bills", click(link("My bills"), lambda page: page.get_by_label("Month"))),
    ("opened again", "y"),
    ("show more bills", "choices"),
    ("drops down", click(lambda page: page.get_by_label("Month"))),
    ("Choose there", month),
    ("issued", cell(0)),
    ("the amount", cell(5)),
    ("to be paid", cell(2)),
    ("meter was read", cell(1)),
    ("the energy", cell(3)),
    ("kind of a bill", cell(4)),
    ("document", click(button("Get bill"))),
    ("at most", "4"),
    ("hourly graph", ""),
    ("hourly graph", click(link("My hours"), css("#shown"))),
    ("opened again", "y"),
    ("meters", ""),
    ("chosen", "buttons"),
    ("the day that the graph", click(css("#shown"))),
    ("day before", click(link("Day before"))),
    ("day after", click(link("Day after"))),
    ("without data", "have no hours of this day"),
    ("has hours", "2026-03-08"),
]
CANVAS: list[tuple[str, Answer]] = [
    *about(),
    ("Sign in as the member", enter_canvas),
    ("signed in", click(button("Sign off"))),
    ("wrong password", "do not go together"),
    ("page of the account", click(button("Overview"))),
    ("opened again", ""),
    ("the account number", click(css("dt:text-is('Account') + dd"))),
    ("How are accounts chosen", "list"),
    ("one of the accounts", click(css("#accounts button"))),
    ("service address", click(css("dt:text-is('Service address') + dd"))),
    ("name of the rate", click(css("dt:text-is('Plan') + dd"))),
    ("bills to be harvested", "y"),
    ("the list of bills", click(button("Bills"), css("article >> nth=3"))),
    ("show more bills", "scroll"),
    ("after the last bill", to_the_end),
    ("issued", click(css(".day >> nth=0"))),
    ("the amount", click(css(".total >> nth=0"))),
    ("to be paid", click(css(".due >> nth=0"))),
    ("meter was read", ""),
    ("the energy", click(css(".used >> nth=0"))),
    ("kind of a bill", ""),
    ("document", click(button("Save a copy"))),
    ("at most", ""),
    ("hourly graph", "y"),
    ("hourly graph", click(button("Energy"), lambda page: page.get_by_label("Day"))),
    ("meters", ""),
    ("chosen", "field"),
    ("field of the day", click(lambda page: page.get_by_label("Day"))),
    ("Put a day", ""),
    ("without data", "no reading of this day"),
    ("has hours", "2026-03-08"),
    ("energy used", "used"),
    ("energy given", "given"),
]


@pytest.mark.parametrize(
    ("name", "user", "script"),
    [("example-forms", NEW, FORMS), ("example-canvas", SOLAR, CANVAS)],
    ids=["forms", "canvas"],
)
def test_a_portal_that_was_shown_is_harvested_whole(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    user: str,
    script: list[tuple[str, Answer]],
) -> None:
    folder = tmp_path / "profiles"

    async def shown() -> Scripted:
        app = PORTALS[name](WORLD, "drawn")
        runner, port = await serve(app)
        try:
            async with open_browser() as browser:
                person = Scripted(browser, script)
                assert (
                    await survey(f"http://127.0.0.1:{port}/", person, browser, (folder,)) == "mine"
                )
        finally:
            await runner.cleanup()
        assert not app[COUNTS].dangerous
        return person

    person = run_async(shown())
    assert person.left == []
    text = (folder / "mine.toml").read_text(encoding="utf-8")
    assert "Pa55" not in text
    assert user not in text

    monkeypatch.setattr("harvester.retries.wait_random_exponential", lambda **_: wait_none())
    outcome, counts = harvested(tmp_path, name, user, shown=load("mine", (folder,)))
    assert (outcome.state, outcome.failed) == (State.OK, []), outcome.message
    assert counts.sign_ins == {user: 1}
    assert at_home(tmp_path) == truth(name, user, 3)
