"""Upserts readings into the catalog beside a bare `executemany` of the same rows.

Floor: `sqlite3` upserts the same rows into a table of the same schema with the same pragmas, one
transaction an account.  Goal: at least half as fast, and a repetition writes nothing.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from harvester.model import Artifact, Direction, Kind, Quality, Reading
from harvester.store.catalog import Catalog
from harvester.store.usage import _KEY, _VALUE, _reading_row

HOURS = 17_520
FIRST = datetime(2024, 6, 15, 5, tzinfo=UTC)
DAY = timedelta(days=1)
GOAL = 0.5


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


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> int:
    """Print the table; 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--accounts", type=int, default=100)
    accounts = parser.parse_args().accounts
    ratios, again, written, bare_seconds, own_seconds = [], [], 0, 0.0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        own, floor = (opened(Path(folder) / f"{n}.sqlite", accounts) for n in ("own", "floor"))
        bare = sqlite3.connect(floor.place, isolation_level=None)
        bare.execute("PRAGMA synchronous = FULL")
        upsert = _upsert()
        for account in range(1, accounts + 1):
            told = readings(account)
            rows = [_reading_row(account, reading, account) for reading in told]

            def by_hand(rows: list[tuple[object, ...]] = rows) -> None:
                bare.execute("BEGIN IMMEDIATE")
                bare.executemany(upsert, rows)
                bare.execute("COMMIT")

            def ours(account: int = account, told: list[Reading] = told) -> object:
                return own.upsert_readings(account, told, account)

            floor_time, own_time = timed(by_hand), timed(ours)
            bare_seconds, own_seconds = bare_seconds + floor_time, own_seconds + own_time
            ratios.append(floor_time / own_time)
            changes = own._db.total_changes
            again.append(timed(ours) / own_time)
            written += own._db.total_changes - changes
        count = own._rows("SELECT count(*) FROM reading")[0][0]
        bare.close()
        floor.close()
        own.close()
    speed = statistics.median(ratios)
    print(f"{count:,} readings; floor {bare_seconds:.1f} s, own {own_seconds:.1f} s")
    print(f"speed beside the floor: {speed:.2f} (goal >= {GOAL})")
    print(f"the same again: {statistics.median(again):.2f} of the time, {written} rows written")
    return 0 if speed >= GOAL and not written else 1


def _upsert() -> str:
    names = f"{_KEY}, {_VALUE}, artifact".split(", ")
    values = ", ".join(f"{name} = excluded.{name}" for name in names[4:])
    return (
        f"INSERT INTO reading ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT ({_KEY}) DO UPDATE SET {values}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
