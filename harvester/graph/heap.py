"""Strategy: a scan of the page's memory for the lists whose numbers the chart draws."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import CDPSession, Error, Frame, Page

from harvester.graph.candidates import choose, rows_table
from harvester.graph.drawn import Drawn
from harvester.graph.points import Raw
from harvester.graph.scripts import read_json, source

PLAIN = ("Array.prototype",)
TYPED = ("Float64Array.prototype", "Float32Array.prototype")


async def read(page: Page, drawn: Drawn) -> list[Raw]:
    """Return the series among all lists in memory: by their step, count and total, and the drawing.

    Asks Chromium's debugger (`Runtime.queryObjects`) for every array of every frame, and for those
    of bare numbers only where the others hold no series: each question takes it a collection of
    garbage, which is a second on a large page.
    """
    lists: list[Any] = []
    for prototypes in (PLAIN, TYPED):
        for frame in page.frames:
            async with _session(page, frame) as session:
                if session:
                    lists += await _lists(session, prototypes)
        found = choose(filter(None, (rows_table(rows, "memory") for rows in lists)), drawn)
        if found:
            return found
    return []


@asynccontextmanager
async def _session(page: Page, frame: Frame) -> AsyncIterator[CDPSession | None]:
    """Open the debugger of a frame that has a process of its own, or of the page for the rest."""
    try:
        target = page if frame is page.main_frame else frame
        session = await page.context.new_cdp_session(target)
    except Error:  # it shares the page's process: the page's session reaches it
        yield None
        return
    try:
        yield session
    finally:
        await session.detach()


async def _lists(session: CDPSession, prototypes: Sequence[str]) -> list[Any]:
    contexts: list[int] = []

    def note(told: dict[str, Any]) -> None:
        if told["context"].get("auxData", {}).get("isDefault"):
            contexts.append(told["context"]["id"])

    session.on("Runtime.executionContextCreated", note)
    await session.send("Runtime.enable")
    found: list[Any] = []
    for context in contexts:
        for prototype in prototypes:
            held = await session.send(
                "Runtime.evaluate", {"expression": prototype, "contextId": context}
            )
            objects = await session.send(
                "Runtime.queryObjects",
                {"prototypeObjectId": held["result"]["objectId"], "objectGroup": "graph"},
            )
            told = await session.send(
                "Runtime.callFunctionOn",
                {
                    "functionDeclaration": source("heap.js"),
                    "objectId": objects["objects"]["objectId"],
                    "arguments": [{"value": prototypes is TYPED}],
                    "returnByValue": True,
                },
            )
            found += read_json(told["result"]["value"])
    await session.send("Runtime.releaseObjectGroup", {"objectGroup": "graph"})
    return found
