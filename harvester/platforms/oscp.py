"""Walks the SEDC / Meridian "Online Service Customer Portal" and brings home its bytes."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from typing import ClassVar

from harvester import printed
from harvester.errors import BadData, Drift, State, Transient
from harvester.evidence import Sought
from harvester.model import Artifact, Bill, Kind
from harvester.platforms.account import account, not_visible, opened, shown
from harvester.platforms.artifacts import artifact, document
from harvester.platforms.graph_days import GraphDays
from harvester.platforms.oscp_history import ALL, SIZES, History, size
from harvester.platforms.oscp_usage import UsageFeed
from harvester.platforms.session import Session
from harvester.platforms.steps import Walker
from harvester.portal import QUIET, Portal
from harvester.profile import Profile

GRAPH_SECONDS = 10.0
SETTLE_SECONDS = 5.0
FIRST = date(1950, 1, 1)
"""Older than every account."""

_ACCOUNT = re.compile(r"\d{7}-?\d{3}")
"""Member number and three-digit separator, as the portal prints them (seen at siblings)."""

_DEFINED = "names => names.map(name => typeof window[name] === 'function')"

_LEDGER = """([get, bind, since]) => new Promise(done => {
  window[bind] = answer => done(JSON.stringify(answer ?? null));
  window[get](since, '01/2200');
})"""
"""The function takes months and hands its rows to whatever the other name then holds."""

_NOTES = """selectors => JSON.stringify([...document.querySelectorAll(selectors)].map(e => ({
  date: e.dataset.date,
  text: (e.querySelector('title') || e).textContent.trim(),
})))"""


class Oscp:
    """One sign-in at one portal; the failures it raises say what to do next."""

    _NAMES: ClassVar[Mapping[str, set[str]]] = {
        "routes": {"login", "billing", "history", "usage", "daily", "interval"},
        "locators": {
            "user", "password", "sign_in", "open_sign_in", "code", "send_code", "notice",
            "all_accounts", "account_table", "account_length", "bill_table", "bill_length",
            "bill_link", "no_bills", "usage_chart", "usage_note",
        },
        "labels": {
            "number", "service_address", "rate", "kind", "e_bill", "usage_alert", "daily_report",
        },
        "columns": {
            "view", "billing_date", "due_date", "read_date", "net_kwh", "kind", "amount",
        },
        "functions": {"ledger", "bind_ledger"},
    }  # fmt: skip
    """What a profile has to name, and no more."""
    _PAGES: ClassVar[Mapping[str, Sought]] = {
        "login": Sought(("user", "password", "sign_in", "open_sign_in")),
        "billing": Sought(("all_accounts", "account_table", "account_length")),
        "history": Sought(
            ("bill_table", "bill_length", "bill_link", "no_bills"),
            frozenset({Kind.BILL_LIST, Kind.LEDGER}),
            "bill_table",
        ),
        "usage": Sought(
            ("usage_chart", "usage_note"), frozenset({Kind.INTERVAL, Kind.NOTES}), "usage_chart"
        ),
    }
    _KINDS: ClassVar[Mapping[str, str]] = {
        "user": "field", "password": "password", "sign_in": "control", "open_sign_in": "control",
        "all_accounts": "control", "account_table": "table", "account_length": "choice",
        "bill_table": "table", "bill_length": "choice", "usage_chart": "graphic",
    }  # fmt: skip

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.session = Session(portal, self._PAGES)
        self._graph = GraphDays(portal, Walker(portal, self.session))
        self._history = History(portal, self.session)
        self._listed: dict[str, str] = {}
        """Account numbers as the list of accounts prints them; empty where there is no list."""

    @classmethod
    def names(cls, profile: Profile) -> Mapping[str, set[str]]:
        """Return what a profile has to name, and no more; `walk` only for a graph without feed."""
        return {
            **cls._NAMES,
            "locators": cls._NAMES["locators"] | profile.walk.locators(),
            "walk": profile.walk.model_fields_set & {"usage"},
        }

    @classmethod
    def pages(cls, profile: Profile) -> Mapping[str, Sought]:
        """Return the pages by route, with what is looked for on each."""
        del profile
        return cls._PAGES

    @classmethod
    def kinds(cls, profile: Profile) -> Mapping[str, str]:
        """Return what each locator stands for, in the words of `likeness`, where it is just one."""
        return {**cls._KINDS, **profile.walk.kinds()}

    async def open(self, route: str) -> None:
        """Open a page of the selected account."""
        await self.session.open(route)

    @property
    def offers(self) -> Collection[Kind]:
        """What the portal has: totals and hours by feed, or hours by its graph alone."""
        walked = self.portal.profile.walk.usage
        return set(Kind) - ({Kind.DAILY, Kind.INTERVAL} if walked else {Kind.GRAPH})

    async def ready(self) -> None:
        """Prepare the page before anything is loaded."""
        if self.portal.profile.walk.usage:
            await self._graph.ready()

    async def accounts(self) -> list[str]:
        """Return the account numbers that the sign-in sees, digits only.

        Raises Drift where the page shows none and does not say so.
        """
        await self.session.open("billing")
        await self.portal.settle(SETTLE_SECONDS)  # a list that comes late would be lost unseen
        numbers = []
        if await self.portal.seen("all_accounts"):
            printed_numbers = await self._list_accounts()
            self._listed = {printed.digits(text): text for text in printed_numbers}
            numbers = list(self._listed)
        elif number := await shown(self.portal):
            numbers = [number]
        if not numbers:
            await self.session.none_there()
            raise Drift(
                State.PORTAL_CHANGED,
                f"{self.portal.where()} of {self.portal.profile.name} shows neither an account"
                f" number nor a list of accounts, nor says that there is none; correct"
                f" labels.number or all_accounts in the profile.",
                broken=("labels.number", "all_accounts"),
            )
        await self.session.remember("billing")
        return numbers

    async def select(self, number: str) -> None:
        """Make an account the one that every page is about."""
        portal = self.portal
        if self._listed:
            if portal.covered or not await portal.seen("account_table"):
                await self.session.open("billing")
                await self._list_accounts()
            table = await portal.find("account_table")
            link = table.get_by_role("link", name=self._listed[number], exact=True)
            with portal.answering():
                links = await link.count()
            if links != 1:
                raise not_visible(portal, number, "is no longer listed")
            await portal.click(link)
        else:
            await self.session.open("billing")
        await opened(portal, number)

    async def account(self, number: str) -> Artifact:
        """Fetch the account's facts and settings from the page that `select` left open."""
        return await account(self.portal, number)

    async def bill_list(self, number: str) -> Artifact:
        """Fetch the billing history."""
        markup = await self._history.markup()
        return artifact(self.portal, Kind.BILL_LIST, number, markup, media_type="text/html")

    async def ledger(self, number: str, since: date) -> Artifact:
        """Fetch payments and bills by the page's own function, on the billing history."""
        await self.session.open("history")
        names = self.portal.profile.functions
        functions = [names["ledger"], names["bind_ledger"]]
        await self._defined(functions)
        await self.portal.turn()
        told = await self.portal.ask(_LEDGER, [*functions, f"{max(since, FIRST):%m/%Y}"])
        if "LedgerItems" not in told:
            raise Transient(
                State.PORTAL_DOWN,
                f"{self.portal.profile.name} answered its ledger with an error; nothing was lost,"
                f" run again later.",
            )
        return artifact(self.portal, Kind.LEDGER, number, printed.without_tails(told))

    async def _defined(self, functions: Sequence[str]) -> None:
        """Wait for the page's functions, and until what it asked them itself is answered.

        Another script may define them after the page was loaded, and take the place of ours.
        """
        portal, began = self.portal, 0.0
        async for _ in portal.looks("functions.ledger"):
            asks, told = await portal.ask(_DEFINED, functions)
            if asks:
                began = began or time.monotonic()
                calm = portal.answers.calm()
                late = max(calm, time.monotonic() - began - SETTLE_SECONDS) >= QUIET
                if late or (told and calm):
                    return

    async def bill_pdf(self, bill: Bill) -> Artifact:
        """Fetch one bill's document: its row is found again by its content, then clicked.

        Raises BadData(NOT_YET_AVAILABLE) where the row or the document does not come.
        """
        return document(self.portal, bill, *await self._history.document(bill))

    def expecting(self, bills: Sequence[Bill]) -> AbstractAsyncContextManager[None]:
        """Say whose documents are about to be asked for, and in what order."""
        return self._history.expecting([bill.key for bill in bills])

    async def open_usage(self, number: str) -> None:
        """Open the usage page, from which notes and feeds, or the graph, are read."""
        if self.portal.profile.walk.usage:
            await self._graph.open(number)
            return
        self._feed = UsageFeed(self.portal, number)
        async with self._feed.learning():
            await self.session.open("usage")

    async def notes(self, number: str) -> Artifact:
        """Fetch the notes on the usage graph; BadData(NOT_YET_AVAILABLE) where no graph appears."""
        try:
            async for _ in self.portal.looks("usage_chart", seconds=GRAPH_SECONDS):
                if await self.portal.shown("usage_chart"):
                    break
                await self.session.still_in(await self.portal.outcomes())
        except Drift:
            raise BadData(
                State.NOT_YET_AVAILABLE,
                f"No graph appeared on {self.portal.where()} within {GRAPH_SECONDS:.0f} seconds, so"
                f" its notes could not be read; the next run asks again.",
            ) from None
        await self.session.remember("usage")
        ways = [way.css for way in self.portal.profile.locators["usage_note"] if way.css]
        return artifact(
            self.portal, Kind.NOTES, number, await self.portal.ask(_NOTES, ", ".join(ways))
        )

    async def usage(
        self, days: Collection[date], hours: Collection[date]
    ) -> AsyncIterator[Artifact | BadData]:
        """Fetch these local days of the daily and the interval feed, on the usage page.

        `about` of each artifact: `first` and `last` day asked for, and `missing`, those of them
        that the portal has nothing for.  Where the profile tells of a graph, hours are read off it.
        """
        if self.portal.profile.walk.usage:
            async for one in self._graph.fetch(hours):
                yield one
            return
        async for kind, reply, about in self._feed.fetch(days, hours):
            yield artifact(
                self.portal,
                kind,
                self._feed.account,
                reply.content,
                url=reply.url,
                media_type=reply.media_type,
                about=about,
            )

    async def _list_accounts(self) -> list[str]:
        """Open the list of accounts in full and return their numbers as it prints them."""
        portal = self.portal
        opener = await portal.find("all_accounts")
        with portal.answering():
            told = re.search(r"\((\d+)\)", await opener.inner_text())
        await portal.click(opener)
        table = await portal.find("account_table")
        if length := await portal.seen("account_length"):
            with portal.answering():
                await length.select_option(max(await length.evaluate(SIZES), key=size))
        async for _ in portal.looks("account_table in full"):
            with portal.answering():
                await table.evaluate(ALL)
                links = await table.get_by_role("link").all_inner_texts()
            numbers = [text.strip() for text in links if _ACCOUNT.fullmatch(text.strip())]
            if numbers and (told is None or len(numbers) == int(told[1])):
                return numbers
        raise AssertionError  # looks() ends by raising
