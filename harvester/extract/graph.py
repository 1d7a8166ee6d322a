"""The points of a day's graph as hours, taken only where nothing speaks against them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from harvester.errors import BadData, State
from harvester.extract.rows import Rows, Setting
from harvester.extract.usage import interval
from harvester.model import Artifact, Finding, Quality, Reading
from harvester.walk import Usage

KWH = {"kwh": Decimal(1), "wh": Decimal("0.001"), "mwh": Decimal(1000)}
REFUSING = {
    "strategies-differ", "total-differs", "series-missing", "measured-only", "no-hours",
    "hours-undecided",
}  # fmt: skip
"""Doubts that leave a day without a reading; the others are told beside its readings."""
ESTIMATED = {"estimated", "averaged", "estimate", "average"}
"""What legends call points that the portal made up."""


def hours(artifact: Artifact, setting: Setting) -> Rows:
    """Return the hours of one local day, of every meter that was shown.

    Wall time becomes instants just as that of a feed does.  A day of which any graph is in doubt,
    has another unit, or has series that the profile does not name, is a finding and no reading.
    """
    walked = setting.profile.walk.usage
    if walked is None:
        raise BadData(State.UNREADABLE, "The profile tells of no graph that this could be from.")
    day = artifact.about["first"]
    rows = Rows()
    try:
        for told in json.loads(artifact.content)["graphs"]:
            _take(artifact, setting, walked, told, rows)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        raise BadData(
            State.UNREADABLE, "What came home as a graph is not what it should be."
        ) from None
    if any(finding.rule.startswith("graph-") for finding in rows.findings):
        rows.readings.clear()
        rows.covered.clear()
    if day in artifact.about["missing"].split():
        rows.missing = frozenset({datetime.fromisoformat(day).date()})
        rows.covered = sorted(rows.missing)
    return rows


def _take(
    artifact: Artifact, setting: Setting, walked: Usage, told: Mapping[str, Any], rows: Rows
) -> None:
    """Add what one meter's graph says."""
    day = artifact.about["first"]

    def find(rule: str, message: str) -> None:
        rows.findings.append(Finding(artifact.account, rule, day, message))

    for doubt in told["doubts"]:
        refused = doubt["rule"] in REFUSING
        find("graph-doubt" if refused else "graph", doubt["message"])
    named = _named(told["series"], walked)
    if named is None:
        find("graph-series", "The graph has series that the profile does not name; none is taken.")
        return
    factors = {s["unit"].casefold() or walked.unit.casefold() for s in named.values()}
    if len(factors) != 1 or factors - KWH.keys():
        find("graph-unit", "The graph is not of energy in kWh, Wh or MWh; it is not taken.")
        return
    answer = {"d": {"Items": list(_items(named, KWH[factors.pop()]))}}
    as_fed = replace(artifact, content=json.dumps(answer).encode())
    hour = interval(as_fed, setting)
    marks = {
        (_label(point["wall"]), point["ordinal"])
        for series in named.values()
        for point in series["points"]
        if point["wall"] and point["mark"].casefold() in ESTIMATED
    }
    rows.readings += (_of_meter(r, told["meter"], marks) for r in hour.readings)
    rows.findings += hour.findings
    rows.covered = sorted({*rows.covered, *hour.covered})


def _of_meter(reading: Reading, meter: str, marks: Collection[tuple[str, int]]) -> Reading:
    made_up = (reading.label, reading.ordinal) in marks and reading.wh is not None
    quality = Quality.ESTIMATED if made_up else reading.quality
    return replace(reading, meter=meter or reading.meter, quality=quality)


def _named(series: Collection[Mapping[str, Any]], walked: Usage) -> dict[str, Any] | None:
    """Return the series by channel; None where it is not clear which is which."""
    known = {"KWH": walked.delivered, "GKWH": walked.received}
    found: dict[str, Any] = {}
    for one in series:
        ways = [c for c, names in known.items() if one["name"].casefold() in _folded(names)]
        if not ways and len(series) == 1:
            ways = ["KWH"]
        if len(ways) != 1 or ways[0] in found:
            return None
        found[ways[0]] = one
    return found if "KWH" in found else None


def _folded(names: Collection[str]) -> set[str]:
    return {name.casefold() for name in names}


def _items(named: Mapping[str, Any], factor: Decimal) -> Iterator[dict[str, str]]:
    """Yield the points as a feed's rows, in the order of the graph."""
    walls: dict[tuple[str, int], dict[str, str]] = {}
    for channel, series in named.items():
        for point in series["points"]:
            if point["wall"] is None:
                continue
            row = walls.setdefault((point["wall"], point["ordinal"]),
                                   {"UsageHourDate": _label(point["wall"])})  # fmt: skip
            row[channel] = "NaN" if point["value"] is None else _kwh(point["value"], factor)
    yield from walls.values()


def _kwh(value: str, factor: Decimal) -> str:
    return f"{Decimal(value) * factor:f}"


def _label(wall: str) -> str:
    return f"{datetime.fromisoformat(wall):%m/%d/%Y %I:%M %p}"
