"""Records one harvest as a tape: run, scrub, replay, compare, review, and only then keep it."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from playwright.async_api import Browser

from harvester import members, profile
from harvester.browser import open_browser
from harvester.cli import show, tapes
from harvester.cli.common import logging_to_stderr, settings_of
from harvester.cli.custody import vault_of
from harvester.cli.harvests import months_back
from harvester.cli.simulated import at_ease, permit
from harvester.custody.credentials import Kept
from harvester.custody.secret import Secret
from harvester.errors import BadData, Failure, Misconfigured, State
from harvester.filing import Store
from harvester.members import NAME, Member
from harvester.model import Window
from harvester.run import harvest
from harvester.scrub import Scrubbed, scrub
from harvester.scrub.facts import ADDRESS, METER, Fact
from harvester.scrub.placeholders import ACCOUNT
from harvester.scrub.review import review
from harvester.store.archive import Folder
from harvester.store.aside import Aside
from harvester.tape import folder
from harvester.tape.expected import differences, document, without_files
from harvester.tape.tape import About, Heard, Recorder, utc
from harvester.task import Credentials, Outcome, Task
from harvester.wire import Wire

MONTHS = 24


class Recorded(NamedTuple):
    """A run with all that passed the wire; nothing of it may be kept as it is."""

    about: About
    heard: list[Heard]
    outcome: Outcome
    told: dict[str, Any]
    """As `expected.document` tells what came home."""
    facts: list[Fact]
    sockets: Mapping[str, int]


class Overheard:
    """Credentials that remember what they gave away, so that it can be hidden; no session is."""

    def __init__(self, owned: Credentials) -> None:
        self._owned = owned
        self.given: list[Fact] = []
        self.reject = owned.reject
        self.expect_code = owned.expect_code

    def password(self) -> Secret:
        """Return the password."""
        found = self._owned.password()
        self.given.append(Fact("password", found.reveal()))
        return found

    def code(self) -> str | None:
        """Return the code of the member's authenticator."""
        return self._heard(self._owned.code())

    def handed_in(self, since: datetime) -> str | None:
        """Take the code that was handed in."""
        return self._heard(self._owned.handed_in(since))

    def session(self, _max_age: timedelta) -> None:
        """Return none: a recording begins with its sign-in."""

    def keep_session(self, state: dict[str, Any]) -> None:
        """Keep none."""

    def _heard(self, code: str | None) -> str | None:
        self.given += [Fact("code", code)] if code else []
        return code


def record(options: argparse.Namespace) -> int:
    """Record a harvest and keep it if it is scrubbed, replays alike and a person accepts it."""
    logging_to_stderr(verbose=options.verbose)
    settings = settings_of(options)
    if not NAME.fullmatch(options.name):
        raise Misconfigured(
            State.INVALID_TAPE,
            f"{options.name!r} is no name for a recording: use small letters, digits and hyphens.",
        )
    hidden = [Fact("word to hide", line) for line in _lines(options.hide)]
    scrubbed = asyncio.run(_record(options, hidden))
    files = dict(folder.files(scrubbed.tape))
    for name, content in files.items():
        scrubbed.mask.refuse(name, content)
    if options.review and not _accepted(scrubbed):
        print("Nothing was kept.")
        return 0
    about = scrubbed.tape.about
    place = (options.folder or settings.home / tapes.FOLDER) / about.profile / options.name
    folder.write(place, files.items())
    told = {"folder": f"{place}", "exchanges": len(scrubbed.tape.exchanges)}
    told |= {"files": len(files), "bytes": sum(map(len, files.values()))}
    print(json.dumps(told) if options.json else _said(told))
    return 0


def _said(told: Mapping[str, Any]) -> str:
    return (
        f"Recorded {told['exchanges']} exchanges in {told['files']} files,"
        f" {told['bytes'] / 1e6:.1f} MB, as {told['folder']}."
    )


async def _record(options: argparse.Namespace, hidden: list[Fact]) -> Scrubbed:
    async with open_browser(executable=settings_of(options).browser) as browser:
        source = _simulated(options) if options.sandbox else _member(options)
        async with source as (task, store, about):
            recorded = await listen(task, store, browser, about, quiet=options.json)
        outcome = recorded.outcome
        if outcome.state not in {State.OK, State.OK_PARTIAL}:
            raise Failure(outcome.state, f"{outcome.message} Nothing was recorded.")
        for socket in recorded.sockets:
            print(f"A WebSocket to {socket} was refused: no tape holds one.", file=sys.stderr)
        return await proven(recorded, [*recorded.facts, *hidden], task, browser)


async def listen(
    task: Task, store: Store, browser: Browser, about: About, *, quiet: bool = True
) -> Recorded:
    """Harvest into a store of its own and take down all that passes the wire, in memory alone."""
    recorder = Recorder()

    def wire(hosts: tuple[str, ...], *, sandbox: int | None) -> Wire:
        return Wire(hosts, sandbox=sandbox, answer=recorder.session())

    overheard = Overheard(task.credentials)
    task = replace(task, wire=wire, credentials=overheard)
    with show.progress(quiet=quiet) as report:
        outcome = await harvest(task, store, browser, report)
    about = about.model_copy(update={"browser": browser.version})
    told = document(store, outcome.state, [*outcome.failed, *filter(None, [outcome.message])])
    facts = [*overheard.given, *_facts(task, store)]
    return Recorded(about, recorder.heard, outcome, told, facts, recorder.sockets)


async def proven(recorded: Recorded, facts: list[Fact], task: Task, browser: Browser) -> Scrubbed:
    """Scrub a recording and replay it: what comes home must be the same but for the mask."""
    scrubbed = scrub(recorded.heard, recorded.about, facts)
    wanted = json.loads(scrubbed.mask.text(json.dumps(recorded.told, ensure_ascii=False)))
    played = await tapes.play(scrubbed.tape, task.profile, browser)
    wrong = [*played.misses, *differences(without_files(wanted), without_files(played.told))]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise BadData(
            State.REPLAY_DIFFERS,
            f"The scrubbed recording does not bring home what the run did, so it was not kept:"
            f" {'; '.join(wrong[:3])}{more}.",
        )
    return Scrubbed(replace(scrubbed.tape, expected=played.told), scrubbed.mask)


def _facts(task: Task, store: Store) -> Iterator[Fact]:
    """Yield what is known of a member: secrets, numbers, addresses and their own words."""
    for entry in store.catalog.accounts():
        yield Fact(ACCOUNT, entry.number)
        told = store.catalog.facts(entry.id)
        if told.service_address:
            yield Fact(ADDRESS, told.service_address)
        meters = {total.meter for total, _ in store.catalog.totals_told(entry.id)}
        meters |= {read.meter for s in store.catalog.statements(entry.id) for read in s.reads}
        yield from (Fact(METER, meter) for meter in sorted(filter(None, meters)))
        yield from (Fact("note", note.text) for note in store.catalog.notes(entry.id))
    yield Fact("user ID", task.member.user)


@asynccontextmanager
async def _member(options: argparse.Namespace) -> AsyncIterator[tuple[Task, Store, About]]:
    """Give the task of a member of the home; lock, stops, pace and trail are the home's."""
    settings = settings_of(options)
    member = members.load(settings, options.member)
    portal = profile.load(member.profile, settings.profile_folders)
    today = datetime.now(portal.zone).date()
    home = Store(settings.home)
    ask = getpass.getpass if sys.stdin.isatty() else None
    kept = Kept(settings, vault_of(settings, home), member, ask, lambda: datetime.now(UTC))
    task = Task(member, portal, kept, _window(options, today), today, "record")
    with TemporaryDirectory(dir=settings.home, prefix=".record-") as scratch:
        aside = copy(home)
        aside.archive = Folder(Path(scratch) / "archive")
        aside.catalog = Aside(Path(scratch) / "catalog.sqlite", home.catalog)
        try:
            yield task, aside, _about(task, "portal", datetime.now(UTC))
        finally:
            aside.catalog.close()


@asynccontextmanager
async def _simulated(options: argparse.Namespace) -> AsyncIterator[tuple[Task, Store, About]]:
    """Give the task of a simulated member, with the embedded portal serving for as long."""
    from harvester.cli.simulated import Known
    from harvester.sandbox.app import portal, serve
    from harvester.sandbox.switches import Switches
    from harvester.sandbox.world import TODAY, World

    found = at_ease(profile.load(options.profile, settings_of(options).profile_folders))
    world = World(today=options.today or TODAY)
    users = [sign_in.user for sign_in in world.sign_ins]
    if options.member not in users:
        raise Misconfigured(
            State.UNKNOWN_MEMBER,
            f"The embedded portal has no user {options.member!r}; known are {', '.join(users)}.",
        )
    try:
        app = portal(world, base=found.base, switches=Switches.parse(options.fault))
    except ValueError as wrong:
        raise Misconfigured(State.INVALID_PROFILE, f"{wrong}") from None
    known = Known(world.sign_in(options.member).password)
    noon = datetime.combine(world.today, time(12), found.zone).astimezone(UTC)
    member = Member(name="simulated", profile=found.id, user=options.member)
    window = _window(options, world.today)
    task = Task(member, found, known, window, world.today, "record", now=lambda: noon)
    runner, port = await serve(app)
    try:
        with TemporaryDirectory() as scratch:
            store = Store(Path(scratch))
            permit(store.home, task)
            about = _about(task, "sandbox", noon).model_copy(
                update={"faults": tuple(options.fault)}
            )
            yield replace(task, sandbox=port), store, about
            store.catalog.close()
    finally:
        await runner.cleanup()


def _window(options: argparse.Namespace, today: date) -> Window:
    days = options.days
    start = today - timedelta(days=days) if days else months_back(today, MONTHS)
    return Window(start, today)


def _about(task: Task, source: Any, at: datetime) -> About:  # noqa: ANN401 - one of two words
    return About(
        profile=task.profile.id,
        made_from=source,
        recorded_at=utc(at),
        today=task.today,
        start=task.window.start,
        user=task.member.user,
        origins=task.profile.origins,
        harvester=version("harvester"),
        browser="",
    )


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line]
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            State.INVALID_TAPE,
            f"{file} cannot be read as words to hide, one a line ({type(error).__name__}).",
        ) from None


def _accepted(scrubbed: Scrubbed) -> bool:
    """Show a person what is left in free text, and ask whether that may be kept."""
    for page in review(scrubbed.tape):
        print(f"\n{page.what}")
        for line in page.lines:
            print("  " + "".join(c if c.isprintable() else "?" for c in line))
    try:
        answer = input("\nMay all of this be read by anybody? Then the recording is kept. [y/N] ")
    except EOFError:
        answer = ""
    return answer.strip().lower() in {"y", "yes"}
