"""Readers that know nothing of this project read the same hours out of what it writes."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from exported import SCHEMAS, SOLAR, home, needs_schemas, usage
from greenbutton_objects.parse import parse_feed

Row = tuple[int, int, int, int]
"""Direction, start in UTC seconds, duration and Wh."""


def known() -> list[Row]:
    (account,) = (e.id for e in home().catalog.accounts() if e.number == SOLAR)
    return sorted(
        (int(r.direction), int(r.start.timestamp()), r.seconds, r.wh)
        for r in home().catalog.readings(account)
        if r.wh is not None
    )


def test_greenbutton_objects_reads_the_same_hours() -> None:
    (point,) = parse_feed(str(usage(SOLAR)))
    told: list[Row] = [
        (
            meter.readingType.flowDirection.value,
            int(reading.timePeriod.start.timestamp()),
            int(reading.timePeriod.duration.total_seconds()),
            int(reading.value),
        )
        for meter in point.meterReadings
        for reading in meter.intervalReadings
    ]
    assert sorted(told) == known()


@needs_schemas
def test_classes_made_from_the_schema_read_the_same_hours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = SCHEMAS / "4.0" / "all_espi.xsd"
    command = [sys.executable, "-m", "xsdata", "generate", str(schema), "--package", "espi_made"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.syspath_prepend(tmp_path)
    made = importlib.import_module("espi_made")
    from xsdata.formats.dataclass.parsers import XmlParser  # noqa: PLC0415 - after they are made

    read = XmlParser().parse(usage(SOLAR), made.Feed)
    entries = [e for e in read.choice if isinstance(getattr(e, "value", e), made.EntryType)]
    assert entries
    raise AssertionError(repr(entries[3])[:3000])
