"""Simulated portals of many members each, in a process that counts what is asked of them.

`portals.py PORTALS MEMBERS FILE` prints their ports as JSON and serves them until its input ends;
then it writes what it saw to the file.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from aiohttp import web

from harvester.sandbox import app
from harvester.sandbox.cast import CAST, Plan
from harvester.sandbox.nouns import ZONE, Meter, SignIn
from harvester.sandbox.session import Session, Sessions
from harvester.sandbox.world import World

DAYS = 5
"""How long ago every member moved in."""
PASSWORD = "Everybody-s-Pa55"


class Town(World):
    """A co-op with so many members, each with one new account."""

    def __init__(self, portal: int, members: int) -> None:
        super().__init__(today=datetime.now(ZoneInfo(ZONE)).date())
        plans = [self._plan(portal, member) for member in range(members)]
        self._plans = {plan.account.number: plan for plan in plans}
        self._accounts = {plan.account.number: plan.account for plan in plans}
        self._sign_ins = {
            user_of(portal, member): SignIn(user_of(portal, member), PASSWORD, (plan.account,))
            for member, plan in enumerate(plans)
        }

    def _plan(self, portal: int, member: int) -> Plan:
        (model,) = CAST["sandbox-new"]
        number = 2_000_000 + portal * 10_000 + member
        opened = self.today - timedelta(days=DAYS)
        return replace(
            model,
            account=replace(model.account, number=f"{number}001", holder=f"RESIDENT {member}"),
            opened=opened,
            meters=(Meter(f"6{number}", 1, opened, first_reading=12),),
            scale=0.5 + member % 50 / 50,
        )


def user_of(portal: int, member: int) -> str:
    """Return the user ID of a member."""
    return f"resident-{portal}-{member:04}"


@dataclass
class Seen:
    """What a portal was asked, in seconds of the machine's own clock."""

    requests: list[float] = field(default_factory=list)
    sessions: dict[str, list[Any]] = field(default_factory=dict)
    """By key: the user, its first moment and its last."""


class Watched(Sessions):
    """Sessions whose first and last moments are written down."""

    def __init__(self, seen: Seen, *how: Any) -> None:
        super().__init__(*how)
        self._seen = seen

    def open(self, *how: Any) -> Session:
        session = super().open(*how)
        now = time.monotonic()
        self._seen.sessions[session.key] = [session.user, now, now]
        return session

    def use(self, key: str | None) -> Session | None:
        session = super().use(key)
        if session:
            self._seen.sessions[session.key][2] = time.monotonic()
        return session


async def opened(portal: int, members: int, seen: Seen) -> int:
    """Serve one portal on a free port."""

    @web.middleware
    async def count(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        seen.requests.append(time.monotonic())
        return await handler(request)

    with patch.object(app, "Sessions", partial(Watched, seen)):
        made = app.portal(Town(portal, members), base="/oscp")
    made.middlewares.append(count)
    _, port = await app.serve(made)
    return port


async def main(portals: int, members: int) -> list[Seen]:
    """Serve until the input ends, and return what was seen."""
    seen = [Seen() for _ in range(portals)]
    ports = [await opened(portal, members, seen[portal]) for portal in range(portals)]
    print(json.dumps(ports), flush=True)  # noqa: T201 - whoever started it reads them
    await asyncio.to_thread(sys.stdin.read)
    return seen


if __name__ == "__main__":
    told = asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
    Path(sys.argv[3]).write_text(json.dumps([vars(one) for one in told]), encoding="utf-8")
