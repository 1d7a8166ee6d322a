"""Tells which drawn marks are a series' values, also where a library joins or leaves out some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from harvester.graph.drawn import FEWEST, TALL, Drawn, Group, Mark, Scale, line
from harvester.graph.points import Raw

MOST = 10**12
"""No energy is as much: lists in memory also hold the largest numbers that there are."""
NEAR = 1.3
"""Pixels by which a mark may be off the place that its value has."""
FLAT = 2.0
"""Pixels of a bar that a library may leave out, or draw as nothing."""
CUT = 4
"""Values that a chart may leave out at one end: an hour of quarters."""
ENOUGH = 12
"""Marks that have to fit where others are left out or joined."""

Way = Sequence[Sequence[int]]
"""By the marks from left to right: the positions of the values that each draws."""


class Fit(NamedTuple):
    """That a group draws a series, and whether the printed axis says the same."""

    group: Group
    scale: Scale
    on_axis: bool
    marks: Mapping[int, Mark]
    """By the positions of the values."""


def fit(raw: Raw, drawn: Drawn) -> Fit | None:
    """Find the group whose marks stand where a series' values belong, best one on the axis."""
    known = {v for v in raw.values if v is not None}
    if len(known) < FEWEST or max(map(abs, known)) > MOST:
        return None
    fits = [
        found
        for group in drawn.groups
        for way in _ways(raw, len(group.marks))
        for found in _fits(raw.values, way, group, drawn.scales)
    ]
    return max(fits, key=lambda f: (f.on_axis, f.group.kind != "dot"), default=None)


def repeated(raw: Raw) -> int:
    """Return how many values stand at the place of the one before."""
    return sum(a is not None and a == b for a, b in zip(raw.places, raw.places[1:], strict=False))


def _ways(raw: Raw, count: int) -> Iterator[Way]:
    """Yield how so many marks may draw a series: all of it, without its gaps, or less."""
    values = raw.values
    known = [n for n, value in enumerate(values) if value is not None]
    if count == len(values):
        yield [(n,) for n in range(count)]
        return
    if count == len(known):
        yield [(n,) for n in known]
    if count >= len(known):
        return
    by_height = sorted(known, key=lambda n: abs(values[n] or Decimal(0)))
    tall = sorted(by_height[len(known) - count :])
    if count >= ENOUGH or all(values[n] == 0 for n in set(known) - set(tall)):
        yield [(n,) for n in tall]
    if count < ENOUGH:
        return
    together: list[list[int]] = []
    for n in known:
        same = together and raw.places[n] is not None and raw.places[n] == raw.places[n - 1]
        if same and together[-1][-1] == n - 1:
            together[-1].append(n)
        else:
            together.append([n])
    if count == len(together):
        yield together
    if len(known) - count <= CUT:
        yield [(n,) for n in known[:count]]
        yield [(n,) for n in known[-count:]]


def _fits(
    values: Sequence[Decimal | None], way: Way, group: Group, scales: Sequence[Scale]
) -> Iterator[Fit]:
    """Yield the scales on which the marks' ends, or else their heights, are the values."""
    alone = [(n, at[0]) for n, at in enumerate(way) if len(at) == 1 and values[at[0]] is not None]
    known = [float(values[at] or 0) for _, at in alone]
    if len(set(known)) < FEWEST:
        return
    absent = _absent(values, way)
    sign = 1 if max(known) <= 0 else -1
    heights = [sign * (m.bottom - m.top) for m in group.marks]
    for places, standing in ((group.ends(), True), (heights, False)):
        if not standing and (group.kind != "bar" or min(known) < 0 < max(known)):
            continue
        at = [places[n] for n, _ in alone]
        scale = line(known, at)
        if scale is None or scale.slope >= 0:
            continue
        span = abs(scale.slope) * (max(known) - min(known))
        off = [abs(scale.slope * v + scale.zero - p) for v, p in zip(known, at, strict=True)]
        if span < TALL or max(off) > NEAR or median(off) > NEAR / 2:
            continue
        if not standing and abs(scale.zero) > 2:
            continue
        if any(abs(scale.slope * v) > (FLAT if group.kind == "bar" else 0) for v in absent):
            continue
        if not all(
            _joined([float(values[at] or 0) for at in several], places[n], scale)
            for n, several in enumerate(way)
            if len(several) > 1
        ):
            continue
        on_axis = any(
            abs(scale.slope / axis.slope - 1) < 0.02
            and (not standing or abs(axis.slope * v + axis.zero - p) < 8)
            for axis in scales
            for v, p in [(known[0], at[0])]
        )
        yield Fit(group, scale, on_axis, {n: group.marks[m] for m, n in alone})


def _absent(values: Sequence[Decimal | None], way: Way) -> list[float]:
    """Return the values that no mark draws, less those that a chart may cut off at one end."""
    drawn = [at for several in way for at in several]
    absent = [n for n, v in enumerate(values) if v is not None and n not in drawn]
    at_an_end = absent and (absent[-1] < drawn[0] or absent[0] > drawn[-1])
    if at_an_end and len(absent) <= CUT:
        return []
    return [float(values[n] or 0) for n in absent]


def _joined(values: Sequence[float], at: float, scale: Scale) -> bool:
    """Tell whether one mark for several values is one of them, their sum or their mean."""
    total = sum(values)
    return any(
        abs(scale.slope * v + scale.zero - at) <= NEAR
        for v in (*values, total, total / len(values))
    )
