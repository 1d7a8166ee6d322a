"""Sessions of a portal, only ever saved encrypted; one that cannot be used counts as none."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from harvester.custody import files
from harvester.custody.sealing import Key, Shut, key_of, seal, unseal
from harvester.custody.secret import Secret
from harvester.custody.vault import Vault
from harvester.members import Member
from harvester.store.home import unusable


def save(vault: Vault, member: Member, state: dict[str, Any], at: datetime) -> bool:
    """Keep a session (Playwright's storage state) as HOME/sessions/NAME.age, 0600.

    False if there is no place that its key could be kept in. Raises Misconfigured where the vault
    or the home cannot be used.
    """
    identity = vault.session_key(member, make=True)
    if identity is None:
        return False
    told = {"at": at.isoformat(), **_whose(member), "state": state}
    content = json.dumps(told, separators=(",", ":")).encode()
    files.write(_file(vault.home, member), seal(content, _key(identity)))
    return True


def restore(
    vault: Vault, member: Member, at: datetime, max_age: timedelta
) -> dict[str, Any] | None:
    """Return the session that was kept; None if there is none, or it is older than `max_age`.

    One that is too old, of another sign-in or cannot be decrypted is dropped. Raises Misconfigured
    where the vault or the home cannot be used.
    """
    file = _file(vault.home, member)
    try:
        sealed = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unusable(file, error.strerror) from error
    key = vault.session_key(member, make=False)
    state = _opened(sealed, key, member, at, max_age) if key else None
    if state is None:
        drop(vault.home, member)
    return state


def drop(home: Path, member: Member) -> None:
    """Forget a session, if there is one."""
    files.remove(_file(home, member))


def _opened(
    sealed: bytes, key: Secret, member: Member, at: datetime, max_age: timedelta
) -> dict[str, Any] | None:
    try:
        told = json.loads(unseal(sealed, _key(key)))
    except (Shut, ValueError):
        return None
    age = at - datetime.fromisoformat(told["at"])
    mine = {name: told[name] for name in _whose(member)} == _whose(member)
    state: dict[str, Any] = told["state"]
    return state if mine and timedelta(0) <= age <= max_age else None


def _key(identity: Secret) -> Key:
    key = key_of(identity)
    if key is None:
        raise files.refused(
            "The vault's session-key is no age identity; take it away, and the next run makes one."
        )
    return key


def _whose(member: Member) -> dict[str, str]:
    return {"profile": member.profile, "user": member.user}


def _file(home: Path, member: Member) -> Path:
    return home / "sessions" / f"{member.name}.age"
