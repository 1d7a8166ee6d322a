"""A nightly run: one new day, no new bill, 100 ms a reply; the window of `harvester run`.

Floor: `by_hand` for the same days, without documents.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from bench import by_hand, harvest
from bench.lines import Line, beside, interleaved_async
from bench.served import served, user
from harvester import run
from harvester.browser import open_browser
from harvester.cli.simulated import permit
from harvester.filing import Store
from harvester.sandbox.world import TODAY

CASE = "nightly run"
DELAY_MS, DAYS, AGAIN = 100, 45, 7
"""The window, and the newest days that every run reads again."""
MEMBERS = 4
GOAL, REQUESTS, BROWSERS = 1.5, 12, 1
OWN, FLOOR = "harvester", "bare HTTP client"


def lines(rounds: int) -> list[Line]:
    """Measure time beside the floor, requests, and browsers of a night of several members."""
    return asyncio.run(_lines(rounds))


async def _lines(rounds: int) -> list[Line]:
    requests: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        evening = Path(folder) / "evening"
        yesterday = TODAY - harvest.DAY
        with served(members=MEMBERS, today=yesterday) as port:
            async with open_browser() as browser:
                for number in range(MEMBERS):
                    before = harvest.task(port, number, DAYS, today=yesterday)
                    await harvest.once(before, evening, browser)
        with served(delay_ms=DELAY_MS, members=MEMBERS) as port:

            async def own() -> None:
                home = Path(tempfile.mkdtemp(dir=folder)) / "home"
                shutil.copytree(evening, home)
                before = harvest.requests(port)
                outcome = await harvest.once(harvest.task(port, 0, DAYS), home, browser)
                requests.append(harvest.requests(port) - before)
                if (outcome.pdfs, outcome.days) != (0, AGAIN):
                    raise SystemExit(f"no night of one new day: {outcome.facts()}")

            async def floor() -> None:
                days = harvest.every_day(AGAIN)
                await by_hand.fetch(harvest.portal(), port, user(0), days, documents=False)

            async with open_browser() as browser:
                times = await interleaved_async({OWN: own, FLOOR: floor}, rounds)
            started = await _browsers(port, evening)
    return [
        beside(CASE, times, OWN, FLOOR, "<=", GOAL),
        Line(CASE, "requests", max(requests), "requests", "<=", REQUESTS, rounds={OWN: requests}),
        Line(CASE, f"browsers started for {MEMBERS} members", started, "", "<=", BROWSERS),
    ]


async def _browsers(port: int, home: Path) -> int:
    """Harvest all members as a night does and return how many browsers that started."""
    started = 0
    store = Store(home)
    tasks = [harvest.task(port, number, DAYS) for number in range(MEMBERS)]
    for task in tasks:
        permit(home, task)

    @asynccontextmanager
    async def counted(**options: Any) -> AsyncIterator[Browser]:  # noqa: ANN401
        nonlocal started
        started += 1
        async with open_browser(**options) as browser:
            yield browser

    real, run.open_browser = run.open_browser, counted  # type: ignore[attr-defined]
    try:
        for outcome in await run.harvest_all(tasks, store, lambda *_: None):
            harvest.right(outcome)
    finally:
        run.open_browser = real  # type: ignore[attr-defined]
        store.catalog.close()
    return started
