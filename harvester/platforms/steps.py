"""Does a profile's steps on a page, and waits after each for what the page then asks for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from playwright.async_api import ElementHandle, Locator, Page, Request
from playwright.async_api import Error as PlaywrightError

from harvester import printed
from harvester.errors import Drift, State
from harvester.platforms.session import Session
from harvester.portal import POLL, Portal
from harvester.walk import Step, Steps

STIR_SECONDS = 0.5
"""Within which a page begins to ask for something, if a control does that."""
QUIET_SECONDS = 10.0
"""The longest that what a page asks for is waited for: some pages never stop asking."""

_CHOICES = """e => JSON.stringify([...e.options].filter(o => !o.disabled && o.value !== '').map(
  o => [o.value, o.label.trim()]))"""

_HERE = """(e, frames) => {
  const elsewhere = name => name && !/^_(self|parent|top)$/i.test(name) && !frames.includes(name);
  const targets = [[e.closest('a, area'), 'target'], [e.form || e.closest('form'), 'target'],
    [e.closest('button, input'), 'formtarget']];
  for (const [one, name] of targets)
    if (one && elsewhere(Element.prototype.getAttribute.call(one, name)))
      Element.prototype.setAttribute.call(one, name, '_self');
  const open = window.open;
  window.open = (url, name) => {
    if (name && !name.startsWith('_')) window.name = name;
    if (url) location.assign(url);
    return window;
  };
  window[Symbol.for('harvesterOpen')] = () => { window.open = open; };
}"""
_AS_BEFORE = "() => window[Symbol.for('harvesterOpen')]?.()"


class Walker:
    """Walks one portal; steps that open a route go through its session."""

    def __init__(self, portal: Portal, session: Session) -> None:
        self.portal = portal
        self._session = session

    async def walk(
        self, steps: Steps, words: Mapping[str, str] | None = None, *, again: bool = False
    ) -> None:
        """Do steps one after the other; the page is then to show that it is signed in.

        A route that is open already is opened anew only if that is to happen `again`.
        """
        for step in steps:
            if step.open:
                await self._session.open(step.open, again=again)
            else:
                await self.step(step, words or {})
        await self._session.arrived()

    async def step(self, step: Step, words: Mapping[str, str]) -> None:
        """Do one step on the page; Drift where its control, or the choice that it wants, is not."""
        portal = self.portal
        control = await portal.find(step.place)
        if step.click:
            await self.click(control)
        elif step.fill:
            await portal.turn()
            async with quiet(portal.page):
                await portal.fill(control, words[step.word or ""])
        else:
            await self.choose(step.place, control, words[step.word or ""])

    async def click(self, control: Locator) -> None:
        """Click a control that is allowed, and let the page answer."""
        page = self.portal.page
        async with in_this_tab(page, control), quiet(page):
            await self.portal.click(control)

    async def signed_in(self) -> None:
        """Raise what the page shows in place of what was to be read, if it shows that."""
        await self._session.still_in(await self.portal.outcomes())

    async def choices(self, name: str) -> list[tuple[str, str]]:
        """Return value and label of every choice of a list."""
        control = await self.portal.find(name)
        with self.portal.answering():
            told: list[list[str]] = json.loads(await control.evaluate(_CHOICES))
        return [(value, label) for value, label in told]

    async def choose(self, name: str, control: Locator, word: str) -> None:
        """Take the one choice that is this word, or that holds an account's number."""
        known = await self.choices(name)
        values = [v for v, label in known if word in {v, label, printed.digits(label)}]
        values = values or [v for v, label in known if word and word in printed.digits(label)]
        if len(values) != 1:
            raise Drift(
                State.PORTAL_CHANGED,
                f"The list {name} on {self.portal.where()} has {len(values)} choices of what was"
                f" looked for; correct {name} in the profile.",
            )
        await self.take(control, values[0])

    async def take(self, control: Locator, value: str) -> None:
        """Take a choice by its value, if it is not the one that is taken already."""
        portal = self.portal
        with portal.answering():
            if await control.input_value() == value:
                return
        await portal.turn()
        async with quiet(portal.page):
            with portal.answering():
                await control.select_option(value)


@asynccontextmanager
async def in_this_tab(page: Page, control: Locator | ElementHandle) -> AsyncIterator[None]:
    """Have what a click would open in another tab open in this one, which is all that is read."""
    names = [frame.name for frame in page.frames]
    with suppress(PlaywrightError):
        await control.evaluate(_HERE, names)
    try:
        yield
    finally:
        for frame in page.frames:
            with suppress(PlaywrightError):
                await frame.evaluate(_AS_BEFORE)


@asynccontextmanager
async def quiet(page: Page) -> AsyncIterator[None]:
    """Wait, after what is done within, until the page has got what it then asked for."""
    asked: set[Request] = set()
    stirred, idle = asyncio.Event(), asyncio.Event()

    def begin(request: Request) -> None:
        asked.add(request)
        stirred.set()
        idle.clear()

    def end(request: Request) -> None:
        asked.discard(request)
        if not asked:
            idle.set()

    heard = {"request": begin, "requestfinished": end, "requestfailed": end}
    for event, hear in heard.items():
        page.on(event, hear)  # type: ignore[call-overload]
    try:
        yield
        with suppress(TimeoutError):
            async with asyncio.timeout(STIR_SECONDS):
                await stirred.wait()
        with suppress(TimeoutError, PlaywrightError):
            async with asyncio.timeout(QUIET_SECONDS):
                while asked:
                    await idle.wait()
                    await page.wait_for_load_state("domcontentloaded")
                    await asyncio.sleep(POLL)  # what came may make a script ask for more
    finally:
        for event, hear in heard.items():
            page.remove_listener(event, hear)
