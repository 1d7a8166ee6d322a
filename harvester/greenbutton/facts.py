"""What the rules need to know of an interval block, of which its readings need not be kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from harvester.greenbutton.family import Node
from harvester.greenbutton.reader import Content, Entry, Interval

QUALITIES = {0, *range(7, 20)}
"""ESPI QualityOfReading; 1 to 6 are not used."""
_DECLARED = re.compile(r"(\d+) of (\d+) intervals have a value\.")


class Block(NamedTuple):
    """One IntervalBlock, counted; times are UTC seconds, values as they are written."""

    node: Node
    start: int
    seconds: int
    intervals: int
    no_value: int
    overlaps: int
    outside: int
    disordered: int
    negative: int
    bad_quality: int
    lengths: frozenset[int]
    covered: int
    """Seconds that have a reading, those told twice once."""
    declared: int
    """Intervals that it says have no value."""
    first: int
    end: int
    """Of its readings."""
    total: int
    most: int


def block_of(node: Node, entry: Entry, content: Content) -> Block:
    """Return the facts of an entry's IntervalBlock."""
    readings = content.readings
    timed = [(r.start, r.seconds) for r in readings if r.start is not None and r.seconds]
    order = sorted(timed)
    known = [reading.value for reading in readings if reading.value is not None]
    first = order[0][0] if order else 0
    start = content.number("interval/start")
    start = first if start is None else start
    end = max((at + length for at, length in order), default=start)
    seconds = content.number("interval/duration")
    seconds = end - start if seconds is None else seconds
    said = _DECLARED.fullmatch(entry.meta.get("summary", ""))
    return Block(
        node=node,
        start=start,
        seconds=seconds,
        intervals=len(readings),
        no_value=len(readings) - sum(_whole(reading) for reading in readings),
        overlaps=sum(a + length > b for (a, length), (b, _) in pairwise(order)),
        outside=sum(at < start or at + length > start + seconds for at, length in timed),
        disordered=sum(a > b for (a, _), (b, _) in pairwise(timed)),
        negative=sum(value < 0 for value in known),
        bad_quality=sum(bool(set(r.qualities) - QUALITIES) for r in readings),
        lengths=frozenset(length for _, length in timed),
        covered=_covered(order),
        declared=int(said[2]) - int(said[1]) if said else 0,
        first=first,
        end=end,
        total=sum(known),
        most=max(map(abs, known), default=0),
    )


def step_of(lengths: Sequence[int]) -> int:
    """Return the length that most intervals have, 0 where there is none."""
    return Counter(lengths).most_common(1)[0][0] if lengths else 0


def _whole(reading: Interval) -> bool:
    return reading.start is not None and bool(reading.seconds) and reading.value is not None


def _covered(order: Sequence[tuple[int, int]]) -> int:
    seconds, until = 0, None
    for at, length in order:
        begin = at if until is None else max(at, until)
        seconds += max(at + length - begin, 0)
        until = max(at + length, begin)
    return seconds
