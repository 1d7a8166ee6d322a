"""Tells from the data whether a portal labels an hour by its beginning or by its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from harvester.checks.days import advance, unit
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


def prove(
    profile: Profile,
    answers: Iterable[Artifact],
    totals: Mapping[date, DayTotal],
    multipliers: Mapping[str, Decimal],
) -> Proof:
    """Read the interval feed's answers both ways and compare the days with total and register.

    Of a day that several answers tell, the last is taken.  Only days with a value for each interval
    count, and their total and register only as far as they are exact.
    """
    proof = Proof()
    told, expected = list(answers), _expected(totals, multipliers)
    for label in LABELS:
        feed = profile.feed.model_copy(update={"hour_label": label})
        setting = Setting(profile.model_copy(update={"feed": feed}), totals)
        days: dict[date, list[Reading]] = {}
        for answer in told:
            days |= _by_day(answer, setting)
        for day, hours in days.items():
            known = [r.wh for r in hours if r.wh is not None and not r.is_estimated]
            if day in expected and len(known) == len(hours):
                proof.days[label] += 1
                energy = sum(known) * _KWH
                proof.agree[label] += all(
                    abs(energy - kwh) <= exact + ROUNDED for kwh, exact in expected[day]
                )
    return proof


def _expected(
    totals: Mapping[date, DayTotal], multipliers: Mapping[str, Decimal]
) -> Mapping[date, list[tuple[Decimal, Decimal]]]:
    """Return what a day's energy should be in kWh, and how exact that is: by total and register.

    Totals that are all what the register moved on are that difference, and no more exact.
    """
    moves = dict(_moves(totals, multipliers))
    differences = all(totals[day].total_kwh in {None, kwh} for day, (kwh, _) in moves.items())
    expected: dict[date, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for day, move in moves.items():
        expected[day].append(move)
    for day, told in totals.items():
        if told.total_kwh is not None and not (differences and day in moves):
            expected[day].append((told.total_kwh, unit(told.total_kwh) / 2))
    return expected


def _moves(
    totals: Mapping[date, DayTotal], multipliers: Mapping[str, Decimal]
) -> Iterator[tuple[date, tuple[Decimal, Decimal]]]:
    """Yield the energy by which a day's register moved on in kWh, and how exact that is."""
    for day, told in totals.items():
        before, factor = totals.get(day - timedelta(days=1)), multipliers.get(told.meter)
        if before is None or factor is None or before.meter != told.meter:
            continue
        if told.end_reading is not None and before.end_reading is not None:
            moved = advance(before.end_reading, told.end_reading)
            yield day, (moved * factor, unit(told.end_reading) * factor)


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
