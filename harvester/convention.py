"""Tells from the data whether a portal labels an hour by its beginning or by its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from harvester.errors import BadData
from harvester.extract import extract
from harvester.extract.rows import Setting
from harvester.model import Artifact, DayTotal, Direction, Reading
from harvester.profile import Profile

LABELS: Final = ("beginning", "ending")
ENOUGH_DAYS = 14
MOST = 0.98
"""Share of the days that must agree; a convention is proven where the other's days do not."""
ROUNDED = Decimal("0.06")
"""kWh by which 24 hours in hundredths may be off together: four standard deviations."""

_KWH = Decimal("0.001")


@dataclass
class Proof:
    """How many whole days agree with their total if hours are labelled so."""

    days: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LABELS, 0))
    agree: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LABELS, 0))

    @property
    def label(self) -> str | None:
        """The convention that the data proves; None where it proves neither."""
        shares = {
            label: self.agree[label] / self.days[label]
            for label in LABELS
            if self.days[label] >= ENOUGH_DAYS
        }
        proven = [label for label, share in shares.items() if share >= MOST]
        return proven[0] if len(proven) == 1 else None


def prove(profile: Profile, answers: Iterable[Artifact], totals: Mapping[date, DayTotal]) -> Proof:
    """Read the interval feed's answers both ways and compare the days with their totals.

    Of a day that several answers tell, the last is taken.  Only days with a value for each interval
    count, and of their total only as much as it is rounded to.
    """
    proof = Proof()
    told = list(answers)
    for label in LABELS:
        feed = profile.feed.model_copy(update={"hour_label": label})
        setting = Setting(profile.model_copy(update={"feed": feed}), totals)
        days: dict[date, list[Reading]] = {}
        for answer in told:
            days |= _by_day(answer, setting)
        for day, hours in days.items():
            energy = totals[day].total_kwh if day in totals else None
            known = [reading.wh for reading in hours if reading.wh is not None]
            if energy is None or len(known) < len(hours) or any(r.is_estimated for r in hours):
                continue
            proof.days[label] += 1
            exponent = energy.as_tuple().exponent
            step = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
            proof.agree[label] += abs(sum(known) * _KWH - energy) <= step / 2 + ROUNDED
    return proof


def _by_day(answer: Artifact, setting: Setting) -> dict[date, list[Reading]]:
    days: dict[date, list[Reading]] = defaultdict(list)
    try:
        readings = extract(answer, setting).readings
    except BadData:
        return {}
    for reading in readings:
        if reading.direction is Direction.DELIVERED:
            days[reading.local_day].append(reading)
    return dict(days)
