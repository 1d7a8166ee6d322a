"""When each sign-in is harvested next: a pure function of profile, past runs and the time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from harvester.errors import State
from harvester.profile import Profile
from harvester.store.runs import Run
from harvester.task import SIGN_IN

DAY = timedelta(days=1)
DONE = frozenset({State.OK, State.OK_PARTIAL})
AGAIN = frozenset(
    {
        State.PORTAL_DOWN, State.MAINTENANCE, State.RATE_LIMITED, State.SESSION_EXPIRED,
        State.STORE_DOWN, State.PENDING,
    }
)  # fmt: skip
"""States that nobody has to act on: the same night tries again, as after a run that was killed."""
BROKEN_OFF = frozenset({None, State.PENDING})
"""Of a run that was killed or told to end, which is no failure: it goes on by day as well."""
FIRST_PAUSE = timedelta(minutes=15)
"""Between a failed run and the next one of that night; doubled by each that fails."""


class Night(NamedTuple):
    """The hours of one night, in UTC, named by the portal's local day on which they begin."""

    day: date
    opens: datetime
    closes: datetime


class Past(NamedTuple):
    """What the home says of one sign-in."""

    runs: Sequence[Run] = ()
    """Those of the last two days, oldest first."""
    sign_ins: Sequence[datetime] = ()
    """Those of the last 24 hours, oldest first."""
    runs_a_day: int | None = None
    """How many the account holder allows; None is as many as the profile does."""
    paused: datetime | None = None
    """Before that moment the portal asked not to be asked."""


class Due(NamedTuple):
    """The next run of a sign-in; `night` is the one that it is of."""

    at: datetime
    member: str
    night: date


def due(profile: Profile, pasts: Mapping[str, Past], now: datetime) -> list[Due]:
    """Return the next run of each of a profile's sign-ins, soonest first; past ones are due now.

    A sign-in is harvested once a night, at its own moment of the window.  A night that passed
    without any run is caught up once, as soon as anybody looks.  A run that failed is followed by
    others within the window, where its state allows; one that was broken off, by others at any
    time.  None is planned before the day's sign-ins and runs allow it.
    """
    return sorted(_next(profile, member, past, now) for member, past in pasts.items())


def night_of(profile: Profile, day: date) -> Night:
    """Return the hours of the night that begins on a local day.

    They are the profile's hours of runs, if it has any.  Of hours that a clock change skips, those
    count that are as long after what came before; where it leaves nothing of a window, the window
    lasts as long as on other days.
    """
    hours = profile.pace.run_window or profile.night.window
    first, last = (time.fromisoformat(end) for end in hours.split("-"))
    ends = day if first < last else day + DAY
    opens, closes = (
        datetime.combine(on, at, profile.zone).astimezone(UTC)
        for on, at in ((day, first), (ends, last))
    )
    if closes <= opens:
        naive = datetime.combine(ends, last) - datetime.combine(day, first)
        closes = opens + (naive or DAY)
    return Night(day, opens, closes)


def last_night(profile: Profile, now: datetime) -> Night:
    """Return the newest night that has begun."""
    today = night_of(profile, now.astimezone(profile.zone).date())
    return today if today.opens <= now else night_of(profile, today.day - DAY)


def moment_of(profile: Profile, member: str, night: Night) -> datetime:
    """Return when a sign-in's run begins in a night: always the same, and another for each."""
    words = f"{profile.id}/{member}/{night.day}".encode()
    share = int.from_bytes(hashlib.sha256(words).digest()[:4]) / 2**32
    spread = min(timedelta(minutes=profile.night.spread_minutes), night.closes - night.opens)
    return night.opens + timedelta(seconds=int(share * spread.total_seconds()))


def _next(profile: Profile, member: str, past: Past, now: datetime) -> Due:
    night = last_night(profile, now)
    tonight = [r for r in past.runs if r.started_at >= night.opens and r.kind != SIGN_IN]
    allowed = _allowed(profile, past)
    if not tonight:
        at = max(moment_of(profile, member, night), allowed)
        late = max(at, now) >= night.closes
        if not (late and profile.pace.run_window):
            return Due(at, member, night.day)
    elif not any(run.state in DONE for run in tonight):
        last = tonight[-1]
        if last.state is None or last.state in AGAIN:
            pause = FIRST_PAUSE * 2 ** min(len(tonight) - 1, 8)
            at = max((last.finished_at or last.started_at) + pause, allowed)
            broken_off = last.state in BROKEN_OFF and not profile.pace.run_window
            if broken_off or max(at, now) < night.closes:
                return Due(at, member, night.day)
    coming = night_of(profile, night.day + DAY)
    return Due(max(moment_of(profile, member, coming), allowed), member, coming.day)


def _allowed(profile: Profile, past: Past) -> datetime:
    """Return the first moment at which neither the portal nor a limit of the day forbids a run."""
    limits = profile.pace
    runs_a_day = min(past.runs_a_day or limits.runs_a_day, limits.runs_a_day)
    asked = [r.started_at for r in past.runs if not r.finished_at or r.facts.get("requests")]
    moments = [past.paused or datetime.min.replace(tzinfo=UTC)]
    for used, limit in ((past.sign_ins, limits.sign_ins_a_day), (asked, runs_a_day)):
        if len(used) >= limit:
            moments.append(used[-limit] + DAY)
    return max(moments)
