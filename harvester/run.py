"""Conducts a harvest: whether it may be, session by session, and says how it went."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from playwright.async_api import Browser

from harvester import holds, lookback, pace, retries, stops
from harvester.browser import open_browser, open_context
from harvester.custody import consent
from harvester.custody.authorization import SCOPES
from harvester.errand import Errand
from harvester.errors import ActionNeeded, Drift, Failure, State, Transient
from harvester.evidence import Sought, sight
from harvester.filing import Store
from harvester.platforms import PLATFORMS, Platform, fit
from harvester.portal import Portal
from harvester.store import upkeep
from harvester.task import CHECK, SIGN_IN, Outcome, Report, Task

SESSIONS = 3
"""How often a run begins a new session when the portal fails or ends one."""
SIDE_BY_SIDE = 4
"""How many sign-ins are harvested at the same time."""
SETTLE = 5.0
"""Seconds that a page may take to ask for what it shows, before it is looked at."""
CODE_POLL = 0.5
"""Seconds between two looks for a code that is handed in."""

log = structlog.get_logger()


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
    if tasks:
        upkeep.tidy(store.home, store.archive, store.catalog, store.trail, tasks[0].now())
    async with open_browser(executable=executable, headed=headed) as browser:

        async def one(task: Task) -> Outcome:
            async with turns:
                try:
                    return await harvest(task, store, browser, report)
                except Failure as failure:  # not even how it ended could be written down
                    return Outcome(failure.state, f"{failure}")

        return await asyncio.gather(*map(one, tasks))


async def harvest(task: Task, store: Store, browser: Browser, report: Report) -> Outcome:
    """Bring home what is missing of one sign-in; failures end in the outcome, not in an exception.

    A new session follows a failure that is nobody's to act on, within the profile's sign-ins a day.
    """
    name, profile = task.member.name, task.profile.id
    newest = upkeep.newest_moment(store.catalog, store.trail)
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
        upkeep.refuse_behind(newest, task.now())
        under_way = f"Another harvest of {name} is under way; it is left to finish."
        with store.alone(name, under_way) as harvest.still_alone:
            harvest.admit()
            async for attempt in retries.attempts(
                harvest.worth_another, task.now, tries=SESSIONS, longest=10
            ):
                with attempt:
                    await harvest.session(browser)
        outcome.state = State.OK_PARTIAL if outcome.failed else State.OK
        lookback.keep_pages(store.home, profile, harvest.pages, task.now())
        harvest.use_up()
    except Failure as failure:
        outcome.state, outcome.message = failure.state, str(failure)
        outcome.not_before = failure.not_before
        if harvest.admitted:
            holds.keep(store.home, name, profile, failure, task.now())
    store.catalog.finish_run(run, outcome.state, task.now(), outcome.facts())
    told: dict[str, str | int] = {"profile": profile, "member": name, "run": run}
    told |= {"state": outcome.state, **outcome.facts()}
    store.trail.append("run.finished", task.now(), **told)
    log.info("harvest.finished", **told)
    return outcome


class _Harvest:
    """One run over its sessions: what it may do, and how it signs in."""

    def __init__(self, task: Task, store: Store, run: int, report: Report) -> None:
        self.task = task
        self._run = run
        self._home = store.home
        self._catalog = store.catalog
        self._errand = Errand(task, store, run, report)
        self._note = self._errand.note
        self._gained_before = -1
        """How much had come home before the last session; -1 before the first one."""
        self.pages: dict[str, dict[str, Any]] = {}
        """How the pages are built on which all was found, by route."""
        self._entering = False
        """Whether credentials were typed and not accepted yet: no page is looked at then."""
        self.admitted = False
        """Whether it was allowed to begin; what refused it is known already."""
        self.still_alone: Callable[[], None]
        """Raises where the member's lock was lost."""

    @property
    def outcome(self) -> Outcome:
        """How it goes."""
        return self._errand.outcome

    def worth_another(self, failure: Failure) -> bool:
        """Tell whether another session is worth it: one that brought nothing was the last.

        It mends nothing where the files are kept, and sign-ins are few.
        """
        passing = isinstance(failure, Transient) and failure.state is not State.STORE_DOWN
        return passing and self._errand.gained > self._gained_before

    def admit(self) -> None:
        """Raise where this harvest may not begin: it is stopped, held, not allowed or too often."""
        task, now = self.task, self.task.now()
        self._halt()
        by_hand = task.kind == SIGN_IN
        holds.refuse(self._home, task.member.name, task.profile.id, now, by_hand=by_hand)
        allowed = self._errand.permission().runs_a_day
        pace.may_run(task.profile, self._catalog, self._run, now, allowed)
        self.admitted = True

    def use_up(self) -> None:
        """Remember that what was permitted for one harvest has had it."""
        if self.task.kind not in {CHECK, SIGN_IN}:
            permission = self._errand.permission()
            for name in consent.use(self._home, permission, self.task.now()):
                self._note("authorization.used", authorization=name)

    def _halt(self) -> None:
        self.still_alone()
        self.task.halt()
        stops.refuse(self._home, self.task.profile.id)
        self._errand.permission()

    async def session(self, browser: Browser) -> None:
        """Sign in once and fetch what is missing of every account."""
        task, outcome = self.task, self.outcome
        self._errand.begin()
        self._entering = False
        age = timedelta(minutes=task.profile.pace.session_minutes)
        worth = age and self._gained_before < 0 and task.kind != CHECK
        kept = task.credentials.session(age) if worth else None
        async with (
            task.wire(task.profile.origins, sandbox=task.sandbox) as wire,
            task.turns(task.profile, wire.requests.total) as turn,
            open_context(browser, wire, time_zone=task.profile.time_zone, session=kept) as context,
        ):
            page = await context.new_page()
            portal = Portal(page, task.profile, wire, self._errand.tick, self._halt, turn)
            platform, inside = fit(task.profile)(portal), False
            lately = lookback.seen_lately(self._home, task.profile.id, task.now())
            platform.session.seen_lately = lately
            try:
                await platform.ready()
                if not (kept and await platform.session.still_signed_in()):
                    await self._sign_in(platform)
                inside = True
                if task.kind == CHECK:
                    await self._walk(platform)
                    return
                numbers = await self._accounts(platform)
                for number in () if task.kind == SIGN_IN else numbers:
                    if age:
                        task.credentials.keep_session(dict(await context.storage_state()))
                    await self._errand.account(platform, number)
                self.pages |= platform.session.pages
            except Drift as drift:
                evidence = await self._evidence(portal, drift)
                if inside and await platform.session.is_over():
                    raise portal.expired() from None
                self._keep(evidence, drift)
                raise
            finally:
                outcome.requests += wire.requests.total()
                for name in portal.early_drift:
                    self._note("locator.fallback", rule=name)

    async def _sign_in(self, platform: Platform) -> None:
        task = self.task
        pace.may_sign_in(task.profile, task.member.name, self._catalog, task.now())
        password = task.credentials.password()
        await self._open_sign_in(platform)
        self._catalog.record_sign_in(self._run, task.now())
        self._note("credentials.sent")
        self._gained_before = self._errand.gained
        self.outcome.sign_ins += 1
        asked = task.now()
        self._entering = True
        try:
            await platform.session.sign_in(task.member.user, password.reveal())
        except ActionNeeded as failure:
            if failure.state is State.BAD_CREDENTIALS:
                task.credentials.reject(password)
            if failure.state is not State.MFA_REQUIRED:
                raise
            await platform.session.enter_code(await self._code(asked))
        self._entering = False
        self._note("credentials.accepted")
        holds.lift(self._home, task.member.name)

    async def _open_sign_in(self, platform: Platform) -> None:
        """Open the sign-in page, and write down what it looks like whatever comes of it."""
        try:
            await platform.session.open_sign_in()
        finally:
            if self.task.kind == CHECK:
                await self._look(platform, "login")
            if sha := platform.session.fingerprint:
                now, profile = self.task.now(), self.task.profile.id
                new = lookback.keep_fingerprint(self._home, profile, sha, now)
                event = "portal.changed" if new else "portal.seen"
                self._note(event, profile=profile, fingerprint=sha)

    async def _code(self, asked: datetime) -> str:
        """Return the code that the portal asks for: of an authenticator, or handed in."""
        task, name = self.task, self.task.member.name
        if code := task.credentials.code():
            self._note("code.sent")
            return code
        self._catalog.await_code(self._run)
        self._note("code.awaited")
        deadline = time.monotonic() + task.profile.pace.code_seconds
        log.warning("code.awaited", member=name, hand_it_in_with=f"harvester code {name}")
        task.credentials.expect_code()
        while time.monotonic() < deadline:
            self._halt()
            if code := task.credentials.handed_in(asked):
                self._catalog.code_came(self._run)
                self._note("code.sent")
                return code
            await asyncio.sleep(CODE_POLL)
        raise ActionNeeded(
            State.OTP_TIMEOUT,
            f"No code for {name} was handed in within {task.profile.pace.code_seconds / 60:.0f}"
            f" minutes; when its member is at hand, `harvester sign-in {name}` and then"
            f" `harvester code {name}`.",
        )

    async def _walk(self, platform: Platform) -> None:
        """Look for the profile's names on every page that somebody permits to be read.

        A page that is not what the profile says hides no other; the first such Drift is raised.
        """
        first: Drift | None = None
        try:
            numbers = await self._accounts(platform)
            scopes = {number: self._errand.permission().admits(number) for number in numbers}
            number = next((number for number in numbers if scopes[number]), None)
            if number:
                await platform.select(number)
        except Drift as drift:
            first, number = drift, None
            self._keep(await self._evidence(platform.portal, drift), drift)
        await self._look(platform, platform.portal.step())
        for route, page in platform.pages(self.task.profile).items() if number else ():
            if not {SCOPES[kind] for kind in page.kinds} & scopes[number or ""]:
                continue
            try:
                await platform.open(route)
                await platform.portal.settle(SETTLE)
                if page.needs:
                    await platform.portal.find(page.needs)
            except Drift as drift:
                first = first or drift
                self._keep(await self._evidence(platform.portal, drift), drift)
            await self._look(platform, route)
        if first:
            raise first

    async def _look(self, platform: Platform, route: str) -> None:
        page = platform.pages(self.task.profile).get(route, Sought(()))
        self.outcome.looks[route] = (await sight(platform.portal, page.names)).looks

    async def _evidence(self, portal: Portal, drift: Drift) -> dict[str, Any] | None:
        """Return how the page is built that is not what the profile says, if that is to be kept."""
        if self._entering or self.outcome.evidence:
            return None
        step = portal.step()
        pages = PLATFORMS[self.task.profile.platform].pages(self.task.profile)
        seen = await sight(portal, pages.get(step, Sought(())).names)
        return {
            "profile": self.task.profile.id,
            "at": self.task.now().isoformat(),
            "state": drift.state,
            "said": f"{drift}",
            "step": step,
            "broken": drift.broken,
            "tried": {look.name: look.found for look in seen.looks},
            "later_candidates": portal.early_drift,
            "page": seen.page,
        }

    def _keep(self, evidence: dict[str, Any] | None, drift: Drift) -> None:
        if evidence:
            self.outcome.evidence = lookback.keep_evidence(self._home, self._run, evidence)
            self._note("drift.outlined", state=drift.state)

    async def _accounts(self, platform: Platform) -> list[str]:
        numbers = await self._errand.patiently(platform.accounts)
        self.outcome.accounts = len(numbers)
        self._errand.seen(numbers)
        return numbers
