"""What one answer of the interval feed can be wrong about by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from math import gcd

from harvester.model import Direction, Finding, Reading

FLAT_HOURS = 12
"""So many hours on end that are alike are no use of energy that anyone has."""
FLAT_LEAST = 200
"""Wh; a house that stands empty may well take the same little each hour."""
FLAT_STEPS = 20
"""So many steps in which an answer tells energy; in few, a steady use may well be alike."""
SHOWN = 10
"""Wh in which energy is told, where all of a few days is alike."""
FEW_DAYS = 7
"""What is alike for longer is how the account is."""
NET_HOURS = 3
"""So many hours on end by day are negative of a net meter, if it has no received energy."""
MORNING, EVENING = 5, 21


def readings(told: Collection[Reading], retrieved_at: datetime) -> Iterator[Finding]:
    """Find overlapping, future and negative intervals and flat runs, one finding a day and rule.

    A flat run is looked for within a day, and not where the day is marked as averaged.  Negative
    hours in the middle of a day are what a net meter has while the sun shines.
    """
    net = not any(reading.wh for reading in told if reading.direction is Direction.RECEIVED)
    for direction in Direction:
        days: dict[date, list[Reading]] = defaultdict(list)
        for reading in told:
            if reading.direction is direction:
                days[reading.local_day].append(reading)
        flat = max(FLAT_LEAST, FLAT_STEPS * _step(days))
        for day, hours in days.items():
            hours.sort(key=lambda reading: reading.start)
            subject = f"{day}" if direction is Direction.DELIVERED else f"{day}, received"
            for rule, message in _day(hours, retrieved_at, flat=flat, net=net):
                yield Finding(hours[0].account, rule, subject, message)


def _step(days: Mapping[date, Collection[Reading]]) -> int:
    """Return the step in Wh of which all energies are multiples."""
    values = {abs(reading.wh) for day in days.values() for reading in day if reading.wh}
    return gcd(*values) if len(values) > 1 or len(days) >= FEW_DAYS else SHOWN


def _day(
    hours: Sequence[Reading], retrieved_at: datetime, *, flat: int, net: bool
) -> Iterator[tuple[str, str]]:
    known = [reading for reading in hours if reading.wh is not None]
    both = [(a, b) for a, b in pairwise(hours) if a.start + _length(a) > b.start]
    if both:
        yield "overlap", f"{both[0][1].label} begins before {both[0][0].label} ends."
    early = [reading for reading in known if reading.start + _length(reading) > retrieved_at]
    if early:
        yield "future", f"{len(early)} hours had a value before they were over: {early[0].label}."
    negative = [reading for reading in known if (reading.wh or 0) < 0]
    if negative and not (net and _by_day(negative)):
        least = min(negative, key=lambda reading: reading.wh or 0)
        yield (
            "negative",
            f"{len(negative)} hours are negative, {least.label} most: {least.wh} Wh.",
        )
    for wh, run in groupby(known, key=lambda reading: reading.wh or 0):
        alike = list(run)
        hours_long = sum((_length(reading) for reading in alike), timedelta()) / timedelta(hours=1)
        if wh >= flat and hours_long >= FLAT_HOURS and not alike[0].is_estimated:
            yield "flat-run", f"{hours_long:.0f} hours on end have {wh} Wh, from {alike[0].label}."


def _by_day(negative: Sequence[Reading]) -> bool:
    """Tell whether they are hours on end while the sun may shine."""
    clock = [(int(r.start.timestamp()) + r.utc_offset) % 86_400 // 3600 for r in negative]
    length = sum((_length(reading) for reading in negative), timedelta())
    span = negative[-1].start + _length(negative[-1]) - negative[0].start
    by_day = all(MORNING <= hour < EVENING for hour in clock)
    return by_day and length >= timedelta(hours=NET_HOURS) and 2 * length > span


def _length(reading: Reading) -> timedelta:
    return timedelta(seconds=reading.seconds)
