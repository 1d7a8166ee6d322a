"""What a run costs the portal, what becomes of revisions, and how it ends when it must."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import run_async
from permitted import permit

from harvester.browser import open_browser, open_context
from harvester.cli.simulated import Known
from harvester.errors import State
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Direction, Kind, Quality, Window
from harvester.profile import load
from harvester.run import harvest, harvest_all
from harvester.sandbox.app import COUNTS, portal, serve
from harvester.sandbox.counts import Counts
from harvester.sandbox.switches import Switches
from harvester.sandbox.truth import account_truth
from harvester.sandbox.world import TODAY, World
from harvester.task import Outcome, Task
from harvester.wire import Wire

HOME = "1000101001"
DAY = timedelta(days=1)


def silent(*_: object) -> None:
    """Report nothing."""


@asynccontextmanager
async def simulated(
    user: str,
    *,
    profile: str = "caec",
    days: int = 20,
    today: date = TODAY,
    faults: tuple[str, ...] = (),
) -> AsyncIterator[tuple[Task, Counts]]:
    world, found = World(today=today), load(profile)
    found = found.model_copy(update={"pace": found.pace.model_copy(update={"pause_ms": 0})})
    app = portal(world, base=found.base, switches=Switches.parse(faults))
    runner, port = await serve(app)
    try:
        yield (
            Task(
                member=Member(name="member", profile=profile, user=user),
                profile=found,
                credentials=Known(f"{user}-Pa55"),
                window=Window(today - days * DAY, today),
                today=today,
                sandbox=port,
            ),
            app[COUNTS],
        )
    finally:
        await runner.cleanup()


def once(
    home: Path,
    user: str = "sandbox-home",
    change: Callable[[Task], Task] = lambda task: task,
    **how: Any,
) -> tuple[Outcome, Counts]:
    async def run() -> tuple[Outcome, Counts]:
        async with simulated(user, **how) as (task, counts):
            permit(home, profile=task.profile.id)
            (outcome,) = await harvest_all([change(task)], Store(home), silent)
            return outcome, counts

    return run_async(run())


@pytest.mark.parametrize("profile", ["caec", "union-power"])
def test_a_backfill_of_one_account_costs_few_requests_and_one_sign_in(
    tmp_path: Path, profile: str
) -> None:
    outcome, counts = once(tmp_path, profile=profile, days=730)
    assert outcome.state is State.OK
    assert (outcome.pdfs, counts.routes["pdf"]) == (24, 24)
    assert counts.total - counts.routes["pdf"] <= 60
    assert dict(counts.sign_ins) == {"sandbox-home": 1}
    assert not counts.rejected
    assert not counts.dangerous


def test_only_declared_hosts_are_asked_for_and_only_the_embedded_portal_is_dialled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wires: list[Wire] = []
    opened = Wire.__aenter__

    async def remembered(wire: Wire) -> Wire:
        wires.append(wire)
        return await opened(wire)

    monkeypatch.setattr(Wire, "__aenter__", remembered)
    outcome, _ = once(tmp_path)
    assert outcome.state is State.OK
    (wire,) = wires
    assert set(wire.requests) == {"onlinebilling.caec.com"}
    assert not wire.refused
    assert {place.rpartition(":")[0] for place in wire.dialled} == {"127.0.0.1"}


def test_true_reads_replace_averages_which_stay_as_revisions(tmp_path: Path) -> None:
    later = TODAY + 8 * DAY
    once(tmp_path, days=20)
    week_later = datetime.now(UTC) + 8 * DAY
    outcome, _ = once(
        tmp_path, change=lambda task: replace(task, now=lambda: week_later), days=28, today=later
    )
    truth = account_truth(World(today=later), HOME)
    replaced = {
        datetime.fromisoformat(start): wh
        for day in truth["revisions"]
        if day["visible_from"] <= f"{TODAY}" < day["visible_until"]
        for start, wh, _, _ in day["hours"]
    }
    assert len(replaced) == 48  # June 10 and 13 were averaged on June 15
    (one,) = Store(tmp_path).catalog.holdings()
    revisions = [
        r.reading
        for r in Store(tmp_path).catalog.revisions(one.id)
        if r.reading.direction is Direction.DELIVERED
    ]
    assert {r.start: r.wh for r in revisions} == replaced
    assert {r.quality for r in revisions} == {Quality.ESTIMATED}
    assert one.revised == 48
    assert outcome.change.revised == 96
    assert {
        r.start: r.wh
        for r in Store(tmp_path).catalog.readings(one.id)
        if r.direction is Direction.DELIVERED
    } == {
        datetime.fromisoformat(start): wh
        for day in truth["days"]
        if f"{TODAY - 20 * DAY}" <= day["day"]
        for start, wh, _, _ in day["hours"]
    }


def test_a_wrong_password_is_sent_once_and_a_person_must_act(tmp_path: Path) -> None:
    outcome, counts = once(tmp_path, change=lambda task: replace(task, credentials=Known("wrong")))
    assert outcome.state is State.BAD_CREDENTIALS
    assert dict(counts.rejected) == {"sandbox-home": 1}
    assert "wrong" not in outcome.message


def test_a_portal_that_is_down_is_said_to_be_down_and_nothing_is_lost(tmp_path: Path) -> None:
    once(tmp_path, days=3)
    before = list(Store(tmp_path).catalog.holdings())
    free = 1  # nothing listens on this port
    outcome, counts = once(tmp_path, change=lambda task: replace(task, sandbox=free))
    assert outcome.state is State.PORTAL_DOWN
    assert "run again later" in outcome.message
    assert counts.total == 0
    assert list(Store(tmp_path).catalog.holdings()) == before


def test_a_member_is_signed_in_no_more_than_the_profile_allows(tmp_path: Path) -> None:
    states = [once(tmp_path, days=2)[0].state for _ in range(3)]
    outcome, counts = once(tmp_path, days=2)
    assert states == [State.OK] * 3
    assert outcome.state is State.RATE_LIMITED
    assert not counts.sign_ins
    tomorrow = datetime.now(UTC) + DAY + timedelta(minutes=1)
    again, _ = once(tmp_path, change=lambda task: replace(task, now=lambda: tomorrow), days=2)
    assert again.state is State.OK


def test_an_expired_session_is_followed_by_another_that_goes_on(tmp_path: Path) -> None:
    outcome, counts = once(tmp_path, days=100, faults=("expire-after=20",))
    assert outcome.state is State.OK
    assert 1 < counts.sign_ins["sandbox-home"] <= 3
    catalog = Store(tmp_path).catalog
    (one,) = catalog.holdings()
    assert (one.pdfs, one.first) == (24, TODAY - 100 * DAY)
    documents = [f for f in catalog.artifacts(one.id) if f.artifact.kind is Kind.BILL_PDF]
    assert len(documents) == 24


def test_two_harvests_of_one_member_at_once_leave_one_to_finish(tmp_path: Path) -> None:
    async def both() -> tuple[list[Outcome], Counts]:
        permit(tmp_path)
        async with simulated("sandbox-home", days=2) as (task, counts):
            return await harvest_all([task, task], Store(tmp_path), silent), counts

    outcomes, counts = run_async(both())
    assert sorted(o.state for o in outcomes) == [State.OK, State.PENDING]
    assert dict(counts.sign_ins) == {"sandbox-home": 1}


def test_all_accounts_of_one_sign_in_come_home(tmp_path: Path) -> None:
    outcome, counts = once(tmp_path, "1000404001", days=1, faults=("zero-bills",))
    assert (outcome.state, outcome.accounts) == (State.OK_PARTIAL, 28)
    store, world = Store(tmp_path), World()
    for account, held in zip(
        world.sign_in("1000404001").accounts, store.catalog.holdings(), strict=True
    ):
        assert held.account.number == account.number
        assert held.account.service_address == account.service_address
        assert {r.start: r.wh for r in store.catalog.readings(held.id) if r.direction == 1} == {
            h.start: h.wh for d in world.days(account.number, TODAY - DAY, TODAY) for h in d.hours
        }
        rules = [finding.rule for finding in store.catalog.findings(held.id)]
        assert rules == ["no-bills"]
    assert dict(counts.sign_ins) == {"1000404001": 1}
    assert not counts.dangerous


def test_the_browser_of_a_harvest_lives_in_the_time_zone_of_the_portal() -> None:
    async def zone() -> str:
        found = load("caec")
        async with (
            Wire(found.origins) as wire,
            open_browser() as browser,
            open_context(browser, wire, time_zone=found.time_zone) as context,
        ):
            page = await context.new_page()
            told: str = await page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
            return told

    assert run_async(zone()) == "America/Chicago"


def test_a_run_that_is_stopped_from_outside_has_no_end(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    async def stopped() -> None:
        def stop(*_: object) -> None:
            raise Stopped

        permit(tmp_path)
        async with simulated("sandbox-home") as (task, _), open_browser() as browser:
            await harvest(task, Store(tmp_path), browser, stop)

    with pytest.raises(Stopped):
        run_async(stopped())
    (last,) = Store(tmp_path).catalog.last_runs()
    assert (last.state, last.finished_at) == (None, None)
