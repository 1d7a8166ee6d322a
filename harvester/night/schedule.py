"""Harvests whoever is due by the plan, from what the home says; it remembers nothing itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import NamedTuple

import structlog

from harvester import holds, members, profile
from harvester.custody import consent
from harvester.custody.authorization import Scope
from harvester.custody.consent import Permission
from harvester.errors import ActionNeeded, Failure
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Window
from harvester.night.plan import DAY, Due, Past, due, last_night
from harvester.profile import Profile
from harvester.run import harvest_all
from harvester.settings import Settings
from harvester.store.runs import Run
from harvester.store.usage import WEEKLY_AGAIN
from harvester.task import Outcome, Task

OLDEST = timedelta(days=730)
"""How far back older days are brought home; a portal shows about two years."""
REST = timedelta(minutes=15)
"""Until whoever could not even begin a run is tried again."""

log = structlog.get_logger()

MakeTask = Callable[[Member, Profile, Window, date], Task]
"""Makes the harvest of a sign-in's window on a local day."""


class Plan(NamedTuple):
    """What comes next, soonest first, and who cannot be planned for, with why."""

    due: list[Due]
    broken: dict[str, Failure]
    profiles: dict[str, Profile]
    """By sign-in."""

    def closed(self, now: datetime) -> date | None:
        """Return the newest night that is over everywhere; None without anybody."""
        over = []
        for found in self.profiles.values():
            night = last_night(found, now)
            over.append(night.day if night.closes <= now else night.day - DAY)
        return min(over, default=None)


class Schedule:
    """The nights of one home; a second one beside it does no harm, as a run has its own lock."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        make: MakeTask,
        now: Callable[[], datetime],
    ) -> None:
        self.now = now
        self._settings = settings
        self._store = store
        self._make = make
        self._resting: dict[str, datetime] = {}

    def plan(self) -> Plan:
        """Return what comes next, by what the home says now."""
        now = self.now()
        named: dict[str, dict[str, Past]] = defaultdict(dict)
        broken: dict[str, Failure] = {}
        profiles = self._profiles(broken)
        runs: dict[tuple[str, str], list[Run]] = defaultdict(list)
        for run in self._store.catalog.runs_since(now - 2 * DAY):
            runs[run.profile, run.member].append(run)
        for name, found in profiles.items():
            pause = holds.paused(self._store.home, found.id)
            allowed = self._permission(name, found, now)
            named[found.id][name] = Past(
                runs[found.id, name],
                self._store.catalog.sign_ins_since(found.id, name, now - DAY),
                allowed.runs_a_day if allowed else None,
                pause.not_before if pause else None,
            )
        by_id = {found.id: found for found in profiles.values()}
        coming = [one for key, pasts in named.items() for one in due(by_id[key], pasts, now)]
        rested = [
            one._replace(at=max(one.at, self._resting.get(one.member, one.at))) for one in coming
        ]
        return Plan(sorted(rested), broken, profiles)

    async def once(self) -> datetime:
        """Harvest everybody who is due, side by side; return when the next one will be."""
        plan = self.plan()
        ready = [one for one in plan.due if one.at <= self.now()]
        if ready:
            await self._harvest(ready, plan.profiles)
            now = self.now()
            began = {one.member for one in ready}
            for one in self.plan().due:
                if one.member in began and one.at <= now:
                    self._resting[one.member] = now + REST
            plan = self.plan()
        return min((one.at for one in plan.due), default=self.now() + DAY)

    async def _harvest(self, ready: list[Due], profiles: Mapping[str, Profile]) -> list[Outcome]:
        tasks = []
        for one in ready:
            found = profiles[one.member]
            today = self.now().astimezone(found.zone).date()
            window = self.window(one.member, found, today)
            log.info("night.run", member=one.member, night=f"{one.night}", start=f"{window.start}")
            member = members.load(self._settings, one.member)
            tasks.append(self._make(member, found, window, today))
        return await harvest_all(
            tasks, self._store, lambda *_: None, executable=self._settings.browser
        )

    def newest_runs(self, plan: Plan) -> list[Run]:
        """Return the newest run of everybody; of who cannot be planned for, one that says why."""
        now = self.now()
        held = [run for run in self._store.catalog.last_runs() if run.member in plan.profiles]
        lost = [
            Run(0, members.load(self._settings, name).profile, name, "run", now, now, one.state, {})
            for name, one in plan.broken.items()
        ]
        return [*held, *lost]

    def window(self, name: str, found: Profile, today: date) -> Window:
        """Return the days of a night's run: the recent ones, and some older ones not at home yet.

        Where all that is permitted is at home, these are the days that may still be revised.
        """
        recent = start = today - WEEKLY_AGAIN * DAY
        allowed = self._permission(name, found, self.now())
        for entry in self._store.catalog.accounts():
            if allowed is None or (entry.profile, entry.member) != (found.id, name):
                continue
            since = max(allowed.history_from(entry.number, Scope.INTERVALS), today - OLDEST)
            older = self._store.catalog.unanswered(entry.id, Window(since, recent))
            start = min([start, *older[: found.night.older_days]])
        return Window(start, today)

    def _profiles(self, broken: dict[str, Failure]) -> dict[str, Profile]:
        load = cache(partial(profile.load, folders=self._settings.profile_folders))
        found = {}
        for member in members.every(self._settings):
            try:
                found[member.name] = load(member.profile)
            except Failure as failure:  # of one sign-in, which keeps nobody else from theirs
                broken[member.name] = failure
        return found

    def _permission(self, name: str, found: Profile, now: datetime) -> Permission | None:
        try:
            return consent.permission(self._store.home, name, found.id, now)
        except ActionNeeded:
            return None  # the run itself says so, and asks nothing
