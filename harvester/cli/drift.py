"""Commands that show where a portal is not what its profile says, and mend that in data."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from harvester import lookback, members, profile
from harvester.browser import open_browser
from harvester.cli import tapes
from harvester.cli.common import logging_to_stderr, settings_of, table, tell
from harvester.cli.custody import vault_of
from harvester.custody.credentials import Kept
from harvester.errors import MEANINGS, Misconfigured, State
from harvester.filing import Store
from harvester.model import Window
from harvester.platforms import PLATFORMS, fit
from harvester.profile import Candidate, Profile
from harvester.repair import Repair, as_toml, mended, propose
from harvester.run import harvest_all
from harvester.settings import Settings
from harvester.tape import folder
from harvester.task import CHECK, Outcome, Task

Prove = Callable[[Profile], Sequence[str]]
"""Tries a mended profile and returns what still fails, a sentence each."""


def check(options: argparse.Namespace) -> int:
    """Look for the profile's names on every page of a sign-in's portal; fetch nothing."""
    if not options.profiles:
        raise Misconfigured(
            State.UNKNOWN_MEMBER,
            "check --live looks with a sign-in: name one; `harvester member list` shows them.",
        )
    settings = settings_of(options)
    store = Store(settings.home)
    vault, tasks = vault_of(settings, store), []
    for name in options.profiles:
        member = members.load(settings, name)
        portal = profile.load(member.profile, settings.profile_folders)
        today = datetime.now(portal.zone).date()
        kept = Kept(settings, vault, member, None, lambda: datetime.now(UTC))
        window = Window(today - timedelta(days=1), today)
        tasks.append(Task(member, portal, kept, window, today, CHECK))
    logging_to_stderr(verbose=options.verbose)
    harvest = harvest_all(tasks, store, lambda *_: None, executable=settings.browser)
    outcomes = asyncio.run(harvest)
    if options.json:
        told = [_document(t, o) for t, o in zip(tasks, outcomes, strict=True)]
        print(json.dumps(told, indent=2, default=str))
    else:
        for task, outcome in zip(tasks, outcomes, strict=True):
            tell_looks(task, outcome)
    return max(MEANINGS[outcome.state].exit_code for outcome in outcomes)


def tell_looks(task: Task, outcome: Outcome) -> None:
    """Print each name with the candidate that won and how many elements each showed."""
    shown = table("Page", "Name", "Candidate", "Found", "Drift")
    for page, looks in outcome.looks.items():
        for look in looks:
            ways = task.profile.locators[look.name]
            won = "-" if look.rank is None else _way(ways[look.rank])
            early = "early: a later candidate won" if look.rank else ""
            counts = " ".join(map(str, look.found))
            shown.add_row(page, look.name, won, counts, early)
    tell(shown)
    print(f"{task.member.name}: {outcome.state} {outcome.message}".rstrip())
    if outcome.evidence:
        print(f"  harvester repair {task.profile.id} --from {outcome.evidence}")


def _document(task: Task, outcome: Outcome) -> Mapping[str, Any]:
    return {
        "member": task.member.name,
        "state": outcome.state,
        "message": outcome.message,
        "evidence": outcome.evidence,
        "pages": {
            page: {look.name: {"found": look.found, "rank": look.rank} for look in looks}
            for page, looks in outcome.looks.items()
        },
    }


def repair(options: argparse.Namespace) -> int:
    """Propose corrections of a profile, and write those that are sure once somebody agrees."""
    logging_to_stderr(verbose=options.verbose)
    settings = settings_of(options)
    folders = settings.profile_folders
    known = profile.load(options.profile, folders)
    evidence = _evidence(options.evidence, options.profile)
    good = lookback.good_page(settings.home, known.id, str(evidence["step"]))
    repairs = propose(known, evidence, good, PLATFORMS[known.platform].kinds(known))
    told = profile.overlay(profile.repairs(known.id, folders), mended(known, repairs))
    sure = [one for one in repairs if not one.doubt]
    file = folders[0] / "repairs" / f"{known.id}.toml"
    if not options.json:
        _tell(known, repairs, compared=good is not None)
    wrote = bool(sure) and write(
        options.profile,
        folders,
        told,
        partial(prove, settings),
        agreed=lambda: _agreed(options, told, file),
    )
    if options.json:
        document = {"written": file if wrote else None, "repairs": [_plain(r) for r in repairs]}
        print(json.dumps(document, indent=2, default=str))
    elif wrote:
        print(f"Written to {file}; to undo it, remove that file.")
    else:
        print("Nothing was written: nothing is sure enough, so a person has to look.")
    open_ones = len(sure) < len(repairs) or not repairs
    return MEANINGS[State.PORTAL_CHANGED if open_ones else State.OK].exit_code


def write(
    name: str,
    folders: tuple[Path, ...],
    told: Mapping[str, Any],
    prove: Prove,
    *,
    agreed: Callable[[], None],
) -> bool:
    """Prove a mended profile and write what was mended as `repairs/NAME.toml`.

    `agreed` raises where nobody agrees.  Raises Misconfigured with what a proof found wrong; then
    nothing is written.
    """
    wrong = prove(profile.load(name, folders, told))
    if wrong:
        raise Misconfigured(
            State.INVALID_PROFILE,
            f"The mended profile {name} was tried and does not hold, so nothing was written:"
            f" {'; '.join(wrong)}.",
        )
    agreed()
    lookback.write_text(folders[0] / "repairs" / f"{name}.toml", as_toml(told))
    return True


def prove(settings: Settings, mended_profile: Profile) -> Sequence[str]:
    """Replay every tape of the platform with the mended locators: they find what was found before.

    A tape is of the place that it was recorded at, so a new base is proved by the next run alone.
    """
    fit(mended_profile)
    return asyncio.run(_replayed(settings, mended_profile))


async def _replayed(settings: Settings, mended_profile: Profile) -> list[str]:
    wrong: list[str] = []
    tried = 0
    found = folder.find((), (settings.home / tapes.FOLDER, folder.shipped()))
    async with open_browser(executable=settings.browser) as browser:
        for name, where in found.items():
            tape = folder.read(where)
            recorded = profile.load(tape.about.profile, settings.profile_folders)
            if recorded.platform != mended_profile.platform:
                continue
            print(f"Replaying {name} ...", file=sys.stderr)
            tried += 1
            locators = {"locators": mended_profile.locators}
            played = await tapes.play(tape, recorded.model_copy(update=locators), browser)
            wrong += [f"{name}: {line}" for line in played.against(tape.expected)]
    if not tried:
        print("No recording of this platform: the next run alone proves it.", file=sys.stderr)
    return wrong


def _agreed(options: argparse.Namespace, told: Mapping[str, Any], file: Path) -> None:
    if options.yes:
        return
    if options.json or not sys.stdin.isatty():
        raise Misconfigured(State.NOT_CONFIRMED, f"Confirm with --yes that {file} may be written.")
    print(f"\n{as_toml(told)}\nWrite this to {file}? Type yes: ", end="", file=sys.stderr)
    sys.stderr.flush()
    if sys.stdin.readline().strip() != "yes":
        raise Misconfigured(State.NOT_CONFIRMED, "Nothing was written.")


def _evidence(place: Path, name: str) -> Mapping[str, Any]:
    file = place / "outline.json" if place.is_dir() else place
    if not file.exists():
        raise Misconfigured(
            State.NO_DATA,
            f"There is no evidence at {place}; a run that ends as {State.PORTAL_CHANGED} names its"
            " folder.",
        )
    told = lookback.read(file)
    if {"page", "tried", "broken", "step"} - told.keys() or told.get("profile") != name:
        raise Misconfigured(
            State.NO_DATA, f"{file} is no evidence of {name}; name the folder of such a run."
        )
    return told


def _tell(known: Profile, repairs: Sequence[Repair], *, compared: bool) -> None:
    basis = "the last good run" if compared else "what the profile alone says of it"
    print(f"{known.id}: the page compared with {basis}.")
    if not repairs:
        print("Nothing that repair knows how to mend is broken on that page.")
    for one in repairs:
        print(f"\n{one.name}" + (f": {one.doubt}" if one.doubt else ": sure enough to be written"))
        for rank, proposal in enumerate(one.proposals, 1):
            way = f"; found by {_way(proposal.way)}" if proposal.way else ""
            print(f"  {rank}. {proposal.likeness.percent} %: {proposal.element}{way}")
            for reason in proposal.likeness.reasons:
                print(f"     - {reason}")


def _plain(one: Repair) -> Mapping[str, Any]:
    return {
        "name": one.name,
        "doubt": one.doubt,
        "proposals": [
            {
                "element": proposal.element,
                "percent": proposal.likeness.percent,
                "reasons": proposal.likeness.reasons,
                "way": proposal.way.model_dump(exclude_none=True) if proposal.way else None,
            }
            for proposal in one.proposals
        ],
    }


def _way(way: Candidate) -> str:
    return " ".join(f"{key} {value}" for key, value in way.model_dump(exclude_none=True).items())
