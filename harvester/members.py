"""Who is harvested: sign-ins by name, where their passwords lie, and which were rejected."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from harvester.errors import ActionNeeded, Misconfigured, State
from harvester.settings import Settings
from harvester.store.home import private_folder, unusable

NAME = re.compile(r"[a-z][a-z0-9-]{0,38}")


class Member(BaseModel):
    """One sign-in at one portal; the password is never in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    profile: str
    user: str
    password_file: Path | None = None
    """A 0600 file instead of the one in the secrets folder."""


def add(settings: Settings, member: Member) -> None:
    """Remember a sign-in; credentials that were rejected before are still not sent again."""
    if not NAME.fullmatch(member.name):
        raise Misconfigured(
            State.UNKNOWN_MEMBER,
            f"{member.name!r} is no name for a member: use small letters, digits and hyphens.",
        )
    _write(settings.members_folder / f"{member.name}.json", member.model_dump_json(indent=2))


def remove(settings: Settings, name: str) -> None:
    """Forget a sign-in and its password; what it brought home stays."""
    load(settings, name)
    for file in (
        settings.members_folder / f"{name}.json",
        settings.members_folder / f"{name}.rejected",
        settings.secrets_folder / name,
    ):
        file.unlink(missing_ok=True)


def every(settings: Settings) -> list[Member]:
    """Return all sign-ins by name."""
    names = sorted(file.stem for file in settings.members_folder.glob("*.json"))
    return [load(settings, name) for name in names]


def load(settings: Settings, name: str) -> Member:
    """Return one sign-in; Misconfigured where there is none of that name."""
    file = settings.members_folder / f"{name}.json"
    if not NAME.fullmatch(name) or not file.exists():
        raise Misconfigured(
            State.UNKNOWN_MEMBER,
            f"There is no member {name!r} in {settings.home}; `harvester member list` shows who"
            f" is there and `harvester member add` adds one.",
        )
    try:
        return Member.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise unusable(file, type(error).__name__) from None


def keep_password(settings: Settings, name: str, password: str) -> None:
    """Write a password to the secrets folder, for its owner's eyes only."""
    _write(settings.secrets_folder / name, password)


def password(settings: Settings, member: Member, ask: Callable[[str], str] | None) -> str:
    """Return a member's password: from its own file, the secrets folder, or a person who is asked.

    Raises Misconfigured where there is none, and ActionNeeded where the portal rejected it before.
    """
    file = member.password_file or settings.secrets_folder / member.name
    if file.exists():
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise Misconfigured(
                State.NO_CREDENTIALS,
                f"{file} can be read by others; `chmod 600` it, and change the password.",
            )
        try:
            found = file.read_text(encoding="utf-8").rstrip("\r\n")
        except (UnicodeDecodeError, OSError) as error:
            raise Misconfigured(
                State.NO_CREDENTIALS,
                f"{file} cannot be read as a password ({type(error).__name__}); write it again.",
            ) from None
    elif ask is not None:
        found = ask(f"Password of {member.name} at {member.profile}: ")
    else:
        raise Misconfigured(
            State.NO_CREDENTIALS,
            f"No password of {member.name} at {file}; `harvester member add` asks for it.",
        )
    if not found:
        raise Misconfigured(
            State.NO_CREDENTIALS,
            f"The password of {member.name} is empty{f' in {file}' if file.exists() else ''};"
            f" `harvester member add` asks for it.",
        )
    if _was_rejected(settings, member, found):
        raise ActionNeeded(
            State.BAD_CREDENTIALS,
            f"The portal rejected these credentials of {member.name} before, so they are not sent"
            f" again; give the right ones with `harvester member add`.",
        )
    return found


def reject(settings: Settings, member: Member, password: str) -> None:
    """Remember that the portal refused these credentials; only a salted hash is kept."""
    salt = secrets.token_bytes(16)
    record = {"salt": salt.hex(), "hash": _hash(member, password, salt)}
    _write(settings.members_folder / f"{member.name}.rejected", json.dumps(record))


def _was_rejected(settings: Settings, member: Member, password: str) -> bool:
    file = settings.members_folder / f"{member.name}.rejected"
    if not file.exists():
        return False
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        salt, rejected = bytes.fromhex(record["salt"]), str(record["hash"])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise unusable(file, type(error).__name__) from None
    return hmac.compare_digest(_hash(member, password, salt), rejected)


def _hash(member: Member, password: str, salt: bytes) -> str:
    text = f"{member.user}\n{password}".encode()
    return hashlib.scrypt(text, salt=salt, n=2**14, r=8, p=1).hex()


def _write(file: Path, text: str) -> None:
    private_folder(file.parent)
    part = file.with_name(f".{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError as error:
        raise unusable(file.parent, error.strerror) from error
