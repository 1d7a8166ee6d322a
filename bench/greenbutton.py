"""Writes 24 months of hours as Green Button beside a bare lxml loop over the same rows.

Floor: the rows are in memory already, and nothing but the same elements is made and written.  Time
is the processor's.  Goals: at most 2.5 times the floor, under 80 MB, and no more of it for more
accounts.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import process_time

from lxml import etree

from bench.upsert import opened, readings
from harvester.export.greenbutton import write
from harvester.filing import Store
from harvester.greenbutton.reader import ATOM, ESPI
from harvester.store.hours import Hour

ROUNDS = 5
GOAL = 2.5
MEGABYTES = 80
HOURS_A_BLOCK = 24


def filled(home: Path, accounts: int) -> None:
    """Make a home of so many accounts, each with two years of hours."""
    with opened(home / "catalog.sqlite", accounts) as catalog:
        for account in range(1, accounts + 1):
            catalog.upsert_readings(account, readings(account), account)


def floor(rows: list[Hour]) -> None:
    """Write the same elements with nothing around them."""
    names = {"e": ESPI, None: ATOM}
    make = etree.SubElement
    with etree.xmlfile(io.BytesIO(), encoding="utf-8") as file, file.element("feed"):
        for first in range(0, len(rows), HOURS_A_BLOCK):
            block = etree.Element(f"{{{ESPI}}}IntervalBlock", nsmap=names)  # type: ignore[arg-type]
            for hour in rows[first : first + HOURS_A_BLOCK]:
                reading = make(block, f"{{{ESPI}}}IntervalReading")
                quality = make(reading, f"{{{ESPI}}}ReadingQuality")
                make(quality, f"{{{ESPI}}}quality").text = str(hour.quality)
                period = make(reading, f"{{{ESPI}}}timePeriod")
                make(period, f"{{{ESPI}}}duration").text = str(hour.seconds)
                make(period, f"{{{ESPI}}}start").text = str(hour.start)
                make(reading, f"{{{ESPI}}}value").text = str(hour.wh)
            file.write(block)


def memory(home: Path, accounts: int) -> int:
    """Return the most megabytes that a program of its own needs to write so many accounts."""
    command = [sys.executable, "-m", "bench.greenbutton", "--write", str(home)]
    told = subprocess.run(
        [*command, "--accounts", str(accounts)], check=True, capture_output=True, text=True
    )
    return int(told.stdout)


def main() -> int:
    """Print the table; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--accounts", type=int, default=10)
    parser.add_argument("--write", type=Path, help="only write this home and print the memory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "out"
        if options.write:
            store = Store(options.write)
            write(store, store.catalog.accounts()[: options.accounts], None, out)
            # Not `ru_maxrss`: that begins with the peak of the process that started this one.
            (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
            print(int(peak) // 1024)
            return 0
        home = Path(place) / "home"
        filled(home, options.accounts)
        store = Store(home)
        first = store.catalog.accounts()[:1]
        rows = list(store.catalog.hours(first[0].id))
        bare, own = [], []
        for _ in range(ROUNDS):
            start = process_time()
            floor(rows)
            between = process_time()
            write(store, first, None, out)
            bare.append(between - start)
            own.append(process_time() - between)
        ratio = median(a / b for a, b in zip(own, bare, strict=True))
        one, many = memory(home, 1), memory(home, options.accounts)
    print(f"{len(rows):,} hours; floor {median(bare):.2f} s, own {median(own):.2f} s")
    print(f"times the floor: {ratio:.2f} (goal <= {GOAL})")
    print(f"memory: {one} MB for 1 account, {many} MB for {options.accounts} (goal < {MEGABYTES})")
    return 0 if ratio <= GOAL and many < MEGABYTES else 1


if __name__ == "__main__":
    raise SystemExit(main())
