"""What an account's meters truly measured, hour by hour, and what the portal tells of it when."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate

from harvester.sandbox.cast import Plan
from harvester.sandbox.nouns import Channel, Day, Hour, Meter, Quality, Revision
from harvester.sandbox.rates import TARIFFS, cents
from harvester.sandbox.weather import Air, weather

_ESTIMATED_AFTER = timedelta(days=2)
_READ_AFTER = timedelta(days=6)
_GAP_A_DAY = 1 / 80
_WEEK = 7
_SATURDAY = 5


@dataclass(frozen=True)
class Load:
    """A load: one digit a local hour in steps of `step_kw`, and kW for each °F of discomfort."""

    workday: str
    weekend: str
    step_kw: float
    cooling: float
    heating: float

    def kw(self, air: Air, *, weekend: bool) -> float:
        """Return the average kW of one hour."""
        hour = int((self.weekend if weekend else self.workday)[air.clock])
        weather = self.cooling * max(0, air.temp_f - 70) + self.heating * max(0, 56 - air.temp_f)
        return self.step_kw * hour + weather


LOADS = {
    "home": Load("322222476433334446898764", "322222345666665556798764", 0.18, 0.09, 0.06),
    "office": Load("222222358999999998532222", "222222223333333333222222", 0.17, 0.06, 0.03),
    "plant": Load("222334789999899998654322", "222222334444444443332222", 7.0, 1.3, 0.3),
    "barn": Load("111113731111222111374211", "111113731111222111374211", 0.25, 0.03, 0.04),
}


@dataclass(frozen=True)
class Measured:
    """One local day of true energy, Wh an hour, and the ordinals the meter never reported."""

    delivered: tuple[int, ...]
    received: tuple[int, ...]
    gaps: frozenset[int]


class Metering:
    """An account's measurements up to, not including, `until`; see `World` for what is told when.

    Each day depends on the seed, the meter and the day alone.  A late day (the plan says which) is
    untold for two days, then told as an average of the seven days before it, and as read from the
    sixth day on.
    """

    def __init__(self, seed: int, plan: Plan, until: date) -> None:
        self._seed = seed
        self._plan = plan
        self._planted = dict(plan.gaps)
        span = max(0, (until - plan.opened).days)
        self._days = [self._measure(plan.opened + timedelta(days=n)) for n in range(span)]
        self._before: dict[Channel, list[int]] = {
            "delivered": list(accumulate((sum(d.delivered) for d in self._days), initial=0)),
            "received": list(accumulate((sum(d.received) for d in self._days), initial=0)),
        }

    def meter(self, day: date) -> Meter:
        """Return the meter in service on a day; exchanges happen at local midnight."""
        return next(m for m in reversed(self._plan.meters) if m.installed <= day)

    def reading(self, meter: Meter, day: date, channel: Channel = "delivered") -> int:
        """Return a register, in whole units, at the local midnight that begins `day`."""
        before = self._before[channel]
        wh = before[self._index(day)] - before[self._index(meter.installed)]
        first = meter.first_reading if channel == "delivered" else 0
        return first + wh // (1000 * meter.multiplier)

    def told(self, day: date, today: date) -> Day | None:
        """Return a day in the version shown on `today`, None where it is not shown."""
        age = today - day
        if not self._late(day):
            return self._read(day) if age >= timedelta(days=1) else None
        if age < _ESTIMATED_AFTER:
            return None
        if age < _READ_AFTER or day in self._plan.never_read:
            return self._estimate(day)
        return self._read(day)

    def revisions(self, today: date) -> list[Revision]:
        """Return the averaged versions that true reads replaced by `today`, oldest first."""
        days = (self._plan.opened + timedelta(days=n) for n in range(len(self._days)))
        return [
            Revision(self._estimate(day), day + _ESTIMATED_AFTER, day + _READ_AFTER)
            for day in days
            if self._late(day) and day not in self._plan.never_read and today - day >= _READ_AFTER
        ]

    def _index(self, day: date) -> int:
        return (day - self._plan.opened).days

    def _late(self, day: date) -> bool:
        """Tell whether a day is averaged at first; none is before there is a week to average."""
        late = (day.month, day.day) in self._plan.late or day in self._plan.never_read
        return late and self._index(day) >= _WEEK

    def _measure(self, day: date) -> Measured:
        plan = self._plan
        rng = random.Random(f"{self._seed}:{self.meter(day).number}:{day}")
        load = LOADS[plan.load]
        weekend = day.weekday() >= _SATURDAY
        scale = plan.scale * rng.uniform(0.85, 1.15)
        delivered, received = [], []
        for air in weather(self._seed, day):
            used = scale * load.kw(air, weekend=weekend) * rng.uniform(0.75, 1.3)
            made = plan.panels_kw * air.sky * rng.uniform(0.7, 1.0) if plan.panels_kw else 0.0
            # Sun and use take turns within an hour: some of what is made meets no use, and goes out
            at_once = min(used, made) * 0.85
            taken, given = (10 * round((kwh - at_once) * 100) for kwh in (used, made))
            delivered.append(taken - given if plan.net else taken)
            received.append(0 if plan.net else given)
        gaps = set(self._planted.get(day, ()))
        if plan.scattered_gaps and rng.random() < _GAP_A_DAY:
            gaps.add(rng.randrange(len(delivered)))
        return Measured(tuple(delivered), tuple(received), frozenset(gaps))

    def _read(self, day: date) -> Day:
        measured = self._days[self._index(day)]
        meter = self.meter(day)
        hours = tuple(
            Hour(air.start, None, None, "missing", air.temp_f, air.humidity, air.wind_mph)
            if ordinal in measured.gaps
            else Hour(air.start, wh, back, "true", air.temp_f, air.humidity, air.wind_mph)
            for ordinal, (air, wh, back) in enumerate(
                zip(weather(self._seed, day), measured.delivered, measured.received, strict=True)
            )
        )
        silent = len(measured.gaps) == len(hours)
        total = None if silent else _whole_kwh(sum(measured.delivered))
        end = None if silent else self.reading(meter, day + timedelta(days=1))
        quality: Quality = "missing" if silent else "true"
        return Day(day, meter.number, hours, total, end, self._cost(total), quality)

    def _estimate(self, day: date) -> Day:
        last = self._index(day)
        week = self._days[last - _WEEK : last]
        count = sum(len(d.delivered) for d in week)
        wh = 10 * round(sum(sum(d.delivered) for d in week) / count / 10)
        back = 10 * round(sum(sum(d.received) for d in week) / count / 10)
        hours = tuple(
            Hour(air.start, wh, back, "estimated", air.temp_f, air.humidity, air.wind_mph)
            for air in weather(self._seed, day)
        )
        total = _whole_kwh(wh * len(hours))
        number = self.meter(day).number
        return Day(day, number, hours, total, None, self._cost(total), "estimated")

    def _cost(self, kwh: int | None) -> Decimal | None:
        tariff = TARIFFS[self._plan.account.rate]
        return None if kwh is None else cents(tariff.access + kwh * tariff.per_kwh)


@lru_cache(maxsize=64)
def metering(seed: int, plan: Plan, until: date) -> Metering:
    """Return an account's measurements, kept for the next caller."""
    return Metering(seed, plan, until)


def _whole_kwh(wh: int) -> int:
    """Round half up."""
    return (wh + 500) // 1000
