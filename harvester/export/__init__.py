"""The formats that a home is exported to, each by the module that writes it.

A module's `write(store, accounts, window, out, **options)` writes files into the folder `out` and
returns them; the same data give the same bytes.
"""

from __future__ import annotations

FORMATS = {
    "csv": "harvester.export.tables_csv",
    "greenbutton": "harvester.export.greenbutton",
    "home-assistant": "harvester.export.home_assistant",
    "jsonl": "harvester.export.json_lines",
    "opendsm": "harvester.export.opendsm_frame",
    "parquet": "harvester.export.parquet_files",
    "portfolio-manager": "harvester.export.portfolio_manager",
    "utilityapi": "harvester.export.utilityapi",
    "xlsx": "harvester.export.workbook",
}
"""Names as they are asked for, and the modules that write them."""
