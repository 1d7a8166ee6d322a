"""The hours of a local day, 23, 24 or 25 of them, and the weather in each."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from harvester.sandbox.nouns import ZONE

_LOCAL = ZoneInfo(ZONE)
_YEAR = 2 * math.pi / 365.25
_DAY = 2 * math.pi / 24
_PLAIN = 24


class Air(NamedTuple):
    """One hour: when it starts, in UTC and on the local clock, and what it feels like outside."""

    start: datetime
    clock: int
    temp_f: int
    humidity: int
    wind_mph: int
    sky: float
    """Share of a clear summer noon's sun that reaches the ground, 0 at night."""


@lru_cache(maxsize=4096)
def weather(seed: int, day: date) -> tuple[Air, ...]:
    """Return the hours of a local day, the same for every account of the co-op."""
    rng = random.Random(f"{seed}:weather:{day}")
    season = math.cos((day.timetuple().tm_yday - 200) * _YEAR)
    mean = 63 + 18 * season + rng.gauss(0, 5)
    clear = rng.choice((0.25, 0.6, 0.85, 1.0, 1.0))
    damp = rng.uniform(-8, 12) - 15 * clear
    breeze = rng.uniform(2, 9)
    start = _midnight(day)
    count = (_midnight(day + timedelta(days=1)) - start) // timedelta(hours=1)
    hours = []
    for ordinal in range(count):
        utc = start + timedelta(hours=ordinal)
        clock = ordinal if count == _PLAIN else utc.astimezone(_LOCAL).hour
        warmth = math.cos((clock - 15) * _DAY)
        sun = max(0.0, math.cos((clock - 12.5) * _DAY) + 0.2 * season - 0.1)
        hours.append(
            Air(
                start=utc,
                clock=clock,
                temp_f=round(mean + 10 * warmth),
                humidity=max(20, min(100, round(75 + damp - 18 * warmth))),
                wind_mph=round(breeze * (1 + 0.4 * warmth)),
                sky=clear * sun,
            )
        )
    return tuple(hours)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _LOCAL).astimezone(UTC)
