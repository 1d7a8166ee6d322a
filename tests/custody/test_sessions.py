"""A saved session is only ever encrypted, and none is as good as one that cannot be used."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from entrusted import HOUSE, Noted, file_of, holding, refused, settings_of, vault_of

from harvester.custody import sessions
from harvester.custody.vault import Vault

NOW = datetime(2026, 6, 12, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
STATE: dict[str, Any] = {
    "cookies": [
        {"name": ".ASPXAUTH", "value": "c00kie-needle", "domain": "onlinebilling.caec.com"}
    ],
    "origins": [],
}


def saved(home: Path, at: datetime = NOW) -> tuple[Vault, Noted]:
    vault, noted = vault_of(settings_of(home))
    assert sessions.save(vault, HOUSE, STATE, at)
    return vault, noted


def test_a_session_comes_back_as_it_was(tmp_path: Path) -> None:
    vault, noted = saved(tmp_path)
    assert sessions.restore(vault, HOUSE, NOW + HOUR, HOUR) == STATE
    facts = {"member": "house", "kind": "session-key", "place": "folder"}
    assert noted == [("secret.kept", facts), ("secret.read", facts)]


def test_only_the_vaults_key_opens_it(tmp_path: Path) -> None:
    saved(tmp_path)
    file = tmp_path / "sessions" / "house.age"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert not holding(tmp_path, "c00kie", "ASPXAUTH")
    text = (tmp_path / "secrets" / "session-key").read_text()
    opened = pyrage.decrypt(file.read_bytes(), [pyrage.x25519.Identity.from_str(text)])
    assert json.loads(opened)["state"] == STATE


def test_the_key_is_made_once(tmp_path: Path) -> None:
    saved(tmp_path)
    key = (tmp_path / "secrets" / "session-key").read_text()
    vault, _ = saved(tmp_path, NOW + HOUR)
    assert (tmp_path / "secrets" / "session-key").read_text() == key
    assert sessions.restore(vault, HOUSE, NOW + HOUR, HOUR) == STATE


def test_without_a_session_no_key_is_made(tmp_path: Path) -> None:
    vault, noted = vault_of(settings_of(tmp_path / "home"))
    assert sessions.restore(vault, HOUSE, NOW, HOUR) is None
    assert not noted
    assert not (tmp_path / "home").exists()


DAMAGED: dict[str, Callable[[Path], object]] = {
    "empty": lambda home: (home / "sessions" / "house.age").write_bytes(b""),
    "changed": lambda home: _flip(home / "sessions" / "house.age"),
    "of another key": lambda home: _other_key(home / "secrets" / "session-key"),
    "of no key": lambda home: (home / "secrets" / "session-key").unlink(),
}


def _flip(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + bytes([file.read_bytes()[-1] ^ 1]))


def _other_key(file: Path) -> None:
    file_of(file, str(pyrage.x25519.Identity.generate()))


@pytest.mark.parametrize("how", DAMAGED)
def test_a_session_that_cannot_be_decrypted_is_dropped_and_counts_as_none(
    tmp_path: Path, how: str
) -> None:
    vault, _ = saved(tmp_path)
    DAMAGED[how](tmp_path)
    assert sessions.restore(vault, HOUSE, NOW, HOUR) is None
    assert not (tmp_path / "sessions" / "house.age").exists()
    sessions.save(vault, HOUSE, STATE, NOW)
    assert sessions.restore(vault, HOUSE, NOW, HOUR) == STATE


@pytest.mark.parametrize("at", [NOW + HOUR + timedelta(seconds=1), NOW - timedelta(seconds=1)])
def test_a_session_of_another_time_is_dropped(tmp_path: Path, at: datetime) -> None:
    vault, _ = saved(tmp_path)
    assert sessions.restore(vault, HOUSE, at, HOUR) is None
    assert sessions.restore(vault, HOUSE, NOW, HOUR) is None


@pytest.mark.parametrize("other", [{"user": "jdoe2"}, {"profile": "union-power"}])
def test_a_session_of_another_sign_in_is_never_used(tmp_path: Path, other: dict[str, str]) -> None:
    vault, _ = saved(tmp_path)
    assert sessions.restore(vault, HOUSE.model_copy(update=other), NOW, HOUR) is None
    assert not (tmp_path / "sessions" / "house.age").exists()


def test_a_session_that_is_dropped_is_gone(tmp_path: Path) -> None:
    vault, _ = saved(tmp_path)
    for _ in range(2):
        sessions.drop(tmp_path, HOUSE)
        assert sessions.restore(vault, HOUSE, NOW, HOUR) is None


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    vault, _ = saved(tmp_path)
    (tmp_path / "secrets" / "session-key").chmod(0o644)
    refused(lambda: sessions.restore(vault, HOUSE, NOW, HOUR), "session-key", "`chmod 600`")
    file_of(tmp_path / "secrets" / "session-key", "Pa55")
    refused(lambda: sessions.save(vault, HOUSE, STATE, NOW), "session-key", "take it away")
