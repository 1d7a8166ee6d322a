"""What is worth telling a person, in fixed words: never a page's, a secret or a whole number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from harvester.errors import MEANINGS, State
from harvester.store.runs import Run

LATE = timedelta(days=3)
"""Without any good run for so long a person is told, even if every failure is nobody's to mend."""
LATE_WORD = "LATE"


class News(NamedTuple):
    """One piece of news of one sign-in; `key` tells it from others, also from its like later."""

    key: str
    title: str
    text: str
    facts: Mapping[str, str]


def needing(
    runs: Iterable[Run], good: Mapping[str, datetime], told: Mapping[str, str], now: datetime
) -> tuple[list[News], dict[str, str]]:
    """Return what a person must do now and was not told yet, and what they will have been told.

    `runs` is the newest of each sign-in, `good` until when each had good ones and `told` the word
    by which its need was told.  A sign-in that is well again can be told of again.
    """
    news, known = [], {}
    for run in runs:
        whose = f"{run.profile}/{run.member}"
        need = _need(run, good.get(whose, run.started_at), now)
        if need is None:
            if run.state is None and whose in told:
                known[whose] = told[whose]  # it is under way: nothing is known yet
            continue
        known[whose] = need
        if told.get(whose) != need:
            news.append(_said(run, need, good.get(whose, run.started_at)))
    return news, known


def _need(run: Run, good: datetime, now: datetime) -> str | None:
    if run.state and not MEANINGS[run.state].actor.startswith("nobody"):
        return run.state
    well = run.state in {State.OK, State.OK_PARTIAL}
    return LATE_WORD if run.state and not well and now - good >= LATE else None


def _said(run: Run, need: str, good: datetime) -> News:
    state = run.state or State.PENDING
    meaning = MEANINGS[state]
    if need == LATE_WORD:
        said = (
            f"No harvest came through since {good:%Y-%m-%d %H:%M} UTC; the last one ended so:"
            f" {meaning.said}"
        )
        actor = "operator"
    else:
        said, actor = meaning.said, meaning.actor
    facts = {"profile": run.profile, "member": run.member, "state": f"{state}", "actor": actor}
    return News(
        f"{run.profile}/{run.member} {need} {run.id}",
        f"{run.member} at {run.profile}: {need}",
        f"{said}\nWho can act: {actor}. `harvester status` tells more.",
        facts,
    )


class Freshness(NamedTuple):
    """How far an account has come."""

    member: str
    account: str
    """Masked."""
    newest: datetime | None
    hours: int
    bills: int
    unanswered: int
    """Days of the last weeks that the portal was not heard of yet."""


def digest(
    day: str, runs: Sequence[Run], accounts: Sequence[Freshness], counts: Mapping[str, int]
) -> News:
    """Return the day's summary: a line for each sign-in and each of its accounts.

    `counts` is what all runs of the last day brought.
    """
    lines = []
    for run in runs:
        state = run.state or "not finished"
        lines.append(f"{run.member} at {run.profile}: {state} ({run.started_at:%m-%d %H:%M} UTC)")
        for one in accounts:
            if one.member == run.member:
                newest = f"hours to {one.newest:%Y-%m-%d %H:%M} UTC" if one.newest else "no hours"
                gaps = f", {one.unanswered} days not told yet" if one.unanswered else ""
                lines.append(f"  {one.account}: {newest}{gaps}; {one.bills} bills")
    new = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in counts.items())
    text = "\n".join([*lines, "", f"In the last day: {new}."])
    acts = sum(not MEANINGS[r.state].actor.startswith("nobody") for r in runs if r.state)
    title = f"Harvests of {day}: {len(runs)} sign-ins, {acts} need a person"
    return News(f"digest {day}", title, text, {"day": day})
