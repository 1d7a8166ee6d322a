"""Start of `harvester --help`, and of `harvester status` on a home of 100 accounts x 24 months.

Floor: `python -c pass`, by the same interpreter.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.big import filled
from bench.lines import Line, beside, interleaved

ACCOUNTS = 100
GOAL, SECONDS = 5.0, 0.5
FLOOR, HELP, STATUS = "python -c pass", "--help", "status"


def lines(rounds: int) -> list[Line]:
    """Measure `--help` beside the floor, and `status` by itself."""
    program = Path(sys.executable).with_name("harvester")
    with tempfile.TemporaryDirectory() as folder:
        home = filled(Path(folder) / "home", ACCOUNTS)
        ways = {
            FLOOR: (sys.executable, "-c", "pass"),
            HELP: (program, "--help"),
            STATUS: (program, "status", "--home", home),
        }
        times = interleaved({name: _started(*way) for name, way in ways.items()}, 4 * rounds)
    took = median(times[STATUS])
    said = f"{took / median(times[FLOOR]):.1f} x python -c pass"
    return [
        beside("harvester --help", times, HELP, FLOOR, "<=", GOAL),
        Line(
            f"harvester status, {ACCOUNTS} accounts", "", took, "s", "<=", SECONDS, said,
            {STATUS: times[STATUS]},
        ),
    ]  # fmt: skip


def _started(*words: object) -> Callable[[], None]:
    def start() -> None:
        subprocess.run([f"{word}" for word in words], check=True, stdout=subprocess.DEVNULL)

    return start
