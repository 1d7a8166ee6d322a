"""`graph read` gives points with their proof, or says in a sentence why there are none."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import apart

from harvester import cli

VALUES = [Decimal(n * n % 37) / 10 + 1 for n in range(24)]
TOTAL = sum(VALUES)
IMAGE = '<img width="600" height="300" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'


def main(arguments: list[str]) -> int:
    return apart(cli.main, arguments)


def chart(values: list[Decimal], averaged: frozenset[int] = frozenset()) -> str:
    """Draw bars of 60 pixels a unit on a labelled axis, as a portal's own script would."""
    bars = "".join(
        f'<rect x="{60 + n * 30}" width="20" y="{400 - v * 60}" height="{v * 60}"'
        f' fill="{"#e80" if n in averaged else "#26a"}"><title>{n}:00: {v} kWh</title></rect>'
        for n, v in enumerate(values)
    )
    ticks = "".join(
        f'<text x="40" y="{404 - v * 60}" text-anchor="end">{v}</text>' for v in range(6)
    )
    legend = '<rect x="600" y="10" width="12" height="12" fill="#e80"/>'
    legend += '<text x="620" y="20">Estimated</text>'
    return f'<svg width="800" height="440">{ticks}{bars}{legend}</svg>'


def saved(folder: Path, body: str) -> str:
    file = folder / "page.html"
    file.write_text(f"<!DOCTYPE html><meta charset=utf-8>{body}", encoding="utf-8")
    return str(file)


def test_a_saved_page_is_read_with_its_day_and_its_total(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = f"<h2>Thursday 06/11/2026</h2>{chart(VALUES)}<p>Total: {TOTAL} kWh</p>"
    assert main(["graph", "read", saved(tmp_path, body), "--json", "--day", "2026-06-11"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["strategy"] == "labels"
    assert set(told["agreed"]) == {"geometry", "total"}
    assert told["doubts"] == []
    (series,) = told["series"]
    assert series["unit"] == "kWh"
    assert [Decimal(p["value"]) for p in series["points"]] == VALUES
    assert series["points"][13]["wall"] == "2026-06-11T13:00:00"


def test_shadow_roots_and_frames_are_searched_and_csv_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = chart(VALUES).replace('"', "&quot;")
    frame = f'<iframe width="900" height="500" srcdoc="<h2>06/11/2026</h2>{inner}"></iframe>'
    shadow = (
        f'<h2>06/11/2026</h2><div><template shadowrootmode="open">{chart(VALUES)}</template></div>'
    )
    for body in (frame, shadow):
        assert main(["graph", "read", saved(tmp_path, body), "--csv"]) == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert [Decimal(row["value"]) for row in rows] == VALUES


def test_points_of_another_colour_are_marked_as_the_legend_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = f"<h2>06/11/2026</h2>{chart(VALUES, frozenset({3, 4}))}"
    assert main(["graph", "read", saved(tmp_path, body), "--json"]) == 0
    points = json.loads(capsys.readouterr().out)["series"][0]["points"]
    assert [n for n, p in enumerate(points) if p["mark"] == "estimated"] == [3, 4]


def test_a_total_that_does_not_agree_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = f"<h2>06/11/2026</h2>{chart(VALUES)}<p>Total: {TOTAL + 1} kWh</p>"
    assert main(["graph", "read", saved(tmp_path, body), "--json"]) == 0
    doubts = json.loads(capsys.readouterr().out)["doubts"]
    assert [d["rule"] for d in doubts] == ["total-differs"]


@pytest.mark.parametrize(
    "refused",
    [
        ("<h2>06/10/2026</h2>CHART", "2026-06-11", 3, "shows 2026-06-10, not 2026-06-11"),
        (IMAGE, None, 40, "only an image of a chart"),
        ("<p>Nothing here.</p>", None, 40, "no chart"),
    ],
)
def test_what_is_no_chart_of_the_day_gives_no_points_and_a_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    refused: tuple[str, str | None, int, str],
) -> None:
    body, day, code, sentence = refused
    monkeypatch.setattr("harvester.cli.graph.SECONDS", 2)
    asked = ["--day", day] if day else []
    page = saved(tmp_path, body.replace("CHART", chart(VALUES)))
    assert main(["graph", "read", page, *asked]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert sentence in told.err


def test_a_chart_that_never_loads_is_to_be_tried_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harvester.cli.graph.SECONDS", 1)
    page = saved(
        tmp_path, '<div role="status">Loading\u2026</div><svg width="800" height="400"></svg>'
    )
    assert main(["graph", "read", page]) == 30
    assert "still loading" in capsys.readouterr().err


ROWS = [[f"06/11/2026 {n}:00", float(v)] for n, v in enumerate(VALUES)]
GIVEN = f"<script>const given = {json.dumps(ROWS)};</script>"


@pytest.mark.parametrize("how", ["strokes", "late", "bound"])
def test_bars_that_are_strokes_or_grow_late_or_hold_other_numbers_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    body = chart(VALUES)
    if how == "strokes":
        body = re.sub(
            r'<rect x="(\d+)" width="20" y="([\d.]+)" height=.*?</rect>',
            r'<line x1="\1" x2="\1" y1="400" y2="\2" stroke="#26a" stroke-width="20"></line>',
            body,
        )
    elif how == "late":
        body = re.sub(
            r' y="([\d.]+)" height="([\d.]+)"', r' y="400" height="0" data-y="\1" data-h="\2"', body
        )
        body = re.sub("<title>.*?</title>", "", body)
        body += """<script>setTimeout(() => document.querySelectorAll('[data-h]').forEach(bar => {
            bar.setAttribute('height', bar.dataset.h); bar.setAttribute('y', bar.dataset.y); }),
            600)</script>"""
    else:
        body = re.sub("<title>.*?</title>", "", body)
        body += """<script>document.querySelectorAll('rect').forEach((bar, n) => {
            bar.__data__ = {y: n * n % 17, height: n * n % 29}; });</script>"""
    page = saved(tmp_path, f"<h2>06/11/2026</h2>{body}{GIVEN}")
    assert main(["graph", "read", page, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["strategy"], told["doubts"]) == ("received", [])
    assert "geometry" in told["agreed"]
    (series,) = told["series"]
    assert [Decimal(p["value"]) for p in series["points"]] == VALUES
