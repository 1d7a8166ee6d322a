"""Looks for a profile's names on a page, and tells how that page is built."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from typing import Any, NamedTuple

from playwright.async_api import ElementHandle, Frame
from playwright.async_api import Error as PlaywrightError

from harvester.model import Kind
from harvester.outline import known_words, outline
from harvester.portal import Portal, locate
from harvester.profile import Candidate


class Sought(NamedTuple):
    """What is looked for on a page."""

    names: tuple[str, ...]
    kinds: frozenset[Kind] = frozenset()
    """The artifacts that it is opened for; empty where every sign-in opens it."""
    needs: str = ""
    """The one name without which it is not the page that it should be."""


class Look(NamedTuple):
    """How a name of the profile was looked for on a page."""

    name: str
    found: list[int]
    """How many elements each of its candidates shows, in their rank."""

    @property
    def rank(self) -> int | None:
        """The rank of the candidate that wins: the first that shows just one element."""
        return self.found.index(1) if 1 in self.found else None


class Sight(NamedTuple):
    """What was seen of a page."""

    looks: list[Look]
    page: dict[str, Any]
    """As `outline.outline` gives it; what a name stands for is `called` by it."""


async def sight(portal: Portal, names: Collection[str]) -> Sight:
    """Look for these names on the page; a page in transit shows less, but never fails."""
    called: dict[Frame, list[tuple[str, ElementHandle]]] = defaultdict(list)
    looks = []
    known = portal.profile.locators
    everywhere = await asyncio.gather(
        *(asyncio.gather(*(_shown(portal, way) for way in known[name])) for name in names)
    )
    for name, found in zip(names, everywhere, strict=True):
        look = Look(name, [len(one) for one in found])
        if look.rank is not None:
            ((frame, element),) = found[look.rank]
            called[frame].append((name, element))
        looks.append(look)
    return Sight(looks, await outline(portal.page, known_words(portal.profile), called))


async def _shown(portal: Portal, way: Candidate) -> list[tuple[Frame, ElementHandle]]:
    found: list[tuple[Frame, ElementHandle]] = []
    for frame in portal.page.frames:
        with suppress(PlaywrightError):
            seen = locate(frame, way).filter(visible=True)
            found += [(frame, one) for one in await seen.element_handles()]
    return found
