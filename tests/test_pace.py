"""A portal is asked no more often, and at no other hours, than its profile allows."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import run_async
from faulted import NEW, at_home, at_the_portal, truth
from permitted import permit

from harvester import holds, stops
from harvester.cli.simulated import Known
from harvester.custody import codes
from harvester.custody.secret import Secret
from harvester.errors import Misconfigured, State, Transient
from harvester.filing import Store
from harvester.members import Member
from harvester.pace import may_run
from harvester.profile import Profile, load
from harvester.run import harvest_all
from harvester.sandbox.counts import Counts
from harvester.sandbox.switches import MFA_CODE
from harvester.task import Outcome

DAY = timedelta(days=1)


def paced(**limits: Any) -> Profile:
    found = load("caec")
    return found.model_copy(update={"pace": found.pace.model_copy(update=limits)})


def harvested(home: Path, faults: str = "", **change: Any) -> tuple[Outcome, Counts]:
    permit(home)

    async def run() -> tuple[Outcome, Counts]:
        async with at_the_portal(faults, NEW) as (task, counts):
            limits = change.pop("limits", {})
            pace = task.profile.pace.model_copy(update=limits)
            profile = task.profile.model_copy(update={"pace": pace})
            changed = replace(task, profile=profile, **change)
            (outcome,) = await harvest_all([changed], Store(home), lambda *_: None)
            return outcome, counts

    return run_async(run())


@pytest.mark.parametrize(
    ("window", "local", "opens"),
    [
        ("01:00-05:00", "2026-06-15 00:59", "2026-06-15 01:00"),
        ("01:00-05:00", "2026-06-15 01:00", None),
        ("01:00-05:00", "2026-06-15 05:00", "2026-06-16 01:00"),
        ("22:30-05:00", "2026-06-15 22:29", "2026-06-15 22:30"),
        ("22:30-05:00", "2026-06-15 23:00", None),
        ("22:30-05:00", "2026-06-16 04:59", None),
        ("22:30-05:00", "2026-06-16 05:00", "2026-06-16 22:30"),
        ("02:15-03:00", "2026-03-08 01:30", "2026-03-08 02:15"),  # an hour that day lacks
    ],
)
def test_a_run_begins_within_the_local_hours_of_its_profile(
    tmp_path: Path, window: str, local: str, opens: str | None
) -> None:
    found = paced(run_window=window)
    at = datetime.fromisoformat(local).replace(tzinfo=found.zone).astimezone(UTC)
    runs = Store(tmp_path).catalog
    run = runs.begin_run("caec", "member", "run", at)
    if opens is None:
        may_run(found, runs, run, at, None)
        return
    with pytest.raises(Transient, match=re.escape(f"after {opens}")) as refused:
        may_run(found, runs, run, at, None)
    assert refused.value.state is State.RATE_LIMITED


@pytest.mark.parametrize("window", ["1-5", "25:00-26:00", "01:00", "01:00-05:60"])
def test_hours_that_are_none_are_refused_with_the_profile(tmp_path: Path, window: str) -> None:
    (tmp_path / "mine.toml").write_text(
        'platform = "oscp"\nname = "Mine"\ntime_zone = "America/Chicago"\nbase = "/oscp"\n'
        f'origins = ["https://mine.example"]\n[pace]\nrun_window = "{window}"\n'
    )
    with pytest.raises(Misconfigured, match=r"pace\.run_window"):
        load("mine", (tmp_path,))


def test_runs_that_asked_nothing_do_not_count(tmp_path: Path) -> None:
    limits = {"runs_a_day": 1}
    stops.stop(tmp_path, "caec", "For a while.", datetime.now(UTC))
    assert harvested(tmp_path, limits=limits)[0].state is State.STOPPED
    stops.lift(tmp_path, "caec")
    assert harvested(tmp_path, limits=limits)[0].state is State.OK
    again, counts = harvested(tmp_path, limits=limits)
    assert (again.state, counts.total) == (State.RATE_LIMITED, 0)


def test_there_is_a_pause_between_two_requests(tmp_path: Path) -> None:
    began = time.monotonic()
    _, counts = harvested(tmp_path, limits={"pause_ms": 200})
    pages_and_feeds = counts.total - counts.routes["static"] - counts.routes["not found"]
    # Those that the page makes of itself while it is opened are not ours to delay.
    assert time.monotonic() - began > 0.1 * (pages_and_feeds - 8)


def test_a_pause_that_the_portal_asks_for_is_kept_by_the_next_run_too(tmp_path: Path) -> None:
    outcome, _ = harvested(tmp_path, "rate-limit=3 rate-limit-seconds=3600")
    assert outcome.state is State.RATE_LIMITED
    before, counts = harvested(tmp_path)
    assert (before.state, counts.total) == (State.RATE_LIMITED, 0)
    assert "asked for a pause until" in before.message
    after, _ = harvested(tmp_path, now=lambda: datetime.now(UTC) + timedelta(minutes=61))
    assert after.state is State.OK


def test_a_limit_that_one_member_has_reached_is_no_pause_of_the_portal_for_others(
    tmp_path: Path,
) -> None:
    limits = {"sign_ins_a_day": 1}
    assert harvested(tmp_path, limits=limits)[0].state is State.OK
    again, counts = harvested(tmp_path, limits=limits)
    assert (again.state, counts.total) == (State.RATE_LIMITED, 0)
    permit(tmp_path, "neighbour")
    neighbour = Member(name="neighbour", profile="caec", user=NEW)
    other, _ = harvested(tmp_path, limits=limits, member=neighbour)
    assert (other.state, other.message) == (State.OK, "")


def test_a_hold_says_when_it_began_however_often_it_was_heeded(tmp_path: Path) -> None:
    first, _ = harvested(tmp_path, "terms")
    assert first.state is State.NOTICE_PENDING
    for days in (1, 2):
        now = datetime.now(UTC) + timedelta(days=days)
        heeded, counts = harvested(tmp_path, now=lambda now=now: now)
        assert (heeded.state, counts.total) == (State.NOTICE_PENDING, 0)
        assert f"That was on {datetime.now(UTC):%Y-%m-%d}," in heeded.message


def test_a_session_that_was_kept_is_used_again(tmp_path: Path) -> None:
    permit(tmp_path)
    credentials = Known(f"{NEW}-Pa55")

    async def twice() -> tuple[Outcome, Outcome, Counts]:
        async with at_the_portal("", NEW) as (task, counts):
            kept = replace(task, credentials=credentials)
            store = Store(tmp_path)
            (first,) = await harvest_all([kept], store, lambda *_: None)
            (second,) = await harvest_all([kept], store, lambda *_: None)
            return first, second, counts

    first, second, counts = run_async(twice())
    assert (first.state, second.state) == (State.OK, State.OK)
    assert (first.sign_ins, second.sign_ins) == (1, 0)
    assert counts.routes["sign-in"] == 1


def test_a_session_that_the_portal_ended_meanwhile_is_followed_by_a_sign_in(
    tmp_path: Path,
) -> None:
    credentials = Known(f"{NEW}-Pa55")
    harvested(tmp_path, credentials=credentials)
    outcome, counts = harvested(tmp_path, credentials=credentials)  # of another portal
    assert (outcome.state, outcome.sign_ins) == (State.OK, 1)
    assert at_home(tmp_path) == truth(NEW)
    assert counts.routes["sign-in"] == 1


def test_a_run_that_waits_for_a_code_says_so_and_takes_the_one_handed_in(tmp_path: Path) -> None:
    seen: list[State | None] = []

    class Waits(Known):
        def expect_code(self) -> None:
            seen.extend(run.state for run in Store(tmp_path).catalog.last_runs())
            codes.hand_in(tmp_path, "member", Secret(MFA_CODE), datetime.now(UTC))

        def handed_in(self, since: datetime) -> str | None:
            return codes.take(tmp_path, "member", since, datetime.now(UTC))

    outcome, _ = harvested(tmp_path, "mfa", credentials=Waits(f"{NEW}-Pa55"))
    assert (outcome.state, seen) == (State.OK, [State.AWAITING_OTP])
    assert outcome.sign_ins == 1


def test_a_member_is_let_go_by_new_credentials(tmp_path: Path) -> None:
    harvested(tmp_path, "terms")
    with pytest.raises(Exception, match="harvester sign-in member"):
        holds.refuse(tmp_path, "member", "caec", datetime.now(UTC), by_hand=False)
    holds.lift(tmp_path, "member")
    holds.refuse(tmp_path, "member", "caec", datetime.now(UTC), by_hand=False)


def test_a_locked_sign_in_is_not_even_tried_by_hand_before_its_time(tmp_path: Path) -> None:
    harvested(tmp_path, "locked lock-seconds=1800")
    outcome, counts = harvested(tmp_path, kind="sign-in")
    assert (outcome.state, counts.total) == (State.ACCOUNT_LOCKED, 0)
    later = datetime.now(UTC) + timedelta(minutes=31)
    outcome, _ = harvested(tmp_path, kind="sign-in", now=lambda: later)
    assert outcome.state is State.OK


def test_a_hold_that_cannot_be_read_stands(tmp_path: Path) -> None:
    harvested(tmp_path, "terms")
    (file,) = (tmp_path / "holds").iterdir()
    file.write_text("{")
    with pytest.raises(Misconfigured, match="cannot be used"):
        holds.refuse(tmp_path, "member", "caec", datetime.now(UTC), by_hand=True)
