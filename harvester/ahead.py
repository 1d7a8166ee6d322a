"""Learns from one document how the addresses of others follow from their rows; fetches those ahead.

Four are asked for at a time, each in its turn; whatever does not come so is left to be clicked.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import quote

from lxml import html
from playwright.async_api import Error as PlaywrightError

from harvester.documents import is_pdf
from harvester.portal import Portal

AT_ONCE = 4
"""Requests under way: with 24 documents that is as good as any more."""
_TOKEN = re.compile(r"[\w.~%-]+")

Place = tuple[int, str, int]
"""An element of a row in its order, an attribute, and a word of that."""
Words = Mapping[Place, str]


def words_of_rows(table: str) -> list[Words]:
    """Return the words of the attributes of each row of a table, in the order of its rows."""
    return [
        {
            (nth, name, place): word
            for nth, element in enumerate(row.iter("*"))
            for name, value in element.attrib.items()
            for place, word in enumerate(_TOKEN.findall(value))
        }
        for row in html.fragment_fromstring(table).iter("tr")
    ]


def addresses(url: str, clicked: str, rows: Mapping[str, Words]) -> dict[str, str]:
    """Return the addresses of the other rows, where that of the clicked one has a word of its own.

    The longest word counts that no other row has at its place and the address has once.
    """
    own = rows[clicked]
    others = {key: words for key, words in rows.items() if key != clicked}
    for place, word in sorted(own.items(), key=lambda item: -len(item[1])):
        theirs = [words.get(place, "") for words in others.values()]
        if url.count(quote(word)) == 1 and all(theirs) and word not in theirs:
            return {k: url.replace(quote(word), quote(w[place])) for k, w in others.items()}
    return {}


class Ahead:
    """The documents that one account's bills are about to be asked for, by the key of the bill."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self._expected: Sequence[str] = ()
        self._tasks: dict[str, asyncio.Task[bytes]] = {}
        self._urls: dict[str, str] = {}
        self._known: set[bytes] = set()
        self._free = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def expecting(self, keys: Sequence[str]) -> AsyncIterator[None]:
        """Take these for what comes next, in this order; let go of all of it in the end."""
        self._expected = keys
        self._known.clear()
        try:
            yield
        finally:
            await self._forget()

    async def _forget(self) -> None:
        self._expected = ()
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def learn(self, key: str, url: str, content: bytes, rows: Mapping[str, Words]) -> None:
        """Begin to fetch what is expected, if the address of this document tells those of others.

        A document that came by a form, or as a blob, has none that does.
        """
        self._known.add(sha256(content).digest())
        if self._tasks or key not in rows or not self.portal.answers.declared(url):
            return
        self._urls = addresses(url, key, rows)
        self._tasks = {
            name: asyncio.create_task(self._fetch(self._urls[name]))
            for name in self._expected
            if name in self._urls
        }

    async def take(self, key: str) -> tuple[str, bytes]:
        """Return address and bytes of a document; no bytes where it has to be clicked.

        Where one is the same as another, its address told it not apart: the rest are clicked.
        """
        task = self._tasks.pop(key, None)
        content = await task if task else b""
        digest = sha256(content).digest()
        if content and digest in self._known:
            await self._forget()
        self._known.add(digest)
        return self._urls.get(key, ""), content

    async def _fetch(self, url: str) -> bytes:
        """Return the document at an address; nothing where something else is, or a refusal."""
        portal = self.portal
        async with self._free:
            await portal.turn()
            portal.wire.count(url)
            try:
                reply = await portal.context.request.get(url, max_redirects=0)
                content = await reply.body()
            except PlaywrightError:
                return b""
            if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
                portal.answers.pause(reply.headers.get("retry-after"))
            good = reply.status == HTTPStatus.OK and is_pdf(content)
            return content if good else b""
