"""What a case measured, what it is held to, and whether that is met."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

Times = Mapping[str, Sequence[float]]
"""Seconds, or whatever is measured, of each round, by way."""


@dataclass(frozen=True)
class Line:
    """One line of the table: `value` is held against `goal`; `rounds` are kept for the report."""

    case: str
    against: str
    """The floor or peer, or what is counted."""
    value: float
    unit: str
    bound: Literal["<=", ">="]
    goal: float
    said: str = ""
    """The figures behind it."""
    rounds: Times = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Tell whether the goal is reached; what is no number is not."""
        return self.value <= self.goal if self.bound == "<=" else self.value >= self.goal


def beside(  # noqa: PLR0917 - they read as the sentence of the goal
    case: str,
    times: Times,
    own: str,
    floor: str,
    bound: Literal["<=", ">="],
    goal: float,
) -> Line:
    """Hold the median of one way against that of another: own/floor, or floor/own where `>=`."""
    mine, theirs = median(times[own]), median(times[floor])
    value = mine / theirs if bound == "<=" else theirs / mine
    said = f"{seconds(mine)} beside {seconds(theirs)}"
    return Line(case, floor, value, "x", bound, goal, said, {n: times[n] for n in (own, floor)})


def seconds(taken: float) -> str:
    """Say how long something took, in the unit that suits it."""
    return f"{taken:.2f} s" if taken >= 1 else f"{1000 * taken:.3g} ms"


def interleaved(
    ways: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Time each way once a round, one after the other, so that all meet the same machine."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = clock()
            way()
            times[name].append(clock() - start)
    return times


async def interleaved_async(
    ways: Mapping[str, Callable[[], Awaitable[object]]], rounds: int
) -> dict[str, list[float]]:
    """Do so where the ways are awaited."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            await way()
            times[name].append(time.perf_counter() - start)
    return times
