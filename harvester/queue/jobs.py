"""What a job is: one member's harvest of one night, who goes first, and what follows its end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from procrastinate import sql
from procrastinate.jobs import Job, Status
from psycopg import AsyncConnection

from harvester.errors import MEANINGS, Misconfigured, State
from harvester.queue.server import Queue

QUEUE = "harvests"
TRIES = 6
"""How often a job is tried, by the same worker or others, before it is given up."""
LOST = 20
"""How often a job may lose its worker: mostly that is not its fault."""
AFTER_LOSS = timedelta(seconds=10)
"""The pause after a second loss, longer after each: what ends its workers shall not end all."""
STALLED = 20.0
"""Seconds without a sign of life after which a worker's jobs are taken over."""
LATER = timedelta(minutes=5)
"""The pause after a first failure that is nobody's to act on; it doubles each time."""
SOON = timedelta(minutes=1)
KEPT_HOURS = 24 * 30


class Work(StrEnum):
    """What is asked for, those first for whom somebody waits."""

    NOW = "now"
    NIGHT = "night"
    BACKFILL = "backfill"


PRIORITY = {Work.NOW: 20, Work.NIGHT: 10, Work.BACKFILL: 0}


class Order(NamedTuple):
    """One harvest that is asked for; there is one of each, however often it is asked for."""

    member: str
    work: Work
    night: str
    """The portal's local day, YYYY-MM-DD; for somebody who waits, the minute."""


class Claim(NamedTuple):
    """One attempt at a job by one worker; it is over as soon as another one has begun."""

    job: int
    worker: int | None
    tries: int
    """How many attempts there were before."""


class Next(NamedTuple):
    """What follows an attempt: nothing more, another one at a time, or (dead) a person's turn."""

    again: datetime | None = None
    dead: bool = False


class Letter(NamedTuple):
    """A dead letter: a harvest that was given up; no state where it was broken off each time."""

    member: str
    work: Work
    night: str
    state: State | None
    tries: int
    at: datetime


def follows(state: State | None, tries: int, now: datetime, not_before: datetime | None) -> Next:
    """Return what follows an attempt that ended so, after `tries` others; None: it was broken off.

    What is nobody's to act on is tried again, later each time, and not before the portal or its
    profile allows; what is a person's is not.
    """
    code = 30 if state is None else MEANINGS[state].exit_code
    if state is not State.PENDING and code in {0, 3}:
        return Next()
    if (state is not State.PENDING and code // 10 != 3) or tries + 1 >= TRIES:
        return Next(dead=True)
    pause = SOON if state in {State.PENDING, None} else LATER * 2**tries
    at = now + pause * random.uniform(1, 1.2)  # noqa: S311 - a pause
    return Next(again=max(at, not_before) if not_before else at)


async def put(queue: Queue, orders: Sequence[Order], limit: int) -> int:
    """Put harvests into the queue and return how many of them were not there yet.

    All of them or, where more than `limit` jobs would be open, none: Misconfigured then says so.
    """

    async def within(connection: AsyncConnection) -> int:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('enqueue', 0))")
        entered = await connection.execute(
            "INSERT INTO harvester_harvest (member, work, night)"
            " SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])"
            " ON CONFLICT DO NOTHING RETURNING member, work, night",
            [[*part] for part in zip(*orders, strict=True)],
        )
        fresh = [Order(member, Work(work), night) for member, work, night in
                 await entered.fetchall()]  # fmt: skip
        if not fresh:
            return 0
        is_open, _ = await _open(connection)
        if is_open + len(fresh) > limit:
            raise Misconfigured(
                State.QUEUE_UNUSABLE,
                f"The queue is full: {is_open:,} harvests are open of the {limit:,} that"
                f" HARVESTER_QUEUE_LIMIT allows, so none of {len(fresh):,} more was added; start"
                " more workers or raise it, and enqueue again: none is added twice.",
            )
        jobs = await queue.jobs.batch_defer_jobs_async(list(map(_job, fresh)), connection)
        await connection.execute(
            "UPDATE harvester_harvest SET job = id FROM procrastinate_jobs WHERE job IS NULL"
            " AND id = ANY(%s) AND (args ->> 'member', args ->> 'work', args ->> 'night')"
            " = (member, work, harvester_harvest.night)",
            [[job.id for job in jobs]],
        )
        return len(jobs)

    return await queue.ask(within) if orders else 0


def _job(order: Order) -> Job:
    return Job(
        queue=QUEUE,
        priority=PRIORITY[order.work],
        lock=f"member {order.member}",
        queueing_lock=None,
        task_name="harvest",
        task_kwargs={"member": order.member, "work": f"{order.work}", "night": order.night},
    )


def order_of(job: Job) -> Order:
    """Return what a job asks for."""
    told: dict[str, Any] = job.task_kwargs
    return Order(told["member"], Work(told["work"]), told["night"])


async def settle(queue: Queue, claim: Claim, state: State | None, then: Next) -> bool:
    """Write down how an attempt ended and what follows; False where it is no longer the job's."""

    async def within(connection: AsyncConnection) -> bool:
        held = await connection.execute(
            "SELECT FROM procrastinate_jobs WHERE id = %s AND attempts = %s AND status = 'doing'"
            " AND worker_id IS NOT DISTINCT FROM %s FOR UPDATE",
            [claim.job, claim.tries, claim.worker],
        )
        if not held.rowcount:
            return False
        if then.again:
            what = {"retry_at": then.again, "new_priority": None, "new_queue_name": None}
            await connection.execute(
                sql.queries["retry_job"], {"job_id": claim.job, "new_lock": None, **what}
            )
        else:
            status = Status.FAILED if then.dead else Status.SUCCEEDED
            how = {"job_id": claim.job, "status": status.value, "delete_job": False}
            await connection.execute(sql.queries["finish_job"], how)
        await connection.execute(
            "UPDATE harvester_harvest SET state = %s, dead = %s, tries = %s, at = now()"
            " WHERE job = %s",
            [state, then.dead, claim.tries + 1, claim.job],
        )
        return True

    return await queue.ask(within)


async def take_over(queue: Queue) -> int:
    """Give the jobs of workers that show no sign of life to others; return how many there were."""
    stalled = await queue.jobs.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED)
    taken = 0
    for job in stalled:
        claim = Claim(job.id or 0, job.worker_id, job.attempts)
        taken += await settle(queue, claim, None, broken_off(job.attempts))
    return taken


def broken_off(tries: int) -> Next:
    """Return what follows an attempt whose worker was lost: another, the first one at once."""
    if tries + 1 >= LOST:
        return Next(dead=True)
    return Next(again=datetime.now(UTC) + AFTER_LOSS * min(tries, 6))


async def given_up(queue: Queue) -> list[Letter]:
    """Return the dead letters: of each member the newest harvest that ended, if it was given up."""

    async def within(connection: AsyncConnection) -> list[Letter]:
        found = await connection.execute(
            "SELECT member, work, night, state, tries, at FROM ("
            " SELECT DISTINCT ON (member) * FROM harvester_harvest"
            " WHERE dead OR state IN ('OK', 'OK_PARTIAL') ORDER BY member, at DESC"
            ") AS newest WHERE dead ORDER BY member"
        )
        return [
            Letter(member, Work(work), night, State(state) if state else None, tries, at)
            for member, work, night, state, tries, at in await found.fetchall()
        ]

    return await queue.ask(within)


async def depth(queue: Queue) -> tuple[int, int]:
    """Return how many jobs are open, and how many of them are under way."""
    return await queue.ask(_open)


async def forget_old(queue: Queue) -> None:
    """Delete the jobs that ended long ago, and what was written down of them."""
    await queue.jobs.delete_old_jobs(KEPT_HOURS, queue=QUEUE, include_failed=True)


async def _open(connection: AsyncConnection) -> tuple[int, int]:
    found = await connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE status = 'doing') FROM procrastinate_jobs"
        " WHERE queue_name = %s AND status IN ('todo', 'doing')",
        [QUEUE],
    )
    is_open, doing = await found.fetchone() or (0, 0)
    return is_open, doing
