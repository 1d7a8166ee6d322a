"""Says what is wrong with a Green Button file: by the schemas, and by rules that those lack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO

from harvester.errors import BadData, State
from harvester.greenbutton import hours, links
from harvester.greenbutton.clock import Clock
from harvester.greenbutton.facts import Block, block_of
from harvester.greenbutton.family import Family, Node
from harvester.greenbutton.personal import personal
from harvester.greenbutton.reader import CUSTOMER, ESPI, entries, parts, refusal
from harvester.greenbutton.rules import Fault
from harvester.greenbutton.schemas import Schemas, Validation

SHOWN = 20
"""So many faults of a rule are kept; the rest are counted."""
_SPACES = {ESPI, CUSTOMER}


@dataclass
class Report:
    """What was found in a file."""

    valid: list[str] = field(default_factory=list)
    """Versions whose schema the whole file is valid under."""
    invalid: dict[str, str] = field(default_factory=dict)
    """By version, the first thing that is not."""
    faults: list[Fault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """By rule, how many faults there are."""
    resources: Counter[str] = field(default_factory=Counter)
    readings: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong: no fault, and valid under a schema if there were any."""
        return not self.faults and (bool(self.valid) or not self.invalid)

    def take(self, found: Iterable[Fault]) -> None:
        """Keep faults, as many of each rule as are shown."""
        for fault in found:
            self.counts[fault.rule] += 1
            if self.counts[fault.rule] <= SHOWN:
                self.faults.append(fault)


def validate_file(file: Path, schemas: Schemas | None = None) -> Report:
    """Read a file once from its beginning to its end; a pipe will do.

    Raises BadData(INVALID_FILE) where it cannot be read as Green Button at all.
    """
    try:
        with file.open("rb") as opened:
            return validate(opened, schemas)
    except OSError as error:
        raise BadData(
            State.INVALID_FILE, f"The file {file} cannot be read: {error.strerror}."
        ) from None


def validate(file: IO[bytes], schemas: Schemas | None = None) -> Report:
    """Read what is opened, as `validate_file` does."""
    report, family, count = Report(), Family(), 0
    blocks: dict[int, Block] = {}
    feed: dict[str, str] = {}
    seen: dict[str, set[str]] = {"id": set(), "self": set()}
    for _, pieces in parts(file):
        validation = Validation(schemas) if schemas else None
        for entry in entries(_both(pieces, validation), feed):
            count += 1
            report.take(links.of_entry(entry, f"entry {count}", seen))
            for content in entry.contents:
                report.resources[content.kind] += content.space in _SPACES
                node = family.add(entry, content)
                if content.kind == "IntervalBlock":
                    block = blocks[node.number] = block_of(node, entry, content)
                    report.readings += block.intervals
                    report.take(hours.of_block(block))
        if validation:
            validation.close()
            report.invalid |= validation.wrong
    if not report.resources.total():
        raise refusal("is a feed without any Green Button data")
    report.valid = sorted(set(schemas.of if schemas else ()) - set(report.invalid), reverse=True)
    if what := personal(feed.get("title", "")):
        report.take([Fault("personal-data", "feed", f"Its title seems to hold {what}.")])
    _together(report, family, blocks, feed)
    return report


def _both(pieces: Iterator[bytes], validation: Validation | None) -> Iterator[bytes]:
    """Hand pieces on, and each to the schemas once the reader asks for the next: it was safe."""
    for piece in pieces:
        yield piece
        if validation:
            validation.feed(piece)


def _together(
    report: Report, family: Family, blocks: dict[int, Block], feed: dict[str, str]
) -> None:
    report.take(links.of_family(family))
    clocks: dict[int, Clock | None] = {}
    for node in family.of.get("LocalTimeParameters", []):
        clocks[node.number], found = links.clock(node)
        report.take(found)
    own: dict[int, list[Block]] = {}
    for node in family.of.get("IntervalBlock", []):
        meter = family.parent(node, "MeterReading")
        own.setdefault(meter.number if meter else 0, []).append(blocks[node.number])
    made = hours.moment_of(feed.get("updated", ""))
    meters: list[tuple[Node, Node | None, Sequence[Block]]] = []
    for meter in family.of.get("MeterReading", []):
        kind = family.partner(meter, "ReadingType")
        point = family.parent(meter, "UsagePoint")
        told = family.partner(point or meter, "LocalTimeParameters")
        meters.append((meter, kind, own.get(meter.number, [])))
        clock = clocks[told.number] if told else None
        report.take(hours.of_meter(meters[-1][2], kind, clock, made))
    report.take(_same_way(family, meters))
    report.take(hours.scale(family, meters))


def _same_way(
    family: Family, meters: Sequence[tuple[Node, Node | None, Sequence[Block]]]
) -> Iterator[Fault]:
    """Find meter readings of one usage point that have one direction at one time."""
    spans: dict[tuple[int, int | None, int | None], list[tuple[int, int, Node]]] = {}
    for meter, kind, blocks in meters:
        point = family.parent(meter, "UsagePoint")
        if not kind or not blocks or not point:
            continue
        way, length = (kind.content.number(n) for n in ("flowDirection", "intervalLength"))
        first, end = min(b.start for b in blocks), max(b.start + b.seconds for b in blocks)
        spans.setdefault((point.number, way, length), []).append((first, end, meter))
    for same in spans.values():
        same.sort(key=lambda span: span[:2])
        for (_, end, one), (start, _, other) in pairwise(same):
            if start < end:
                message = f"{one.name} has the same direction and length at the same time."
                yield Fault("flow-direction", other.name, message)
