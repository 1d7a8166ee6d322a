"""How progress and results look: for a person at a terminal, in plain lines, or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harvester.checks import RULES
from harvester.errors import MEANINGS, State
from harvester.lookback import changes
from harvester.stops import stopped

if TYPE_CHECKING:  # `status` shows what there is without loading what fetches it
    from harvester.cli.workers import Told
    from harvester.store.catalog import Holding
    from harvester.store.findings import Wrong
    from harvester.store.runs import Run
    from harvester.store.whole import Store
    from harvester.task import Outcome, Report, Task

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
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

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
                whose = f"{task.profile.id} --from {result.evidence}"
                print(f"  What to correct in the profile: harvester repair {whose}")
            continue
        print(f"{name}: {result.state}: {_fetched(task, result)}")
        for sentence in result.unasked:
            print(f"  {sentence}")
        for sentence in result.failed:
            print(f"  {sentence}")


def _fetched(task: Task, result: Outcome) -> str:
    from harvester.task import SIGN_IN

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
    # Line by line, as `findings`: a home may have more accounts than fit into a table.
    wide = max((len(f"{one.member} {one.account.number}") for one in held), default=0)
    if held:
        print(_LINE.format("Account", wide, "Bills", "Hours", "From", "To", "Revised"))
    else:
        print("Nothing has come home yet.")
    for one in held:
        whose, bills = f"{one.member} {one.account.number}", f"{one.pdfs}/{one.bills}"
        days = (f"{day or '-'}" for day in (one.first, one.last))
        print(_LINE.format(whose, wide, bills, f"{one.hours:,}", *days, f"{one.revised:,}"))
    wrong = store.catalog.wrong_by_rule()
    booked = store.catalog.holding_to("listing", "bill-missing")
    for one in held:
        _missing(one, wrong.get(one.id, ()), whole=one.id in booked)
    for run in runs:
        _last(run)
    for one_stop in stopped(store.home):
        print(f"{one_stop.profile} is stopped since {one_stop.since}: {one_stop.reason}")
    for change in changes(store.home, datetime.now(UTC)):
        print(f"{change.profile}: its portal looks different since {change.since:%Y-%m-%d}")
    if wrong:
        print(f"What is wrong, one by one: harvester findings --home {store.home}")
    print(f"Files: {store.home}")


_LINE = "{:{}}  {:>9}  {:>11}  {:10}  {:10}  {:>9}"
"""Account and how wide that is, bills, hours, first and last day, revised hours."""


def _missing(one: Holding, wrong: Sequence[Wrong], *, whole: bool) -> None:
    """Say what is missing and what is wrong, and that the bills are all that the ledger books."""
    whose = f"{one.member} …{one.account.number[-3:]}"
    for reason, count in one.nulls.items():
        print(f"{whose}: {count} {REASONS.get(reason, reason)} ({reason}), kept as missing")
    if one.silent:
        days = f"{one.silent} days" if one.silent > 1 else "1 day"
        print(f"{whose}: {days} without hours at the portal so far (NO_DATA)")
    if one.estimated:
        print(f"{whose}: {one.estimated} hours that the portal averaged so far (ESTIMATED)")
    if whole:
        print(f"{whose}: these {one.bills} bills are all that its ledger books")
    for name, count, since in wrong:
        rule = RULES[name]
        times = f"{count} times" if count > 1 else "once"
        print(
            f"{whose}: {rule.about} ({name}), {times}, known since {since:%Y-%m-%d};"
            f" {rule.sure}; mended by {rule.mended_by}"
        )


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


def home(
    store: Store,
    tasks: Sequence[Task],
    results: Sequence[Outcome],
    *,
    as_json: bool,
    queue: Told | None = None,
) -> list[State]:
    """Show what runs brought and what the home has; return the states that it is in."""
    held, runs = list(store.catalog.holdings()), store.catalog.last_runs()
    if as_json:
        _as_json(store.home, held, runs, tasks, results, queue=queue)
    else:
        outcomes(tasks, results)
        holdings(store, held, [] if results else runs)
    return [o.state for o in results] or [r.state for r in runs if r.state]


def _as_json(
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
        "changed": {one.profile: one.since for one in changes(home, datetime.now(UTC))},
        "runs": [run._asdict() for run in runs],
        "accounts": [
            one._asdict() | {"account": one.account.number, "rate": one.account.rate}
            for one in held
        ],
        "queue": queue._asdict() if queue else None,
    }
    print(json.dumps(document, default=str, indent=2))
