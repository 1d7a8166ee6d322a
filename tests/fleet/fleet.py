"""Puts a thousand members through three workers that are killed, and prints what it took.

`fleet.py --members 1000` also compares workers with one alone, and measures one that has 1, 5, 10
and 20 members side by side; `--only` does one of the three.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from crew import Figures, crew, disturbed
from rich.console import Console
from rich.table import Table

TICKS = os.sysconf("SC_CLK_TCK")
PLENTY = 10_000
"""Requests in ten seconds where nothing is to wait for its turn."""


@dataclass
class Load:
    """What a worker and all that it started use."""

    mib: float = 0.0
    """Most memory at one time, what is shared counted once."""
    cpu: float = 0.0
    """Seconds of one core so far."""

    def look(self, pid: int) -> None:
        """Measure them as they are now."""
        tree = list(_tree(pid))
        with suppress(OSError):
            self.cpu = max(self.cpu, sum(map(_seconds, tree)))
        self.mib = max(self.mib, sum(map(_mib, tree)))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for file in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, file.read_text().split())
    return found


def _mib(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _seconds(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, stat[11:15])) / TICKS


def undisturbed(each: int, workers: int, side_by_side: int = 4) -> tuple[Figures, Load]:
    """Harvest everybody once; the load is that of the first worker."""
    figures, load = Figures(5 * each, workers), Load()
    with crew(5, each, PLENTY) as made:
        for _ in range(workers):
            made.hire(side_by_side)
        made.until_begun(workers)  # what it takes to start is not what is compared
        made.enqueue()
        first = made.workers[0].pid
        figures.seconds = made.until_done(3600, lambda _: load.look(first))
        made.dismiss()
        made.judge(figures, made.close())
    return figures, load


def killed(options: argparse.Namespace) -> list[str]:
    """Print what became of a disturbed night."""
    told = disturbed(
        options.portals,
        options.members // options.portals,
        workers=3,
        limit=options.limit,
        kills=options.members,
        kill_every=30,
        restart_at=60,
        seconds=7200,
    )
    Console().print(told.table())
    return told.wrong


def scaling(_options: argparse.Namespace) -> list[str]:
    """Print how long one worker takes and how long three."""
    one, _ = undisturbed(8, 1)
    three, _ = undisturbed(8, 3)
    told = Table("workers", "members", "seconds", "times as fast", box=None, pad_edge=False)
    for figures in (one, three):
        times = f"{one.seconds / figures.seconds:.2f}"
        told.add_row(f"{figures.workers}", f"{figures.members}", f"{figures.seconds:.0f}", times)
    Console().print(told)
    return one.wrong + three.wrong


def side_by_side(_options: argparse.Namespace) -> list[str]:
    """Print what a worker uses by how many members it has at the same time."""
    heads = ("side by side", "members", "seconds", "MiB at most", "cores", "core seconds a member")
    told, wrong = Table(*heads, box=None, pad_edge=False), []
    for beside, each in ((1, 1), (5, 2), (10, 4), (20, 8)):
        figures, load = undisturbed(each, 1, beside)
        row = (beside, figures.members, figures.seconds, load.mib,
               load.cpu / figures.seconds, load.cpu / figures.members)  # fmt: skip
        told.add_row(*(f"{x}" if isinstance(x, int) else f"{x:.1f}" for x in row))
        wrong += figures.wrong
    Console().print(told)
    return wrong


PARTS = {"killed": killed, "scaling": scaling, "side-by-side": side_by_side}

if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--members", type=int, default=1000)
    asked.add_argument("--portals", type=int, default=5)
    asked.add_argument("--limit", type=int, default=30, help="of requests in ten seconds")
    asked.add_argument("--only", choices=PARTS, help="default: all three")
    given = asked.parse_args()
    parts = [part for name, part in PARTS.items() if given.only in {None, name}]
    sys.exit("\n".join(sentence for part in parts for sentence in part(given)) or 0)
