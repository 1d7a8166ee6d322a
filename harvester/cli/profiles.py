"""Commands that prove a profile against its portal."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from datetime import UTC, datetime, timedelta

from harvester import cli, holds, members, profile, stops
from harvester.browser import open_browser, open_context
from harvester.cli import show
from harvester.cli.common import logging_to_stderr, settings_of
from harvester.cli.custody import vault_of
from harvester.custody.credentials import Kept
from harvester.errors import Misconfigured, State
from harvester.filing import Store
from harvester.model import Window
from harvester.platforms import fit
from harvester.portal import Portal
from harvester.profile import Candidate, Profile
from harvester.run import harvest_all
from harvester.settings import Settings
from harvester.task import Task
from harvester.wire import Wire

DAYS = timedelta(days=3)
"""How many days a test with a member fetches."""


def test(options: argparse.Namespace) -> int:
    """Prove a profile: its sign-in page by itself, or all of it as a member of it."""
    settings = settings_of(options)
    found = profile.load(options.name, settings.profile_folders)
    fit(found)
    store = Store(settings.home)
    if options.member:
        return _walked(options, settings, found, store)
    stops.refuse(store.home, found.id)
    holds.refuse(store.home, "", found.id, datetime.now(UTC), by_hand=True)
    ways = asyncio.run(_door(options, settings, found, store))
    if options.json:
        print(json.dumps({"profile": found.id, "found": ways}))
        return 0
    print(f"The sign-in page of {found.name} is as {found.id} says:")
    for name, (rank, how) in ways.items():
        later = "" if rank == 1 else f" (its way {rank}: those before it are not there any more)"
        print(f"  {name}: {how}{later}")
    print(f"To prove the rest, `harvester profile test {found.id} --member NAME`.")
    return 0


async def _door(
    options: argparse.Namespace, settings: Settings, found: Profile, store: Store
) -> dict[str, tuple[int, str]]:
    """Open the sign-in page; return, by control, which of its ways found it, and what that is."""
    async with (
        open_browser(executable=settings.browser, headed=options.headed) as browser,
        Wire(found.origins) as wire,
        open_context(browser, wire, time_zone=found.time_zone) as context,
    ):
        portal = Portal(
            await context.new_page(),
            found,
            wire,
            lambda: datetime.now(UTC),
            lambda: stops.refuse(store.home, found.id),
        )
        platform = fit(found)(portal)
        await platform.session.open_sign_in()
        ways = {}
        for name in platform.session.first_page:
            await portal.find(name)
            rank = portal.early_drift.get(name, 0)
            ways[name] = (rank + 1, _how(found.locators[name][rank]))
        return ways


def _how(way: Candidate) -> str:
    told = way.model_dump(exclude_none=True)
    return ", ".join(f"{key} {value!r}" for key, value in told.items())


def _walked(options: argparse.Namespace, settings: Settings, found: Profile, store: Store) -> int:
    """Harvest the newest days as a run does, within all of its limits, and say how that ended."""
    member = members.load(settings, options.member)
    if member.profile != found.id:
        raise Misconfigured(
            State.UNKNOWN_MEMBER,
            f"{member.name} is a member of {member.profile}, not of {found.id}; name one of its"
            f" own, or add one with `harvester member add`.",
        )
    today = datetime.now(found.zone).date()
    ask = getpass.getpass if sys.stdin.isatty() else None
    kept = Kept(settings, vault_of(settings, store), member, ask, lambda: datetime.now(UTC))
    task = Task(member, found, kept, Window(today - DAYS, today), today, "profile-test")
    logging_to_stderr(verbose=options.verbose)
    with show.progress(quiet=options.json) as report:
        outcomes = asyncio.run(
            harvest_all([task], store, report, executable=settings.browser, headed=options.headed)
        )
    return cli.exit_code(show.home(store, [task], outcomes, as_json=options.json))
