"""Nights as they are: real runs of the schedule around a clock change, an outage and a lost one."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from nights import ZONE, Coop, in_a_thread, nights_of
from tenacity import wait_none

from harvester import stops
from harvester.errors import Misconfigured, State
from harvester.night.schedule import REST
from harvester.store.catalog import Catalog

DAY = timedelta(days=1)
FIRST = date(2026, 10, 28)
DOWN = {date(2026, 11, 2) + n * DAY for n in range(3)}
SHORT = """[night]
window = "01:00-02:10"
spread_minutes = 30
older_days = 31"""
OFF = {date(2026, 10, 30), date(2026, 10, 31)}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvester.retries.wait_random_exponential", lambda **_: wait_none())


def coop_at(home: Path, text: str, *, more: str = "") -> Coop:
    now = datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)
    return Coop(home, "sandbox-new", now, more=more)


@in_a_thread
def test_ten_nights_with_a_clock_change_an_outage_and_a_machine_that_was_off(
    tmp_path: Path,
) -> None:
    coop = coop_at(tmp_path / "home", f"{FIRST} 12:00", more=SHORT)
    down = nights_of(DOWN)
    coop.faults = lambda at: "down=1000000" if down(at) else ""
    coop.off = nights_of(OFF)
    coop.pass_time(coop.now + 10 * DAY)
    runs = coop.store.catalog.runs_since(datetime(2020, 1, 1, tzinfo=UTC))
    good = [run.started_at.astimezone(ZONE) for run in runs if run.state is State.OK]
    days = ["10-28", "10-29", "11-01", "11-01", "11-05", "11-06", "11-07"]
    assert [f"{at:%m-%d}" for at in good] == days
    # The machine came back at midnight, and the night of 31 October, which it had missed, was made
    # good at once; then came that of 1 November, whose hour from one is there twice.
    assert [at.hour for at in good] == [12, 1, 0, 1, 1, 1, 1]
    failed = [run for run in runs if run.state is not State.OK]
    assert {run.started_at.astimezone(ZONE).date() for run in failed} == DOWN
    assert all(run.facts["sign_ins"] == 0 for run in failed)
    assert coop.wrong(date(2026, 9, 1), date(2026, 11, 6)) == []
    assert coop.most_sign_ins() <= 2
    # Older days come home 31 at a time, newest first, and after a night that failed the same again.
    starts = [e.facts["start"] for e in coop.store.trail.entries() if e.event == "run.started"]
    began = [date.fromisoformat(f"{start}") for start in dict.fromkeys(starts)]
    recent = FIRST - 45 * DAY
    expected = [recent, *(recent - 31 * n * DAY for n in range(1, 7))]
    assert began == expected


@in_a_thread
def test_a_utility_that_is_stopped_is_asked_nothing_and_nobody_else_is_kept_from_theirs(
    tmp_path: Path,
) -> None:
    coop = coop_at(tmp_path / "home", "2026-06-01 12:00")
    stops.stop(coop.home, "coop", "They asked us to.", coop.now)
    coop.pass_time(coop.now + DAY)
    states = [run.state for run in coop.store.catalog.runs_since(coop.now - 2 * DAY)]
    assert states == [State.STOPPED, State.STOPPED]
    assert coop.requests == 0


@in_a_thread
def test_a_member_whose_profile_is_broken_is_named_and_the_others_are_planned_for(
    tmp_path: Path,
) -> None:
    coop = coop_at(tmp_path / "home", "2026-06-01 12:00")
    broken = (coop.home / "profiles" / "coop.toml").read_text().replace("America/Chi", "Amerika/Ci")
    (coop.home / "profiles" / "broken.toml").write_text(broken)
    coop.join("cabin", "broken")
    plan = coop.schedule.plan()
    assert [one.member for one in plan.due] == ["house"]
    assert "Amerika/Cicago" in f"{plan.broken['cabin']}"
    assert "is not an IANA time zone" in f"{plan.broken['cabin']}"
    told = {run.member: run.state for run in coop.schedule.newest_runs(plan)}
    assert told == {"cabin": State.INVALID_PROFILE}


@in_a_thread
def test_whoever_cannot_even_begin_a_run_rests_before_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coop = coop_at(tmp_path / "home", "2026-06-01 12:00")

    tries = []

    def full(*_: object) -> int:
        tries.append(coop.now)
        raise Misconfigured(State.HOME_UNUSABLE, "The disk is full.")

    monkeypatch.setattr(Catalog, "begin_run", full)
    coming = asyncio.run(coop.schedule.once())
    assert coming == coop.now + REST
    began = coop.now
    coop.now += timedelta(minutes=1)  # whatever looks meanwhile
    assert asyncio.run(coop.schedule.once()) == coming
    assert tries == [began]
    coop.now = coming
    asyncio.run(coop.schedule.once())
    assert tries == [began, coming]
