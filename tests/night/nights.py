"""Nights of a simulated co-op: the real schedule and real runs, by a clock that is driven."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from aiohttp import web
from conftest import apart
from entrusted import settings_of
from permitted import permit

import harvester.run
from harvester import members
from harvester.browser import open_browser
from harvester.cli.simulated import Known
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Direction, Window
from harvester.night.schedule import Schedule
from harvester.profile import Profile
from harvester.sandbox.app import COUNTS, portal, serve
from harvester.sandbox.switches import Switches
from harvester.sandbox.world import ZONE as NAME
from harvester.sandbox.world import World
from harvester.task import Task

Test = TypeVar("Test", bound=Callable[..., None])
DAY = timedelta(days=1)
ZONE = ZoneInfo(NAME)
PROFILE = """platform = "oscp"
name = "Sample Electric Cooperative"
time_zone = "America/Chicago"
base = "/oscp"
origins = ["https://onlinebilling.caec.com", "https://caec.coop"]

[pace]
pause_ms = 0
click_ms = 0
{more}
"""


def in_a_thread(test: Test) -> Test:
    """Hold a test in a thread, whose loop and whose database are its own."""

    @wraps(test)
    def held(*arguments: Any, **named: Any) -> None:
        apart(partial(test, *arguments, **named))

    return held  # type: ignore[return-value]


@asynccontextmanager
async def one_browser() -> AsyncIterator[None]:
    """Use one browser for all runs meanwhile: a launch for each would double their time."""
    before = harvester.run.open_browser
    async with open_browser() as browser:

        @asynccontextmanager
        async def the_same(**_: Any) -> AsyncIterator[Any]:
            yield browser

        harvester.run.open_browser = the_same
        try:
            yield
        finally:
            harvester.run.open_browser = before


class SignedOut(Known):
    """Credentials of a member whose session is never kept: every run signs in."""

    def session(self, _max_age: timedelta) -> dict[str, Any] | None:
        return None


@dataclass
class Coop:
    """A member, a portal that lives in simulated days, and the nights between two moments.

    `faults` names the portal's faults at a moment, `off` tells whether the machine is switched off.
    """

    home: Path
    user: str
    now: datetime
    faults: Callable[[datetime], str] = lambda _: ""
    off: Callable[[datetime], bool] = lambda _: False
    more: str = ""
    """Further lines of the profile."""
    sign_ins: list[datetime] = field(default_factory=list)
    requests: int = 0
    rounds: int = 0

    def __post_init__(self) -> None:
        (self.home / "profiles").mkdir(parents=True, mode=0o700)
        (self.home / "profiles" / "coop.toml").write_text(PROFILE.format(more=self.more))
        permit(self.home, "house", "coop")
        self.settings = settings_of(self.home)
        self.store = Store(self.home)
        self.join("house", "coop")
        self.schedule = Schedule(self.settings, self.store, self._task, lambda: self.now)
        self._runner: web.AppRunner | None = None
        self._shown: tuple[date, str] | None = None
        self._port = 0

    def join(self, name: str, profile: str) -> None:
        """Add another member."""
        members.add(self.settings, Member(name=name, profile=profile, user=self.user))

    @property
    def world(self) -> World:
        """What there is on the simulated day."""
        return World(today=self.now.astimezone(ZONE).date())

    def _task(self, member: Member, found: Profile, window: Window, today: date) -> Task:
        made = Task(member, found, SignedOut(f"{self.user}-Pa55"), window, today)
        return replace(made, sandbox=self._port, now=lambda: self.now)

    def pass_time(self, until: datetime) -> None:
        """Let time pass on a loop of its own, with one browser."""

        async def nights() -> None:
            async with one_browser():
                await self.go(until)

        asyncio.run(nights())

    async def go(self, until: datetime) -> None:
        """Let time pass from one moment at which somebody is due to the next."""
        while self.now < until:
            if self.off(self.now):
                self.now += timedelta(minutes=10)
                continue
            await self._serve()
            coming = await self.schedule.once()
            self.rounds += 1
            self.now = max(self.now + timedelta(minutes=1), min(coming, self.now + DAY / 24))
        await self._close()

    async def _serve(self) -> None:
        shown = self.now.astimezone(ZONE).date(), self.faults(self.now)
        if shown == self._shown:
            return
        await self._close()
        switches = Switches.parse(shown[1].split())
        app = portal(self.world, base="/oscp", switches=switches, now=self._seconds)
        self._app, self._shown = app, shown
        self._runner, self._port = await serve(app)

    def _seconds(self) -> float:
        return self.now.timestamp()

    async def _close(self) -> None:
        if self._runner:
            counts = self._app[COUNTS]
            self.sign_ins += [self.now] * counts.sign_ins.total()
            self.requests += counts.total
            assert not counts.dangerous
            await self._runner.cleanup()
            self._runner = self._shown = None

    def wrong(self, first: date, last: date) -> list[str]:
        """Compare the delivered hours of local days with the truth of the last simulated day."""
        wrong: list[str] = []
        held = {entry.number: entry.id for entry in self.store.catalog.accounts()}
        for account in self.world.sign_in(self.user).accounts:
            true = {
                hour.start: hour.wh
                for day in self.world.days(account.number, first, last)
                for hour in day.hours
            }
            found = {
                r.start: r.wh
                for r in self.store.catalog.readings(held[account.number])
                if r.direction is Direction.DELIVERED and first <= r.local_day <= last
            }
            wrong += [
                f"{at:%Y-%m-%d %H:%M}: {found.get(at, 'nothing')} for {true.get(at, 'nothing')}"
                for at in sorted(true.keys() | found.keys())
                if found.get(at, "nothing") != true.get(at, "nothing")
            ]
        return wrong

    def most_sign_ins(self) -> int:
        """Return the most sign-ins within any 24 hours, by what the home wrote before each."""
        since = datetime(2000, 1, 1, tzinfo=UTC)
        sent = self.store.catalog.sign_ins_since("coop", "house", since)
        return max((sum(at - DAY < one <= at for one in sent) for at in sent), default=0)


def nights_of(days: Collection[date]) -> Callable[[datetime], bool]:
    """Tell whether a moment is on one of these local days."""
    return lambda at: at.astimezone(ZONE).date() in days
