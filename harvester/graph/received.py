"""Strategy: data that the page received or holds, found by matching it to what the chart draws."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from playwright.async_api import Page

from harvester.graph.candidates import FEWEST, Table, choose, rows_table
from harvester.graph.drawn import Drawn
from harvester.graph.points import Raw
from harvester.graph.scripts import everywhere, read_json
from harvester.graph.watch import Watch

DEEP = 12
_DATE = re.compile(r"new Date\((\s*\d{4}(?:\s*,\s*\d+){1,6}\s*)\)")
_UTC = re.compile(r"Date\.UTC\((\s*\d{4}(?:\s*,\s*\d+){1,6}\s*)\)")
_OF_TEXT = re.compile(r"new Date\(\s*([\"'][^\"']+[\"']|\d{9,13})\s*\)")
_KEY = re.compile(r"([{,]\s*)([A-Za-z_$][\w$]*)\s*:")


async def read(page: Page, drawn: Drawn, watch: Watch | None) -> list[Raw]:
    """Look through replies that came since the watch began, scripts, data attributes and tables."""
    tables: list[Table] = []
    for name, text in await watch.texts() if watch else ():
        tables += _tables(text, name)
    for told in await everywhere(page, "inline.js"):
        for name, text in told["texts"]:
            tables += _tables(text, name)
        tables += filter(None, (_headed(rows) for rows in told["tables"]))
    return choose(tables, drawn)


def _tables(text: str, name: str) -> Iterator[Table]:
    with suppress(ValueError, RecursionError):
        yield from _inside(read_json(text), name)
        return
    if "<" not in text[:200] and text.count("\n") >= FEWEST:
        table = _comma_separated(text, name)
        if table:
            yield table
            return
    for found in _literals(text):
        with suppress(ValueError, RecursionError):
            yield from _inside(read_json(found), f"{name} (script)")


def _inside(value: Any, name: str, deep: int = 0) -> Iterator[Table]:  # noqa: ANN401
    """Walk JSON, also JSON in a string, and yield each list that may be rows or values."""
    if deep > DEEP:
        return
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        with suppress(ValueError):
            yield from _inside(read_json(value), name, deep + 1)
    elif isinstance(value, dict):
        yield from _lists(value, name, deep)
    elif isinstance(value, list):
        table = rows_table(value, name)
        yield from [table] if table else []
        if table is None or all(isinstance(row, dict) for row in value):
            for inner in value[:500]:
                yield from _inside(inner, name, deep + 1)


def _lists(value: dict[str, Any], name: str, deep: int) -> Iterator[Table]:
    """Yield an object's lists of one length as a table, and walk what else it holds."""
    columns: dict[int, dict[str, Any]] = {}
    for key, cells in value.items():
        bare = isinstance(cells, list) and not any(isinstance(c, dict | list) for c in cells)
        if bare and len(cells) >= FEWEST:
            columns.setdefault(len(cells), {})[key] = cells
        else:
            yield from _inside(cells, name, deep + 1)
    for lists in columns.values():
        yield Table(lists, name)


def _comma_separated(text: str, name: str) -> Table | None:
    lines = text.strip().splitlines()
    rows = list(csv.reader(io.StringIO(text.strip()), delimiter=";" if ";" in lines[0] else ","))
    return _headed([row for row in rows if row], name)


def _headed(rows: list[list[str]], name: str = "a table of the page") -> Table | None:
    """Return rows of text whose first one names the columns."""
    width = len(rows[0]) if rows else 0
    body = [row for row in rows[1:] if len(row) == width]
    if width < 2 or len(body) < FEWEST:
        return None
    heads = [head or str(n) for n, head in enumerate(rows[0])]
    cells = {head: [_bare(row[n]) for row in body] for n, head in enumerate(heads)}
    return Table(cells, name)


def _bare(cell: str) -> str | None:
    """Return a cell without a unit behind its number; None where it is empty."""
    number = re.fullmatch(r"\s*\$?(-?[\d,]*\.?\d+)\s*(?:kWh|MWh|Wh|kW)?\s*", cell, re.IGNORECASE)
    return number[1].replace(",", "") if number else cell.strip() or None


def _literals(text: str) -> Iterator[str]:
    """Yield the outermost lists of a script, as JSON as far as that can be made of them."""
    at = 0
    while (start := text.find("[", at)) >= 0:
        end = _closing(text, start)
        if end is None:
            at = start + 1
            continue
        found = text[start:end]
        if found.count(",") >= FEWEST - 1 and len(found) < 1_000_000:
            made = _as_json(found)
            with suppress(ValueError):
                read_json(made)
                yield made
                at = end
                continue
        at = start + 1


def _closing(text: str, start: int) -> int | None:
    """Return the place behind the bracket that closes this one; None where it holds a script."""
    depth, quote = 0, ""
    for at in range(start, min(len(text), start + 1_000_000)):
        letter = text[at]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "[{":
            depth += 1
        elif letter in "]}":
            depth -= 1
            if depth == 0:
                return at + 1
        elif letter in ";`":
            return None
    return None


def _as_json(text: str) -> str:
    def local(match: re.Match[str]) -> str:
        year, month, *more = (int(n) for n in match[1].split(","))
        day, hour, minute = (*more, *(1, 0, 0)[len(more) :])[:3]
        return f'"{year}-{month + 1:02}-{day:02} {hour:02}:{minute:02}"'

    def utc(match: re.Match[str]) -> str:
        return local(match)[:-1] + ':00Z"'

    made = _OF_TEXT.sub(lambda m: m[1], _DATE.sub(local, _UTC.sub(utc, text)))
    made = _KEY.sub(r'\1"\2":', made).replace("'", '"')
    made = re.sub(r"\b(?:NaN|undefined)\b", "null", made)
    made = re.sub(r"(?<=[\[,:\s])([-]?)\.(\d)", r"\g<1>0.\2", made)
    return re.sub(r",\s*([\]}])", r"\1", made)
