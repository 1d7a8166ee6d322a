"""Commands that fetch, read again, or tell what there is."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from harvester import cli, members, profile
from harvester.cli import show
from harvester.cli.common import logging_to_stderr, settings_of
from harvester.cli.custody import vault_of
from harvester.cli.simulated import at_ease, permit
from harvester.custody.credentials import Kept
from harvester.custody.vault import Vault
from harvester.errors import Misconfigured, State
from harvester.filing import Filing, Store
from harvester.members import Member
from harvester.model import Window
from harvester.run import harvest_all
from harvester.settings import Settings
from harvester.task import SIGN_IN, Outcome, Task

RUN_DAYS = 45
"""How far back a scheduled run looks: beyond that, readings are no longer revised."""
DEMO_PROFILE = "caec"
DEMO_USERS = ("sandbox-home", "sandbox-solar", "sandbox-business", "sandbox-new")


def demo(options: argparse.Namespace) -> int:
    """Harvest simulated members: the profile's own origins, answered by the embedded portal."""
    from harvester.cli.simulated import Known
    from harvester.sandbox.world import World

    settings = settings_of(options)
    home = settings.home if options.home else settings.home / "demo"
    world = World()
    portal = at_ease(profile.load(DEMO_PROFILE))
    tasks = [
        Task(
            member=Member(name=user, profile=DEMO_PROFILE, user=user),
            profile=portal,
            credentials=Known(world.sign_in(user).password),
            window=Window(months_back(world.today, 24), world.today),
            today=world.today,
            kind="demo",
        )
        for user in DEMO_USERS
    ]
    store = Store(home)
    for task in tasks:
        permit(home, task)
    if not options.json:
        print(f"Simulated portal of {portal.name}, as of {world.today}; nothing is dialled.")
    outcomes = asyncio.run(_with_portal(world, portal.base, tasks, store, options))
    return _tell(options, store, tasks, outcomes)


async def _with_portal(
    world: object, base: str, tasks: Sequence[Task], store: Store, options: argparse.Namespace
) -> list[Outcome]:
    from dataclasses import replace

    from harvester.sandbox.app import portal, serve

    runner, port = await serve(portal(world, base=base))  # type: ignore[arg-type]
    try:
        return await _harvest([replace(task, sandbox=port) for task in tasks], store, options)
    finally:
        await runner.cleanup()


def run(options: argparse.Namespace) -> int:
    """Fetch what is new."""
    return _fetch(options, "run", None)


def sign_in(options: argparse.Namespace) -> int:
    """Try whether a sign-in works, and let it be used again if it does."""
    return _fetch(options, SIGN_IN, None)


def backfill(options: argparse.Namespace) -> int:
    """Fetch everything the portal still shows."""
    return _fetch(options, "backfill", options.months)


def _fetch(options: argparse.Namespace, kind: str, months: int | None) -> int:
    settings = settings_of(options)
    chosen = [members.load(settings, name) for name in options.members] or members.every(settings)
    if not chosen:
        raise Misconfigured(
            State.UNKNOWN_MEMBER,
            f"Nobody is to be harvested in {settings.home} yet; `harvester member add` adds one.",
        )
    ask = getpass.getpass if sys.stdin.isatty() else None
    store = Store(settings.home)
    vault = vault_of(settings, store)
    tasks = [task_of(settings, vault, member, kind, months, ask=ask) for member in chosen]
    outcomes = asyncio.run(_harvest(tasks, store, options))
    return _tell(options, store, tasks, outcomes)


def task_of(
    settings: Settings,
    vault: Vault,
    member: Member,
    kind: str,
    months: int | None,
    *,
    ask: Callable[[str], str] | None = None,
) -> Task:
    """Return the harvest of a member that is due now: the days that may be revised, or months."""
    portal = profile.load(member.profile, settings.profile_folders)
    today = datetime.now(portal.zone).date()
    start = months_back(today, months) if months else today - timedelta(days=RUN_DAYS)
    kept = Kept(settings, vault, member, ask, _utc)
    return Task(member, portal, kept, Window(start, today), today, kind)


def _utc() -> datetime:
    return datetime.now(UTC)


async def _harvest(
    tasks: Sequence[Task], store: Store, options: argparse.Namespace
) -> list[Outcome]:
    logging_to_stderr(verbose=options.verbose)
    with show.progress(quiet=options.json) as report:
        return await harvest_all(
            tasks, store, report, executable=settings_of(options).browser, headed=options.headed
        )


def reprocess(options: argparse.Namespace) -> int:
    """Extract everything from the archive again."""
    settings = settings_of(options)
    store = Store(settings.home)
    for holding in list(store.catalog.holdings()):
        portal = profile.load(holding.profile, settings.profile_folders)
        count = Filing(store, portal).again(holding.id)
        if not options.json:
            print(f"{holding.member} …{holding.account.number[-3:]}: {count} artifacts read again")
    return _tell(options, store, [], [])


def _tell(
    options: argparse.Namespace,
    store: Store,
    tasks: Sequence[Task],
    outcomes: Sequence[Outcome],
) -> int:
    return cli.exit_code(show.home(store, tasks, outcomes, as_json=options.json))


def months_back(day: date, months: int) -> date:
    """Return the same day so many calendar months earlier, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
