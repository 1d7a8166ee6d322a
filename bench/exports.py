"""Exports a home in every format: 24 months of one account, and many accounts in constant memory.

Floor of the Arrow table: the same columns out of `sqlite3` into arrays by hand.  Goals: 24 months
of an account as Arrow in under a second, and no format takes a tenth more memory for all accounts
than for a tenth of them.
"""

from __future__ import annotations

import argparse
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pyarrow as pa

from harvester.errors import State
from harvester.export import FORMATS
from harvester.filing import Store
from harvester.frames import Home
from harvester.model import Artifact, Bill, Component, Kind, LineItem, Statement

FIRST = datetime(2024, 6, 15, 5, tzinfo=UTC)
DAYS, DAYS_OF_MANY = 730, 31
SECONDS, GROWTH = 1.0, 1.1
DAY = timedelta(days=1)
KINDS = (Component.ACCESS, Component.DISTRIBUTION, Component.WHOLESALE_POWER, Component.TAX)


def filled(home: Path, accounts: int, days: int) -> Path:
    """Fill a home with delivered hours, of which every 97th has no value, and a bill a month."""
    store = Store(home)
    catalog = store.catalog
    run = catalog.begin_run("caec", "bench", "bench", FIRST)
    with catalog.transaction():
        for number in range(1, accounts + 1):
            account = catalog.account_id("caec", "bench", f"{number:010}")
            told = Artifact(Kind.INTERVAL, "", b"", "", "", FIRST)
            artifact = catalog.add_artifact(account, told, f"{number:064}", run).id
            catalog._write(
                f"INSERT INTO reading VALUES ({', '.join('?' * 13)})",
                [_row(account, artifact, hour) for hour in range(24 * days)],
            )
            for month in range(days // 30):
                _bill(store, account, artifact, f"{number:010}", month)
    catalog.close()
    return home


def _row(account: int, artifact: int, hour: int) -> tuple[object, ...]:
    day = date(2024, 6, 15) + (hour // 24) * DAY
    wh = None if hour % 97 == 0 else 10 * ((hour * 7919 + account) % 400)
    reason = "NO_DATA" if wh is None else None
    start = int(FIRST.timestamp()) + 3600 * hour
    label = f"{day:%m/%d/%Y} 12:00 AM"
    return (
        *(account, 1, start, f"5100{account:04}", 3600, wh, 14, reason, label, 0, f"{day}"),
        *(-18_000, artifact),
    )


def _bill(store: Store, account: int, artifact: int, number: str, month: int) -> None:
    until = date(2024, 7, 15) + 30 * month * DAY
    bill = Bill(number, "Regular", until, until + 20 * DAY, until, Decimal(900), Decimal("180.25"))
    lines = tuple(
        LineItem(kind, kind, Decimal(30), "days", Decimal("1.15"), Decimal("34.5"), 1, 0, 0)
        for kind in KINDS
    )
    statement = Statement(
        account=number,
        layout="bench@1",
        service_from=until - 30 * DAY,
        service_to=until,
        kwh=bill.net_kwh,
        current_charges=bill.amount,
        total=bill.amount,
        lines=lines,
    )
    store.catalog.upsert_bills(account, [bill], artifact)
    store.catalog.bill_pdf(account, bill, State.OK, artifact)
    store.catalog.upsert_statement(account, bill, statement, artifact)


def median(work: Callable[[], object]) -> float:
    """Return the median seconds of five times."""
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def by_hand(home: Path) -> pa.Table:
    """Return start and Wh of the first account without anything of ours."""
    rows = sqlite3.connect(home / "catalog.sqlite").execute(
        "SELECT direction, start, meter, seconds, wh, quality, reason, label, ordinal, local_day,"
        " utc_offset FROM reading WHERE account = 1 ORDER BY direction, start"
    )
    columns = zip(*rows.fetchall(), strict=True)
    return pa.table({f"{place}": pa.array(column) for place, column in enumerate(columns)})


def child(name: str, home: Path, accounts: int) -> tuple[float, float]:
    """Export the first accounts of a home in another process; return its seconds and MB."""
    with tempfile.TemporaryDirectory() as out:
        words = [sys.executable, "-m", "bench.exports", "--child", name, f"{home}", out]
        told = subprocess.run([*words, f"{accounts}"], check=True, capture_output=True, text=True)
    seconds, megabytes = map(float, told.stdout.split())
    return seconds, megabytes


def exported(name: str, home: Path, out: Path, accounts: int) -> None:
    """Be that process."""
    store = Store(home)
    write = import_module(FORMATS[name]).write
    start = time.perf_counter()
    write(store, store.catalog.accounts()[:accounts], None, out)
    seconds = time.perf_counter() - start
    # Not `ru_maxrss`: that begins with the peak of the process that started this one.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(seconds, int(peak) / 1024)


def main() -> int:
    """Print the table; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--formats", nargs="*", default=[*FORMATS])
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        name, home, out, accounts = options.child
        exported(name, Path(home), Path(out), int(accounts))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        one = filled(Path(folder) / "one", 1, DAYS)
        many = filled(Path(folder) / "many", options.accounts, DAYS_OF_MANY)
        opened = Home(one)
        own, floor = median(lambda: opened.readings("001")), median(lambda: by_hand(one))
        missed = own >= SECONDS
        print(f"24 months as Arrow: {own:.3f} s (goal < {SECONDS} s); by hand {floor:.3f} s")
        for name in options.formats:
            seconds, alone = child(name, one, 1)
            few, all_of_them = (
                child(name, many, count) for count in (options.accounts // 10, options.accounts)
            )
            growth = all_of_them[1] / few[1]
            missed = missed or growth > GROWTH
            print(
                f"{name:18} 24 months {seconds:6.2f} s {alone:4.0f} MB;"
                f" {options.accounts // 10} accounts {few[1]:4.0f} MB, {options.accounts}"
                f" {all_of_them[1]:4.0f} MB in {all_of_them[0]:.1f} s: {growth:.2f} times"
                f" (goal <= {GROWTH})"
            )
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
