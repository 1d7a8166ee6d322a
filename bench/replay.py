"""Replay of the shipped 24-month tape beside a harvest of the sandbox without delay.

The peer is the same member of the same world, harvested from a process of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from bench import harvest
from bench.lines import Line, beside, interleaved_async
from bench.served import served
from harvester.browser import open_browser
from harvester.cli.simulated import Known
from harvester.cli.tapes import play
from harvester.members import Member
from harvester.tape import folder

TAPE = "union-power/residential-24-months"
USER, DAYS = "sandbox-home", 730
GOAL = 1.0
OWN, PEER = "replay", "harvest of the sandbox"


def lines(rounds: int) -> list[Line]:
    """Measure both with one browser."""
    return asyncio.run(_lines(rounds))


async def _lines(rounds: int) -> list[Line]:
    ((_, where),) = folder.find([TAPE], (folder.shipped(),)).items()
    tape, portal = folder.read(where), harvest.portal()
    with served() as port, tempfile.TemporaryDirectory() as homes:
        async with open_browser() as browser:

            async def replay() -> None:
                played = await play(tape, portal, browser)
                if played.against(tape.expected):
                    raise SystemExit("the replay differs: no figure means anything")

            async def live() -> None:
                work = replace(
                    harvest.task(port, 0, DAYS),
                    member=Member(name=USER, profile=portal.id, user=USER),
                    credentials=Known(f"{USER}-Pa55"),
                )
                await harvest.once(work, Path(tempfile.mkdtemp(dir=homes)), browser)

            await live()  # the sandbox works out its world at the first request
            times = await interleaved_async({OWN: replay, PEER: live}, rounds)
    return [beside("replay of 24 months", times, OWN, PEER, "<=", GOAL)]
