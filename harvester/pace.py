"""Holds a harvest to the limits of its profile: hours of the day, runs and sign-ins a day."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from harvester.errors import OwnLimit, State
from harvester.profile import Profile
from harvester.store.runs import Runs

DAY = timedelta(days=1)


def may_run(profile: Profile, runs: Runs, run: int, at: datetime, allowed: int | None) -> None:
    """Raise OwnLimit(RATE_LIMITED) where the hour is not right or the day's runs are used up.

    `allowed` is how many the account holder does, if they said so; the profile may allow fewer.
    """
    opens = _opens(profile, at)
    if opens:
        raise OwnLimit(
            State.RATE_LIMITED,
            f"{profile.name} is harvested from {profile.pace.run_window} of its local time only;"
            f" run again after {opens:%Y-%m-%d %H:%M} there.",
            opens,
        )
    limit = min(allowed or profile.pace.runs_a_day, profile.pace.runs_a_day)
    begun = runs.runs_before(run, at - DAY)
    if len(begun) >= limit:
        raise _used_up(f"This sign-in was harvested {limit} times", begun[-limit] + DAY)


def may_sign_in(profile: Profile, member: str, runs: Runs, at: datetime) -> None:
    """Raise OwnLimit(RATE_LIMITED) where the day's sign-ins are used up."""
    limit = profile.pace.sign_ins_a_day
    sent = runs.sign_ins_since(profile.id, member, at - DAY)
    if len(sent) >= limit:
        raise _used_up(f"{member} was signed in {limit} times", sent[-limit] + DAY)


def _used_up(what: str, until: datetime) -> OwnLimit:
    return OwnLimit(
        State.RATE_LIMITED,
        f"{what} within a day, which is the limit; run again after {until:%Y-%m-%d %H:%M} UTC.",
        until,
    )


def _opens(profile: Profile, at: datetime) -> datetime | None:
    """Return when the profile's hours begin, in its local time; None while they last."""
    if profile.pace.run_window is None:
        return None
    first, last = (time.fromisoformat(end) for end in profile.pace.run_window.split("-"))
    local = at.astimezone(profile.zone)
    now = local.time()
    within = first <= now < last if first < last else now >= first or now < last
    if within:
        return None
    day = local.date() + (DAY if now >= first else timedelta())
    return datetime.combine(day, first, profile.zone)
