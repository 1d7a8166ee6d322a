"""Listens to a page from before it loads: the texts that it receives and what its canvases draw."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from playwright.async_api import Error, Page, Response

from harvester.graph.scripts import source

MOST_BYTES = 4_000_000
"""Longest text that is looked through."""
KINDS = ("json", "csv", "text/plain", "javascript", "xml", "html")
MOST_SCRIPT = 100_000
"""Longest script: what is longer is a library."""
TYPES = {"xhr", "fetch", "script", "document", "other"}


class Watch:
    """What one page received; `await watch(page)` makes it, before the page is loaded."""

    def __init__(self) -> None:
        self._replies: list[Response] = []

    def note(self, response: Response) -> None:
        """Remember a reply that may hold data."""
        kind = response.headers.get("content-type", "")
        if response.request.resource_type in TYPES and any(k in kind for k in KINDS):
            self._replies.append(response)

    async def texts(self) -> list[tuple[str, str]]:
        """Return the path and the text of each reply that is not too long, data before scripts."""
        replies = sorted(
            self._replies, key=lambda r: r.request.resource_type in {"script", "document"}
        )
        found = await asyncio.gather(*map(_text, replies))
        return [
            (urlsplit(r.url).path, text) for r, text in zip(replies, found, strict=True) if text
        ]


async def _text(response: Response) -> str:
    most = MOST_SCRIPT if response.request.resource_type == "script" else MOST_BYTES
    told = response.headers.get("content-length", "0")
    if told.isdecimal() and int(told) > most:
        return ""
    try:
        body = await response.body()
    except Error:  # a page that has left keeps no bodies
        return ""
    return "" if len(body) > most else body.decode(errors="replace")


async def watch(page: Page) -> Watch:
    """Begin to listen; what the page loaded before is not heard."""
    listening = Watch()
    page.on("response", listening.note)
    await page.add_init_script(source("canvas.js"))
    return listening
