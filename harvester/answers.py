"""Hears what the portal answers, and says when an answer speaks against going on."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Request, Response

from harvester.errors import Drift, State, Transient
from harvester.profile import Profile

PAUSE = timedelta(minutes=1)
"""How long a portal is left alone that asks for a pause and does not say for how long."""


class Answers:
    """The answers that one page of a sign-in gets; `now` tells the time in UTC."""

    def __init__(self, page: Page, profile: Profile, now: Callable[[], datetime]) -> None:
        self._page = page
        self._profile = profile
        self._now = now
        self.status = 0
        """HTTP status of the page; 0 while there is none."""
        self.loads = 0
        """How often a page was loaded."""
        self._path = ""
        self._led_to: str | None = None
        """The undeclared host that the portal last tried to lead its member to."""
        self._broken = False
        """Whether the page broke off before its end."""
        self._wait_until: datetime | None = None
        """When the portal, which asked for a pause, may be asked again."""
        self._awaited: set[Request] = set()
        """What the page has asked for and has not had in full."""
        self._last = time.monotonic()
        """When the page last asked for something or had it."""
        page.on("request", self._note_where_to)
        page.on("requestfinished", self._note_had)
        page.on("requestfailed", self._note_end)
        page.context.on("response", self._note_answer)

    def forget(self) -> None:
        """Begin anew, as another page is about to be loaded."""
        self.status, self._path, self._broken = 0, "", False
        self._awaited.clear()

    def calm(self) -> float:
        """Return for how many seconds the page has asked for nothing; 0 while it awaits a reply."""
        return 0.0 if self._awaited else time.monotonic() - self._last

    def _loads_page(self, request: Request) -> bool:
        with suppress(PlaywrightError):  # of a frame that is gone already
            return request.is_navigation_request() and request.frame == self._page.main_frame
        return False

    def _note_where_to(self, request: Request) -> None:
        self._awaited.add(request)
        self._last = time.monotonic()
        if self._loads_page(request):
            self._broken = False
            parts = urlsplit(request.url)
            if parts.scheme in {"http", "https"} and not self.declared(request.url):
                self._led_to = parts.netloc

    def _note_answer(self, response: Response) -> None:
        if response.status == HTTPStatus.TOO_MANY_REQUESTS and self.declared(response.url):
            self.pause(response.headers.get("retry-after"))
        if self._loads_page(response.request):
            self.status, self._path = response.status, urlsplit(response.url).path
            self.loads += 1

    def pause(self, retry_after: str | None) -> None:
        """Take the pause that the portal asks for, until the time of its Retry-After header."""
        now = self._now()
        self._wait_until = now + _pause(retry_after, now)

    def _note_had(self, request: Request) -> None:
        self._awaited.discard(request)
        self._last = time.monotonic()

    def _note_end(self, request: Request) -> None:
        self._note_had(request)
        # A page that another one replaces, or that turns into a download, is aborted.
        if self._loads_page(request) and request.failure != "net::ERR_ABORTED":
            self._broken = True

    def declared(self, url: str) -> bool:
        """Tell whether a URL is of a declared origin: scheme, host and port compared, parsed."""
        parts = urlsplit(url)
        return (parts.scheme, parts.netloc.lower()) in {
            (o.scheme, o.netloc.lower()) for o in map(urlsplit, self._profile.origins)
        }

    def stay(self) -> None:
        """Raise what speaks against going on: an undeclared host, or a page that is an error."""
        if self._led_to:
            raise Drift(
                State.PORTAL_CHANGED,
                f"{self._profile.name} sends its members on to {self._led_to}, which the profile"
                f" does not declare; if that is right, add it to the profile's origins.",
            )
        self.rest()
        self.judge(self.status, self._path)
        if self._broken:
            raise self.down(f"broke off in the middle of {self._path}")

    def rest(self) -> None:
        """Raise while the pause lasts that the portal asked for."""
        if self._wait_until and self._now() < self._wait_until:
            raise Transient(
                State.RATE_LIMITED,
                f"{self._profile.name} asks for a pause until {self._wait_until:%H:%M:%S} UTC;"
                f" nothing was lost, run again then.",
                self._wait_until,
            )

    def judge(self, status: int, place: str) -> None:
        """Raise what an HTTP status says that is no page's and no feed's own answer."""
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise Drift(
                State.BLOCKED, f"{self._profile.name} refused {place} (HTTP {status}): ask it why."
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            down = status == HTTPStatus.SERVICE_UNAVAILABLE
            raise Transient(
                State.MAINTENANCE if down else State.PORTAL_DOWN,
                f"{self._profile.name} answered {place} with HTTP {status};"
                f" nothing was lost, run again later.",
            )
        if status == HTTPStatus.NOT_FOUND:
            raise Drift(
                State.PORTAL_CHANGED,
                f"{self._profile.name} has no page {place} any more; check base and routes"
                f" in the profile.",
            )

    def down(self, how: str) -> Transient:
        """Return the failure of a portal that is not to be had."""
        host = urlsplit(self._profile.origins[0]).netloc
        return Transient(
            State.PORTAL_DOWN,
            f"The portal of {self._profile.name} at {host} {how};"
            f" nothing was lost, run again later.",
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
