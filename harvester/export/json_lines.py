"""JSON Lines: each table of `harvester.frames` in a file, each row an object on a line of its own.

Moments and days are ISO 8601, amounts are numbers as exact as they were told, and null is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from harvester.export.texts import text_file
from harvester.filing import Store
from harvester.frames import TABLES
from harvester.model import Window
from harvester.store.catalog import Entry

BATCH = 4096
"""Rows that are objects at the same time."""


def write(store: Store, accounts: Sequence[Entry], window: Window | None, out: Path) -> list[Path]:
    """Write `readings.jsonl`, `bills.jsonl` and so on, account after account."""
    files = {name: out / f"{name}.jsonl" for name in TABLES}
    with ExitStack() as stack:
        targets = {name: stack.enter_context(text_file(file)) for name, file in files.items()}
        for entry in accounts:
            for name, table_of in TABLES.items():
                for batch in table_of(store, entry, window).to_batches(max_chunksize=BATCH):
                    targets[name].writelines(
                        f"{json.dumps(row, default=_plain, ensure_ascii=False)}\n"
                        for row in batch.to_pylist()
                    )
    return list(files.values())


def _plain(value: object) -> float | str:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
