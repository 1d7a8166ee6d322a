"""Conducts a harvest: asks the store what is missing, fetches it and says how it went."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import structlog
from playwright.async_api import Browser
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from harvester import holds, pace, stops
from harvester.browser import open_browser, open_context
from harvester.errors import ActionNeeded, BadData, Failure, State, Transient
from harvester.extract.rows import Rows
from harvester.filing import Filing, Store
from harvester.members import Member
from harvester.model import Artifact, Bill, Kind, Window
from harvester.platforms import fit
from harvester.platforms.oscp import Oscp
from harvester.portal import Portal
from harvester.profile import Profile
from harvester.store.audit import masked
from harvester.store.usage import Change
from harvester.wire import Wire

SESSIONS = 3
"""How often a run begins a new session when the portal fails or ends one."""
TRIES = 2
"""How often one thing is fetched in a session."""
SIDE_BY_SIDE = 4
"""How many sign-ins are harvested at the same time."""
PATIENCE = timedelta(minutes=2)
"""The longest pause that a portal may ask for and still be waited for by the same run."""
SIGN_IN = "sign-in"
"""The kind of a run by which a person tries whether a sign-in works; it fetches nothing."""
CODE_POLL = 0.5
"""Seconds between two looks for a code that is handed in."""

_LACKING = {"no-bills", "fewer-bills", "bill-missing"}
"""Rules that say that the billing history is not all that it should be."""

log = structlog.get_logger()
T = TypeVar("T")
Wait = Callable[[RetryCallState], float]

Report = Callable[[str, str, int, int], None]
"""Hears whose (member and last three digits), what, how many are done, and of how many."""


class Credentials(Protocol):
    """What a harvest needs of whoever keeps the member's secrets."""

    def password(self) -> str:
        """Return the password, raise ActionNeeded where it is not to be sent."""

    def reject(self, password: str) -> None:
        """Remember that the portal refused it."""

    def code(self, since: datetime) -> str | None:
        """Return a code for a portal that asked for one then, None while there is none."""


@dataclass(frozen=True)
class Task:
    """One harvest of one sign-in; `today` is the portal's local day."""

    member: Member
    profile: Profile
    credentials: Credentials = field(repr=False)
    window: Window
    today: date
    kind: str = "run"
    sandbox: int | None = None
    """The loopback port of an embedded portal that answers the profile's origins."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass
class Outcome:
    """How a harvest went."""

    state: State = State.OK
    message: str = ""
    accounts: int = 0
    artifacts: int = 0
    pdfs: int = 0
    days: int = 0
    change: Change = field(default_factory=lambda: Change(0, 0))
    requests: int = 0
    sign_ins: int = 0
    failed: list[str] = field(default_factory=list)
    """What could not be had, a sentence each; the next run asks again."""

    def facts(self) -> dict[str, int]:
        """Return the counts."""
        return {
            "accounts": self.accounts,
            "artifacts": self.artifacts,
            "pdfs": self.pdfs,
            "days": self.days,
            "added": self.change.added,
            "revised": self.change.revised,
            "requests": self.requests,
            "sign_ins": self.sign_ins,
            "gaps": len(self.failed),
        }


async def harvest_all(
    tasks: Sequence[Task],
    store: Store,
    report: Report,
    *,
    executable: Path | None = None,
    headed: bool = False,
) -> list[Outcome]:
    """Harvest sign-ins side by side with one browser; an outcome for each, in their order."""
    turns = asyncio.Semaphore(SIDE_BY_SIDE)
    async with open_browser(executable=executable, headed=headed) as browser:

        async def one(task: Task) -> Outcome:
            async with turns:
                return await harvest(task, store, browser, report)

        return await asyncio.gather(*map(one, tasks))


async def harvest(task: Task, store: Store, browser: Browser, report: Report) -> Outcome:
    """Bring home what is missing of one sign-in; failures end in the outcome, not in an exception.

    A new session follows a failure that is nobody's to act on, within the profile's sign-ins a day.
    """
    name, profile = task.member.name, task.profile.id
    run = store.catalog.begin_run(profile, name, task.kind, task.now())
    store.trail.append(
        "run.started",
        task.now(),
        profile=profile,
        member=name,
        run=run,
        kind=task.kind,
        start=f"{task.window.start}",
        end=f"{task.window.end}",
    )
    harvest = _Harvest(task, store, run, report)
    outcome = harvest.outcome
    try:
        with _alone(store.home, name):
            harvest.admit()
            async for attempt in AsyncRetrying(
                retry=retry_if_exception(harvest.worth_another),
                stop=stop_after_attempt(SESSIONS),
                wait=harvest.pause(wait_random_exponential(multiplier=1, max=10)),
                reraise=True,
            ):
                with attempt:
                    await harvest.session(browser)
        outcome.state = State.OK_PARTIAL if outcome.failed else State.OK
    except Failure as failure:
        outcome.state, outcome.message = failure.state, str(failure)
        holds.keep(store.home, name, profile, failure, task.now())
    store.catalog.finish_run(run, outcome.state, task.now(), outcome.facts())
    told: dict[str, str | int] = {"profile": profile, "member": name, "run": run}
    told |= {"state": outcome.state, **outcome.facts()}
    store.trail.append("run.finished", task.now(), **told)
    log.info("harvest.finished", **told)
    return outcome


class _Harvest:
    """The state of one run over its sessions."""

    def __init__(self, task: Task, store: Store, run: int, report: Report) -> None:
        self.task = task
        self.run = run
        self.outcome = Outcome()
        self._home = store.home
        self._catalog = store.catalog
        self._trail = store.trail
        self._files = Filing(store, task.profile)
        self._report = report
        self._gained = 0
        """Documents and days that came home, and how many of them before the last session."""
        self._gained_before = -1
        self._told = datetime.min.replace(tzinfo=UTC)

    def _tick(self) -> datetime:
        """Tell the time, never the same twice: it says in which order things came home."""
        self._told = max(self.task.now(), self._told + timedelta(microseconds=1))
        return self._told

    def worth_another(self, failure: BaseException) -> bool:
        """Tell whether another session is worth it: one that brought nothing was the last."""
        return (
            isinstance(failure, Transient)
            and self._gained > self._gained_before
            and self._soon(failure)
        )

    def _soon(self, failure: Failure) -> bool:
        return failure.not_before is None or failure.not_before - self.task.now() <= PATIENCE

    def pause(self, backoff: Wait) -> Wait:
        """Return the seconds before another try: the pause that the portal asks for, or more."""

        def seconds(state: RetryCallState) -> float:
            failure = state.outcome.exception() if state.outcome else None
            until = failure.not_before if isinstance(failure, Failure) else None
            asked = (until - self.task.now()).total_seconds() if until else 0
            return max(backoff(state), asked)

        return seconds

    def admit(self) -> None:
        """Raise where this harvest may not begin: it is stopped, held, or too often."""
        task, now = self.task, self.task.now()
        self._halt()
        by_hand = task.kind == SIGN_IN
        holds.refuse(self._home, task.member.name, task.profile.id, now, by_hand=by_hand)
        pace.may_run(task.profile, task.member.name, self._catalog, self.run, now)

    def _halt(self) -> None:
        stops.refuse(self._home, self.task.profile.id)

    async def session(self, browser: Browser) -> None:
        """Sign in once and fetch what is missing of every account."""
        task, outcome = self.task, self.outcome
        pace.may_sign_in(task.profile, task.member.name, self._catalog, task.now())
        outcome.failed.clear()
        async with (
            Wire(task.profile.origins, sandbox=task.sandbox) as wire,
            open_context(browser, wire, time_zone=task.profile.time_zone) as context,
        ):
            page = await context.new_page()
            portal = Portal(page, task.profile, wire, self._tick, self._halt)
            try:
                platform = fit(task.profile)(portal)
                await self._sign_in(platform)
                numbers = await self._accounts(platform)
                for number in () if task.kind == SIGN_IN else numbers:
                    await self._account(platform, number)
            finally:
                outcome.requests += wire.requests.total()
                for name in portal.early_drift:
                    self._note("locator.fallback", rule=name)

    async def _sign_in(self, platform: Oscp) -> None:
        task = self.task
        await platform.open_sign_in()
        password = task.credentials.password()
        self._catalog.record_sign_in(self.run, task.now())
        self._note("credentials.sent")
        self._gained_before = self._gained
        self.outcome.sign_ins += 1
        asked = task.now()
        try:
            await platform.sign_in(task.member.user, password)
        except ActionNeeded as failure:
            if failure.state is State.BAD_CREDENTIALS:
                task.credentials.reject(password)
            if failure.state is not State.MFA_REQUIRED:
                raise
            await platform.enter_code(await self._code(asked))
        self._note("credentials.accepted")
        holds.lift(self._home, task.member.name)

    async def _code(self, asked: datetime) -> str:
        """Wait for the code that the portal asks for."""
        task, name = self.task, self.task.member.name
        self._catalog.await_code(self.run)
        self._note("code.awaited")
        deadline = time.monotonic() + task.profile.pace.code_seconds
        self._report(name, "code: hand it in with `harvester code`", 0, 1)
        while time.monotonic() < deadline:
            self._halt()
            if code := task.credentials.code(asked):
                self._note("code.sent")
                return code
            await asyncio.sleep(CODE_POLL)
        raise ActionNeeded(
            State.OTP_TIMEOUT,
            f"No code for {name} was handed in within {task.profile.pace.code_seconds / 60:.0f}"
            f" minutes; when its member is at hand, `harvester sign-in {name}` and then"
            f" `harvester code {name}`.",
        )

    async def _accounts(self, platform: Oscp) -> list[str]:
        numbers = await platform.accounts()
        if not numbers:
            raise ActionNeeded(
                State.NO_ACCOUNTS_FOUND,
                f"{self.task.profile.name} shows no account to {self.task.member.name}; look at"
                f" {platform.portal.where()} in a browser.",
            )
        self.outcome.accounts = len(numbers)
        return numbers

    async def _account(self, platform: Oscp, number: str) -> None:
        """Fetch one account; that it is not to be had does not stop the others."""
        profile, member = self.task.profile, self.task.member
        try:
            await self._patiently(lambda: platform.select(number))
        except ActionNeeded as failure:
            self._fail(number, failure)
            return
        account = self._catalog.account_id(profile.id, member.name, number)
        self._file(account, await platform.account(number))
        listed = self._file(account, await self._patiently(lambda: platform.bill_list(number)))
        self._file(account, await self._patiently(lambda: platform.ledger(number)))
        known = (f for f in self._catalog.findings(account) if f.rule in _LACKING)
        for finding in (*listed.findings, *known):
            self._fail(number, BadData(State.NO_DATA, finding.message))
        bills = self._catalog.missing_pdfs(account)
        for done, bill in enumerate(bills):
            self._say(number, "bills", done, len(bills))
            await self._bill(platform, account, bill)
        self._say(number, "bills", len(bills), len(bills))
        await self._patiently(lambda: platform.open_usage(number))
        try:
            self._file(account, await platform.notes(number))
        except BadData as failure:
            self._fail(number, failure)
        await self._patiently(lambda: self._usage(platform, account, number))

    async def _bill(self, platform: Oscp, account: int, bill: Bill) -> None:
        """Fetch one document; one that is not it stays missing, and the next run asks again."""
        try:
            await self._patiently(
                lambda: self._document(platform, account, bill),
                {
                    State.PORTAL_DOWN,
                    State.RATE_LIMITED,
                    State.NOT_YET_AVAILABLE,
                    State.NOT_A_PDF,
                },
            )
        except BadData as failure:
            if failure.state is State.NOT_YET_AVAILABLE:
                self._catalog.bill_pdf(account, bill, failure.state, None)
            self._fail(bill.account, failure, f"bill of {bill.billing_date}")
        else:
            self.outcome.pdfs += 1
            self._gained += 1

    async def _document(self, platform: Oscp, account: int, bill: Bill) -> None:
        rows = self._file(account, await platform.bill_pdf(bill))
        if rows.document is not State.OK:
            raise BadData(rows.document or State.UNREADABLE, rows.findings[0].message)

    async def _usage(self, platform: Oscp, account: int, number: str) -> None:
        task = self.task
        days, hours = (
            self._catalog.gaps(account, stream, task.window, task.today, task.now())
            for stream in (Kind.DAILY, Kind.INTERVAL)
        )
        left = {Kind.DAILY: set(days), Kind.INTERVAL: set(hours)}
        wanted = len(days) + len(hours)
        async for artifact in platform.usage(days, hours):
            rows = self._file(account, artifact)
            left[artifact.kind] -= set(rows.covered)
            self._gained += len(rows.covered)
            self._say(
                number, "days of totals and hours", wanted - sum(map(len, left.values())), wanted
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
        self._note(
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
        self._note("item.failed", account=masked(number), state=failure.state)

    async def _patiently(
        self,
        fetch: Callable[[], Awaitable[T]],
        states: Collection[State] = (State.PORTAL_DOWN, State.RATE_LIMITED),
    ) -> T:
        """Fetch one thing, and once more in the same session where that may help."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(
                lambda e: isinstance(e, Failure) and e.state in states and self._soon(e)
            ),
            stop=stop_after_attempt(TRIES),
            wait=self.pause(wait_random_exponential(multiplier=0.5, max=5)),
            reraise=True,
        ):
            with attempt:
                return await fetch()
        raise AssertionError  # the last attempt raises

    def _say(self, number: str, what: str, done: int, total: int) -> None:
        self._report(f"{self.task.member.name} {masked(number)}", what, done, total)

    def _note(self, event: str, **facts: str | int) -> None:
        self._trail.append(event, self.task.now(), run=self.run, **facts)


@contextmanager
def _alone(home: Path, member: str) -> Iterator[None]:
    """Hold the member's lock, which a killed run lets go by itself."""
    handle = os.open(home / f".{member}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Transient(
            State.PENDING, f"Another harvest of {member} is under way; it is left to finish."
        ) from None
    try:
        yield
    finally:
        os.close(handle)
