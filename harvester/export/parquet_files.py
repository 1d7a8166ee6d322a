"""Parquet files for DuckDB, Polars and pandas, in folders that tell them what need not be read.

`readings/account=caec-001/month=2026-06/part-0.parquet`, by local month, and
`bills/account=caec-001/part-0.parquet` and so on for the other tables of `harvester.frames`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harvester.accounts import short_names
from harvester.export.files import whole_file
from harvester.filing import Store
from harvester.frames import TABLES
from harvester.model import Window
from harvester.store.catalog import Entry

PART = "part-0.parquet"


def write(store: Store, accounts: Sequence[Entry], window: Window | None, out: Path) -> list[Path]:
    """Write the tables of these accounts, in place of what an earlier export wrote of them.

    The folder's `account` is the short name, which is text for every reader; the whole number is
    in the column `account_number`.
    """
    names, written = short_names(store), []
    for entry in accounts:
        for name, table_of in TABLES.items():
            folder = out / name / f"account={names[entry.id]}"
            before = set(folder.rglob(PART))
            for part, table in _parts(name, table_of(store, entry, window)):
                file = folder / part
                with whole_file(file) as target:
                    pq.write_table(table, target, compression="zstd")
                written.append(file)
                before.discard(file)
            for stale in before:
                stale.unlink()
    return written


def _parts(name: str, table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Yield tables by their place in the account's folder."""
    if name != "readings":
        yield PART, table
        return
    months = pc.strftime(table["local_day"], "%Y-%m")
    for month in sorted(pc.unique(months).to_pylist()):
        yield f"month={month}/{PART}", table.filter(pc.equal(months, month))
