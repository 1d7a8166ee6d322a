"""Upserts readings into the catalog beside a bare `executemany` of the same rows.

Floor: `sqlite3` upserts the same rows into a table of the same schema with the same pragmas, one
transaction an account.
"""

from __future__ import annotations

import sqlite3
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.lines import Line, beside, interleaved
from harvester.model import Artifact, Direction, Kind, Quality, Reading
from harvester.store.catalog import Catalog
from harvester.store.usage import _KEY, _VALUE, _reading_row

ACCOUNTS, HOURS = 100, 17_520
FIRST = datetime(2024, 6, 15, 5, tzinfo=UTC)
DAY = timedelta(days=1)
GOAL = 0.5
_CHANGES = "SELECT total_changes()"
OWN, FLOOR = "catalog", "sqlite3 executemany"


def readings(account: int) -> list[Reading]:
    """Return two years of hours of an account."""
    return [
        Reading(
            account=f"{account:010}",
            meter=f"5100{account:04}",
            direction=Direction.DELIVERED,
            start=FIRST + number * timedelta(hours=1),
            seconds=3600,
            wh=10 * ((number * 7919 + account) % 400),
            quality=Quality.RAW,
            reason=None,
            label="06/11/2026 12:00 AM",
            ordinal=0,
            local_day=date(2024, 6, 15) + (number // 24) * DAY,
            utc_offset=-18_000,
        )
        for number in range(HOURS)
    ]


def opened(file: Path, accounts: int) -> Catalog:
    """Return a catalog with accounts and one artifact each."""
    catalog = Catalog(file)
    run = catalog.begin_run("caec", "bench", "bench", FIRST)
    for number in range(1, accounts + 1):
        account = catalog.account_id("caec", "bench", f"{number:010}")
        told = Artifact(Kind.INTERVAL, "", b"", "", "", FIRST)
        catalog.add_artifact(account, told, f"{number}", run)
    return catalog


def lines(_rounds: int) -> list[Line]:
    """Measure account by account, each way in turn; the same again must write nothing."""
    times: dict[str, list[float]] = {OWN: [], FLOOR: [], "the same again": []}
    written = 0
    with tempfile.TemporaryDirectory() as folder:
        own, floor = (opened(Path(folder) / f"{n}.sqlite", ACCOUNTS) for n in ("own", "floor"))
        bare = sqlite3.connect(floor.place, isolation_level=None)
        bare.execute("PRAGMA synchronous = FULL")
        upsert = _upsert()
        for account in range(1, ACCOUNTS + 1):
            told = readings(account)
            rows = [_reading_row(account, reading, account) for reading in told]

            def by_hand(rows: list[tuple[object, ...]] = rows) -> None:
                bare.execute("BEGIN IMMEDIATE")
                bare.executemany(upsert, rows)
                bare.execute("COMMIT")

            def ours(account: int = account, told: list[Reading] = told) -> object:
                return own.upsert_readings(account, told, account)

            for name, taken in interleaved({FLOOR: by_hand, OWN: ours}, 1).items():
                times[name] += taken
            changes = own._rows(_CHANGES)[0][0]
            times["the same again"] += interleaved({"": ours}, 1)[""]
            written += own._rows(_CHANGES)[0][0] - changes
        count = own._rows("SELECT count(*) FROM reading")[0][0]
        bare.close()
        floor.close()
        own.close()
    case = f"upsert of {count:,} readings"
    again = f"in {median(times['the same again']) / median(times[OWN]):.2f} of the time"
    return [
        beside(case, times, OWN, FLOOR, ">=", GOAL),
        Line(case, "rows written by the same again", written, "", "<=", 0, again),
    ]


def _upsert() -> str:
    names = f"{_KEY}, {_VALUE}, artifact".split(", ")
    values = ", ".join(f"{name} = excluded.{name}" for name in names[4:])
    return (
        f"INSERT INTO reading ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT ({_KEY}) DO UPDATE SET {values}"
    )
