"""Reads a billing history row by row, wherever it has its rows: pages, scrolls, lists of months."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import suppress
from typing import NamedTuple

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator

from harvester import printed
from harvester.errors import BadData, Drift, State, Transient
from harvester.model import Bill
from harvester.platforms.steps import Walker, quiet
from harvester.portal import Portal
from harvester.walk import CELLS, Bills, Choices, Older, Scroll

MOST_PAGES = 120
"""Ten years of months: a list that goes on is of something else."""

_CELLS = """(row, cells) => {
  const plain = e => (e ? e.innerText : '').replace(/\\s+/g, ' ').trim();
  const table = row.closest('table');
  const heads = table ? [...table.rows].map(r => [...r.cells])
    .find(r => r.some(c => c.matches('th'))) || [] : [];
  const under = names => {
    const at = heads.findIndex(h => names.includes(plain(h).toLowerCase()));
    return at < 0 || !row.cells ? null : row.cells[at] || null;
  };
  const found = {};
  for (const [name, {header, css}] of Object.entries(cells)) {
    const cell = css ? row.querySelector(css) : under(header);
    if (cell) found[name] = plain(cell);
  }
  return JSON.stringify(found);
}"""


class Row(NamedTuple):
    """One bill where it stands on the page, with what its cells say."""

    place: Locator
    cells: dict[str, str]


def _told(row: Row) -> str:
    return json.dumps(row.cells, sort_keys=True)


class BillRows:
    """The billing history of the selected account."""

    def __init__(self, portal: Portal, walker: Walker, bills: Bills) -> None:
        self._portal = portal
        self._walker = walker
        self._bills = bills
        self._chosen: dict[str, str] = {}
        """The choice of the list under which a bill was seen, by its key."""

    async def listed(self, account: str) -> list[dict[str, str]]:
        """Return the cells of every row, each once, until there are no more or enough."""
        found: dict[str, dict[str, str]] = {}
        self._chosen.clear()
        async for choice, rows in self._pages():
            for row in rows:
                found.setdefault(_told(row), row.cells)
                if choice and (bill := self._bill(account, row)):
                    self._chosen[bill.key] = choice
            if len(found) >= self._portal.profile.bills_listed:
                break
        return list(found.values())[: self._portal.profile.bills_listed]

    async def control(self, bill: Bill) -> Locator:
        """Find a bill's row again by its content and return what hands over its document.

        Raises BadData(NOT_YET_AVAILABLE) where there is no such row, or nothing in it.
        """
        async for _, rows in self._pages(self._chosen.get(bill.key)):
            for row in rows:
                if self._bill(bill.account, row) == bill:
                    link = await self._portal.seen(self._bills.pdf, row.place)
                    if link:
                        return link
        raise BadData(
            State.NOT_YET_AVAILABLE,
            f"The bill of {bill.billing_date} has no row with a document any more"
            f" on {self._portal.where()}; the next run asks again.",
        )

    def _bill(self, account: str, row: Row) -> Bill | None:
        return printed.bill(account, row.cells, self._bills.dates)

    async def _pages(self, choice: str | None = None) -> AsyncIterator[tuple[str, list[Row]]]:
        """Yield the rows in view, each time that there are others, with the choice they are of."""
        more = self._bills.more
        # An older page may be at the same route as the newest.
        await self._walker.walk(self._bills.open, again=isinstance(more, Older))
        self._portal.section = "bills"
        if isinstance(more, Choices):
            for value, _ in await self._walker.choices(more.picker):
                if choice in {None, value}:
                    picker = await self._portal.find(more.picker)
                    await self._walker.take(picker, value)
                    await self._walker.walk(more.then)
                    yield value, await self._rows()
            return
        await self._first()
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            rows = await (self._others(seen) if seen else self._rows())
            yield "", rows
            if isinstance(more, Older):
                if seen >= (told := set(map(_told, rows))):
                    return  # a button that stays where there are no more
                seen |= told
            if isinstance(more, Scroll):
                if not await self._scrolled(more, len(rows)):
                    return
            elif not isinstance(more, Older) or not await self._older(more):
                return

    async def _others(self, seen: Collection[str]) -> list[Row]:
        """Return the rows in view once there is one that was not seen, or as they stay."""
        rows: list[Row] = []
        with suppress(Drift):
            async for _ in self._portal.looks(self._bills.rows, seconds=self._patience):
                rows = await self._rows()
                if any(_told(row) not in seen for row in rows):
                    break
        return rows

    async def _first(self) -> None:
        """Wait for a first row; that none comes is left to who counts them."""
        with suppress(Drift):
            async for _ in self._portal.looks(self._bills.rows, seconds=self._patience):
                if await self._portal.every(self._bills.rows):
                    return

    @property
    def _patience(self) -> float:
        return min(10.0, self._portal.profile.pace.reply_seconds)

    async def _rows(self) -> list[Row]:
        """Read every row in view; Drift where a row lacks what every bill has."""
        portal, found = self._portal, []
        wanted = {
            name: {"css": cell.css, "header": [head.casefold() for head in cell.header]}
            for name, cell in self._bills.cells.items()
        }
        for place in await portal.every(self._bills.rows):
            with portal.answering():
                told: dict[str, str] = json.loads(await place.evaluate(_CELLS, wanted))
            lacking = [name for name in CELLS[:2] if name not in told]
            if lacking:
                raise Drift(
                    State.PORTAL_CHANGED,
                    f"A row of the billing history on {portal.where()} has no"
                    f" {' and no '.join(lacking)}; correct walk.bills.cells in the profile.",
                )
            found.append(Row(place, self._taken(told)))
        return found

    def _taken(self, told: Mapping[str, str]) -> dict[str, str]:
        """Return of each text what is meant of it."""
        taken: dict[str, str] = {}
        for name, cell in self._bills.cells.items():
            text = told.get(name, "")
            match = re.search(cell.take, text) if cell.take else None
            taken[name] = (match[1] if match else "") if cell.take else text
        return taken

    async def _scrolled(self, more: Scroll, read: int) -> bool:
        """Scroll on until there are more rows than were read; tell whether there are any."""
        portal = self._portal
        grown = await self._grown(more, read)
        if grown is not None:
            return grown
        await portal.turn()
        async with quiet(portal.page):
            await self._to_the_last()
        with suppress(Drift):
            async for _ in portal.looks(more.end, seconds=self._patience):
                grown = await self._grown(more, read)
                if grown is not None:
                    return grown
                await self._to_the_last()  # a page that is still busy does not heed a scroll
        raise Transient(
            State.PORTAL_DOWN,
            f"The billing history on {portal.where()} of {portal.profile.name} stops in mid-list:"
            f" neither more bills nor {more.end} came; nothing was lost, run again later.",
        )

    async def _grown(self, more: Scroll, read: int) -> bool | None:
        """Tell whether there are more rows than were read; None while the list goes on."""
        ended = await self._portal.shown(more.end)  # asked first: the last rows come before it
        if len(await self._portal.every(self._bills.rows)) > read:
            return True
        return False if ended else None

    async def _to_the_last(self) -> None:
        with self._portal.answering():
            await self._portal.page.mouse.wheel(0, 100_000)
            if rows := await self._portal.every(self._bills.rows):
                await rows[-1].scroll_into_view_if_needed()

    async def _older(self, more: Older) -> bool:
        portal = self._portal
        with suppress(PlaywrightError):
            button = await portal.seen(more.button)
            if button and await button.is_enabled():
                await self._walker.click(button)
                return True
        return False
