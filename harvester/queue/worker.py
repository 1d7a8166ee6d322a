"""Does the jobs of the queue with one Chromium, some side by side, until it is told to stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog
from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError
from procrastinate.jobs import Job

from harvester.errors import Failure, State
from harvester.queue import jobs
from harvester.queue.jobs import QUEUE, STALLED, Claim, Next, Order
from harvester.queue.rate import Shared
from harvester.queue.server import AWAY, Queue, unusable
from harvester.task import Outcome, Task, Turns

POLL = 0.5
"""Seconds between two looks for a job."""
BEAT = STALLED / 5
"""Seconds between two signs of life."""

Harvest = Callable[[Task, Browser], Awaitable[Outcome]]
log = structlog.get_logger()


@dataclass
class Worker:
    """One program that takes jobs; several may share a queue, on any machines."""

    queue: Queue
    side_by_side: int
    task: Callable[[Order], Task]
    """Makes the task of an order; raises Failure where there is no such member."""
    harvest: Harvest
    done: Callable[[Order, Task], bool]
    """Tells whether an earlier attempt brought home all of it before its worker was lost."""
    stop: asyncio.Event
    """Set from outside: no further job is taken, those under way are brought to their end."""
    _id: int = 0
    _running: dict[asyncio.Task[None], int] = field(default_factory=dict)
    """The jobs under way."""
    _lost_sight: bool = False
    """Whether we may have a job that we know nothing of: given, or ended, as the server left."""

    async def work(self, browsers: Callable[[], AbstractAsyncContextManager[Browser]]) -> None:
        """Take jobs until stopped; a browser that ends is replaced once its jobs have ended."""
        try:
            await jobs.forget_old(self.queue)
            self._id = await self.queue.jobs.register_worker()
        except AWAY:
            raise unusable("its server has just gone away") from None
        log.info("worker.started", worker=self._id, side_by_side=self.side_by_side)
        beside = [asyncio.create_task(part()) for part in (self._beat, self._look_after)]
        try:
            while not self.stop.is_set():
                async with browsers() as browser:
                    await self._serve(browser)
        finally:
            for part in beside:
                part.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            with suppress(*AWAY):
                await self.queue.jobs.unregister_worker(self._id)
        log.info("worker.stopped", worker=self._id)

    async def _serve(self, browser: Browser) -> None:
        slots = asyncio.Semaphore(self.side_by_side)

        def over(task: asyncio.Task[None]) -> None:
            del self._running[task]
            self._lost_sight |= not task.cancelled() and task.exception() is not None
            slots.release()

        while not self.stop.is_set() and browser.is_connected():
            await slots.acquire()
            job = None if self.stop.is_set() else await self._take()
            if job is None:
                slots.release()
                await self._rest(POLL)
                continue
            task = asyncio.create_task(self._attempt(job, browser))
            self._running[task] = job.id or 0
            task.add_done_callback(over)
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _take(self) -> Job | None:
        """Return a job that is due, if there is one and the server is there."""
        try:
            if self._lost_sight:
                await self._give_back()
                self._lost_sight = False
            return await self.queue.jobs.fetch_job([QUEUE], self._id)
        except (*AWAY, Failure) as away:
            self._lost_sight = True
            log.info("queue.away", error=type(away).__name__)
            return None

    async def _give_back(self) -> None:
        """Give back the jobs that are ours and of which we know nothing."""
        mine = await self.queue.jobs.list_jobs_async(
            queue=QUEUE, status="doing", worker_id=self._id
        )
        for job in mine:
            if job.id not in self._running.values():
                await self._settle(job, None, jobs.broken_off(job.attempts))

    async def _attempt(self, job: Job, browser: Browser) -> None:
        order = jobs.order_of(job)
        began = time.monotonic()
        not_before = None
        broken = False
        try:
            task = self.task(order)
            if job.attempts and self.done(order, task):
                state: State | None = State.OK
            else:
                turns: Turns = Shared(self.queue, self._claim(job))
                outcome = await self.harvest(replace(task, turns=turns), browser)
                state, not_before = outcome.state, outcome.not_before
        except Failure as failure:
            state, not_before = failure.state, failure.not_before
        except PlaywrightError:  # the browser has ended, and with it all that it was at
            state, broken = None, True
        except Exception as error:  # noqa: BLE001 - one member's trouble stops no other's harvest
            log.warning("job.broke", member=order.member, error=type(error).__name__)
            state = None
        now = datetime.now(UTC)
        then = jobs.follows(state, job.attempts, now, not_before)
        if broken or state is State.QUEUE_UNUSABLE:
            then = jobs.broken_off(job.attempts)
        kept = await self._settle(job, state, then)
        seconds = round(time.monotonic() - began, 1)
        log.info("job.ended", **order._asdict(), state=state, kept=kept, seconds=seconds)

    def _claim(self, job: Job) -> Claim:
        return Claim(job.id or 0, self._id, job.attempts)

    async def _settle(self, job: Job, state: State | None, then: Next) -> bool:
        return await jobs.settle(self.queue, self._claim(job), state, then)

    async def _beat(self) -> None:
        """Give signs of life, also while the last jobs are brought to their end."""
        while True:
            await asyncio.sleep(BEAT)
            with suppress(*AWAY):
                await self.queue.jobs.update_heartbeat(self._id)

    async def _look_after(self) -> None:
        """Take over what dead workers left.

        Only after the server has been there for a while: when it comes back, nobody could give it
        a sign of life for as long as it was away.
        """
        there_since = time.monotonic()
        while True:
            await asyncio.sleep(BEAT)
            try:
                if time.monotonic() - there_since < STALLED:
                    await self.queue.jobs.list_queues_async(queue=QUEUE)
                elif taken := await jobs.take_over(self.queue):
                    log.info("jobs.taken-over", jobs=taken)
            except (*AWAY, Failure):
                there_since = time.monotonic()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)
