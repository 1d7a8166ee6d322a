"""Commands that read a chart off a page."""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sys
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from playwright.async_api import Error, Page
from rich.markup import escape

from harvester.browser import open_browser, open_context
from harvester.cli.common import settings_of, table, tell
from harvester.errors import Misconfigured, State, Transient
from harvester.graph import Graph, watch
from harvester.graph import read as read_graph
from harvester.graph.document import document, text
from harvester.graph.document import point as plain
from harvester.wire import Wire

SECONDS = 15
"""How long a page may take to draw its chart."""


def read(options: argparse.Namespace) -> int:
    """Print the points of a page's chart with the strategy and what agreed."""
    zone = _zone(options.zone)
    address, origins = _address(options.page)
    graph = asyncio.run(_read(address, origins, zone, options.day, settings_of(options).browser))
    if options.json:
        told = {"page": options.page.split("?", maxsplit=1)[0], **document(graph)}
        print(json.dumps(told, indent=1))
    elif options.csv:
        _write_csv(graph)
    else:
        _show(graph)
    return 0


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misconfigured(
            State.INVALID_PROFILE, f"{name!r} is no IANA time zone such as America/Chicago."
        ) from None


def _address(page: str) -> tuple[str, list[str]]:
    """Return what to open, and the origins that may be reached: none for a file."""
    parts = urlsplit(page)
    if parts.scheme in {"http", "https"} and parts.hostname:
        port = f":{parts.port}" if parts.port else ""
        return page, [f"{parts.scheme}://{parts.hostname}{port}"]
    file = Path(page)
    if not file.is_file():
        raise Misconfigured(
            State.INVALID_PROFILE,
            f"{page!r} is neither an http(s) address nor a file that can be read.",
        )
    return file.resolve().as_uri(), []


async def _read(
    address: str, origins: list[str], zone: ZoneInfo, day: date | None, browser: Path | None
) -> Graph:
    async with (
        open_browser(executable=browser) as chromium,
        Wire(origins) as wire,
        open_context(chromium, wire, time_zone=zone.key) as context,
    ):
        page = await context.new_page()
        heard = await watch(page)
        await _open(page, address)
        return await read_graph(page, zone, day=day, heard=heard, seconds=SECONDS)


async def _open(page: Page, address: str) -> None:
    where = address.split("?", maxsplit=1)[0]
    try:
        reply = await page.goto(address, wait_until="load")
    except Error:
        raise Transient(
            State.PORTAL_DOWN, f"{where} does not answer; look at it in a browser, or try later."
        ) from None
    if reply and reply.status >= 400:
        raise Transient(State.PORTAL_DOWN, f"{where} answers with HTTP {reply.status}; try later.")


def _write_csv(graph: Graph) -> None:
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["series", "unit", "wall", "ordinal", "instant", "label", "value", "mark",
                   "precision", "strategy", "agreed"])  # fmt: skip
    for series in graph.series:
        for told in map(plain, series.points):
            rows.writerow([series.name, series.unit, told["wall"], told["ordinal"], told["instant"],
                           told["label"], told["value"], told["mark"], text(series.precision),
                           graph.strategy, " ".join(graph.agreed)])  # fmt: skip
    for doubt in graph.doubts:
        print(doubt.message, file=sys.stderr)


def _show(graph: Graph) -> None:
    for series in graph.series:
        shown = table("hour", "value", "mark", right={"value"})
        for point in series.points:
            again = " (again)" if point.ordinal else ""
            hour = f"{point.wall:%Y-%m-%d %H:%M}{again}" if point.wall else escape(point.label)
            value = "no value" if point.value is None else f"{point.value:f}"
            shown.add_row(hour, value, escape(point.mark))
        print(f"{series.name or 'Series'} {series.unit}".strip())
        tell(shown)
        print(f"Sum {series.total:f}; each value within {series.precision:f}.\n")
    agreed = ", ".join(graph.agreed) or "nothing"
    print(f"Read by {graph.strategy} ({graph.series[0].source}); {agreed} agreed.")
    for hour in graph.missing:
        print(f"The graph lacks {hour}.")
    for doubt in graph.doubts:
        print(f"In doubt: {doubt.message}")
