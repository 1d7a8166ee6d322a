"""Deletes an account, or what of it was kept longer than agreed, and leaves a receipt of that.

A receipt without an end is of a deletion that was cut short: the next one ends it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from harvester.custody import consent
from harvester.custody.authorization import SCOPES
from harvester.filing import Filing, Store
from harvester.model import Kind
from harvester.store.archive import SHA
from harvester.store.audit import masked
from harvester.store.catalog import Entry, Filed
from harvester.store.home import private_folder, unusable, write_private

FOLDER = "receipts"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Gone(_Strict):
    """An artifact that is no longer known."""

    sha: str
    kind: Kind
    retrieved_at: AwareDatetime


class Receipt(_Strict):
    """What was deleted, when and why; the account only by its last digits."""

    format: Literal["harvester-receipt/1"] = "harvester-receipt/1"
    id: str
    account: str
    profile: str
    member: str
    why: str
    asked_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    trail_seq: int
    trail_head: str
    """Number and hash of the trail's newest entry before anything was deleted."""
    artifacts: tuple[Gone, ...]
    files: tuple[str, ...]
    """Names (SHA-256) of the bytes that were deleted: those that no artifact left shares."""
    rows: dict[str, int]
    """How many rows fewer there are, by table."""
    versions_in: str | None = None
    """The bucket that keeps older versions of the files that were deleted; None where none does."""


def due(store: Store, entry: Entry, at: datetime) -> list[Filed]:
    """Return what of an account was retrieved longer ago than its authorizations let it be kept.

    Raises Misconfigured where one of them cannot be read: what it says is not known.
    """
    theirs = []
    for one in consent.records(store.home):
        if isinstance(one, consent.Unreadable):
            raise unusable(one.file, one.why)
        own = one.member == entry.member or entry.number in (one.accounts or ())
        if own and one.profile == entry.profile:
            theirs.append(one)

    def over(filed: Filed) -> bool:
        retrieved = filed.artifact.retrieved_at
        days = consent.kept_days(theirs, entry.number, SCOPES[filed.artifact.kind], retrieved)
        return days is not None and retrieved + timedelta(days=days) < at

    return [filed for filed in store.catalog.artifacts(entry.id) if over(filed)]


def forget(store: Store, entry: Entry, at: datetime, *, filing: Filing | None = None) -> Receipt:
    """Delete what is due and read again what is left; without `filing` delete the account.

    Raises Transient while the account is harvested, Misconfigured where the home refuses.
    """
    catalog = store.catalog
    busy = f"A harvest of {entry.member} is under way; forget when it has ended."
    with store.alone(entry.member, busy):
        account = masked(entry.number)
        facts = {"profile": entry.profile, "member": entry.member, "account": account}
        head = store.trail.append("account.forgetting", at, **facts)
        with catalog.transaction():
            before = catalog.counts(entry.id)
            over = due(store, entry, at) if filing else catalog.artifacts(entry.id)
            if filing:
                catalog.forget_artifacts(entry.id, [filed.id for filed in over])
                filing.again(entry.id)
            else:
                catalog.forget_account(entry.id)
            after = catalog.counts(entry.id)
            strays = store.archive.strays(catalog.shas())
            keeps = bool(strays) and store.archive.keeps_deleted()
            receipt = Receipt(
                id=f"{at:%Y-%m-%d}-{secrets.token_hex(4)}",
                account=account,
                profile=entry.profile,
                member=entry.member,
                why="kept longer than agreed" if filing else "everything",
                asked_at=at,
                trail_seq=head.seq,
                trail_head=head.hash,
                artifacts=tuple(
                    Gone(sha=filed.sha, kind=filed.artifact.kind,
                         retrieved_at=filed.artifact.retrieved_at)
                    for filed in over
                ),
                files=_names(strays),
                rows={table: before[table] - after[table] for table in before},
                versions_in=f"{store.place.archive}" if keeps else None,
            )  # fmt: skip
            _write(store.home, receipt)
        return _end(store, receipt, at)


def finish(store: Store, at: datetime) -> list[Receipt]:
    """End what a killed program began to delete, and return the receipts of that."""
    ended = []
    for file in sorted((store.home / FOLDER).glob("*.json")):
        try:
            receipt = Receipt.model_validate_json(file.read_bytes())
        except OSError as error:
            raise unusable(file, error.strerror) from error
        except ValidationError:
            raise unusable(file, "this is not a receipt") from None
        if receipt.finished_at:
            continue
        if _began(store, receipt):
            ended.append(_end(store, receipt, at))
        else:
            file.unlink()
    return ended


def _began(store: Store, receipt: Receipt) -> bool:
    """Tell whether the rows are gone: the receipt is written just before they are."""
    ending = receipt.account.removeprefix("…")
    first = next(iter(receipt.artifacts), None)
    return not (first and store.catalog.holds(ending, first.sha, first.retrieved_at))


def _end(store: Store, receipt: Receipt, at: datetime) -> Receipt:
    """Delete the bytes, and what the database still holds of deleted rows; then say so."""
    with store.catalog.transaction():  # nobody files anything meanwhile
        known = store.catalog.shas()
        strays = store.archive.strays(known)
        store.archive.delete(strays)
    store.catalog.scrub()
    files = {*receipt.files, *_names(strays)} - known
    ended = receipt.model_copy(update={"files": tuple(sorted(files)), "finished_at": at})
    content = _json(ended)
    store.trail.append(
        "account.forgotten",
        at,
        profile=receipt.profile,
        member=receipt.member,
        account=receipt.account,
        artifacts=len(receipt.artifacts),
        document=hashlib.sha256(content).hexdigest(),
    )
    _write(store.home, ended)
    return ended


def _names(files: Collection[PurePath]) -> tuple[str, ...]:
    return tuple(file.stem for file in files if SHA.fullmatch(file.stem))


def _json(receipt: Receipt) -> bytes:
    return receipt.model_dump_json(indent=2, exclude_none=True).encode()


def _write(home: Path, receipt: Receipt) -> None:
    private_folder(home / FOLDER)
    try:
        write_private(home / FOLDER / f"{receipt.id}.json", _json(receipt))
    except OSError as error:
        raise unusable(home / FOLDER, error.strerror) from error
