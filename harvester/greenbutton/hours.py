"""The rules of interval blocks: one by one, and against their types, their clock and the bills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from harvester.greenbutton.clock import Clock
from harvester.greenbutton.facts import Block
from harvester.greenbutton.family import SUMMARIES, Family, Node
from harvester.greenbutton.rules import Fault

NET = 4
THOUSAND = 1000
_NEAR = 2
"""A scale is told from a difference where it is off by a factor up to so much."""
_MOST_OF = 0.9
"""How much of a bill's period must be known to compare it."""
_LEAST_WH = 100
"""A home whose fullest hour of days has less is none that anyone lives in."""
_ENOUGH_HOURS = 48
HOUR = 3600
_DAYS = range(82_800, 90_001)


def of_block(block: Block) -> Iterator[Fault]:
    """Find what is wrong with a block in itself."""
    counts = {
        "overlap": (block.overlaps, "begin before the one before ends"),
        "order": (block.disordered, "begin before the one before"),
        "outside-block": (block.outside, "begin before or end after it"),
        "no-value": (block.no_value, "lack a start, a duration or a value"),
        "quality": (block.bad_quality, "have a quality that is no code"),
    }
    for rule, (count, what) in counts.items():
        if count:
            yield Fault(rule, block.node.name, f"{count} of {block.intervals} intervals {what}.")


def of_meter(
    blocks: Sequence[Block], kind: Node | None, clock: Clock | None, made: datetime | None
) -> Iterator[Fault]:
    """Find what is wrong with the blocks of a meter reading, of this type and with this clock."""
    length = kind.content.number("intervalLength") if kind else None
    flow = kind.content.number("flowDirection") if kind else None
    for block in blocks:
        where = block.node.name
        step = length or min(block.lengths, default=0)
        missing = (block.seconds - block.covered) // step if step else 0
        if missing > block.declared:
            less = f"{missing} intervals have no reading, {block.declared} are said to have none."
            yield Fault("gap", where, less)
        if block.negative and flow != NET:
            yield Fault("negative", where, f"{block.negative} intervals are below zero.")
        if length and block.lengths - {length}:
            said = f"Intervals have {_list(block.lengths)} seconds where the type says {length}."
            yield Fault("interval-length", where, said)
        if made and block.intervals and block.end > made.timestamp():
            yield Fault("future", where, f"It ends after the file was made, {made:%Y-%m-%d}.")
        if clock:
            yield from _local(block, clock)
    yield from _twice(blocks)


def _local(block: Block, clock: Clock) -> Iterator[Fault]:
    offset = clock.offset_at(block.start)
    if block.seconds not in _DAYS:
        return
    if (block.start + offset) % 86_400:
        if offset and block.start % 86_400 == 0:
            message = "It begins at midnight of UTC, which is not that of its local time."
            yield Fault("local-time", block.node.name, message)
        return
    day = 86_400 + offset - clock.offset_at(block.start + 86_400)
    if block.seconds != day:
        message = f"It has {block.seconds} seconds, its local day {day}."
        yield Fault("day-length", block.node.name, message)


def _twice(blocks: Sequence[Block]) -> Iterator[Fault]:
    for a, b in pairwise(sorted(blocks, key=lambda block: (block.start, block.seconds))):
        if (a.start, a.seconds) == (b.start, b.seconds):
            yield Fault("duplicate-block", b.node.name, f"{a.node.name} is of the same time.")
        elif a.start + a.seconds > b.start:
            yield Fault("block-overlap", b.node.name, f"{a.node.name} ends after it begins.")


def scale(
    family: Family, meters: Sequence[tuple[Node, Node | None, Sequence[Block]]]
) -> Iterator[Fault]:
    """Find energy that is off by a thousand: against the bills, or without any against a home."""
    compared = False
    for point, summary in _summaries(family):
        start = summary.content.number("billingPeriod/start")
        seconds = summary.content.number("billingPeriod/duration")
        billed = energy(summary, "overallConsumptionLastPeriod/")
        if start is None or not seconds or not billed:
            continue
        told, known = 0.0, 0
        for meter, kind, blocks in meters:
            mine = kind and family.parent(meter, "UsagePoint") is point
            if mine and kind and kind.content.number("flowDirection") in {1, NET, None}:
                within = [b for b in blocks if start <= b.start < start + seconds]
                told += sum(b.total for b in within) * _power(kind)
                known += sum(b.covered for b in within)
        if known < _MOST_OF * seconds or told <= 0:
            continue
        compared = True
        for factor in (told * THOUSAND / billed, told / billed / THOUSAND):
            if 1 / _NEAR < factor < _NEAR:
                less = "a thousandth" if told < billed else "a thousandfold"
                message = f"The intervals of its period add up to {less} of what it bills."
                yield Fault("energy-scale", summary.name, message)
    for meter, kind, blocks in () if compared else meters:
        hourly = sum(block.intervals for block in blocks if block.lengths == {HOUR})
        most = max((block.most for block in blocks), default=0) * (_power(kind) if kind else 1)
        if hourly >= _ENOUGH_HOURS and 0 < most < _LEAST_WH:
            message = f"No hour of {hourly} has more than {most:.0f} Wh."
            yield Fault("energy-scale", meter.name, message)


def energy(summary: Node, path: str) -> float | None:
    """Return a measurement in Wh, None where it has none or in another unit."""
    value = summary.content.number(f"{path}value")
    if value is None or summary.content.number(f"{path}uom") not in {72, None}:
        return None
    return value * _power(summary, f"{path}powerOfTenMultiplier")


def _summaries(family: Family) -> Iterator[tuple[Node | None, Node]]:
    for kind in SUMMARIES:
        for summary in family.of.get(kind, []):
            yield family.parent(summary, "UsagePoint"), summary


def _power(node: Node, path: str = "powerOfTenMultiplier") -> float:
    return 10.0 ** max(min(node.content.number(path) or 0, 9), -9)


def _list(numbers: frozenset[int]) -> str:
    shown = sorted(numbers)
    return ", ".join(map(str, shown[:3])) + (" and more" if len(shown) > 3 else "")


def moment_of(text: str) -> datetime | None:
    """Return the UTC time of an Atom stamp, None where it is none."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
