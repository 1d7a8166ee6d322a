"""A local clock as ESPI tells it: an offset from UTC, and two rules of when it is moved.

A rule is 32 bits: seconds (12), hours (5), day of the week (3, Monday is 1), day of the month (5),
operator (3) and month (4), the seconds lowest; all ones are no rule (ESPI 4.0, DstRuleType).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from harvester.errors import Misconfigured, State

NO_RULE = 0xFFFFFFFF
ON_DAY, ON_OR_AFTER, FIRST, FIFTH, LAST = 0, 1, 2, 6, 7
"""Operators; those from the first to the fifth day of the week count on by one."""
_DAY = timedelta(days=1)
_YEARS = 4
"""A rule is read off so many years, so that the first of a month is told from the last."""


@dataclass(frozen=True)
class Rule:
    """A wall time of every year; `weekday` counts from Monday as 1, 0 and `day` 0 are none."""

    month: int
    operator: int
    weekday: int
    day: int
    seconds: int
    """Of the day."""

    def encode(self) -> str:
        """Return the rule as eight hexadecimal digits."""
        hours, rest = divmod(self.seconds, 3600)
        told = self.month << 28 | self.operator << 25 | self.day << 20 | self.weekday << 17
        return f"{told | hours << 12 | rest:08X}"

    def moment(self, year: int) -> datetime:
        """Return the naive wall time of a year, as the clock shows it before it is moved."""
        if self.operator == ON_DAY:
            found = date(year, self.month, self.day)
        elif self.operator == LAST:
            end = date(year + self.month // 12, self.month % 12 + 1, 1) - _DAY
            found = end - (end.isoweekday() - self.weekday) % 7 * _DAY
        else:
            week = 0 if self.operator == ON_OR_AFTER else self.operator - FIRST
            least = date(year, self.month, self.day or 1)
            found = least + ((self.weekday - least.isoweekday()) % 7 + 7 * week) * _DAY
        return datetime.combine(found, datetime.min.time()) + timedelta(seconds=self.seconds)


def decode(text: str) -> Rule | None:
    """Return the rule of hexadecimal digits, None where there is none; ValueError if malformed."""
    bits = int(text, 16)
    if bits == NO_RULE:
        return None
    rule = Rule(
        month=bits >> 28,
        operator=bits >> 25 & 7,
        weekday=bits >> 17 & 7,
        day=bits >> 20 & 31,
        seconds=(bits >> 12 & 31) * 3600 + (bits & 0xFFF),
    )
    by_day = rule.operator in {ON_DAY, ON_OR_AFTER}
    sound = 1 <= rule.month <= 12 and (bits & 0xFFF) < 3600 and rule.seconds < 86_400
    sound = sound and by_day == bool(rule.day) and (rule.operator != ON_DAY) == bool(rule.weekday)
    if not sound:
        message = "the bits of the rule say no time of a year"
        raise ValueError(message)
    rule.moment(2024)  # a day that its month never has
    return rule


@dataclass(frozen=True)
class Clock:
    """What LocalTimeParameters say; offsets are seconds, those of the zone east of UTC."""

    offset: int
    moved: int
    start: Rule | None
    """When the clock is moved on by `moved`."""
    end: Rule | None

    def offset_at(self, moment: int) -> int:
        """Return the seconds east of UTC that the clock shows at a UTC second."""
        if self.start is None or self.end is None or not self.moved:
            return self.offset
        year = (datetime(1970, 1, 1) + timedelta(seconds=moment + self.offset)).year  # noqa: DTZ001
        on, off = _span(self, self.start, self.end, year)
        moved = on <= moment < off if on < off else not off <= moment < on
        return self.offset + self.moved * moved

    def day_of(self, moment: int) -> date:
        """Return the local day of a UTC second."""
        return date(1970, 1, 1) + (moment + self.offset_at(moment)) // 86_400 * _DAY


@lru_cache(maxsize=1024)
def _span(clock: Clock, start: Rule, end: Rule, year: int) -> tuple[int, int]:
    """Return the UTC seconds of a year from which and up to which the clock is moved on."""
    on, off = (
        int((rule.moment(year) - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001
        for rule in (start, end)
    )
    return on - clock.offset, off - clock.offset - clock.moved


def clock_of(zone: ZoneInfo, year: int) -> Clock:
    """Return a time zone's clock by the rules that it has from this year on.

    Raises Misconfigured where it is moved by no rule that ESPI can tell.
    """
    moves = [move for y in range(year, year + _YEARS) for move in _moves(zone, y)]
    offset = min(
        datetime(year, month, 1, tzinfo=zone).utcoffset() or timedelta() for month in (1, 7)
    )
    if not moves:
        return Clock(int(offset.total_seconds()), 0, None, None)
    on = [wall for wall, by in moves if by > timedelta()]
    off = [wall for wall, by in moves if by < timedelta()]
    amounts = {abs(by) for _, by in moves}
    start, end = _rule(on), _rule(off)
    if start and end and len(amounts) == 1 and len(on) == len(off) == _YEARS:
        return Clock(int(offset.total_seconds()), int(amounts.pop().total_seconds()), start, end)
    raise Misconfigured(
        State.INVALID_PROFILE,
        f"The clocks of {zone.key} are moved by no rule that Green Button can tell; name a time"
        " zone in the profile that has one.",
    )


def _moves(zone: ZoneInfo, year: int) -> Iterator[tuple[datetime, timedelta]]:
    """Yield the wall time before each change of the offset, and by how much it changes."""
    moment = datetime(year, 1, 1, tzinfo=UTC) - (
        datetime(year, 1, 1, tzinfo=zone).utcoffset() or timedelta()
    )
    before = moment.astimezone(zone).utcoffset()
    for _ in range(367):
        after = (moment + _DAY).astimezone(zone).utcoffset()
        if before != after and before is not None and after is not None:
            at = _exactly(zone, moment)
            wall = (at + before).replace(tzinfo=None)
            if wall.year == year:
                yield wall, after - before
        moment, before = moment + _DAY, after


def _exactly(zone: ZoneInfo, day: datetime) -> datetime:
    """Return the first UTC quarter of an hour of a day's 24 hours with a new offset."""
    before = day.astimezone(zone).utcoffset()
    quarters = (day + n * timedelta(minutes=15) for n in range(97))
    return next(at for at in quarters if at.astimezone(zone).utcoffset() != before)


def _rule(walls: list[datetime]) -> Rule | None:
    """Return the one rule by which all these come about."""
    if len({(w.month, w.isoweekday(), w.time()) for w in walls}) != 1:
        return None
    first = walls[0]
    seconds = first.hour * 3600 + first.minute * 60 + first.second
    common = {"month": first.month, "weekday": first.isoweekday(), "seconds": seconds}
    ways = [
        *(Rule(operator=n, day=0, **common) for n in range(FIRST, LAST + 1)),
        *(Rule(operator=ON_OR_AFTER, day=n, **common) for n in range(1, 29)),
    ]
    return next((r for r in ways if all(r.moment(w.year) == w for w in walls)), None)
