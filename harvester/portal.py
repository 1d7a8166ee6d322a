"""Drives one portal page by the names of a profile, inside the fence of its clicks and origins."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Frame, Locator, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from harvester.answers import Answers
from harvester.errors import Drift, Failure, State, Transient
from harvester.profile import Candidate, Profile

POLL = 0.05
"""Seconds between two looks at a page that is still changing."""

QUIET = 0.5
"""Seconds after which a page that asks for nothing is taken to have all that it wants."""

AWAY_MS = 1000
"""How long what covers the page may take to be clicked away, or another is tried first."""

RELOADS = 10
"""A page that loads itself more often, while we look at it, will not come to rest."""
_ERROR = 400

NAME = """e => {
  const image = e.matches('[alt]') ? e : e.querySelector('img[alt]');
  const said = [e.getAttribute('aria-label'), e.matches('input') && e.value, e.innerText,
    image && image.getAttribute('alt'), e.getAttribute('title')].find(s => s && s.trim()) || '';
  const calls = /^\\s*(?:javascript:|return\\s+)?([\\w.]+)\\(/.exec(
    e.getAttribute('onclick') || '');
  return said.trim() || (calls ? calls[1] + '()' : '');
}"""
"""What a person would call a control; a nameless icon is called by the function it starts."""

_SIGN_IN = re.compile(
    r"password|(log|sign)[ -]?(in|on)\b|\bsession\b[^<]{0,40}\b(expired|ended|timed out|over)\b",
    re.IGNORECASE,
)
"""What a page has that asks for the sign-in, leads to it, or says that the session is over."""

_BENEATH = """e => {
  e.scrollIntoView({block: 'center', behavior: 'instant'});
  const {x, y, width, height} = e.getBoundingClientRect();
  const top = e.getRootNode().elementFromPoint(x + width / 2, y + height / 2);
  return !!top && !e.contains(top) && !top.contains(e);
}"""

_POST = """async ([url, body]) => {
  const r = await fetch(url, {method: 'POST', body, credentials: 'same-origin',
    headers: {'Content-Type': 'application/json; charset=utf-8',
              'X-Requested-With': 'XMLHttpRequest'}});
  return JSON.stringify([r.status, r.url, r.headers.get('content-type') || '', await r.text()]);
}"""


def locate(place: Frame | Locator, way: Candidate) -> Locator:
    """Return what a candidate finds in a frame or within a control, visible or not."""
    if way.role is not None:
        role: Any = way.role
        return place.get_by_role(role, name=way.name)
    if way.label is not None:
        return place.get_by_label(way.label)
    if way.text is not None:
        return place.get_by_text(re.compile(way.text, re.IGNORECASE))
    return place.locator(way.css or "")


async def visible(page: Page, way: Candidate, inside: Locator | None = None) -> list[Locator]:
    """Return all that a candidate finds that can be seen now, in any frame or within a control."""
    found = []
    for place in page.frames if inside is None else [inside]:
        with suppress(PlaywrightError):  # a frame may just be replaced by a navigation
            found += await locate(place, way).filter(visible=True).all()
    return found


async def _at_once() -> None:
    pass


class Counter(Protocol):
    """What a portal needs of the wire: that requests made beside the page are counted too."""

    def count(self, url: str) -> None:
        """Count one request."""


@dataclass(frozen=True)
class Reply:
    """A reply to a request that the signed-in page itself made."""

    status: int
    url: str
    media_type: str
    content: bytes


@dataclass
class Portal:
    """One page of one sign-in."""

    page: Page
    profile: Profile
    wire: Counter
    now: Callable[[], datetime]
    """Tells the time of retrieval, in UTC."""
    halt: Callable[[], None] = lambda: None
    """Raises, before anything is asked of the portal, where nothing may be."""
    others: Callable[[], Awaitable[None]] = _at_once
    """Waits for those who ask the same portal, after our own pause; raises where we may not."""
    early_drift: dict[str, int] = field(default_factory=dict)
    """Locator names whose first candidate did not win, with the rank of the one that did."""
    route: str = ""
    """The named page that was asked for last."""
    section: str = ""
    """What the page is for, where its address does not tell."""
    covered: bool = False
    """Whether something that is not to be answered covers the page, until it is loaded again."""

    def __post_init__(self) -> None:
        self.page.set_default_timeout(self._patience * 1000)
        self.answers = Answers(self.page, self.profile, self.now)
        self._next_turn = 0.0
        self._turns = asyncio.Lock()
        """One after the other, also where several wait for theirs."""
        self._dismissed: set[str] = set()

    @property
    def context(self) -> BrowserContext:
        """The browser context of the sign-in."""
        return self.page.context

    @property
    def _patience(self) -> float:
        return self.profile.pace.reply_seconds

    async def turn(self) -> None:
        """Wait until the portal may be asked for one more thing; raise where it may not."""
        async with self._turns:
            self.halt()
            self.answers.rest()
            pause, self._next_turn = self._next_turn - time.monotonic(), 0.0
            if pause > 0:
                await asyncio.sleep(pause)
            await self.others()
            self.halt()
            self.answers.rest()
            middle = self.profile.pace.pause_ms / 1000
            self._next_turn = time.monotonic() + random.uniform(0.5, 1.5) * middle  # noqa: S311 - a pause

    async def goto(self, route: str) -> None:
        """Open a named route; raises Transient or Drift by what the portal answers."""
        await self.turn()
        url, self.route = self.profile.url(route), route
        try:
            self.answers.forget()
            self.covered = False
            if loaded := await self.page.goto(url, wait_until="domcontentloaded"):
                await loaded.finished()  # or a page that broke off would look like a short one
        except PlaywrightTimeout:
            raise self.answers.down(f"did not answer within {self._patience:.0f} seconds") from None
        except PlaywrightError as error:
            self.answers.stay()
            reason = re.search(r"net::(ERR_\w+)", str(error))
            why = reason[1] if reason else "no reply"
            raise self.answers.down(f"cannot be reached ({why})") from None
        self.answers.stay()

    async def _visible(self, way: Candidate, inside: Locator | None) -> list[Locator]:
        return await visible(self.page, way, inside)

    async def seen(self, name: str, inside: Locator | None = None) -> Locator | None:
        """Return the control if exactly one is visible now, by its best-ranked candidate."""
        for rank, way in enumerate(self.profile.locators[name]):
            found = await self._visible(way, inside)
            if len(found) == 1:
                if rank:
                    self.early_drift[name] = rank
                return found[0]
        return None

    async def every(self, name: str, inside: Locator | None = None) -> list[Locator]:
        """Return all that is visible now by the best-ranked candidate that finds anything."""
        for rank, way in enumerate(self.profile.locators[name]):
            if found := await self._visible(way, inside):
                if rank:
                    self.early_drift[name] = rank
                return found
        return []

    async def shown(self, name: str) -> bool:
        """Tell whether any candidate of a name is visible now, once or more often."""
        return any([await self._visible(way, None) for way in self.profile.locators[name]])

    async def find(self, name: str) -> Locator:
        """Wait for a control; a page that loaded without it is Drift."""
        async for _ in self.looks(name):
            if control := await self.seen(name):
                return control
        raise AssertionError  # looks() ends by raising

    async def looks(self, *names: str, seconds: float = 0) -> AsyncIterator[None]:
        """Let the caller look at the page again and again; Drift says what was never there."""
        deadline, loads = time.monotonic() + (seconds or self._patience), self.answers.loads
        while time.monotonic() < deadline:
            self.answers.stay()
            if self.answers.loads - loads > RELOADS:
                raise self.answers.down("keeps loading its page anew")
            yield
            await asyncio.sleep(POLL)
        raise Drift(
            State.PORTAL_CHANGED,
            f"No {' or '.join(names)} was found on {self.where()} of {self.profile.name};"
            f" correct {' or '.join(names)} in the profile.",
            broken=names,
        )

    async def outcomes(self) -> dict[State, set[str]]:
        """Every declared outcome that is visible now, with the words that say it, if any do."""
        every = self.profile.outcomes
        others = [way for name, ways in every.items() if name != State.OK for way in ways]
        good: Mapping[str, Sequence[Candidate]] = {State.OK: every.get(State.OK, ())}
        shown, failing = await asyncio.gather(self._said(good), self._any(others))
        return await self._said(every) if failing else shown

    async def _any(self, ways: Sequence[Candidate]) -> bool:
        """Tell whether one of these is visible, at the cost of looking for one."""

        async def there(frame: Frame) -> bool:
            with suppress(PlaywrightError):  # it may just be replaced by a navigation
                either = reduce(Locator.or_, (locate(frame, way) for way in ways))
                return bool(await either.filter(visible=True).count())
            return False

        return bool(ways) and any(await asyncio.gather(*map(there, self.page.frames)))

    async def _said(self, outcomes: Mapping[str, Sequence[Candidate]]) -> dict[State, set[str]]:
        shown: dict[State, set[str]] = {}

        async def look(state: str, way: Candidate, frame: Frame) -> None:
            with suppress(PlaywrightError):  # it may just be replaced by a navigation
                said = locate(frame, way).filter(visible=True)
                if words := await said.all_text_contents():
                    shown.setdefault(State(state), set()).update(words if way.text else ())

        await asyncio.gather(
            *(
                look(state, way, frame)
                for state, ways in outcomes.items()
                for way in ways
                for frame in self.page.frames
            )
        )
        return shown

    def at(self, route: str) -> bool:
        """Tell whether the page is the named route already, and no error in its place."""
        here = re.split(r"[?#]", self.page.url)[0] == self.profile.url(route)
        return here and self.answers.status < _ERROR and not self.covered

    def step(self) -> str:
        """Return what the page is for or the named route that it is, or was asked for last."""
        if self.section:
            return self.section
        here = re.split(r"[?#]", self.page.url)[0]
        known = (route for route in self.profile.routes if self.profile.url(route) == here)
        return next(known, self.route)

    def where(self) -> str:
        """Return the path of the page, without its query."""
        return urlsplit(self.page.url).path or "a blank page"

    async def fill(self, control: Locator, text: str) -> None:
        """Type into a control of a declared origin and of no other."""
        element = await control.element_handle()
        frame = await element.owner_frame() if element else None
        if frame is None or not self.answers.declared(frame.url):
            raise Drift(
                State.PORTAL_CHANGED,
                f"The form on {self.where()} is not of an origin that {self.profile.name}"
                f" declares; nothing was typed.",
            )
        try:
            await control.fill(text)
        except PlaywrightError:
            # Playwright's own message would repeat what was to be typed.
            raise self.answers.down("did not take the sign-in form's text") from None

    async def allowed(self, control: Locator) -> str:
        """Return the control's name if the profile allows clicking it; Drift otherwise."""
        name = str(await control.evaluate(NAME))
        if self.profile.may_click(name):
            return name
        raise Drift(
            State.PORTAL_CHANGED,
            f"A control on {self.where()} is not on the list of clicks of"
            f" {self.profile.name}; it was not clicked.",
        )

    async def click(self, control: Locator) -> None:
        """Click a control whose name is on the allow-list."""
        await self.turn()
        with self.answering():
            await self.allowed(control)
        try:
            await control.click()
        except PlaywrightError:
            self.covered = True
            raise self.answers.down("covers or removes a control that was to be clicked") from None

    async def dismiss(self, name: str) -> None:
        """Click this overlay away wherever it comes between us and a control."""
        if name in self._dismissed:
            return
        self._dismissed.add(name)
        for way in self.profile.locators[name]:
            overlay = locate(self.page.main_frame, way)
            await self.page.add_locator_handler(overlay, self._away, no_wait_after=True)

    async def _away(self, control: Locator) -> None:
        """Click away what covers the page, unless something else covers that, to be clicked first.

        Nothing hears what is raised here: whatever is wrong, the click that it is in the way of is
        refused or fails for the same reason.
        """
        with suppress(Failure, PlaywrightError):
            await self.turn()
            await self.allowed(control)
            await control.click(timeout=AWAY_MS)
            await control.wait_for(state="hidden", timeout=AWAY_MS)

    async def beneath(self, control: Locator) -> bool:
        """Tell whether something lies over a control, such as a document in a dialog."""
        with suppress(PlaywrightError):  # of a page that is gone
            if await control.count() == 1:
                return bool(await control.evaluate(_BENEATH))
        return False

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Turn the browser's failure to reach into the page into Transient."""
        try:
            yield
        except PlaywrightError:
            self.answers.stay()
            self.covered = True
            raise self.answers.down(f"did not answer on {self.where()}") from None

    async def settle(self, seconds: float) -> None:
        """Wait until the page asks for nothing more, or for so many seconds."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if (calm := self.answers.calm()) >= QUIET:
                return
            await asyncio.sleep(min(QUIET - calm if calm else POLL, left))

    async def ask(self, script: str, argument: object = None) -> Any:  # noqa: ANN401
        """Return what a script of ours makes of the page; Transient where the page ends it."""
        self.halt()
        try:
            async with asyncio.timeout(self._patience):
                return await self.page.evaluate(script, argument)
        except (TimeoutError, PlaywrightError):
            self.answers.stay()
            raise self.answers.down(f"did not answer on {self.where()}") from None

    async def post(self, route: str, payload: Mapping[str, str]) -> Reply:
        """Post JSON from within the page, so that its session and origin rules hold."""
        await self.turn()
        told = await self.ask(_POST, [self.profile.url(route), json.dumps(dict(payload))])
        status, url, media, text = json.loads(told)
        self.answers.rest()
        if status == HTTPStatus.UNAUTHORIZED:
            raise self.expired()
        self.answers.judge(status, urlsplit(url).path)
        if text.lstrip().startswith("<"):
            raise self._in_its_place(text)
        return Reply(status, url, media, text.encode())

    def _in_its_place(self, markup: str) -> Transient:
        """Return what a page means that came in place of data: mostly that the session is over."""
        for state in (State.MAINTENANCE, State.PORTAL_DOWN):
            patterns = (way.text for way in self.profile.outcomes.get(state, ()) if way.text)
            if any(re.search(pattern, markup, re.IGNORECASE) for pattern in patterns):
                said = f"{self.profile.name} answered with a page that says {state}"
                return Transient(state, f"{said}; nothing was lost, run again later.")
        if _SIGN_IN.search(markup):
            return self.expired()
        return self.answers.down("answered with a page in place of data")

    def expired(self) -> Transient:
        """Return the failure of a session that the portal has ended."""
        return Transient(
            State.SESSION_EXPIRED,
            f"{self.profile.name} ended the session; what is missing is fetched by the next one.",
        )
