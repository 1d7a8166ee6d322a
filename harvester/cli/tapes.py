"""Replays recordings: a harvest of each, answered by its tape, compared with what it must hold."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from playwright.async_api import Browser

from harvester import profile
from harvester.browser import open_browser
from harvester.cli.common import logging_to_stderr, settings_of
from harvester.cli.simulated import Known, at_ease, permit
from harvester.errors import MEANINGS, Misconfigured, State
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Window
from harvester.profile import Profile
from harvester.run import harvest
from harvester.settings import Settings
from harvester.tape import folder
from harvester.tape.expected import differences, document
from harvester.tape.tape import Player, Tape
from harvester.task import Task
from harvester.wire import Wire

FOLDER = "recordings"
"""A home's own recordings, which come before those shipped."""


class Played(NamedTuple):
    """What came of one replay."""

    told: dict[str, Any]
    """As `expected.document` tells what came home."""
    misses: list[str]
    """What was asked for that the tape has no reply to."""
    sign_ins: int
    pdfs: int
    seconds: float

    def against(self, expected: Mapping[str, Any]) -> list[str]:
        """Return a line for each request that missed and each field that differs."""
        return [*self.misses, *differences(expected, self.told)]


def replay(options: argparse.Namespace) -> int:
    """Replay tapes and say where what came home differs from what each must bring."""
    logging_to_stderr(verbose=options.verbose)
    settings = settings_of(options)
    found = folder.find(options.names, places(options, settings))
    if not found:
        raise Misconfigured(
            State.INVALID_TAPE,
            f"There is no recording in {' or '.join(map(str, places(options, settings)))};"
            f" `harvester record` makes one.",
        )
    results = asyncio.run(_all(found, settings, options))
    if options.json:
        print(json.dumps(results))
    return MEANINGS[State.REPLAY_DIFFERS].exit_code if any(results.values()) else 0


def places(options: argparse.Namespace, settings: Settings) -> tuple[Path, ...]:
    """Return the folders of recordings: the one that is named, or the home's and the shipped."""
    return (options.folder,) if options.folder else (settings.home / FOLDER, folder.shipped())


async def _all(
    found: Mapping[str, Path], settings: Settings, options: argparse.Namespace
) -> dict[str, list[str]]:
    results: dict[str, list[str]] = {}
    async with open_browser(executable=settings.browser) as browser:
        for name, where in found.items():
            tape = folder.read(where)
            portal = profile.load(tape.about.profile, settings.profile_folders)
            played = await play(tape, portal, browser)
            if options.update and not played.misses:
                folder.update(where, played.told)
                results[name] = []
            else:
                results[name] = played.against(tape.expected)
            if not options.json:
                _tell(name, played, results[name])
    return results


def _tell(name: str, played: Played, wrong: list[str]) -> None:
    said = f"{len(wrong)} difference{'s'[: len(wrong) - 1]}" if wrong else "as recorded"
    accounts = len(played.told["accounts"])
    print(
        f"{name}: {said}; {accounts} accounts, {played.pdfs} documents in {played.seconds:.1f} s",
        flush=True,
    )
    for line in wrong:
        print(f"  {line}", file=sys.stderr)


async def play(tape: Tape, portal: Profile, browser: Browser) -> Played:
    """Harvest a tape into a home of its own, which is gone afterwards; nothing is dialled."""
    player, at = Player(tape), tape.about.recorded_at
    task = Task(
        Member(name="tape", profile=portal.id, user=tape.about.user),
        at_ease(portal),
        Known("any password will do", sent="any code will do"),
        Window(tape.about.start, tape.about.today),
        tape.about.today,
        kind="replay",
        now=lambda: at,
        wire=lambda hosts, **_: Wire(hosts, answer=player.session(), clock=at),
    )
    with TemporaryDirectory() as home:
        store, began = Store(Path(home)), time.monotonic()
        permit(store.home, task)
        outcome = await harvest(task, store, browser, lambda *_: None)
        seconds = time.monotonic() - began
        told = document(store, outcome.state, [*outcome.failed, *filter(None, [outcome.message])])
        store.catalog.close()
    return Played(told, player.misses, outcome.sign_ins, outcome.pdfs, seconds)
