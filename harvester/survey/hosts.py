"""Asks of each further host that a page wants whether a harvest may reach it: else none may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Request
from playwright.async_api import Error as PlaywrightError

from harvester.survey.person import Person
from harvester.wire import PORTS, Wire

_KINDS = {"document": "a page", "xhr": "data", "fetch": "data"}
_REST = "what a page looks like or counts"
_RANK = ("a page", "data", _REST)


class Hosts:
    """The hosts that one portal's pages ask for, and which of them the profile declares."""

    def __init__(self, person: Person, wire: Wire, data: dict[str, Any]) -> None:
        self._person = person
        self._wire = wire
        self._data = data
        self._wanted: dict[str, tuple[str, str]] = {}
        """Origin and kind of what was asked for, by the host and port as the wire counts them."""
        self._known: set[str] = set()

    def listen(self, context: BrowserContext) -> None:
        """Begin to note what is asked for."""
        context.on("request", self._note)

    def _note(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in PORTS or not parts.hostname:
            return
        place = f"{parts.hostname}:{parts.port or PORTS[parts.scheme]}"
        kind = _KINDS.get(request.resource_type, _REST)
        origin, known = self._wanted.get(place, (f"{parts.scheme}://{parts.netloc}", _REST))
        fresh = place not in self._wanted and origin not in self._data["origins"]
        if fresh and _replaces_the_page(request):
            self._person.tell(f"\n{origin} is not reached unless you allow it; press Enter here.")
        self._wanted[place] = (origin, min(kind, known, key=_RANK.index))

    async def ask(self) -> bool:
        """Ask about the hosts refused since the last time; tell whether any is allowed now."""
        fresh = sorted(self._fresh(), key=lambda one: (_RANK.index(one[1]), one[0]))
        self._known |= self._wire.refused.keys() & self._wanted.keys()
        if not fresh:
            return False
        told = "".join(f"\n  {n}: {origin} ({kind})" for n, (origin, kind) in enumerate(fresh, 1))
        question = (
            f"The portal also asks for what was not reached:{told}\nWhich of these are the"
            " utility's own, or its provider's, and needed? A harvest would reach them, and sign in"
            " there if they ask for that. (numbers; Enter for none)"
        )
        while True:
            numbers = re.split(r"[\s,]+", await self._person.ask(question))
            if all(not n or (n.isdecimal() and 0 < int(n) <= len(fresh)) for n in numbers):
                break
            self._person.tell(f"Give numbers from 1 to {len(fresh)}, or none.")
        chosen = [fresh[int(n) - 1][0] for n in dict.fromkeys(numbers) if n]
        for origin in chosen:
            self._wire.allow(origin)
            self._data["origins"].append(origin)
        return bool(chosen)

    def _fresh(self) -> Iterator[tuple[str, str]]:
        """Yield what pages asked for; a browser with windows also has wishes of its own."""
        for place in self._wire.refused.keys() - self._known:
            if place in self._wanted:
                yield self._wanted[place]

    def denied(self) -> list[str]:
        """Return what was asked for and never allowed."""
        asked = {self._wanted[place][0] for place in self._wire.refused if place in self._wanted}
        return sorted(asked - {*self._data["origins"]})


def _replaces_the_page(request: Request) -> bool:
    try:
        return request.is_navigation_request() and request.frame.parent_frame is None
    except PlaywrightError:  # a page that is only now being made has no frame yet
        return True
