"""The hourly frame that OpenDSM and OpenEEmeter model a meter from, as Parquet.

`pandas.read_parquet` gives it with the local time as its index, `datetime`, and the column
`observed`, net kWh, NaN where there is no value.  They need `temperature` in °F beside it, which
whoever has a weather station joins.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from harvester.accounts import short_names
from harvester.export.files import whole_file
from harvester.filing import Store
from harvester.hours import hours, net_by_clock_hour, zone_of
from harvester.model import Window
from harvester.store.catalog import Entry

PANDAS = {
    "index_columns": ["datetime"],
    "column_indexes": [],
    "columns": [
        {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": numpy, "metadata": m}
        for name, kind, numpy, m in (
            ("observed", "float64", "float64", None),
            ("datetime", "datetimetz", "datetime64[ns]", None),
        )
    ],
}
"""What pandas reads of a file to know which column is the index."""


def write(store: Store, accounts: Sequence[Entry], window: Window | None, out: Path) -> list[Path]:
    """Write `caec-001.parquet` for each account; every hour of its local days is there."""
    names, written = short_names(store), []
    for entry in accounts:
        table = frame(store, entry, window)
        file = out / f"{names[entry.id]}.parquet"
        with whole_file(file) as target:
            pq.write_table(table, target, compression="zstd")
        written.append(file)
    return written


def frame(store: Store, entry: Entry, window: Window | None = None) -> pa.Table:
    """Return `observed`, kWh as float64, and `datetime`, the start of the hour in local time."""
    net = net_by_clock_hour(hours(store, entry, window))
    zone = zone_of(store, entry).key
    starts = pa.array(net, pa.int64()).cast(pa.timestamp("s", "UTC")).cast(pa.timestamp("ns", zone))
    observed = pa.array([None if wh is None else wh / 1000 for wh in net.values()], pa.float64())
    schema = pa.schema({"observed": pa.float64(), "datetime": starts.type})
    return pa.table(
        [observed, starts], schema.with_metadata({"pandas": json.dumps(PANDAS, sort_keys=True)})
    )
