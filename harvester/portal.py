"""Drives one portal page by the names of a profile, inside the fence of its clicks and origins."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Frame, Locator, Page, Request, Response
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from harvester.errors import Drift, State, Transient
from harvester.profile import Candidate, Profile

POLL = 0.05
"""Seconds between two looks at a page that is still changing."""

RELOADS = 10
"""A page that loads itself more often, while we look at it, will not come to rest."""
_ERROR = 400
PAUSE = timedelta(minutes=1)
"""How long a portal is left alone that asks for a pause and does not say for how long."""

_NAME = """e => {
  const said = e.getAttribute('aria-label') || (e.matches('input') && e.value) || e.innerText
    || e.getAttribute('title') || '';
  const calls = /^\\s*(?:javascript:|return\\s+)?([\\w.]+)\\(/.exec(
    e.getAttribute('onclick') || '');
  return said.trim() || (calls ? calls[1] + '()' : '');
}"""
"""What a person would call a control; a nameless icon is called by the function it starts."""

_FACTS = """labels => {
  const plain = s => (s || '').replace(/\\s+/g, ' ').trim();
  const bare = s => plain(s).replace(/\\s*[:*]\\s*$/, '').toLowerCase();
  const heads = e => e.matches('th') && !e.parentElement.querySelector('td');
  const printed = [...document.querySelectorAll('dt,th,td,label,span,strong,b,p,li,div')]
    .filter(e => e.childElementCount < 2 && e.checkVisibility() && !heads(e)
      && !e.querySelector('a,button,input,select'))
    .map(e => [e, plain(e.textContent)]);
  const value = label => {
    for (const [e, text] of printed) {
      if (bare(text) === label) {
        const behind = plain(e.nextSibling && e.nextSibling.nodeValue).replace(/^:\\s*/, '');
        if (behind) return behind;
        const beside = e.nextElementSibling || (e.parentElement || {}).nextElementSibling;
        if (beside && plain(beside.textContent)) return plain(beside.textContent);
      } else if (text.toLowerCase().startsWith(label + ':')) {
        return plain(text.slice(label.length + 1));
      }
    }
  };
  const found = {};
  for (const [name, known] of Object.entries(labels))
    for (const label of known) found[name] ??= value(bare(label));
  return found;
}"""
"""What is printed beside a label, or behind it; a label that comes first in its list wins.

The heads of a column are no labels.
"""

_POST = """async ([url, body]) => {
  const r = await fetch(url, {method: 'POST', body, credentials: 'same-origin',
    headers: {'Content-Type': 'application/json; charset=utf-8',
              'X-Requested-With': 'XMLHttpRequest'}});
  return JSON.stringify([r.status, r.url, r.headers.get('content-type') || '', await r.text()]);
}"""


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
    early_drift: dict[str, int] = field(default_factory=dict)
    """Locator names whose first candidate did not win, with the rank of the one that did."""
    led_to: str | None = None
    """The undeclared host that the portal last tried to lead its member to."""
    answered: tuple[int, str] = (0, "")
    """HTTP status and path of the page; 0 while there is none."""
    broken: bool = False
    """Whether the page broke off before its end."""
    covered: bool = False
    """Whether something that is not to be answered covers the page."""
    wait_until: datetime | None = None
    """When the portal, which asked for a pause, may be asked again."""
    loads: int = 0
    """How often a page was loaded."""

    def __post_init__(self) -> None:
        self.page.set_default_timeout(self._patience * 1000)
        self.page.on("request", self._note_where_to)
        self.context.on("response", self._note_answer)
        self.page.on("requestfailed", self._note_end)
        self._next_turn = 0.0
        self._dismissed: set[str] = set()

    def _loads_page(self, request: Request) -> bool:
        with suppress(PlaywrightError):  # of a frame that is gone already
            return request.is_navigation_request() and request.frame == self.page.main_frame
        return False

    def _note_where_to(self, request: Request) -> None:
        if self._loads_page(request):
            self.broken = self.covered = False
            parts = urlsplit(request.url)
            if parts.scheme in {"http", "https"} and not self.declared(request.url):
                self.led_to = parts.netloc

    def _note_answer(self, response: Response) -> None:
        if response.status == HTTPStatus.TOO_MANY_REQUESTS and self.declared(response.url):
            self.wait_until = self.now() + _pause(response.headers.get("retry-after"), self.now())
        if self._loads_page(response.request):
            self.answered = response.status, urlsplit(response.url).path
            self.loads += 1

    def _note_end(self, request: Request) -> None:
        # A page that another one replaces, or that turns into a download, is aborted.
        if self._loads_page(request) and request.failure != "net::ERR_ABORTED":
            self.broken = True

    @property
    def context(self) -> BrowserContext:
        """The browser context of the sign-in."""
        return self.page.context

    @property
    def _patience(self) -> float:
        return self.profile.pace.reply_seconds

    async def turn(self) -> None:
        """Wait until the portal may be asked for one more thing; raise where it may not."""
        self.halt()
        self._rest()
        pause, self._next_turn = self._next_turn - time.monotonic(), 0.0
        if pause > 0:
            await asyncio.sleep(pause)
            self.halt()
        middle = self.profile.pace.pause_ms / 1000
        self._next_turn = time.monotonic() + random.uniform(0.5, 1.5) * middle  # noqa: S311 - a pause

    async def goto(self, route: str) -> None:
        """Open a named route; raises Transient or Drift by what the portal answers."""
        await self.turn()
        url = self.profile.url(route)
        try:
            self.answered = 0, ""
            if loaded := await self.page.goto(url, wait_until="domcontentloaded"):
                await loaded.finished()  # or a page that broke off would look like a short one
        except PlaywrightTimeout:
            raise self._down(f"did not answer within {self._patience:.0f} seconds") from None
        except PlaywrightError as error:
            self.stay()
            reason = re.search(r"net::(ERR_\w+)", str(error))
            raise self._down(f"cannot be reached ({reason[1] if reason else 'no reply'})") from None
        self.stay()

    def stay(self) -> None:
        """Raise what speaks against going on: an undeclared host, or a page that is an error."""
        if self.led_to:
            raise Drift(
                State.PORTAL_CHANGED,
                f"{self.profile.name} sends its members on to {self.led_to}, which the profile"
                f" does not declare; if that is right, add it to the profile's origins.",
            )
        self._rest()
        self.judge(*self.answered)
        if self.broken:
            raise self._down(f"broke off in the middle of {self.answered[1]}")

    def _rest(self) -> None:
        """Raise while the pause lasts that the portal asked for."""
        if self.wait_until and self.now() < self.wait_until:
            raise Transient(
                State.RATE_LIMITED,
                f"{self.profile.name} asks for a pause until {self.wait_until:%H:%M:%S} UTC;"
                f" nothing was lost, run again then.",
                self.wait_until,
            )

    def judge(self, status: int, place: str) -> None:
        """Raise what an HTTP status says that is no page's and no feed's own answer."""
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise Drift(
                State.BLOCKED, f"{self.profile.name} refused {place} (HTTP {status}): ask it why."
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            down = status == HTTPStatus.SERVICE_UNAVAILABLE
            raise Transient(
                State.MAINTENANCE if down else State.PORTAL_DOWN,
                f"{self.profile.name} answered {place} with HTTP {status};"
                f" nothing was lost, run again later.",
            )
        if status == HTTPStatus.NOT_FOUND:
            raise Drift(
                State.PORTAL_CHANGED,
                f"{self.profile.name} has no page {place} any more; check base and routes"
                f" in the profile.",
            )

    def _down(self, how: str) -> Transient:
        host = urlsplit(self.profile.origins[0]).netloc
        return Transient(
            State.PORTAL_DOWN,
            f"The portal of {self.profile.name} at {host} {how};"
            f" nothing was lost, run again later.",
        )

    def _locate(self, place: Frame | Locator, way: Candidate) -> Locator:
        if way.role is not None:
            role: Any = way.role
            return place.get_by_role(role, name=way.name)
        if way.label is not None:
            return place.get_by_label(way.label)
        if way.text is not None:
            return place.get_by_text(re.compile(way.text, re.IGNORECASE))
        return place.locator(way.css or "")

    async def _visible(self, way: Candidate, inside: Locator | None) -> list[Locator]:
        found = []
        for place in self.page.frames if inside is None else [inside]:
            with suppress(PlaywrightError):  # a frame may just be replaced by a navigation
                found += await self._locate(place, way).filter(visible=True).all()
        return found

    async def seen(self, name: str, inside: Locator | None = None) -> Locator | None:
        """Return the control if exactly one is visible now, by its best-ranked candidate."""
        for rank, way in enumerate(self.profile.locators[name]):
            found = await self._visible(way, inside)
            if len(found) == 1:
                if rank:
                    self.early_drift[name] = rank
                return found[0]
        return None

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
        deadline, loads = time.monotonic() + (seconds or self._patience), self.loads
        while time.monotonic() < deadline:
            self.stay()
            if self.loads - loads > RELOADS:
                raise self._down("keeps loading its page anew")
            yield
            await asyncio.sleep(POLL)
        raise Drift(
            State.PORTAL_CHANGED,
            f"No {' or '.join(names)} was found on {self.where()} of {self.profile.name};"
            f" correct {' or '.join(names)} in the profile.",
        )

    async def outcomes(self) -> dict[State, set[str]]:
        """Every declared outcome that is visible now, with the words that say it, if any do."""
        shown: dict[State, set[str]] = {}
        for state, ways in self.profile.outcomes.items():
            for way in ways:
                for frame in self.page.frames:
                    with suppress(PlaywrightError):  # it may just be replaced by a navigation
                        said = self._locate(frame, way).filter(visible=True)
                        if words := await said.all_text_contents():
                            shown.setdefault(State(state), set()).update(words if way.text else ())
        return shown

    def at(self, route: str) -> bool:
        """Tell whether the page is the named route already, and no error in its place."""
        here = re.split(r"[?#]", self.page.url)[0] == self.profile.url(route)
        return here and self.answered[0] < _ERROR and not self.covered

    def where(self) -> str:
        """Return the path of the page, without its query."""
        return urlsplit(self.page.url).path or "a blank page"

    def declared(self, url: str) -> bool:
        """Tell whether a URL is of a declared origin: scheme, host and port compared, parsed."""
        parts = urlsplit(url)
        return (parts.scheme, parts.netloc.lower()) in {
            (o.scheme, o.netloc.lower()) for o in map(urlsplit, self.profile.origins)
        }

    async def fill(self, control: Locator, text: str) -> None:
        """Type into a control of a declared origin and of no other."""
        element = await control.element_handle()
        frame = await element.owner_frame() if element else None
        if frame is None or not self.declared(frame.url):
            raise Drift(
                State.PORTAL_CHANGED,
                f"The form on {self.where()} is not of an origin that {self.profile.name}"
                f" declares; nothing was typed.",
            )
        try:
            await control.fill(text)
        except PlaywrightError:
            # Playwright's own message would repeat what was to be typed.
            raise self._down("did not take the sign-in form's text") from None

    async def allowed(self, control: Locator) -> str:
        """Return the control's name if the profile allows clicking it; Drift otherwise."""
        name = str(await control.evaluate(_NAME))
        for known in self.profile.clicks:
            pattern = re.escape(known).replace(r"\*", ".*").replace(r"\#", r"\d")
            if re.fullmatch(pattern, " ".join(name.split()), re.IGNORECASE):
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
            raise self._down("covers or removes a control that was to be clicked") from None

    async def dismiss(self, name: str) -> None:
        """Click this overlay away wherever it comes between us and a control."""
        if name in self._dismissed:
            return
        self._dismissed.add(name)
        for way in self.profile.locators[name]:
            overlay = self._locate(self.page.main_frame, way)
            await self.page.add_locator_handler(overlay, self.click)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Turn the browser's failure to reach into the page into Transient."""
        try:
            yield
        except PlaywrightError:
            self.stay()
            raise self._down(f"did not answer on {self.where()}") from None

    async def settle(self, seconds: float) -> None:
        """Wait until the page asks for nothing more, or for so many seconds."""
        with suppress(PlaywrightError):
            await self.page.wait_for_load_state("networkidle", timeout=seconds * 1000)

    async def ask(self, script: str, argument: object = None) -> Any:  # noqa: ANN401
        """Return what a script of ours makes of the page; Transient where the page ends it."""
        self.halt()
        try:
            async with asyncio.timeout(self._patience):
                return await self.page.evaluate(script, argument)
        except (TimeoutError, PlaywrightError):
            self.stay()
            raise self._down(f"did not answer on {self.where()}") from None

    async def facts(self) -> dict[str, str]:
        """Return what stands beside the profile's labels, by the label's name."""
        labels = {name: list(known) for name, known in self.profile.labels.items()}
        found: dict[str, str | None] = await self.ask(_FACTS, labels)
        return {name: said for name, said in found.items() if said}

    async def post(self, route: str, payload: Mapping[str, str]) -> Reply:
        """Post JSON from within the page, so that its session and origin rules hold."""
        await self.turn()
        told = await self.ask(_POST, [self.profile.url(route), json.dumps(dict(payload))])
        status, url, media, text = json.loads(told)
        self._rest()
        if status == HTTPStatus.UNAUTHORIZED:
            raise self.expired()
        self.judge(status, urlsplit(url).path)
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
        return self.expired()

    def expired(self) -> Transient:
        """Return the failure of a session that the portal has ended."""
        return Transient(
            State.SESSION_EXPIRED,
            f"{self.profile.name} ended the session; what is missing is fetched by the next one.",
        )


def _pause(retry_after: str | None, now: datetime) -> timedelta:
    """Return what a Retry-After header asks for: seconds, or a date (RFC 9110)."""
    said = (retry_after or "").strip()
    if said.isdecimal():
        return timedelta(seconds=int(said))
    with suppress(ValueError):
        until = parsedate_to_datetime(said)
        return max((until if until.tzinfo else until.replace(tzinfo=UTC)) - now, timedelta())
    return PAUSE
