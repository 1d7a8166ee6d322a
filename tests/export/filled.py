"""A small home with what two simulated accounts bring, and what is true of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from desk import Desk
from simulated import Visit

from harvester.filing import Store
from harvester.sandbox.nouns import Bill, Day
from harvester.sandbox.world import World
from harvester.store.catalog import Entry

HOME, SOLAR = "1000101001", "1000202001"
NAMES = {HOME: "caec-001", SOLAR: "caec-001-2"}
"""Both end in 001, so the second one has its id in the home behind it."""


@dataclass(frozen=True)
class Case:
    """An account, the portal on the day of its only harvest, and the first day that was asked."""

    number: str
    world: World
    first: date

    @property
    def days(self) -> list[Day]:
        """The days that the portal tells."""
        return self.world.days(self.number, self.first, self.world.today)

    @property
    def bills(self) -> tuple[Bill, ...]:
        """The bills that the portal lists, newest first."""
        return self.world.bills(self.number)[:24]

    def hours(self) -> Iterator[tuple[datetime, int | None, int | None]]:
        """Yield UTC start, delivered and received Wh of each hour that the portal tells."""
        for day in self.days:
            for hour in day.hours:
                yield hour.start.astimezone(UTC), hour.wh, hour.received_wh


# The autumn clock change, an hour of it without a value, an averaged day, and a silent last one.
AUTUMN = Case(HOME, World(today=date(2025, 11, 11)), date(2025, 10, 25))
# The spring clock change, and energy that is sent back.
SPRING = Case(SOLAR, World(today=date(2026, 3, 20)), date(2026, 2, 20))
CASES = {AUTUMN.number: AUTUMN, SPRING.number: SPRING}
SILENT = date(2025, 11, 10)

_KEPT: list[tempfile.TemporaryDirectory[str]] = []


@cache
def home() -> Path:
    """Return a home of both accounts, filled once a process and not to be changed."""
    folder = tempfile.TemporaryDirectory()
    _KEPT.append(folder)
    path = Path(folder.name) / "home"
    for case in CASES.values():
        fill(path, case)
    return path


def fill(path: Path, case: Case) -> Desk:
    """File what a harvest of an account brings into a home."""
    desk = Desk(path, case.number)
    desk.take(Visit(case.world, case.number, case.first).artifacts())
    return desk


def store() -> Store:
    """Return that home, opened."""
    return Store(home())


def accounts() -> list[Entry]:
    """Return its accounts."""
    return store().catalog.accounts()
