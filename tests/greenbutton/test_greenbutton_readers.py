"""Readers that know nothing of this project read the same hours out of what it writes."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
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
@pytest.mark.skipif(
    not find_spec("toposort"),
    reason="xsdata cannot generate classes here: its extra `cli` is not installed",
)
def test_classes_made_from_the_schema_read_the_same_hours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = SCHEMAS / "4.0" / "all_espi.xsd"
    command = [sys.executable, "-m", "xsdata", "generate", str(schema), "--package", "espi_made"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert made_rows(tmp_path, monkeypatch) == known()
