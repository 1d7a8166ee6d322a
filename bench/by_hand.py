"""The floor of a harvest: a bare HTTP client that makes the fewest requests, over the same wire.

It knows the portal by heart, judges nothing and keeps nothing but the bytes.  As the program does,
it takes documents four at a time and feeds in the widest range, one after the other.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from aiohttp import ClientSession, TCPConnector

from harvester.profile import Profile
from harvester.wire import Wire

AT_ONCE = 4
DAY = timedelta(days=1)
RANGE = 31
"""Days that the sandbox answers at once."""
CONTROL = "dnn$ctr384$CustomerLogin$"
LEDGER = "{base}/DesktopModules/AccountHistory/API/AccountHistory.aspx/GetAccountHistory"
DOCUMENT = "{base}/DesktopModules/AccountHistory/ViewBill.aspx?row="
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)"[^>]*? value="([^"]*)"')


@dataclass(frozen=True)
class Brought:
    """What came home, counted, so that it can be compared."""

    documents: int
    days: int
    hours: int
    requests: int


async def fetch(
    portal: Profile, port: int, user: str, days: Collection[date], *, documents: bool = True
) -> Brought:
    """Sign in and fetch account, bills, ledger, notes and these days of one account."""
    async with (
        Wire(portal.origins, sandbox=port) as wire,
        ClientSession(connector=TCPConnector(ssl=False, limit=AT_ONCE), proxy=wire.address) as http,
    ):
        client = _Client(http, portal)
        await client.sign_in(user)
        await client.text(portal.url("billing"))
        history = await client.text(portal.url("history"))
        since = f"{min(days):%m/%Y}"
        await client.post(client.place(LEDGER), {"from": since, "to": "01/2200"})
        rows = re.findall(r'<tr data-row="([^"]+)"', history) if documents else []
        files = await asyncio.gather(*(client.document(row) for row in rows))
        usage = await client.text(portal.url("usage"))
        who = {
            "keymbr": _said(usage, r'data-keymbr="([^"]*)"'),
            "MemberSep": _said(usage, r'data-membersep="([^"]*)"'),
        }
        totals = [
            len((await client.feed("daily", who, span))["Items"]) for span in _spans(days, RANGE)
        ]
        hours = [
            len((await client.feed("interval", who, span))["Items"]) for span in _spans(days, RANGE)
        ]
        if not all(b"%PDF-" in content for content in files):
            raise SystemExit("the floor did not get the bills: no figure means anything")
        return Brought(len(files), sum(totals), sum(hours), client.requests)


@dataclass
class _Client:
    http: ClientSession
    portal: Profile
    requests: int = 0

    def place(self, path: str) -> str:
        return self.portal.origins[0] + path.replace("{base}", self.portal.base)

    async def text(self, url: str) -> str:
        self.requests += 1
        async with self.http.get(url) as reply:
            return await reply.text()

    async def sign_in(self, user: str) -> None:
        url = self.portal.url("login")
        form = dict(_HIDDEN.findall(await self.text(url)))
        form |= {f"{CONTROL}txtUsername": user, f"{CONTROL}txtPassword": f"{user}-Pa55"}
        form |= {f"{CONTROL}btnLogin": "Sign In", "__ASYNCPOST": "true"}
        self.requests += 1
        headers = {"X-MicrosoftAjax": "Delta=true"}
        async with self.http.post(url, data=form, headers=headers) as reply:
            if "pageRedirect" not in await reply.text():
                raise SystemExit("the floor did not sign in: no figure means anything")

    async def document(self, row: str) -> bytes:
        self.requests += 1
        async with self.http.get(self.place(DOCUMENT) + quote(row)) as reply:
            return await reply.read()

    async def post(self, url: str, body: dict[str, str]) -> dict[str, Any]:
        self.requests += 1
        async with self.http.post(url, json=body) as reply:
            told: dict[str, Any] = (await reply.json())["d"]
            return told

    async def feed(self, route: str, who: dict[str, str], span: tuple[date, date]) -> Any:  # noqa: ANN401
        first, last = span
        asked = who | {"StartDate": f"{first:%m/%d/%Y}"}
        if route == "interval":
            last += DAY
            asked |= {"IntervalType": "60"}
        return await self.post(self.portal.url(route), asked | {"EndDate": f"{last:%m/%d/%Y}"})


def _said(page: str, pattern: str) -> str:
    found = re.search(pattern, page)
    return found[1] if found else ""


def _spans(days: Collection[date], width: int) -> list[tuple[date, date]]:
    first, last = min(days), max(days)
    count = (last - first).days + 1
    return [
        (first + n * DAY, min(last, first + (n + width - 1) * DAY)) for n in range(0, count, width)
    ]
