"""`python -m bench [CASE ...]`: every case beside its floor, each goal met, or exit code 1."""

from __future__ import annotations

import argparse
from importlib import import_module

from bench import report
from bench.lines import Line

CASES = (
    "bills",
    "upsert",
    "start",
    "backfill",
    "nightly",
    "replay",
    "pace",
    "side",
    "growth",
    "big",
)
"""Modules of this folder with a function `lines(rounds)`; the shortest come first."""


def main() -> int:
    """Run the cases that are named, or all of them; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=5, help="of each way, in turn (default 5)")
    options = parser.parse_args()
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"there is no case {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    about = report.machine()
    lines: list[Line] = []
    for case in options.cases or CASES:
        print(f"{case} ...", flush=True)
        lines += import_module(f"bench.{case}").lines(options.rounds)
    return report.tell(lines, about)


if __name__ == "__main__":
    raise SystemExit(main())
