"""How progress and results look: for a person at a terminal, in plain lines, or as JSON."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from harvester.checks import RULES
from harvester.cli.common import table, tell
from harvester.cli.workers import Told
from harvester.errors import MEANINGS, State
from harvester.filing import Store
from harvester.stops import stopped
from harvester.store.catalog import Holding
from harvester.store.findings import Found
from harvester.store.runs import Run
from harvester.task import SIGN_IN, Outcome, Report, Task

REASONS = {
    State.NO_DATA: "hours that the portal shows without a value",
    State.PARTIAL_DAY: "hours that the portal leaves out or that no clock can tell",
}


@contextmanager
def progress(*, quiet: bool) -> Iterator[Report]:
    """Give something to report to: bars at a terminal, a line when a part is done elsewhere."""
    if quiet or not sys.stdout.isatty():

        def line(whose: str, what: str, done: int, total: int) -> None:
            if done == total > 0 and not quiet:
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
            if result.evidence:
                print(f"  How that page was built, without what it said: {result.evidence}")
            continue
        print(f"{name}: {result.state}: {_fetched(task, result)}")
        for sentence in result.unasked:
            print(f"  {sentence}")
        for sentence in result.failed:
            print(f"  {sentence}")


def _fetched(task: Task, result: Outcome) -> str:
    if task.kind == SIGN_IN:
        accounts = "1 account" if result.accounts == 1 else f"{result.accounts} accounts"
        return f"the portal took the sign-in and shows {accounts}"
    hours = f"{result.change.added:,} new readings, {result.change.revised:,} revised"
    if not result.pdfs and not result.change.added:
        return (
            f"nothing new; read the last {result.days // max(result.accounts, 1)} days of each"
            f" account again, as they may still be revised ({hours})"
        )
    days = result.days // max(result.accounts, 1)
    return f"{result.pdfs} bills and {days} of {len(task.window)} days an account; {hours}"


def holdings(store: Store, held: Sequence[Holding], runs: Sequence[Run]) -> None:
    """Show the accounts as a table, what is missing and why, and where the files are."""
    shown = table(
        "Account", "Bills", "Hours", "From", "To", "Revised", right={"Bills", "Hours", "Revised"}
    )
    for one in held:
        shown.add_row(
            f"{one.member} {one.account.number}",
            f"{one.pdfs}/{one.bills}",
            f"{one.hours:,}",
            f"{one.first or '-'}",
            f"{one.last or '-'}",
            f"{one.revised:,}",
        )
    tell(shown if held else "Nothing has come home yet.")
    wrong = [one for one in held if _missing(store, one)]
    for run in runs:
        _last(run)
    for one_stop in stopped(store.home):
        print(f"{one_stop.profile} is stopped since {one_stop.since}: {one_stop.reason}")
    if wrong:
        print(f"What is wrong, one by one: harvester findings --home {store.home}")
    print(f"Files: {store.home}")


def _missing(store: Store, one: Holding) -> bool:
    """Say what is missing and what is wrong; tell whether anything is wrong."""
    whose = f"{one.member} …{one.account.number[-3:]}"
    for reason, count in one.nulls.items():
        print(f"{whose}: {count} {REASONS.get(reason, reason)} ({reason}), kept as missing")
    if one.silent:
        days = f"{one.silent} days" if one.silent > 1 else "1 day"
        print(f"{whose}: {days} without hours at the portal so far (NO_DATA)")
    if one.estimated:
        print(f"{whose}: {one.estimated} hours that the portal averaged so far (ESTIMATED)")
    by_rule: dict[str, list[Found]] = defaultdict(list)
    for found in store.catalog.outcomes(one.id):
        if found.finding.message:
            by_rule[found.finding.rule].append(found)
        elif found.finding.rule == "bill-missing":
            print(f"{whose}: these {one.bills} bills are all that its ledger books")
    for name, said in by_rule.items():
        rule = RULES[name]
        times = f"{len(said)} times" if len(said) > 1 else "once"
        print(
            f"{whose}: {rule.about} ({name}), {times}, known since"
            f" {min(found.since for found in said):%Y-%m-%d}; {rule.sure}; mended by"
            f" {rule.mended_by}"
        )
    return bool(by_rule)


def _last(run: Run) -> None:
    if run.state is None:
        print(
            f"{run.member}: the run of {run.started_at:%Y-%m-%d %H:%M} UTC did not end;"
            " run it again, what came home is kept"
        )
    else:
        print(
            f"{run.member}: {run.state} on {run.started_at:%Y-%m-%d %H:%M} UTC."
            f" {MEANINGS[run.state].said} To act: {MEANINGS[run.state].actor}."
        )


def as_json(
    home: Path,
    held: Sequence[Holding],
    runs: Sequence[Run],
    tasks: Sequence[Task],
    results: Sequence[Outcome],
    *,
    queue: Told | None,
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
                "evidence": r.evidence,
                "unasked": r.unasked,
                "failed": r.failed,
            }
            for t, r in zip(tasks, results, strict=True)
        ],
        "runs": [run._asdict() for run in runs],
        "accounts": [
            one._asdict() | {"account": one.account.number, "rate": one.account.rate}
            for one in held
        ],
        "queue": queue._asdict() if queue else None,
    }
    print(json.dumps(document, default=str, indent=2))
