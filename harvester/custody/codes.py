"""Codes that a person hands in for a sign-in that waits; each is good once and for ten minutes."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

from harvester.custody import files
from harvester.custody.secret import Secret
from harvester.store.home import unusable

GOOD_FOR = timedelta(minutes=10)
SHAPE = re.compile(r"[0-9A-Za-z]{4,12}")


def hand_in(home: Path, name: str, code: Secret, at: datetime) -> None:
    """Leave a code for the member's sign-in, in place of one before; raises Misconfigured."""
    bare = re.sub(r"[\s-]", "", code.reveal())
    if not SHAPE.fullmatch(bare):
        raise files.refused(
            f"That is no code for {name}: one has 4 to 12 letters or digits; hand it in again with"
            f" `harvester code {name}`."
        )
    told = json.dumps({"code": bare, "at": at.isoformat()})
    files.write(file_of(home, name), told.encode())


def take(home: Path, name: str, since: datetime, at: datetime) -> str | None:
    """Take the code that was handed in, if it is newer than `since` and at most ten minutes old.

    Whatever was there is gone afterwards: an older code is good for nothing.
    """
    file = file_of(home, name)
    try:
        content = file.read_bytes()
        file.unlink()  # of two who look at once, only one can
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unusable(file, error.strerror) from error
    found = _told(content)
    if found is None:
        raise files.refused(
            f"{file} held no code that could be read; hand it in again with"
            f" `harvester code {name}`."
        )
    code, moment = found
    return code if since < moment and timedelta(0) <= at - moment <= GOOD_FOR else None


def file_of(home: Path, name: str) -> Path:
    """Return where a member's code waits."""
    return home / "members" / f"{name}.code"


def _told(content: bytes) -> tuple[str, datetime] | None:
    try:
        told = json.loads(content)
        code, moment = str(told["code"]), datetime.fromisoformat(told["at"])
    except (ValueError, KeyError, TypeError):
        return None
    return (code, moment) if moment.tzinfo else None
