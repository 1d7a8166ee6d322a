"""The simulated portal, served to a test: to an HTTP client in one loop, or to a browser."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, CookieJar
from conftest import run_async
from lxml import html

from harvester.sandbox.app import COUNTS, portal, serve
from harvester.sandbox.layout import NEWER
from harvester.sandbox.switches import Switches
from harvester.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from harvester.sandbox.counts import Counts

WORLD = World()
LEDGER = "/DesktopModules/AccountHistory/API/AccountHistory.aspx/GetAccountHistory"
METHODS = "/DesktopModules/MeterUsage/API/MeterData.aspx/"
CONTROL = {NEWER: "dnn$ctr384$CustomerLogin$", "/oscp": "dnn$ctr564$FeatureLogin$"}
FORM = {
    NEWER: "/Customer-Login",
    "/oscp": "/OnlineServices/FeaturesLogin/tabid/123/Default.aspx",
}
PARTIAL = {"X-MicrosoftAjax": "Delta=true", "X-Requested-With": "XMLHttpRequest"}


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Visitor:
    """An HTTP client that looks at one portal; paths are below the base."""

    http: ClientSession
    root: str
    base: str
    counts: Counts

    async def text(self, path: str) -> str:
        async with self.http.get(self.root + self.base + path) as reply:
            assert reply.status == 200, (path, reply.status)
            return await reply.text()

    async def get(self, path: str) -> tuple[int, str, Mapping[str, str]]:
        """Status, text and headers of a page, wherever redirects on the portal lead to."""
        async with self.http.get(self.root + self.base + path) as reply:
            return reply.status, await reply.text(), dict(reply.headers)

    async def page(self, path: str) -> html.HtmlElement:
        return html.fromstring(await self.text(path))

    async def hidden(self, path: str) -> dict[str, str]:
        """Return the hidden fields of a page's form, as a browser would send them back."""
        fields = (await self.page(path)).xpath("//form//input[@type='hidden']")
        return {field.get("name"): field.get("value", "") for field in fields}

    async def post_form(
        self, path: str, form: dict[str, str], *, partial: bool = True
    ) -> tuple[int, str, str]:
        """Status, text and Location of the reply to a form, sent in part or whole."""
        headers = PARTIAL if partial else {}
        url = self.root + self.base + path
        async with self.http.post(url, data=form, headers=headers, allow_redirects=False) as reply:
            return reply.status, await reply.text(), reply.headers.get("Location", "")

    async def credentials(self, user: str, password: str, path: str) -> dict[str, str]:
        control = CONTROL[self.base]
        return await self.hidden(path) | {
            f"{control}txtUsername": user,
            f"{control}txtPassword": password,
            f"{control}btnLogin": "Sign In",
        }

    async def sign_in(self, user: str, password: str = "", path: str = "") -> str:
        """Return the delta that a sign-in is answered with."""
        path = path or FORM[self.base]
        form = await self.credentials(user, password or f"{user}-Pa55", path)
        status, text, _ = await self.post_form(path, form)
        assert status == 200
        return text

    async def rows(self) -> list[str]:
        """Return the keys of the rows of the billing history, the newest first."""
        return list((await self.page("/My-Account/Account-History")).xpath("//tr/@data-row"))

    async def document(self, row: str) -> tuple[str, bytes]:
        """Media type and bytes of a row's bill."""
        url = f"{self.root}{self.base}/DesktopModules/AccountHistory/ViewBill.aspx?row={row}"
        async with self.http.get(url) as reply:
            assert reply.status == 200
            return reply.content_type, await reply.read()

    async def ledger(self) -> list[dict[str, str]]:
        """Return all rows of the selected account's ledger, the newest first."""
        url = f"{self.root}{self.base}{LEDGER}"
        async with self.http.post(url, json={"from": "01/2000", "to": "12/2099"}) as reply:
            told = (await reply.json())["d"]
        items: list[dict[str, str]] = told["ActLedger"]["LedgerItem"]["LedgerItems"]
        return items

    async def method(self, name: str, body: dict[str, str] | str) -> tuple[str, Any]:
        """Media type and JSON (or text) of a feed's reply."""
        url = self.root + self.base + METHODS + name
        sent = body if isinstance(body, str) else str(body)  # single-quoted, as scrapers do
        headers = {"Content-Type": "application/json; charset=utf-8"}
        async with self.http.post(url, data=sent, headers=headers) as reply:
            assert reply.status == 200, await reply.text()
            json = reply.content_type == "application/json"
            return reply.content_type, (await reply.json())["d"] if json else await reply.text()

    async def daily(self, number: str, start: str, end: str = "", **more: str) -> dict[str, Any]:
        _, told = await self.method("GetDailyUsageData", asked(number, start, end, **more))
        return dict(told)

    async def interval(self, number: str, start: str, end: str, **more: str) -> dict[str, Any]:
        more = {"IntervalType": "60"} | more
        _, told = await self.method("GetIntervalData", asked(number, start, end, **more))
        return dict(told)


def asked(number: str, start: str, end: str = "", **more: str) -> dict[str, str]:
    """Return the body of a feed's request, by a ten-digit account number."""
    body = {
        "keymbr": "0" + number[:7],
        "MemberSep": f"{number[:7]}-{number[7:]}",
        "StartDate": start,
        "EndDate": end or start,
        "IsEnergy": "false",
        "IsPPM": "false",
        "IsCostEnable": "3",
    }
    return body | more


@asynccontextmanager
async def visiting(
    *faults: str, base: str = NEWER, clock: Clock | None = None
) -> AsyncIterator[Visitor]:
    """Serve a portal with these faults in the running loop and look at it."""
    app = portal(WORLD, base=base, switches=Switches.parse(faults), now=clock or Clock())
    runner, port = await serve(app)
    try:
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
            yield Visitor(http, f"http://127.0.0.1:{port}", base, app[COUNTS])
    finally:
        await runner.cleanup()


def visit(
    story: Callable[[Visitor], Awaitable[None]],
    *faults: str,
    base: str = NEWER,
    clock: Clock | None = None,
) -> None:
    """Run a story against a portal with these faults."""

    async def run() -> None:
        async with visiting(*faults, base=base, clock=clock) as visitor:
            await story(visitor)

    run_async(run())


@contextmanager
def served(*faults: str, base: str = NEWER) -> Iterator[tuple[str, Counts]]:
    """Serve a portal on a thread of its own: the URL of its base, and its counts."""
    app = portal(WORLD, base=base, switches=Switches.parse(faults))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        runner, port = asyncio.run_coroutine_threadsafe(serve(app), loop).result()
        yield f"http://127.0.0.1:{port}{base}", app[COUNTS]
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
