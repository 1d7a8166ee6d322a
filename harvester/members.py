"""Who is harvested: sign-ins by name, and which of their passwords were rejected."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from harvester.custody import files
from harvester.custody.secret import Secret
from harvester.errors import Misconfigured, State
from harvester.settings import Settings
from harvester.store.home import unusable

NAME = re.compile(r"(?!.*\d{5})(?!(session-key|age-identity)$)[a-z][a-z0-9-]{0,38}")
"""A member's; five digits in a row could be part of an account number, two names are secrets."""


class Member(BaseModel):
    """One sign-in at one portal; the password is never in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    profile: str
    user: str
    password_file: Path | None = None
    """A 0600 file instead of what the vault has."""


def add(settings: Settings, member: Member) -> None:
    """Remember a sign-in; credentials that were rejected before are still not sent again."""
    if not NAME.fullmatch(member.name):
        raise Misconfigured(
            State.UNKNOWN_MEMBER,
            f"{member.name!r} is no name for a member: use small letters, hyphens and up to four"
            " digits in a row; session-key and age-identity are taken.",
        )
    content = member.model_dump_json(indent=2).encode()
    files.write(settings.members_folder / f"{member.name}.json", content)


def remove(settings: Settings, name: str) -> None:
    """Forget a sign-in; its secrets are the vault's, and what it brought home stays."""
    load(settings, name)
    for kind in ("code", "rejected", "json"):
        files.remove(settings.members_folder / f"{name}.{kind}")


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


def reject(settings: Settings, member: Member, password: Secret) -> None:
    """Remember that the portal refused these credentials; only a salted hash is kept."""
    salt = secrets.token_bytes(16)
    record = {"salt": salt.hex(), "hash": _hash(member, password, salt)}
    file = settings.members_folder / f"{member.name}.rejected"
    files.write(file, json.dumps(record).encode())


def was_rejected(settings: Settings, member: Member, password: Secret) -> bool:
    """Tell whether the portal refused just these; Misconfigured if that cannot be read."""
    file = settings.members_folder / f"{member.name}.rejected"
    if not file.exists():
        return False
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        salt, rejected = bytes.fromhex(record["salt"]), str(record["hash"])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise unusable(file, type(error).__name__) from None
    return hmac.compare_digest(_hash(member, password, salt), rejected)


def _hash(member: Member, password: Secret, salt: bytes) -> str:
    text = f"{member.user}\n{password.reveal()}".encode()
    return hashlib.scrypt(text, salt=salt, n=2**14, r=8, p=1).hex()
