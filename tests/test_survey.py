"""What a person points at is told by its best ways; what they type is told to nobody."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import pytest
from conftest import run_async
from playwright.async_api import Page, expect
from thicket import CODE, portal
from walked import NEW, WORLD

from harvester.browser import open_browser, open_context
from harvester.cli import main
from harvester.cli.survey import Terminal
from harvester.errors import Misconfigured
from harvester.profile import shipped
from harvester.sandbox.app import serve
from harvester.survey import entrance
from harvester.survey.draft import Draft
from harvester.survey.hosts import Hosts
from harvester.survey.place import Place, place
from harvester.survey.pointer import Pointer
from harvester.survey.texts import dated, numbered, taken
from harvester.wire import Wire
from harvester.writing import toml

T = TypeVar("T")
SECRET = "correct horse battery"
PAGE = f"""<body><form onsubmit="sent++; return false">
<label>User <input id="dnn_ctr384_txtUser" name="u" value="{SECRET}"></label>
<input type="password" aria-label="Password" value="{SECRET}">
<button id="dnn_ctr384_btnLogin" onpointerdown="pressed++" onclick="clicked++">Sign in</button>
</form>
<ul><li><a href="#a">Open</a></li><li><a href="#b">Open</a></li></ul>
<p id="x48151623">Paid on 3.1 (part)</p>
<script>var sent = 0, pressed = 0, clicked = 0;</script></body>"""


def on_a_page(act: Callable[[Page, Pointer], Awaitable[T]]) -> T:
    """Do something on a page that a pointer listens to."""

    async def run() -> T:
        async with (
            open_browser() as browser,
            Wire([]) as wire,
            open_context(browser, wire, time_zone="UTC") as context,
        ):
            page = await context.new_page()
            pointer = Pointer(page, pytest.fail)
            await pointer.listen()
            await page.goto(f"data:text/html,{quote(PAGE)}")
            return await act(page, pointer)

    return run_async(run())


def test_ways_are_ranked_and_each_finds_one_thing_only() -> None:
    async def act(page: Page, _: Pointer) -> list[Place]:
        names = ["#dnn_ctr384_btnLogin", "#dnn_ctr384_txtUser", "p", "a >> nth=1"]
        found = [await page.locator(name).element_handle() for name in names]
        return [await place(page, one) for one in found if one]

    told = [[w.model_dump(exclude_none=True) for w in p.ways] for p in on_a_page(act)]
    assert told == [
        [{"role": "button", "name": "Sign in"}, {"css": '[id$="btnLogin"]'}],
        [{"label": "User"}, {"css": '[id$="txtUser"]'}, {"css": 'input[name="u"]'}],
        [{"text": r"Paid on 3\.1 \(part\)"}],
        [{"css": "body > ul > li:nth-of-type(2) > a"}],
    ]


def test_what_is_typed_is_not_read() -> None:
    async def act(page: Page, pointer: Pointer) -> str:
        await pointer.mode("walk")
        await page.get_by_label("User").press_sequentially(SECRET)
        await page.get_by_label("Password").press_sequentially(SECRET)
        acts = await pointer.acts()
        assert [one.kind for one in acts] == ["type", "type"]
        return " ".join(f"{one.place.told} {one.place.called} {one.place.ways}" for one in acts)

    said = on_a_page(act)
    assert "User" in said
    assert "correct" not in said


def test_a_click_that_points_does_nothing_and_one_that_goes_on_is_done_once() -> None:
    async def act(page: Page, pointer: Pointer) -> list[tuple[int, list[int]]]:
        seen = []
        for mode in ("point", "walk", "off"):
            await pointer.mode(mode)  # type: ignore[arg-type]
            await page.get_by_role("button", name="Sign in").click()
            acts = await pointer.acts()
            seen.append((len(acts), await page.evaluate("[sent, pressed, clicked]")))
        return seen

    assert on_a_page(act) == [(1, [0, 0, 0]), (1, [1, 1, 1]), (0, [2, 2, 2])]


def test_what_is_pointed_at_is_framed_until_it_is_done() -> None:
    async def act(page: Page, pointer: Pointer) -> None:
        frame, link = page.locator("harvester-pointed"), page.locator("a >> nth=1")
        await link.hover()
        await expect(frame).to_have_count(0)
        await pointer.mode("point")
        await page.get_by_role("button", name="Sign in").hover()
        await link.click()
        await expect(frame).to_be_visible()
        assert await frame.bounding_box() == await link.bounding_box()
        (shown,) = await pointer.acts()
        assert shown.place.told["path"] == "body > ul > li:nth-of-type(2) > a"
        await expect(frame).to_be_visible()
        await pointer.mode("off")
        await expect(frame).to_have_count(0)

    on_a_page(act)


def test_a_sign_in_with_a_code_is_learned_from_one_that_was_mistyped_first() -> None:
    app, desk = portal(WORLD)

    class Member:
        def __init__(self) -> None:
            self.page: Page | None = None

        async def ask(self, question: str) -> str:
            page = self.page
            assert page is not None
            if "Sign in as the member" in question:
                await _signed_in(page)
            elif "signed in" in question:
                await page.get_by_role("link", name="Sign out").click()
            return "is not right" if "wrong password" in question else ""

        def tell(self, said: str) -> None:
            pytest.fail(said)

    async def run() -> Draft:
        runner, port = await serve(app)
        member = Member()
        origin = f"http://127.0.0.1:{port}"
        data = {"origins": [origin], "routes": {"login": "/"}, "locators": {}, "clicks": [],
                "outcomes": {}, "walk": {}}  # fmt: skip
        try:
            async with (
                open_browser() as browser,
                Wire([origin]) as wire,
                open_context(browser, wire, time_zone="UTC") as context,
            ):
                member.page = page = await context.new_page()
                pointer = Pointer(page, pytest.fail)
                await pointer.listen()
                await page.goto(origin)
                hosts = Hosts(member, wire, data)
                draft = Draft(data, member, page, wire, pointer, hosts, (shipped(),))
                await entrance.learn(draft)
        finally:
            await runner.cleanup()
        return draft

    draft = run_async(run())
    assert desk.codes == [CODE]
    assert draft.walk["sign_in"] == [
        {"fill": "name", "with": "user"},
        {"fill": "secret", "with": "password"},
        {"click": "sign_in"},
    ]
    assert draft.data["clicks"] == ["Sign in", "Confirm"]
    assert draft.data["locators"]["send_code"] == [{"role": "button", "name": "Confirm"}]
    assert draft.data["outcomes"]["MFA_REQUIRED"] == draft.data["locators"]["code"]
    assert draft.data["locators"]["code"][0] == {"label": "Code"}
    assert draft.data["outcomes"]["OK"] == [{"role": "link", "name": "Sign out"}]
    assert CODE not in f"{draft.data}"


async def _signed_in(page: Page) -> None:
    for secret in ("oops", f"{NEW}-Pa55"):
        await page.get_by_label("Name").press_sequentially(NEW)
        await page.get_by_label("Secret").press_sequentially(secret)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_text("not right" if secret == "oops" else "code that").wait_for()
    await page.get_by_label("Code").press_sequentially(CODE)
    await page.get_by_role("button", name="Confirm").click()
    await page.get_by_role("link", name="Sign out").wait_for()


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("Billed on March 3, 2026", "%B %d, %Y", date(2026, 3, 3)),
        ("03/12/2026", "%m/%d/%Y", date(2026, 3, 12)),
        ("due 2026-03-12!", "%Y-%m-%d", date(2026, 3, 12)),
        ("Mar 3, 2026", "%b %d, %Y", date(2026, 3, 3)),
        ("3/12/26", "%m/%d/%y", date(2026, 3, 12)),
    ],
)
def test_days_are_known_by_how_they_are_printed(text: str, form: str, day: date) -> None:
    found = dated(text)
    assert found is not None
    assert found[:2] == (form, day)


def test_a_value_is_taken_from_among_words_that_do_not_change() -> None:
    assert taken("$1,204.50", "$1,204.50") is None
    assert taken("Used (kWh): 1,204 in 31 days", "1,204") == r"Used \(kWh\): ([0-9,.$-]+) in"
    assert numbered("1234567001", ["Home", "1234567-001, 12 Oak St"]) == r"\d{7}-\d{3}"
    assert numbered("1234567001", ["7654321-001"]) is None


def test_a_profile_reads_as_it_was_meant() -> None:
    data = {
        "name": 'A "B" \\ é',
        "clicks": ["x" * 60, "y" * 60],
        "locators": {"odd name": [{"css": '[id$="a"]'}, {"text": "it's \\d"}]},
        "walk": {"sign_in": [{"click": "a"}], "bills": {"rows": "r", "cells": {"a": {"css": "b"}}}},
    }
    assert tomllib.loads(toml(data)) == data


def test_what_is_no_address_is_said_before_anything_is_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["profile", "new", "portal.example", "--home", str(tmp_path)]) == 11
    assert "https://portal.example/login" in capsys.readouterr().err


def test_a_terminal_gives_a_line_to_each_question_and_says_when_nobody_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, into = os.pipe()
    os.write(into, b" one \ntwo\n")
    os.close(into)
    with os.fdopen(out) as typed:
        monkeypatch.setattr("sys.stdin", typed)
        terminal = Terminal()

        async def ask() -> list[str]:
            return [await terminal.ask("?"), await terminal.ask("?")]

        assert run_async(ask()) == ["one", "two"]
        with pytest.raises(Misconfigured, match="needs a person"):
            run_async(terminal.ask("?"))


def test_a_terminal_breaks_lines_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    told = "How are accounts chosen?\n  picker: accounts are the choices of a list"
    Terminal().tell(told)
    assert capsys.readouterr().err == f"{told}\n"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    Terminal().tell(told)
    assert capsys.readouterr().err == (
        "How are accounts chosen?\n  picker: accounts are the\n    choices of a list\n"
    )
