"""Compares what strategies read of one graph: they agree, or a doubt names both."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

from harvester.graph.candidates import unit_of
from harvester.graph.points import Doubt, Point, Series

EXACT = {"received", "objects", "heap"}
"""Strategies that have values as the chart was given them."""


def compare(best: Sequence[Series], other: Sequence[Series]) -> Doubt | None:
    """Return the doubt that another strategy raises on the best one; None where it agrees.

    Each series of the smaller reading has to be one of the larger: a strategy may see one series
    where another sees all.
    """
    if len(other) > len(best) and {best[0].strategy, other[0].strategy} <= EXACT:
        return Doubt(
            "series-missing",
            f"{best[0].strategy} read {len(best)} series and {other[0].strategy} {len(other)}."
            " Look at the graph to see which it has.",
        )
    few, many = (best, other) if len(best) <= len(other) else (other, best)
    for series in few:
        matches = [found for found in (_apart(series, against) for against in many) if found]
        if not matches:
            return Doubt(
                "strategies-differ",
                f"{best[0].strategy} read {_counts(best)} and {other[0].strategy} {_counts(other)};"
                " they cannot be the same series. Look at the graph before using either.",
            )
        doubt = min(matches, key=lambda m: m.residual - m.tolerance)
        if doubt.residual > doubt.tolerance:
            return Doubt(
                "strategies-differ",
                f"{best[0].strategy} and {other[0].strategy} differ by up to {doubt.residual} at"
                f" {doubt.where}. Look at the graph before using either.",
                doubt.residual,
                doubt.tolerance,
            )
    return None


class _Apart:
    """How far two series are apart, where, and how far they may be."""

    def __init__(self, residual: Decimal, tolerance: Decimal, where: str) -> None:
        self.residual, self.tolerance, self.where = residual, tolerance, where


def _apart(one: Series, other: Series) -> _Apart | None:
    pairs = _pairs(one.points, other.points, measured="geometry" in {one.strategy, other.strategy})
    known = [(a, b) for a, b in pairs if a.value is not None and b.value is not None]
    if not known:
        return None
    residual, where = max(
        (abs((a.value or Decimal(0)) - (b.value or Decimal(0))), a.label or b.label)
        for a, b in known
    )
    return _Apart(residual, one.precision + other.precision, where or "a point")


def _pairs(
    ours: Sequence[Point], theirs: Sequence[Point], *, measured: bool
) -> list[tuple[Point, Point]]:
    """Pair points by their hours where both have them, else by their order if none is left over.

    Measured ones go by their order: libraries print the hours of an axis where they find room.
    """
    if all(p.wall for p in (*ours, *theirs)) and not measured:
        by_hour = {(p.wall, p.ordinal): p for p in theirs}
        pairs = [(p, by_hour[p.wall, p.ordinal]) for p in ours if (p.wall, p.ordinal) in by_hour]
        if len(pairs) * 3 >= max(len(ours), len(theirs)) * 2:
            return pairs
        return []
    for without in ((), (None,), (None, 0)):
        a, b = ([p for p in points if p.value not in without] for points in (ours, theirs))
        if len(a) == len(b):
            return list(zip(a, b, strict=True))
    return []


def _counts(series: Sequence[Series]) -> str:
    counts = " and ".join(str(len(s.points)) for s in series)
    return f"{counts} values"


def check_total(series: Sequence[Series], totals: Sequence[Decimal]) -> tuple[bool, Doubt | None]:
    """Tell whether a printed total is the sum of one series or several, added or subtracted."""
    sums = [(s.total, s.precision * len(s.points)) for s in series]
    sums += [
        (a.total + sign * b.total, a.precision * len(a.points) + b.precision * len(b.points))
        for a, b in combinations(series, 2)
        for sign in (1, -1)
    ]
    if len(series) > 2:
        sums.append((sum((s.total for s in series), Decimal(0)), Decimal(0)))
    apart = [
        (abs(total - value), unit_of(total) / 2 + min(off, abs(value) / 100), total, value)
        for total in totals
        for value, off in sums
    ]
    if not apart:
        return False, None
    residual, tolerance, total, value = min(apart, key=lambda a: a[0] - a[1])
    if residual <= tolerance:
        return True, None
    message = f"The page prints a total of {total}, the points sum up to {value}."
    return False, Doubt("total-differs", message, residual, tolerance)
