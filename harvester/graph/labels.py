"""Strategy: what the marks say of themselves in accessible names, titles and data attributes."""

from __future__ import annotations

from playwright.async_api import Page

from harvester.graph.points import Raw
from harvester.graph.scripts import everywhere
from harvester.graph.sentences import gather, longest


async def read(page: Page) -> list[Raw]:
    """Return the series that one kind of label tells in full; as exact as what it prints."""
    told = [pair for answer in await everywhere(page, "labels.js") for pair in answer]
    return longest(gather(texts, where) for where, texts in told)
