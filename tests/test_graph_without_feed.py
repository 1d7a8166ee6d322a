"""The vendor's portal with its feeds gone gives the same hours by its graph, and no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from conftest import run_async
from permitted import permit
from tenacity import wait_none

from harvester.cli.simulated import Known
from harvester.errors import State
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Window
from harvester.profile import Candidate, Profile, load
from harvester.run import harvest_all
from harvester.sandbox.app import COUNTS, portal, serve
from harvester.sandbox.switches import Switches
from harvester.sandbox.world import World
from harvester.task import Outcome, Task
from harvester.walk import Walk

DAY = timedelta(days=1)
TODAY = date(2026, 3, 10)
WINDOW = Window(TODAY - 3 * DAY, TODAY)
WORLD = World(today=TODAY)
WALK = {
    "usage": {
        "open": [{"open": "usage"}],
        "day": {"by": "field", "steps": [{"fill": "usage_day", "with": "day"}]},
        "delivered": ["KWH", "used"],
        "received": ["GKWH", "received"],
    }
}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvester.retries.wait_random_exponential", lambda **_: wait_none())


def profile(*, graph: bool) -> Profile:
    """Return the first co-op's profile, perhaps with its graph told of."""
    found = load("caec")
    limits = {"reply_seconds": 5, "click_ms": 0, "pause_ms": 0}
    found = found.model_copy(update={"pace": found.pace.model_copy(update=limits)})
    if not graph:
        return found
    day = {"usage_day": (Candidate(label="Day"),)}
    update = {"walk": Walk.model_validate(WALK), "locators": {**found.locators, **day}}
    return found.model_copy(update=update)


def harvested(home: Path, user: str, *faults: str, graph: bool) -> tuple[Outcome, int]:
    """Harvest, and say how often the feeds were asked."""

    async def run() -> tuple[Outcome, int]:
        app = portal(WORLD, base="/oscp", switches=Switches.parse(faults))
        runner, port = await serve(app)
        member = Member(name="member", profile="caec", user=user)
        known = Known(f"{user}-Pa55")
        task = Task(member, profile(graph=graph), known, WINDOW, TODAY, sandbox=port)
        task = replace(task, now=lambda: datetime.now(UTC))
        try:
            (outcome,) = await harvest_all([task], Store(home), lambda *_: None)
        finally:
            await runner.cleanup()
        counts = app[COUNTS]
        assert not counts.dangerous
        return outcome, counts.routes["daily"] + counts.routes["interval"]

    permit(home)
    return run_async(run())


def hours(home: Path) -> set[tuple[int, datetime, int | None]]:
    catalog = Store(home).catalog
    return {
        (r.direction, r.start, r.wh) for one in catalog.holdings() for r in catalog.readings(one.id)
    }


def test_the_graph_gives_the_hours_that_the_feed_gave(tmp_path: Path) -> None:
    outcome, asked = harvested(tmp_path, "sandbox-new", "graph-data=page", graph=True)
    assert outcome.state is State.OK, (outcome.message, outcome.failed)
    assert asked == 0
    told = WORLD.days("1000505001", WINDOW.start, WINDOW.end - DAY)
    assert {h for h in hours(tmp_path) if h[0] == 1} == {
        (1, hour.start, hour.wh) for day in told for hour in day.hours
    }
    assert len([hour for day in told for hour in day.hours]) == 71


def test_feeds_that_are_gone_are_a_changed_portal_and_never_an_empty_day(tmp_path: Path) -> None:
    outcome, _ = harvested(tmp_path, "sandbox-new", "graph-data=page", graph=False)
    assert outcome.state is State.PORTAL_CHANGED
    assert hours(tmp_path) == set()
