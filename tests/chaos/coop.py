"""A simulated co-op for processes of their own: served day by day, and what a home must know."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from harvester.cli.harvests import months_back
from harvester.filing import Store
from harvester.model import Kind, Quality, Window
from harvester.sandbox.app import COUNTS, portal, serve
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.counts import Counts
from harvester.sandbox.nouns import Bill
from harvester.sandbox.switches import Switches
from harvester.sandbox.world import World
from harvester.store.catalog import Entry

NOON = datetime(2026, 6, 15, 17, tzinfo=UTC)
"""When the first day of a co-op is taken to be; it is noon there."""
DAY = timedelta(days=1)
MARK = "CHAOS_MARK"
"""Of the environment of a process that is to be ended with all that it started."""
GONE_SECONDS = 15.0
PROFILE = """platform = "oscp"
name = "Sample Electric Cooperative"
time_zone = "America/Chicago"
base = "/oscp"
origins = ["http://127.0.0.1:{port}"]

[pace]
click_ms = {click_ms}
pause_ms = 0
runs_a_day = 1000
"""


class Coop:
    """A portal on a thread of this process, and the command line in processes of their own.

    `user` is the one member.  The clock of every command stands at NOON of the co-op's day when the
    co-op opens, and goes on from there.
    """

    def __init__(
        self, user: str, months: int, click_ms: int = 130, faults: Sequence[str] = ()
    ) -> None:
        self.user = user
        self.months = months
        self.day = 0
        """How many days have passed."""
        self.sign_ins: list[int] = []
        """How many there were on each day."""
        self.hold = ""
        """What of a path makes the portal wait with its answer until `go_on` is set."""
        self.waiting, self.go_on = threading.Event(), threading.Event()
        self._click_ms = click_ms
        self._switches = Switches.parse(faults)
        self._keep = tempfile.TemporaryDirectory()
        self._made: Path | None = None
        """A home with the one member, of which others are copies."""
        self._off = NOON - datetime.now(UTC)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        self._serve()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._keep.cleanup()

    def _serve(self) -> None:
        self.world = World(today=NOON.date() + self.day * DAY)
        app = portal(self.world, base="/oscp", switches=self._switches)
        app.middlewares.append(self._gate)  # type: ignore[arg-type]
        serving = asyncio.run_coroutine_threadsafe(serve(app), self._loop)
        self._runner, self.port = serving.result()
        self.counts: Counts = app[COUNTS]

    @web.middleware
    async def _gate(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if self.hold and self.hold in request.path:
            self.waiting.set()
            await asyncio.to_thread(self.go_on.wait)
        return await handler(request)

    def _close(self) -> None:
        self.sign_ins.append(self.counts.sign_ins.total())
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()

    def next_day(self, home: Path) -> None:
        """Let a day pass, at the portal as well as for every command."""
        self._close()
        self.day += 1
        self._serve()
        self._describe(home)

    def _describe(self, home: Path) -> None:
        told = PROFILE.format(port=self.port, click_ms=self._click_ms)
        (home / "profiles").mkdir(mode=0o700, exist_ok=True)
        (home / "profiles" / "coop.toml").write_text(told, encoding="utf-8")

    def make_home(self, home: Path, password: str = "") -> None:
        """Make a home with the one member, and with the right password if none is given."""
        if not self._made:
            made = Path(self._keep.name) / "home"
            made.mkdir(mode=0o700)
            self._describe(made)
            account = ("--profile", "coop", "--user", self.user)
            added = self.start(made, "member", "add", "house", *account)
            told, _ = added.communicate(password or self.world.sign_in(self.user).password)
            assert added.returncode == 0, told
            permitted = self.start(made, "authorize", "add", "house", "--own")
            told, _ = permitted.communicate()
            assert permitted.returncode == 0, told
            self._made = made
        shutil.copytree(self._made, home)
        self._describe(home)

    def start(
        self,
        home: Path,
        *command: str,
        off: timedelta = timedelta(),
        within: Sequence[object] = (),
    ) -> Process:
        """Start a command, its clock `off` from the co-op's, by what is put before it."""
        clock = f"{(self._off + self.day * (DAY + timedelta(minutes=1)) + off).total_seconds()}"
        mark = f"{os.getpid()}-{time.monotonic_ns()}"
        return Process(
            [*within, sys.executable, Path(__file__).with_name("elsewhen.py"), clock, *command,
             "--home", home],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, MARK: mark}, mark=mark,
        )  # fmt: skip

    def backfill(self, home: Path, *more: str, **how: Any) -> Process:
        """Start a backfill; `--json` makes it tell its outcome as a document."""
        return self.start(home, "backfill", "--months", f"{self.months}", *more, **how)

    def accounts(self) -> list[str]:
        """Return the numbers of the member's accounts."""
        return [account.number for account in self.world.sign_in(self.user).accounts]

    @property
    def window(self) -> Window:
        """The days that a backfill of today brings home."""
        return Window(months_back(self.world.today, self.months), self.world.today)


class Process(subprocess.Popen[str]):
    """A command that can be killed like by a power cut of its own, and what it started."""

    def __init__(self, *arguments: object, mark: str, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[call-overload]
        self.mark = mark

    def kill_and_see(self) -> float:
        """Kill it alone, and return after how many seconds nothing that it started was left."""
        self.kill()
        began = time.monotonic()
        self.communicate()
        while left := list(marked(self.mark)):
            for pid in left:
                with suppress(ProcessLookupError):
                    handle = os.pidfd_open(pid)
                    waiting = select.poll()
                    waiting.register(handle, select.POLLIN)
                    ended = waiting.poll(GONE_SECONDS * 1000)
                    os.close(handle)
                    assert ended, f"process {pid} outlives the one that was killed"
        return time.monotonic() - began


def marked(mark: str) -> Iterator[int]:
    """Yield the processes that live and have this mark."""
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


@cache
def document_sha(bill: Bill) -> str:
    """Return the hash of a bill's PDF, which is the same on every day after it."""
    return hashlib.sha256(render(World(today=date(2027, 6, 30)), bill)).hexdigest()


@dataclass
class Audit:
    """What is wrong with a home after a whole run, a sentence each; nothing if it is empty."""

    coop: Coop
    home: Path
    wrong: list[str] = field(default_factory=list)

    def everything(self) -> list[str]:
        """Compare all that the home knows with the truth."""
        store = Store(self.home)
        with store.catalog:
            held = {entry.number: entry for entry in store.catalog.accounts()}
            if set(held) != set(self.coop.accounts()):
                return [f"the accounts are {sorted(held)}"]
            for entry in held.values():
                self._hours(store, entry)
                self._bills(store, entry)
                self._ledger(store, entry)
            self._archive(store)
            self._trail(store)
        return self.wrong

    def _hours(self, store: Store, entry: Entry) -> None:
        account = self.coop.world.account(entry.number)
        window = self.coop.window
        found = {
            (r.local_day, r.direction, r.start): (r.wh, r.meter, r.quality is Quality.ESTIMATED)
            for r in store.catalog.readings(entry.id)
        }
        opened, end = self.coop.world.opened(entry.number), window.end
        true = {}
        for day in self.coop.world.days(entry.number, opened, end - DAY):
            for hour in day.hours:
                told = (day.meter, hour.quality == "estimated")
                true[day.day, 1, hour.start] = (hour.wh, *told)
                if account.has_received:
                    true[day.day, 19, hour.start] = (hour.received_wh, *told)
        kept = {key: value for key, value in found.items() if key[1] == 1 or account.has_received}
        self._equal(f"hours of …{entry.number[-3:]}", kept, {
            key: value for key, value in true.items() if key in kept or window.start <= key[0]
        })  # fmt: skip

    def _bills(self, store: Store, entry: Entry) -> None:
        bills = self.coop.world.bills(entry.number)
        true = {
            (b.billing_date, b.kind, b.total): (b.due_date, b.read_date, b.kwh, document_sha(b))
            for b in bills
        }
        found = {
            (d.bill.billing_date, d.bill.kind, d.bill.amount): (
                d.bill.due_date, d.bill.read_date, d.bill.net_kwh, d.sha,
            )
            for d in store.catalog.documents(entry.id)
        }  # fmt: skip
        for bill in bills[24:]:  # no longer listed: its document may never have been had
            key = bill.billing_date, bill.kind, bill.total
            if found.get(key, ("",))[-1] == "":
                found.pop(key, None)
                del true[key]
        self._equal(f"bills of …{entry.number[-3:]}", found, true)

    def _ledger(self, store: Store, entry: Entry) -> None:
        true = {
            row.id: (row.day, row.kind, row.description, row.amount, row.balance)
            for row in self.coop.world.ledger(entry.number)
        }
        found = {
            row.id: (row.day, row.kind, row.description, row.amount, row.balance)
            for row in store.catalog.payments(entry.id)
        }
        self._equal(f"the ledger of …{entry.number[-3:]}", found, true)

    def _equal(self, what: str, found: dict[object, object], true: dict[object, object]) -> None:
        odd = [key for key in found.keys() | true.keys() if found.get(key) != true.get(key)]
        if odd:
            one = odd[0]
            self.wrong.append(
                f"{len(odd)} of {what} are not the truth, such as {one}:"
                f" {found.get(one)} for {true.get(one)}"
            )

    def _archive(self, store: Store) -> None:
        named = {
            filed.sha
            for entry in store.catalog.accounts()
            for filed in store.catalog.artifacts(entry.id)
        }
        there = [path for path in (self.home / "archive").rglob("*") if path.is_file()]
        self.wrong += [f"{path.name} is no whole file" for path in self.home.rglob("*.part")]
        for path in there:
            sha = hashlib.sha256(path.read_bytes()).hexdigest()
            if path.stem != sha or sha not in named:
                self.wrong.append(f"the archive has {path.name}, which nothing names")
            named.discard(sha)
        self.wrong += [f"the archive lacks {sha}" for sha in named]

    def _trail(self, store: Store) -> None:
        entries = list(store.trail.entries())
        finished = sum(entry.event == "run.finished" for entry in entries)
        if not finished:
            self.wrong.append("the trail knows of no run that came to an end")
        known = {f"{kind}" for kind in Kind} - {Kind.GREEN_BUTTON, Kind.GRAPH}  # not of its feeds
        if not {entry.facts.get("kind") for entry in entries} >= known:
            self.wrong.append("the trail does not know of every kind of artifact")


def outcome(told: str) -> str:
    """Return the state of the one run that a backfill told of."""
    answer = json.loads(told)
    outcomes = answer.get("outcomes")
    return str(outcomes[0]["state"] if outcomes else answer["state"])
