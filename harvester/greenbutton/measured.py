"""What the meters of a Green Button file measured, whoever wrote it and whatever it leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from harvester.greenbutton import links
from harvester.greenbutton.clock import Clock
from harvester.greenbutton.facts import step_of
from harvester.greenbutton.family import Family, Node
from harvester.greenbutton.reader import Content, Interval, entries, parts

WATT_HOURS = 72
_ENERGY = {12, None}
_DELIVERED, _NET, _RECEIVED = 1, 4, 19
_INTERVALS = {4, None}
"""Accumulation: the energy of each interval, not a register that counts on."""


@dataclass
class Block:
    """The time that a block is of, and its readings."""

    start: int | None
    seconds: int | None
    readings: Sequence[Interval]


@dataclass
class Measured:
    """One MeterReading: energy in one direction, in Wh once multiplied by ten to the power."""

    key: str
    """What it is known by in every file of its utility."""
    received: bool
    power: int
    step: int
    """Seconds of an interval."""
    quality: int | None
    """Of readings that have none of their own."""
    clock: Clock | None
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Point:
    """One UsagePoint, and what cannot be taken of it, a sentence each."""

    key: str
    meters: list[Measured] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def points(content: bytes) -> list[Point]:
    """Return the usage points of an XML file, or of all files in a ZIP file together.

    Raises BadData(INVALID_FILE) where it cannot be read.
    """
    family, blocks = Family(), list[tuple[Node, Content]]()
    for _, pieces in parts(BytesIO(content)):
        for entry in entries(pieces):
            for one in entry.contents:
                node = family.add(entry, one)
                if one.kind == "IntervalBlock":
                    blocks.append((node, one))
    found: dict[str, Point] = {}
    own: dict[int, list[Block]] = {}
    for block, one in blocks:
        meter = family.parent(block, "MeterReading")
        start, seconds = (one.number(f"interval/{name}") for name in ("start", "duration"))
        own.setdefault(meter.number if meter else 0, []).append(Block(start, seconds, one.readings))
    meters: list[Node | None] = [*family.of.get("MeterReading", []), *([None] if 0 in own else [])]
    for meter in meters:
        owner = family.parent(meter, "UsagePoint") if meter else None
        key = _key(owner)
        point = found.setdefault(key, Point(key))
        mine = own.get(meter.number if meter else 0, [])
        if mine:
            _take(point, family, meter, owner, mine)
    return [point for point in found.values() if point.meters or point.refused]


def _take(
    point: Point, family: Family, meter: Node | None, node: Node | None, blocks: list[Block]
) -> None:
    if meter:
        kind = family.partner(meter, "ReadingType")
    else:
        kind = next(iter(family.of.get("ReadingType", [])), None)
    what = meter.name if meter else "What belongs to no meter reading"
    if why := _refused(kind):
        point.refused.append(f"{what} is not taken: {why}.")
        return
    get = kind.content.number if kind else lambda _: None
    own = step_of([r.seconds for block in blocks for r in block.readings if r.seconds])
    point.meters.append(
        Measured(
            key=_key(meter),
            received=get("flowDirection") == _RECEIVED,
            power=get("powerOfTenMultiplier") or 0,
            step=own or get("intervalLength") or 0,
            quality=get("defaultQuality"),
            clock=_clock(family, node or meter),
            blocks=blocks,
        )
    )


def _refused(kind: Node | None) -> str | None:
    """Return why readings of a type are not taken; nothing is guessed of them."""
    if kind is None:
        return "nothing says what its readings are"
    get = kind.content.number
    if get("uom") != WATT_HOURS or get("kind") not in _ENERGY or get("commodity") not in {1, None}:
        return "its unit is not that of electric energy"
    if get("accumulationBehaviour") not in _INTERVALS:
        return "it counts on, and is not of intervals"
    if get("flowDirection") not in {_DELIVERED, _NET, _RECEIVED, None}:
        return "its direction is neither delivered nor received"
    if not -9 <= (get("powerOfTenMultiplier") or 0) <= 9:
        return "its multiplier is none of energy"
    return None


def _clock(family: Family, node: Node | None) -> Clock | None:
    told = family.of.get("LocalTimeParameters", [])
    one = family.partner(node, "LocalTimeParameters") if node else next(iter(told), None)
    return links.clock(one)[0] if one else None


def _key(node: Node | None) -> str:
    return (node.id or node.href) if node else ""


def gaps(block: Block, step: int) -> Iterator[int]:
    """Yield when intervals begin that a block should have and has not, in UTC seconds.

    Those at its edges are missing too, if it is of one day.
    """
    order = sorted(
        (r.start, r.seconds) for r in block.readings if r.start is not None and r.seconds
    )
    at, end = (order[0][0], sum(order[-1])) if order else (None, None)
    if block.start is not None and block.seconds is not None and block.seconds <= _DAY:
        at, end = block.start, block.start + block.seconds
    if at is None or end is None or step <= 0:
        return
    for begin, length in (*order, (end, 0)):
        while at + step <= begin and begin - at <= _LONGEST:
            yield at
            at += step
        at = max(at, begin + length)


_DAY = 90_000
"""The longest day."""
_LONGEST = 31 * 86_400
"""What is missing for longer is nothing that a block leaves out."""
