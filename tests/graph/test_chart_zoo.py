"""Real chart libraries, each with its global and bundled without one, are read exactly."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import run_async

sys.path.insert(0, str(Path(__file__).parent.parent))
from charts.libraries import LIBRARIES, missing
from charts.zoo import opened

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

NAMES = ("received", "objects", "geometry", "heap")
CASE = {"global": "spring", "bundled": "autumn-labels"}
OTHER = {("nivo", "global"): "gaps", ("highcharts", "bundled"): "gaps"}
"""Pages of another case: of both signs Nivo draws nothing, and Highcharts leaves out flat bars."""
ODD = (
    ("highcharts", "bundled", "autumn-labels"),
    ("plotly", "bundled", "autumn"),
    ("kendo", "bundled", "autumn"),
    ("nivo", "global", "spring"),
    ("nivo", "bundled", "autumn"),
)
"""Pages whose charts leave out flat bars, pile or join those of one label, or draw none."""

OFF = {("apexcharts", "bundled"): "ApexCharts draws bars of both signs 1.7 % longer than its axis"}


@pytest.fixture(scope="module")
def zoo() -> Mapping[tuple[str, ...], dict[str, str]]:
    """Grade one page a library and kind with one browser."""
    pages = {
        (name, kind): (name, kind, OTHER.get((name, kind), case))
        for name in LIBRARIES
        for kind, case in CASE.items()
    }

    async def all_pages() -> dict[tuple[str, ...], dict[str, str]]:
        async with opened() as grades:
            told = {key: await grades(*page, NAMES) for key, page in pages.items()}
            return told | {page: await grades(*page, NAMES) for page in ODD}

    return run_async(all_pages())


@pytest.mark.parametrize("kind", CASE)
@pytest.mark.parametrize("name", LIBRARIES)
def test_values_and_hours_are_exact_by_two_strategies(
    zoo: Mapping[tuple[str, ...], dict[str, str]], name: str, kind: str
) -> None:
    grades = zoo[name, kind]
    assert list(grades.values()).count("exact") >= 2, grades


@pytest.mark.parametrize("page", ODD, ids=" ".join)
def test_a_chart_that_does_not_draw_every_hour_is_exact_by_two_strategies(
    zoo: Mapping[tuple[str, ...], dict[str, str]], page: tuple[str, ...]
) -> None:
    assert list(zoo[page].values()).count("exact") >= 2, zoo[page]


@pytest.mark.parametrize("kind", CASE)
@pytest.mark.parametrize("name", LIBRARIES)
def test_what_is_measured_is_within_half_a_percent_or_not_told(
    zoo: Mapping[tuple[str, ...], dict[str, str]], name: str, kind: str
) -> None:
    if (name, kind) in OFF:
        pytest.skip(OFF[name, kind])
    assert zoo[name, kind]["geometry"].split(",")[0] in {"exact", "within", "none"}
