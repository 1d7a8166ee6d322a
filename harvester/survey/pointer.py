"""Hears what a person clicks on a page: to point at it, or to go on, which is then done here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame, Page

from harvester.platforms.steps import in_this_tab, quiet
from harvester.survey.place import Place, gone, place, script

CALL = "harvesterPointed"
Mode = Literal["walk", "point", "off"]
"""Clicks go on through the pages; or only point; or are the person's own business."""

_SET = f"mode => window[Symbol.for('{CALL}')].set(mode)"
_TAKE = f"at => window[Symbol.for('{CALL}')].elements[at]"


@dataclass(frozen=True)
class Act:
    """What a person did with an element: clicked it, or typed into it something unknown."""

    kind: Literal["click", "type"]
    place: Place
    notice: bool = False
    """Whether it is on something that covers the page, which a click that was done has closed."""


class Pointer:
    """The clicks of a person on one page, from before it loads: `await pointer.listen()`."""

    def __init__(self, page: Page, tell: Callable[[str], None]) -> None:
        self._page = page
        self._tell = tell
        self._mode: Mode = "off"
        self._acts: list[Act] = []
        self._one_by_one = asyncio.Lock()
        self._under_way = 0
        self._done = asyncio.Event()

    async def listen(self) -> None:
        """Begin to hear; what a document holds that is loaded already is not heard."""
        await self._page.context.expose_binding(CALL, self._heard)
        await self._page.add_init_script(f"({script('pointer.js')})('{CALL}')")

    async def mode(self, mode: Mode) -> None:
        """Say what clicks are from now on, and forget those before."""
        self._mode = mode
        for frame in self._page.frames:
            await self._set(frame, mode)
        self._acts.clear()

    async def acts(self) -> list[Act]:
        """Return what was done since the mode was set, once all of it has been answered."""
        for frame in self._page.frames:
            await self._set(frame, self._mode)  # what was told before comes before this answer
        while self._under_way:
            self._done.clear()
            await self._done.wait()
        return [*self._acts]

    async def _set(self, frame: Frame, mode: Mode) -> None:
        try:
            await frame.evaluate(_SET, mode)
        except PlaywrightError:
            return  # it is just replaced by another, which asks for the mode by itself

    async def _heard(self, source: dict[str, Any], kind: str, at: int) -> Mode:
        if kind == "mode":
            return self._mode
        self._under_way += 1
        try:
            async with self._one_by_one:
                await self._take(source["frame"], "type" if kind == "type" else "click", at)
        except PlaywrightError:
            self._tell("That was gone from the page before it could be looked at; once more.")
        finally:
            self._under_way -= 1
            self._done.set()
        return self._mode

    async def _take(self, frame: Frame, kind: Literal["click", "type"], at: int) -> None:
        element = (await frame.evaluate_handle(_TAKE, at)).as_element()
        if element is None:
            return
        shown = await place(self._page, element)
        notice = kind == "click" and bool(await element.evaluate(script("notice.js")))
        here = self._path()
        if kind == "click" and self._mode != "point":
            await self.press(shown, frame)
            notice = notice and here == self._path() and await gone(self._page, shown)
        if self._mode != "off":
            self._acts.append(Act(kind, shown, notice))

    async def press(self, shown: Place, frame: Frame | None = None) -> None:
        """Click what a person showed, and let the page answer."""
        frame = frame or await shown.element.owner_frame()
        if frame is None:
            return
        async with in_this_tab(self._page, shown.element), quiet(self._page):
            await self._set(frame, "off")
            await shown.element.click()
            await self._set(frame, self._mode)

    def _path(self) -> str:
        return re.split(r"[?#]", self._page.url)[0]
