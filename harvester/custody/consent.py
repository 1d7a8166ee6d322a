"""Who permits what, of which accounts, until when: records that only their end ever changes.

A record is HOME/authorizations/MEMBER/ID.json, beside it ID.pdf, the document that was signed.
What cannot be read or does not parse permits nothing.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from harvester.custody.authorization import ID, Authorization, Scope, Terms, made
from harvester.custody.files import alone
from harvester.errors import ActionNeeded, Misconfigured, State
from harvester.store.home import private_folder, unusable, write_private

FOLDER = "authorizations"


class Unreadable(NamedTuple):
    """A file among the authorizations that permits nothing, as it is not one."""

    file: Path
    why: str


class Permission(NamedTuple):
    """What a member's records permit at a time; several add up."""

    member: str
    in_force: tuple[Authorization, ...]
    others: tuple[Authorization, ...]
    """Those that do not hold, or not yet."""
    at: datetime

    def admits(self, number: str) -> frozenset[Scope]:
        """Return what of an account may be fetched; empty where nothing may."""
        return frozenset(
            scope for scope in Scope if any(one.covers(number, scope) for one in self.in_force)
        )

    def demand(self, number: str, scope: Scope) -> None:
        """Raise ActionNeeded unless this of that account is permitted."""
        if scope not in self.admits(number):
            ended = [one for one in self.others if one.covers(number, scope)]
            raise _refusal(self.member, ended, f"the {scope} of …{number[-3:]}", self.at)

    def history_from(self, number: str, scope: Scope) -> date:
        """Return the oldest local day of it that may be asked for; `date.min` is no limit."""
        return min(
            (one.history_from or date.min for one in self.in_force if one.covers(number, scope)),
            default=date.max,
        )

    @property
    def runs_a_day(self) -> int | None:
        """The fewest runs a day that any of them allows; None is as many as the profile does."""
        return min((one.runs_a_day for one in self.in_force if one.runs_a_day), default=None)

    @property
    def once(self) -> tuple[str, ...]:
        """The ids of those that a finished run uses up."""
        return tuple(one.id for one in self.in_force if one.once)


def permission(home: Path, member: str, profile: str, at: datetime) -> Permission:
    """Return what may be done with a sign-in; cheap enough to ask before every request.

    Raises ActionNeeded AUTHORIZATION_MISSING, _EXPIRED or _REVOKED where nothing may, and
    Misconfigured where the folder itself cannot be read.
    """
    found, broken = [], []
    for one in records(home, member):
        if isinstance(one, Unreadable):
            broken.append(one)
        elif one.profile == profile:
            found.append(one)
    holds = tuple(one for one in found if one.standing(at)[0] is State.OK)
    if holds:
        return Permission(member, holds, tuple(one for one in found if one not in holds), at)
    if broken:
        raise ActionNeeded(
            State.AUTHORIZATION_MISSING,
            f"{broken[0].file} {broken[0].why}, so it permits nothing of {member}: restore it, or"
            " record the authorization again with `harvester authorize add`.",
        )
    raise _refusal(member, found, f"anything at {profile}", at)


def _refusal(member: str, ended: list[Authorization], what: str, at: datetime) -> ActionNeeded:
    """Return the refusal that is most useful: of the one to come, or of the last that ended."""
    if not ended:
        return ActionNeeded(
            State.AUTHORIZATION_MISSING,
            f"No authorization of {member} permits {what}: `harvester authorize add {member}`"
            " records one, --own if the accounts are your own, else with the signed document.",
        )

    def rank(one: Authorization) -> tuple[bool, datetime]:
        state, since = one.standing(at)
        return state is State.PENDING, since

    latest = max(ended, key=rank)
    state = latest.standing(at)[0]
    said = f"({latest.id}: {latest.words(at)})"
    if state is State.PENDING:
        return ActionNeeded(
            State.AUTHORIZATION_MISSING,
            f"No authorization of {member} permits {what} yet {said}; run again then.",
        )
    again = (
        f"attest it again with `harvester authorize add {member} --own`"
        if latest.attestation
        else f"for another, its holder signs what `harvester authorize letter {member}` writes"
    )
    return ActionNeeded(
        state, f"No authorization of {member} permits {what} any more {said}; {again}."
    )


def records(home: Path, member: str | None = None) -> list[Authorization | Unreadable]:
    """Return a member's authorizations, or all, in no order; raises Misconfigured."""
    folder = home / FOLDER
    try:
        members = [member] if member else sorted(p.name for p in folder.iterdir() if p.is_dir())
        return [
            _read(entry.path, _stamp(entry.stat()))
            for name in members
            for entry in _entries(folder / name)
        ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unusable(folder, error.strerror) from error


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if entry.name.endswith(".json"))
    except FileNotFoundError:
        return


def _stamp(told: os.stat_result) -> tuple[int, ...]:
    """Return what changes with every change of a file."""
    return told.st_ino, told.st_mtime_ns, told.st_ctime_ns, told.st_size, told.st_mode


@lru_cache(maxsize=4096)
def _read(path: str, _stamp: tuple[int, ...]) -> Authorization | Unreadable:
    """Parse a file once for as long as its stamp is the same."""
    file = Path(path)
    if stat.S_IMODE(_stamp[-1]) & 0o077:
        return Unreadable(file, "can be read or changed by others (chmod 600 it)")
    try:
        found = Authorization.model_validate_json(file.read_bytes())
    except OSError as error:
        return Unreadable(file, f"cannot be read ({error.strerror})")
    except ValidationError:
        return Unreadable(file, "is not an authorization")
    if (found.member, found.id) != (file.parent.name, file.stem):
        return Unreadable(file, "is the authorization of another name")
    return found


def grant(home: Path, record: Authorization, document: bytes | None = None) -> None:
    """Keep a new record, with the document that was signed; raises Misconfigured."""
    if record.document != (document and hashlib.sha256(document).hexdigest()):
        message = "the record is of another document"
        raise ValueError(message)
    with alone(home / FOLDER):
        if _file(home, record, ".json").exists():
            raise Misconfigured(
                State.INVALID_AUTHORIZATION,
                f"Authorization {record.id} is recorded already; a new permission needs a letter"
                " of its own.",
            )
        if document:
            _keep(_file(home, record, ".pdf"), document)
        _keep(_file(home, record, ".json"), _json(record))


def draft(home: Path, letter: Terms) -> None:
    """Keep the terms of a letter until the signed one comes back; raises Misconfigured."""
    with alone(home / FOLDER):
        _keep(_file(home, letter, ".letter"), _json(letter))


def drafted(home: Path, member: str, name: str) -> Terms:
    """Return the terms of a member's letter of that id; raises Misconfigured."""
    file = home / FOLDER / member / f"{name}.letter"
    if not ID.fullmatch(name) or not file.exists():
        raise Misconfigured(
            State.INVALID_AUTHORIZATION,
            f"No letter {name!r} for {member} was written in {home}: its id is at the foot of each"
            " page; `harvester authorize letter` writes one.",
        )
    try:
        return Terms.model_validate_json(file.read_bytes())
    except OSError as error:
        raise unusable(file, error.strerror) from error
    except ValidationError:
        raise unusable(file, "these are not the terms of a letter") from None


def revoke(home: Path, name: str, reason: str, at: datetime) -> Authorization:
    """End an authorization from the next request on; Misconfigured if there is none, or it was."""
    with alone(home / FOLDER):
        found = find(home, name)
        if found.revoked_at:
            raise Misconfigured(
                State.INVALID_AUTHORIZATION,
                f"Authorization {name} of {found.member} was already {found.words(at)}.",
            )
        return _end(home, found, revoked_at=at, reason=reason)


def use(home: Path, permitted: Permission, at: datetime) -> tuple[str, ...]:
    """Use up what permits one run only, now that it is finished, and return the ids."""
    with alone(home / FOLDER):
        for name in permitted.once:
            found = find(home, name)
            if not found.used_at:
                _end(home, found, used_at=at)
    return permitted.once


def find(home: Path, name: str) -> Authorization:
    """Return the authorization of that id; raises Misconfigured."""
    found = list((home / FOLDER).glob(f"*/{name}.json")) if ID.fullmatch(name) else []
    if not found:
        raise Misconfigured(
            State.INVALID_AUTHORIZATION,
            f"There is no authorization {name!r} in {home / FOLDER}; `harvester authorize list`"
            " shows those that are there.",
        )
    record = _read(f"{found[0]}", _stamp(found[0].stat()))
    if isinstance(record, Unreadable):
        raise unusable(record.file, record.why)
    return record


def signed(home: Path, record: Authorization) -> bool:
    """Tell whether the copy of its document is what was signed; so is a member's own word."""
    try:
        kept = _file(home, record, ".pdf").read_bytes() if record.document else b""
    except OSError:
        return False
    return record.document in {None, hashlib.sha256(kept).hexdigest()}


def kept_days(
    known: Sequence[Authorization], number: str, scope: Scope, at: datetime
) -> int | None:
    """Return how many days what was retrieved then is kept; None where nothing limits it.

    The strictest of those that were in force counts; where none was, the strictest of all.
    """
    covering = [one for one in known if one.covers(number, scope)]
    then = [one for one in covering if one.was_in_force(at)]
    limits = [one.retention_days for one in then or covering]
    return min((days for days in limits if days), default=None)


def _end(home: Path, record: Authorization, **how: object) -> Authorization:
    ended = made(Authorization, record.model_dump() | how)
    _keep(_file(home, record, ".json"), _json(ended))
    return ended


def _file(home: Path, record: Terms, suffix: str) -> Path:
    return home / FOLDER / record.member / f"{record.id}{suffix}"


def _json(record: Terms) -> bytes:
    return record.model_dump_json(indent=2, exclude_none=True).encode()


def _keep(file: Path, content: bytes) -> None:
    private_folder(file.parent)
    try:
        write_private(file, content)
    except OSError as error:
        raise unusable(file.parent, error.strerror) from error
