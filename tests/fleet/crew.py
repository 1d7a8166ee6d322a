"""A home of many members, workers that come and go, and what is wrong when all is done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from conftest import run_async
from portals import DAYS, PASSWORD, Town, user_of
from postgres import Server, server
from pydantic import SecretStr
from rich.table import Table

from harvester import members
from harvester.custody import consent
from harvester.custody.authorization import Scope, own
from harvester.filing import Store
from harvester.members import Member
from harvester.queue import jobs
from harvester.queue.server import open_queue
from harvester.settings import Settings
from harvester.store.home import write_private

WINDOW = 10.0
LOOK = 0.5
"""Seconds between two looks at what other programs do."""
AWAY = 2.0
"""Seconds for which a server that is restarted is not there."""
BESIDE = 2
"""Members that a worker has side by side, so that two cores are enough for three workers."""
PROFILE = """platform = "oscp"
name = "Sample Cooperative {portal}"
time_zone = "America/Chicago"
base = "/oscp"
origins = ["http://127.0.0.1:{port}"]

[pace]
pause_ms = 0
session_minutes = 0
sign_ins_a_day = 10
requests_in_10_seconds = {limit}
"""


@dataclass
class Figures:
    """What came of one run of a fleet."""

    members: int
    workers: int
    seconds: float = 0.0
    kills: int = 0
    restarts: int = 0
    sign_ins: int = 0
    requests: int = 0
    busiest: int = 0
    """Most requests to one portal in ten seconds."""
    limit: int = 0
    wrong: list[str] = field(default_factory=list)

    def table(self) -> Table:
        """Return all of it for a person."""
        made = Table("what", "figure", box=None, pad_edge=False)
        rows = {
            "members": self.members,
            "workers": self.workers,
            "seconds": f"{self.seconds:.0f}",
            "workers killed": self.kills,
            "restarts of PostgreSQL": self.restarts,
            "sessions at the portals": self.sign_ins,
            "requests to the portals": self.requests,
            f"most to one of them in ten seconds (allowed {self.limit})": self.busiest,
            "lost, doubled, at once or wrong": len(self.wrong),
        }
        for what, figure in rows.items():
            made.add_row(what, f"{figure}")
        for sentence in self.wrong:
            made.add_row("WRONG", sentence)
        return made


class Crew:
    """A home, its portals and its queue; workers come and go."""

    def __init__(self, server: Server, folder: Path, portals: int, each: int, limit: int) -> None:
        self.server = server
        self.settings = Settings(home=folder / "home", queue=SecretStr(server.dsn))
        self._file = folder / "seen.json"
        self._each = each
        self._limit = limit
        self._portals = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("portals.py"), f"{portals}", f"{each}",
             self._file],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._ports: list[int] = json.loads(self._portals.stdout.readline())  # type: ignore[union-attr]
        self.workers: list[subprocess.Popen[bytes]] = []
        self._log = (folder / "workers.log").open("ab")

    def settle_in(self) -> None:
        """Make the home with all of its members and their permissions."""
        home = self.settings.home
        Store(home)
        secret = home / "everybody"
        write_private(secret, PASSWORD.encode())
        (home / "profiles").mkdir(mode=0o700)
        began = datetime.now(UTC) - timedelta(days=1)
        for portal, port in enumerate(self._ports):
            told = PROFILE.format(portal=portal, port=port, limit=self._limit)
            (home / "profiles" / f"coop-{portal}.toml").write_text(told, encoding="utf-8")
            for n in range(self._each):
                user = user_of(portal, n)
                profile = f"coop-{portal}"
                member = Member(name=user, profile=profile, user=user, password_file=secret)
                members.add(self.settings, member)
                only = {
                    "scopes": (Scope.INTERVALS,),
                    "history_from": began.date() - timedelta(DAYS),
                }
                consent.grant(home, own(user, profile, "a co-op", began, **only))

    def command(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command of the program."""
        home = self.settings.home
        return subprocess.Popen(
            [Path(sys.executable).with_name("harvester"), *words, "--home", home],
            stdout=self._log, stderr=self._log,
            env={**os.environ, "HARVESTER_QUEUE": self.server.dsn},
        )  # fmt: skip

    def enqueue(self, *words: str) -> None:
        """Ask for the harvests of a night."""
        assert self.command("enqueue", *words).wait() == 0

    def hire(self, side_by_side: int = BESIDE) -> None:
        """Start a worker."""
        how = ("--side-by-side", f"{side_by_side}", "--verbose")
        self.workers.append(self.command("worker", *how))

    def kill(self, which: int) -> None:
        """End a worker like a power cut, and start another in its place."""
        worker = self.workers.pop(which)
        worker.kill()
        worker.wait()
        self.hire()

    def dismiss(self) -> None:
        """Ask all workers to stop, and wait for their jobs."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            # One that had not begun yet knows of no other end.
            assert worker.wait() in {0, -signal.SIGTERM}
        self.workers.clear()

    def until_begun(self, workers: int) -> None:
        """Wait until so many workers have begun."""
        end = time.monotonic() + 60
        while run_async(self.begun()) < workers:
            assert time.monotonic() < end, "the workers do not begin"
            time.sleep(LOOK)

    def until_done(self, seconds: float, at: Callable[[float], None] = lambda _: None) -> float:
        """Wait until no job is open, telling `at` how long it has been; return the seconds."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            at(passed)
            if not run_async(self._open()):
                return time.monotonic() - began
            time.sleep(LOOK)
        message = f"{run_async(self._open())} jobs are open after {seconds:.0f} seconds"
        raise AssertionError(message)

    async def _open(self) -> int:
        async with open_queue(self.settings.queue, 1) as queue:
            return (await jobs.depth(queue))[0]

    async def begun(self) -> int:
        """Return how many workers ever began; one that begins without its server only says so."""
        async with open_queue(self.settings.queue, 1) as queue, queue.pool.connection() as asked:
            found = await asked.execute("SELECT count(*) FROM procrastinate_workers")
            (count,) = await found.fetchone() or (0,)
            return int(count)

    def close(self) -> list[dict[str, Any]]:
        """End everything, and return what each portal saw."""
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self._portals.communicate()
        self._log.close()
        seen: list[dict[str, Any]] = json.loads(self._file.read_text(encoding="utf-8"))
        return seen

    def abandon(self) -> None:
        """End what is left where something went wrong."""
        for process in (*self.workers, self._portals):
            process.kill()
            process.wait()

    def judge(self, figures: Figures, seen: list[dict[str, Any]]) -> None:
        """Compare the home, the queue and the portals' own counts with what must be."""
        figures.limit = self._limit
        figures.requests = sum(len(one["requests"]) for one in seen)
        figures.sign_ins = sum(len(one["sessions"]) for one in seen)
        figures.busiest = max(busiest(one["requests"]) for one in seen)
        if figures.busiest > self._limit:
            figures.wrong.append(f"{figures.busiest} requests in ten seconds")
        for one in seen:
            figures.wrong += overlaps(one["sessions"].values())
        figures.wrong += self._harvests() + self._hours()
        figures.wrong += run_async(self._letters())

    def _names(self) -> list[str]:
        return [user_of(p, n) for p in range(len(self._ports)) for n in range(self._each)]

    def _harvests(self) -> list[str]:
        """Say who was not harvested exactly once; the trail is whole or this raises."""
        trail = Store(self.settings.home).trail
        trail.verify()
        ended = Counter(
            entry.facts["member"]
            for entry in trail.entries()
            if entry.event == "run.finished" and entry.facts["state"] in {"OK", "OK_PARTIAL"}
        )
        return [f"{name} harvested {ended[name]} times" for name in self._names()
                if ended[name] != 1]  # fmt: skip

    def _hours(self) -> list[str]:
        """Say whose hours of whole days are not the truth."""
        wrong = []
        store = Store(self.settings.home)
        held = {entry.member: entry for entry in store.catalog.accounts()}
        for portal in range(len(self._ports)):
            town = Town(portal, self._each)
            for sign_in in town.sign_ins:
                entry = held.get(sign_in.user)
                found = list(store.catalog.readings(entry.id)) if entry else []
                (account,) = sign_in.accounts
                true = {
                    hour.start: hour.wh
                    for day in town.days(account.number, town.opened(account.number), town.today)
                    for hour in day.hours
                    if day.day < town.today
                }
                if not true or {r.start: r.wh for r in found if r.direction == 1} != true:
                    wrong.append(f"the hours of {sign_in.user} are not the truth")
        return wrong

    async def _letters(self) -> list[str]:
        async with open_queue(self.settings.queue, 1) as queue:
            return [f"given up: {letter}" for letter in await jobs.given_up(queue)]


def busiest(moments: list[float]) -> int:
    """Return the most moments within ten seconds."""
    most = first = 0
    moments = sorted(moments)
    for last, moment in enumerate(moments):
        while moments[first] <= moment - WINDOW:
            first += 1
        most = max(most, last - first + 1)
    return most


def overlaps(sessions: Any) -> list[str]:
    """Say whose session began before another one of theirs had its last request."""
    spans = sorted((user, first, last) for user, first, last in sessions)
    return [
        f"two sessions of {user} at once, for {last - first:.2f} seconds"
        for (user, _, last), (other, first, _) in pairwise(spans)
        if user == other and first < last
    ]


@contextmanager
def crew(portals: int, each: int, limit: int) -> Iterator[Crew]:
    """Give a crew without workers, of a server of its own."""
    with server() as found, tempfile.TemporaryDirectory() as name:
        made = Crew(found, Path(name), portals, each, limit)
        try:
            made.settle_in()
            yield made
        finally:
            made.abandon()


def disturbed(
    portals: int,
    each: int,
    *,
    workers: int,
    limit: int,
    kill_every: float,
    kills: int,
    restart_at: float,
    seconds: float,
) -> Figures:
    """Harvest everybody once while workers are killed and PostgreSQL is restarted."""
    figures = Figures(portals * each, workers)
    with crew(portals, each, limit) as made:
        made.enqueue()
        for _ in range(workers):
            made.hire()

        def at(passed: float) -> None:
            if run_async(made.begun()) < workers + figures.kills:
                return
            if figures.kills < kills and passed > kill_every * (figures.kills + 1):
                made.kill(0)
                figures.kills += 1
            elif not figures.restarts and passed > restart_at:
                made.server.stop()
                time.sleep(AWAY)
                made.server.start()
                figures.restarts += 1

        figures.seconds = made.until_done(seconds, at)
        made.dismiss()
        made.judge(figures, made.close())
    return figures
