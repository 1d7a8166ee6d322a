"""The chart libraries of the zoo: their own scripts with a global, and bundles without one."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
DRAW = HERE / "draw"
INSTALLED = HERE.parent.parent / ".venv" / "charts"
BUILT = INSTALLED / "built"


@dataclass(frozen=True)
class Library:
    """How one library is loaded: `imports` make `lib` in a bundle, `scripts` in a page.

    A library that ships no script for pages gets one that is bundled with a global.
    """

    imports: str
    lib: str
    scripts: tuple[str, ...] = ()
    style: str = ""


_REACT = 'import * as React from "react"; import {createRoot as create} from "react-dom/client";'

LIBRARIES = {
    "highcharts": Library(
        'import lib from "highcharts"; import "highcharts/modules/accessibility.js";', "Highcharts",
        ("highcharts/highcharts.js", "highcharts/modules/accessibility.js")),
    "chartjs": Library(
        'import Chart from "chart.js/auto"; const lib = Chart;', "Chart",
        ("chart.js/dist/chart.umd.min.js",)),
    "echarts": Library(
        'import * as lib from "echarts";', "echarts", ("echarts/dist/echarts.min.js",)),
    "plotly": Library(
        'import lib from "plotly.js-basic-dist-min";', "Plotly",
        ("plotly.js-basic-dist-min/plotly-basic.min.js",)),
    "apexcharts": Library(
        'import lib from "apexcharts";', "ApexCharts", ("apexcharts/dist/apexcharts.min.js",)),
    "amcharts5": Library(
        'import * as core from "@amcharts/amcharts5";'
        'import * as xy from "@amcharts/amcharts5/xy"; const lib = {core, xy};',
        "{core: am5, xy: am5xy}"),
    "amcharts4": Library(
        'import * as core from "@amcharts/amcharts4/core";'
        'import * as charts from "@amcharts/amcharts4/charts"; const lib = {core, charts};',
        "{core: am4core, charts: am4charts}"),
    "d3": Library('import * as lib from "d3";', "d3", ("d3/dist/d3.min.js",)),
    "kendo": Library(
        'import lib from "jquery-global";'
        'import "../../node_modules/@progress/kendo-ui/umd/kendo.all.min.js";', "jQuery",
        ("jquery/dist/jquery.min.js", "@progress/kendo-ui/umd/kendo.all.min.js")),
    "devextreme": Library(
        'import lib from "devextreme/viz/chart";', "DevExpress.viz.dxChart",
        ("devextreme-dist/js/dx.all.js",)),
    "flot": Library(
        'import lib from "jquery-global"; import "flot";', "jQuery",
        ("jquery/dist/jquery.min.js", "flot/dist/es5/jquery.flot.js")),
    "jqplot": Library(
        'import lib from "jquery-global"; import "jqplot/jquery.jqplot.min.js";', "jQuery",
        ("jquery/dist/jquery.min.js", "jqplot/jquery.jqplot.min.js")),
    "dygraphs": Library(
        'import lib from "dygraphs";', "Dygraph", ("dygraphs/dist/dygraph.min.js",),
        "dygraphs/dist/dygraph.css"),
    "uplot": Library(
        'import lib from "uplot";', "uPlot", ("uplot/dist/uPlot.iife.min.js",),
        "uplot/dist/uPlot.min.css"),
    "c3": Library(
        'import lib from "c3";', "c3", ("c3/node_modules/d3/dist/d3.min.js", "c3/c3.min.js"),
        "c3/c3.css"),
    "billboard": Library(
        'import bb, {bar} from "billboard.js"; const lib = {bb, bar};', "{bb}",
        ("billboard.js/dist/billboard.pkgd.min.js",), "billboard.js/dist/billboard.css"),
    "recharts": Library(
        f'{_REACT} import * as R from "recharts"; const lib = {{React, create, R}};', "lib"),
    "nivo": Library(f'{_REACT} import {{Bar}} from "@nivo/bar";const lib = {{React, create, Bar}};',
                    "lib"),
}  # fmt: skip
"""By the names of their files in draw/. Google Charts has no package that holds its code."""


def missing() -> str:
    """Return why the libraries are not to be had; empty where they are."""
    if (INSTALLED / "node_modules" / "esbuild").is_dir():
        return ""
    return "the chart libraries are not installed: make .venv/charts, which needs npm"


def build() -> Path:
    """Bundle each library with its drawing, unless that is done; return the folder."""
    sources = [Path(__file__), *DRAW.glob("*.js")]
    stamp = BUILT / "built"
    if stamp.exists() and stamp.stat().st_mtime > max(s.stat().st_mtime for s in sources):
        return BUILT
    entries = BUILT / "entries"
    entries.mkdir(parents=True, exist_ok=True)
    jquery = INSTALLED / "node_modules" / "jquery-global"
    jquery.mkdir(exist_ok=True)
    (jquery / "index.js").write_text(
        'import $ from "jquery"; window.$ = window.jQuery = $; export default $;', encoding="utf-8"
    )
    for name, library in LIBRARIES.items():
        drawing = f'import "{DRAW / name}.js";'
        hidden = f"{library.imports} {drawing} window.drawNow = d => draw(lib, chart, d);"
        (entries / f"{name}.bundled.js").write_text(hidden, encoding="utf-8")
        if not library.scripts:
            shown = f"{library.imports} {drawing} window.lib = lib;" + "".join(
                f"window.{pair.split(': ')[1]} = lib.{pair.split(': ')[0]};"
                for pair in library.lib.strip("{}").split(", ")
                if ":" in pair
            )
            (entries / f"{name}.global.js").write_text(shown, encoding="utf-8")
    esbuild = INSTALLED / "node_modules" / ".bin" / "esbuild"
    command = [str(esbuild), *sorted(map(str, entries.glob("*.js"))), "--bundle",
               "--minify", "--format=iife", f"--outdir={BUILT}", "--log-level=error",
               '--define:process.env.NODE_ENV="production"', "--loader:.css=empty"]  # fmt: skip
    subprocess.run(command, check=True, cwd=INSTALLED)
    stamp.touch()
    return BUILT


def page(name: str, *, bundled: bool) -> str:
    """Return a page that loads a library and draws what /data answers."""
    library = LIBRARIES[name]
    if bundled:
        scripts, call = [f"/built/{name}.bundled.js"], "drawNow(d)"
    else:
        scripts = [f"/modules/{script}" for script in library.scripts]
        scripts += [f"/draw/{name}.js"] if scripts else [f"/built/{name}.global.js"]
        call = f"draw({library.lib}, chart, d)"
    style = f'<link rel="stylesheet" href="/modules/{library.style}">' if library.style else ""
    tags = "".join(f'<script src="{script}"></script>' for script in scripts)
    return (
        f"<!DOCTYPE html><meta charset=utf-8><title>{name}</title>{style}"
        '<div id="chart" style="width:900px;height: 600px"></div>'
        f"{tags}<script>fetch('/data' + location.search).then(r => r.json()).then(d => {call})"
        "</script>"
    )
