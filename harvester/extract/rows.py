"""What extraction is given beside the bytes, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from harvester.errors import State
from harvester.model import (
    Account,
    Bill,
    DayTotal,
    Finding,
    Note,
    Payment,
    Reading,
    Statement,
)
from harvester.profile import Profile


@dataclass(frozen=True)
class Setting:
    """What extraction knows beside the bytes: the profile, and what came home before them."""

    profile: Profile
    days: Mapping[date, DayTotal] = field(default_factory=dict)
    """For hours: the days' totals as the portal told them at that time."""
    bill: Bill | None = None
    """For a document: the listed bill that it should be."""


@dataclass
class Rows:
    """What one artifact says."""

    account: Account | None = None
    bills: list[Bill] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    days: list[DayTotal] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    document: State | None = None
    """The verdict on a document: OK, or what is wrong with it."""
    statement: Statement | None = None
    """What a document says that is the bill it should be."""
    covered: list[date] = field(default_factory=list)
    """Local days that a feed's answer settles."""
    missing: frozenset[date] = frozenset()
    """Those of them that the portal has nothing for."""
    findings: list[Finding] = field(default_factory=list)
