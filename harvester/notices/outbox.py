"""Messages on their way: a file each, until its receiver has it; what nobody takes is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict

from harvester.custody import files
from harvester.store.home import unusable

PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 300, 600, 840, 1200, 1440))
"""Between one try and the next; after the last of them, three days on, it is given up."""

log = structlog.get_logger()


class Message(BaseModel):
    """One message for one channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    """The same for the same news, so that a receiver can tell that it has it already."""
    channel: str
    topic: str
    title: str
    text: str
    facts: Mapping[str, str]
    made_at: datetime
    tries: int = 0
    not_before: datetime | None = None
    why: str = ""
    """Why the last try failed."""


Send = Callable[[Message], Awaitable[str | None]]
"""Sends a message; returns why it could not."""


def identity(channel: str, *words: str) -> str:
    """Return the id of a piece of news for a channel."""
    told = "\n".join((channel, *words)).encode()
    return f"msg_{hashlib.sha256(told).hexdigest()[:24]}"


def put(home: Path, message: Message) -> None:
    """Put a message into the outbox, once, however often it is put: its tries still count."""
    folders = (home / "outbox", home / "outbox" / "given-up")
    if not any((folder / f"{message.id}.json").exists() for folder in folders):
        _write(home / "outbox", message)


def waiting(home: Path) -> list[Message]:
    """Return what is on its way, oldest first."""
    return _read(home / "outbox")


def given_up(home: Path) -> list[Message]:
    """Return what no receiver took."""
    return _read(home / "outbox" / "given-up")


async def deliver(home: Path, send: Send, now: datetime) -> int:
    """Send what is due, a file at a time; return how many arrived."""
    arrived = 0
    for message in waiting(home):
        if message.not_before and now < message.not_before:
            continue
        why = await send(message)
        if why is None:
            files.remove(home / "outbox" / f"{message.id}.json")
            arrived += 1
        else:
            _failed(home, message, why, now)
    return arrived


def again(home: Path) -> int:
    """Try everything again at once, also what was given up; return how many there are."""
    found = given_up(home)
    for message in (*found, *waiting(home)):
        _write(home / "outbox", message.model_copy(update={"tries": 0, "not_before": None}))
    for message in found:
        files.remove(home / "outbox" / "given-up" / f"{message.id}.json")
    return len(waiting(home))


def drop(home: Path, channel: str) -> int:
    """Drop what a channel that is no more was to get; return how many there were."""
    dropped = 0
    for folder in (home / "outbox", home / "outbox" / "given-up"):
        for message in _read(folder):
            if message.channel == channel:
                dropped += files.remove(folder / f"{message.id}.json")
    return dropped


def _failed(home: Path, message: Message, why: str, now: datetime) -> None:
    tries = message.tries + 1
    over = tries > len(PAUSES)
    pause = None if over else now + PAUSES[tries - 1]
    told = {"tries": tries, "not_before": pause, "why": why}
    folder = home / "outbox" / "given-up" if over else home / "outbox"
    _write(folder, message.model_copy(update=told))
    if over:
        files.remove(home / "outbox" / f"{message.id}.json")
    said = log.error if over else log.warning
    said("notice.failed", channel=message.channel, why=why, tries=tries, given_up=over)


def _write(folder: Path, message: Message) -> None:
    files.write(folder / f"{message.id}.json", message.model_dump_json(indent=1).encode())


def _read(folder: Path) -> list[Message]:
    found = []
    for file in sorted(folder.glob("msg_*.json")):
        try:
            found.append(Message.model_validate_json(file.read_text(encoding="utf-8")))
        except (ValueError, OSError) as error:
            raise unusable(file, type(error).__name__) from None
    return sorted(found, key=lambda message: message.made_at)
