"""The outline of a page shows how it is built, and nothing of what it says about anyone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import run_async
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import Browser, Page
from served import WORLD, served

from harvester.browser import open_browser
from harvester.outline import MOST_ELEMENTS, known_words, outline, path, said, shape
from harvester.profile import load

WORDS = known_words(load("union-power"))
USER = "sandbox-home"
(ACCOUNT,) = WORLD.sign_in(USER).accounts

LETTERS, DIGITS, MAIL = "zanzibarquux", "5550142377", "jo.quux@example.org"
PLANTED = """<!DOCTYPE html><html lang="zanzibarquux"><head><title>zanzibarquux 5550142377</title>
<meta name="description" content="zanzibarquux"><base href="https://zanzibarquux.example/5550142377/">
<style>.x::after { content: 'zanzibarquux' }</style>
<script>var password = 'zanzibarquux';</script>
<script type="application/json" id="state">{"ssn": "5550142377"}</script></head>
<body data-user="zanzibarquux" class="acct5550142377 jo.quux@example.org">
<!-- zanzibarquux 5550142377 -->
<h1 title="zanzibarquux">zanzibarquux</h1><p>jo.quux@example.org <b>555-014-2377</b></p>
<a href="/x?token=zanzibarquux#5550142377" onclick="pay('zanzibarquux')">zanzibarquux</a>
<a href="javascript:zan.view('zanzibarquux')" onclick="zan5550142377('zanzibarquux')">View Bill</a>
<img alt="zanzibarquux" src="data:image/png;base64,zanzibarquux">
<form id="Form" action="/zanzibarquux" aria-label="zanzibarquux">
<input name="childNodes" value="zanzibarquux"><input name="getAttribute" id="localName">
<input name="shadowRoot"><input name="attributes" type="zanzibarquux" role="zanzibarquux">
<input type="hidden" name="__VIEWSTATE" value="zanzibarquux"><input placeholder="zanzibarquux">
<input type="password" value="zanzibarquux"><input type="submit" value="zanzibarquux">
<input type="checkbox" name="jo.quux@example.org" id="row-5550142377" checked>
<select aria-description="zanzibarquux"><option value="zanzibarquux" label="zanzibarquux">
zanzibarquux</option><optgroup label="zanzibarquux"></optgroup></select>
<textarea>zanzibarquux</textarea><button>zanzibarquux</button><label>Account zanzibarquux</label>
<datalist><option value="zanzibarquux"></datalist><output>5550142377</output></form>
<table><caption>zanzibarquux</caption><tr><th>Billing Date</th><th>zanzibarquux</th></tr>
<tr data-row="5550142377"><td>5550142377</td><td id="c5-5-5-0-1">zanzibarquux</td></tr></table>
<svg><title>zanzibarquux</title><text>zanzibarquux</text><desc>zanzibarquux</desc></svg>
<template><p>zanzibarquux</p></template><noscript>zanzibarquux</noscript>
<details><summary>zanzibarquux</summary>zanzibarquux</details>
<div contenteditable>zanzibarquux</div>
<div id="open"></div><div id="closed"></div>
<iframe name="zanzibarquux.5550142377" srcdoc="<p title='zanzibarquux' id='inner'>zanzibarquux</p>
<input value='zanzibarquux'><iframe srcdoc='zanzibarquux <i id=innermost>5550142377</i>'></iframe>">
</iframe>
<object data="data:text/html,zanzibarquux"></object>
<script>
for (const mode of ['open', 'closed'])
  document.getElementById(mode).attachShadow({mode}).innerHTML =
    '<p id="in-shadow" title="zanzibarquux">zanzibarquux<slot>5550142377</slot></p>';
</script></body></html>"""


async def shown(browser: Browser, markup: str) -> dict[str, Any]:
    page = await browser.new_page()
    await page.set_content(markup)
    told = await outline(page, WORDS)
    await page.close()
    return told


def elements(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every element of an outline, its frames' too."""
    left = [told]
    while left:
        one = left.pop()
        left += one.get("elements", []) + one.get("inside", []) + one.get("frames", [])
        if "tag" in one:
            yield one


def lacks(told: object, *needles: str) -> None:
    text = json.dumps(told, ensure_ascii=False).casefold()
    for needle in needles:
        assert needle.casefold() not in text, needle


def test_nothing_planted_anywhere_on_a_page_comes_through() -> None:
    async def look() -> dict[str, Any]:
        async with open_browser() as browser:
            return await shown(browser, PLANTED)

    told = run_async(look())
    lacks(told, LETTERS, DIGITS, MAIL, "quux", "555", "014", "2377", "example.org")
    ids = {one.get("id") for one in elements(told)}
    assert {"Form", "in-shadow", "inner", "innermost", "state", "localName"} <= ids
    texts = {one.get("text") for one in elements(told)}
    assert {"Billing Date", "View Bill", "Account a", "a", "9"} <= texts
    assert {"pay", "a9"} <= {one.get("onclick") for one in elements(told)}


def test_what_the_pages_own_scripts_make_of_text_is_shaped_as_well() -> None:
    row = '[0,"%s","","","","","","","%s","",null,["%s"]]'
    hostile = f"<script>JSON.stringify = () => '[[{row}],0]';</script>"

    async def look() -> dict[str, Any]:
        async with open_browser() as browser:
            return await shown(browser, hostile % (f"{LETTERS} {DIGITS}", MAIL, DIGITS))

    lacks(run_async(look()), LETTERS, DIGITS, MAIL)


def test_a_page_without_end_gives_an_outline_with_one() -> None:
    async def look() -> tuple[dict[str, Any], dict[str, Any]]:
        async with open_browser() as browser:
            wide = await shown(browser, "<p class='a b c d e f g h i j'>x</p>" * 5_000)
            return wide, await shown(browser, "<div>" * 300)

    wide, deep = run_async(look())
    assert sum(1 for _ in elements(wide)) == MOST_ELEMENTS
    assert wide["more"] == 5_000 + len(("html", "head", "body")) - MOST_ELEMENTS
    assert len(json.dumps(wide)) < 300_000
    assert deep["more"] > 0
    json.dumps(deep)


FAULTS = ("", "captcha", "terms", "password-expired", "maintenance", "error-500=2", "mfa")


@pytest.mark.parametrize("fault", FAULTS)
def test_no_page_of_the_sandbox_tells_anything_of_a_member(fault: str) -> None:
    async def look(url: str) -> list[dict[str, Any]]:
        async with open_browser() as browser:
            page = await browser.new_page()
            told, hidden = [], set[str]()
            async for _ in walk(page, url):
                told.append(await outline(page, WORDS))
                values = "all => all.map(e => e.value).filter(v => v.length > 9)"
                hidden |= set(await page.locator("input").evaluate_all(values))
            lacks(told, *hidden)
            return told

    with served(*filter(None, [fault])) as (url, _):
        told = run_async(look(url))
    street = ACCOUNT.service_address.split(",")[0]
    notes = [note.text for note in ACCOUNT.notes]
    meters = [meter.number for meter in WORLD.meters(ACCOUNT.number)]
    bills = [f"{bill.total:,.2f}" for bill in WORLD.bills(ACCOUNT.number)[:3]]
    lacks(told, USER, f"{USER}-Pa55", ACCOUNT.number, ACCOUNT.holder, ACCOUNT.phone, ACCOUNT.email)
    lacks(told, street, "Prattville", *notes, *meters, *bills)
    if not fault:
        ids = {one.get("id") for page in told for one in elements(page)}
        assert {"dnn_ctr401_ContentPane", "no-more-tables", "txtUsername", "usageChart"} <= ids
        texts = {one.get("text") for page in told for one in elements(page)}
        assert {"Billing Date", "Bill Amount", "User ID", "Sign In", "Account Number"} <= texts
        assert "saveViewHTML" in {one.get("onclick") for page in told for one in elements(page)}
        assert told[0]["path"] == "/onlineportal/Customer-Login"


async def walk(page: Page, url: str) -> Any:
    """Go through all pages as a member would, as far as they let one."""
    await page.goto(f"{url}/Customer-Login?returnurl=%2Fonlineportal%2F")
    yield
    if not await page.locator("#txtUsername").count():
        return
    await page.fill("#txtUsername", USER)
    await page.fill("#txtPassword", f"{USER}-Pa55")
    yield
    if await page.locator("[id$=CaptchaImage]").count():
        return
    async with page.expect_response(lambda reply: reply.request.method == "POST"):
        await page.click('[id$="btnLogin"]')
    await page.wait_for_load_state("networkidle")
    yield
    for place in ("Billing-Payments", "My-Account/Account-History", "My-Account/Usage-History"):
        await page.goto(f"{url}/{place}")
        await page.wait_for_load_state("networkidle")
        yield


@given(st.text())
def test_a_shape_has_no_letter_and_no_digit_of_its_text(text: str) -> None:
    made = shape(text)
    assert len(made) <= 40
    assert {c for c in made if c.isalnum()} <= {"a", "9"}
    assert "aa" not in made
    assert "99" not in made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Billing\n Date ", "Billing Date"),
        ("Account Number: 1000101001", "Account Number: 9"),
        ("View All Accounts     (28)   ", "View All Accounts (9)"),
        ("Ratepayer Jane", "a a"),
        ("(334) 555-0123", "(9) 9-9"),
        ("Jane O'Quux 2nd", "a a'a 9a"),
        ("Müller ½ 日本", "a 9 a"),
        ("", ""),
    ],
)
def test_only_words_of_the_profile_are_shown(text: str, expected: str) -> None:
    assert said(text, WORDS) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://x.example/onlineportal/Billing-Payments?token=q#f",
            "/onlineportal/Billing-Payments",
        ),
        ("https://jane.example/onlineportal/1000101001/Jane", "/onlineportal/9/a"),
        ("data:text/html,secret", ""),
        ("about:blank", ""),
    ],
)
def test_a_path_has_words_of_the_profile_only(url: str, expected: str) -> None:
    assert path(url, WORDS) == expected
