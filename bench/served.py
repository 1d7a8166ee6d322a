"""The sandbox as a process of its own: members, delay of each reply, documents of a fixed size."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

from harvester.sandbox import cast, member
from harvester.sandbox.app import portal, serve
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.layout import NEWER
from harvester.sandbox.nouns import Bill
from harvester.sandbox.switches import Switches
from harvester.sandbox.world import TODAY, World

PDF_BYTES = 100_000
MONTHS_24 = timedelta(days=730)


def user(number: int) -> str:
    """Return the user ID of the nth member, from 0; the password is its own with -Pa55."""
    return f"bench-{number:02}"


def enrol(members: int) -> None:
    """Add members to the simulated co-op, each with one account of more than 24 months."""
    plan, *_ = cast.CAST["1000404001"]
    for number in range(members):
        account = replace(plan.account, number=f"2{number:06}001")
        meters = tuple(replace(meter, number=f"53{number:06}") for meter in plan.meters)
        cast.CAST[user(number)] = (replace(plan, account=account, meters=meters),)


@contextmanager
def served(
    *, delay_ms: int = 0, members: int = 1, today: date = TODAY, switches: tuple[str, ...] = ()
) -> Iterator[int]:
    """Serve the sandbox from another process until the end of the block; return its port.

    It has worked out all that it will answer before it takes the first request.
    """
    words = ["--delay-ms", f"{delay_ms}", "--members", f"{members}", "--today", f"{today}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.served", *words, *switches],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        told = process.stdout.readline() if process.stdout else ""
        if not told:
            raise SystemExit("the sandbox did not start: no figure means anything")
        yield int(told)
    finally:
        process.communicate("")


@cache
def _documents() -> dict[str, bytes]:
    return {}


def _document(world: World, bill: Bill) -> bytes:
    """Return the bill's document, made once, with a comment behind it that makes it large."""
    made = _documents()
    if bill.id not in made:
        content = render(world, bill)
        start = content[content.rindex(b"startxref") :]
        room = PDF_BYTES - len(content) - len(start) - len(b"\n%\n")
        made[bill.id] = content + b"\n%" + b"." * room + b"\n" + start
    return made[bill.id]


async def _serve(options: argparse.Namespace) -> None:
    world = World(today=options.today)
    switches = Switches.parse(options.switches)
    for number in range(options.members):
        for account in world.sign_in(user(number)).accounts:
            world.days(account.number, options.today - MONTHS_24, options.today)
            for bill in world.bills(account.number)[: member.BILLS_LISTED]:
                _document(world, bill)
    app = portal(world, base=NEWER, switches=switches, latency_ms=options.delay_ms)
    runner, port = await serve(app)
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


def main() -> None:
    """Be that process."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--delay-ms", type=int, default=0)
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--today", type=date.fromisoformat, default=TODAY)
    parser.add_argument("switches", nargs="*")
    options = parser.parse_args()
    enrol(options.members)
    member.render = _document  # type: ignore[attr-defined]
    asyncio.run(_serve(options))


if __name__ == "__main__":
    main()
