"""Moves a home to another database or folder of files, and back, once it is proven to be equal."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from harvester.errors import Misconfigured, State
from harvester.store.archive import SHA, Archive, open_archive
from harvester.store.audit import End, Lines, Trail
from harvester.store.database import Database
from harvester.store.home import unusable
from harvester.store.lines import FileLines
from harvester.store.locks import alone
from harvester.store.place import Bucket, Place, Server, keep, place
from harvester.store.sqlite import remove, retired

TABLES: Final = {
    "account": "id",
    "run": "id",
    "sign_in": "run, at",
    "artifact": "id",
    "coverage": "account, stream, day",
    "reading": "account, direction, start, meter",
    "reading_revision": "account, direction, start, meter, replaced_by",
    "day_total": "account, day, meter",
    "day_total_revision": "account, day, meter, replaced_by",
    "account_detail": "account",
    "bill": "account, billing_date, kind, amount",
    "statement": "account, billing_date, kind, amount",
    "register_read": "account, billing_date, kind, amount, place",
    "line_item": "account, billing_date, kind, amount, place",
    "payment": "account, id",
    "note": "account, day, text",
    "finding": "account, origin, rule, subject",
    "reading_count": "account, direction, quality, reason",
}
"""Every table, after those that it refers to, and what orders its rows."""
BATCH: Final = 1000
"""Lines that are written at once."""


class Proof(NamedTuple):
    """What was there before and is there now, as it was read back."""

    rows: int
    entries: int
    """Lines of the trail."""
    files: int
    digest: str
    """SHA-256 over all rows of all tables in order, and all lines of the trail."""


class _Side(Database):
    """One of the two places that a home is moved between."""

    def __init__(self, kept: Place) -> None:
        super().__init__(kept.database)
        self.lines: Lines = FileLines(kept.trail)
        if kept.server:  # on this connection, so that rows and trail are kept or dropped together
            module = importlib.import_module("harvester.store.postgres")
            self.lines = module.Lines(kept.server, self._db)

    def members(self) -> list[str]:
        """Return whoever was harvested, or is."""
        return sorted(name for (name,) in self._rows("SELECT DISTINCT member FROM run"))

    def empty(self) -> bool:
        """Tell whether there is no row in it yet."""
        return not any(self._rows(f"SELECT 1 FROM {table} LIMIT 1") for table in TABLES)

    def fill(self, other: _Side) -> None:
        """Take all rows of the other side, with the ids that they have there."""
        for table, order in TABLES.items():
            self._db.copy(table, other.ordered(table, order))

    def ordered(self, table: str, order: str) -> Iterator[tuple[object, ...]]:
        """Yield the rows of a table in their order."""
        return self._db.stream(f"SELECT * FROM {table} ORDER BY {order}", ())

    def proof(self, lines: Iterator[bytes]) -> Proof:
        """Return what it holds, read row by row."""
        digest, rows, entries = hashlib.sha256(), 0, 0
        for table, order in TABLES.items():
            digest.update(f"{table}\n".encode())
            for row in self.ordered(table, order):
                digest.update(f"{tuple(row)!r}\n".encode())
                rows += 1
        for line in lines:
            digest.update(line)
            entries += 1
        return Proof(rows, entries, 0, digest.hexdigest())

    def retire(self) -> None:
        """Have nobody write to it again, once the transaction there is has ended."""
        self._db.retire()


def move(home: Path, database: Path | Server, archive: Path | Bucket) -> Proof:
    """Move a home's rows, trail and files where they are to be from now on.

    The home is switched over once all was read back and is equal, and only then is what was moved
    deleted.  Cut short at any point, the home is whole where it was or where it is to be, and the
    same call goes on.  Raises Transient while a member is harvested, ActionNeeded where the trail
    is not what was written, Misconfigured where there is something else already.
    """
    kept = place(home)
    wanted = Place(database, kept.trail, archive)
    Trail(kept.trail, kept.server).verify()
    with _Side(kept) as source:
        busy = "A harvest is under way: wait until it has ended, or stop what schedules it."
        with (
            alone(home, kept.server, source.members(), busy),
            source.transaction(),
            source.lines.held() as lines,
        ):
            proof = source.proof(lines.each())
            files = _copy_files(kept.archive, archive)
            moved = database != kept.database
            if moved:
                _copy_rows(source, lines, wanted, proof)
                source.retire()
            keep(home, database, archive)
            if moved and not kept.server:  # while nobody can append to it
                kept.trail.unlink(missing_ok=True)
    _remove(home, kept, wanted)
    return proof._replace(files=files)


def _copy_rows(source: _Side, lines: End, wanted: Place, proof: Proof) -> None:
    """Copy rows and trail, and read them back; raises Misconfigured where that is not equal."""
    if isinstance(wanted.database, Path):
        if retired(wanted.database):
            remove(wanted.database)
    else:
        importlib.import_module("harvester.store.postgres").make(wanted.database)
    with _Side(wanted) as target, target.transaction(), target.lines.held() as end:
        other = Misconfigured(
            State.HOME_UNUSABLE,
            f"There is something else in {target.lines.name} already, so nothing was moved and the"
            " home is as it was: name another database, or another --schema.",
        )
        if target.empty():
            target.fill(source)
        elif target.proof(lines.each()) != proof:
            raise other
        if not _copy_lines(lines.each(), end) or target.proof(end.each()) != proof:
            raise other


def _copy_lines(lines: Iterator[bytes], end: End) -> bool:
    """Add the lines that are not there yet; tell whether those that are there are the same."""
    there = end.each()
    missing: list[bytes] = []
    for line in lines:
        known = next(there, None)
        if known is None:
            missing.append(line)
        elif known != line:
            return False
        if len(missing) == BATCH:
            end.write(b"".join(missing), 0)
            missing.clear()
    if missing:
        end.write(b"".join(missing), 0)
    return next(there, None) is None


def _copy_files(old: Path | Bucket, new: Path | Bucket) -> int:
    """Copy the archive, file by file as their names prove them; return how many there are."""
    archive = open_archive(old)
    names = _names(archive)
    if old == new:
        return len(names)
    wanted = open_archive(new)
    if not _names(wanted).keys() <= names.keys():
        raise Misconfigured(
            State.HOME_UNUSABLE,
            f"There is something else in {new} already, so nothing was moved: a home needs a folder"
            " or prefix of its own for its archive.",
        )
    for sha, file in names.items():
        wanted.put(archive.get(sha), file.suffix)
        wanted.get(sha)
    return len(names)


def _names(archive: Archive) -> dict[str, PurePosixPath]:
    return {file.stem: file for file in archive.strays(()) if SHA.fullmatch(file.stem)}


def _remove(home: Path, kept: Place, wanted: Place) -> None:
    """Delete what was moved, where it was in files."""
    try:
        if isinstance(kept.database, Path) and kept.database != wanted.database:
            remove(kept.database)
    except OSError as error:
        raise unusable(home, error.strerror) from error
    if kept.archive != wanted.archive:
        old = open_archive(kept.archive)
        old.delete(_names(old).values())
