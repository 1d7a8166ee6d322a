"""A trail of what was done: JSON lines, each holding the hash of the one before, never changed.

A fact is written only if its name is known here and its value has the shape that the name calls
for, so that no secret, account number or page text can slip in.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from harvester.errors import BadData, State
from harvester.store.home import private_folder, sync_folder, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Fact = bool | int | str

EVENT = re.compile(r"[a-z]{1,24}(\.[a-z-]{1,24}){1,2}")
NAME = re.compile(r"(?!.*\d{5})[A-Za-z][A-Za-z0-9._-]{0,39}")
"""A profile, member or rule; five digits in a row could be part of an account number."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SHA = re.compile(r"[0-9a-f]{64}")
MASKED = re.compile(r"…[0-9A-Za-z]{0,3}")
STATE = re.compile("|".join(State))
VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){1,3}")
COUNT_LIMIT = 10**9

SHAPES: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(("profile", "platform", "member", "kind", "stream", "scope", "rule"), NAME),
    **dict.fromkeys(("authorization", "actor", "command", "error"), NAME),
    **dict.fromkeys(("start", "end", "day", "billing_date", "expires_on"), DAY),
    **dict.fromkeys(("not_before", "retrieved_at"), MOMENT),
    **dict.fromkeys(("sha", "head", "document"), SHA),
    "account": MASKED,
    "state": STATE,
    "version": VERSION,
}
COUNTS = {
    "accounts",
    "added",
    "artifacts",
    "attempt",
    "bytes",
    "days",
    "exit_code",
    "findings",
    "gaps",
    "pdfs",
    "requests",
    "revised",
    "run",
    "seconds",
    "sign_ins",
}
START = "0" * 64
TAIL = 1 << 16
"""Bytes read from the end to find the last line; an entry is far shorter."""


class Head(NamedTuple):
    """The newest entry of a trail: kept elsewhere, it shows later that nothing was cut off."""

    seq: int
    hash: str


def masked(number: str) -> str:
    """Return an account number as the trail may show it: `…001`."""
    return "…" + number[-3:] if len(number) > len("001") else "…"


class Trail:
    """One file of entries; many processes may append to it at the same time."""

    def __init__(self, file: Path) -> None:
        self.file = file
        private_folder(file.parent)

    def append(self, event: str, at: datetime, **facts: Fact) -> Head:
        """Write one entry and sync it to the disk.

        A line that a killed process left half written is cut off first, and that is an entry too.
        Raises ValueError for an event or a fact that may not be written, BadData if the last line
        was tampered with, Misconfigured if the file cannot be written.
        """
        _check(event, facts)
        moment = _moment(at)
        with self._locked(os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX) as handle:
            head, torn = self._tail(handle)
            lines = b""
            if torn:
                os.ftruncate(handle, os.fstat(handle).st_size - torn)
                head, lines = _entry(head, moment, "trail.repaired", {"bytes": torn})
            head, line = _entry(head, moment, event, facts)
            os.lseek(handle, 0, os.SEEK_END)
            _write(handle, lines + line)
            os.fsync(handle)
        return head

    def head(self) -> Head:
        """Return the newest whole entry; `Head(0, "000…")` before the first."""
        if not self.file.exists():
            return Head(0, START)
        with self._locked(os.O_RDONLY, fcntl.LOCK_SH) as handle:
            return self._tail(handle)[0]

    def verify(self, known: Head | None = None) -> int:
        """Check every entry and return how many there are; raises BadData naming the line.

        A chain alone cannot show that its newest entries were cut off; a head that was `known`
        before can.
        """
        content = b""
        if self.file.exists():
            with self._locked(os.O_RDONLY, fcntl.LOCK_SH) as handle:
                content = _read(handle, 0)
        head = Head(0, START)
        met = known is None or known == head
        for number, line in enumerate(content.split(b"\n"), start=1):
            if not line and number == content.count(b"\n") + 1:
                break
            if number > content.count(b"\n"):
                raise self._broken(number, "was cut short; the next entry repairs it")
            entry = _parsed(line)
            if entry is None:
                raise self._broken(number, "does not match its hash")
            if (entry["prev"], entry["seq"]) != (head.hash, head.seq + 1):
                raise self._broken(number, "does not follow from the line before")
            head = Head(entry["seq"], entry["hash"])
            met = met or head == known
        if not met:
            raise self._broken(head.seq + 1, "is missing: the trail does not reach the known head")
        return head.seq

    def _tail(self, handle: int) -> tuple[Head, int]:
        start = max(0, os.fstat(handle).st_size - TAIL)
        whole, newline, torn = _read(handle, start).rpartition(b"\n")
        if start and b"\n" not in whole:  # no torn entry is that long: cut nothing
            raise self._broken("the last", "is far longer than an entry")
        if not newline:
            return Head(0, START), len(torn)
        entry = _parsed(whole.rpartition(b"\n")[2])
        if entry is None:
            raise self._broken("the last", "does not match its hash")
        return Head(entry["seq"], entry["hash"]), len(torn)

    def _broken(self, line: int | str, what: str) -> BadData:
        place = f"Line {line}" if isinstance(line, int) else f"{line.capitalize()} line"
        return BadData(State.UNREADABLE, f"{place} of the trail {self.file} {what}.")

    @contextmanager
    def _locked(self, flags: int, lock: int) -> Iterator[int]:
        try:
            fresh = not self.file.exists()
            handle = os.open(self.file, flags, 0o600)
            try:
                fcntl.flock(handle, lock)
                if fresh:
                    sync_folder(self.file.parent)
                yield handle
            finally:
                os.close(handle)
        except OSError as error:
            raise unusable(self.file, error.strerror) from error


def _check(event: str, facts: dict[str, Fact]) -> None:
    """Messages name the fact and never show its value: that may be what must not be shown."""
    if not EVENT.fullmatch(event):
        message = "an event is two or three short words joined by dots"
        raise ValueError(message)
    for name, value in facts.items():
        if name in COUNTS:
            good = isinstance(value, int) and abs(value) < COUNT_LIMIT
        else:
            shape = SHAPES.get(name)
            good = shape is not None and isinstance(value, str) and bool(shape.fullmatch(value))
        if not good:
            message = f"the fact {name!r} of {event} may not be written to the trail"
            raise ValueError(message)


def _moment(at: datetime) -> str:
    if at.tzinfo is None:
        message = "a moment needs its time zone"
        raise ValueError(message)
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _entry(head: Head, at: str, event: str, facts: dict[str, Any]) -> tuple[Head, bytes]:
    entry = {"seq": head.seq + 1, "at": at, "event": event, "facts": facts, "prev": head.hash}
    digest = hashlib.sha256(_canonical(entry)).hexdigest()
    return Head(head.seq + 1, digest), _canonical({**entry, "hash": digest}) + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return the entry of a line, or None if the line is not exactly what was written."""
    try:
        entry = json.loads(line)
        bare = {name: entry[name] for name in ("seq", "at", "event", "facts", "prev")}
        digest = entry["hash"]
    except (ValueError, TypeError, KeyError):
        return None
    same = digest == hashlib.sha256(_canonical(bare)).hexdigest() and line == _canonical(entry)
    return {**bare, "hash": digest} if same else None


def _canonical(entry: dict[str, Any]) -> bytes:
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def _read(handle: int, start: int) -> bytes:
    os.lseek(handle, start, os.SEEK_SET)
    with os.fdopen(os.dup(handle), "rb") as file:
        return file.read()


def _write(handle: int, content: bytes) -> None:
    while content:
        content = content[os.write(handle, content) :]
