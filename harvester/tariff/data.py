"""A utility's published rates as a profile holds them: dated prices, limits, taxes and sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harvester.model import Component

CENT = Decimal("0.01")

Money = Annotated[Decimal, Field(allow_inf_nan=False)]
"""Dollars, exactly as written."""


def cents(amount: Decimal) -> Decimal:
    """Round half up to cents, as bills do."""
    return amount.quantize(CENT, ROUND_HALF_UP)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dated(_Strict):
    """A price in dollars from its first known day on."""

    price: Money
    valid_from: date
    until: date | None = None
    """The first day that it is no longer vouched for; None: until the next price."""

    @model_validator(mode="after")
    def _in_order(self) -> Dated:
        if self.until is not None and self.until <= self.valid_from:
            message = "until must be later than valid_from"
            raise ValueError(message)
        return self


class Price(Dated):
    """What one component of a schedule costs by the day or by the kWh."""

    component: Literal[
        Component.ACCESS, Component.DISTRIBUTION, Component.WHOLESALE_POWER, Component.ENERGY
    ]
    per: Literal["day", "kWh"]


class Schedule(_Strict):
    """One published rate and who may have it; a limit that is not published is None."""

    name: str
    also: tuple[str, ...] = ()
    """Other names that portals and bills print for it."""
    source: str
    members: Literal["commercial", "residential"] | None = None
    below_kw: Money | None = None
    below_kwh: Money | None = None
    """In a month."""
    service: str | None = None
    """A condition that usage cannot tell, in words."""
    prices: tuple[Price, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_price_at_a_time(self) -> Schedule:
        for component in self.components:
            _distinct([p for p in self.prices if p.component == component], f"{component}")
        return self

    @property
    def components(self) -> tuple[Component, ...]:
        """What it charges for, in the order of the file."""
        return tuple(dict.fromkeys(price.component for price in self.prices))

    def of(self, component: Component) -> tuple[Price, ...]:
        """Return one component's prices, oldest first; none where it does not charge for it."""
        prices = [price for price in self.prices if price.component == component]
        return tuple(sorted(prices, key=lambda price: price.valid_from))


class Pca(_Strict):
    """The power cost adjustment, in dollars a kWh on every schedule."""

    source: str
    prices: tuple[Dated, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_price_at_a_time(self) -> Pca:
        _distinct(self.prices, "pca")
        return self


class Bracket(_Strict):
    """The part of an amount above `above` dollars is taxed at `rate`, 0.04 for 4 %."""

    above: Annotated[Money, Field(ge=0)]
    rate: Annotated[Money, Field(ge=0, lt=1)]


class Tax(_Strict):
    """A tax by brackets on the sum of a bill's taxed lines."""

    name: str
    labels: tuple[str, ...] = Field(min_length=1)
    """A printed line with one of these in its label, in any case, is this tax."""
    source: str
    valid_from: date
    taxed: tuple[Component, ...] = Field(min_length=1)
    untaxed: tuple[Component, ...]
    """Lines of all other components may be taxed or not: nothing is said of such a bill's tax."""
    brackets: tuple[Bracket, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Tax:
        floors = [bracket.above for bracket in self.brackets]
        if floors[0] != 0 or any(low >= high for low, high in pairwise(floors)):
            message = "brackets start above 0 and rise"
            raise ValueError(message)
        if both := set(self.taxed) & set(self.untaxed):
            message = f"{', '.join(sorted(both))} cannot be taxed and untaxed"
            raise ValueError(message)
        return self

    def on(self, amount: Decimal) -> Decimal:
        """Return the tax on a month's taxed dollars, in cents."""
        total = Decimal(0)
        ceilings = [bracket.above for bracket in self.brackets[1:]]
        for bracket, ceiling in zip(self.brackets, [*ceilings, amount], strict=True):
            part = min(amount, max(ceiling, bracket.above)) - bracket.above
            total += max(part, Decimal(0)) * bracket.rate
        return cents(total)


class Tariff(_Strict):
    """All that is published of one utility's rates."""

    schedules: tuple[Schedule, ...] = ()
    pca: Pca | None = None
    taxes: tuple[Tax, ...] = ()
    sources: Mapping[str, str]
    unpublished: tuple[str, ...] = ()
    """Rates that exist but are not public, in words: there is no schedule of them here."""

    @model_validator(mode="after")
    def _sourced(self) -> Tariff:
        named = {s.source for s in self.schedules} | {tax.source for tax in self.taxes}
        named |= {self.pca.source} if self.pca else set()
        if unknown := sorted(named - set(self.sources)):
            message = f"sources lacks {', '.join(unknown)}"
            raise ValueError(message)
        known = [name for schedule in self.schedules for name in _names(schedule)]
        if twice := sorted({name for name in known if known.count(name) > 1}):
            message = f"two schedules are called {', '.join(twice)}"
            raise ValueError(message)
        return self

    def schedule(self, rate: str | None) -> Schedule | None:
        """Return the schedule that a portal or bill calls so, in any case; None if unpublished."""
        wanted = rate_key(rate)
        return next((s for s in self.schedules if wanted in _names(s)), None)

    @property
    def adjustments(self) -> tuple[Dated, ...]:
        """The power cost adjustments, oldest first."""
        prices = self.pca.prices if self.pca else ()
        return tuple(sorted(prices, key=lambda price: price.valid_from))


class Span(NamedTuple):
    """A price and how many days of a period it is in force."""

    price: Decimal
    days: int


def in_force(prices: Sequence[Dated], since: date, until: date) -> list[Span]:
    """Return the prices of the days from `since` up to `until`; none if a day has no known one.

    `prices` are one component's, oldest first.
    """
    spans = []
    following = [price.valid_from for price in prices[1:]] + [date.max]
    for price, next_from in zip(prices, following, strict=False):
        end = min(next_from, price.until or date.max, until)
        if (days := (end - max(price.valid_from, since)).days) > 0:
            spans.append(Span(price.price, days))
    return spans if sum(span.days for span in spans) == (until - since).days else []


def rate_key(rate: str | None) -> str:
    """Return a rate's name as it is compared: case and spaces do not tell rates apart."""
    return " ".join((rate or "").casefold().split())


def _names(schedule: Schedule) -> set[str]:
    return {rate_key(name) for name in (schedule.name, *schedule.also)}


def _distinct(prices: Sequence[Dated], what: str) -> None:
    days = [price.valid_from for price in prices]
    if len(set(days)) < len(days):
        message = f"{what} has two prices from one day"
        raise ValueError(message)
