"""What is asked for once is done once, in its order, by whoever is there to do it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import run_async
from crew import busiest
from postgres import Server, server
from procrastinate.exceptions import ConnectorException
from pydantic import SecretStr

from harvester.cli.workers import brought_home
from harvester.errors import Failure, Misconfigured, State
from harvester.members import Member
from harvester.model import Window
from harvester.profile import load
from harvester.queue.jobs import (
    LOST,
    QUEUE,
    TRIES,
    Claim,
    Next,
    Order,
    Work,
    broken_off,
    depth,
    follows,
    given_up,
    order_of,
    put,
    settle,
    take_over,
)
from harvester.queue.rate import Shared
from harvester.queue.server import Queue, open_queue
from harvester.queue.worker import Worker
from harvester.store.runs import Run
from harvester.task import Outcome, Task

NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
TONIGHT, TOMORROW = "2026-11-25", "2026-11-26"
NAMES = count()


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[Server]:
    with server() as found:
        yield found


@pytest.fixture
def dsn(postgres_server: Server) -> SecretStr:
    return SecretStr(postgres_server.create(f"queue{next(NAMES)}"))


def told(dsn: SecretStr, story: Callable[[Queue], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_queue(dsn) as queue:
            await story(queue)

    run_async(run())


def night(*names: str, of: str = TONIGHT) -> list[Order]:
    return [Order(name, Work.NIGHT, of) for name in names]


async def taken(queue: Queue, worker: int) -> tuple[Order, Claim] | None:
    job = await queue.jobs.fetch_job([QUEUE], worker)
    return (order_of(job), Claim(job.id or 0, worker, job.attempts)) if job else None


def test_a_member_is_asked_for_once_a_night_however_often(dsn: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        assert await put(queue, night("ash", "oak"), 10) == 2
        assert await put(queue, night("ash", "oak", "elm"), 10) == 1
        worker = await queue.jobs.register_worker()
        while found := await taken(queue, worker):
            assert await settle(queue, found[1], State.OK, Next())
        assert await put(queue, night("ash"), 10) == 0
        assert await put(queue, night("ash", of=TOMORROW), 10) == 1
        assert await depth(queue) == (1, 0)

    told(dsn, story)


def test_two_programs_that_ask_at_once_ask_once(dsn: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        names = [f"house-{n}" for n in range(50)]
        added = await asyncio.gather(*(put(queue, night(*names), 1000) for _ in range(4)))
        assert (sum(added), await depth(queue)) == (50, (50, 0))

    told(dsn, story)


def test_who_waits_comes_first_and_what_is_old_last(dsn: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        for member, work in (("a", Work.BACKFILL), ("b", Work.NIGHT), ("c", Work.NOW)):
            await put(queue, [Order(member, work, TONIGHT)], 10)
        worker = await queue.jobs.register_worker()
        found = [await taken(queue, worker) for _ in range(3)]
        assert [one[0].member for one in found if one] == ["c", "b", "a"]

    told(dsn, story)


def test_a_member_is_never_given_to_two_workers_at_once(dsn: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        await put(queue, [Order("ash", work, TONIGHT) for work in Work], 10)
        one, other = [await queue.jobs.register_worker() for _ in range(2)]
        first = await taken(queue, one)
        assert first
        assert await taken(queue, other) is None
        await settle(queue, first[1], State.OK, Next())
        assert await taken(queue, other) is not None

    told(dsn, story)


def test_a_full_queue_takes_all_or_nothing(dsn: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        await put(queue, night("ash", "oak"), 3)
        with pytest.raises(Misconfigured, match="2 harvests are open of the 3") as refused:
            await put(queue, night("ash", "elm", "fir"), 3)
        assert refused.value.exit_code == 19
        assert await depth(queue) == (2, 0)
        assert await put(queue, night("ash", "elm"), 3) == 1
        assert await put(queue, night("ash", "elm"), 3) == 0

    told(dsn, story)


@pytest.mark.parametrize(
    ("state", "tries", "minutes"),
    [
        (State.OK, 0, None),
        (State.OK_PARTIAL, 5, None),
        (State.PORTAL_DOWN, 0, 5),
        (State.MAINTENANCE, 2, 20),
        (State.PENDING, 3, 1),
        (State.PORTAL_DOWN, TRIES - 1, "dead"),
        (State.BAD_CREDENTIALS, 0, "dead"),
        (State.AUTHORIZATION_EXPIRED, 0, "dead"),
        (State.PORTAL_CHANGED, 0, "dead"),
        (State.STOPPED, 0, "dead"),
    ],
)
def test_what_follows_an_attempt_is_told_by_its_state(
    state: State, tries: int, minutes: int | str | None
) -> None:
    then = follows(state, tries, NOW, None)
    assert then.dead is (minutes == "dead")
    if isinstance(minutes, int):
        assert then.again
        assert 1 <= (then.again - NOW) / timedelta(minutes=minutes) <= 1.2
    else:
        assert then.again is None


def test_nothing_is_tried_again_before_its_portal_allows() -> None:
    opens = NOW + timedelta(hours=9)
    assert follows(State.RATE_LIMITED, 0, NOW, opens) == Next(again=opens)


def test_an_attempt_that_was_taken_over_writes_nothing(dsn: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        await put(queue, night("ash"), 10)
        one, other = [await queue.jobs.register_worker() for _ in range(2)]
        first = await taken(queue, one)
        assert first
        assert await take_over(queue) == 0  # it has just shown a sign of life
        await silence(queue, one)
        assert await take_over(queue) == 1
        second = await taken(queue, other)
        assert second
        assert second[1].tries == 1
        assert not await settle(queue, first[1], State.OK, Next())
        assert await depth(queue) == (1, 1)
        assert await settle(queue, second[1], State.OK, Next())

    told(dsn, story)


async def silence(queue: Queue, worker: int) -> None:
    """Let a worker's last sign of life be long ago."""
    async with queue.pool.connection() as connection:
        await connection.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"
            " WHERE id = %s",
            [worker],
        )


def test_what_ends_its_workers_again_and_again_is_given_up(dsn: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        await put(queue, night("ash"), 10)
        for _ in range(LOST):
            worker = await queue.jobs.register_worker()
            async with queue.pool.connection() as connection:  # the pause is over
                await connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
            assert await taken(queue, worker)
            await silence(queue, worker)
            assert await take_over(queue) == 1
        (letter,) = await given_up(queue)
        assert (letter.member, letter.state, letter.tries) == ("ash", None, LOST)

    told(dsn, story)


def test_a_dead_letter_is_shown_until_its_member_is_harvested(dsn: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        await put(queue, night("ash", "oak"), 10)
        worker = await queue.jobs.register_worker()
        for state in (State.BAD_CREDENTIALS, State.OK):
            found = await taken(queue, worker)
            assert found
            await settle(queue, found[1], state, follows(state, 0, NOW, None))
        (letter,) = await given_up(queue)
        assert letter[:4] == ("ash", Work.NIGHT, TONIGHT, State.BAD_CREDENTIALS)
        await put(queue, [Order("ash", Work.NOW, "2026-11-25T09:30")], 10)
        found = await taken(queue, worker)
        assert found
        assert len(await given_up(queue)) == 1
        await settle(queue, found[1], State.OK, Next())
        assert await given_up(queue) == []

    told(dsn, story)


async def claimed(queue: Queue, name: str) -> Claim:
    await put(queue, night(name), 100)
    found = await taken(queue, await queue.jobs.register_worker())
    assert found
    return found[1]


def limited(limit: int) -> Any:
    found = load("caec")
    limits = {"requests_in_10_seconds": limit}
    return found.model_copy(update={"pace": found.pace.model_copy(update=limits)})


def test_all_sessions_together_keep_to_the_requests_of_any_ten_seconds(dsn: SecretStr) -> None:
    chance, moments = random.Random(5), []  # noqa: S311 - pages, not secrets

    async def session(queue: Queue, name: str, until: float) -> None:
        made = 0
        async with Shared(queue, await claimed(queue, name))(limited(60), lambda: made) as turn:
            while time.monotonic() < until:
                await turn()
                for _ in range(chance.randint(1, 8)):
                    made += 1
                    moments.append(time.monotonic())

    async def run() -> None:
        async with open_queue(dsn) as one, open_queue(dsn) as other:
            until = time.monotonic() + 13
            both = enumerate((one, other, one, other))
            await asyncio.gather(*(session(queue, f"house-{n}", until) for n, queue in both))

    run_async(run())
    assert 40 < busiest(moments) <= 60
    assert len(moments) > 80


def test_another_portal_has_turns_of_its_own_and_a_session_that_ended_leaves_no_debt(
    dsn: SecretStr,
) -> None:
    async def story(queue: Queue) -> None:
        began = time.monotonic()
        claim = await claimed(queue, "ash")
        for profile in (limited(8), limited(8).model_copy(update={"origins": ("http://b",)})):
            async with Shared(queue, claim)(profile, lambda: 0) as turn:
                await turn()
            async with Shared(queue, claim)(profile, lambda: 0) as turn:
                await turn()
        assert time.monotonic() - began < 5

    told(dsn, story)


def test_a_session_whose_job_was_taken_over_asks_nothing_more(dsn: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        claim = await claimed(queue, "ash")
        async with Shared(queue, claim)(limited(50), lambda: 0) as turn:
            await turn()
            await settle(queue, claim, None, broken_off(0))
            with pytest.raises(Failure, match="given to another worker") as refused:
                await turn()
            assert refused.value.state is State.PENDING

    told(dsn, story)


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
    dsn: SecretStr, postgres_server: Server
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

    told(dsn, story)
    assert sorted(crowd.ended) == sorted(names)


def test_a_worker_that_is_stopped_ends_what_it_began_and_takes_nothing_more(
    dsn: SecretStr,
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

    told(dsn, story)


def test_one_members_trouble_ends_no_others_harvest(dsn: SecretStr) -> None:
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

    told(dsn, story)


@pytest.mark.parametrize(
    ("state", "began", "kind", "expected"),
    [
        (State.OK, "2026-11-25T06:00+00:00", "run", True),
        (State.OK_PARTIAL, "2026-11-25T06:00+00:00", "run", True),
        (State.OK, "2026-11-25T05:59+00:00", "run", False),  # the evening before, in Chicago
        (State.OK, "2026-11-25T06:00+00:00", "backfill", False),
        (State.PORTAL_DOWN, "2026-11-25T06:00+00:00", "run", False),
        (None, "2026-11-25T06:00+00:00", "run", False),
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


def test_what_came_home_before_its_worker_was_lost_is_not_harvested_again(dsn: SecretStr) -> None:
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

    told(dsn, story)


def test_what_was_given_just_before_the_server_went_away_is_given_back(dsn: SecretStr) -> None:
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

    told(dsn, story)
