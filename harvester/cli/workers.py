"""Commands of many machines: put harvests into a queue, do them, and tell what was given up."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import logging
import signal
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from harvester import members, profile
from harvester.cli.common import logging_to_stderr, settings_of, table
from harvester.cli.common import tell as print_wide
from harvester.errors import MEANINGS, Failure, Misconfigured, State
from harvester.night.plan import last_night
from harvester.profile import Profile
from harvester.settings import Settings
from harvester.store.runs import Run

if TYPE_CHECKING:
    from harvester.queue.jobs import Letter, Order, Work
    from harvester.task import Task

BACKFILL_MONTHS = 24


class Told(NamedTuple):
    """What the queue tells of itself; only why, where it cannot be asked."""

    open: int | None
    doing: int | None
    dead: list[Letter]
    message: str


def enqueue(options: argparse.Namespace) -> int:
    """Put harvests into the queue."""
    settings = settings_of(options)
    _installed()
    from harvester.queue.jobs import Work, depth, put
    from harvester.queue.server import open_queue

    work = Work.NOW if options.now else Work.BACKFILL if options.backfill else Work.NIGHT
    orders = _due(settings, options.members, work)

    async def within() -> tuple[int, tuple[int, int]]:
        async with open_queue(settings.queue) as queue:
            return await put(queue, orders, settings.queue_limit), await depth(queue)

    added, (is_open, doing) = asyncio.run(within())
    if options.json:
        there = len(orders) - added
        print(json.dumps({"added": added, "there": there, "open": is_open, "doing": doing}))
        return 0
    others = f"; {len(orders) - added} were there already" if added < len(orders) else ""
    print(f"{added} harvests added{others}. Open: {is_open}, of them under way: {doing}.")
    return 0


def _due(settings: Settings, names: Sequence[str], work: Work) -> list[Order]:
    """Return the harvests to be asked for, one for each sign-in, of each utility in turn.

    Workers that all are at one portal would wait for each other's turns there.
    """
    from harvester.queue.jobs import Order

    chosen = [members.load(settings, name) for name in names] or members.every(settings)
    if not chosen:
        raise Misconfigured(
            State.UNKNOWN_MEMBER,
            f"Nobody is to be harvested in {settings.home} yet; `harvester member add` adds one.",
        )
    profiles = {name: profile.load(name, settings.profile_folders)
                for name in {member.profile for member in chosen}}  # fmt: skip
    now, turns = datetime.now(UTC), Counter[str]()
    found = []
    for member in chosen:
        order = Order(member.name, work, night(work, profiles[member.profile], now))
        found.append((turns[member.profile], order))
        turns[member.profile] += 1
    return [order for _, order in sorted(found)]


def night(work: Work, found: Profile, at: datetime) -> str:
    """Return what a harvest is called that was asked for then: by its night, as schedules count.

    Somebody who waits has one for each minute.
    """
    if work == "now":
        return f"{at.astimezone(found.zone):%Y-%m-%dT%H:%M}"
    return f"{last_night(found, at).day}"


def work(options: argparse.Namespace) -> int:
    """Do what is in the queue until a signal asks to stop."""
    settings = settings_of(options)
    _installed()
    logging_to_stderr(verbose=options.verbose)
    for noisy in ("procrastinate", "psycopg.pool"):  # we tell ourselves when the server is away
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    asyncio.run(_work(settings, options.side_by_side))
    return 0


async def _work(settings: Settings, side_by_side: int) -> None:
    from harvester.browser import open_browser
    from harvester.cli.custody import vault_of
    from harvester.cli.harvests import task_of
    from harvester.filing import Store
    from harvester.queue.jobs import Work
    from harvester.queue.server import open_queue
    from harvester.queue.worker import Worker
    from harvester.run import harvest
    from harvester.store import upkeep

    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    store = Store(settings.home)
    vault = vault_of(settings, store)

    def task(order: Order) -> Task:
        member = members.load(settings, order.member)
        if order.work is Work.BACKFILL:
            return task_of(settings, vault, member, "backfill", BACKFILL_MONTHS)
        return task_of(settings, vault, member, "run", None)

    async with open_queue(settings.queue, side_by_side + 3) as queue:
        upkeep.tidy(store.home, store.archive, store.catalog, store.trail, datetime.now(UTC))
        worker = Worker(
            queue,
            side_by_side,
            task,
            lambda task, browser: harvest(task, store, browser, lambda *_: None),
            lambda order, task: brought_home(order, task, store.catalog.last_runs()),
            stop,
        )
        await worker.work(lambda: open_browser(executable=settings.browser))


def brought_home(order: Order, task: Task, runs: Sequence[Run]) -> bool:
    """Tell whether a member's newest run is one that did what a job asks for, to its end."""
    return any(
        run.member == order.member
        and run.profile == task.profile.id
        and run.kind == task.kind
        and run.state in {State.OK, State.OK_PARTIAL}
        and night(order.work, task.profile, run.started_at) >= order.night
        for run in runs
    )


def told(settings: Settings) -> Told:
    """Ask the queue what is open and what was given up."""
    try:
        _installed()
        from harvester.queue.jobs import depth, given_up
        from harvester.queue.server import open_queue

        async def within() -> Told:
            async with open_queue(settings.queue) as queue:
                return Told(*await depth(queue), await given_up(queue), "")

        return asyncio.run(within())
    except Failure as failure:
        return Told(None, None, [], f"{failure}")


def tell(queue: Told) -> None:
    """Say what is open, and who waits for whom to act."""
    if queue.message:
        print(queue.message)
        return
    print(f"Queue: {queue.open} open harvests, of them under way: {queue.doing}.")
    if not queue.dead:
        return
    shown = table("Given up", "Night", "Tries", "State", "To act", right={"Tries"})
    for one in queue.dead:
        state = one.state or "broken off"
        actor = MEANINGS[one.state].actor if one.state else "maintainer"
        shown.add_row(f"{one.member} ({one.work})", one.night, f"{one.tries}", state, actor)
    print_wide(shown)
    print("When that is mended: harvester enqueue --now MEMBER")


def _installed() -> None:
    """Raise Misconfigured where what the queue needs was not installed."""
    if not all(map(importlib.util.find_spec, ("procrastinate", "psycopg", "psycopg_pool"))):
        raise Misconfigured(
            State.QUEUE_UNUSABLE,
            "The queue needs Procrastinate and psycopg, which are not installed:"
            " `pip install 'harvester[workers]'` brings them.",
        )
