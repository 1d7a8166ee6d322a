"""The command line: arguments to one call to one exit code."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from harvester.cli import commands
from harvester.errors import MEANINGS, Failure, State

EXIT_CODES = """exit codes: 0 all is well; 3 something is missing and is asked for again by itself;
10-19 set-up; 20-29 a person must act; 30-34 try later; 40-41 the portal changed;
50-51 the trail of what was done was tampered with; 52-54 a file or recording is not what it should
be; 60-64 permission is missing or unclear"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    module, _, name = options.command.partition(".")
    try:
        # What a command needs is only loaded with it: --help has to answer at once.
        command = getattr(importlib.import_module(f"harvester.cli.{module}"), name)
        code: int = command(options)
    except Failure as failure:
        return _failed(failure, as_json=options.json)
    except KeyboardInterrupt:
        print("Stopped; what came home is kept, the next run goes on.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    return code


def _failed(failure: Failure, *, as_json: bool) -> int:
    if as_json:
        import json

        print(json.dumps({"state": failure.state, "message": str(failure)}))
    else:
        print(failure, file=sys.stderr)
    return failure.exit_code


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--home", type=Path, help="folder of everything kept (HARVESTER_HOME)")
    common.add_argument("--json", action="store_true", help="answer as one JSON document")
    common.add_argument("--verbose", action="store_true", help="log what is done to stderr")
    parser = argparse.ArgumentParser(
        prog="harvester",
        allow_abbrev=False,
        epilog=EXIT_CODES,
        description="Brings home your own bills and hourly usage from a utility's member portal.",
    )
    known = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, does: str, runs: str, under: object = known) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = under.add_parser(  # type: ignore[attr-defined]
            name,
            parents=[common],
            allow_abbrev=False,
            help=does,
            description=does[0].upper() + does[1:] + ".",
        )
        made.set_defaults(command=runs)
        return made

    def group(name: str, does: str) -> object:
        made = known.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".")
        return made.add_subparsers(metavar="COMMAND", required=True)

    commands.every(command, group)
    return parser


def exit_code(states: Sequence[State]) -> int:
    """Return the worst exit code of several runs."""
    return max((MEANINGS[state].exit_code for state in states), default=0)
