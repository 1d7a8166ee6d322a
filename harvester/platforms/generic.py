"""Walks any portal by the steps, rows and pickers of a profile, and brings home its bytes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import date

from playwright.async_api import Locator

from harvester import printed
from harvester.documents import capture
from harvester.errors import BadData, Drift, Misconfigured, State
from harvester.evidence import Sought
from harvester.labels import facts
from harvester.model import Artifact, Bill, Kind
from harvester.platforms.account import account, not_visible, opened
from harvester.platforms.artifacts import artifact, document
from harvester.platforms.bill_rows import BillRows
from harvester.platforms.generic_session import StepwiseSession
from harvester.platforms.graph_days import GraphDays
from harvester.portal import Portal
from harvester.profile import Profile
from harvester.walk import Choices, Labelled, Listed, Picked

_FACTS = {
    "number", "service_address", "rate", "kind", "e_bill", "usage_alert", "daily_report",
}  # fmt: skip

_OPTIONAL = {"bills", "usage", "dismiss"}


class Generic:
    """One sign-in at one portal; what its profile tells nothing of is not there."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.session = StepwiseSession(portal, self.pages(portal.profile))
        self._walker = self.session.walker
        self._graph = GraphDays(portal, self._walker)
        bills = portal.profile.walk.bills
        self._rows = BillRows(portal, self._walker, bills) if bills else None
        self._number = ""
        """The selected account."""

    @staticmethod
    def names(profile: Profile) -> Mapping[str, set[str]]:
        """Return what a profile has to name, and no more, by what its walk goes through."""
        walk = profile.walk
        coded = {"code", "send_code"} if State.MFA_REQUIRED in profile.outcomes else set()
        return {
            "walk": {"sign_in", "accounts", *(walk.model_fields_set & _OPTIONAL)},
            "routes": {"login"} | walk.routes(),
            "locators": walk.locators() | coded,
            "labels": {"number"} | (profile.labels.keys() & _FACTS),
            "columns": set(),
            "functions": set(),
        }

    @staticmethod
    def pages(profile: Profile) -> Mapping[str, Sought]:
        """Return the pages by what they are for, with what is looked for on each."""
        walk = profile.walk
        found = {"login": Sought(walk.first_page())}
        ways = walk.ways()
        if walk.accounts:
            found["accounts"] = Sought(walk.accounts.names() + ways)
        if walk.bills:
            names = walk.bills.names() + ways
            needs = walk.bills.more.picker if isinstance(walk.bills.more, Choices) else ""
            found["bills"] = Sought(names, frozenset({Kind.BILL_LIST}), needs)
        if walk.usage:
            names = walk.usage.names() + ways
            found["usage"] = Sought(names, frozenset({Kind.GRAPH}), walk.usage.meters or "")
        return found

    @staticmethod
    def kinds(profile: Profile) -> Mapping[str, str]:
        """Return what each locator stands for, in the words of `likeness`, where it is just one."""
        return profile.walk.kinds()

    async def open(self, page: str) -> None:
        """Open a page of the selected account."""
        walk = self.portal.profile.walk
        part = walk.bills if page == "bills" else walk.usage
        if part:
            await self._walker.walk(part.open, {"account": self._number})
        self.portal.section = page

    @property
    def offers(self) -> Collection[Kind]:
        """What the portal has at all."""
        walk = self.portal.profile.walk
        bills = {Kind.BILL_LIST, Kind.BILL_PDF} if walk.bills else set()
        return {Kind.ACCOUNT} | bills | ({Kind.GRAPH} if walk.usage else set())

    async def ready(self) -> None:
        """Prepare the page before anything is loaded."""
        if self.portal.profile.walk.usage:
            await self._graph.ready()

    async def accounts(self) -> list[str]:
        """Return the account numbers that the sign-in sees, digits only.

        Raises Drift where the page shows none and does not say so.
        """
        numbers = list(await self._listed())
        if not numbers:
            await self.session.none_there()
            raise Drift(
                State.PORTAL_CHANGED,
                f"{self.portal.where()} of {self.portal.profile.name} shows no account number as"
                f" walk.accounts says, nor that there is none; correct it in the profile.",
                broken=("walk.accounts",),
            )
        await self.session.remember("accounts")
        return numbers

    async def _listed(self) -> dict[str, str]:
        """Open the accounts; return, by number, the value of its choice or what names it."""
        way = self.session.accounts
        await self._walker.walk(way.open)
        self.portal.section = "accounts"
        told: list[tuple[str, str]] = []
        if isinstance(way.shown, Listed):
            links = await self._links(way.shown)
            with self.portal.answering():
                told = [(text, text) for link in links if (text := await link.inner_text())]
        elif isinstance(way.shown, Picked):
            told = await self._walker.choices(way.shown.picker)
        else:
            told = [("", (await facts(self.portal)).get("number") or "")]
        found = ((re.search(way.number, text), value) for value, text in told)
        return {printed.digits(number[0]): value for number, value in found if number}

    async def _links(self, shown: Listed) -> list[Locator]:
        async for _ in self.portal.looks(shown.each):
            if links := await self.portal.every(shown.each):
                return links
        raise AssertionError  # looks() ends by raising

    async def select(self, number: str) -> None:
        """Make an account the one that every page is about, and see that it is."""
        portal, way, self._number = self.portal, self.session.accounts, number
        listed = await self._listed()
        if number not in listed:
            raise not_visible(portal, number, "is no longer listed")
        if isinstance(way.shown, Picked):
            picker = await portal.find(way.shown.picker)
            await self._walker.take(picker, listed[number])
            await self._walker.walk(way.shown.then)
        elif isinstance(way.shown, Listed):
            await self._walker.click(await self._link(way.shown, listed[number]))
        if not isinstance(way.shown, Labelled):
            await opened(portal, number)

    async def _link(self, shown: Listed, text: str) -> Locator:
        for link in await self._links(shown):
            with self.portal.answering():
                if await link.inner_text() == text:
                    return link
        raise not_visible(self.portal, printed.digits(text), "is no longer listed")

    async def account(self, number: str) -> Artifact:
        """Fetch the account's facts and settings from the page that `select` left open."""
        return await account(self.portal, number)

    async def bill_list(self, number: str) -> Artifact:
        """Fetch the rows of the billing history, as JSON of their cells by name."""
        rows = await self._bills.listed(number)
        await self.session.remember("bills")
        return artifact(self.portal, Kind.BILL_LIST, number, json.dumps(rows))

    async def bill_pdf(self, bill: Bill) -> Artifact:
        """Fetch one bill's document: its row is found again by its content, then clicked.

        Raises BadData(NOT_YET_AVAILABLE) where the row or the document does not come.
        """
        url, content = await capture(self.portal, await self._bills.control(bill))
        await asyncio.sleep(self.portal.profile.pace.click_ms / 1000)
        return document(self.portal, bill, url, content)

    def expecting(self, bills: Sequence[Bill]) -> AbstractAsyncContextManager[None]:
        """Take note of nothing: each document is clicked for."""
        del bills
        return nullcontext()

    @property
    def _bills(self) -> BillRows:
        if self._rows is None:
            raise _absent(Kind.BILL_LIST)
        return self._rows

    async def ledger(self, number: str, since: date) -> Artifact:
        """Raise: no walk leads to a ledger yet."""
        del number, since
        raise _absent(Kind.LEDGER)

    async def notes(self, number: str) -> Artifact:
        """Raise: no walk leads to notes yet."""
        del number
        raise _absent(Kind.NOTES)

    async def open_usage(self, number: str) -> None:
        """Open the page of the graph."""
        await self._graph.open(number)
        self.portal.section = "usage"
        await self.session.remember("usage")

    async def usage(
        self, days: Collection[date], hours: Collection[date]
    ) -> AsyncIterator[Artifact | BadData]:
        """Read the graphs of the local days of `hours`, newest first; it shows no totals."""
        del days
        async for one in self._graph.fetch(hours):
            yield one


def _absent(kind: Kind) -> Misconfigured:
    return Misconfigured(State.INVALID_PROFILE, f"The profile tells of no {kind}.")
