"""Prices that bills themselves show: a dated series by rate and component, and what breaks it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from harvester.model import Component, Statement
from harvester.tariff.data import rate_key

COMPONENTS = (
    Component.ACCESS,
    Component.DISTRIBUTION,
    Component.WHOLESALE_POWER,
    Component.PCA,
    Component.ENERGY,
    Component.DEMAND,
)
"""What has one price for all accounts on a rate; lights, credits and taxes differ bill by bill."""
HOLDS = timedelta(days=75)
"""No price leaves and comes back, to the last digit, within so short a time ..."""
PCA_HOLDS = timedelta(days=27)
"""... but an adjustment may for a billing month, unless only its sign comes and goes."""


@dataclass(frozen=True)
class Seen:
    """The one price that one bill prints for one component; `until` is the reading day."""

    account: str
    rate: str
    component: Component
    price: Decimal
    since: date
    until: date
    billed: date

    @property
    def bill(self) -> tuple[str, date, date, date]:
        """Which bill it is on."""
        return self.account, self.since, self.until, self.billed

    def follows(self, other: Seen) -> bool:
        """Tell whether it is later, or as late, whichever day decides which price applies."""
        return (
            other.since <= self.since and other.until <= self.until and other.billed <= self.billed
        )


@dataclass(frozen=True)
class Run:
    """A price of one rate and component from bill to bill."""

    rate: str
    component: Component
    price: Decimal
    first: date
    last: date
    """Dates of the first and the last bill that print it."""
    bills: int
    accounts: int
    contradicted: bool
    """Whether other bills of the same time print another price."""


@dataclass(frozen=True)
class Verdict:
    """What other bills say of a price; `rival` is the price that they print instead, if any."""

    rival: Decimal | None
    bills: int
    """How many other bills of the time print what they say."""


@dataclass(frozen=True)
class Learned:
    """What bills show; made by `learn`."""

    seen: Mapping[tuple[str, Component], Sequence[Seen]] = field(default_factory=dict)
    """By rate and component, in order of the reading day."""

    def judge(self, one: Seen, published: Decimal | None = None) -> Verdict | None:
        """Compare a price with other bills of its rate and time; None where there are none.

        A change of price can come by any day: that of service, reading or billing.  So a price is
        only contradicted by another one that bills show both before and after it, whichever day
        counts, and too shortly for a price to come and go; `published` stands for a bill after
        it.  Of two prices of one time, that on fewer bills is the wrong one; of as many, each is.
        """
        near = self._near(one)
        own = sum(other.price == one.price for other in near)
        if published == one.price or (not near and published is None):
            return Verdict(None, own) if near else None
        rivals = {other.price for other in near} | ({published} if published is not None else set())
        for rival in sorted(rivals - {one.price}):
            said = [other for other in near if other.price == rival]
            weight = len(said) + (rival == published)
            if weight > own and _excludes(rival, one, said, after=rival == published):
                return Verdict(rival, len(said))
        return Verdict(None, own) if own else None

    def of(
        self, rate: str | None, component: Component, since: date, until: date
    ) -> Decimal | None:
        """Return the price that most bills print whose service meets a period; None if none do."""
        count: dict[Decimal, int] = defaultdict(int)
        for one in self.seen.get((rate_key(rate), component), ()):
            if one.since < until and since < one.until:
                count[one.price] += (min(one.until, until) - max(one.since, since)).days
        return max(count, key=lambda price: (count[price], price), default=None)

    def runs(self) -> Iterator[Run]:
        """Yield every price with its first and last bill, by rate, component and date."""
        for key in sorted(self.seen):
            seen = self.seen[key]
            wrong = [one for one in seen if (said := self.judge(one)) and said.rival is not None]
            right = [one for one in seen if one not in wrong]
            parts = [(part, False) for part in _parts(right)] + [
                (part, True) for part in _parts(wrong)
            ]
            for part, contradicted in sorted(parts, key=lambda found: found[0][0].billed):
                one = part[0]
                billed = [other.billed for other in part]
                accounts = len({other.account for other in part})
                yield Run(
                    *(one.rate, one.component, one.price, min(billed), max(billed)),
                    *(len(part), accounts, contradicted),
                )

    def _near(self, one: Seen) -> list[Seen]:
        """Return what other bills of the rate show around the time."""
        seen = self.seen.get((rate_key(one.rate), one.component), ())
        first = bisect_left(seen, one.until - HOLDS, key=lambda other: other.until)
        end = bisect_right(seen, one.until + HOLDS, key=lambda other: other.until)
        return [other for other in seen[first:end] if other.bill != one.bill]


def learn(statements: Iterable[Statement]) -> Learned:
    """Return what the bills of one utility's accounts show; each bill counts once."""
    found: dict[tuple[str, Component], dict[object, Seen]] = defaultdict(dict)
    for statement in statements:
        for one in prices_of(statement):
            found[rate_key(one.rate), one.component][one.bill] = one
    return Learned(
        {
            key: sorted(seen.values(), key=lambda one: (one.until, one.billed, one.account))
            for key, seen in found.items()
        }
    )


def prices_of(statement: Statement) -> Iterator[Seen]:
    """Yield the prices of a bill, less those of which it prints two for one component."""
    since, until = statement.service_from, statement.service_to
    if statement.rate is None or since is None or until is None:
        return
    for component in COMPONENTS:
        prices = {line.unit_price for line in statement.lines if line.component is component}
        if len(prices) == 1 and (price := prices.pop()) is not None:
            billed = statement.billing_date or until
            yield Seen(statement.account, statement.rate, component, price, since, until, billed)


def _excludes(rival: Decimal, one: Seen, said: Sequence[Seen], *, after: bool) -> bool:
    before = [other.until for other in said if one.follows(other)]
    later = [other.until for other in said if other.follows(one)] + [one.until] * after
    moves = one.component is Component.PCA and rival != -one.price
    holds = PCA_HOLDS if moves else HOLDS
    return bool(before and later) and min(later) - max(before) <= holds


def _parts(seen: Sequence[Seen]) -> Iterator[list[Seen]]:
    """Part bills by price, and those of one price where another lies between over a month."""
    for price in dict.fromkeys(one.price for one in seen):
        part: list[Seen] = []
        for one in (one for one in seen if one.price == price):
            last = part[-1].until if part else one.until
            if one.until - last > PCA_HOLDS and any(last < o.until < one.until for o in seen):
                yield part
                part = []
            part.append(one)
        yield part
