"""Signs in by the steps of a profile, whose outcomes are judged like those of any portal."""

from __future__ import annotations

from collections.abc import Mapping

from harvester.errors import Misconfigured, State
from harvester.evidence import Sought
from harvester.platforms.session import Session
from harvester.platforms.steps import Walker
from harvester.portal import Portal
from harvester.walk import Accounts


class StepwiseSession(Session):
    """The sign-in of one member at a portal of which only the profile knows."""

    def __init__(self, portal: Portal, sought: Mapping[str, Sought]) -> None:
        super().__init__(portal, sought)
        walk = portal.profile.walk
        self._steps = walk.sign_in
        self.first_page = walk.first_page()
        self.door = self.first_page[:1]
        self.walker = Walker(portal, self)

    @property
    def accounts(self) -> Accounts:
        """Where the accounts are, of which `fit` has made sure that they are told of."""
        found = self.portal.profile.walk.accounts
        if found is None:
            raise Misconfigured(State.INVALID_PROFILE, "The profile lacks walk.accounts.")
        return found

    async def open_sign_in(self) -> None:
        """Open the page of the first step; Drift where its control or a mark is not there."""
        portal = self.portal
        portal.section = "login"
        await self._dismiss()
        await portal.goto("login")
        await self._find_door()
        await self._recognize()
        await self.remember("login")

    async def _back(self, *, again: bool = False) -> None:
        await self.walker.walk(self.accounts.open, again=again)

    async def sign_in(self, user: str, password: str) -> None:
        """Do the steps once; exactly one declared outcome must follow, if none came on the way.

        Raises ActionNeeded where a person must act and Drift where the page says nothing known.
        """
        portal, words = self.portal, {"user": user, "password": password}
        for step in self._steps:
            async for _ in portal.looks(step.place):
                if await portal.seen(step.place):
                    break
                self._signed_in(await portal.outcomes())
            self._print |= await portal.outcomes() if step.click else {}
            await self.walker.step(step, words)
        await self._answer()

    async def _dismiss(self) -> None:
        for name in self.portal.profile.walk.dismiss:
            await self.portal.dismiss(name)
