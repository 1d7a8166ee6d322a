"""What an account would have paid under each published schedule, period by period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from harvester.model import Component, Direction, Quality, Reading, Statement, Window
from harvester.tariff.data import Dated, Schedule, Span, Tariff, cents, in_force
from harvester.tariff.learned import Learned

_HOUR = 3600
_PUBLISHED = "published"
_MONTH_DAYS = 28
"""A shorter part of a month does not prove that its kWh stay below a monthly limit."""
_NO_CHARGE = (
    *(Component.BALANCE_FORWARD, Component.PAYMENT, Component.ADJUSTMENT),
    *(Component.TAX, Component.PENALTY),
)
"""Lines that are no charge for the period's service."""
_REPLACED = (
    *(Component.ACCESS, Component.DISTRIBUTION, Component.WHOLESALE_POWER),
    *(Component.PCA, Component.ENERGY, Component.DEMAND),
)
"""Lines that another schedule's take the place of; lights and credits stay as billed."""


@dataclass(frozen=True)
class Cost:
    """Dollars of one period."""

    before_tax: Decimal
    tax: Decimal

    @property
    def after_tax(self) -> Decimal:
        """Both."""
        return self.before_tax + self.tax


@dataclass(frozen=True)
class Option:
    """One period under one schedule."""

    schedule: str
    cost: Cost
    eligible: bool | None
    """Whether usage and kind let the account have it in the period; None where unknown."""
    why: str
    """What decides about that, or what is not known, in words."""
    prices: str
    """Where its prices are from, in words."""


@dataclass(frozen=True)
class Use:
    """What is known of one period's usage; without a bill, only complete days are counted."""

    window: Window
    days: int
    kwh: Decimal
    """Delivered."""
    from_bill: bool
    peak_kw: Decimal | None
    """The highest known hour's average."""
    missing_hours: Decimal
    """Hours of the window without a value."""
    estimated_hours: Decimal
    """Hours whose value is an estimate, which hides peaks."""


@dataclass(frozen=True)
class Period:
    """One period's usage and what it costs."""

    use: Use
    pca: Decimal
    """Dollars a kWh."""
    pca_from: str
    other: Decimal
    """Lights, credits and other charges that stay the same whatever the schedule."""
    rate: str | None
    """What the bill says, like the next."""
    billed: Cost | None
    options: tuple[Option, ...]


class _Hours:
    """Delivered energy of an account by local day and hour; an hour without a value is missing."""

    def __init__(self, readings: Iterable[Reading], zone: ZoneInfo) -> None:
        self.zone = zone
        self.wh = defaultdict[date, dict[int, int]](lambda: defaultdict(int))
        """Wh by local day and hour, counted from 1970 in UTC."""
        self._told: dict[date, dict[int, int]] = defaultdict(dict)
        self._estimated: dict[date, dict[int, int]] = defaultdict(dict)
        for reading in readings:
            if reading.direction is Direction.DELIVERED:
                self._take(reading)

    def _take(self, reading: Reading) -> None:
        """Add meters and parts of an hour; an interval is told where every meter has a value."""
        start, day = int(reading.start.timestamp()), reading.local_day
        told = self._told[day]
        if reading.wh is None:
            told[start] = 0
            return
        told[start] = min(told.get(start, reading.seconds), reading.seconds)
        self.wh[day][start // _HOUR] += reading.wh
        if reading.quality is Quality.ESTIMATED:
            self._estimated[day][start] = reading.seconds

    def days(self) -> list[date]:
        """Return the days that readings speak of."""
        return sorted(self._told)

    def missing(self, days: Iterable[date]) -> Decimal:
        """Return how many hours of these days have no value."""
        return sum((self._length(day) - _hours(self._told.get(day)) for day in days), Decimal(0))

    def use(self, window: Window, within: Sequence[date], bill: Statement | None) -> Use:
        """Return the usage of a bill, or else of the complete ones of these days."""
        counted = [day for day in within if self.missing([day]) <= 0]
        hours = [wh for day in within for wh in self.wh.get(day, {}).values()]
        billed = bill.kwh if bill else None
        wh = sum(sum(self.wh[day].values()) for day in counted) if billed is None else 0
        return Use(
            window,
            len(window) if bill else len(counted),
            Decimal(wh) / 1000 if billed is None else billed,
            from_bill=bill is not None,
            peak_kw=Decimal(max(hours)) / 1000 if hours else None,
            missing_hours=self.missing(within),
            estimated_hours=sum((_hours(self._estimated.get(day)) for day in within), Decimal(0)),
        )

    def _length(self, day: date) -> Decimal:
        ends = [datetime.combine(day + timedelta(days=n), time(), self.zone) for n in (0, 1)]
        return Decimal(int(ends[1].timestamp() - ends[0].timestamp())) / _HOUR


def _hours(intervals: Mapping[int, int] | None) -> Decimal:
    return Decimal(sum((intervals or {}).values())) / _HOUR


def compare(
    statements: Iterable[Statement],
    readings: Iterable[Reading],
    tariff: Tariff,
    learned: Learned,
    *,
    zone: ZoneInfo,
    kind: str | None = None,
) -> list[Period]:
    """Return one account's periods, oldest first, each under every published schedule.

    A period is that of a bill (the last one issued for it); days that no bill covers are grouped
    by calendar month from hours, and of them only complete days are counted.  `kind` is the
    account's as the portal tells it, such as Commercial.

    A published price is used where it is known for the whole period; a price that changes within
    it by days.  For earlier periods the price is that of bills on that schedule, if any, else the
    published one that is nearest.  The adjustment is that of the period's own bill, if it prints
    one.  Tax is left out where the period's own bill has none.  Demand is the highest hour's
    average, as portals tell no shorter intervals.
    """
    hours = _Hours(readings, zone)
    bills = {(s.service_from, s.service_to): s for s in sorted(statements, key=_issued)}
    uses: list[tuple[Use, Statement | None]] = []
    covered: set[date] = set()
    for (since, until), bill in bills.items():
        if since and until and since < until and bill.kwh is not None:
            days = list(Window(since, until).days())
            uses.append((hours.use(Window(since, until), days, bill), bill))
            covered |= {*days}
    uses += [(use, None) for use in _unbilled(hours, covered)]
    uses.sort(key=lambda found: found[0].window.start)
    return [_period(use, bill, tariff, learned, kind) for use, bill in uses]


def charge(prices: Iterable[tuple[Sequence[Span], Decimal]], pca: Decimal, kwh: Decimal) -> Decimal:
    """Return dollars before tax: each component rounded to cents, as a bill prints it.

    `prices` pairs the prices of one component over a period with the days or kWh they apply to.
    """
    total = cents(pca * kwh)
    for spans, quantity in prices:
        days = sum(span.days for span in spans)
        total += cents(sum(span.price * span.days for span in spans) * quantity / days)
    return total


def taxed(tariff: Tariff, amount: Decimal, day: date) -> Cost:
    """Add all published taxes of a day to an amount of a month."""
    dated = sorted(tariff.taxes, key=lambda tax: tax.valid_from)
    newest = {tax.name: tax for tax in dated if tax.valid_from <= day}
    taxes = [tax.on(amount) for tax in newest.values()] if amount > 0 else []
    return Cost(amount, sum(taxes, Decimal(0)))


def _issued(statement: Statement) -> date:
    return statement.billing_date or statement.service_to or date.min


def _unbilled(hours: _Hours, covered: set[date]) -> Iterator[Use]:
    months = defaultdict[tuple[int, int], list[date]](list)
    for day in hours.days():
        if day not in covered:
            months[day.year, day.month].append(day)
    for days in months.values():
        window = Window(days[0], days[-1] + timedelta(days=1))
        use = hours.use(window, [day for day in window.days() if day not in covered], None)
        if use.days:
            yield use


def _period(
    use: Use, bill: Statement | None, tariff: Tariff, learned: Learned, kind: str | None
) -> Period:
    current = [line for line in (bill.lines if bill else ()) if line.component not in _NO_CHARGE]
    amounts = [line.amount for line in current if line.component not in _REPLACED]
    billed = None
    if bill and current:
        before = sum((line.amount for line in current), Decimal(0))
        billed = Cost(before, bill.sum_of(Component.TAX) or Decimal(0))
    pca, pca_from = _pca(use, bill, tariff, learned)
    period = Period(
        use,
        pca,
        pca_from,
        sum(amounts, Decimal(0)),
        bill.rate if bill else None,
        billed,
        (),
    )
    options = tuple(_option(s, period, tariff, learned, kind) for s in tariff.schedules)
    return replace(period, options=options)


def _pca(use: Use, bill: Statement | None, tariff: Tariff, learned: Learned) -> tuple[Decimal, str]:
    """Return the adjustment of a period in dollars a kWh, and where it is from."""
    lines = [line for line in (bill.lines if bill else ()) if line.component is Component.PCA]
    own = {line.unit_price for line in lines}
    if len(own) == 1 and (price := own.pop()) is not None:
        return price, "this bill"
    since, until = use.window.start, use.window.end
    rates = [bill.rate if bill else None]
    rates += [name for schedule in tariff.schedules for name in (schedule.name, *schedule.also)]
    for rate in rates:
        if (seen := learned.of(rate, Component.PCA, since, until)) is not None:
            return seen, "bills of the time"
    if not tariff.adjustments:
        return Decimal(0), "none known"
    spans, source = _nearest(tariff.adjustments, since, until)
    return sum((s.price * s.days for s in spans), Decimal(0)) / sum(s.days for s in spans), source


def _option(
    schedule: Schedule, period: Period, tariff: Tariff, learned: Learned, kind: str | None
) -> Option:
    window = period.use.window
    prices, sources = [], set()
    for component in schedule.components:
        dated = schedule.of(component)
        spans, source = _nearest(dated, window.start, window.end)
        seen = [
            price
            for name in (schedule.name, *schedule.also)
            if (price := learned.of(name, component, window.start, window.end)) is not None
        ]
        if source != _PUBLISHED and seen:
            spans, source = [Span(seen[0], 1)], "bills of the time"
        by_day = dated[0].per == "day"
        prices.append((spans, Decimal(period.use.days) if by_day else period.use.kwh))
        sources.add(source)
    before = charge(prices, period.pca, period.use.kwh) + period.other
    exempt = period.billed is not None and period.billed.tax == 0
    cost = Cost(before, Decimal(0)) if exempt else taxed(tariff, before, window.end)
    eligible, why = _eligible(schedule, period.use, kind)
    return Option(schedule.name, cost, eligible, why, ", ".join(sorted(sources)))


def _nearest(dated: Sequence[Dated], since: date, until: date) -> tuple[list[Span], str]:
    """Return the prices of a period, or the one price that is dated nearest to it."""
    if spans := in_force(dated, since, until):
        return spans, _PUBLISHED
    near = min(dated, key=lambda price: abs((price.valid_from - since).days))
    return [Span(near.price, 1)], f"published for {near.valid_from}"


def _eligible(schedule: Schedule, use: Use, kind: str | None) -> tuple[bool | None, str]:
    no, unknown = [], []
    others = {"commercial", "residential"} - {schedule.members}
    if schedule.members and any(other in (kind or "").casefold() for other in others):
        no.append(f"for {schedule.members} accounts only")
    if (limit := schedule.below_kwh) is not None:
        if use.kwh >= limit:
            no.append(f"{use.kwh:,} kWh, must be below {limit:,}")
        elif not use.from_bill and use.days < _MONTH_DAYS:
            unknown.append(f"whether a whole month stays below {limit:,} kWh")
    if (limit := schedule.below_kw) is not None:
        if use.peak_kw is not None and use.peak_kw >= limit:
            no.append(f"an hour of {use.peak_kw} kW, must be below {limit}")
        elif use.peak_kw is None or use.missing_hours > 0 or use.estimated_hours > 0:
            unknown.append(f"whether missing or estimated hours stay below {limit} kW")
    if schedule.service:
        unknown.append(f"only if {schedule.service}")
    if no:
        return False, "; ".join(no)
    return (None, "; ".join(unknown)) if unknown else (True, "within all limits")
