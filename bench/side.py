"""Members side by side, 200 ms a reply: sign-in, 24 bills and 7 days of each.

How many a minute at 16, and what each further one takes of memory: the share of this program, the
browser and Playwright's driver that is theirs (PSS), at its peak.  The curve is in the report.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from bench import harvest
from bench.lines import Line
from bench.served import served
from harvester import run
from harvester.cli.simulated import permit
from harvester.filing import Store

CASE = "members side by side"
CURVE = (1, 4, 8, 16, 32)
AT, DELAY_MS, DAYS, BILLS = 16, 200, 7, 24
A_MINUTE, MEGABYTES = 50.0, 32.0
LOOK = 0.25
"""Seconds between two looks at the memory."""


def lines(_rounds: int) -> list[Line]:
    """Measure each point of the curve once for time and once for memory: looking takes time."""
    rates, peaks = {}, {}
    with served(delay_ms=DELAY_MS, members=max(CURVE)) as port:
        for count in CURVE:
            rates[count] = asyncio.run(_together(port, count))
            peaks[count] = asyncio.run(_peak(port, count))
    further = (peaks[AT] - peaks[1]) / (AT - 1)
    curve = ", ".join(f"{count}: {rates[count]:.0f}" for count in CURVE)
    memory = ", ".join(f"{count}: {peaks[count]:.0f}" for count in CURVE)
    raw = {"a minute": [*rates.values()], "MB": [*peaks.values()]}
    return [
        Line(f"{AT} {CASE}", "", rates[AT], "a minute", ">=", A_MINUTE, curve, raw),
        Line(CASE, "a further member (PSS)", further, "MB", "<=", MEGABYTES, f"MB at {memory}"),
    ]


async def _together(port: int, count: int) -> float:
    """Return harvests a minute."""
    with tempfile.TemporaryDirectory() as home:
        store = Store(Path(home))
        tasks = [harvest.task(port, number, DAYS) for number in range(count)]
        for task in tasks:
            permit(store.home, task)
        usual, run.SIDE_BY_SIDE = run.SIDE_BY_SIDE, count
        start = time.perf_counter()
        try:
            outcomes = await run.harvest_all(tasks, store, lambda *_: None)
        finally:
            run.SIDE_BY_SIDE = usual
            taken = time.perf_counter() - start
            store.catalog.close()
        for outcome in outcomes:
            harvest.right(outcome)
            if (outcome.pdfs, outcome.days) != (BILLS, DAYS):
                raise SystemExit(f"no first page: {outcome.facts()}")
    return 60 * count / taken


async def _peak(port: int, count: int) -> float:
    """Return the peak of megabytes."""
    seen: list[float] = []
    harvests = asyncio.create_task(_together(port, count))
    while not harvests.done():
        seen.append(await asyncio.to_thread(_megabytes))
        await asyncio.wait({harvests}, timeout=LOOK)
    await harvests
    return max(seen)


def _megabytes() -> float:
    """Return the PSS of this program and of all that it started, but for the sandbox."""
    parents, commands = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            told = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[folder.name] = told[1]
            commands[folder.name] = (folder / "cmdline").read_text()
    own, grown = {f"{Path('/proc/self').resolve().name}"}, True
    while grown:
        more = {
            child
            for child, parent in parents.items()
            if parent in own and child not in own and "bench.served" not in commands[child]
        }
        own, grown = own | more, bool(more)
    return sum(map(_pss, own)) / 1024


def _pss(process: str) -> int:
    with suppress(OSError):
        told = Path(f"/proc/{process}/smaps_rollup").read_text()
        found = re.search(r"^Pss:\s+(\d+)", told, re.MULTILINE)
        return int(found[1]) if found else 0
    return 0
