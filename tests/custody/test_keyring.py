"""The system's keyring is used where it is real, and never waited for where nobody watches."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import keyring
import pytest
from entrusted import HOUSE, PASSWORD, Ring, never, refused, settings_of, vault_of
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from harvester.custody import ring as room
from harvester.custody.secret import Secret
from harvester.custody.vault import PASSWORD as PASS


@contextmanager
def system(backend: KeyringBackend) -> Iterator[None]:
    """Make a backend the system's keyring for a while."""
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield
    finally:
        keyring.set_keyring(before)


class PlaintextKeyring(Ring):
    """What packages offer that keep passwords as they are, whatever they say of themselves."""


class Poor(Ring):
    """A backend that keyring itself does not recommend."""

    priority: ClassVar[float] = 0.5  # type: ignore[assignment]


class Chain(Ring):
    """Several backends, one after the other."""

    def __init__(self, *backends: KeyringBackend) -> None:
        super().__init__()
        self.backends = backends


class Prompting(Ring):
    """A keyring that waits for somebody to unlock it."""

    def __init__(self) -> None:
        super().__init__()
        self.unlocked = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.unlocked.wait()
        return super().get_password(service, username)


def test_passwords_lie_under_the_service_and_the_members_name(tmp_path: Path) -> None:
    with system(mine := Ring()):
        vault, _ = vault_of(settings_of(tmp_path, keep="keyring"))
        vault.keep(HOUSE, PASS, Secret(PASSWORD))
        assert mine.kept == {("harvester", "house"): PASSWORD}
        assert vault.password(HOUSE, never).reveal() == PASSWORD
        vault.forget(HOUSE, PASS)
        assert vault.forget(HOUSE, PASS) == []
        assert mine.kept == {}


@pytest.mark.parametrize("unfit", [fail.Keyring, null.Keyring, PlaintextKeyring, Poor])
def test_a_keyring_that_does_not_keep_secrets_is_none(
    tmp_path: Path, unfit: type[KeyringBackend]
) -> None:
    with system(one := unfit()):
        if isinstance(one, Ring):
            one.kept["harvester", "house"] = PASSWORD
        vault, _ = vault_of(settings_of(tmp_path, keep="keyring"))
        refused(lambda: vault.password(HOUSE, None), "No password of house")
        refused(lambda: vault.keep(HOUSE, PASS, Secret(PASSWORD)), "no keyring", "HARVESTER_KEEP")
        vault.forget(HOUSE, PASS)
        assert getattr(one, "asked", 0) == 0


def test_of_a_chain_only_the_real_one_is_used(tmp_path: Path) -> None:
    plain, real = PlaintextKeyring(), Ring()
    plain.kept["harvester", "house"] = "anything"
    with system(Chain(plain, real)):
        vault, _ = vault_of(settings_of(tmp_path, keep="keyring"))
        vault.keep(HOUSE, PASS, Secret(PASSWORD))
        assert vault.password(HOUSE, never).reveal() == PASSWORD
    assert (plain.asked, real.kept) == (0, {("harvester", "house"): PASSWORD})


def test_a_locked_keyring_says_so_and_nobody_is_asked_instead(tmp_path: Path) -> None:
    with system(mine := Ring()):
        mine.locked = True
        vault, noted = vault_of(settings_of(tmp_path, keep="keyring"))
        for act in (
            lambda: vault.password(HOUSE, never),
            lambda: vault.keep(HOUSE, PASS, Secret(PASSWORD)),
            lambda: vault.forget(HOUSE, PASS),
        ):
            refused(act, "keyring", "KeyringLocked", "unlock it")
        assert not noted


def test_a_prompt_that_nobody_sees_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PATIENCE", 0.1)
    with system(mine := Prompting()):
        vault, _ = vault_of(settings_of(tmp_path))
        began = time.monotonic()
        refused(lambda: vault.password(HOUSE, None), "keyring", "did not answer", "unlock it")
        assert time.monotonic() - began < 5
        mine.unlocked.set()


def test_who_watches_may_take_their_time_to_unlock_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PATIENCE", 0.0)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    with system(mine := Prompting()):
        mine.kept["harvester", "house"] = PASSWORD
        vault, _ = vault_of(settings_of(tmp_path))
        threading.Timer(0.2, mine.unlocked.set).start()
        assert vault.password(HOUSE, never).reveal() == PASSWORD


def test_a_keyring_that_is_set_but_not_installed_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyring.core._keyring_backend", None)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "nowhere.at.all.Keyring")
    vault, _ = vault_of(settings_of(tmp_path))
    refused(lambda: vault.password(HOUSE, None), "keyring", "ModuleNotFoundError")
