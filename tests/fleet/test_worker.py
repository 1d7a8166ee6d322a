"""Workers do each job once, whatever becomes of them, of a member or of the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from postgres import Server
from procrastinate.exceptions import ConnectorException
from pydantic import SecretStr
from queues import NOW, limited, night, silence, taken, told

from harvester.cli.workers import brought_home
from harvester.cli.workers import night as named
from harvester.errors import State
from harvester.members import Member
from harvester.model import Window
from harvester.queue.jobs import (
    Order,
    Work,
    depth,
    given_up,
    put,
    take_over,
)
from harvester.queue.server import Queue
from harvester.queue.worker import Worker
from harvester.store.runs import Run
from harvester.task import Outcome, Task


class Crowd:
    """Harvests without a browser, of which each takes some turns and is written down."""

    def __init__(self) -> None:
        self.profile = limited(1000)
        self.ended: list[str] = []
        self.under_way: set[str] = set()

    def task(self, order: Order) -> Task:
        member = Member(name=order.member, profile="caec", user=order.member)
        nothing = SimpleNamespace()
        today = NOW.date()
        return Task(member, self.profile, nothing, Window(today, today), today)  # type: ignore[arg-type]

    async def harvest(self, task: Task, _browser: object) -> Outcome:
        name = task.member.name
        assert name not in self.under_way
        self.under_way.add(name)
        try:
            async with task.turns(task.profile, lambda: 0) as turn:
                for _ in range(5):
                    await turn()
                    await asyncio.sleep(0.02)
        finally:
            self.under_way.discard(name)
        self.ended.append(name)
        return Outcome()

    def worker(self, queue: Queue, stop: asyncio.Event) -> Worker:
        return Worker(queue, 4, self.task, self.harvest, lambda *_: False, stop)


@asynccontextmanager
async def no_browser() -> AsyncIterator[Any]:
    yield SimpleNamespace(is_connected=lambda: True)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so; the clock of a test ends what never is."""
    async with asyncio.timeout(60):
        while not await true():  # noqa: ASYNC110 - of another program
            await asyncio.sleep(0.02)


async def open_jobs(queue: Queue, most: int = 0) -> None:
    async def true() -> bool:
        return (await depth(queue))[0] <= most

    await until(true)


async def ended(crowd: Crowd, least: int) -> None:
    async def true() -> bool:
        return len(crowd.ended) >= least

    await until(true)


def test_a_server_that_is_restarted_in_the_middle_costs_and_doubles_nothing(
    fresh: SecretStr, postgres_server: Server
) -> None:
    crowd, names = Crowd(), [f"house-{n}" for n in range(60)]

    async def story(queue: Queue) -> None:
        await put(queue, night(*names), 100)
        stop = asyncio.Event()
        working = asyncio.create_task(crowd.worker(queue, stop).work(no_browser))
        await ended(crowd, 10)
        await asyncio.to_thread(postgres_server.stop)
        await asyncio.sleep(1)
        await asyncio.to_thread(postgres_server.start)
        await open_jobs(queue)
        stop.set()
        await working
        assert await given_up(queue) == []

    told(fresh, story)
    assert sorted(crowd.ended) == sorted(names)


def test_a_worker_that_is_stopped_ends_what_it_began_and_takes_nothing_more(
    fresh: SecretStr,
) -> None:
    crowd = Crowd()

    async def story(queue: Queue) -> None:
        await put(queue, night(*(f"house-{n}" for n in range(30))), 100)
        stop = asyncio.Event()
        working = asyncio.create_task(crowd.worker(queue, stop).work(no_browser))
        await ended(crowd, 1)
        stop.set()
        await working
        is_open, doing = await depth(queue)
        assert (is_open, doing) == (30 - len(crowd.ended), 0)
        assert 0 < len(crowd.ended) < 30

    told(fresh, story)


def test_one_members_trouble_ends_no_others_harvest(fresh: SecretStr) -> None:
    crowd = Crowd()

    harvest = crowd.harvest

    async def spoiled(task: Task, browser: object) -> Outcome:
        if task.member.name == "ash":
            raise KeyError("trouble")
        if task.member.name == "oak":
            return Outcome(State.ACCOUNT_LOCKED)
        return await harvest(task, browser)

    crowd.harvest = spoiled  # type: ignore[method-assign]

    async def story(queue: Queue) -> None:
        await put(queue, night("ash", "oak", "elm"), 100)
        stop = asyncio.Event()
        working = asyncio.create_task(crowd.worker(queue, stop).work(no_browser))
        await open_jobs(queue, most=1)
        stop.set()
        await working
        assert crowd.ended == ["elm"]
        (letter,) = await given_up(queue)
        assert (letter.member, letter.state) == ("oak", State.ACCOUNT_LOCKED)
        assert await depth(queue) == (1, 0)  # ash is tried again

    told(fresh, story)


@pytest.mark.parametrize(
    ("state", "began", "kind", "expected"),
    [
        (State.OK, "2026-11-25T07:00+00:00", "run", True),
        (State.OK_PARTIAL, "2026-11-25T07:00+00:00", "run", True),
        (State.OK, "2026-11-25T06:59+00:00", "run", False),  # before that night began, in Chicago
        (State.OK, "2026-11-25T07:00+00:00", "backfill", False),
        (State.PORTAL_DOWN, "2026-11-25T07:00+00:00", "run", False),
        (None, "2026-11-25T07:00+00:00", "run", False),
    ],
)
def test_what_came_home_is_told_by_the_newest_run(
    state: State | None, began: str, kind: str, *, expected: bool
) -> None:
    at = datetime.fromisoformat(began)
    runs = [
        Run(1, "caec", "oak", "run", at, at, State.OK, {}),
        Run(2, "caec", "ash", kind, at, at, state, {}),
    ]
    (order,) = night("ash")
    assert brought_home(order, Crowd().task(order), runs) is expected


def test_what_came_home_before_its_worker_was_lost_is_not_harvested_again(fresh: SecretStr) -> None:
    crowd = Crowd()

    async def story(queue: Queue) -> None:
        await put(queue, night("ash"), 10)
        lost = await queue.jobs.register_worker()
        assert await taken(queue, lost)
        await silence(queue, lost)
        await take_over(queue)
        stop = asyncio.Event()
        worker = Worker(queue, 1, crowd.task, crowd.harvest, lambda *_: True, stop)
        working = asyncio.create_task(worker.work(no_browser))
        await open_jobs(queue)
        stop.set()
        await working
        assert (crowd.ended, await given_up(queue)) == ([], [])

    told(fresh, story)


def test_what_was_given_just_before_the_server_went_away_is_given_back(fresh: SecretStr) -> None:
    crowd = Crowd()

    async def story(queue: Queue) -> None:
        await put(queue, night("ash"), 10)
        stop = asyncio.Event()
        worker = crowd.worker(queue, stop)
        fetch, lost = queue.jobs.fetch_job, []

        async def lose(*how: Any) -> Any:
            job = await fetch(*how)
            if job and not lost:
                lost.append(job)
                raise ConnectorException
            return job

        queue.jobs.fetch_job = lose  # type: ignore[method-assign]
        working = asyncio.create_task(worker.work(no_browser))
        await open_jobs(queue)
        stop.set()
        await working
        assert (len(lost), crowd.ended) == (1, ["ash"])

    told(fresh, story)


def test_a_window_that_passes_over_midnight_is_one_night() -> None:
    found = limited(100)
    pace = found.pace.model_copy(update={"run_window": "22:30-05:00"})
    found = found.model_copy(update={"pace": pace})
    told_at = ("2026-11-25T05:00+00:00", "2026-11-25T07:00+00:00", "2026-11-26T04:29+00:00",
               "2026-11-26T04:30+00:00")  # fmt: skip
    nights = [named(Work.NIGHT, found, datetime.fromisoformat(at)) for at in told_at]
    assert nights == ["2026-11-24", "2026-11-24", "2026-11-24", "2026-11-25"]
