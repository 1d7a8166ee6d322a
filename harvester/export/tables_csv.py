"""CSV in the layout that utilities' downloads share, one file for each account and direction.

The columns up to NOTES are theirs; those after them say exactly which hour it is.  Energy that was
received has a file of its own, as whoever reads that layout adds up everything in it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from harvester.accounts import short_names
from harvester.export.texts import text_file
from harvester.filing import Store
from harvester.hours import DIRECTIONS, Hour, hours, receives
from harvester.model import Direction, Quality, Window
from harvester.store.catalog import Entry

COLUMNS = (
    "TYPE", "DATE", "START TIME", "END TIME", "USAGE (kWh)", "COST", "NOTES",
    "account", "start_utc", "utc_offset", "meter", "direction", "quality", "reason",
)  # fmt: skip
TYPES = {Direction.DELIVERED: "Electric usage", Direction.RECEIVED: "Electric generation"}
MINUTE = timedelta(minutes=1)


def write(store: Store, accounts: Sequence[Entry], window: Window | None, out: Path) -> list[Path]:
    """Write `caec-001.csv` and, of an account that sends energy back, `caec-001-received.csv`.

    An hour ends at its last minute, as 00:59.  An hour without a value has an empty one and says in
    NOTES and `reason` why.  COST is empty: portals of this kind tell no cost of an hour.
    """
    names, written = short_names(store), []
    for entry in accounts:
        series = hours(store, entry, window)
        directions = [Direction.DELIVERED, *([Direction.RECEIVED] if receives(series) else [])]
        for direction in directions:
            suffix = "" if direction is Direction.DELIVERED else "-received"
            file = out / f"{names[entry.id]}{suffix}.csv"
            with text_file(file) as target:
                rows = csv.writer(target, lineterminator="\n")
                rows.writerow(COLUMNS)
                rows.writerows(_rows(entry, series, direction))
            written.append(file)
    return written


def _rows(entry: Entry, series: Sequence[Hour], direction: Direction) -> Iterator[Sequence[object]]:
    for hour in series:
        if hour.direction != direction:
            continue
        start, wh = hour.local, hour.wh
        yield (
            TYPES[direction],
            f"{start:%Y-%m-%d}",
            f"{start:%H:%M}",
            f"{start + timedelta(seconds=hour.seconds) - MINUTE:%H:%M}",
            "" if wh is None else kwh(wh),
            "",
            _note(hour),
            entry.number,
            f"{hour.utc:%Y-%m-%dT%H:%M:%SZ}",
            offset(hour.utc_offset),
            hour.meter,
            DIRECTIONS[hour.direction],
            hour.quality_name or "",
            hour.reason or "",
        )


def kwh(wh: int) -> str:
    """Return kWh with two decimals, or with three where it needs them."""
    return f"{wh / 1000:.3f}".removesuffix("0")


def offset(seconds: int) -> str:
    """Return an offset from UTC as `-05:00`."""
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"


def _note(hour: Hour) -> str:
    if hour.reason:
        return f"no value: {hour.reason}"
    return "estimated by the utility" if hour.quality == Quality.ESTIMATED else ""
