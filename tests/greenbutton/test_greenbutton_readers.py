"""Readers that know nothing of this project read the same hours out of what it writes."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from exported import SCHEMAS, SOLAR, home, needs_schemas, usage
from greenbutton_objects.parse import parse_feed
from xsdata.formats.dataclass.parsers import XmlParser

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
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it calls ruff
    subprocess.run(
        command, cwd=tmp_path, check=True, capture_output=True, env={**os.environ, "PATH": beside}
    )
    monkeypatch.syspath_prepend(tmp_path)
    made = import_module("espi_made")
    entries = [
        ({link.rel: link.href for link in entry.link if link.rel != "related"}, entry, told)
        for entry in XmlParser().parse(usage(SOLAR), made.Feed).entry
        for told in entry.content[0].content
    ]
    types = {
        links["self"]: told for links, _, told in entries if isinstance(told, made.ReadingType)
    }
    direction = {}
    for _, entry, told in entries:
        if isinstance(told, made.MeterReading):
            related = [link.href for link in entry.link if link.rel == "related"]
            (kind,) = (types[href] for href in related if href in types)
            direction |= dict.fromkeys(related, number(kind.flow_direction))
    rows = [
        (
            direction[links["up"]],
            *(number(n) for n in (r.time_period.start, r.time_period.duration, r.value)),
        )
        for links, _, told in entries
        if isinstance(told, made.IntervalBlock)
        for r in told.interval_reading
    ]
    assert sorted(rows) == known()


def number(told: object) -> int:
    """Return a number that is told as itself, as text or as a value of an enumeration."""
    return int(str(getattr(told, "value", told)))
