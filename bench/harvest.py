"""A harvest by the program itself, as the command line would start it, into a home of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

from playwright.async_api import Browser

from bench.served import user
from harvester import profile
from harvester.cli.simulated import Known, at_ease, permit
from harvester.errors import State
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Window
from harvester.profile import Profile
from harvester.run import harvest
from harvester.sandbox.world import TODAY
from harvester.task import Outcome, Task

PROFILE = "union-power"
DAY = timedelta(days=1)


def portal(*, paced: bool = False) -> Profile:
    """Return the profile of all cases, without pauses unless `paced`."""
    loaded = profile.load(PROFILE)
    if paced:
        pace = {"sign_ins_a_day": 1000, "runs_a_day": 1000}
        return loaded.model_copy(update={"pace": loaded.pace.model_copy(update=pace)})
    return at_ease(loaded)


def task(port: int, number: int, days: int, *, today: date = TODAY, paced: bool = False) -> Task:
    """Return the harvest of the nth member's last days."""
    name = user(number)
    utc_now = datetime.now(UTC)
    since_noon = utc_now - datetime.combine(utc_now.date(), datetime.min.time(), UTC)
    return Task(
        member=Member(name=name, profile=PROFILE, user=name),
        profile=portal(paced=paced),
        credentials=Known(f"{name}-Pa55"),
        window=Window(today - days * DAY, today),
        today=today,
        sandbox=port,
        now=lambda: datetime.combine(today, datetime.min.time(), UTC) + since_noon,
    )


async def once(work: Task, home: Path, browser: Browser) -> Outcome:
    """Harvest one member; a harvest that is not what it should be ends the bench."""
    store = Store(home)
    try:
        permit(home, work)
        outcome = await harvest(work, store, browser, lambda *_: None)
    finally:
        store.catalog.close()
    right(outcome)
    return outcome


def right(outcome: Outcome) -> None:
    """End the bench where a harvest did not bring all: its time would mean nothing."""
    if outcome.state is not State.OK:
        raise SystemExit(f"{outcome.state}: {outcome.message} {outcome.failed}")


def requests(port: int) -> int:
    """Return how many requests the portal has had since it was started."""
    with urlopen(f"http://127.0.0.1:{port}/_sandbox/counts", timeout=10) as reply:
        total: int = json.load(reply)["total"]
    return total


def every_day(days: int, today: date = TODAY) -> Sequence[date]:
    """Return the last days before today, oldest first."""
    return [today - n * DAY for n in range(days, 0, -1)]
