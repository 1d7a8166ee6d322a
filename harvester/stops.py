"""Stops a utility: while its stop stands, nothing is asked of its portal, by any run."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from harvester.errors import Misconfigured, State
from harvester.store.home import private_folder, unusable, write_private


class Stop(NamedTuple):
    """Why and since when a utility is left alone."""

    profile: str
    reason: str
    since: str


def stop(home: Path, profile: str, reason: str, at: datetime) -> None:
    """Leave a utility alone from its next request on; the newest reason stands."""
    file = _file(home, profile)
    private_folder(file.parent)
    told = json.dumps({"reason": reason, "since": f"{at:%Y-%m-%d %H:%M} UTC"})
    try:
        write_private(file, told.encode())
    except OSError as error:
        raise unusable(file.parent, error.strerror) from error


def lift(home: Path, profile: str) -> bool:
    """End a stop; tell whether there was one."""
    file = _file(home, profile)
    if not file.exists():
        return False
    file.unlink()
    return True


def stopped(home: Path) -> list[Stop]:
    """Return every stop that stands; one that cannot be read stands too."""
    found = []
    for file in sorted((home / "stops").glob("*.json")):
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            found.append(Stop(file.stem, str(told["reason"]), str(told["since"])))
        except (ValueError, KeyError, TypeError, OSError):
            found.append(Stop(file.stem, "its file cannot be read", "an unknown time"))
    return found


def refuse(home: Path, profile: str) -> None:
    """Raise Misconfigured(STOPPED) while the utility's stop stands."""
    if _file(home, profile).exists():
        (one,) = (one for one in stopped(home) if one.profile == profile)
        raise Misconfigured(
            State.STOPPED,
            f"{profile} is stopped since {one.since} ({one.reason}): nothing is asked of it;"
            f" `harvester stop {profile} --lift` ends that.",
        )


def _file(home: Path, profile: str) -> Path:
    return home / "stops" / f"{profile}.json"
