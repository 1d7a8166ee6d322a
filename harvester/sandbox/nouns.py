"""The nouns of the simulated co-op: sign-ins, accounts, meters, hours, bills and ledger rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

ZONE = "America/Chicago"
TODAY = date(2026, 6, 15)
"""The default portal day: its 24 months back hold two spring and two autumn clock changes."""

Channel = Literal["delivered", "received"]
Quality = Literal["true", "estimated", "missing"]
Component = Literal[
    "balance_forward", "payment", "access", "distribution", "wholesale_power", "pca",
    "light", "tax", "credit", "adjustment",
]  # fmt: skip


@dataclass(frozen=True)
class Meter:
    """One meter in service from `installed` up to, not including, `removed` (None: still there)."""

    number: str
    multiplier: int
    installed: date
    removed: date | None = None
    first_reading: int = 0
    """Delivered register at installation; the received register starts at 0."""


@dataclass(frozen=True)
class Hour:
    """One metered hour as the portal tells it on a given day.

    `start` is UTC; `wh` (delivered) and `received_wh` are whole Wh, multiples of 10 because the
    portal shows kWh with two decimals; None is an hour the meter did not report.  An account
    without a received channel receives 0.
    """

    start: datetime
    wh: int | None
    received_wh: int | None
    quality: Quality
    temp_f: int
    humidity: int
    wind_mph: int


@dataclass(frozen=True)
class Day:
    """One local day of a meter: its hours, its total and the register at its end.

    The register counts on while hours go unreported, so `total_kwh` and `end_reading` include the
    energy of missing hours.  A day without any hour has neither.  An averaged (estimated) day has
    the total of its averages and no register, because nothing was read.
    """

    day: date
    meter: str
    hours: tuple[Hour, ...]
    total_kwh: int | None
    """Whole kWh delivered, rounded half up, as the daily feed shows it."""
    end_reading: int | None
    """Register at the local midnight that ends the day, whole register units."""
    cost: Decimal | None
    quality: Quality


@dataclass(frozen=True)
class Revision:
    """An earlier version of a day and the portal days that showed it."""

    earlier: Day
    visible_from: date
    visible_until: date
    """The first portal day that shows a later version."""


@dataclass(frozen=True)
class Line:
    """One printed bill line: amount = round(quantity * unit_price, 2) where both are given."""

    label: str
    component: Component
    quantity: Decimal | None
    unit: str | None
    unit_price: Decimal | None
    amount: Decimal


@dataclass(frozen=True)
class MeterRead:
    """One register of one meter over its part of a bill, in whole register units."""

    number: str
    channel: Channel
    service_from: date
    service_to: date
    previous: int
    present: int
    multiplier: int

    @property
    def kwh(self) -> int:
        """(present - previous) * multiplier."""
        return (self.present - self.previous) * self.multiplier


@dataclass(frozen=True)
class Bill:
    """One bill as printed and as listed in the billing history.

    All lines sum to `total`; those that are neither balance forward, payment nor adjustment sum to
    `current_charges`.
    """

    id: str
    account: str
    kind: str
    """`Bill Type` of the history table: Regular or Corrected."""
    billing_date: date
    due_date: date
    read_date: date
    """Equals `service_to`: readings are those of the midnight that begins this day."""
    service_from: date
    service_to: date
    """Days billed are the days from `service_from` up to, not including, `service_to`."""
    meters: tuple[MeterRead, ...]
    """Oldest first; two delivered reads where the meter was exchanged in the period."""
    kwh: int
    """Delivered, over all meters: `Net KWH` of the history table."""
    received_kwh: int | None
    lines: tuple[Line, ...]
    current_charges: Decimal
    total: Decimal
    """What is owed, balance forward included: `Bill Amount` of the history table."""
    after_due: Decimal
    levelized: Decimal | None
    """Levelized amount due instead of current charges, where the account is on that plan."""

    @property
    def days(self) -> int:
        """Days billed."""
        return (self.service_to - self.service_from).days


@dataclass(frozen=True)
class LedgerItem:
    """One row of the account ledger; bills are positive, payments negative."""

    id: str
    day: date
    kind: Literal["Bill", "Payment"]
    description: str
    amount: Decimal
    balance: Decimal
    moves_balance: bool
    """False is `BalUpdate == "N"`: the row is shown but does not change the balance."""


@dataclass(frozen=True)
class Note:
    """A note a member left on the usage graph."""

    day: date
    text: str


@dataclass(frozen=True)
class Account:
    """One account (member number and separator) at one service address."""

    number: str
    """Ten digits: seven of the member number, three of the separator, as 1234567001."""
    kind: Literal["Residential", "Commercial"]
    rate: str
    rate_assumed: bool
    holder: str
    service_address: str
    phone: str
    email: str
    ssn: str
    """The member's social security number as pages show it: masked but for four digits."""
    bank: str
    """The bank account that drafts would come from, masked likewise."""
    card: str
    multiplier: int
    has_received: bool
    paperless: bool
    usage_alert_kwh: int | None
    notes: tuple[Note, ...] = ()

    @property
    def canaries(self) -> tuple[str, ...]:
        """What the pages show of the account holder and nothing that comes home may hold."""
        digits = "".join(filter(str.isdecimal, self.phone))
        return (self.phone, digits, self.email, self.ssn, self.bank, self.card)

    @property
    def member_number(self) -> str:
        """Seven digits, shared by the accounts of one member."""
        return self.number[:7]

    @property
    def separator(self) -> str:
        """Three digits that tell the accounts of one member apart."""
        return self.number[7:]


@dataclass(frozen=True)
class SignIn:
    """One portal sign-in and the accounts it sees."""

    user: str
    password: str
    accounts: tuple[Account, ...] = field(default=())

    def account(self, number: str) -> Account | None:
        """Return the account of a ten-digit number if this sign-in sees it."""
        return next((a for a in self.accounts if a.number == number), None)
