"""Portals that only a profile knows are harvested whole, and what their graphs lack is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web
from conftest import run_async
from permitted import permit
from tenacity import wait_none

from harvester.cli.simulated import Known
from harvester.errors import State
from harvester.filing import Filing, Store
from harvester.members import Member
from harvester.model import Direction, Window
from harvester.platforms import fit
from harvester.platforms.generic import Generic
from harvester.profile import Profile, load
from harvester.run import harvest_all
from harvester.sandbox.app import COUNTS, serve
from harvester.sandbox.counts import Counts
from harvester.sandbox.portals import canvas, forms
from harvester.sandbox.portals.desk import Chart
from harvester.sandbox.world import World
from harvester.task import Outcome, Task

DAY = timedelta(days=1)
TODAY = date(2026, 3, 10)
"""Two days after a change of the clock, which leaves a day of 23 hours."""
WORLD = World(today=TODAY)
NEW, HOME, SOLAR, SHOP = "sandbox-new", "sandbox-home", "sandbox-solar", "sandbox-business"
PORTALS: dict[str, Callable[[World, Chart], web.Application]] = {
    "example-canvas": canvas.portal,
    "example-forms": forms.portal,
}
LISTED = {"example-canvas": 12, "example-forms": 4}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without a pause of our own."""
    monkeypatch.setattr("harvester.retries.wait_random_exponential", lambda **_: wait_none())


def example(name: str, port: int, seconds: float) -> Profile:
    """Return an example's profile, in a hurry, for where it is served now."""
    found = load(name)
    limits = {"reply_seconds": 6, "click_ms": 0, "pause_ms": 0}
    usage = found.walk.usage
    assert usage is not None
    return found.model_copy(
        update={
            "origins": (f"http://127.0.0.1:{port}",),
            "pace": found.pace.model_copy(update=limits),
            "walk": found.walk.model_copy(
                update={"usage": usage.model_copy(update={"seconds": seconds})}
            ),
        }
    )


def harvested(
    home: Path, name: str, user: str, chart: Chart = "drawn", *, days: int = 3, password: str = ""
) -> tuple[Outcome, Counts]:
    """Harvest the last days of a sign-in from the portal itself, at its loopback origin."""

    async def run() -> tuple[Outcome, Counts]:
        app = PORTALS[name](WORLD, chart)
        runner, port = await serve(app)
        task = Task(
            Member(name="member", profile=name, user=user),
            example(name, port, 1 if chart == "never" else 10),
            Known(password or f"{user}-Pa55"),
            Window(TODAY - days * DAY, TODAY),
            TODAY,
            now=lambda: datetime.now(UTC),
        )
        try:
            (outcome,) = await harvest_all([task], Store(home), lambda *_: None)
        finally:
            await runner.cleanup()
        return outcome, app[COUNTS]

    permit(home, profile=name)
    outcome, counts = run_async(run())
    assert not counts.dangerous
    return outcome, counts


class Held(NamedTuple):
    """What there is of an account."""

    address: str | None
    rate: str | None
    bills: frozenset[tuple[object, ...]]
    documents: frozenset[tuple[object, ...]]
    delivered: frozenset[tuple[datetime, int | None]]
    received: frozenset[tuple[datetime, int | None]]


def at_home(home: Path) -> dict[str, Held]:
    """Return what the catalog holds, by account."""
    catalog, held = Store(home).catalog, {}
    for one in catalog.holdings():
        documents = catalog.documents(one.id)
        hours = {
            way: frozenset((r.start, r.wh) for r in catalog.readings(one.id) if r.direction is way)
            for way in Direction
        }
        held[one.account.number] = Held(
            one.account.service_address,
            one.account.rate,
            *(
                frozenset(
                    (d.bill.billing_date, d.bill.due_date, d.bill.net_kwh, d.bill.amount)
                    for d in documents
                    if d.state is State.OK or not proven
                )
                for proven in (False, True)
            ),
            hours[Direction.DELIVERED],
            hours[Direction.RECEIVED],
        )
    return held


def truth(name: str, user: str, days: int) -> dict[str, Held]:
    """Return what the simulated co-op knows of the accounts of a sign-in."""
    told = {}
    for account in WORLD.sign_in(user).accounts:
        bills = frozenset(
            (b.billing_date, b.due_date, b.kwh, b.total)
            for b in WORLD.bills(account.number)[: LISTED[name]]
        )
        known = WORLD.days(account.number, TODAY - days * DAY, TODAY - DAY)
        given = account.has_received and name == "example-canvas"
        told[account.number] = Held(
            account.service_address,
            account.rate,
            bills,
            bills,
            frozenset((h.start, h.wh) for day in known for h in day.hours),
            frozenset((h.start, h.received_wh) for day in known for h in day.hours if given),
        )
    return told


@pytest.mark.parametrize("name", PORTALS)
def test_an_example_is_a_profile_of_the_generic_platform(name: str) -> None:
    assert fit(load(name)) is Generic


@pytest.mark.parametrize(
    ("name", "user"), [("example-canvas", SOLAR), ("example-forms", SHOP)], ids=str
)
def test_an_example_is_harvested_whole_and_again_from_its_archive(
    tmp_path: Path, name: str, user: str
) -> None:
    outcome, counts = harvested(tmp_path, name, user)
    assert (outcome.state, outcome.failed) == (State.OK, []), outcome.message
    assert outcome.sign_ins == counts.sign_ins[user] == 1
    assert at_home(tmp_path) == truth(name, user, 3)

    store = Store(tmp_path)
    for one in store.catalog.holdings():
        Filing(store, load(name)).again(one.id)
    assert at_home(tmp_path) == truth(name, user, 3)


@pytest.mark.parametrize(
    ("chart", "state", "words"),
    [
        ("image", State.PORTAL_CHANGED, "only an image of a chart"),
        ("never", State.PORTAL_DOWN, "still loading"),
        ("other-day", State.OK_PARTIAL, "which was asked for"),
        ("stale", State.OK_PARTIAL, "2026-03-"),
    ],
)
@pytest.mark.parametrize("name", PORTALS)
def test_a_graph_that_is_not_of_the_day_is_told_and_no_reading_is_kept(
    tmp_path: Path, name: str, chart: Chart, state: State, words: str
) -> None:
    outcome, _ = harvested(tmp_path, name, NEW, chart)
    said = " ".join([outcome.message, *outcome.failed])
    assert outcome.state is state, said
    assert words in said
    (held,) = at_home(tmp_path).values()
    true = truth(name, NEW, 3)[next(iter(truth(name, NEW, 3)))]
    assert held.documents == true.documents
    assert held.delivered <= (true.delivered if chart == "stale" else frozenset())


@pytest.mark.parametrize("name", PORTALS)
def test_a_wrong_password_is_said_to_be_wrong_and_sent_once(tmp_path: Path, name: str) -> None:
    outcome, counts = harvested(tmp_path, name, NEW, password="not-this")
    assert outcome.state is State.BAD_CREDENTIALS
    assert counts.rejected == {NEW: 1}
    assert at_home(tmp_path) == {}
