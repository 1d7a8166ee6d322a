"""A trail of what was done: lines of JSON, each holding the hash of the one before, never changed.

A fact is written only if its name is known here and its value has the shape that the name calls
for, so that no secret, account number or page text can slip in.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from harvester.errors import ActionNeeded, State
from harvester.store.lines import TAIL, FileLines
from harvester.store.place import Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
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
    **dict.fromkeys(("authorization", "actor", "command", "error", "place"), NAME),
    **dict.fromkeys(("start", "end", "day", "billing_date", "expires_on"), DAY),
    **dict.fromkeys(("not_before", "retrieved_at"), MOMENT),
    **dict.fromkeys(("sha", "head", "document", "fingerprint"), SHA),
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
    "parts",
    "pdfs",
    "requests",
    "revised",
    "run",
    "seconds",
    "sign_ins",
}
START = "0" * 64
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Head(NamedTuple):
    """What the next entry follows: the number and hash of the newest one."""

    seq: int
    hash: str


def masked(number: str) -> str:
    """Return an account number as the trail may show it: `…001`."""
    return "…" + number[-3:] if len(number) > len("001") else "…"


class Entry(NamedTuple):
    """One line of a trail; an untouched trail has entry number n in line n."""

    seq: int
    at: str
    event: str
    facts: dict[str, Fact]
    prev: str
    hash: str
    line: bytes
    """As it is written, less the end of the line."""


class Torn(ActionNeeded):
    """The last line was cut short, which a killed program can do as well as a person."""


class End(Protocol):
    """The end of the lines, while nobody else appends to them."""

    def tail(self) -> bytes:
        """Return the last line at least, behind what may be a part of one."""

    def each(self) -> Iterator[bytes]:
        """Yield all lines."""

    def write(self, lines: bytes, torn: int) -> None:
        """Keep lines for good, in place of so many bytes of one that was cut short."""


class Lines(Protocol):
    """Where the lines of a trail are kept."""

    name: str
    """What people call it."""

    def held(self) -> AbstractContextManager[End]:
        """Let nobody else append meanwhile."""

    def newest(self) -> bytes:
        """Return some of the last lines, behind what may be a part of one."""

    def each(self) -> Iterator[bytes]:
        """Yield the lines there are now, each with its end unless it was cut short."""


class Trail:
    """Entries in one order; many processes, on many machines, may append at the same time."""

    def __init__(self, file: Path, server: Server | None = None) -> None:
        """Keep them in a file, or in a server's schema; checkpoints are beside the file then."""
        self.file = file
        self.lines: Lines = _table(server) if server else FileLines(file)
        self.name = self.lines.name

    def append(self, event: str, at: datetime, **facts: Fact) -> Head:
        """Write one entry and sync it to the disk.

        A line that a killed process left half written is cut off first, and that is an entry too.
        Raises ValueError for an event or a fact that may not be written, ActionNeeded if the last
        line was tampered with, Misconfigured if the trail cannot be written.
        """
        _check(event, facts)
        moment = moment_of(at)
        with self.lines.held() as end:
            head, torn = self._head(end.tail())
            lines = b""
            if torn:
                head, lines = _entry(head, moment, "trail.repaired", {"bytes": torn})
            head, line = _entry(head, moment, event, facts)
            end.write(lines + line, torn)
        return head

    def newest(self) -> str:
        """Return the newest moment among the last entries, as it is written; empty if none is."""
        entries = map(_parsed, self.lines.newest().split(b"\n"))
        return max((entry.at for entry in entries if entry), default="")

    def verify(self) -> int:
        """Check every entry and return how many there are; raises as `entries` does.

        A chain alone cannot show that its newest entries were cut off or all hashes made anew;
        signed checkpoints can.
        """
        return sum(1 for _ in self.entries())

    def entries(self) -> Iterator[Entry]:
        """Yield what the trail holds now, checked line by line, in constant memory.

        Raises ActionNeeded naming the first line that is not what was written, and Torn.
        """
        head = Head(0, START)
        lines = enumerate(self.lines.each(), start=1)
        for number, line in lines:
            if len(line) == TAIL:
                raise self._broken(number, "is far longer than an entry")
            if not line.endswith(b"\n"):
                raise Torn(
                    State.TRAIL_BROKEN,
                    f"Line {number} of the trail {self.name} was cut short, as a killed program"
                    " leaves it; the next run cuts it off and notes that.",
                )
            entry = _parsed(line[:-1])
            if entry is None:
                raise self._broken(number, "was changed: it does not match its hash")
            if (entry.seq, entry.prev) != (head.seq + 1, head.hash):
                raise self._broken(number, _misplaced(head, entry, lines))
            head = Head(entry.seq, entry.hash)
            yield entry

    def _head(self, tail: bytes) -> tuple[Head, int]:
        """Return what the next entry follows, and how many bytes there are of one cut short."""
        whole, newline, torn = tail.rpartition(b"\n")
        if len(tail) == TAIL and b"\n" not in whole:  # no torn entry is that long: cut nothing
            raise self._broken("the last", "is far longer than an entry")
        if not newline:
            return Head(0, START), len(torn)
        entry = _parsed(whole.rpartition(b"\n")[2])
        if entry is None:
            raise self._broken("the last", "was changed: it does not match its hash")
        return Head(entry.seq, entry.hash), len(torn)

    def _broken(self, line: int | str, what: str) -> ActionNeeded:
        place = f"Line {line}" if isinstance(line, int) else f"{line.capitalize()} line"
        return ActionNeeded(
            State.TRAIL_BROKEN,
            f"{place} of the trail {self.name} {what}; keep it as it is and compare it with a copy"
            " from before.",
        )


def _table(server: Server) -> Lines:
    """Return the lines in a server's schema; psycopg is loaded only by who has one."""
    lines: Lines = importlib.import_module("harvester.store.postgres").Lines(server)
    return lines


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


def moment_of(at: datetime) -> str:
    """Return a moment as it is written, in UTC; ValueError if it has no time zone."""
    if at.tzinfo is None:
        message = "a moment needs its time zone"
        raise ValueError(message)
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _entry(head: Head, at: str, event: str, facts: dict[str, Any]) -> tuple[Head, bytes]:
    entry = {"seq": head.seq + 1, "at": at, "event": event, "facts": facts, "prev": head.hash}
    digest = hashlib.sha256(canonical(entry)).hexdigest()
    return Head(head.seq + 1, digest), canonical({**entry, "hash": digest}) + b"\n"


def _parsed(line: bytes) -> Entry | None:
    """Return the entry of a line, or None if the line is not exactly what was written."""
    try:
        found = json.loads(line)
        entry = Entry(**found, line=line)
        digest = found.pop("hash")
        same = digest == hashlib.sha256(canonical(found)).hexdigest()
        same = same and line == canonical({**found, "hash": digest})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    typed = type(entry.seq) is int and isinstance(entry.facts, dict)
    typed = typed and all(isinstance(value, Fact) for value in entry.facts.values())
    return entry if same and typed else None


def _misplaced(head: Head, entry: Entry, later: Iterator[tuple[int, bytes]]) -> str:
    """Say how an entry that is whole in itself came to a place where it does not belong."""
    due = head.seq + 1
    if entry.seq == due:
        return "does not follow from what is before it: one of the two was changed"
    if entry.seq < due:
        return f"is out of place: it is entry {entry.seq} once more"
    for number, line in later:
        moved = _parsed(line.removesuffix(b"\n"))
        if moved and (moved.seq, moved.prev) == (due, head.hash):
            return f"is entry {entry.seq}: entries were reordered, entry {due} is in line {number}"
    gone = f"entry {due} was" if entry.seq == due + 1 else f"entries {due} to {entry.seq - 1} were"
    return f"is entry {entry.seq}: {gone} removed"


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Return the one way to write it as JSON, of which its hash or signature is."""
    return _ENCODER.encode(entry).encode()
