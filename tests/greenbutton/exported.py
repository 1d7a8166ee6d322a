"""Homes of simulated accounts without a browser, and what is exported of them, made once."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from desk import Desk
from lxml import etree
from simulated import Visit

from harvester.export.greenbutton import write
from harvester.filing import Store
from harvester.greenbutton.reader import ATOM, ESPI
from harvester.sandbox.world import World
from harvester.settings import Settings

HOUSE, SOLAR, NEW = "1000101001", "1000202001", "1000505001"
SPRING = date(2026, 2, 25)
"""From here to the sandbox's day clocks are moved on once, on March 8."""
NAMES = {"a": ATOM, "e": ESPI}
SCHEMAS = Settings().schemas or Path(__file__).parents[3] / "shared" / "espi"
needs_schemas = pytest.mark.skipif(
    not SCHEMAS.is_dir(),
    reason="the published ESPI schemas are not here: name their folder in HARVESTER_SCHEMAS",
)
_folders: list[TemporaryDirectory[str]] = []


def folder() -> Path:
    """Return a new folder that lasts as long as the tests."""
    _folders.append(TemporaryDirectory())
    return Path(_folders[-1].name)


@cache
def home() -> Store:
    """Return a home of three accounts from late winter on, each with three bills."""
    place = folder()
    for number in (HOUSE, SOLAR, NEW):
        desk = Desk(place, number)
        desk.take(Visit(World(), number, SPRING, listed=3).artifacts())
    return desk.store


@cache
def usage(number: str) -> Path:
    """Return the exported file of an account."""
    store = home()
    accounts = [entry for entry in store.catalog.accounts() if entry.number == number]
    (file,) = write(store, accounts, None, folder())
    return file


@cache
def autumn() -> Path:
    """Return an exported file around the day on which clocks are moved back."""
    desk = Desk(folder(), SOLAR)
    world = World(today=date(2025, 11, 6))
    desk.take(Visit(world, SOLAR, date(2025, 10, 30)).usage())
    (file,) = write(desk.store, desk.catalog.accounts(), None, folder())
    return file


def tree(file: Path) -> etree._ElementTree:
    """Return a file as a tree of its own."""
    return etree.parse(str(file))
