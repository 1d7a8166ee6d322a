"""How progress and results look: for a person at a terminal, in plain lines, or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from harvester.errors import MEANINGS, State
from harvester.filing import Store
from harvester.model import Window
from harvester.run import Outcome, Report, Task
from harvester.store.catalog import Holding
from harvester.store.runs import Run

REASONS = {
    State.NO_DATA: "hours that the portal shows without a value",
    State.PARTIAL_DAY: "hours that the portal leaves out or that no clock can tell",
}


@contextmanager
def progress(*, quiet: bool) -> Iterator[Report]:
    """Give something to report to: bars at a terminal, a line when a part is done elsewhere."""
    if quiet or not sys.stdout.isatty():

        def line(whose: str, what: str, done: int, total: int) -> None:
            if done == total and not quiet:
                print(f"{whose}: {total} {what}", flush=True)

        yield line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, transient=True) as bars:
        known: dict[str, object] = {}

        def bar(whose: str, what: str, done: int, total: int) -> None:
            name = f"{whose} {what}"
            if name not in known:
                known[name] = bars.add_task(name, total=total)
            bars.update(known[name], completed=done, total=total)  # type: ignore[arg-type]

        yield bar


def outcomes(tasks: Sequence[Task], results: Sequence[Outcome]) -> None:
    """Say how each run went, and what it fetched."""
    for task, result in zip(tasks, results, strict=True):
        name = task.member.name
        if result.state not in {State.OK, State.OK_PARTIAL}:
            print(f"{name}: {result.state}: {result.message}")
            continue
        print(f"{name}: {result.state}: {_fetched(task.window, result)}")
        for sentence in result.failed:
            print(f"  {sentence}")


def _fetched(window: Window, result: Outcome) -> str:
    hours = f"{result.change.added:,} new readings, {result.change.revised:,} revised"
    if not result.pdfs and not result.change.added:
        return (
            f"nothing new; read the last {result.days // max(result.accounts, 1)} days of each"
            f" account again, as they may still be revised ({hours})"
        )
    days = result.days // max(result.accounts, 1)
    return f"{result.pdfs} bills and {days} of {len(window)} days an account; {hours}"


def holdings(store: Store, held: Sequence[Holding], runs: Sequence[Run]) -> None:
    """Show the accounts as a table, what is missing and why, and where the files are."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head, right in (
        ("Account", 0),
        ("Bills", 1),
        ("Hours", 1),
        ("From", 0),
        ("To", 0),
        ("Revised", 1),
    ):
        table.add_column(head, justify="right" if right else "left", no_wrap=True)
    for one in held:
        table.add_row(
            f"{one.member} {one.account.number}",
            f"{one.pdfs}/{one.bills}",
            f"{one.hours:,}",
            f"{one.first or '-'}",
            f"{one.last or '-'}",
            f"{one.revised:,}",
        )
    width = None if sys.stdout.isatty() else 100
    Console(width=width).print(table if held else "Nothing has come home yet.")
    for one in held:
        _missing(store, one)
    for run in runs:
        _last(run)
    print(f"Files: {store.home}")


def _missing(store: Store, one: Holding) -> None:
    whose = f"{one.member} …{one.account.number[-3:]}"
    for reason, count in one.nulls.items():
        print(f"{whose}: {count} {REASONS.get(reason, reason)} ({reason}), kept as missing")
    if one.silent:
        days = f"{one.silent} days" if one.silent > 1 else "1 day"
        print(f"{whose}: {days} without hours at the portal so far (NO_DATA)")
    for finding in store.catalog.findings(one.id):
        print(f"{whose}: {finding.rule}, {finding.subject}: {finding.message}")


def _last(run: Run) -> None:
    if run.state is None:
        print(
            f"{run.member}: the run of {run.started_at:%Y-%m-%d %H:%M} UTC did not end;"
            " run it again, what came home is kept"
        )
    else:
        print(
            f"{run.member}: {run.state} on {run.started_at:%Y-%m-%d %H:%M} UTC;"
            f" to act: {MEANINGS[run.state].actor}"
        )


def as_json(
    home: Path,
    held: Sequence[Holding],
    runs: Sequence[Run],
    tasks: Sequence[Task],
    results: Sequence[Outcome],
) -> None:
    """Print everything as one document."""
    document = {
        "home": str(home),
        "outcomes": [
            {
                "member": t.member.name,
                "state": r.state,
                "message": r.message,
                **r.facts(),
                "failed": r.failed,
            }
            for t, r in zip(tasks, results, strict=True)
        ],
        "runs": [run._asdict() for run in runs],
        "accounts": [
            one._asdict() | {"account": one.account.number, "rate": one.account.rate}
            for one in held
        ],
    }
    print(json.dumps(document, default=str, indent=2))
