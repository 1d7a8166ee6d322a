"""Commands that harvest night after night, have that started by itself, or show what comes."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from harvester.cli.common import logging_to_stderr, settings_of, table, tell
from harvester.cli.custody import vault_of
from harvester.custody.credentials import Kept
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Window
from harvester.night import install
from harvester.night.loop import Ending, Keeper, forever, heartbeat
from harvester.night.schedule import Schedule
from harvester.profile import Profile
from harvester.settings import Settings
from harvester.task import Task

LOCK = "schedule.loop"
"""No member's name has a dot, so no member's lock is this one's."""


def schedule(options: argparse.Namespace) -> int:
    """Do what the schedule is asked: go on, look once, or be installed, removed or shown."""
    settings = settings_of(options)
    if options.action:
        return {"install": _install, "remove": _remove, "show": _show}[options.action](
            options, settings
        )
    logging_to_stderr(verbose=True)
    store = Store(settings.home)
    with store.alone(LOCK, f"A schedule of {store.home} is running; it is left to go on."):
        return asyncio.run(_run(options, settings, store))


async def _run(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    ending = Ending()
    ending.on_signals()
    vault = vault_of(settings, store)

    def make(member: Member, found: Profile, window: Window, today: date) -> Task:
        kept = Kept(settings, vault, member, None, _utc)
        return replace(Task(member, found, kept, window, today), halt=ending.halt)

    nights = Schedule(settings, store, make, _utc)
    keeper = Keeper(nights, store, vault, options.textfile)
    if options.once:
        await keeper.night()
        await keeper.beat()
        for said in keeper.trouble.values():
            print(said, file=sys.stderr)
        return 1 if keeper.trouble else 0
    await forever(keeper, ending, options.port)
    return 0


def _install(options: argparse.Namespace, settings: Settings) -> int:
    written = install.install(_job(options, settings))
    if options.json:
        print(json.dumps({"written": written}))
        return 0
    for said in written:
        print(said)
    print("Due runs are started from now on; `harvester schedule show` tells when they are.")
    if written[0].endswith(".service"):
        print("To have that without anybody logged in: loginctl enable-linger")
    return 0


def _remove(options: argparse.Namespace, settings: Settings) -> int:
    removed = install.remove(_job(options, settings))
    if options.json:
        print(json.dumps({"removed": removed}))
    else:
        print("\n".join(f"Removed: {one}" for one in removed) or "Nothing was installed.")
    return 0


def _job(options: argparse.Namespace, settings: Settings) -> install.Job:
    home = settings.home.absolute()
    told = {f"HARVESTER_{name.upper()}" for name in Settings.model_fields} - {"HARVESTER_HOME"}
    environment = {name: os.environ[name] for name in sorted(told & set(os.environ))}
    command = [sys.executable, "-m", "harvester", "schedule", "--once", "--home", str(home)]
    if options.textfile:
        command += ["--textfile", str(options.textfile.absolute())]
    return install.Job(home, command, environment)


def _show(options: argparse.Namespace, settings: Settings) -> int:
    store = Store(settings.home)
    nights = Schedule(settings, store, Task, _utc)  # type: ignore[arg-type] # it makes none
    plan, started = nights.plan(), install.installed(_job(options, settings))
    alive = _alive(store.home)
    if options.json:
        told = {
            "due": [
                {"member": one.member, "at": one.at.isoformat(), "night": f"{one.night}"}
                for one in plan.due
            ],
            "broken": {name: f"{failure}" for name, failure in plan.broken.items()},
            "started_by": started,
            "heartbeat": alive,
        }
        print(json.dumps(told, indent=2))
        return 0
    shown = table("Member", "Next run", "There", "Night of")
    for one in plan.due:
        local = one.at.astimezone(plan.profiles[one.member].zone)
        when = "now" if one.at <= _utc() else f"{one.at:%Y-%m-%d %H:%M} UTC"
        shown.add_row(one.member, when, f"{local:%H:%M %Z}", f"{one.night}")
    tell(shown if plan.due else "Nobody is to be harvested; `harvester member add` adds somebody.")
    for name, failure in plan.broken.items():
        print(f"{name} cannot be planned for: {failure}")
    print(
        "Started by: " + ("; ".join(started) or "nothing; `harvester schedule install` does that")
    )
    print(f"Last seen alive: {alive['seen'] if alive else 'never'}")
    for said in (alive or {}).get("trouble", {}).values():
        print(f"In trouble: {said}")
    return 0


def _alive(home: Path) -> dict[str, dict[str, str]] | None:
    """Return what the heartbeat says; None where there is none that can be read."""
    try:
        told: dict[str, dict[str, str]] = json.loads(heartbeat(home).read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return None
    return told


def _utc() -> datetime:
    return datetime.now(UTC)
