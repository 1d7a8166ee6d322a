"""The nouns of a harvest: frozen, typed, without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harvester.errors import State


class Direction(IntEnum):
    """ESPI flowDirection: delivered to the member, or received from the member."""

    DELIVERED = 1
    RECEIVED = 19


class Quality(IntEnum):
    """ESPI ReadingQuality codes.

    Hours of a portal are RAW, or ESTIMATED where it averaged them; billed energy is of REVENUE
    quality; INTERPOLATED and ESTIMATED are also what our own estimates are.
    """

    VALID = 0
    MANUALLY_EDITED = 7
    ESTIMATED = 8
    """By a reference day."""
    INTERPOLATED = 9
    QUESTIONABLE = 10
    DERIVED = 11
    PROJECTED = 12
    MIXED = 13
    RAW = 14
    VALIDATED = 17
    VERIFIED = 18
    REVENUE = 19


class Kind(StrEnum):
    """What an artifact holds."""

    ACCOUNT = "account"
    BILL_LIST = "bill-list"
    BILL_PDF = "bill-pdf"
    DAILY = "daily-usage"
    GRAPH = "usage-graph"
    """Hours as they were read off a chart."""
    INTERVAL = "interval-usage"
    LEDGER = "ledger"
    NOTES = "notes"
    GREEN_BUTTON = "green-button"
    """A file of another utility's, or a ZIP file of them; of one usage point at a time."""


@dataclass(frozen=True)
class Window:
    """Half-open local dates: `start` is in, `end` is out."""

    start: date
    end: date

    def days(self) -> Iterator[date]:
        """Every local day of the window, oldest first."""
        day = self.start
        while day < self.end:
            yield day
            day += timedelta(days=1)

    def __len__(self) -> int:
        return max((self.end - self.start).days, 0)


@dataclass(frozen=True)
class Artifact:
    """Bytes as they came from the portal, and where they came from.

    `about` says what was asked, for extraction later: `first` and `last` (ISO dates) of a feed or
    a Green Button file and the `point` of the latter, `bill` (its key) of a PDF.
    """

    kind: Kind
    account: str
    content: bytes = field(repr=False)
    url: str
    media_type: str
    retrieved_at: datetime
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Account:
    """One account as its sign-in shows it; contact data is never kept."""

    number: str
    service_address: str | None = None
    rate: str | None = None
    kind: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """E-bill, notification and alert settings by their labels on the page."""


@dataclass(frozen=True)
class Bill:
    """One row of the billing history."""

    account: str
    kind: str
    billing_date: date
    due_date: date | None
    read_date: date | None
    net_kwh: Decimal | None
    amount: Decimal

    @property
    def key(self) -> str:
        """Identity by content: a re-issued bill with another amount is another bill."""
        return f"{self.account}/{self.billing_date}/{self.kind}/{self.amount}"


class Component(StrEnum):
    """What a bill's line is about, whatever a utility calls it."""

    BALANCE_FORWARD = "balance_forward"
    PAYMENT = "payment"
    ACCESS = "access"
    """A charge by the day or the month for being connected."""
    DISTRIBUTION = "distribution"
    WHOLESALE_POWER = "wholesale_power"
    PCA = "pca"
    """The power cost adjustment."""
    ENERGY = "energy"
    """Energy that is not told apart into distribution and power."""
    DEMAND = "demand"
    LIGHT = "light"
    TAX = "tax"
    CREDIT = "credit"
    PENALTY = "penalty"
    ADJUSTMENT = "adjustment"
    OTHER = "other"


@dataclass(frozen=True)
class LineItem:
    """One printed line of a bill; what it does not print is None.

    `page` counts from 1; `x` and `y` are the left and the top of its label, in points from the
    page's upper left corner.
    """

    label: str
    component: Component
    quantity: Decimal | None
    unit: str | None
    unit_price: Decimal | None
    amount: Decimal
    page: int
    x: float
    y: float


@dataclass(frozen=True)
class RegisterRead:
    """One register of one meter on a bill: kWh = (present - previous) * multiplier."""

    meter: str
    direction: Direction
    service_from: date | None
    service_to: date | None
    previous: Decimal | None
    present: Decimal | None
    multiplier: Decimal | None
    kwh: Decimal | None
    page: int
    x: float
    y: float


@dataclass(frozen=True)
class Statement:
    """What a bill's own document says; what it does not say is None."""

    account: str
    layout: str
    """Name and version of the layout that it was read by, as `sample-coop@1`."""
    billing_date: date | None = None
    due_date: date | None = None
    service_from: date | None = None
    service_to: date | None = None
    """The day of the present reading: days billed are those from `service_from` up to it."""
    days: int | None = None
    rate: str | None = None
    kwh: Decimal | None = None
    """Delivered, over all meters."""
    received_kwh: Decimal | None = None
    current_charges: Decimal | None = None
    levelized: Decimal | None = None
    """What is asked for in place of the current charges, on a levelized plan."""
    total: Decimal | None = None
    after_due: Decimal | None = None
    reads: tuple[RegisterRead, ...] = ()
    lines: tuple[LineItem, ...] = ()

    def sum_of(self, *components: Component) -> Decimal | None:
        """Return the sum of the lines of these components, None where the bill has none."""
        amounts = [line.amount for line in self.lines if line.component in components]
        return sum(amounts, Decimal(0)) if amounts else None


@dataclass(frozen=True)
class Payment:
    """One row of the ledger; bills are positive, payments negative, as the portal signs them."""

    account: str
    id: str
    day: date
    kind: str
    description: str
    amount: Decimal
    balance: Decimal
    moves_balance: bool


@dataclass(frozen=True)
class Note:
    """A note on the usage graph."""

    account: str
    day: date
    text: str


@dataclass(frozen=True)
class DayTotal:
    """One local day of the daily feed; what the portal does not give is None."""

    account: str
    day: date
    meter: str
    total_kwh: Decimal | None
    end_reading: Decimal | None
    cost: Decimal | None


@dataclass(frozen=True)
class Reading:
    """An ESPI IntervalReading: energy of one interval of one meter in one direction.

    `start` is UTC; `wh` is None where the portal has no value, and then `reason` says why.
    `label` is the portal's own naive local label and `ordinal` counts its repetitions in a day.
    """

    account: str
    meter: str
    direction: Direction
    start: datetime
    seconds: int
    wh: int | None
    quality: Quality
    reason: State | None
    label: str
    ordinal: int
    local_day: date
    utc_offset: int
    """Seconds east of UTC that the wall clock showed."""

    @property
    def is_estimated(self) -> bool:
        """Whether the portal averaged it."""
        return self.quality is Quality.ESTIMATED


@dataclass(frozen=True)
class Estimate:
    """What we think that a missing interval had, which is never kept in its place."""

    wh: int
    quality: Quality


@dataclass(frozen=True)
class DayOfHours:
    """One meter's hours of one local day in one direction, added up."""

    day: date
    meter: str
    direction: Direction
    count: int
    known: int
    """Those with a value."""
    seconds: int
    """How long those are together."""
    estimated: int
    wh: int
    """Sum of what is known."""
    peak: int
    """The largest of what is known; 0 if nothing is."""
    places: int
    """Decimal places of kWh that the values need, up to 3."""
    since: datetime
    """When the newest of them came home."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one rule on one subject, kept as proof where the rule holds too."""

    account: str
    rule: str
    subject: str
    """The day, bill or document it is about."""
    message: str = ""
    """What is wrong, for a person; empty where the rule holds."""
    residual: Decimal | None = None
    """How far apart the two sides are, in kWh, units or dollars as the rule says."""
    tolerance: Decimal | None = None
    """How far apart they may be."""
