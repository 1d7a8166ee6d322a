"""First backfill of one account: 24 PDFs of 100 KB, 17,520 hours, 100 ms a reply.

Floor: `by_hand`.  Peer: `clicks`, once, as it takes minutes.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from bench import by_hand, clicks, harvest
from bench.lines import Line, beside, interleaved_async
from bench.served import served, user
from harvester.browser import open_browser

CASE = "first backfill"
DELAY_MS, DAYS = 100, 730
BILLS, HOURS = 24, 17_520
GOAL, PEER_GOAL, REQUESTS = 1.25, 5.0, BILLS + 60
OWN, FLOOR, PEER = "harvester", "bare HTTP client", "plain Playwright script"


def lines(rounds: int) -> list[Line]:
    """Measure time beside both, and requests."""
    return asyncio.run(_lines(rounds))


async def _lines(rounds: int) -> list[Line]:
    requests: list[float] = []
    with served(delay_ms=DELAY_MS) as port, tempfile.TemporaryDirectory() as homes:

        async def own() -> None:
            before = harvest.requests(port)
            async with open_browser() as browser:
                home = Path(tempfile.mkdtemp(dir=homes))
                outcome = await harvest.once(harvest.task(port, 0, DAYS), home, browser)
            requests.append(harvest.requests(port) - before)
            if (outcome.pdfs, outcome.days) != (BILLS, DAYS):
                raise SystemExit("the harvest did not bring all: no figure means anything")

        async def floor() -> None:
            days = harvest.every_day(DAYS)
            brought = await by_hand.fetch(harvest.portal(), port, user(0), days)
            if (brought.documents, brought.hours) != (BILLS, HOURS):
                raise SystemExit("the floor did not bring all: no figure means anything")

        async def peer() -> None:
            async with open_browser() as browser:
                await clicks.fetch(harvest.portal(), port, user(0), browser, DAYS)

        times = await interleaved_async({OWN: own, FLOOR: floor}, rounds)
        times |= await interleaved_async({PEER: peer}, 1)
    return [
        beside(CASE, times, OWN, FLOOR, "<=", GOAL),
        beside(CASE, times, OWN, PEER, ">=", PEER_GOAL),
        Line(CASE, "requests", max(requests), "requests", "<=", REQUESTS, rounds={OWN: requests}),
    ]
