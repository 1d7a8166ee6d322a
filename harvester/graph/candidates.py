"""Finds the series among tables and lists of numbers: those that the page's chart draws."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from harvester.graph.drawn import Drawn, Group
from harvester.graph.fitting import Fit, fit, repeated
from harvester.graph.hours import clock
from harvester.graph.points import Epoch, Place, Raw
from harvester.graph.scripts import decimal

FEWEST = 12
"""Values that a series has at least: half a day of hours, a year of months."""
MOST = 20_000
AGAIN = 12
"""Values of which at most one repeats the place before it: an hour of a day of 25."""
SERIES = 6
"""Series that rows may have among each other at most."""
WIDEST = 12
"""Cells that a row without names has at most."""
LEAST_MS, MOST_MS = 631_152_000_000, 4_102_444_800_000
"""Milliseconds of the years 1990 and 2100: numbers between them are times."""
PLACES = 4
"""Decimal places that energy is given with at most."""


@dataclass(frozen=True)
class Table:
    """Cells by the names of their columns, all of one length, and where they were found."""

    columns: Mapping[str, Sequence[Any]]
    source: str


def place(cell: object) -> Place:
    """Return a cell as a place on a time axis: an epoch in ms or s, or a label."""
    if isinstance(cell, dict):
        cell = cell.get("ms")
    if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
        ms = int(cell)
        if LEAST_MS < ms < MOST_MS:
            return Epoch(ms)
        return Epoch(ms * 1000) if LEAST_MS < ms * 1000 < MOST_MS else None
    return cell if isinstance(cell, str) and cell.strip() else None


def timed(places: Sequence[Place]) -> bool:
    """Tell whether all places are epochs, or all are labels that say a time."""
    if not places or any(p is None for p in places):
        return False
    if all(isinstance(p, Epoch) for p in places):
        ms = [p.ms for p in places if isinstance(p, Epoch)]
        return all(a <= b for a, b in itertools.pairwise(ms)) and ms[0] < ms[-1]
    told = [clock(p) for p in places if isinstance(p, str)]
    return len(told) == len(places) and all(t.time is not None or t.day for t in told)


def rows_table(rows: Sequence[Any], source: str) -> Table | None:
    """Return rows, which are objects or lists, as columns; None for anything else."""
    if not FEWEST <= len(rows) <= MOST:
        return None
    if all(isinstance(row, dict) for row in rows):
        names = dict.fromkeys(name for row in rows for name in row)
        if set(names) == {"ms"}:
            return Table({"": rows}, source)
        return Table({str(n): [row.get(n) for row in rows] for n in names}, source)
    if all(isinstance(row, list) for row in rows):
        width = max(map(len, rows))
        even = 1 < width <= WIDEST and all(len(row) == width for row in rows)
        columns = {str(n): [row[n] for row in rows] for n in range(width)} if even else None
        return Table(columns, source) if columns else None
    bare = not any(isinstance(row, dict | list) for row in rows)
    return Table({"": rows}, source) if bare else None


def choose(tables: Iterable[Table], drawn: Drawn) -> list[Raw]:
    """Return the series that the chart draws; empty where nothing shows which they are.

    A series has places in time, its own or those of a list of its length, and either stands where
    the marks do, or sums up to a printed total. Where the page shows too few marks, a series
    must be the only one that is like a day of readings.
    """
    ranked: dict[int, list[Raw]] = defaultdict(list)
    fits: dict[Raw, Fit | None] = {}
    for raw in _series([part for table in tables for part in _parted(table)]):
        if repeated(raw) * AGAIN > len(raw.values) or raw in fits:
            continue
        fits[raw] = fit(raw, drawn)
        rank = _rank(raw, drawn, fits[raw])
        if rank:
            ranked[rank].append(raw)
    if not ranked:
        return []
    best = max(ranked)
    found = ranked[best] if best > 1 else _alone(ranked[best])
    return distinct(_longest(found, fits))


def _longest(found: Sequence[Raw], fits: Mapping[Raw, Fit | None]) -> list[Raw]:
    """Of lists that the same marks draw keep the longest: others are what a library made of it."""
    most: dict[Group, int] = defaultdict(int)
    for raw in found:
        if has := fits[raw]:
            most[has.group] = max(most[has.group], len(raw.values))
    return [raw for raw in found if not (has := fits[raw]) or len(raw.values) == most[has.group]]


def distinct(raws: Iterable[Raw]) -> list[Raw]:
    """Return each series once: that whose places and gaps are told best.

    Where one list has zeros and another gaps, the zeros are what a library made of the gaps.
    """
    kept: dict[tuple[Decimal, ...], Raw] = {}
    for raw in raws:
        values = tuple(v for v in raw.values if v)
        known = kept.get(values)
        if known is None or _told(raw) > _told(known):
            kept[values] = raw
    return list(kept.values())


def _told(raw: Raw) -> tuple[bool, bool, int, bool]:
    """Rank how much is known of a series' places and name."""
    return (
        timed(raw.places),
        any(isinstance(p, Epoch) or (p and clock(p).day) for p in raw.places),
        raw.values.count(None),
        bool(raw.name),
    )


def _rank(raw: Raw, drawn: Drawn, found: Fit | None) -> int:
    if found and found.on_axis:
        return 4
    places = max((-int(v.as_tuple().exponent) for v in raw.values if v is not None), default=0)
    total = sum((v for v in raw.values if v is not None), Decimal(0))
    if any(abs(total - t) <= unit_of(t) / 2 for t in drawn.totals) and timed(raw.places):
        return 3
    if found and abs(abs(found.scale.slope) - 1) > 0.001 and places <= PLACES:
        return 2 if timed(raw.places) else 0
    if any(len(g.marks) * 2 >= len(raw.values) and g.tall for g in drawn.groups):
        return 0  # what is drawn is something else, such as the day before of the same page
    return 1 if timed(raw.places) and places <= PLACES else 0


def unit_of(value: Decimal) -> Decimal:
    """Return one of a number's last printed place."""
    return Decimal(1).scaleb(int(value.as_tuple().exponent))


def _alone(found: Sequence[Raw]) -> Sequence[Raw]:
    return found if len({raw.values for raw in found}) == 1 else ()


def _series(tables: Sequence[Table]) -> Iterator[Raw]:
    """Pair columns of values with places: of their own table, else of a lone list as long."""
    lone: dict[int, list[tuple[Place, ...]]] = defaultdict(list)
    read = [(table, _places(table)) for table in tables]
    for _, (_, places) in read:
        if places:
            lone[len(places)].append(places)
    for table, (axis, places) in read:
        for name, cells in table.columns.items():
            values = tuple(map(decimal, cells))
            known = [v for v in values if v is not None]
            if name == axis or len(known) < FEWEST * 2 // 3 or not _varied(known):
                continue
            if sum(c is not None and c not in ("", "NaN") for c in cells) > len(known):
                continue
            if all(isinstance(place(cell), Epoch) for cell in cells if cell is not None):
                continue
            length = len(values)
            own = places or next(iter(lone[length]), ())
            yield Raw(name if not name.isdigit() else "", own or (None,) * length, values,
                      source=table.source)  # fmt: skip


def _parted(table: Table) -> Iterable[Table]:
    """Return the series that a table has among each other, told apart by a column of names."""
    for name, cells in table.columns.items():
        kinds = list(dict.fromkeys(cells)) if all(isinstance(c, str) for c in cells) else []
        if not 2 <= len(kinds) <= SERIES or min(map(cells.count, kinds)) < FEWEST:
            continue
        rows = {kind: [n for n, cell in enumerate(cells) if cell == kind] for kind in kinds}
        parts = {
            kind: Table({c: [v[n] for n in at] for c, v in table.columns.items() if c != name},
                        table.source)
            for kind, at in rows.items()
        }  # fmt: skip
        times = [set(_places(part)[1]) for part in parts.values()]
        if all(times) and len(set.union(*times)) <= max(map(len, times)):
            return [_named(part, kind) for kind, part in parts.items()]
    return [table]


def _named(table: Table, kind: str) -> Table:
    """Return a series' rows with its name on their one column of values, or before each."""
    axis = _places(table)[0]
    values = [c for c, v in table.columns.items() if c != axis and any(map(decimal, v))]
    return Table(
        {
            c if c not in values else kind if len(values) == 1 else f"{kind} {c}": v
            for c, v in table.columns.items()
        },
        table.source,
    )


def _places(table: Table) -> tuple[str | None, tuple[Place, ...]]:
    """Return a table's column of times, that with days first, and its places."""
    best: tuple[str | None, tuple[Place, ...]] = (None, ())
    for name, cells in table.columns.items():
        places = tuple(map(place, cells))
        if timed(places):
            first = places[0]
            dated = isinstance(first, Epoch) or (isinstance(first, str) and clock(first).day)
            if not best[1] or dated:
                best = (name, places)
            if dated:
                break
    return best


def _varied(known: Sequence[Decimal]) -> bool:
    """Tell whether numbers are more than a count, a constant or an even series."""
    steps = {b - a for a, b in itertools.pairwise(known)}
    return len(steps) > 2 and len(set(known)) > 2
