"""The simulated portal fails any request as it is told to, and is as before once that has ended."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from aiohttp import ClientError
from conftest import run_async
from served import METHODS, WORLD, Clock, Visitor, asked, visit, visiting

from harvester.sandbox.bill_pdf import render
from harvester.sandbox.layout import NEWER, OLDER
from harvester.sandbox.site import LEDGER, PDF

HOME, SMALL = "1000101001", "1000303001"
BILLING, HISTORY, USAGE = (
    "/Billing-Payments",
    "/My-Account/Account-History",
    "/My-Account/Usage-History",
)


def test_a_blocked_client_gets_a_short_page_and_nothing_else() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        for path in (BILLING, "/Customer-Login", "/"):
            status, text, _ = await visitor.get(path)
            assert status == 403
            assert "Your request was blocked" in text
            assert "<form" not in text

    visit(story, "blocked=3")


def test_a_portal_that_is_down_comes_up() -> None:
    async def story(visitor: Visitor) -> None:
        statuses = [(await visitor.get("/Customer-Login"))[0] for _ in range(4)]
        assert statuses == [503, 503, 503, 200]

    visit(story, "down=3")


def test_a_rate_limit_says_how_long_it_lasts_and_lasts_as_long() -> None:
    clock = Clock()

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        assert (await visitor.get(BILLING))[0] == 200
        status, text, headers = await visitor.get(HISTORY)
        assert (status, headers["Retry-After"]) == (429, "90")
        assert "too many requests" in text
        clock.seconds = 30.5
        status, _, headers = await visitor.get("/Customer-Login")
        assert (status, headers["Retry-After"]) == (429, "60")
        clock.seconds = 90
        assert "Log Out" in await visitor.text(HISTORY)

    visit(story, "rate-limit=2", "rate-limit-seconds=90", clock=clock)


def test_maintenance_ends_after_its_number_of_requests() -> None:
    async def story(visitor: Visitor) -> None:
        told = [await visitor.text("/Customer-Login") for _ in range(3)]
        assert ["scheduled maintenance" in text for text in told] == [True, True, False]

    visit(story, "maintenance", "maintenance-requests=2")


def test_maintenance_can_begin_in_mid_session() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        told = [await visitor.text(HISTORY) for _ in range(4)]
        assert ["scheduled maintenance" in text for text in told] == [False, True, True, False]
        assert "Log Out" in told[3]

    visit(story, "maintenance", "maintenance-from=4", "maintenance-requests=2")


def test_errors_end_after_their_number() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        statuses = [(await visitor.get(HISTORY))[0] for _ in range(8)]
        assert statuses == [200, 500, 200, 500, 200, 200, 200, 200]

    visit(story, "error-500=2", "error-500-requests=2")


def test_an_error_page_can_come_with_status_200_for_pages_and_feeds() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        assert "Server Error" not in await visitor.text(HISTORY)
        assert "Server Error in '/onlineportal' Application." in await visitor.text(HISTORY)
        media, _ = await visitor.method("GetDailyUsageData", asked(HOME, "06/09/2026"))
        assert media == "application/json"
        media, text = await visitor.method("GetDailyUsageData", asked(HOME, "06/09/2026"))
        assert media == "text/html"
        assert "Server Error" in text

    visit(story, "error-200=2")


def test_a_portal_can_be_slow_from_a_request_on() -> None:
    async def story(visitor: Visitor) -> None:
        clock = asyncio.get_running_loop().time
        took = []
        for _ in range(2):
            before = clock()
            await visitor.text("/Customer-Login")
            took.append(clock() - before)
        assert took[1] >= 1.5 > took[0]

    visit(story, "slow=1500", "slow-from=2")


@pytest.mark.parametrize("second", [HISTORY, METHODS + "GetDailyUsageData"])
def test_the_connection_is_reset_within_one_answer(second: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        await visitor.text(BILLING)
        for cut in (True, False):
            method = "POST" if "API" in second else "GET"
            body = asked(HOME, "06/09/2026") if method == "POST" else None
            url = visitor.root + NEWER + second
            async with visitor.http.request(method, url, json=body) as reply:
                assert reply.status == 200
                if cut:
                    with pytest.raises(ClientError):
                        await reply.read()
                else:
                    assert len(await reply.read()) == reply.content_length

    visit(story, "reset-answer=2")


def test_a_session_can_end_in_the_middle_of_the_bills_once() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        rows = await visitor.rows()
        media = [(await visitor.document(row))[0] for row in rows[:4]]
        assert media == ["application/pdf", "application/pdf", "text/html", "text/html"]
        await visitor.sign_in("sandbox-home")
        rows = await visitor.rows()
        for row, bill in zip(rows, WORLD.bills(HOME)[:24], strict=True):
            assert (await visitor.document(row))[1] == render(WORLD, bill)

    visit(story, "expire-at-pdf=3")


def test_a_session_ends_after_its_seconds_without_a_request() -> None:
    clock = Clock()

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        for seconds in (59, 118):
            clock.seconds = seconds
            assert "Log Out" in await visitor.text(HISTORY)
        clock.seconds = 178
        assert "Log Out" not in await visitor.text(HISTORY)

    visit(story, "session-seconds=60", clock=clock)


def test_a_page_in_mid_session_can_lead_to_a_foreign_host() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        led = []
        for path in (BILLING, HISTORY, USAGE):
            url = visitor.root + NEWER + path
            async with visitor.http.get(url, allow_redirects=False) as reply:
                led.append((reply.status, reply.headers.get("Location")))
        assert led == [(200, None), *[(302, "https://billing.example.net/")] * 2]
        assert (await visitor.daily(HOME, "06/09/2026"))["Items"]

    visit(story, "foreign-redirect-at=2")


@pytest.mark.parametrize(("old", "new"), [(OLDER, NEWER), (NEWER, OLDER)])
def test_a_portal_that_has_moved_leaves_a_redirect_or_nothing(old: str, new: str) -> None:
    async def story(visitor: Visitor) -> None:
        for path in ("", "/", "/Customer-Login", "/OnlineServices/FeaturesLogin/Default.aspx"):
            async with visitor.http.get(visitor.root + old + path, allow_redirects=False) as reply:
                assert (reply.status, reply.headers.get("Location")) == (301, f"{new}/")
        _, text, _ = await visitor.get("/")
        assert f'"{new}/' in text
        assert f'"{old}/' not in text

    async def gone(visitor: Visitor) -> None:
        for path in ("", "/", HISTORY):
            status, text, _ = await visitor.get(path)
            assert status == 404
            assert "removed, renamed or is unavailable" in text
        visitor.base = new
        assert "pageRedirect" in await visitor.sign_in("sandbox-home")

    visit(story, "moved-base=redirect", base=old)
    visit(gone, "moved-base=gone", base=old)


def test_faults_of_the_same_number_take_turns() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        statuses = [(await visitor.get(HISTORY))[0] for _ in range(2)]
        assert statuses == [500, 429]
        clock.seconds += 60
        with pytest.raises(ClientError):
            await visitor.get(HISTORY)
        rows = await visitor.rows()
        for whole in (False, True):
            url = visitor.root + NEWER + METHODS + "GetDailyUsageData"
            async with visitor.http.post(url, json=asked(HOME, "06/09/2026")) as reply:
                assert (await reply.text()).endswith("}}") is whole
        assert b"txtUsername" in (await visitor.document(rows[0]))[1]
        await visitor.sign_in("sandbox-home")
        row = (await visitor.rows())[0]
        assert b"could not be displayed" in (await visitor.document(row))[1]
        with pytest.raises(ClientError):
            await visitor.document(row)
        assert (await visitor.document(row))[1] == render(WORLD, WORLD.bills(HOME)[0])

    clock = Clock()
    faults = ["error-500=1", "error-500-requests=1", "rate-limit=2", "reset-answer=1"]
    faults += ["truncated-feed=1", "expire-at-pdf=1", "html-pdf=1", "reset-pdf=2"]
    visit(story, *faults, clock=clock)


# ---- what ends by itself -----------------------------------------------------------------------

Seen = list[tuple[Any, ...]]


async def seen(visitor: Visitor) -> Seen:
    """Sign in and look at everything once: what came of each request, less what is never twice."""
    requests: list[tuple[str, str, Any]] = [
        ("GET", BILLING, None),
        ("GET", HISTORY, None),
        ("GET", USAGE, None),
        ("POST", METHODS + "GetDailyUsageData", asked(SMALL, "06/01/2026", "06/09/2026")),
        ("POST", METHODS + "GetIntervalData", asked(SMALL, "06/01/2026", IntervalType="60")),
        ("POST", METHODS + "GetIntervalData", asked(SMALL, "06/02/2026", IntervalType="60")),
        ("POST", LEDGER, {"from": "01/2026", "to": "06/2026"}),
    ]
    found: Seen = []
    try:
        told = await visitor.sign_in("sandbox-business")
        found.append(("pageRedirect" in told, "message" in told))
    except (AssertionError, IndexError):
        found.append(("no form",))
    rows = []
    for method, path, body in requests:
        reply = await _ask(visitor, method, path, body)
        found.append(reply)
        if path == HISTORY:
            rows = re.findall(r'<tr data-row="(\w+)"', str(reply[-1]))
    found += [await _ask(visitor, "GET", f"{PDF}?row={row}", None) for row in rows[:3]]
    never_twice = re.compile(r'(value|data-row)="[^"]*"|openBill\(\'\w+')
    return [tuple(never_twice.sub("", str(part)) for part in one) for one in found]


async def _ask(visitor: Visitor, method: str, path: str, body: Any) -> tuple[Any, ...]:
    url = visitor.root + visitor.base + path
    try:
        async with visitor.http.request(method, url, json=body) as reply:
            return reply.status, reply.content_type, await reply.text("latin-1")
    except ClientError:
        return ("reset",)


ENDING = {
    "down": ["down=4"],
    "maintenance": ["maintenance", "maintenance-requests=5"],
    "rate limit": ["rate-limit=4"],
    "errors": ["error-500=2", "error-500-requests=2"],
    "reset answer": ["reset-answer=5"],
    "reset PDF": ["reset-pdf=2"],
    "session, bills": ["expire-at-pdf=2"],
    "session, usage": ["expire-at-interval=2"],
    "HTML, half and wrong": ["html-pdf=1", "truncated-pdf=2", "wrong-pdf=3"],
    "repeated": ["repeated-pdf=3"],
    "half a feed": ["truncated-feed=2"],
    "dialog": ["stale-modal=2"],
    "lock": ["locked", "lock-seconds=3600"],
    "captcha": ["captcha-after=1"],
    "many at once": [
        "down=1", "maintenance", "maintenance-requests=1", "rate-limit=9", "reset-answer=2",
        "truncated-feed=3", "error-500=1", "error-500-requests=1", "stale-modal=2", "reset-pdf=1",
        "expire-at-pdf=2",
    ],
}  # fmt: skip


@pytest.mark.parametrize("faults", ENDING.values(), ids=list(ENDING))
def test_a_fault_that_ends_leaves_the_undisturbed_portal(faults: list[str]) -> None:
    async def run(*switched: str) -> list[Seen]:
        clock = Clock()
        told: list[Seen] = []
        async with visiting(*switched, clock=clock) as visitor:
            if "captcha-after=1" in switched:
                await visitor.sign_in("sandbox-business")
                visitor.http.cookie_jar.clear()
            while told[-2:] != [undisturbed] * 2 and len(told) < 8:
                told.append(await seen(visitor))
                clock.seconds += 86_400
        return told

    async def alone() -> Seen:
        async with visiting() as visitor:
            return await seen(visitor)

    undisturbed = run_async(alone())
    disturbed, *later = run_async(run(*faults))
    assert disturbed != undisturbed
    assert later[-2:] == [undisturbed] * 2
    assert all(one[0] == "200" for one in undisturbed[1:])
    assert len(undisturbed) == 11
