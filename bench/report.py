"""Tells what was measured, and on what machine: as a table, as JSON and as a plot."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.lines import Line
from harvester.browser import provide

FOLDER = Path(__file__).parent / "report"
PACE = "off, but for the case of the pace itself"
WIDTH, ROW, LABELS = 900, 22, 430


def machine() -> dict[str, str]:
    """Return what the figures depend on."""
    told = subprocess.run([provide(), "--version"], capture_output=True, text=True, check=True)
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores: {_cpu()}",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "browser": told.stdout.strip(),
        "playwright": version("playwright"),
        "sqlite": sqlite3.sqlite_version,
        "harvester": version("harvester"),
        "pace": PACE,
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }


def _cpu() -> str:
    told = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = (line.partition(":")[2].strip() for line in told.splitlines() if "model name" in line)
    return next(names, platform.processor())


def tell(lines: Sequence[Line], about: dict[str, str], folder: Path = FOLDER) -> int:
    """Print the table, write report.json and report.svg; return 1 if a goal is missed, else 0."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("Case", "Against", "Measured", "Goal", "", "Figures"):
        table.add_column(head, overflow="fold", justify="right" if head == "Measured" else "left")
    for line in lines:
        shown, verdict = f"{line.value:.3g} {line.unit}", "met" if line.met else "MISSED"
        goal = f"{line.bound} {line.goal:g} {line.unit}"
        style = None if line.met else "bold red"
        table.add_row(line.case, line.against, shown, goal, verdict, line.said, style=style)
    console = Console(width=None if os.isatty(1) else 150)
    console.print(table)
    console.print("; ".join(f"{name} {said}" for name, said in about.items()), highlight=False)
    if float(about.get("load before", "0")) > (os.cpu_count() or 1) / 2:
        console.print("The machine was busy before: times by the wall clock mean little.")
    folder.mkdir(exist_ok=True)
    told = [asdict(line) | {"met": line.met} for line in lines]
    (folder / "report.json").write_text(json.dumps({"about": about, "lines": told}, indent=1))
    (folder / "report.svg").write_text(plot(lines))
    return 0 if all(line.met for line in lines) else 1


def plot(lines: Sequence[Line]) -> str:
    """Return bars of how much of each goal is used up; the line across is the goal itself."""
    room, height = WIDTH - LABELS - 70, ROW * len(lines) + 20
    used = [_used(line) for line in lines]
    scale = room / max(1.5, min(max(used, default=1), 4))
    bars = "".join(
        f'<text x="{LABELS - 8}" y="{ROW * n + 25}" text-anchor="end">'
        f"{escape(f'{line.case}: {line.against}'[:66])}</text>"
        f'<rect x="{LABELS}" y="{ROW * n + 12}" width="{min(share * scale, room):.1f}"'
        f' height="{ROW - 8}" fill="{"#3a7d44" if line.met else "#b3261e"}"/>'
        f'<text x="{LABELS + min(share * scale, room) + 5:.1f}" y="{ROW * n + 25}">'
        f"{line.value:.3g} {escape(line.unit)}</text>"
        for n, (line, share) in enumerate(zip(lines, used, strict=True))
    )
    goal = LABELS + scale
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        f' font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
        f'{bars}<path d="M{goal:.1f} 4V{height}" stroke="#222" stroke-dasharray="4 3"/></svg>\n'
    )


def _used(line: Line) -> float:
    part = (line.value, line.goal) if line.bound == "<=" else (line.goal, line.value)
    return part[0] / part[1] if part[1] else float(part[0] > 0)
