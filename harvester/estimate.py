"""Fills the missing hours of a day with estimates, for whoever asks, and never in their place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from itertools import accumulate, groupby, pairwise

from harvester.model import DayTotal, Estimate, Quality, Reading

SHORT = 2
"""So many missing intervals on end are drawn as a line between their neighbours."""
REFERENCE_DAYS = 4
_SATURDAY = 5
_WH = Decimal(1000)


def estimates(
    day: Sequence[Reading], before: Collection[Reading], total: DayTotal | None
) -> Mapping[datetime, Estimate]:
    """Return an estimate for every missing interval of one meter's day, by its UTC start.

    A short gap is interpolated (ReadingQuality 9); a longer one takes the mean of the same clock
    time on the last days of its kind, workday or weekend, out of `before` (8).  Where the day's
    total is known, the estimates are scaled so that the day adds up to it; where some interval has
    no estimate, they are at most what is left of it.
    """
    found = dict(_filled(day, _reference(day, before)))
    energy = total.total_kwh if total else None
    if energy is None or not found:
        return found
    missing = sum(reading.wh is None for reading in day)
    known = sum(reading.wh for reading in day if reading.wh is not None)
    rest, guessed = int(energy * _WH) - known, sum(one.wh for one in found.values())
    if len(found) == missing or guessed > max(rest, 0):
        found = _scaled(found, rest)
    return found


def _scaled(found: Mapping[datetime, Estimate], rest: int) -> dict[datetime, Estimate]:
    """Return estimates that add up to what is left of the day, which is never less than nothing.

    Only of a net meter, whose estimates are negative, may it be.  What has no proportions is spread
    evenly.
    """
    sign = -1 if rest < 0 and max(one.wh for one in found.values()) < 0 else 1
    rest = max(sign * rest, 0)
    weights = [max(sign * one.wh, 0) for one in found.values()]
    if not any(weights):
        weights = [1] * len(found)
    ends = [rest * part // sum(weights) for part in accumulate(weights, initial=0)]
    return {
        at: Estimate(sign * (end - start), one.quality)
        for (at, one), (start, end) in zip(found.items(), pairwise(ends), strict=True)
    }


def _filled(
    day: Sequence[Reading], reference: Mapping[time, int]
) -> Iterator[tuple[datetime, Estimate]]:
    place = 0
    for is_missing, run in groupby(day, key=lambda reading: reading.wh is None):
        gap = list(run)
        first, end = place, place + len(gap)
        place = end
        if not is_missing:
            continue
        left, right = (day[n].wh if 0 <= n < len(day) else None for n in (first - 1, end))
        for number, reading in enumerate(gap, start=1):
            if len(gap) <= SHORT and left is not None and right is not None:
                wh = left + (right - left) * number // (len(gap) + 1)
                yield reading.start, Estimate(wh, Quality.INTERPOLATED)
            elif (clock := _clock(reading)) in reference:
                yield reading.start, Estimate(reference[clock], Quality.ESTIMATED)


def _reference(day: Sequence[Reading], before: Collection[Reading]) -> Mapping[time, int]:
    """Return the mean by clock time of the last days of the same kind."""
    weekend = {reading.local_day.weekday() >= _SATURDAY for reading in day}
    length = {reading.seconds for reading in day}
    alike = [
        r for r in before if (r.local_day.weekday() >= _SATURDAY) in weekend and r.seconds in length
    ]
    last = sorted({reading.local_day for reading in alike})[-REFERENCE_DAYS:]
    by_clock: dict[time, list[int]] = defaultdict(list)
    for reading in alike:
        if reading.local_day in last and reading.wh is not None and not reading.is_estimated:
            by_clock[_clock(reading)].append(reading.wh)
    return {clock: round(sum(values) / len(values)) for clock, values in by_clock.items()}


def _clock(reading: Reading) -> time:
    seconds = (int(reading.start.timestamp()) + reading.utc_offset) % 86_400
    return time(seconds // 3600, seconds % 3600 // 60)
