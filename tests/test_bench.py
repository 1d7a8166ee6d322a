"""A bench that cannot fail is none: a goal that is missed is shown, and is the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import report
from bench.lines import Line, beside, interleaved

ABOUT = {"machine": "a machine", "pace": "off"}
MET = Line("one case", "its floor", 1.2, "x", "<=", 1.25)
MISSED = Line("another <case>", "its peer", 4.9, "x", ">=", 5.0)


@pytest.mark.parametrize(("lines", "code"), [([MET], 0), ([MET, MISSED], 1), ([MISSED], 1)])
def test_one_goal_that_is_missed_is_the_exit_code(
    lines: list[Line], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report.tell(lines, ABOUT, tmp_path) == code
    told = json.loads((tmp_path / "report.json").read_text())
    assert [line["met"] for line in told["lines"]] == [line is MET for line in lines]
    assert ("MISSED" in capsys.readouterr().out) is bool(code)
    assert ET.parse(tmp_path / "report.svg").getroot().tag.endswith("svg")  # noqa: S314 - our own


def test_a_busy_machine_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report.tell([MET], ABOUT | {"load before": "0.1"}, tmp_path)
    assert "busy" not in capsys.readouterr().out
    report.tell([MET], ABOUT | {"load before": "4096"}, tmp_path)
    assert "busy" in capsys.readouterr().out


def test_what_is_no_number_meets_no_goal() -> None:
    for bound in ("<=", ">="):
        assert not Line("case", "", float("nan"), "s", bound, 1.0).met


def test_ratios_are_of_medians_and_either_way_round() -> None:
    times = {"own": [2.0, 3.0, 90.0], "floor": [2.0, 2.0, 1.0]}
    assert beside("case", times, "own", "floor", "<=", 1.5).value == 1.5
    assert beside("case", times, "floor", "own", ">=", 1.5).value == 1.5


def test_rounds_take_turns() -> None:
    turns: list[str] = []
    ticks = iter(range(100))
    ways = {name: lambda name=name: turns.append(name) for name in ("own", "floor")}
    times = interleaved(ways, 3, lambda: next(ticks))
    assert turns == ["own", "floor"] * 3
    assert times == {"own": [1, 1, 1], "floor": [1, 1, 1]}
