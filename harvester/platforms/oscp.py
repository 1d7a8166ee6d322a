"""Walks the SEDC / Meridian "Online Service Customer Portal" and brings home its bytes."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import suppress
from datetime import date
from typing import ClassVar
from urllib.parse import urlsplit

from playwright.async_api import ElementHandle, Locator
from playwright.async_api import Error as PlaywrightError

from harvester import printed
from harvester.documents import capture
from harvester.errors import ActionNeeded, BadData, Drift, State, Transient
from harvester.model import Artifact, Bill, Kind
from harvester.platforms.oscp_usage import UsageFeed
from harvester.portal import Portal

GRAPH_SECONDS = 10.0
SETTLE_SECONDS = 5.0
FIRST = date(1950, 1, 1)
"""Older than every account."""

_ACCOUNT = re.compile(r"\d{7}-?\d{3}")
"""Member number and three-digit separator, as the portal prints them (seen at siblings)."""

_SETTINGS = {"e_bill", "usage_alert", "daily_report"}
_SETTING = re.compile(
    r"(not )?(on|off|yes|no|enrolled|enabled|disabled|active|inactive)\b|[\d.,]+ ?kwh( a day)?",
    re.IGNORECASE,
)

_MEANT = {
    State.BAD_CREDENTIALS: "rejected the user ID or password; correct them with `harvester member"
    " add`, they are not sent again as they are",
    State.ACCOUNT_LOCKED: "has locked this sign-in; the member must wait or call the utility",
    State.PASSWORD_CHANGE_REQUIRED: "asks the member for a new password; sign in there once",
    State.MFA_REQUIRED: "asks for a code; hand in what the member receives with `harvester code`"
    " while a run waits for it, or keep the authenticator's secret with `harvester member add"
    " --totp`",
    State.CAPTCHA_REQUIRED: "asks for the characters of a picture; the member must sign in there",
    State.NOTICE_PENDING: "shows terms that the member must read and accept there first",
}
_PASSING = {
    State.MAINTENANCE: "is under maintenance; nothing was lost, run again later",
    State.PORTAL_DOWN: "shows an error of its server; nothing was lost, run again later",
}
_AT_THE_DOOR = {State.BAD_CREDENTIALS, State.ACCOUNT_LOCKED, *_PASSING}
"""What cannot be true of a page that is signed in, whatever its news and help say."""

_CELLS = """e => {
  const bare = e.cloneNode(true);
  for (const x of bare.querySelectorAll('script,style,template,noscript,iframe,object,select'))
    x.remove();
  const walk = document.createTreeWalker(bare, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT);
  const comments = [];
  for (let node = bare; node; node = walk.nextNode())
    if (node.nodeType === Node.COMMENT_NODE) comments.push(node);
    else for (const name of node.getAttributeNames())
      if (name !== 'colspan' && name !== 'rowspan') node.removeAttribute(name);
  for (const comment of comments) comment.remove();
  return bare.outerHTML;
}"""
"""A table with its cells' text alone: attributes and scripts may hold what must not be kept."""

_LEDGER = """([get, bind, since]) => new Promise(done => {
  if (typeof window[get] !== 'function') return done(null);
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

    NAMES: ClassVar[Mapping[str, set[str]]] = {
        "routes": {"login", "billing", "history", "usage", "daily", "interval"},
        "locators": {
            "user", "password", "sign_in", "open_sign_in", "code", "send_code", "notice",
            "all_accounts", "account_table", "account_length", "bill_table", "bill_link",
            "usage_chart", "usage_note",
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

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self._listed: dict[str, str] = {}
        """Account numbers as the list of accounts prints them; empty where there is no list."""
        self._print: dict[State, set[str]] = defaultdict(set)
        """News, help and small print: what the page said before anything was sent."""

    async def open_sign_in(self) -> None:
        """Open the sign-in form, which some pages show only behind a link.

        Raises Drift where it is at another base than the profile says, before anything is typed.
        """
        portal = self.portal
        await portal.dismiss("notice")
        await portal.goto("login")
        base = portal.profile.base
        if not portal.where().lower().startswith(f"{base}/".lower()):
            raise Drift(
                State.PORTAL_CHANGED,
                f"{portal.profile.name} leads from {base} to {portal.where()}; if the portal has"
                f" moved there, correct base in the profile.",
            )
        opened = False
        async for _ in portal.looks("user", "open_sign_in"):
            shown = await portal.outcomes()
            if await portal.seen("user"):
                self._act({s: w for s, w in shown.items() if s is State.CAPTCHA_REQUIRED})
                return
            self._act(shown)
            if not opened and (link := await portal.seen("open_sign_in")):
                await portal.click(link)
                opened = True

    async def still_signed_in(self) -> bool:
        """Tell whether a session that was kept still opens the account's page."""
        await self.portal.dismiss("notice")
        try:
            await self._open("billing")
        except Transient as over:
            if over.state is State.SESSION_EXPIRED:
                return False
            raise
        return True

    async def sign_in(self, user: str, password: str) -> None:
        """Send the credentials once; exactly one declared outcome must follow.

        Raises ActionNeeded where a person must act and Drift where the page says nothing known.
        """
        portal = self.portal
        await portal.fill(await portal.find("user"), user)
        await portal.fill(await portal.find("password"), password)
        self._print |= await portal.outcomes()
        await portal.click(await portal.find("sign_in"))
        async for _ in portal.looks("outcomes"):
            if self._signed_in(await portal.outcomes()):
                return

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
                shown = await portal.outcomes()
                if shown.keys() == {State.MFA_REQUIRED} and await _is_there(asked):
                    continue  # not answered yet
                if self._signed_in(shown):
                    return
        except Drift:
            self._act(await portal.outcomes())
            raise

    async def accounts(self) -> list[str]:
        """Return the account numbers that the sign-in sees, digits only."""
        await self._open("billing")
        await self.portal.settle(SETTLE_SECONDS)  # a list that comes late would be lost unseen
        if await self.portal.seen("all_accounts"):
            printed_numbers = await self._list_accounts()
            self._listed = {printed.digits(text): text for text in printed_numbers}
            return list(self._listed)
        number = printed.digits((await self.portal.facts()).get("number") or "")
        return [number] if number else []

    async def select(self, number: str) -> None:
        """Make an account the one that every page is about."""
        portal = self.portal
        if self._listed:
            if portal.covered or not await portal.seen("account_table"):
                await self._open("billing")
                await self._list_accounts()
            table = await portal.find("account_table")
            link = table.get_by_role("link", name=self._listed[number], exact=True)
            with portal.answering():
                links = await link.count()
            if links != 1:
                raise self._not_visible(number, "is no longer listed")
            await portal.click(link)
        else:
            await self._open("billing")
        shown = ""
        try:
            async for _ in portal.looks("labels.number"):
                shown = printed.digits((await portal.facts()).get("number") or "")
                if shown == number:
                    return
        except Drift:
            if shown:
                raise self._not_visible(number, "does not open") from None
            raise

    def _not_visible(self, number: str, why: str) -> ActionNeeded:
        return ActionNeeded(
            State.ACCOUNT_NOT_VISIBLE,
            f"Account …{number[-3:]} {why} among the accounts of this sign-in at"
            f" {self.portal.profile.name}; check who holds it.",
        )

    async def account(self, number: str) -> Artifact:
        """Fetch the account's facts and settings from the page that `select` left open.

        Of a setting only whether and how much is taken: an address may stand beside it.
        """
        told = await self.portal.facts()
        for name in _SETTINGS & told.keys():
            found = _SETTING.match(told[name])
            told[name] = found[0] if found else ""
        return self._artifact(Kind.ACCOUNT, number, json.dumps(told))

    async def bill_list(self, number: str) -> Artifact:
        """Fetch the billing history."""
        await self._open("history")
        table = await self.portal.find("bill_table")
        with self.portal.answering():
            markup: str = await table.evaluate(_CELLS)
        return self._artifact(Kind.BILL_LIST, number, markup, media_type="text/html")

    async def ledger(self, number: str, since: date) -> Artifact:
        """Fetch payments and bills by the page's own function, on the billing history."""
        await self._open("history")
        names = self.portal.profile.functions
        await self.portal.turn()
        month = f"{max(since, FIRST):%m/%Y}"
        told = await self.portal.ask(_LEDGER, [names["ledger"], names["bind_ledger"], month])
        if told is None:
            raise Drift(
                State.PORTAL_CHANGED,
                f"The billing history of {self.portal.profile.name} has no function"
                f" {names['ledger']} any more; correct functions.ledger in the profile.",
            )
        if "LedgerItems" not in told:
            raise Transient(
                State.PORTAL_DOWN,
                f"{self.portal.profile.name} answered its ledger with an error; nothing was lost,"
                f" run again later.",
            )
        return self._artifact(Kind.LEDGER, number, printed.without_tails(told))

    async def bill_pdf(self, bill: Bill) -> Artifact:
        """Fetch one bill's document: its row is found again by its content, then clicked.

        Raises BadData(NOT_YET_AVAILABLE) where the row or the document does not come.
        """
        await self._open("history")
        try:
            url, content = await capture(self.portal, await self._bill_link(bill))
        except BadData:
            await self._open("history", again=True)
            raise
        if b"%PDF-" not in content[:1024]:
            content = b"A page came in place of the document; what it says is not kept."
            await self._open("history", again=True)
        await asyncio.sleep(self.portal.profile.pace.click_ms / 1000)
        return self._artifact(
            Kind.BILL_PDF,
            bill.account,
            content,
            url=url,
            media_type="application/pdf",
            about={"bill": bill.key},
        )

    async def open_usage(self, number: str) -> None:
        """Open the usage page, from which notes and feeds are read."""
        self._feed = UsageFeed(self.portal, number)
        async with self._feed.learning():
            await self._open("usage")

    async def notes(self, number: str) -> Artifact:
        """Fetch the notes on the usage graph; BadData(NOT_YET_AVAILABLE) where no graph appears."""
        try:
            async for _ in self.portal.looks("usage_chart", seconds=GRAPH_SECONDS):
                if await self.portal.shown("usage_chart"):
                    break
                await self._still_in(await self.portal.outcomes())
        except Drift:
            raise BadData(
                State.NOT_YET_AVAILABLE,
                f"No graph appeared on {self.portal.where()} within {GRAPH_SECONDS:.0f} seconds, so"
                f" its notes could not be read; the next run asks again.",
            ) from None
        ways = [way.css for way in self.portal.profile.locators["usage_note"] if way.css]
        return self._artifact(Kind.NOTES, number, await self.portal.ask(_NOTES, ", ".join(ways)))

    async def usage(
        self, days: Collection[date], hours: Collection[date]
    ) -> AsyncIterator[Artifact]:
        """Fetch these local days of the daily and the interval feed, on the usage page.

        `about` of each artifact: `first` and `last` day asked for, and `missing`, those of them
        that the portal has nothing for.
        """
        async for kind, reply, about in self._feed.fetch(days, hours):
            yield self._artifact(
                kind,
                self._feed.account,
                reply.content,
                url=reply.url,
                media_type=reply.media_type,
                about=about,
            )

    async def _open(self, route: str, *, again: bool = False) -> None:
        """Open a signed-in page; the way to sign in in its place means that the session is over."""
        here = not again and self.portal.at(route)
        if not here or State.OK not in await self.portal.outcomes():
            await self.portal.goto(route)
        async for _ in self.portal.looks("outcomes.OK"):
            shown = await self.portal.outcomes()
            await self._still_in(shown)
            if self._signed_in(shown):
                return

    async def _still_in(self, shown: Collection[State]) -> None:
        """Raise that the session is over where the way to sign in is shown instead of a page."""
        if State.OK not in shown:
            for name in ("user", "open_sign_in"):
                if await self.portal.seen(name):
                    raise self.portal.expired()

    def _signed_in(self, shown: Mapping[State, set[str]]) -> bool:
        """Tell whether a page is signed in; raise what else it says that is no small print."""
        said = {
            state: words
            for state, words in shown.items()
            if (not words or words - self._print[state])
            and not (State.OK in shown and state in _AT_THE_DOOR)
        }
        self._act(said)
        return State.OK in said

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
                sizes = await length.locator("option").evaluate_all("all => all.map(e => e.value)")
                await length.select_option(max(sizes, key=_size))
        async for _ in portal.looks("account_table in full"):
            with portal.answering():
                links = await table.get_by_role("link").all_inner_texts()
            numbers = [text.strip() for text in links if _ACCOUNT.fullmatch(text.strip())]
            if numbers and (told is None or len(numbers) == int(told[1])):
                return numbers
        raise AssertionError  # looks() ends by raising

    async def _bill_link(self, bill: Bill) -> Locator:
        portal = self.portal
        table = await portal.find("bill_table")
        with portal.answering():
            markup: str = await table.evaluate("e => e.outerHTML")
        rows = printed.table(markup, portal.profile.columns)
        for position, row in (rows or {}).items():
            if printed.bill(bill.account, row) == bill:
                link = await portal.seen("bill_link", table.locator("tr").nth(position))
                if link:
                    return link
        raise BadData(
            State.NOT_YET_AVAILABLE,
            f"The bill of {bill.billing_date} has no row with a document any more"
            f" on {portal.where()}; the next run asks again.",
        )

    def _artifact(
        self,
        kind: Kind,
        account: str,
        content: str | bytes,
        *,
        url: str = "",
        media_type: str = "application/json",
        about: Mapping[str, str] | None = None,
    ) -> Artifact:
        place = urlsplit(url or self.portal.page.url)
        return Artifact(
            kind=kind,
            account=account,
            content=content.encode() if isinstance(content, str) else content,
            url=f"{place.scheme}://{place.netloc}{place.path}",
            media_type=media_type,
            retrieved_at=self.portal.now(),
            about=about or {},
        )


async def _is_there(element: ElementHandle | None) -> bool:
    """Tell whether an element is still of its page."""
    with suppress(PlaywrightError):
        return element is not None and bool(await element.evaluate("e => e.isConnected"))
    return False


def _size(option: str) -> float:
    """Return how many rows an option of a table's length shows; -1 and "All" are all of them."""
    return float(option) if option.isdecimal() else float("inf")
