"""Whether filing one thing costs the same however much there is: bills, years, accounts.

Each ratio is the time of one item in the large home over that in the small one, by the processor's
clock; only the newest items are timed, as a run adds them to what is there.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from statistics import median
from time import process_time

from bench.history import ACCOUNT, DAY, Desk, History, months
from bench.lines import Line
from harvester.model import Artifact
from harvester.sandbox.world import World

GOAL = 1.2
OPENED = date(2023, 12, 4)
SMALL_BILLS, LARGE_BILLS = 24, 240
SMALL_YEARS, LARGE_YEARS = 2, 10
ACCOUNTS = 10_000
DAYS_OF_MANY = 7
LATEST = 24
"""So many newest items are timed."""


def lines(_rounds: int) -> list[Line]:
    """Measure the three ways in which a home grows."""
    late = OPENED + 31 * (LARGE_BILLS + 2) * DAY
    world = World(today=late)
    with tempfile.TemporaryDirectory() as folder:
        homes = Path(folder)
        bills = _filed(_bills(homes / f"bills-{n}", world, n) for n in (SMALL_BILLS, LARGE_BILLS))
        years = _filed(_years(homes / f"years-{n}", world, n) for n in (SMALL_YEARS, LARGE_YEARS))
        accounts = _filed(
            _years(homes / f"accounts-{n}", world, SMALL_YEARS, others=n) for n in (0, ACCOUNTS - 1)
        )
    return [
        _line(f"growth: {SMALL_BILLS} -> {LARGE_BILLS} bills", "a bill", bills),
        _line(f"growth: {SMALL_YEARS} -> {LARGE_YEARS} years", "totals or hours of a month", years),
        _line(f"growth: 1 -> {ACCOUNTS:,} accounts", "totals or hours of a month", accounts),
    ]


def _line(case: str, item: str, taken: list[list[float]]) -> Line:
    small, large = map(median, taken)
    said = f"{1000 * large:.1f} ms beside {1000 * small:.1f} ms"
    raw = {"small": taken[0], "large": taken[1]}
    return Line(case, f"{item}, newest {LATEST}", large / small, "x", "<=", GOAL, said, raw)


def _filed(homes: Iterable[tuple[Desk, list[Artifact]]]) -> list[list[float]]:
    """File all but the newest into each home, then the newest into one and the other in turn."""
    desks, artifacts = zip(*homes, strict=True)
    for desk, some in zip(desks, artifacts, strict=True):
        for artifact in some[:-LATEST]:
            desk.file(artifact)
    taken: list[list[float]] = [[] for _ in desks]
    for turn in zip(*(some[-LATEST:] for some in artifacts), strict=True):
        for desk, artifact, times in zip(desks, turn, taken, strict=True):
            start = process_time()
            desk.file(artifact)
            times.append(process_time() - start)
    for desk in desks:
        desk.store.catalog.close()
    return taken


def _bills(home: Path, world: World, count: int) -> tuple[Desk, list[Artifact]]:
    """Return bills oldest first, which are listed two years at a time as the portal shows them."""
    desk, told = Desk.opened(home), History(world)
    sent = [*reversed(world.bills(ACCOUNT)[:count])]
    for last in range(SMALL_BILLS, count + 1, SMALL_BILLS):
        desk.file(told.listing([*reversed(sent[last - SMALL_BILLS : last])]))
    return desk, [*map(told.document, sent)]


def _years(home: Path, world: World, years: int, others: int = 0) -> tuple[Desk, list[Artifact]]:
    """Return totals and hours, oldest month first, beside so many accounts of other members."""
    desk, told = Desk.opened(home), History(world)
    if others:
        _filled(home / "catalog.sqlite", others)
    spans = reversed([*months(world.today, 365 * years)])
    return desk, [artifact for span in spans for artifact in told.usage(*span)]


def _filled(file: Path, others: int) -> None:
    """Add accounts with a week of hours each, and an artifact that told them."""
    db = sqlite3.connect(file, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("BEGIN")
    db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= ?)"
        " INSERT INTO account SELECT i, 'union-power', 'm' || i, printf('6%09d', i) FROM n",
        (others,),
    )
    db.execute(
        "INSERT INTO artifact SELECT id, id, 1, 'interval-usage', printf('%064d', id), '', '', 1,"
        " '{}' FROM account WHERE id > 1"
    )
    db.execute(
        "WITH RECURSIVE h(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM h WHERE i < ?)"
        " INSERT INTO reading SELECT id, 1, 1717200000 + 3600 * i, '5300', 3600, 10 * i, 14, NULL,"
        " '06/01/2024 12:00 AM', 0, date('2024-06-01', '+' || (i / 24) || ' days'), -18000, id"
        " FROM account JOIN h WHERE id > 1 ORDER BY id, i",
        (24 * DAYS_OF_MANY - 1,),
    )
    db.execute("COMMIT")
    db.close()
