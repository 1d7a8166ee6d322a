"""The zoo: serves each library's pages, reads them by each strategy, and grades what comes out."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from functools import partial
from statistics import median

from aiohttp import web
from charts.libraries import BUILT, DRAW, INSTALLED, LIBRARIES, build, page
from charts.truth import LONG, SHORT, ZONE, Case
from playwright.async_api import BrowserContext

from harvester.browser import open_browser, open_context
from harvester.graph import STRATEGIES, hours, read, ready, strategies, watch
from harvester.graph.points import Raw, placed
from harvester.wire import Wire

CASES = {
    "plain": Case(date(2026, 6, 11)),
    "gaps": Case(date(2026, 6, 11), gaps=(5, 6)),
    "spring": Case(SHORT, "instant", fine=True, gaps=(7,)),
    "autumn": Case(LONG, "wall", two=True),
    "autumn-labels": Case(LONG, two=True),
}
GOALS = {"read": 0.3, "sweep": 15.0}
"""Seconds that a drawn chart may take: by all ways but the last, and by the sweep."""
WAYS = 2
"""Strategies that have to be exact on each page."""
WITHIN = Decimal("0.005")
"""Share of the full scale that a measured value may be off."""

Grades = Callable[..., Awaitable[dict[str, str]]]


def grade(raws: Iterable[Raw], case: Case) -> str:
    """Return exact, within (0.5 % of full scale), apart or none, and what is wrong of the hours."""
    found = [placed(raw) for raw in raws]
    if not found:
        return "none"
    known = [v for values in case.series.values() for v in values if v is not None]
    full = max(*known, Decimal(0)) - min(*known, Decimal(0))
    grades = []
    for values in case.series.values():
        cells = list(zip(case.hours, values, strict=True))
        fitting = [g for raw in found if (g := _fits(raw, cells, case, full))]
        grades.append(min(fitting, default=(Decimal(1), "hours wrong")))
    off = max(g[0] for g in grades)
    value = "exact" if off == 0 else "within" if off <= WITHIN else "apart"
    return (
        value if value == "apart" else value + max(g[1] for g in grades).replace("hours", ", hours")
    )


def _fits(
    raw: Raw, cells: Sequence[tuple[tuple[object, int], Decimal | None]], case: Case, full: Decimal
) -> tuple[Decimal, str] | None:
    whole = len(raw.values) == len(cells)
    wanted = cells if whole else [cell for cell in cells if cell[1] is not None]
    pairs = list(zip(raw.values, (v for _, v in wanted), strict=False))
    if len(raw.values) != len(wanted) or any((a is None) != (b is None) for a, b in pairs):
        return None
    off = max(abs(a - b) / full for a, b in pairs if a is not None and b is not None)
    told = [(w.wall, w.ordinal) for w in hours.resolve(raw.places, ZONE, case.day).whens]
    if told == [hour for hour, _ in wanted]:
        return off, ""
    wrong = any(w[0] and w != hour for w, (hour, _) in zip(told, wanted, strict=True))
    return off, "hours wrong" if wrong else "hours in part"


@asynccontextmanager
async def opened() -> AsyncIterator[Grades]:
    """Serve the zoo, start one browser, and yield what grades a page by the strategies named."""
    build()
    app = web.Application()
    for route, folder in (
        ("/modules", INSTALLED / "node_modules"),
        ("/built", BUILT),
        ("/draw", DRAW),
    ):
        app.router.add_static(route, folder)
    app.router.add_get("/page/{name}/{kind}", _page)
    app.router.add_get("/data", _data)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with (
            open_browser() as browser,
            Wire([base]) as wire,
            open_context(browser, wire, time_zone=ZONE.key) as context,
        ):
            yield partial(_grades, context, base)
    finally:
        await runner.cleanup()


async def _page(request: web.Request) -> web.Response:
    about = request.match_info
    text = page(about["name"], bundled=about["kind"] == "bundled")
    return web.Response(text=text, content_type="text/html")


async def _data(request: web.Request) -> web.Response:
    kept = "/global" in request.headers["Referer"]
    return web.json_response({**CASES[request.query["case"]].data(), "keep": kept})


async def _grades(  # noqa: PLR0917 - one table's cell
    context: BrowserContext,
    base: str,
    name: str,
    kind: str,
    case: str,
    names: Sequence[str] = STRATEGIES,
) -> dict[str, str]:
    """Open one page and grade strategies; of a choice, the heap only where two are not exact."""
    view = await context.new_page()
    try:
        heard = await watch(view)
        await view.goto(f"{base}/page/{name}/{kind}?case={case}")
        drawn = await ready(view, 20)
        grades = {}
        for strategy in names:
            if (
                names != STRATEGIES
                and strategy == "heap"
                and list(grades.values()).count("exact") > 1
            ):
                continue
            raws = await strategies(view, drawn, heard, [strategy])
            grades[strategy] = grade(raws.get(strategy, []), CASES[case])
        return grades
    finally:
        await view.close()


async def _seconds(context: BrowserContext, base: str, name: str, kind: str) -> dict[str, float]:
    """Return how long it takes to read a chart that is drawn, and to sweep over it."""
    view = await context.new_page()
    try:
        heard = await watch(view)
        await view.goto(f"{base}/page/{name}/{kind}?case=plain")
        drawn = await ready(view, 20)
        took = {}
        for what, reading in (
            ("read", read(view, ZONE, heard=heard)),
            ("sweep", strategies(view, drawn, heard, ["tips"])),
        ):
            began = time.monotonic()
            await reading
            took[what] = time.monotonic() - began
        return took
    finally:
        await view.close()


async def _all() -> int:
    """Print every grade and time; 1 where a row is not exact twice, or a chart is too slow."""
    slow, few = 0, []
    async with opened() as grades:
        for name in LIBRARIES:
            for kind in ("global", "bundled"):
                for case in CASES:
                    told = await grades(name, kind, case)
                    if list(told.values()).count("exact") < WAYS:
                        few.append(f"{name} {kind} {case}")
                    row = " | ".join(told[strategy] for strategy in STRATEGIES)
                    print(f"| {name} | {kind} | {case} | {row} |", flush=True)  # noqa: T201
                rounds = [await _seconds(*grades.args, name, kind) for _ in range(3)]  # type: ignore[attr-defined]
                times = {what: median(one[what] for one in rounds) for what in GOALS}
                slow += any(took > GOALS[what] for what, took in times.items())
                said = ", ".join(f"{what} in {took:.2f} s" for what, took in times.items())
                print(f"| {name} | {kind} | {said} | | | | | | |", flush=True)  # noqa: T201
    print(f"Exact by fewer than {WAYS} ways: {', '.join(few) or 'none'}.")  # noqa: T201
    return int(bool(slow or few))


if __name__ == "__main__":
    print(f"| library | page | case | {' | '.join(STRATEGIES)} |")  # noqa: T201
    sys.exit(asyncio.run(_all()))
