"""What a harvest takes beyond its pauses where the profile's normal pace is on, without delay.

Lower bound: the pauses that the pace draws, one between every two turns; what is before the first
turn and after the last one is no wait for the portal and is not counted.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from bench import harvest
from bench.lines import Line, seconds
from bench.served import served
from harvester.browser import open_browser
from harvester.portal import Portal

DAYS = 730
GOAL = 1.02


def lines(rounds: int) -> list[Line]:
    """Measure each round against its own pauses, which are drawn at random."""
    ratios, spans = asyncio.run(_ratios(max(1, rounds // 2)))
    middle = sorted(ratios)[len(ratios) // 2]
    said = f"{seconds(spans[0][0])} for pauses of {seconds(spans[0][1])}"
    return [Line("normal pace", "its own pauses", middle, "x", "<=", GOAL, said, {"ratio": ratios})]


async def _ratios(rounds: int) -> tuple[list[float], list[tuple[float, float]]]:
    spans: list[tuple[float, float]] = []
    turn = Portal.turn
    turns: list[tuple[float, float]] = []

    async def noted(portal: Portal) -> None:
        await turn(portal)
        now = time.monotonic()
        turns.append((now, portal._next_turn - now))

    Portal.turn = noted  # type: ignore[method-assign, assignment]
    try:
        with served() as port, tempfile.TemporaryDirectory() as homes:
            async with open_browser() as browser:
                for _ in range(rounds):
                    turns.clear()
                    work = harvest.task(port, 0, DAYS, paced=True)
                    await harvest.once(work, Path(tempfile.mkdtemp(dir=homes)), browser)
                    spans.append((turns[-1][0] - turns[0][0], sum(p for _, p in turns[:-1])))
    finally:
        Portal.turn = turn  # type: ignore[method-assign]
    return [took / pauses for took, pauses in spans], spans
