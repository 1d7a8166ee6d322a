"""Recomputes a bill from its own lines, from published prices and from what other bills show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from harvester.model import Component, Finding, LineItem, Statement
from harvester.tariff.data import Dated, Span, Tariff, Tax, cents, in_force
from harvester.tariff.learned import Learned, prices_of

TOLERANCE = Decimal("0.02")
"""Dollars that a line may differ by: a bill may round where we do not."""
_EXACT_DECIMALS = 5
"""A price by the kWh that is printed with fewer decimals may be rounded."""
_BY_KWH = (
    Component.DISTRIBUTION,
    Component.WHOLESALE_POWER,
    Component.PCA,
    Component.ENERGY,
)
_DAY = timedelta(days=1)


class _Check(NamedTuple):
    """One line or sum, held against what it should be."""

    apart: Decimal
    allowed: Decimal
    says: str
    """What is wrong if it is further apart than allowed."""

    @property
    def excess(self) -> Decimal:
        return self.apart - self.allowed


def findings(
    statement: Statement, tariff: Tariff | None, learned: Learned, subject: str | None = None
) -> Iterator[Finding]:
    """Yield one finding for each rule that can be applied to a bill; its message names the lines.

    `subject` is what findings call the bill, by default its account and date.  Rules:

    - `tariff-line`: quantity times printed price is the line's amount, in dollars; where a line
      prints no price, the published price in force takes its place.
    - `tariff-quantity`: the access charge counts the bill's days, energy lines its kWh, in either
      unit; the days are those from `service_from` up to `service_to`, or else those printed.
    - `tariff-price`: a printed price is the published one of the schedule that the bill names, in
      dollars a day or a kWh.  It applies where a published price is known for every day from
      `service_from` to the billing date.  Where that changes in between, either price is right,
      as is their mean by days of service; two lines of one component are judged one by one.
    - `tariff-learned`: a printed price is not contradicted by other bills: see `Learned.judge`.
    - `tariff-tax`: the tax is that on the sum of the bill's taxed lines by brackets, in dollars.
      The law may count more than one account of a person, which a bill does not show.  A tax of
      zero is an exemption.

    A finding keeps the residual of the line that is furthest out, and the tolerance for it.
    """
    name = subject or f"{statement.account}/{statement.billing_date}"
    rules = (
        ("tariff-line", _amounts(statement, tariff)),
        ("tariff-quantity", _quantities(statement)),
        ("tariff-price", _prices(statement, tariff)),
        ("tariff-learned", _others(statement, tariff, learned)),
        ("tariff-tax", _taxes(statement, tariff)),
    )
    for rule, checks in rules:
        if found := list(checks):
            worst = max(found, key=lambda check: check.excess)
            message = " ".join(check.says for check in found if check.excess > 0)
            yield Finding(statement.account, rule, name, message, worst.apart, worst.allowed)


def _amounts(statement: Statement, tariff: Tariff | None) -> Iterator[_Check]:
    for line in statement.lines:
        known = [span.price for span in _published(statement, tariff, line.component)]
        printed = line.unit_price
        if printed is not None:
            known = [price for price in known if price != printed and _rounds_to(price, printed)]
            prices = [printed, *known]
        else:
            prices = known if len(known) == 1 else []
        expected = [cents(q * price) for q in _counted(statement, line) for price in prices]
        if line.component is Component.TAX or not expected:
            continue
        rounded = Decimal(0)
        if printed is not None and not known and line.component in _BY_KWH:
            rounded = _half_unit(printed) if _decimals(printed) < _EXACT_DECIMALS else Decimal(0)
        yield _amount(line, expected, TOLERANCE + rounded * abs(line.quantity or Decimal(0)))


def _amount(line: LineItem, expected: Sequence[Decimal], allowed: Decimal) -> _Check:
    amount = line.amount
    if line.component is Component.CREDIT:  # some bills print what they give as positive
        expected = [abs(value) for value in expected]
        amount = abs(amount)
    nearest = min(expected, key=lambda value: abs(value - amount))
    parts = [f"{line.quantity} {line.unit or ''}".strip()] if line.quantity is not None else []
    parts += [f"at {line.unit_price}"] if line.unit_price is not None else ["at the known price"]
    said = f"{line.label}: {' '.join(parts)} is {nearest}, the bill says {line.amount}."
    return _Check(abs(nearest - amount), allowed, said)


def _counted(statement: Statement, line: LineItem) -> list[Decimal]:
    """Return what a line counts, or may count where it does not say and is the only one."""
    if line.quantity is not None:
        return [line.quantity]
    alone = sum(line.component is other.component for other in statement.lines) == 1
    return list(_billed(statement, line.component)) if alone else []


def _quantities(statement: Statement) -> Iterator[_Check]:
    lines = defaultdict[Component, list[LineItem]](list)
    for line in statement.lines:
        if line.quantity is not None and _unit_fits(line):
            lines[line.component].append(line)
    for component, same in lines.items():
        wanted = [*_billed(statement, component)]
        if wanted:
            yield _quantity(same, wanted)


def _quantity(same: Sequence[LineItem], wanted: Sequence[Decimal]) -> _Check:
    """Hold one component's lines against days or kWh: together, as parts, or one by one."""
    told = [line.quantity for line in same if line.quantity is not None]
    whole = min(abs(sum(told, Decimal(0)) - value) for value in wanted)
    each = max(min(abs(quantity - value) for value in wanted) for quantity in told)
    unit = "days" if same[0].component is Component.ACCESS else "kWh"
    allowed = max(_half_unit(value) for value in (*told, *wanted)) if unit == "kWh" else Decimal(0)
    said = f"{same[0].label}: {_sum(told)} {unit}, the bill's are {wanted[0]}."
    return _Check(min(whole, each), allowed, said)


def _billed(statement: Statement, component: Component) -> Iterator[Decimal]:
    """Yield what a component's lines may count: days, or kWh, delivered or net of received."""
    since, until = statement.service_from, statement.service_to
    if component is Component.ACCESS:
        if since and until:
            yield Decimal((until - since).days)
        elif statement.days is not None:
            yield Decimal(statement.days)
    elif component in _BY_KWH and statement.kwh is not None:
        yield statement.kwh
        if statement.received_kwh is not None:
            yield statement.kwh - statement.received_kwh


def _unit_fits(line: LineItem) -> bool:
    unit = (line.unit or "").casefold()
    return unit.startswith("day") if line.component is Component.ACCESS else unit in {"", "kwh"}


def _prices(statement: Statement, tariff: Tariff | None) -> Iterator[_Check]:
    since, until = statement.service_from, statement.service_to
    for line in statement.lines:
        spans = _published(statement, tariff, line.component)
        if not spans or since is None or until is None or (printed := line.unit_price) is None:
            continue
        served = in_force(_dated(statement, tariff, line.component), since, until)
        days = sum(span.days for span in served)
        means = [sum((s.price * s.days for s in served), Decimal(0)) / days] if days else []
        fits = [price for price in _right(spans, means) if _rounds_to(price, printed)]
        nearest = min((span.price for span in spans), key=lambda price: abs(price - printed))
        said = f"{line.label}: the published price is {nearest}, the bill says {printed}."
        yield _Check(Decimal(0) if fits else abs(nearest - printed), Decimal(0), said)


def _right(spans: Iterable[Span], means: Sequence[Decimal]) -> list[Decimal]:
    prices = [span.price for span in spans]
    return [*prices, *means] if len(prices) > 1 else prices


def _dated(statement: Statement, tariff: Tariff | None, component: Component) -> Sequence[Dated]:
    schedule = tariff.schedule(statement.rate) if tariff else None
    if tariff and component is Component.PCA:
        return tariff.adjustments
    return schedule.of(component) if schedule else ()


def _published(statement: Statement, tariff: Tariff | None, component: Component) -> list[Span]:
    """Return the published prices from the first day of service to the billing date."""
    since, until = statement.service_from, statement.service_to
    if since is None or until is None:
        return []
    end = max(until, (statement.billing_date or until) + _DAY)
    return in_force(_dated(statement, tariff, component), since, end)


def _others(statement: Statement, tariff: Tariff | None, learned: Learned) -> Iterator[_Check]:
    for one in prices_of(statement):
        dated = _dated(statement, tariff, one.component)
        at_reading = in_force(dated, one.until, one.until + _DAY)
        verdict = learned.judge(one, at_reading[0].price if at_reading else None)
        if verdict is None:
            continue
        rival = one.price if verdict.rival is None else verdict.rival
        label = next(line.label for line in statement.lines if line.component is one.component)
        said = (
            f"{label}: the bill says {one.price}, {verdict.bills} other bills of this rate and"
            f" time say {rival}."
        )
        yield _Check(abs(one.price - rival), Decimal(0), said)


def _taxes(statement: Statement, tariff: Tariff | None) -> Iterator[_Check]:
    day = statement.billing_date or statement.service_to
    for name in dict.fromkeys(tax.name for tax in (tariff.taxes if tariff else ())):
        dated = [t for t in tariff.taxes if t.name == name] if tariff else []
        current = [tax for tax in dated if day and tax.valid_from <= day]
        if current:
            yield from _tax(statement, max(current, key=lambda tax: tax.valid_from))


def _tax(statement: Statement, tax: Tax) -> Iterator[_Check]:
    said = [
        line
        for line in statement.lines
        if line.component is Component.TAX
        and any(label.casefold() in line.label.casefold() for label in tax.labels)
    ]
    doubtful = {line.component for line in statement.lines} - {*tax.taxed, *tax.untaxed}
    base = statement.sum_of(*tax.taxed)
    if len(said) != 1 or doubtful or base is None or base <= 0 or said[0].amount == 0:
        return
    line, right = said[0], tax.on(base)
    message = f"{line.label}: on {base} it is {right}, the bill says {line.amount}."
    yield _Check(abs(line.amount - right), TOLERANCE, message)
    if line.quantity is not None and line.unit != "%":
        message = f"{line.label}: the taxed lines sum to {base}, the bill says {line.quantity}."
        yield _Check(abs(line.quantity - base), TOLERANCE, message)


def _rounds_to(price: Decimal, printed: Decimal) -> bool:
    """Tell whether a price is printed so, with all its decimals or fewer."""
    if _decimals(printed) >= _decimals(price):
        return price == printed
    return abs(price - printed) <= _half_unit(printed)


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _half_unit(value: Decimal) -> Decimal:
    return Decimal(5).scaleb(-_decimals(value) - 1)


def _sum(values: Sequence[Decimal]) -> str:
    return " + ".join(f"{value}" for value in values)
