"""Reads the hours of many days off the portal's graph, which is told each day in turn."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import date
from typing import Any

from harvester.errors import BadData, Drift, Failure, Misconfigured, State
from harvester.graph import Graph, read, watch
from harvester.graph.document import document
from harvester.graph.hours import dates
from harvester.graph.watch import Watch
from harvester.model import Artifact, Kind
from harvester.platforms.artifacts import artifact
from harvester.platforms.steps import Walker
from harvester.portal import Portal
from harvester.walk import DayButtons, DayField, Usage

IN_A_ROW = 3
"""So many days on end that cannot be read are enough: the others would not be either."""
FARTHEST = 800
"""Days that are gone through by buttons at most: two years and a little."""


class GraphDays:
    """The graph of one account, on its usage page; `ready` comes before any page is loaded."""

    def __init__(self, portal: Portal, walker: Walker) -> None:
        self.portal = portal
        self._walker = walker
        self._account = ""
        self._before: dict[str, tuple[date, list[Any]]] = {}
        """The last graph of each meter."""

    @property
    def _usage(self) -> Usage:
        found = self.portal.profile.walk.usage
        if found is None:
            raise Misconfigured(State.INVALID_PROFILE, "The profile lacks walk.usage.")
        return found

    async def ready(self) -> None:
        """Begin to note what canvases draw; the page is a new one."""
        heard = await watch(self.portal.page)
        self.portal.page.remove_listener("response", heard.note)

    async def open(self, account: str) -> None:
        """Open the page of the graph, of this account."""
        self._account, self._before = account, {}
        await self._walker.walk(self._usage.open, {"account": account})

    async def fetch(self, hours: Collection[date]) -> AsyncIterator[Artifact | BadData]:
        """Yield an artifact for each of these days, newest first, or why it is not taken.

        After `IN_A_ROW` refusals on end nothing more is asked.  Raises Transient for a graph that
        does not load, Drift where there is none.
        """
        refused = 0
        for day in sorted(hours, reverse=True):
            try:
                told = await self._day(day)
            except BadData as failure:
                refused += 1
                yield failure
                if refused == IN_A_ROW:
                    return
                continue
            refused = 0
            about = {"first": f"{day}", "last": f"{day}", "missing": "" if told else f"{day}"}
            content = json.dumps({"day": f"{day}", "graphs": told})
            yield artifact(self.portal, Kind.GRAPH, self._account, content, about=about)

    async def _day(self, day: date) -> list[Mapping[str, Any]]:
        """Return the graphs of a day, one a meter; none where the portal says it has no data."""
        usage, found = self._usage, list[Mapping[str, Any]]()
        meters = await self._walker.choices(usage.meters) if usage.meters else [("", "")]
        for value, label in meters:
            if usage.meters:
                await self._walker.take(await self.portal.find(usage.meters), value)
            async with self._listening() as heard:
                await self._turn_to(day)
                if usage.empty and await self.portal.shown(usage.empty):
                    continue
                graph = await self._read(day, heard)
            told = document(graph)
            self._changed(day, label, told)
            found.append({"meter": label, **told})
        return found

    async def _read(self, day: date, heard: Watch) -> Graph:
        portal = self.portal
        portal.halt()
        try:
            with portal.answering():
                return await read(portal.page, portal.profile.zone, day=day, heard=heard,
                                  seconds=self._usage.seconds)  # fmt: skip
        except Failure:
            await self._walker.signed_in()  # or the way to sign in is shown in its place
            raise

    def _changed(self, day: date, meter: str, told: Mapping[str, Any]) -> None:
        """Raise BadData where the graph is still that of the day before, told by its values."""
        values = [[p["value"] for p in s["points"]] for s in told["series"]]
        instants = any(p["instant"] for s in told["series"] for p in s["points"])
        before, self._before[meter] = self._before.get(meter), (day, values)
        if before and before[0] != day and before[1] == values and not instants:
            raise BadData(
                State.NO_DATA,
                f"The graph shows for {day} just what it showed for {before[0]};"
                f" nothing of it is taken, the next run asks again.",
            )

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[Watch]:
        heard, page = Watch(), self.portal.page
        page.on("response", heard.note)
        try:
            yield heard
        finally:
            page.remove_listener("response", heard.note)

    async def _turn_to(self, day: date) -> None:
        way = self._usage.day
        if isinstance(way, DayField):
            await self._walker.walk(way.steps, {"day": f"{day:{way.format}}"})
        else:
            await self._step_to(day, way)

    async def _step_to(self, day: date, way: DayButtons) -> None:
        """Go day by day, each step seen to move; a button that is not there ends the way."""
        portal, last = self.portal, None
        for _ in range(FARTHEST):
            shown = await self._shown(way)
            if shown == day:
                return
            if last is not None and abs(shown - day) >= abs(last - day):
                break
            last = shown
            button = await portal.seen(way.earlier if shown > day else way.later)
            if button is None:
                break
            await self._walker.click(button)
        raise BadData(
            State.NO_DATA,
            f"The graph of {portal.profile.name} cannot be turned to {day}: it stays at"
            f" {last}; the next run asks again.",
        )

    async def _shown(self, way: DayButtons) -> date:
        portal = self.portal
        with suppress(Drift):
            async for _ in portal.looks(way.shown):
                if label := await portal.seen(way.shown):
                    with portal.answering():
                        told = await label.inner_text()
                    if found := dates(told):
                        return found[0]
        raise Drift(
            State.PORTAL_CHANGED,
            f"{way.shown} on {portal.where()} of {portal.profile.name} names no day; correct"
            f" {way.shown} in the profile.",
        )
