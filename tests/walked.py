"""Harvests of the example portals, and what they should bring home."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from aiohttp import web
from conftest import run_async
from permitted import permit

from harvester.cli.simulated import Known
from harvester.errors import State
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Direction, Window
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


def hurried(found: Profile, port: int, seconds: float) -> Profile:
    """Return a profile, in a hurry, for where its portal is served now."""
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


def harvested_at(
    home: Path,
    app: web.Application,
    profile: Profile,
    user: str,
    *,
    days: int = 3,
    seconds: float = 10,
    password: str = "",
    code: str | None = None,
) -> Outcome:
    """Harvest the last days of a sign-in from a portal itself, at its loopback origin."""

    async def run() -> Outcome:
        runner, port = await serve(app)
        task = Task(
            Member(name="member", profile=profile.id, user=user),
            hurried(profile, port, seconds),
            Known(password or f"{user}-Pa55", code),
            Window(TODAY - days * DAY, TODAY),
            TODAY,
            now=lambda: datetime.now(UTC),
        )
        try:
            (outcome,) = await harvest_all([task], Store(home), lambda *_: None)
        finally:
            await runner.cleanup()
        return outcome

    permit(home, profile=profile.id)
    return run_async(run())


def harvested(
    home: Path,
    name: str,
    user: str,
    chart: Chart = "drawn",
    *,
    password: str = "",
    shown: Profile | None = None,
) -> tuple[Outcome, Counts]:
    """Harvest an example portal; `shown` is a profile to use in place of the example's own."""
    app = PORTALS[name](WORLD, chart)
    seconds = 1 if chart == "never" else 10
    outcome = harvested_at(home, app, shown or load(name), user, seconds=seconds, password=password)
    assert not app[COUNTS].dangerous
    return outcome, app[COUNTS]


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
