"""The plan of a year of nights, worked out in milliseconds: when who is harvested, and when not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from harvester.errors import Misconfigured, State
from harvester.night.plan import Past, due, last_night, moment_of, night_of
from harvester.profile import Profile, load
from harvester.store.runs import Run

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
CHICAGO = ZoneInfo("America/Chicago")
NAMES = [f"member-{n}" for n in range(20)]


def profile(window: str = "01:00-05:30", spread: int = 90, **pace: Any) -> Profile:
    found = load("caec")
    night = found.night.model_copy(update={"window": window, "spread_minutes": spread})
    limits = found.pace.model_copy(update=pace)
    return found.model_copy(update={"night": night, "pace": limits})


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO).astimezone(UTC)


def run(at: datetime, state: State | None = State.OK, **facts: int) -> Run:
    ended = at + 2 * MINUTE if state else None
    return Run(1, "caec", "house", "run", at, ended, state, {"requests": 20, **facts})


def next_at(found: Profile, now: datetime, *runs: Run, **past: Any) -> datetime:
    (one,) = due(found, {"house": Past(runs, **past)}, now)
    return one.at


@dataclass
class Simulated:
    """A member's nights where every run takes two minutes; `state` tells how a run ends."""

    found: Profile
    now: datetime
    runs: list[Run] = field(default_factory=list)
    sent: list[datetime] = field(default_factory=list)

    def state(self, _at: datetime) -> State:
        return State.OK

    def awake(self, at: datetime) -> datetime:
        """Return when the machine is on again; `at` itself where it is."""
        return at

    def until(self, end: datetime) -> Iterator[Run]:
        while (now := self.awake(self.now)) < end:
            self.now = now
            runs = [one for one in self.runs[-20:] if one.started_at > now - 2 * DAY]
            past = Past(runs, [at for at in self.sent[-20:] if at > now - DAY])
            (one,) = due(self.found, {"house": past}, now)
            if one.at <= now:
                made = run(self.now, self.state(self.now))
                if made.state is State.OK:
                    self.sent.append(self.now)
                self.runs.append(made)
                yield made
                self.now += 2 * MINUTE
            else:
                self.now = one.at


def test_every_night_of_a_year_has_one_run_within_its_local_hours() -> None:
    found = profile()
    nights = list(Simulated(found, local("2026-01-01 12:00")).until(local("2027-01-01 12:00")))
    caught_up, *rest = nights
    assert caught_up.started_at == local("2026-01-01 12:00")  # a new member waits for no night
    days = [one.started_at.astimezone(CHICAGO).date() for one in rest]
    assert days == [date(2026, 1, 2) + n * DAY for n in range(365)]
    clocks = [one.started_at.astimezone(CHICAGO).time() for one in rest]
    # On the day that lacks the hour from 02:00, 90 minutes after 01:00 end at 03:30.
    spring = days.index(date(2026, 3, 8))
    assert time(1) <= clocks[spring] <= time(3, 30)
    assert all(time(1) <= at <= time(2, 30) for n, at in enumerate(clocks) if n != spring)


@pytest.mark.parametrize(
    ("window", "day", "opens", "closes"),
    [
        ("01:00-05:30", "2026-06-15", "2026-06-15T06:00", "2026-06-15T10:30"),
        ("01:00-05:30", "2026-01-15", "2026-01-15T07:00", "2026-01-15T11:30"),
        ("01:00-05:30", "2026-03-08", "2026-03-08T07:00", "2026-03-08T10:30"),  # an hour less
        ("01:00-05:30", "2026-11-01", "2026-11-01T06:00", "2026-11-01T11:30"),  # an hour more
        ("22:30-05:00", "2026-03-07", "2026-03-08T04:30", "2026-03-08T10:00"),
        ("22:30-05:00", "2026-10-31", "2026-11-01T03:30", "2026-11-01T11:00"),
        ("02:30-03:00", "2026-03-08", "2026-03-08T08:30", "2026-03-08T09:00"),  # hours it lacks
        ("04:00-04:00", "2026-06-15", "2026-06-15T09:00", "2026-06-16T09:00"),
    ],
)
def test_a_night_lasts_as_its_local_clock_says(
    window: str, day: str, opens: str, closes: str
) -> None:
    night = night_of(profile(window), date.fromisoformat(day))
    assert night.opens == datetime.fromisoformat(opens).replace(tzinfo=UTC)
    assert night.closes == datetime.fromisoformat(closes).replace(tzinfo=UTC)


def test_a_time_after_midnight_belongs_to_the_night_that_began_before_it() -> None:
    found = profile("22:30-05:00")
    assert last_night(found, local("2026-06-16 03:00")).day == date(2026, 6, 15)
    assert last_night(found, local("2026-06-16 22:29")).day == date(2026, 6, 15)
    assert last_night(found, local("2026-06-16 22:30")).day == date(2026, 6, 16)


def test_members_are_spread_over_the_beginning_of_the_window_and_differently_every_night() -> None:
    found = profile()
    night, other = (night_of(found, date(2026, 6, day)) for day in (15, 16))
    moments = [moment_of(found, name, night) for name in NAMES]
    assert all(night.opens <= at <= night.opens + 90 * MINUTE for at in moments)
    assert len(set(moments)) == len(NAMES)
    assert max(moments) - min(moments) > 45 * MINUTE
    assert moments == [moment_of(found, name, night) for name in NAMES]
    assert moments != [moment_of(found, name, other) - DAY for name in NAMES]


def test_without_a_spread_everybody_begins_when_the_window_does() -> None:
    found = profile(spread=0)
    planned = due(found, {name: Past() for name in NAMES}, local("2026-06-15 01:00"))
    assert {one.at for one in planned} == {local("2026-06-15 01:00")}
    assert [one.member for one in planned] == sorted(NAMES)


def test_many_missed_nights_are_caught_up_once_and_at_once() -> None:
    class Laptop(Simulated):
        def awake(self, at: datetime) -> datetime:
            opened = local("2026-03-20 09:00")
            return opened if local("2026-03-06 20:00") <= at < opened else at

    made = list(Laptop(profile(), local("2026-03-05 12:00")).until(local("2026-03-22 00:00")))
    began = [one.started_at.astimezone(CHICAGO) for one in made]
    assert [f"{at:%m-%d}" for at in began] == ["03-05", "03-06", "03-20", "03-21"]
    assert began[2] == datetime(2026, 3, 20, 9, tzinfo=CHICAGO)


def test_a_missed_night_waits_for_the_next_where_the_utility_names_hours_for_all_runs() -> None:
    found = profile(run_window="22:30-05:00")
    at = next_at(found, local("2026-06-16 09:00"))
    assert local("2026-06-16 22:30") <= at <= local("2026-06-17 00:00")


@pytest.mark.parametrize(
    "state",
    [
        State.PORTAL_DOWN, State.MAINTENANCE, State.RATE_LIMITED, State.SESSION_EXPIRED,
        State.STORE_DOWN, State.PENDING, None,
    ],
)  # fmt: skip
def test_what_nobody_acts_on_is_tried_again_later_the_same_night(state: State | None) -> None:
    began = local("2026-06-15 01:20")
    at = next_at(profile(), began + 3 * MINUTE, run(began, state))
    ended = began + (2 * MINUTE if state else timedelta())
    assert at == ended + 15 * MINUTE


@pytest.mark.parametrize(
    "state",
    sorted(set(State) - {
        State.PORTAL_DOWN, State.MAINTENANCE, State.RATE_LIMITED, State.SESSION_EXPIRED,
        State.STORE_DOWN, State.PENDING,
    }),
)  # fmt: skip
def test_what_is_done_or_needs_a_person_waits_for_the_next_night(state: State) -> None:
    began = local("2026-06-15 01:20")
    at = next_at(profile(), began + 3 * MINUTE, run(began, state))
    assert local("2026-06-16 01:00") <= at <= local("2026-06-16 02:30")


def test_pauses_between_tries_double_and_none_begins_when_the_window_has_closed() -> None:
    class Down(Simulated):
        def state(self, _at: datetime) -> State:
            return State.PORTAL_DOWN

    found = profile(spread=0)
    down = Down(found, local("2026-06-15 01:00"))
    began = [one.started_at for one in down.until(local("2026-06-17 00:00"))]
    tries = ["01:00", "01:17", "01:49", "02:51", "04:53"]
    days = ["2026-06-15", "2026-06-16"]
    assert began == [local(f"{day} {clock}") for day in days for clock in tries]


def test_a_failed_catching_up_is_not_tried_again_by_day() -> None:
    began = local("2026-06-15 09:00")
    at = next_at(profile(), began + HOUR, run(began, State.PORTAL_DOWN))
    assert at >= local("2026-06-16 01:00")


@pytest.mark.parametrize("state", [State.PENDING, None])
def test_a_run_that_was_broken_off_goes_on_by_day_too(state: State | None) -> None:
    began = local("2026-06-15 09:00")
    at = next_at(profile(), began + HOUR, run(began, state))
    assert at == began + (17 if state else 15) * MINUTE
    held = profile(run_window="01:00-05:30")
    assert next_at(held, began + HOUR, run(began, state)) >= local("2026-06-16 01:00")


def test_a_run_by_hand_in_the_night_is_the_nights_run_and_a_tried_sign_in_is_not() -> None:
    began = local("2026-06-15 01:01")
    by_hand = run(began)._replace(kind="backfill")
    assert next_at(profile(), began + HOUR, by_hand) >= local("2026-06-16 01:00")
    tried = run(began)._replace(kind="sign-in")
    assert next_at(profile(), began + HOUR, tried) <= local("2026-06-15 02:30")


def test_a_pause_that_the_portal_asks_for_is_kept() -> None:
    began, until = local("2026-06-15 01:20"), local("2026-06-15 03:40")
    failed = run(began, State.RATE_LIMITED)
    assert next_at(profile(), began + 3 * MINUTE, failed, paused=until) == until
    at = next_at(profile(), began + 3 * MINUTE, failed, paused=local("2026-06-16 12:00"))
    assert at == local("2026-06-16 12:00")


def test_no_run_is_planned_that_the_days_sign_ins_or_the_account_holder_do_not_allow() -> None:
    now = local("2026-06-15 01:00")
    sent = [now - 20 * HOUR, now - 10 * HOUR, now - 9 * HOUR]
    assert next_at(profile(spread=0), now, sign_ins=sent) == now + 4 * HOUR
    assert next_at(profile(spread=0), now, sign_ins=sent[1:]) == now
    earlier = run(now - 6 * HOUR)
    assert next_at(profile(spread=0), now, earlier, runs_a_day=1) == now + 18 * HOUR
    assert next_at(profile(spread=0), now, earlier, runs_a_day=2) == now


def test_runs_that_sign_in_and_then_fail_stay_within_the_days_sign_ins_for_a_year() -> None:
    class Expires(Simulated):
        def state(self, at: datetime) -> State:
            self.sent.append(at)
            return State.SESSION_EXPIRED

    expires = Expires(profile(), local("2026-01-01 12:00"))
    list(expires.until(local("2027-01-01 12:00")))
    sent = expires.sent
    assert len(sent) > 1000
    assert all(later - sooner >= DAY for sooner, later in zip(sent, sent[3:], strict=False))


def test_a_portal_that_is_down_for_three_days_is_harvested_in_the_night_after() -> None:
    back = local("2026-11-03 03:00")

    class Outage(Simulated):
        def state(self, at: datetime) -> State:
            return State.MAINTENANCE if local("2026-10-31 00:00") <= at < back else State.OK

    outage = Outage(profile(), local("2026-10-30 12:00"))
    made = list(outage.until(local("2026-11-05 00:00")))
    good = [f"{one.started_at.astimezone(CHICAGO):%m-%d}" for one in made if one.state is State.OK]
    assert good == ["10-30", "11-03", "11-04"]
    assert made[-2].started_at < local("2026-11-03 05:30")


def test_hours_of_a_night_that_are_none_are_refused_with_the_profile(tmp_path: Any) -> None:
    (tmp_path / "mine.toml").write_text(
        'platform = "oscp"\nname = "Mine"\ntime_zone = "America/Chicago"\nbase = "/oscp"\n'
        'origins = ["https://mine.example"]\n[night]\nwindow = "1-5"\n'
    )
    with pytest.raises(Misconfigured, match=r"night\.window.*no span of hours"):
        load("mine", (tmp_path,))
