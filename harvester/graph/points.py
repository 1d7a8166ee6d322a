"""The nouns of a graph that was read: points of series, what agreed, and what is doubtful."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Epoch(NamedTuple):
    """A time that a chart holds as milliseconds since 1970: an instant, or a wall clock's."""

    ms: int


Place = Epoch | str | None
"""Where on the time axis a value stands: a time, a printed label, or nothing that is known."""


@dataclass(frozen=True)
class Raw:
    """A series as one strategy found it; places and values go by position."""

    name: str
    places: tuple[Place, ...]
    values: tuple[Decimal | None, ...]
    """As the chart has them, in its unit; None where it has a gap."""
    marks: tuple[str, ...] = ()
    """What sets a point apart, by position: a word of a legend or label; empty for most."""
    precision: Decimal = Decimal(0)
    """How far a value may be from what the chart was given."""
    source: str = ""
    """Where the strategy found it, for a person: a library, a file, a kind of mark."""
    unit: str = ""


def placed(raw: Raw) -> Raw:
    """Leave out gaps without a place: that hour is lacking, as it would be without a gap."""
    pairs = enumerate(zip(raw.places, raw.values, strict=True))
    kept = [n for n, (place, value) in pairs if place is not None or value is not None]
    return replace(
        raw,
        places=tuple(raw.places[n] for n in kept),
        values=tuple(raw.values[n] for n in kept),
        marks=tuple(raw.marks[n] for n in kept) if raw.marks else (),
    )


@dataclass(frozen=True)
class Point:
    """One value of a graph and its hour.

    `wall` is naive local time as the graph has it, `ordinal` counts its repetitions in a day (the
    hour that autumn repeats); both are None and 0 where the graph says no day. `instant` is set
    only where the graph holds true instants. `mark` says what sets the point apart, such as
    "estimated".
    """

    label: str
    wall: datetime | None
    ordinal: int
    instant: datetime | None
    value: Decimal | None
    mark: str = ""


@dataclass(frozen=True)
class Series:
    """One series of a graph, its points in the order of time."""

    name: str
    unit: str
    """As printed near the graph; empty where nothing or more than one thing is."""
    points: tuple[Point, ...]
    strategy: str
    source: str
    precision: Decimal
    """How far a value may be from what the chart was given, in its unit."""

    @property
    def total(self) -> Decimal:
        """The sum of what is known."""
        return sum((p.value for p in self.points if p.value is not None), Decimal(0))


@dataclass(frozen=True)
class Doubt:
    """Something that a person should look at before the points are trusted."""

    rule: str
    message: str
    residual: Decimal | None = None
    """How far apart the two sides are, in the graph's unit."""
    tolerance: Decimal | None = None
    """How far apart they may be."""


@dataclass(frozen=True)
class Graph:
    """What was read of a page's graph."""

    series: tuple[Series, ...]
    strategy: str
    """The one whose points these are."""
    agreed: tuple[str, ...]
    """The other strategies that gave the same values within their precision."""
    doubts: tuple[Doubt, ...] = ()
    missing: tuple[str, ...] = ()
    """Hours that the day has and the graph lacks, as local times with their offset."""

    @property
    def checked(self) -> bool:
        """Whether something agreed and nothing is in doubt."""
        return bool(self.agreed) and not self.doubts
