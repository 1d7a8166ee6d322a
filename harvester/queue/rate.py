"""Gives the sessions of all workers their turns at a portal, within its requests in ten seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from psycopg import AsyncConnection

from harvester.errors import Failure, State
from harvester.profile import Profile
from harvester.queue.jobs import Claim
from harvester.queue.server import Queue
from harvester.task import Turn

STEP = 8
"""How many requests a turn may make; one that makes more (a first page with all that belongs to
it) has them counted in full as soon as it is over."""
LONGEST = 1.0
"""Seconds after which a session that waits asks again."""


@dataclass(frozen=True)
class Shared:
    """The turns of one attempt at a job."""

    queue: Queue
    claim: Claim

    @asynccontextmanager
    async def __call__(self, profile: Profile, made: Callable[[], int]) -> AsyncIterator[Turn]:
        """Give the turns of one session; what its last one made is counted at its end."""
        session = _Session(self.queue, self.claim, profile, made)
        try:
            yield session.turn
        finally:
            with suppress(Failure):  # the last turn is then over by itself after a minute
                await session.end()


class _Session:
    def __init__(
        self, queue: Queue, claim: Claim, profile: Profile, made: Callable[[], int]
    ) -> None:
        self._queue = queue
        self._claim = claim
        self._origin = profile.origins[0]
        self._limit = profile.pace.requests_in_10_seconds
        self._made = made
        self._counted = 0
        self._turn: int | None = None

    async def turn(self) -> None:
        """Wait for the next turn; raise where the job was taken over, or the queue stays away."""
        while not await self._ask(min(STEP, self._limit)):
            pass

    async def end(self) -> None:
        """Count what the last turn made; ask for no other."""

        async def within(connection: AsyncConnection) -> None:
            await connection.execute(
                "WITH over AS (DELETE FROM harvester_pace WHERE id = %s RETURNING origin)"
                " INSERT INTO harvester_pace (origin, requests, until)"
                " SELECT origin, %s, clock_timestamp() + interval '10 seconds' FROM over",
                [self._turn, self._made() - self._counted],
            )

        if self._turn is not None:
            await self._queue.ask(within)

    async def _ask(self, step: int) -> bool:
        made = self._made()

        async def within(connection: AsyncConnection) -> tuple[int | None, float | None]:
            answer = await connection.execute(
                "SELECT turn, wait FROM harvester_turn(%s, %s, %s, %s, %s, %s, %s, %s)",
                [self._origin, self._limit, step, self._turn, made - self._counted, *self._claim],
            )
            row: tuple[int | None, float | None] = await answer.fetchone() or (None, None)
            return row

        self._turn, wait = await self._queue.ask(within)
        self._counted = made
        if self._turn is not None:
            return True
        if wait is None:
            raise Failure(
                State.PENDING,
                "This harvest was given to another worker, as this one showed no sign of life;"
                " it is left to the other.",
            )
        await asyncio.sleep(min(wait, LONGEST))
        return False
