"""Fetches what is missing, and permitted, of one account after the other, and files it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from harvester import retries
from harvester.custody import consent
from harvester.custody.authorization import Scope
from harvester.custody.consent import Permission
from harvester.errors import ActionNeeded, BadData, Failure, State
from harvester.extract.rows import Rows
from harvester.filing import Filing, Store
from harvester.model import Artifact, Bill, Finding, Kind, Window
from harvester.platforms import Platform
from harvester.store.audit import masked
from harvester.task import Outcome, Report, Task

TRIES = 2
"""How often one thing is fetched in a session."""
AGAIN = frozenset({State.PORTAL_DOWN, State.RATE_LIMITED})
DOCUMENT_AGAIN = AGAIN | {State.NOT_YET_AVAILABLE, State.NOT_A_PDF}

UNDER_WAY = 0.01
"""Seconds within which a request has left; filing would hold it up, as it holds the wire up."""
HOURS = {Kind.INTERVAL, Kind.GRAPH}
"""What hours come home as."""
_LACKING = {"no-bills", "fewer-bills", "bill-missing", "unreadable-row"}
"""Rules that say that the billing history is not all that it should be."""

T = TypeVar("T")


class Errand:
    """What one run does with the accounts of its sign-in, over all of its sessions."""

    def __init__(self, task: Task, store: Store, run: int, report: Report) -> None:
        self.task = task
        self.run = run
        self.outcome = Outcome()
        self.gained = 0
        """Documents and days that came home."""
        self._done: set[str] = set()
        """Accounts of which all was asked for: no later session of the run asks again."""
        self._said: tuple[list[str], list[str]] = [], []
        """What of them could not be had, and what was not asked for."""
        self._home = store.home
        self._catalog = store.catalog
        self._trail = store.trail
        self._files = Filing(store, task.profile)
        self._report = report
        self._asking: tuple[str, Scope] | None = None
        """Of which account what is being asked for, so that its permission is asked too."""
        self._told = datetime.min.replace(tzinfo=UTC)

    def tick(self) -> datetime:
        """Tell the time, never the same twice: it says in which order things came home."""
        self._told = max(self.task.now(), self._told + timedelta(microseconds=1))
        return self._told

    def permission(self) -> Permission:
        """Return what the account holder permits now.

        Raises ActionNeeded where it is nothing, or no longer what is being asked for.
        """
        task = self.task
        now = consent.permission(self._home, task.member.name, task.profile.id, task.now())
        if self._asking:
            now.demand(*self._asking)
        return now

    def note(self, event: str, **facts: str | int) -> None:
        """Write to the trail."""
        self._trail.append(event, self.task.now(), run=self.run, **facts)

    def begin(self) -> None:
        """Begin a session: what an earlier one left undone is done anew."""
        self.outcome.failed[:], self.outcome.unasked[:] = self._said

    def seen(self, numbers: Collection[str]) -> None:
        """Find accounts of the sign-in that it no longer shows."""
        task, message = self.task, "The sign-in no longer shows it; what came home of it stays."
        for entry in self._catalog.shown(task.profile.id, task.member.name):
            gone = Finding(entry.number, "account-gone", "account", message)
            found = [] if entry.number in numbers else [(gone, task.now())]
            with self._catalog.transaction(entry.id):
                self._catalog.replace_findings(entry.id, "accounts", found, lasting=True)

    async def account(self, platform: Platform, number: str) -> None:
        """Fetch one account, once a run; that it is not to be had stops no other."""
        if number not in self._done:
            await self._account(platform, number)
            self._done.add(number)
            self._said = [*self.outcome.failed], [*self.outcome.unasked]

    async def _account(self, platform: Platform, number: str) -> None:
        self._asking = None
        permission = self.permission()
        scopes = permission.admits(number)
        self._withhold(number, [scope for scope in Scope if scope not in scopes])
        if not scopes:
            return
        try:
            await self.patiently(lambda: platform.select(number))
        except ActionNeeded as failure:
            if failure.state is not State.ACCOUNT_NOT_VISIBLE:
                raise
            self._fail(number, failure)
            return
        account = self._catalog.account_id(self.task.profile.id, self.task.member.name, number)
        if Scope.ACCOUNT in scopes:
            self._asking = number, Scope.ACCOUNT
            self._file(account, await platform.account(number))
        await self._history(platform, account, number, permission)
        offers = platform.offers
        noted = Scope.NOTES in scopes and Kind.NOTES in offers
        metered = Scope.INTERVALS in scopes and bool(HOURS & {*offers})
        if noted or metered:
            self._asking = number, Scope.INTERVALS if metered else Scope.NOTES
            await self.patiently(lambda: platform.open_usage(number))
        if noted:
            self._asking = number, Scope.NOTES
            try:
                self._file(account, await platform.notes(number))
            except BadData as failure:
                self._fail(number, failure)
        if metered:
            self._asking = number, Scope.INTERVALS
            since = permission.history_from(number, Scope.INTERVALS)
            window = Window(max(self.task.window.start, since), self.task.window.end)
            await self.patiently(lambda: self._usage(platform, account, number, window))

    def _withhold(self, number: str, scopes: Collection[Scope]) -> None:
        """Say what nobody has authorized."""
        for scope in scopes:
            self.note("scope.withheld", account=masked(number), scope=scope)
        if scopes:
            said = f"{masked(number)}: not authorized, so not asked for: {', '.join(scopes)}"
            self.outcome.unasked.append(said)

    async def _history(
        self, platform: Platform, account: int, number: str, permission: Permission
    ) -> None:
        """Fetch the list of bills and the ledger, which prove each other, then the documents."""
        scopes, offers = permission.admits(number), platform.offers
        billed = Scope.BILLS in scopes and Kind.BILL_LIST in offers
        if billed:
            self._asking = number, Scope.BILLS
            self._file(account, await self.patiently(lambda: platform.bill_list(number)))
        if Scope.PAYMENTS in scopes and Kind.LEDGER in offers:
            self._asking = number, Scope.PAYMENTS
            since = permission.history_from(number, Scope.PAYMENTS)
            self._file(account, await self.patiently(lambda: platform.ledger(number, since)))
        if not billed:
            return
        for finding in self._catalog.findings(account):
            if finding.rule in _LACKING:
                self._fail(number, BadData(State.NO_DATA, finding.message))
        self._asking = number, Scope.BILLS
        since = permission.history_from(number, Scope.BILLS)
        missing = self._catalog.missing_pdfs(account)
        bills = [bill for bill in missing if bill.billing_date >= since]
        async with platform.expecting(bills):
            for done, bill in enumerate(bills):
                self._say(number, "bills", done, len(bills))
                await self._bill(platform, account, bill)
        self._say(number, "bills", len(bills), len(bills))

    async def _bill(self, platform: Platform, account: int, bill: Bill) -> None:
        """Fetch one document; one that is not it stays missing, and the next run asks again."""
        try:
            await self.patiently(lambda: self._document(platform, account, bill), DOCUMENT_AGAIN)
        except BadData as failure:
            if failure.state is State.NOT_YET_AVAILABLE:
                self._catalog.bill_pdf(account, bill, failure.state, None)
            self._fail(bill.account, failure, f"bill of {bill.billing_date}")
        else:
            self.outcome.pdfs += 1
            self.gained += 1

    async def _document(self, platform: Platform, account: int, bill: Bill) -> None:
        rows = self._file(account, await platform.bill_pdf(bill))
        if rows.document is not State.OK:
            raise BadData(rows.document or State.UNREADABLE, rows.findings[0].message)

    async def _usage(self, platform: Platform, account: int, number: str, window: Window) -> None:
        task = self.task
        days, hours = (
            self._catalog.gaps(account, stream, window, task.today, task.now())
            if stream is Kind.INTERVAL or stream in platform.offers
            else []
            for stream in (Kind.DAILY, Kind.INTERVAL)
        )
        left = {Kind.DAILY: set(days), Kind.INTERVAL: set(hours)}
        wanted = len(days) + len(hours)
        async with aclosing(_one_ahead(platform.usage(days, hours))) as answers:
            async for artifact in answers:
                if isinstance(artifact, BadData):
                    self._fail(number, artifact)
                    continue
                rows = self._file(account, artifact)
                left[Kind.DAILY if artifact.kind is Kind.DAILY else Kind.INTERVAL] -= set(
                    rows.covered
                )
                self.gained += len(rows.covered)
                self._say(
                    number,
                    "days of totals and hours",
                    wanted - sum(map(len, left.values())),
                    wanted,
                )
        self.outcome.days += len(set(hours) - left[Kind.INTERVAL])
        for stream, unanswered in left.items():
            if unanswered:
                nothing = BadData(
                    State.NO_DATA,
                    f"The portal answered nothing for {len(unanswered)} days of {stream}"
                    f" ({min(unanswered)} to {max(unanswered)}); the next run asks again.",
                )
                self._fail(number, nothing)

    def _file(self, account: int, artifact: Artifact) -> Rows:
        filed = self._files.take(account, artifact, self.run)
        self.outcome.artifacts += 1
        self.outcome.change += filed.change
        self.note(
            "artifact.archived",
            account=masked(artifact.account),
            kind=artifact.kind,
            sha=filed.sha,
            bytes=len(artifact.content),
        )
        if filed.failure:
            self._fail(artifact.account, filed.failure)
        return filed.rows

    def _fail(self, number: str, failure: Failure, what: str = "") -> None:
        said = f"{masked(number)} {what}: {failure}" if what else f"{masked(number)}: {failure}"
        self.outcome.failed.append(said)
        self.note("item.failed", account=masked(number), state=failure.state)

    async def patiently(
        self, fetch: Callable[[], Awaitable[T]], states: Collection[State] = AGAIN
    ) -> T:
        """Fetch one thing, and once more in the same session where that may help."""
        async for attempt in retries.attempts(
            lambda failure: failure.state in states, self.task.now, tries=TRIES, longest=5
        ):
            with attempt:
                return await fetch()
        raise AssertionError  # the last attempt raises

    def _say(self, number: str, what: str, done: int, total: int) -> None:
        self._report(f"{self.task.member.name} {masked(number)}", what, done, total)


async def _one_ahead(source: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """Yield what comes, each while the next one has been asked for already."""

    async def ask() -> T | None:
        return await anext(source, None)

    coming = asyncio.create_task(ask())
    try:
        while (one := await coming) is not None:
            coming = asyncio.create_task(ask())
            await asyncio.wait({coming}, timeout=UNDER_WAY)
            yield one
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
