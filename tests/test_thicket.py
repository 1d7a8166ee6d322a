"""A profile alone gets through a code, older bills, two meters and the end of a session."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from tenacity import wait_none
from thicket import CODE, LISTED, METERS, PROFILE, portal, told
from walked import DAY, HOME, TODAY, WORLD, harvested_at

from harvester.errors import State
from harvester.filing import Store
from harvester.profile import Profile, load


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvester.retries.wait_random_exponential", lambda **_: wait_none())


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    folder = tmp_path / "profiles"
    folder.mkdir(mode=0o700)
    (folder / "thicket.toml").write_text(PROFILE, encoding="utf-8")
    return load("thicket", (folder,))


def held(home: Path) -> set[tuple[str, datetime, int | None]]:
    catalog = Store(home).catalog
    return {
        (r.meter, r.start, r.wh) for one in catalog.holdings() for r in catalog.readings(one.id)
    }


def true(days: int) -> set[tuple[str, datetime, int | None]]:
    return {
        (meter, hour.start, wh)
        for day in WORLD.days("1000101001", TODAY - days * DAY, TODAY - DAY)
        for meter in METERS
        for hour, wh in zip(day.hours, told(day, meter), strict=True)
    }


def assert_whole(home: Path) -> None:
    """See that every bill and every hour of both meters is there, and nothing else."""
    catalog = Store(home).catalog
    (one,) = catalog.holdings()
    bills = WORLD.bills("1000101001")[:LISTED]
    assert {(d.bill.billing_date, d.bill.amount, d.state) for d in catalog.documents(one.id)} == {
        (bill.billing_date, bill.total, State.OK) for bill in bills
    }
    assert held(home) == true(days=2)


def test_a_code_that_is_not_taken_is_sent_once(tmp_path: Path, profile: Profile) -> None:
    app, desk = portal(WORLD)
    outcome = harvested_at(tmp_path, app, profile, HOME, days=2, code="000000")
    assert outcome.state is State.MFA_REQUIRED, outcome.message
    assert desk.codes == ["000000"]
    assert desk.counts.routes["/home"] == 0


@pytest.mark.parametrize("ends_at", [("/bills", 5), ("/usage", 4)], ids=["bills", "graphs"])
def test_a_code_older_bills_and_two_meters_are_got_through_though_the_session_ends(
    tmp_path: Path, profile: Profile, ends_at: tuple[str, int]
) -> None:
    app, desk = portal(WORLD, ends_at=ends_at)
    outcome = harvested_at(tmp_path, app, profile, HOME, days=2, code=CODE)
    assert (outcome.state, outcome.failed) == (State.OK, []), outcome.message
    assert outcome.sign_ins == desk.counts.sign_ins[HOME] == 2
    assert desk.codes == [CODE, CODE]
    assert_whole(tmp_path)
    assert desk.counts.routes["/bill"] <= LISTED + 1


def test_a_graph_that_stays_as_it_was_is_taken_for_its_own_day_only(
    tmp_path: Path, profile: Profile
) -> None:
    app, desk = portal(WORLD)
    desk.stale = True
    outcome = harvested_at(tmp_path, app, profile, HOME, days=2, code=CODE)
    assert outcome.state is State.OK_PARTIAL
    assert f"{TODAY - 2 * DAY} just what it showed for {TODAY - DAY}" in " ".join(outcome.failed)
    assert held(tmp_path) == true(days=1)
