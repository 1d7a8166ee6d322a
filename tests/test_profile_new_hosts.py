"""Further hosts are asked for, a notice is learned by closing it, older bills by their button."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import run_async
from permitted import permit
from playwright.async_api import Page, expect
from scattered import BILLS, DAYS, NUMBER, PASSWORD, TODAY, USER, More, Scattered, kwh
from shown import Answer, Scripted, about, button, click, css, link

from harvester.browser import open_browser
from harvester.cli.simulated import Known
from harvester.errors import State
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Window
from harvester.profile import Profile, load
from harvester.run import harvest_all
from harvester.survey import survey
from harvester.task import Outcome, Task


async def try_to_enter(page: Page) -> None:
    await page.get_by_role("button", name="Accept all").click()
    await expect(page.get_by_text("We keep cookies")).to_be_hidden()
    await enter(page)


async def enter(page: Page) -> None:
    await page.get_by_label("Customer").press_sequentially(USER)
    await page.get_by_label("Secret word").press_sequentially(PASSWORD)
    await page.get_by_role("button", name="Come in").click()
    await page.wait_for_url(lambda url: "/session" in url or "/home" in url)


async def enter_and_close(page: Page) -> None:
    await enter(page)
    await page.get_by_role("button", name="Close the news").click()
    await expect(page.get_by_text("closed on Monday")).to_be_hidden()


SCRIPT: list[tuple[str, Answer]] = [
    *about(),
    ("127.0.0.4", ""),
    ("Sign in as the member", try_to_enter),
    ("127.0.0.2", "1"),
    ("Sign in as the member", enter_and_close),
    ("'Accept all' closes", ""),
    ("'Close the news' closes", "y"),
    ("signed in", click(link("Go out"))),
    ("wrong password", "do not know that"),
    ("page of the account", ""),
    ("opened again", "y"),
    ("the account number", click(css("dd"))),
    ("How are accounts chosen", "one"),
    ("service address", ""),
    ("name of the rate", ""),
    ("bills to be harvested", ""),
    ("the list of bills", click(link("Statements"), css("li >> nth=2"))),
    ("opened again", "y"),
    ("show more bills", "button"),
    ("issued", click(css(".of >> nth=0"))),
    ("the amount", click(css(".sum >> nth=0"))),
    ("to be paid", ""),
    ("meter was read", ""),
    ("the energy", ""),
    ("kind of a bill", ""),
    ("document", click(css("li a >> nth=0"))),
    ("shows more bills", click(button("Older ones"))),
    ("at most", ""),
    ("hourly graph", ""),
    ("hourly graph", click(link("Hours"), lambda page: page.get_by_text("Loading"))),
    ("127.0.0.3", "1"),
    ("hourly graph", click(link("Hours"), css("svg"))),
    ("opened again", "y"),
    ("meters", ""),
    ("chosen", "field"),
    ("field of the day", click(lambda page: page.get_by_label("Day"))),
    ("Put a day", ""),
    ("without data", ""),
    ("has hours", f"{DAYS[0]}"),
]


IN_FRONT: list[tuple[str, Answer]] = [
    ("signed in", click(button("Close the news"), lambda page: page.get_by_text("is closed on"))),
    ("'Close the news' closes", "y"),
    ("signed in", click(link("Go out"))),
]
"""A notice that is in front of what is to be pointed at."""


def script(more: More) -> list[tuple[str, Answer]]:
    """Return what the person does, in one case with the news closed only when it is in the way.

    Where the pages come in tabs of their own they are said to have no address.
    """
    if more == "circling":
        pages = [n for n, one in enumerate(SCRIPT) if one[0] == "opened again"][1:]
        return [(said, "n" if n in pages else told) for n, (said, told) in enumerate(SCRIPT)]
    if more != "paged":
        return SCRIPT
    told = [one for one in SCRIPT if "Close the news" not in one[0]]
    second = [n for n, one in enumerate(told) if "Sign in as" in one[0]][1]
    told[second] = ("Sign in as the member", enter)
    out = next(n for n, one in enumerate(told) if one[0] == "signed in")
    return told[:out] + IN_FRONT + told[out + 1 :]


@pytest.mark.parametrize("more", ["appended", "paged", "circling"])
def test_a_portal_on_several_hosts_is_harvested_by_what_was_shown(
    tmp_path: Path, more: More
) -> None:
    folder = tmp_path / "profiles"

    async def shown() -> tuple[Scripted, Outcome, Scattered, Profile]:
        portal = Scattered(more, tabs=more == "circling")
        async with portal.served():
            async with open_browser() as browser:
                person = Scripted(browser, script(more))
                assert await survey(f"{portal.door}/", person, browser, (folder,)) == "mine"
            before = portal.asked.copy()
            assert not before["pixel"]
            assert before["sign-in"] == 1
            assert before["list"] < 12  # also where the button never ends
            found = load("mine", (folder,))
            assert found.origins == (portal.door, portal.house, portal.data)
            outcome = await harvested(tmp_path, found)
            portal.asked.subtract(before)
        return person, outcome, portal, found

    permit(tmp_path, profile="mine")
    person, outcome, portal, _ = run_async(shown())
    assert person.left == []
    assert f"{portal.house} is not reached unless you allow it" in person.heard[0]
    assert f"not reached, now or by a harvest: {portal.counter}." in person.heard[-1]
    told = tomllib.loads((folder / "mine.toml").read_text(encoding="utf-8"))
    assert len(told["walk"]["dismiss"]) == 2
    assert told["walk"]["sign_in"] == [
        {"fill": "customer", "with": "user"},
        {"fill": "secret_word", "with": "password"},
        {"click": "come_in"},
    ]
    assert (outcome.state, outcome.failed) == (State.OK, [])
    assert portal.asked["sign-in"] == 1
    assert not portal.asked["pixel"]
    catalog = Store(tmp_path).catalog
    (one,) = catalog.holdings()
    assert one.account.number == NUMBER.replace("-", "")
    documents = catalog.documents(one.id)
    assert {(d.bill.billing_date, d.bill.amount) for d in documents} == set(BILLS)
    assert portal.asked["paper"] == len(BILLS)
    midnight = [datetime(d.year, d.month, d.day, 5, tzinfo=UTC) for d in DAYS]
    assert {r.start: r.wh for r in catalog.readings(one.id)} == {
        start + timedelta(hours=h): int(kwh(day, h) * 1000)
        for day, start in zip(DAYS, midnight, strict=True)
        for h in range(24)
    }


async def harvested(home: Path, found: Profile) -> Outcome:
    """Harvest the last days in a hurry, in a browser that has never been there."""
    limits = {"reply_seconds": 6, "click_ms": 0, "pause_ms": 0}
    profile = found.model_copy(update={"pace": found.pace.model_copy(update=limits)})
    task = Task(
        Member(name="member", profile="mine", user=USER),
        profile,
        Known(PASSWORD, None),
        Window(DAYS[0], TODAY),
        TODAY,
        now=lambda: datetime.now(UTC),
    )
    (outcome,) = await harvest_all([task], Store(home), lambda *_: None)
    return outcome
