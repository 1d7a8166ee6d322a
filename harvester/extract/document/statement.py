"""What a bill's own document says, read by the first layout that recognizes it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from harvester.extract.document import charges, facts, labels, proof, tables
from harvester.extract.document.facts import Facts
from harvester.extract.document.words import Page
from harvester.layout import Layout
from harvester.model import Component, Direction, LineItem, RegisterRead, Statement

_BY_ENERGY = {Component.ENERGY, Component.DISTRIBUTION, Component.WHOLESALE_POWER}


def recognized(text: str, layouts: Sequence[Layout]) -> Layout | None:
    """Return the first layout all of whose marks are in a document's text."""
    return next((way for way in layouts if all(mark.search(text) for mark in way.recognize)), None)


def read(pages: Sequence[Page], account: str, layout: Layout) -> tuple[Statement, list[str]]:
    """Return an account's statement, and the names of what it says in two ways."""
    found = [
        f for page in pages for f in (tables.reads(page, layout.reads) if layout.reads else ())
    ]
    taken = {f.row for f in found if not f.lost}
    labelled = {
        row: list(labels.labels(row, layout))
        for page in pages
        for row in page.rows
        if row not in taken
    }
    blocks = charges.lines(pages, layout, labelled)
    told = facts.find(pages, layout, labelled)
    reads = tuple(f.read for f in found if f.read) or _single(told)
    whole = [told.item for block in blocks for told in block if told.sure]
    if not any(f.lost for f in found):  # else the others do not tell of all
        counts = {(f.read.service_from, f.read.service_to, f.days) for f in found if f.read}
        for *_, count in counts if len(counts) == 1 else ():
            told.add("days", None if count is None else Decimal(count))
        _energy(told, reads, whole, known=bool(layout.recognize))
        _span(told, reads)
    total, days = told.number("total"), told.number("days")
    lines = whole
    if layout.charges.anywhere:
        if total is None and "total" not in told.ambiguous:
            total = proof.proves(blocks, told.number("this_bill"))
        lines = proof.proven(blocks, total, told.number("current_charges"))
    statement = Statement(
        account=account,
        layout=layout.name,
        billing_date=told.day("billing_date"),
        due_date=told.day("due_date"),
        service_from=told.day("service_from"),
        service_to=told.day("service_to"),
        days=None if days is None else int(days),
        rate=told.text("rate"),
        kwh=told.number("kwh"),
        received_kwh=told.number("received_kwh"),
        current_charges=told.number("current_charges"),
        levelized=told.number("levelized"),
        total=total,
        after_due=told.number("after_due"),
        reads=reads,
        lines=tuple(lines),
    )
    return statement, told.ambiguous


def _energy(
    told: Facts, reads: Sequence[RegisterRead], lines: Sequence[LineItem], *, known: bool
) -> None:
    """Take both energies from the registers, unless a line bills more than they count.

    Where a known layout prints one, that its meters differ is for the checks to say.
    """
    billed = {
        line.quantity
        for line in lines
        if line.quantity and line.component in _BY_ENERGY and f"{line.unit}".casefold() == "kwh"
    }
    for direction, name in ((Direction.DELIVERED, "kwh"), (Direction.RECEIVED, "received_kwh")):
        amounts = [read.kwh for read in reads if read.direction is direction]
        printed = told.number(name)
        if None in amounts or not amounts or (known and printed is not None):
            continue
        sums = _sums([amount for amount in amounts if amount is not None])
        if min(sums) < 0:
            continue  # what was taken less what was given back
        if direction is Direction.DELIVERED and not known:
            sums |= {quantity for quantity in billed if quantity > max(sums)}
        for total in sums if printed not in sums else ():
            told.add(name, total)


def _sums(amounts: Sequence[Decimal]) -> set[Decimal]:
    """Return what registers may sum to: one of several may be the sum of the others."""
    whole = sum(amounts, Decimal(0))
    return {whole, whole / 2} if len(amounts) > 2 and 2 * max(amounts) == whole else {whole}


def _span(told: Facts, reads: Sequence[RegisterRead]) -> None:
    """Take the service period from the register reads where all of them are dated."""
    since = [read.service_from for read in reads if read.service_from]
    until = [read.service_to for read in reads if read.service_to]
    if reads and len(since) == len(until) == len(reads):
        told.add("service_from", min(since))
        told.add("service_to", max(until))


def _single(told: Facts) -> tuple[RegisterRead, ...]:
    """Return the one register whose reads have labels instead of a table, if there is one."""
    previous, present, meter = (
        told.number("previous"), told.number("present"), told.text("meter")
    )  # fmt: skip
    if previous is None or present is None or meter is None:
        return ()
    multiplier, used = told.number("multiplier"), told.number("kwh")
    if multiplier is None and used not in {None, present - previous}:
        return ()  # it has one that cannot be told
    row, first = told.places["present"]
    box = row.place(first)
    return (
        RegisterRead(
            meter=meter,
            direction=Direction.DELIVERED,
            service_from=told.day("service_from"),
            service_to=told.day("service_to"),
            previous=previous,
            present=present,
            multiplier=multiplier,
            kwh=used,
            page=row.page.number,
            x=box.left,
            y=box.top,
        ),
    )
