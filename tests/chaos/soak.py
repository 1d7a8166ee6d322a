"""Kills backfills at random moments and goes on, and tells whether anything was ever lost.

`python tests/chaos/soak.py --rounds 100` prints its figures; a seed gives the same moments again.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from coop import Audit, Coop, Process, outcome
from rich.console import Console
from rich.table import Table

from harvester.profile import Pace
from harvester.store.audit import Trail

LIMIT = Pace().sign_ins_a_day
STAGES = {
    "artifact.archived bill-pdf": "in the bills",
    "artifact.archived interval-usage": "in the hours",
    "artifact.archived daily-usage": "in the hours",
    "run.started": "before the sign-in",
    "credentials.sent": "while signing in",
    "run.finished": "after the end",
}


@dataclass
class Figures:
    """What came of the rounds."""

    seed: int
    rounds: int = 0
    homes: int = 0
    """Homes that were made, each brought to its end and compared with the truth."""
    limited: int = 0
    """Runs that ended because the day's sign-ins were used up."""
    days: int = 0
    sign_ins: int = 0
    most_sign_ins: int = 0
    """On one day."""
    stages: dict[str, int] = field(default_factory=dict)
    """Where the kills fell."""
    orphans: int = 0
    parts: int = 0
    torn: int = 0
    slowest: float = 0.0
    """Seconds until nothing that a killed run had started was left."""
    undisturbed: float = 0.0
    seconds: float = 0.0
    moments: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def table(self) -> Table:
        """Return all of it for a person."""
        made = Table("what", "figure", box=None, pad_edge=False)
        rows = {
            "kill -9 of a backfill": self.rounds,
            **{f"  {stage}": count for stage, count in sorted(self.stages.items())},
            "homes brought to their end and compared": self.homes,
            "things lost, doubled or wrong": len(self.wrong),
            "files of the archive removed that no row names": self.orphans,
            "parts of files removed": self.parts,
            "torn lines of the trail repaired": self.torn,
            "days simulated": self.days,
            "sign-ins": self.sign_ins,
            f"most sign-ins a day (allowed {LIMIT})": self.most_sign_ins,
            "runs that waited for the next day": self.limited,
            "until all processes were gone, slowest": f"{self.slowest:.2f} s",
            "a backfill undisturbed": f"{self.undisturbed:.1f} s",
            "all of it": f"{self.seconds:.0f} s",
            "seed": self.seed,
        }
        for what, figure in rows.items():
            made.add_row(what, f"{figure}")
        for sentence in self.wrong:
            made.add_row("WRONG", sentence)
        return made


class Soak:
    """Rounds at one co-op, home after home."""

    def __init__(self, coop: Coop, folder: Path, seed: int) -> None:
        self.coop = coop
        self.figures = Figures(seed)
        self._folder = folder
        self._chance = random.Random(seed)  # noqa: S311 - moments, not secrets

    def run(self, rounds: int) -> Figures:
        """Kill so many backfills; each home is brought to its end and judged."""
        figures, began = self.figures, time.monotonic()
        figures.undisturbed = self._undisturbed()
        while figures.rounds < rounds:
            home = self._home()
            while not self._round(home, kill=figures.rounds < rounds):
                pass
            self._judge(home)
        figures.days = self.coop.day + 1
        figures.seconds = time.monotonic() - began
        days = [*self.coop.sign_ins, self.coop.counts.sign_ins.total()]
        figures.sign_ins, figures.most_sign_ins = sum(days), max(days)
        if figures.most_sign_ins > LIMIT:
            figures.wrong.append(f"{figures.most_sign_ins} sign-ins on one day")
        return figures

    def _home(self) -> Path:
        """Make a home, on a day of its own: a home counts its own sign-ins only."""
        self.figures.homes += 1
        home = self._folder / f"home-{self.figures.homes}"
        self.coop.make_home(home)
        if self.coop.counts.sign_ins:
            self.coop.next_day(home)
        return home

    def _undisturbed(self) -> float:
        home = self._home()
        began = time.monotonic()
        told, _ = self.coop.backfill(home, "--json").communicate()
        self._judge(home)
        assert outcome(told) == "OK", told
        return time.monotonic() - began

    def _round(self, home: Path, *, kill: bool) -> bool:
        """Start a backfill, kill it in time, and tell whether it came to its end before that."""
        before = len(_lines(home))
        posts = self.coop.counts.routes["sign-in"]
        process = self.coop.backfill(home, "--json")
        moment = self._chance.uniform(0.3, self.figures.undisturbed) if kill else None
        try:
            told, _ = process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            self._killed(process, moment or 0)
            stage = _stage(_lines(home)[before:])
            self.figures.stages[stage] = self.figures.stages.get(stage, 0) + 1
            return False
        state = outcome(told)
        if state == "RATE_LIMITED":
            self.figures.limited += 1
            if self.coop.counts.routes["sign-in"] != posts:
                self.figures.wrong.append("a run that may not sign in did so")
            self.coop.next_day(home)
            return False
        if state != "OK" or process.returncode != 0:
            self.figures.wrong.append(f"{home.name} ended in {state}: {told[:2000]}")
        return True

    def _killed(self, process: Process, moment: float) -> None:
        figures = self.figures
        figures.rounds += 1
        figures.moments.append(round(moment, 3))
        figures.slowest = max(figures.slowest, process.kill_and_see())

    def _judge(self, home: Path) -> None:
        found = Audit(self.coop, home).everything()
        self.figures.wrong += [f"{home.name}: {sentence}" for sentence in found]
        for entry in Trail(home / "trail.jsonl").entries():
            if entry.event == "home.tidied":
                self.figures.orphans += int(entry.facts["artifacts"])
                self.figures.parts += int(entry.facts["parts"])
            self.figures.torn += entry.event == "trail.repaired"


def _lines(home: Path) -> list[str]:
    trail = home / "trail.jsonl"
    return trail.read_text(encoding="utf-8").splitlines() if trail.exists() else []


def _stage(lines: list[str]) -> str:
    """Return what a killed run was at, by the last of its entries that tells."""
    for line in reversed(lines):
        for said, stage in STAGES.items():
            event, _, kind = said.partition(" ")
            if f'"event":"{event}"' in line and (not kind or f'"kind":"{kind}"' in line):
                return stage
    return "before the run"


def main() -> int:
    """Soak as the arguments say, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        Coop("sandbox-solar", months=24) as coop,
    ):
        figures = Soak(coop, Path(folder), options.seed).run(options.rounds)
    Console(width=110).print(figures.table())
    return 1 if figures.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
