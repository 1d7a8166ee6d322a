"""Compares the hours of each local day with its total, its register and the weeks before it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from harvester.model import DayOfHours, DayTotal, Direction, Finding

HISTORY = timedelta(days=45)
"""How far back a spike is compared; also how far on a day can matter to others."""
SPIKE_DAYS = 14
"""Days of history that are needed to call anything a spike."""
SPIKE_TIMES = 3
SPIKE_LEAST = 1000
"""Wh; below that, a kettle is a spike."""
SAME_DAYS = timedelta(days=30)
"""How far back days' totals that are no difference of registers say so of the others."""
FEW = 2
LATE = timedelta(days=7)
"""Days that are newer may still be told."""
SHOWN_PLACES = 2
"""Decimal places of kWh that hours are shown with, where a day's own cannot tell."""

_KWH = Decimal("0.001")


@dataclass(frozen=True)
class Told:
    """Everything about the days around a window, as the catalog holds it."""

    account: str
    hours: Sequence[DayOfHours]
    """By day, from `HISTORY` before the window on."""
    totals: Sequence[DayTotal]
    """By day, likewise."""
    multipliers: Mapping[str, Decimal]
    """By meter, as the bills print them."""


def days(told: Told, judged: Collection[date]) -> Iterator[Finding]:
    """Apply every rule to these days; a rule that lacks one of its sides is silent."""
    hours: dict[date, list[DayOfHours]] = defaultdict(list)
    for one in told.hours:
        hours[one.day].append(one)
    totals: dict[date, list[DayTotal]] = defaultdict(list)
    for total in told.totals:
        totals[total.day].append(total)
    differences = _differences(told)
    for day in judged:
        yield from _gap(told.account, hours[day])
        yield from _day_sum(hours[day], totals[day], differences.get(day, Decimal(0)))
    wanted = set(judged)
    yield from _registers(told, wanted, totals, {d for d in hours if _estimated(hours[d])})
    yield from _spikes(told, wanted)
    yield from _meters(told, wanted)


def silence(
    account: str, silent: Mapping[date, Decimal | None], first: date | None, last: date | None
) -> Iterator[Finding]:
    """Find days that have energy (in kWh) but no hours, and days in service that have neither.

    `first` and `last` are the days that have hours; what is newer than a week may still be told.
    """
    for day, kwh in sorted(silent.items()):
        if kwh is not None:
            message = f"The day has {kwh} kWh but no hours."
            yield Finding(account, "no-hours", f"{day}", message, kwh)
        elif first and last and first < day < last - LATE:
            yield Finding(account, "gap", f"{day}", "The portal has no hour of this day.")


def late(account: str, days: Collection[date]) -> Iterator[Finding]:
    """Tell of days whose read hours were changed more than a week after."""
    for day in sorted(days):
        message = "Hours that were read, not averaged, were told otherwise more than a week later."
        yield Finding(account, "late-revision", f"{day}", message)


def _gap(account: str, hours: Collection[DayOfHours]) -> Iterator[Finding]:
    """Find missing intervals; received ones only where the meter told what it delivered."""
    told = {one.direction: one for one in hours}
    delivered = told.get(Direction.DELIVERED)
    for one in told.values():
        missing = one.count - one.known
        if missing and (
            one is delivered or not delivered or missing > delivered.count - delivered.known
        ):
            message = f"{missing} of {one.count} intervals have no value."
            yield Finding(account, "gap", _subject(one), message, Decimal(missing), Decimal(0))


def _day_sum(
    hours: Collection[DayOfHours], totals: Collection[DayTotal], cut: Decimal
) -> Iterator[Finding]:
    """Compare the hours with the day's total, within the rounding of both.

    `cut` is what a total may be off by that is the difference of two registers, which are cut.
    Hours that are missing may only leave a day short of its total.  A net meter's total may be less
    what was received.
    """
    delivered = [one for one in hours if one.direction is Direction.DELIVERED]
    energy = [total.total_kwh for total in totals if total.total_kwh is not None]
    if not delivered or not energy or len(energy) < len(totals):
        return
    day, account = delivered[0].day, next(total.account for total in totals)
    summed = sum(one.wh for one in delivered) * _KWH
    apart = sum(energy) - summed
    allowed = max(cut, sum(map(_half_unit, energy))) + sum(map(rounding, delivered), Decimal(0))
    whole = all(one.known == one.count for one in delivered)
    received = [one for one in hours if one.direction is Direction.RECEIVED]
    net = apart + sum(one.wh for one in received) * _KWH
    if (
        whole
        and abs(net) < abs(apart)
        and abs(net) <= (more := allowed + sum(map(rounding, received), Decimal(0)))
    ):
        apart, allowed = net, more
    wrong = apart < -allowed or (whole and apart > allowed)
    message = f"The hours add up to {summed} kWh, the day to {sum(energy)}." if wrong else ""
    if wrong or whole:
        yield Finding(account, "day-sum", f"{day}", message, apart, allowed)


def _differences(told: Told) -> Mapping[date, Decimal]:
    """Return, by day, what totals may be off by that are the difference of two registers.

    Some portals tell as a day's energy what the register moved on, and registers are cut to whole
    units: so a total is off by up to one of them, not by half of its own.  A total is no such
    difference if it is another than that of its registers, nor if more than `FEW` were in
    `SAME_DAYS`: those few may be faults.
    """
    found: dict[date, Decimal] = defaultdict(Decimal)
    before: dict[str, DayTotal] = {}
    others: dict[str, list[date]] = defaultdict(list)
    for total in told.totals:
        last, end, kwh = before.get(total.meter), total.end_reading, total.total_kwh
        if end is None or kwh is None:
            continue
        before[total.meter] = total
        factor = told.multipliers.get(total.meter)
        other = others[total.meter]
        if last and last.end_reading is not None and total.day - last.day == timedelta(days=1):
            moved = advance(last.end_reading, end)
            if factor is None:
                factor = kwh / moved if moved and not kwh % moved else Decimal(1)
            if moved * factor != kwh:
                other.append(total.day)
                continue
        if sum(total.day - day < SAME_DAYS for day in other) <= FEW:
            found[total.day] += (factor or 1) * unit(end)
    return found


def rounding(hours: DayOfHours) -> Decimal:
    """Return by how much the sum of hours in kWh may be off, as each is rounded as shown."""
    flat = hours.wh == hours.peak * hours.known  # such hours do not show their decimals
    places = max(hours.places, SHOWN_PLACES) if flat else hours.places
    return Decimal(5).scaleb(-places - 1) * hours.count


def _registers(
    told: Told,
    judged: AbstractSet[date],
    totals: Mapping[date, Sequence[DayTotal]],
    estimated: AbstractSet[date],
) -> Iterator[Finding]:
    """Compare what a register moved on since it was last told with the days' energy.

    A register is cut to whole units at both ends.  A day without a total has the sum of its hours,
    if none is missing; days that have neither, or are averaged, prove nothing.
    """
    measured = {
        (one.day, one.meter): (one.wh * _KWH, rounding(one))
        for one in told.hours
        if one.direction is Direction.DELIVERED and one.known == one.count
    }
    before: dict[str, tuple[date, Decimal]] = {}
    for day in sorted(totals):
        for total in totals[day]:
            last, factor = before.get(total.meter), told.multipliers.get(total.meter)
            if total.end_reading is None:
                continue
            before[total.meter] = day, total.end_reading
            if last is None or factor is None or day not in judged or day - last[0] > HISTORY:
                continue
            span = [last[0] + timedelta(days=n + 1) for n in range((day - last[0]).days)]
            known = [
                measured[d, t.meter]
                if t.total_kwh is None
                else (t.total_kwh, _half_unit(t.total_kwh))
                for d in span
                for t in totals.get(d, ())
                if t.meter == total.meter and (t.total_kwh is not None or (d, t.meter) in measured)
            ]
            if len(known) != len(span) or estimated & set(span):
                continue
            moved, energy = advance(last[1], total.end_reading), sum(kwh for kwh, _ in known)
            apart = moved * factor - energy
            allowed = factor * unit(total.end_reading) + sum(exact for _, exact in known)
            message = ""
            if abs(apart) > allowed:
                message = (
                    f"The register moved on by {moved} since {last[0]}, which is {moved * factor}"
                    f" kWh; the days have {energy}."
                )
            yield Finding(told.account, "register-day", f"{day}", message, apart, allowed)


def advance(previous: Decimal, present: Decimal) -> Decimal:
    """Return by how much a register moved on; one that fell from near its end began anew.

    One that fell less is of a net meter and went back.
    """
    moved = present - previous
    end = Decimal(10) ** len(f"{int(previous)}")
    return moved + end if moved < end * Decimal("-0.8") else moved


def unit(reading: Decimal) -> Decimal:
    """Return the smallest step of a number as it is shown."""
    return 2 * _half_unit(reading)


def _spikes(told: Told, judged: AbstractSet[date]) -> Iterator[Finding]:
    """Find an hour far above all others in a day that is otherwise as those before it.

    Where the other hours are more than ever too, somebody came home, moved in or charges a car.
    """
    for direction in Direction:
        days = [one for one in told.hours if one.direction is direction and one.known]
        for place, one in enumerate(days):
            if one.day not in judged or one.peak < SPIKE_LEAST:
                continue
            first = bisect_left(days, one.day - HISTORY, key=_day_of)
            earlier = [before for before in days[first:place] if before.day < one.day]
            if len(earlier) < SPIKE_DAYS:
                continue
            most = max(before.peak for before in earlier)
            rest = max(before.wh - before.peak for before in earlier)
            if one.peak > SPIKE_TIMES * most and one.wh - one.peak <= rest:
                message = (
                    f"An hour has {one.peak} Wh, where no other of the {len(earlier)} days before"
                    f" it has more than {most}."
                )
                apart, allowed = one.peak * _KWH, SPIKE_TIMES * most * _KWH
                yield Finding(told.account, "spike", _subject(one), message, apart, allowed)


def _meters(told: Told, judged: AbstractSet[date]) -> Iterator[Finding]:
    before: DayOfHours | None = None
    for one in told.hours:
        if one.direction is not Direction.DELIVERED or not one.meter:
            continue
        changed = before and one.meter != before.meter and one.day - before.day <= HISTORY
        if before and changed and one.day in judged:
            message = f"Meter {one.meter} measures in place of {before.meter}."
            yield Finding(told.account, "meter-change", f"{one.day}", message)
        before = one


def _day_of(one: DayOfHours) -> date:
    return one.day


def _estimated(hours: Collection[DayOfHours]) -> bool:
    return any(one.estimated for one in hours)


def _subject(one: DayOfHours) -> str:
    return f"{one.day}" if one.direction is Direction.DELIVERED else f"{one.day}, received"


def _half_unit(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    return Decimal(5).scaleb((exponent if isinstance(exponent, int) else 0) - 1)
