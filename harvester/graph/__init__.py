"""Reads the points of a chart that a page draws: by ranked strategies, checked on each other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from playwright.async_api import Page

from harvester.errors import BadData, Drift, State, Transient
from harvester.graph import (
    crosscheck,
    geometry,
    heap,
    hours,
    labels,
    legend,
    objects,
    received,
    tips,
)
from harvester.graph.drawn import Drawn, look
from harvester.graph.points import Doubt, Graph, Point, Raw, Series, placed
from harvester.graph.watch import Watch, watch

__all__ = ["STRATEGIES", "Graph", "read", "ready", "strategies", "watch"]

STRATEGIES = ("received", "objects", "heap", "labels", "tips", "geometry")
"""Ranked: the first that gives points with hours is the one that is handed on."""
KNOWING = ("received", "objects")
"""Those that know a chart's series: of two, the one that knows more of them wins."""
FLAT_SECONDS = 1.0
"""How long bars without heights have to stay so."""
POLL = 0.1
"""Seconds between two looks at a page that is still drawing."""


async def read(
    page: Page,
    zone: ZoneInfo,
    *,
    day: date | None = None,
    heard: Watch | None = None,
    seconds: float = 15,
) -> Graph:
    """Return the points of the page's chart, with what agreed on them and what is in doubt.

    `zone` is the portal's, `day` the one that was asked for, `heard` what `watch` made before the
    page was loaded: without it replies are not looked through and no canvas can be measured.
    The page gets `seconds` to draw. Raises Transient for a chart that does not load, Drift where
    there is none, or only an image of one, or one that cannot be read, and BadData where it shows
    another day than was asked for.
    """
    drawn = await ready(page, seconds)
    shown = _day(drawn)
    _same_day({shown} if shown else set(), day)
    raws = await strategies(page, drawn, heard)
    readings = {
        name: [(_series(name, raw, drawn, zone, shown), raw) for raw in found]
        for name, found in raws.items()
        if found
    }
    if not readings:
        raise Drift(
            State.PORTAL_CHANGED,
            f"The chart at {_where(page)} gives no points by any way of reading it"
            f" ({', '.join(STRATEGIES)}); look at it in a browser.",
        )
    series = {name: [s for s, _ in found] for name, found in readings.items()}
    best = max(series, key=lambda n: (_has_hours(series[n]), len(series[n]) if n in KNOWING else 0))
    _same_day({p.wall.date() for s in series[best] for p in s.points[:-1] if p.wall}, day)
    graph = _judged(best, series, drawn.totals)
    resolved = hours.resolve(placed(readings[best][0][1]).places, zone, shown)
    return replace(
        graph,
        doubts=graph.doubts + tuple(Doubt(rule, message) for rule, message in resolved.doubts),
        missing=hours.lacking(resolved.whens, zone),
    )


async def strategies(
    page: Page, drawn: Drawn, heard: Watch | None, names: Sequence[str] = STRATEGIES
) -> dict[str, list[Raw]]:
    """Return what each strategy finds, in their rank.

    The scan of the memory, which takes longer than all before it, and the sweep, which takes
    seconds, are made only where fewer than two others answer, or where they are all that is named.
    """
    found: dict[str, list[Raw]] = {}
    for name in names:
        if name == "received":
            found[name] = await received.read(page, drawn, heard)
        elif name == "objects":
            found[name] = await objects.read(page, drawn)
        elif name == "labels":
            found[name] = await labels.read(page)
        elif name == "geometry":
            found[name] = geometry.read(drawn)
    if "heap" in names and sum(map(bool, found.values())) < 2:
        found["heap"] = await heap.read(page, drawn)
    if "tips" in names and sum(map(bool, found.values())) < 2:
        found["tips"] = await tips.read(page, drawn)
    return {name: found[name] for name in STRATEGIES if name in found}


async def ready(page: Page, seconds: float) -> Drawn:
    """Look until a chart is there and stays as it is; bars without heights may still grow."""
    since = time.monotonic()
    end = since + seconds
    last, drawn = None, await look(page)
    while (now := time.monotonic()) < end:
        since = since if last == drawn.groups else now
        still = last == drawn.groups and (not drawn.flat or now - since > FLAT_SECONDS)
        if drawn.charts and not drawn.busy and drawn.groups and still:
            return drawn
        last = drawn.groups
        await asyncio.sleep(POLL)
        drawn = await look(page)
        if not drawn.busy and not drawn.charts and drawn.images:
            break
    if drawn.charts and not drawn.busy:
        return drawn
    if drawn.busy:
        raise Transient(
            State.PORTAL_DOWN,
            f"The chart at {_where(page)} was still loading after {seconds:.0f} s;"
            " try again later.",
        )
    what = "only an image of a chart" if drawn.images else "no chart"
    raise Drift(
        State.PORTAL_CHANGED,
        f"Looked for a chart at {_where(page)} and found {what}; open the page in a browser"
        " to see what it shows now.",
    )


def _where(page: Page) -> str:
    return page.url.split("?")[0].split("#")[0]


def _day(drawn: Drawn) -> date | None:
    """Return the one day that the page says it shows: by its date field, its drawing, its text."""
    tiers = (
        drawn.dates,
        [w.text for w in drawn.words if w.drawn],
        [w.text for w in drawn.words],
    )
    for texts in tiers:
        found = {day for text in texts for day in hours.dates(text)}
        if len(found) == 1:
            return found.pop()
    return None


def _same_day(shown: set[date], day: date | None) -> None:
    if day and shown and shown != {day}:
        raise BadData(
            State.NO_DATA,
            f"The graph shows {', '.join(map(str, sorted(shown)))}, not {day}, which was asked for;"
            " nothing of it is taken.",
        )


def _series(name: str, raw: Raw, drawn: Drawn, zone: ZoneInfo, day: date | None) -> Series:
    raw = placed(raw)
    whens = hours.resolve(raw.places, zone, day).whens
    marks = legend.marks(raw, drawn)
    points = tuple(
        Point(when.label, when.wall, when.ordinal, when.instant, value, mark)
        for when, value, mark in zip(whens, raw.values, marks, strict=True)
    )
    return Series(raw.name, raw.unit or drawn.unit, points, name, raw.source, raw.precision)


def _has_hours(found: Sequence[Series]) -> bool:
    return any(p.wall for s in found for p in s.points)


def _judged(best: str, series: Mapping[str, list[Series]], totals: Sequence[Decimal]) -> Graph:
    mine = series[best]
    told = {n: crosscheck.compare(mine, found) for n, found in series.items() if n != best}
    doubts = [doubt for doubt in told.values() if doubt]
    agrees, differs = crosscheck.check_total(mine, totals)
    agreed = [name for name, doubt in told.items() if doubt is None] + ["total"] * agrees
    doubts += [differs] if differs else []
    if not _has_hours(mine):
        message = "The graph does not say which day or hour its points are of."
        doubts.append(Doubt("no-hours", message))
    if best == "geometry" and not agrees:
        message = (
            "The points are only measured from the drawing, and no printed total agrees with"
            " them: they are not to be stored."
        )
        doubts.append(Doubt("measured-only", message))
    elif not agreed:
        message = f"Only {best} could read the graph: nothing confirms it."
        doubts.append(Doubt("not-checked", message))
    return Graph(tuple(mine), best, tuple(agreed), tuple(doubts))
