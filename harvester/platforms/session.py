"""Gets into the portal, stays in, and says by the page what stands in the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from playwright.async_api import ElementHandle
from playwright.async_api import Error as PlaywrightError

from harvester import printed
from harvester.drawing import bare
from harvester.errors import ActionNeeded, Drift, Failure, State, Transient, Unanswered
from harvester.evidence import Sought, sight
from harvester.fingerprint import fingerprint
from harvester.portal import Portal

_MEANT = {
    State.BAD_CREDENTIALS: "rejected the user ID or password; correct them with `harvester member"
    " add`, they are not sent again as they are",
    State.ACCOUNT_LOCKED: "has locked this sign-in; the member must wait or call the utility",
    State.PASSWORD_CHANGE_REQUIRED: "asks the member for a new password; sign in there once",
    State.MFA_REQUIRED: "asks for a code; hand in what the member receives with `harvester code`"
    " while a run waits for it, or keep the authenticator's secret with `harvester member add"
    " --totp`",
    State.CAPTCHA_REQUIRED: "asks for the characters of a picture; the member must sign in there",
    State.NO_ACCOUNTS_FOUND: "shows no account to this sign-in; look at it in a browser",
    State.NOTICE_PENDING: "shows terms that the member must read and accept there first",
}
_PASSING = {
    State.MAINTENANCE: "is under maintenance; nothing was lost, run again later",
    State.PORTAL_DOWN: "shows an error of its server; nothing was lost, run again later",
}
DOOR_SECONDS = 3.0
"""How long a page may ask for more to show its sign-in before what else it says counts."""
_OF_ONE_PAGE = {State.NO_ACCOUNTS_FOUND}
"""What is asked of one page only, and says nothing on others."""
_AT_THE_DOOR = {State.BAD_CREDENTIALS, State.ACCOUNT_LOCKED, *_PASSING}
"""What cannot be true of a page that is signed in, whatever its news and help say."""


class Session:
    """The sign-in of one member, on one page."""

    door: tuple[str, ...] = ("user", "open_sign_in")
    """Controls that are shown where nobody is signed in."""

    first_page: tuple[str, ...] = ("user", "password", "sign_in")
    """Controls that the page of the sign-in has before anything is typed."""

    def __init__(self, portal: Portal, sought: Mapping[str, Sought]) -> None:
        self.portal = portal
        self._sought = sought
        self._print: dict[State, set[str]] = defaultdict(set)
        """News, help and small print: what the page said before anything was sent."""
        self.fingerprint = ""
        """Hash of what the sign-in page shows of its product; empty until it was opened."""
        self.pages: dict[str, dict[str, Any]] = {}
        """How the pages are built on which all was found, by route."""
        self.seen_lately: Collection[str] = ()
        """Routes of pages of which that is known well enough."""

    async def open_sign_in(self) -> None:
        """Open the sign-in form, which some pages show only behind a link.

        Raises Drift where it is at another base than the profile says, lacks a mark of its product
        or a control, before anything is typed.
        """
        portal = self.portal
        await self._dismiss()
        await portal.goto("login")
        base = portal.profile.base
        if not portal.where().lower().startswith(f"{base}/".lower()):
            raise Drift(
                State.PORTAL_CHANGED,
                f"{portal.profile.name} leads from {base} to {portal.where()}; if the portal has"
                f" moved there, correct base in the profile.",
                broken=("base",),
            )
        await self._find_door()
        await self._recognize()
        for name in ("password", "sign_in"):
            await portal.find(name)
        await self.remember("login")

    async def _find_door(self) -> None:
        """Wait for the first control of the sign-in, behind a link on some pages.

        What the page says beside either is small print; it counts where neither comes although
        the page has all that it asked for.
        """
        portal, (first, *links) = self.portal, self.door
        shown: dict[State, set[str]] = {}
        settled = False
        try:
            async for _ in portal.looks(first, *links):
                shown = await portal.outcomes()
                if await portal.seen(first):
                    self._act({s: w for s, w in shown.items() if s is State.CAPTCHA_REQUIRED})
                    return
                if links and (link := await portal.seen(links[0])):
                    self._print |= shown
                    await portal.click(link)
                    links = []
                elif settled:
                    self._act(self._new(shown))
                else:
                    await portal.settle(DOOR_SECONDS)
                    settled = True
        except Drift:
            self._act(shown)
            raise

    async def _recognize(self) -> None:
        """Raise Drift where the page is not of the product that the profile is for."""
        portal = self.portal
        found = await fingerprint(portal)
        self.fingerprint = found.sha
        if found.lacking:
            raise Drift(
                State.PORTAL_CHANGED,
                f"The sign-in page of {portal.profile.name} at {portal.where()} shows no mark of"
                f" {' and '.join(found.lacking)}, so it may be of another product; nothing was"
                f" typed. Look at it, then correct marks or platform in the profile.",
                broken=("marks",),
            )

    async def remember(self, route: str) -> None:
        """Keep in mind how a page is built on which all was found that is needed."""
        if route not in self.pages and route not in self.seen_lately:
            self.pages[route] = bare((await sight(self.portal, self._sought[route].names)).page)

    async def still_signed_in(self) -> bool:
        """Tell whether a session that was kept still opens the account's page."""
        await self._dismiss()
        try:
            await self._back()
        except Transient as over:
            if over.state is State.SESSION_EXPIRED:
                return False
            raise
        return True

    async def is_over(self) -> bool:
        """Tell whether it is over: a page that scripts fill then lacks what it should have.

        The page is left; a portal that says anything else in its place does not say that.
        """
        try:
            await self._back(again=True)
        except Failure as failure:
            return failure.state is State.SESSION_EXPIRED
        return False

    async def _dismiss(self) -> None:
        """Have what may cover the page clicked away."""
        await self.portal.dismiss("notice")

    async def _back(self, *, again: bool = False) -> None:
        """Open the first page of whoever is signed in."""
        await self.open("billing", again=again)

    async def sign_in(self, user: str, password: str) -> None:
        """Send the credentials once; exactly one declared outcome must follow.

        Raises ActionNeeded where a person must act and Drift where the page says nothing known.
        """
        portal = self.portal
        await portal.fill(await portal.find("user"), user)
        await portal.fill(await portal.find("password"), password)
        self._print |= await portal.outcomes()
        await portal.click(await portal.find("sign_in"))
        await self._answer()

    async def _answer(self) -> None:
        """Wait for the outcome of what was sent; Unanswered where the form still asks for it."""
        portal = self.portal
        try:
            async for _ in portal.looks("outcomes"):
                if self._signed_in(await portal.outcomes()):
                    return
        except Drift as drift:
            if drift.broken and await portal.seen(self.door[0]):
                raise Unanswered(
                    State.PORTAL_CHANGED,
                    f"{portal.profile.name} still asks for the sign-in that it was sent, and says"
                    f" nothing that the profile knows. Look at it in a browser: correct the"
                    f" password, or outcomes in the profile; until `harvester sign-in` it is not"
                    f" sent again.",
                    broken=drift.broken,
                ) from None
            raise

    async def enter_code(self, code: str) -> None:
        """Send a code once, where the sign-in asks for one.

        Raises ActionNeeded(MFA_REQUIRED) where the portal does not take it.
        """
        portal = self.portal
        field = await portal.find("code")
        await portal.fill(field, code)
        asked = await field.element_handle()
        await portal.click(await portal.find("send_code"))
        try:
            async for _ in portal.looks("outcomes"):
                unanswered = await _is_there(asked)
                shown = await portal.outcomes()
                if unanswered and shown.keys() == {State.MFA_REQUIRED}:
                    continue
                if self._signed_in(shown):
                    return
        except Drift:
            self._act(await portal.outcomes())
            raise

    async def open(self, route: str, *, again: bool = False) -> None:
        """Open a signed-in page; the way to sign in in its place means that the session is over."""
        here = not again and self.portal.at(route)
        shown = await self.portal.outcomes() if here else {}
        if State.OK not in shown:
            await self.portal.goto(route)
        elif self._signed_in(shown):
            return
        await self.arrived()

    async def arrived(self) -> None:
        """Wait until the page shows that it is signed in; raise what it shows in place of that."""
        async for _ in self.portal.looks("outcomes.OK"):
            shown = await self.portal.outcomes()
            await self.still_in(shown)
            if self._signed_in(shown):
                return

    async def still_in(self, shown: Collection[State]) -> None:
        """Raise that the session is over where the way to sign in is shown instead of a page."""
        if State.OK not in shown:
            for name in self.door:
                if await self.portal.seen(name):
                    raise self.portal.expired()

    async def none_there(self) -> None:
        """Raise ActionNeeded where the page says that there is no account."""
        if State.NO_ACCOUNTS_FOUND in await self.portal.outcomes():
            self._act({State.NO_ACCOUNTS_FOUND: set()})

    def _signed_in(self, shown: Mapping[State, set[str]]) -> bool:
        """Tell whether a page is signed in; raise what else it says that is no small print."""
        said = {
            state: words
            for state, words in self._new(shown).items()
            if state not in _OF_ONE_PAGE and not (State.OK in shown and state in _AT_THE_DOOR)
        }
        self._act(said)
        return State.OK in said

    def _new(self, shown: Mapping[State, set[str]]) -> dict[State, set[str]]:
        """Return what is shown but for small print."""
        return {s: words for s, words in shown.items() if not words or words - self._print[s]}

    def _act(self, shown: Mapping[State, set[str]]) -> None:
        """Raise what the page says other than that it is signed in."""
        name = self.portal.profile.name
        said = shown.keys() - {State.OK}
        if len(said) > 1:
            raise Drift(
                State.PORTAL_CHANGED,
                f"{self.portal.where()} of {name} shows {' and '.join(sorted(said))} at once;"
                f" correct outcomes in the profile.",
            )
        for state in said:
            if state in _PASSING:
                raise Transient(state, f"{name} {_PASSING[state]}.")
            waits = [wait for words in shown[state] if (wait := printed.wait(words))]
            until = self.portal.now() + max(waits) if waits else None
            raise ActionNeeded(state, f"{name} {_MEANT[state]}.", until)


async def _is_there(element: ElementHandle | None) -> bool:
    """Tell whether an element is still of its page."""
    with suppress(PlaywrightError):
        return element is not None and bool(await element.evaluate("e => e.isConnected"))
    return False
