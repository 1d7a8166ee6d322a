"""Remembers, across runs, which sign-in waits for a person and which portal asked for a pause."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from harvester.errors import (
    HELD,
    MEANINGS,
    ActionNeeded,
    Failure,
    OwnLimit,
    State,
    Transient,
    Unanswered,
)
from harvester.store.home import private_folder, unusable, write_private


class Hold(NamedTuple):
    """Why nothing is asked for a member, or of a utility, and until when."""

    name: str
    state: State
    since: datetime
    not_before: datetime | None
    """For a utility: when it ends by itself; for a member: before that a person need not try."""


def keep(home: Path, member: str, profile: str, failure: Failure, at: datetime) -> None:
    """Remember a failure that the next run has to heed: a person's turn, or the portal's pause."""
    if failure.state in HELD or isinstance(failure, Unanswered):
        _keep(home, Hold(f"member-{member}", failure.state, at, failure.not_before))
    elif (
        isinstance(failure, Transient)
        and not isinstance(failure, OwnLimit)
        and failure.not_before
        and failure.not_before > at
    ):
        _keep(home, Hold(f"portal-{profile}", failure.state, at, failure.not_before))


def lift(home: Path, member: str) -> None:
    """Let a member be signed in again: a person did so, or gave other credentials."""
    _file(home, f"member-{member}").unlink(missing_ok=True)


def paused(home: Path, profile: str) -> Hold | None:
    """Return the pause that a portal asked for last, which may be over."""
    return _read(_file(home, f"portal-{profile}"))


def refuse(home: Path, member: str, profile: str, at: datetime, *, by_hand: bool) -> None:
    """Raise where nothing may be asked; `by_hand` a person tries whether a member's hold is over.

    Raises ActionNeeded for a sign-in that waits for a person, Transient for a portal's pause.
    """
    pause = paused(home, profile)
    if pause and pause.not_before and at < pause.not_before:
        raise Transient(
            pause.state,
            f"{profile} asked for a pause until {pause.not_before:%Y-%m-%d %H:%M} UTC; nothing is"
            f" asked of it before.",
            pause.not_before,
        )
    held = _read(_file(home, f"member-{member}"))
    waits = held and held.not_before and at < held.not_before
    if held is None or (by_hand and not waits):
        return
    until = f" until {held.not_before:%Y-%m-%d %H:%M} UTC" if held.not_before else ""
    raise ActionNeeded(
        held.state,
        f"{MEANINGS[held.state].said} That was on {held.since:%Y-%m-%d}{until}, and {member} is not"
        f" signed in again by itself; when it is mended, `harvester sign-in {member}`.",
        held.not_before,
    )


def _keep(home: Path, hold: Hold) -> None:
    file = _file(home, hold.name)
    private_folder(file.parent)
    told = {
        "state": hold.state,
        "since": hold.since.isoformat(),
        "not_before": hold.not_before.isoformat() if hold.not_before else None,
    }
    try:
        write_private(file, json.dumps(told).encode())
    except OSError as error:
        raise unusable(file.parent, error.strerror) from error


def _read(file: Path) -> Hold | None:
    if not file.exists():
        return None
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        until = told["not_before"]
        return Hold(
            file.stem,
            State(told["state"]),
            datetime.fromisoformat(told["since"]),
            datetime.fromisoformat(until) if until else None,
        )
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise unusable(file, type(error).__name__) from None


def _file(home: Path, name: str) -> Path:
    return home / "holds" / f"{name}.json"
