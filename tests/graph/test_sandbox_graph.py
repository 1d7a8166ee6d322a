"""The sandbox's own usage page, signed in to by hand, gives the hours of the day it shows."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from conftest import run_async

sys.path.insert(0, str(Path(__file__).parent.parent / "sandbox"))
from served import WORLD, served

from harvester.browser import open_browser, open_context
from harvester.graph import Graph, read, watch
from harvester.wire import Wire

USAGE = "/My-Account/Usage-History"
NUMBER = "1000101001"


async def graph_of(url: str) -> tuple[Graph, str]:
    """Sign in, let the page show its newest day, and read it; return the day as well."""
    origin = url.removesuffix("/onlineportal")
    async with (
        open_browser() as browser,
        Wire([origin]) as wire,
        open_context(browser, wire, time_zone="America/Chicago") as context,
    ):
        page = await context.new_page()
        heard = await watch(page)
        await page.goto(url + USAGE)
        await page.get_by_label("User ID").fill("sandbox-home")
        await page.get_by_label("Password").fill("sandbox-home-Pa55")
        await page.get_by_role("button", name="Sign In").click()
        await page.wait_for_url(url + USAGE)
        await page.locator("#usageChart rect.slot").first.wait_for()
        graph = await read(page, ZoneInfo("America/Chicago"), heard=heard)
        return graph, await page.locator("#usageDay").input_value()


def test_the_sandbox_graph_has_the_hours_of_the_day_shown() -> None:
    with served() as (url, _):
        graph, day = run_async(graph_of(url))
    (told,) = WORLD.days(NUMBER, date.fromisoformat(day), date.fromisoformat(day))
    (series,) = graph.series
    values = {p.wall.hour: p.value for p in series.points if p.wall and p.wall.date() == told.day}
    assert values == {
        n: None if hour.wh is None else Decimal(hour.wh) / 1000 for n, hour in enumerate(told.hours)
    }
    assert series.unit == "kWh"
    assert graph.checked
