"""Strategy: values measured from the drawing by the numbers on its axis; always an estimate."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal

from harvester.graph.drawn import Drawn, Group, Mark, Scale, Word
from harvester.graph.hours import clock
from harvester.graph.points import Place, Raw

FEWEST = 12
UNEVEN = 0.15
"""Share of a step by which marks may be off an even spacing; a swatch of the legend is more."""
SHARE = 0.005
"""Of the full scale: what a measured value may be off."""
FLAT = 0.5
"""Pixels that a bar is high at least: a flatter one may be zero or a gap, and is not told."""
WHOLE = 2
"""Pixels by which bars are off whose two ends are put on whole ones."""
ESTIMATED = "estimated"


def read(drawn: Drawn) -> list[Raw]:
    """Measure the largest series of marks that stand evenly; empty without a readable axis."""
    groups = [g for g in drawn.groups if _is_series(g)]
    if not groups or not drawn.scales:
        return []
    kind = next(k for k in ("bar", "dot", "line") if any(g.kind == k for g in groups))
    groups = [g for g in groups if g.kind == kind]
    most = max(len(g.marks) for g in groups)
    kept: dict[tuple[float, ...], Group] = {}
    for group in groups:
        if len(group.marks) == most:
            kept.setdefault(tuple(round(end) for end in group.ends()), group)
    return [raw for group in kept.values() if (raw := _measured(group, drawn))]


def _is_series(group: Group) -> bool:
    marks = group.marks
    if not FEWEST <= len(marks) <= 2000:
        return False
    apart = [b.x - a.x for a, b in itertools.pairwise(marks)]
    if min(apart) < 2 or max(apart) > 12 * min(apart):
        return False
    if any(abs(a / min(apart) - round(a / min(apart))) > UNEVEN for a in apart):
        return False
    base = group.base
    if base is not None and any(min(abs(m.top - base), abs(m.bottom - base)) > 2 for m in marks):
        return False
    if not group.tall:
        return False
    fills = [m.fill for m in marks]
    return sum(fills.count(fill) >= FEWEST for fill in set(fills)) < 2


def _measured(group: Group, drawn: Drawn) -> Raw | None:
    ends = group.ends()
    scale = _scale(group, drawn.scales)
    if scale is None:
        return None
    values = [scale.value(end) for end in ends]
    empty = [group.kind == "bar" and m.bottom - m.top < FLAT for m in group.marks]
    full = max(*values, 0.0) - min(*values, 0.0)
    step = Decimal(10) ** (int(Decimal(full or 1).adjusted()) - 4)
    off = Decimal(max(full * SHARE, abs((WHOLE if _in_pixels(group) else 1) / scale.slope)))
    return Raw(
        "",
        tuple(_places(group.marks, drawn.words)),
        tuple(
            None if flat else Decimal(value).quantize(step)
            for value, flat in zip(values, empty, strict=True)
        ),
        (ESTIMATED,) * len(values),
        off.quantize(step),
        f"{group.kind}s on the axis",
    )


def _in_pixels(group: Group) -> bool:
    heights = [mark.bottom - mark.top for mark in group.marks]
    return group.kind == "bar" and all(abs(high - round(high)) < 0.01 for high in heights)


def _scale(group: Group, scales: Sequence[Scale]) -> Scale | None:
    """Return the axis that a group stands on, moved to the edge that its bars share, which is 0."""
    base, ends = group.base, group.ends()
    for scale in scales:
        if base is None:
            return scale
        exact = min(
            (e for m in group.marks for e in (m.top, m.bottom)), key=lambda e: abs(e - base)
        )
        if abs(scale.zero - exact) < 10 and any(abs(end - exact) > 2 for end in ends):
            return Scale(scale.slope, exact)
    return None


def _places(marks: Sequence[Mark], words: Sequence[Word]) -> list[Place]:
    """Return the hour printed under each mark, or counted between two that are printed."""
    width = min(b.x - a.x for a, b in itertools.pairwise(marks))
    told: list[tuple[int, str]] = []
    for n, mark in enumerate(marks):
        under = [
            word
            for word in words
            if not word.tilted
            and abs((word.left + word.right) / 2 - mark.x) < width / 3
            and clock(word.text).time is not None
        ]
        if under:
            told.append((n, max(under, key=lambda w: w.y).text))
    places: list[Place] = [None] * len(marks)
    for n, text in told:
        places[n] = text
    for (a, first), (b, second) in itertools.pairwise(told):
        hours = _hours(first, second)
        if hours == b - a:
            start = clock(first).time
            for n in range(a + 1, b):
                hour = (start.hour + n - a) % 24 if start else 0
                places[n] = f"{hour:02}:00"
    if told:
        _beyond(places, told)
    return places


def _beyond(places: list[Place], told: Sequence[tuple[int, str]]) -> None:
    """Count on behind the last printed hour, up to midnight, where hours are evenly printed."""
    gaps = {(_hours(a, b), q - p) for (p, a), (q, b) in itertools.pairwise(told)}
    at, text = told[-1]
    start = clock(text).time
    if start and gaps and all(hours == apart for hours, apart in gaps):
        for n in range(at + 1, min(len(places), at + 24 - start.hour)):
            places[n] = f"{start.hour + n - at:02}:00"


def _hours(first: str, second: str) -> int:
    a, b = clock(first).time, clock(second).time
    return (b.hour - a.hour) % 24 if a and b and a.minute == b.minute == 0 else -1
