"""Reads the billing history of an OSCP portal in full, and fetches the documents of its rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from playwright.async_api import Locator

from harvester import printed
from harvester.ahead import Ahead, Words, words_of_rows
from harvester.documents import capture, is_pdf
from harvester.errors import BadData, Drift, State
from harvester.model import Bill
from harvester.platforms.session import Session
from harvester.portal import QUIET, Portal

_ROWS_SHARE = 0.25
"""What share of the time for a reply the rows of a table that is there may take."""

_CELLS = """e => {
  const bare = e.cloneNode(true);
  for (const x of bare.querySelectorAll('script,style,template,noscript,iframe,object,select'))
    x.remove();
  const walk = document.createTreeWalker(bare, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT);
  const comments = [];
  for (let node = bare; node; node = walk.nextNode())
    if (node.nodeType === Node.COMMENT_NODE) comments.push(node);
    else for (const name of node.getAttributeNames())
      if (name !== 'colspan' && name !== 'rowspan') node.removeAttribute(name);
  for (const comment of comments) comment.remove();
  return bare.outerHTML;
}"""
"""A table with its cells' text alone: attributes and scripts may hold what must not be kept."""

ALL = """e => {
  const $ = window.jQuery;
  if (!$?.fn?.dataTable?.Api || !$.fn.dataTable.isDataTable(e)) return 0;
  const table = $(e).DataTable();
  if (table.page.info().pages < 2) return 0;
  table.page.len(-1).draw();
  return table.page.info().recordsDisplay;
}"""
"""Has a jQuery DataTable of several pages show all as one; the number of its rows, or 0."""

SIZES = "e => [...e.options].map(o => o.value)"


class History:
    """The billing history of whichever account is selected."""

    def __init__(self, portal: Portal, session: Session) -> None:
        self.portal = portal
        self._session = session
        self._ahead = Ahead(portal)

    async def markup(self) -> str:
        """Return the table of bills, its cells' text alone; Drift where it lacks a column."""
        await self._session.open("history")
        table = await self._table()
        if table is None:
            return self._bare()
        with self.portal.answering():
            markup: str = await table.evaluate(_CELLS)
        if printed.table(markup, self.portal.profile.columns) is None:
            raise Drift(
                State.PORTAL_CHANGED,
                f"The table of bills on {self.portal.where()} of {self.portal.profile.name} lacks"
                f" a column that the profile names; correct columns in the profile.",
                broken=("columns",),
            )
        await self._session.remember("history")
        return markup

    def _bare(self) -> str:
        """Return the table of an account that has no bills, as the page says in its place."""
        heads = "".join(f"<th>{labels[0]}</th>" for labels in self.portal.profile.columns.values())
        return f"<table><tr>{heads}</tr></table>"

    def expecting(self, keys: Sequence[str]) -> AbstractAsyncContextManager[None]:
        """Say whose documents are about to be asked for, and in what order."""
        return self._ahead.expecting(keys)

    async def document(self, bill: Bill) -> tuple[str, bytes]:
        """Return address and bytes of a bill's document, unjudged.

        Raises BadData(NOT_YET_AVAILABLE) where the row or the document does not come.
        """
        url, content = await self._ahead.take(bill.key)
        return (url, content) if content else await self._clicked(bill)

    async def _clicked(self, bill: Bill) -> tuple[str, bytes]:
        await self._session.open("history")
        try:
            link, words = await self._link(bill)
            url, content = await capture(self.portal, link)
        except BadData:
            await self._session.open("history", again=True)
            raise
        if is_pdf(content):
            self._ahead.learn(bill.key, url, content, words)
        else:
            await self._session.open("history", again=True)
        await asyncio.sleep(self.portal.profile.pace.click_ms / 1000)
        return url, content

    async def _table(self) -> Locator | None:
        """Find the table of bills once its rows are there, and have it show all of them.

        None where the page says that there are none.
        """
        portal = self.portal
        table, rows = await self._with_rows(1)
        if table is None or not 0 < rows < portal.profile.bills_listed:
            return table
        with portal.answering():
            whole: int = await table.evaluate(ALL)
        if whole > rows:
            return (await self._with_rows(whole))[0]
        length = await portal.seen("bill_length")
        if length is None:
            return table
        with portal.answering():
            shown = await length.input_value()
            most = max(await length.evaluate(SIZES), key=size)
            if rows < size(shown) or size(most) <= size(shown):
                return table
            await length.select_option(most)
        return (await self._with_rows(rows + 1))[0]

    async def _with_rows(self, least: int) -> tuple[Locator | None, int]:
        """Return the table of bills and its rows' number, once there are so many, or as they stay.

        None where the page goes on saying instead that there are none.  Of several, as where its
        head is a table of its own, it is the one with the most rows.
        """
        portal, began = self.portal, 0.0
        async for _ in portal.looks("bill_table"):
            found = [(await self._rows(one), one) for one in await portal.every("bill_table")]
            if not found:
                if portal.answers.calm() >= QUIET and await portal.shown("no_bills"):
                    return None, 0
                continue
            rows, table = max(found, key=lambda one: one[0])
            began = began or time.monotonic()
            waited = time.monotonic() - began
            if rows >= least or min(waited, portal.answers.calm()) >= QUIET:
                return table, rows
            if waited > portal.profile.pace.reply_seconds * _ROWS_SHARE:
                return table, rows
        raise AssertionError  # looks() ends by raising

    async def _rows(self, table: Locator) -> int:
        """Count the bills of a table."""
        with self.portal.answering():
            told = printed.table(await table.evaluate(_CELLS), self.portal.profile.columns)
        return sum(printed.bill("", row) is not None for row in (told or {}).values())

    async def _link(self, bill: Bill) -> tuple[Locator, dict[str, Words]]:
        """Return what opens a bill's document, and the words of all bills' rows by their keys."""
        portal = self.portal
        if table := await self._table():
            with portal.answering():
                markup: str = await table.evaluate("e => e.outerHTML")
            rows = printed.table(markup, portal.profile.columns) or {}
            words = words_of_rows(markup)
            listed = {place: printed.bill(bill.account, row) for place, row in rows.items()}
            for position in (place for place, one in listed.items() if one == bill):
                link = await portal.seen("bill_link", table.locator("tr").nth(position))
                if link:
                    return link, {one.key: words[n] for n, one in listed.items() if one}
        raise BadData(
            State.NOT_YET_AVAILABLE,
            f"The bill of {bill.billing_date} has no row with a document any more"
            f" on {portal.where()}; the next run asks again.",
        )


def size(option: str) -> float:
    """Return how many rows an option of a table's length shows; -1 and "All" are all of them."""
    return float(option) if option.isdecimal() else float("inf")
