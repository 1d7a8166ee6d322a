"""A profile in the making, beside the page that it is of, and the person who is asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator, Page

from harvester.platforms.generic import Generic
from harvester.portal import Portal
from harvester.profile import Candidate, Profile, complete
from harvester.survey.hosts import Hosts
from harvester.survey.person import Person
from harvester.survey.place import Place, place
from harvester.survey.pointer import Act, Mode, Pointer
from harvester.wire import Wire

NAME = "draft"
PATIENCE = 15


@dataclass
class Draft:
    """What is known so far: `data` is what the file will say."""

    data: dict[str, Any]
    person: Person
    page: Page
    wire: Wire
    pointer: Pointer
    hosts: Hosts
    places: tuple[Path, ...]

    def __post_init__(self) -> None:
        self._portal: Portal | None = None
        self.allowed: dict[str, str] = {}
        """What a profile has to allow so that a locator is clicked."""

    @property
    def walk(self) -> dict[str, Any]:
        """How the portal is walked."""
        walk: dict[str, Any] = self.data["walk"]
        return walk

    def profile(self, **instead: object) -> Profile:
        """Return the profile of now; what it lacks is only found missing when it is done."""
        limits = {"reply_seconds": PATIENCE}
        return complete(NAME, {**self.data, "pace": limits, **instead}, self.places)

    def portal(self, **instead: object) -> Portal:
        """Return the page as a harvest would use it with the profile of now."""
        profile = self.profile(**instead)
        if self._portal is None:
            self._portal = Portal(self.page, profile, self.wire, lambda: datetime.now(UTC))
        self._portal.profile = profile
        return self._portal

    def platform(self, **instead: object) -> Generic:
        """Return what harvests with the profile of now."""
        return Generic(self.portal(**instead))

    async def choice(self, question: str, ways: Mapping[str, str]) -> str:
        """Ask for one of these words; the first is meant by an empty answer."""
        told = "".join(f"\n  {word}: {means}" for word, means in ways.items())
        first = next(iter(ways))
        while True:
            answer = await self.person.ask(f"{question}{told}\n[{first}]") or first
            if answer in ways:
                return answer
            self.person.tell(f"That is none of {', '.join(ways)}.")

    async def agreed(self, question: str) -> bool:
        """Ask whether something is right; an empty answer says so."""
        return (await self.person.ask(f"{question} [Y/n]")).lower() in {"", "y", "yes"}

    async def acted(self, mode: Mode, question: str) -> list[Act]:
        """Let the person do something on the page, and return what was done.

        Where the page then wanted a host that is only now allowed, it is to be done once more.
        """
        here, notices = self.page.url, list[Act]()
        while True:
            await self.pointer.mode(mode)
            await self.person.ask(question)
            acts = await self.pointer.acts()
            await self.pointer.mode("off")
            if not await self.hosts.ask():
                return notices + acts
            notices += [act for act in acts if act.notice]  # what is closed once may not come again
            self._portal = None  # what it knows of is without that host
            with suppress(PlaywrightError):
                await self.page.goto(here)
            self.person.tell("The page was opened anew, with what it lacked; do that once more.")

    async def is_notice(self, act: Act) -> bool:
        """Ask whether a click closes a notice; then a harvest clicks it wherever that comes."""
        called = act.place.called
        if not act.notice or not called or not act.place.ways:
            return False
        if not await self.agreed(
            f"{called!r} closes something that lies over the page. Is that a notice, which a"
            " harvest is to close wherever it comes?"
        ):
            return False
        name = self.keep(act.place, "notice")
        self.allow(name, called)
        self.walk["dismiss"] = [*dict.fromkeys([*self.walk.get("dismiss", ()), name])]
        return True

    async def pointed(self, what: str, *, optional: bool = False) -> Place | None:
        """Let the person click something that is only pointed at; None where there is none."""
        rest = "press Enter here, at once if there is none" if optional else "press Enter here"
        while True:
            asked = f"Click {what} (nothing will happen there), then {rest}."
            acts = await self.acted("point", asked)
            if acts and await self.is_notice(acts[-1]):
                await self.pointer.press(acts[-1].place)
                continue
            if acts:
                return acts[-1].place
            if optional:
                return None
            self.person.tell("Nothing was clicked on the page.")

    async def control(self, what: str, name: str, *, optional: bool = False) -> str | None:
        """Let the person point at a control and keep the ways to it; return its locator's name."""
        while shown := await self.pointed(what, optional=optional):
            if shown.ways:
                return self.keep(shown, name)
            self.person.tell("Nothing finds just that one again; point at another part of it.")
        return None

    async def within(self, shown: Place, row: Locator) -> Place:
        """Return the same control with the ways that find it, and nothing else, in its row."""
        return await place(self.page, shown.element, row)

    def keep(self, shown: Place, name: str = "") -> str:
        """Keep the ways to a control, and return the name under which they are kept."""
        plain = re.sub(r"[^a-z0-9]+", "_", (name or shown.told["name"] or "place").lower())
        return self.ways(plain.strip("_")[:30] or "place", shown.ways)

    def ways(self, name: str, ways: Collection[Candidate]) -> str:
        """Keep ways under a name, or another like it where that is taken."""
        told = [way.model_dump(exclude_none=True) for way in ways]
        locators, number, free = self.data["locators"], 2, name
        for known, kept in locators.items():
            if kept == told:
                return str(known)
        while free in locators:
            free, number = f"{name}_{number}", number + 1
        locators[free] = told
        return free

    def allow(self, locator: str, called: str) -> None:
        """Let what a locator finds be clicked, by the name that it is called."""
        self.allowed[locator] = called
        self.data["clicks"] = [*dict.fromkeys(filter(None, self.allowed.values()))]

    async def clicked(self, question: str) -> list[dict[str, str]]:
        """Let the person go on by clicks; return them as steps."""
        steps = []
        for act in await self.acted("walk", question):
            if await self.is_notice(act):
                continue
            if act.kind == "click" and self.told(act.place):
                name = self.keep(act.place)
                steps.append({"click": name})
                self.allow(name, act.place.called)
        return steps

    def used(self) -> dict[str, Any]:
        """Return the data without routes, locators and clicks that no step has in the end."""
        walk = self.profile().walk
        coded = {"code", "send_code"} if "MFA_REQUIRED" in self.data["outcomes"] else set()
        names = walk.locators() | coded
        clicks = [called for name, called in self.allowed.items() if name in names and called]
        kept = {"locators": names, "routes": walk.routes() | {"login"}}
        short = {
            key: {name: told for name, told in self.data[key].items() if name in names}
            for key, names in kept.items()
        }
        return self.data | short | {"clicks": [*dict.fromkeys(clicks)]}

    def told(self, shown: Place) -> bool:
        """Tell whether a control is found again, and say so where it is not."""
        if not shown.ways:
            self.person.tell("One of the clicked controls looks like others; it is left out.")
        return bool(shown.ways)

    async def reach(self, what: str, route: str, *, routed: bool = False) -> list[dict[str, str]]:
        """Let the person go to a page; return the steps: its address if that is enough.

        `routed` steps have to begin with an address.
        """
        before = self.path()
        steps = await self.clicked(
            f"Go to {what} with the mouse, then press Enter here (at once if this is it)."
        )
        path = self.path()
        self.data["routes"][route] = path
        if (path != before or routed) and await self._opens(route):
            return [{"open": route}]
        del self.data["routes"][route]
        back = [{"open": "home"}] if routed else []
        return [*back, *steps] or [{"open": "home"}]

    async def _opens(self, route: str) -> bool:
        portal = self.portal()
        await portal.goto(route)
        await portal.settle(2)
        question = "The page was opened again by its address alone; is it the same as before?"
        return await self.agreed(question)

    def path(self) -> str:
        """Return the path of the page, or its whole address elsewhere, without its query."""
        parts = urlsplit(self.page.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        path = parts.path or "/"
        return path if origin == self.data["origins"][0] else origin + path
