"""Which of what may be a bill's lines its total proves to be them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from harvester.model import Component, LineItem


class Told(NamedTuple):
    """A line, and how sure it is: 0 where it is one, 1 where it has only a label and an amount.

    2 where the amount stands behind a meter's reads.
    """

    item: LineItem
    doubt: int = 0

    @property
    def sure(self) -> bool:
        """Whether it is a line whatever the total says."""
        return not self.doubt


def proven(
    blocks: Sequence[list[Told]], total: Decimal | None, current: Decimal | None
) -> list[LineItem]:
    """Return the lines of those blocks that alone sum to the total, else all sure ones once.

    Bills repeat lines in summaries; a payment printed without its sign counts as one. What is a
    line for sure comes first; the others count only where the total proves them.
    """
    found = _proven(blocks, total, current)
    if found is not None:
        return found
    return [told.item for told in _choices(_sure(blocks))[0]]


def proves(blocks: Sequence[list[Told]], total: Decimal | None) -> Decimal | None:
    """Return an amount that all lines sum to, None where they do not."""
    every = [_choices(blocks)[0]]
    return None if total is None or _proven(every, total, None) is None else total


def _proven(
    blocks: Sequence[list[Told]], total: Decimal | None, current: Decimal | None
) -> list[LineItem] | None:
    sure = _sure(blocks)
    found = _proof(_choices(sure), total)
    sums = {total, current}
    for doubt in (1, 2) if total is not None and any(sure) else ():
        likely = [
            [t for t in block if t.sure or (t.doubt <= doubt and t.item.amount not in sums)]
            for block in blocks
        ]
        ends = (way for choice in _choices(likely) for way in _ends(choice))
        found = found or _proof(ends, total)
    return found


def _sure(blocks: Sequence[list[Told]]) -> list[list[Told]]:
    return [[told for told in block if not told.doubt] for block in blocks]


def _choices(blocks: Sequence[list[Told]]) -> list[list[Told]]:
    """Return all lines once, then those of each block, without and with what others have."""
    once: list[list[Told]] = []
    seen: set[tuple[str, Decimal]] = set()
    for block in blocks:
        names = [(told.item.label.casefold(), told.item.amount) for told in block]
        once.append([told for told, name in zip(block, names, strict=True) if name not in seen])
        seen.update(names)
    return [[told for block in once for told in block], *once, *blocks]


def _ends(choice: list[Told]) -> Iterator[list[Told]]:
    """Yield lines with fewer and fewer of those behind the last sure one."""
    last = max((n for n, told in enumerate(choice, 1) if told.sure), default=0)
    for end in range(len(choice), last - 1, -1) if last else ():
        yield choice[:end]


def _proof(choices: Iterable[list[Told]], total: Decimal | None) -> list[LineItem] | None:
    for choice in choices:
        items = [told.item for told in choice]
        for signed in (items, _paid(items)):
            whole = sum(item.amount for item in signed)
            if signed and (whole == total or whole - _carried(signed) == total):
                return signed
    return None


def _carried(items: list[LineItem]) -> Decimal:
    """Return the balance forward that is what an earlier balance and payments come to."""
    run, paid = Decimal(0), False
    for item in items:
        balance = item.component is Component.BALANCE_FORWARD
        payment = item.component is Component.PAYMENT
        if balance and paid and run == item.amount:
            return run
        paid |= payment
        run += item.amount if balance or payment else 0
    return Decimal(0)


def _paid(items: list[LineItem]) -> list[LineItem]:
    return [
        replace(item, amount=-abs(item.amount)) if item.component is Component.PAYMENT else item
        for item in items
    ]
