"""What the tests of the queue tell it, and what they ask it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from conftest import run_async
from pydantic import SecretStr

from harvester.profile import load
from harvester.queue.jobs import QUEUE, Claim, Order, Work, order_of
from harvester.queue.server import Queue, open_queue

NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
TONIGHT, TOMORROW = "2026-11-25", "2026-11-26"


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


async def silence(queue: Queue, worker: int) -> None:
    """Let a worker's last sign of life be long ago."""
    async with queue.pool.connection() as connection:
        await connection.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"
            " WHERE id = %s",
            [worker],
        )


def limited(limit: int) -> Any:
    found = load("caec")
    limits = {"requests_in_10_seconds": limit}
    return found.model_copy(update={"pace": found.pace.model_copy(update=limits)})
