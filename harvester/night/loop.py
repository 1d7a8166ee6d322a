"""Keeps a schedule going until it is told to end: nights, notices, heartbeat, health, metrics."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from aiohttp import web

from harvester.custody import files
from harvester.custody.vault import Vault
from harvester.errors import Failure, Misconfigured, State
from harvester.filing import Store
from harvester.night import metrics
from harvester.night.schedule import Schedule
from harvester.notices import telling

LONGEST = 60.0
"""Seconds of sleep at most: the clock may be set, and the machine may have slept."""
BEAT = 30.0
"""Seconds between two beats, of which each sends notices and writes the heartbeat."""
SILENCE = timedelta(minutes=5)
"""After so long without a beat it is not well."""
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}

log = structlog.get_logger()


class Ending:
    """Whether the program was told to end."""

    def __init__(self) -> None:
        self._told = asyncio.Event()

    def halt(self) -> None:
        """Raise where it was told to; harvests ask this before every request."""
        if self._told.is_set():
            raise Misconfigured(
                State.PENDING,
                "The program was told to end; what came home is kept, and the next run goes on.",
            )

    def now(self) -> None:
        """End at the next safe point."""
        self._told.set()

    def __bool__(self) -> bool:
        return self._told.is_set()

    async def within(self, seconds: float) -> bool:
        """Sleep; tell whether it was told to end meanwhile, which it does at once."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), seconds)
        return self._told.is_set()

    def on_signals(self) -> None:
        """End at SIGTERM and SIGINT; a second one is the system's to answer."""
        loop = asyncio.get_running_loop()

        def told() -> None:
            for each in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(each)
            log.info("schedule.ending")
            self.now()

        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, told)


@dataclass
class Keeper:
    """What a running schedule does beside its nights, and how well it is."""

    schedule: Schedule
    store: Store
    vault: Vault
    textfile: Path | None = None
    """Where metrics are written for node_exporter's textfile collector."""
    seen: datetime | None = None
    """When the last beat was."""
    coming: datetime | None = None
    """When the next run is."""
    trouble: dict[str, str] = field(default_factory=dict)
    """What failed last, by part, as a sentence."""

    async def guarded(self, part: str, act: Callable[[], Awaitable[None]]) -> None:
        """Do something; a failure of it is told by log and health, and ends nothing."""
        try:
            await act()
            self.trouble.pop(part, None)
        except Failure as failure:
            self.trouble[part] = f"{failure}"
            log.warning("schedule.failed", part=part, state=failure.state, said=f"{failure}")

    async def night(self) -> None:
        """Harvest whoever is due."""

        async def act() -> None:
            self.coming = await self.schedule.once()

        await self.guarded("night", act)
        for name, failure in self.schedule.plan().broken.items():
            log.warning("schedule.broken", member=name, said=f"{failure}")

    async def beat(self) -> None:
        """Tell people, write the metrics, and say that it is alive."""
        await self.guarded("notices", self._tell)
        await self.guarded("metrics", self._count)
        await self.guarded("heartbeat", self._live)

    async def _tell(self) -> None:
        now, plan = self.schedule.now(), self.schedule.plan()
        runs = self.schedule.newest_runs(plan)
        await telling.tell(self.store, self.vault, now, runs, plan.closed(now))

    async def _count(self) -> None:
        if self.textfile:
            write_metrics(self.textfile, self.exposition())

    async def _live(self) -> None:
        self.seen = self.schedule.now()
        told = json.dumps({"pid": os.getpid(), **self.health()}).encode()
        files.write(heartbeat(self.store.home), told)

    def exposition(self) -> bytes:
        """Return the metrics."""
        return metrics.exposition(self.store, self.schedule.plan(), self.schedule.now())

    def health(self) -> dict[str, object]:
        """Return how well it is, as data."""
        now = self.schedule.now()
        alive = self.seen is not None and now - self.seen < SILENCE
        return {
            "ok": alive and not self.trouble,
            "seen": f"{self.seen.isoformat(timespec='seconds')}" if self.seen else None,
            "next": f"{self.coming.isoformat(timespec='seconds')}" if self.coming else None,
            "trouble": dict(self.trouble),
        }


def heartbeat(home: Path) -> Path:
    """Return where a schedule writes that it is alive."""
    return home / "schedule" / "heartbeat.json"


def write_metrics(file: Path, content: bytes) -> None:
    """Write a file that node_exporter reads, whole or not at all; raises Misconfigured."""
    part = file.with_name(f".{file.name}.{os.getpid()}")  # the collector reads *.prom only
    try:
        part.write_bytes(content)
        part.chmod(0o644)
        part.replace(file)
    except OSError as error:
        raise Misconfigured(
            State.HOME_UNUSABLE,
            f"The metrics cannot be written to {file} ({error.strerror}); name another --textfile.",
        ) from error


async def forever(keeper: Keeper, ending: Ending, port: int | None) -> None:
    """Harvest night after night, and serve health and metrics on a loopback port."""

    async def nights() -> None:
        while not ending:
            await keeper.night()
            coming = keeper.coming or keeper.schedule.now()
            left = (coming - keeper.schedule.now()).total_seconds()
            failed = "night" in keeper.trouble
            await ending.within(LONGEST if failed else max(0.1, min(left, LONGEST)))

    async def beats() -> None:
        while not ending:
            await keeper.beat()
            await ending.within(BEAT)

    async with serving(keeper, port) as served, asyncio.TaskGroup() as both:
        log.info("schedule.started", home=str(keeper.store.home), port=served)
        both.create_task(nights())
        both.create_task(beats())
    await keeper.beat()
    log.info("schedule.ended")


@asynccontextmanager
async def serving(keeper: Keeper, port: int | None) -> AsyncIterator[int | None]:
    """Serve /health and /metrics on 127.0.0.1 meanwhile; yield the port, None where none is."""
    if port is None:
        yield None
        return

    async def health(_request: web.Request) -> web.Response:
        told = keeper.health()
        return web.json_response(told, status=200 if told["ok"] else 503)

    async def counted(_request: web.Request) -> web.Response:
        return web.Response(
            body=keeper.exposition(), headers={"content-type": metrics.CONTENT_TYPE}
        )

    app = web.Application(middlewares=[_loopback])
    app.router.add_get("/health", health)
    app.router.add_get("/metrics", counted)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        try:
            await site.start()
        except OSError as error:
            raise Misconfigured(
                State.HOME_UNUSABLE,
                f"Health and metrics cannot be served on port {port} ({error.strerror}): another"
                " program may have it; name another with --port.",
            ) from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


@web.middleware
async def _loopback(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what a page of another site makes a browser ask under that site's name."""
    if request.host.rpartition(":")[0] not in LOOPBACK:
        return web.Response(status=403, text="Ask for it by its loopback address.\n")
    return await handler(request)
