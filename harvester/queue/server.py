"""Opens the database of the queue, waits while it is away, and says in one sentence why it fails.

No sentence repeats the DSN, which may hold a password.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import TypeVar

import structlog
from procrastinate import PsycopgConnector, exceptions, schema
from procrastinate.manager import JobManager
from psycopg import AsyncConnection, Error, OperationalError, ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from pydantic import SecretStr

from harvester.errors import Misconfigured, State

CONNECT_SECONDS = 5
PATIENCE = 60.0
"""Seconds for which a server may be away before those who wait for it give up."""
AGAIN = 0.5
"""Seconds between two tries to reach it."""
AWAY = (OperationalError, PoolTimeout, exceptions.ConnectorException)
"""What is raised while the server is away, or where it is none of ours."""

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True)
class Queue:
    """An open queue: its connections, and Procrastinate's way to its jobs."""

    pool: AsyncConnectionPool[AsyncConnection]
    jobs: JobManager

    async def ask(self, call: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do something in one transaction, from its beginning again once the server is back.

        Raises Misconfigured(QUEUE_UNUSABLE) where it stays away.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                async with self.pool.connection() as connection:
                    return await call(connection)
            except AWAY as away:
                if time.monotonic() > deadline:
                    raise unusable(f"it was away for {PATIENCE:.0f} seconds") from None
                log.info("queue.away", error=type(away).__name__)
                await asyncio.sleep(AGAIN)
            except Error as error:
                raise unusable(_said(error)) from None


@asynccontextmanager
async def open_queue(dsn: SecretStr | None, connections: int = 4) -> AsyncIterator[Queue]:
    """Open the queue, and make its tables where there are none.

    Raises Misconfigured(QUEUE_UNUSABLE) with a sentence that never repeats the DSN.
    """
    if dsn is None:
        raise unusable("HARVESTER_QUEUE names none, such as postgresql://user@host/database")
    try:
        where = conninfo_to_dict(dsn.get_secret_value())
    except ProgrammingError:
        raise unusable("HARVESTER_QUEUE is no postgresql://user@host/database") from None
    try:
        async with await AsyncConnection.connect(
            dsn.get_secret_value(), connect_timeout=CONNECT_SECONDS
        ) as first:
            await _tables(first)
    except Error as error:
        place = f"database {where.get('dbname')} at {where.get('host') or 'the default host'}"
        raise unusable(f"{place}: {_said(error)}") from None
    pool = AsyncConnectionPool(
        dsn.get_secret_value(),
        min_size=1,
        max_size=connections,
        timeout=CONNECT_SECONDS,
        open=False,
        check=AsyncConnectionPool.check_connection,
    )
    connector = PsycopgConnector()
    async with pool:
        await connector.open_async(pool)
        yield Queue(pool, JobManager(connector))


async def _tables(connection: AsyncConnection) -> None:
    """Make what is not there yet; of two programs at once, one waits for the other."""

    async def lacks(name: str) -> bool:
        found = await connection.execute("SELECT to_regclass(%s)", [name])
        return await found.fetchone() == (None,)

    if await lacks("harvester_pace"):
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('harvester', 0))")
        if await lacks("procrastinate_jobs"):
            await connection.execute(schema.SchemaManager.get_schema())
        if await lacks("harvester_pace"):
            own = (files("harvester.queue") / "schema.sql").read_text(encoding="utf-8")
            await connection.execute(own)


def _said(error: Error) -> str:
    """Return the first sentence of an error."""
    return next(iter(f"{error}".strip().splitlines()), type(error).__name__)


def unusable(why: str) -> Misconfigured:
    """Return the refusal to go on without the queue."""
    return Misconfigured(
        State.QUEUE_UNUSABLE,
        f"The queue cannot be used: {why.rstrip('.')}. Nothing that is in it is lost; name its"
        " PostgreSQL database in HARVESTER_QUEUE, start it, and try again.",
    )
