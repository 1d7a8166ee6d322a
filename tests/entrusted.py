"""What a member entrusts: homes, places of secrets, and the search for traces of them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError
from pyrage import encrypt, x25519

from harvester.custody.vault import Vault
from harvester.errors import ActionNeeded, Failure, Misconfigured, State
from harvester.members import Member
from harvester.settings import Settings

PASSWORD = "correct horse Pa55 ü€"
HOUSE = Member(name="house", profile="caec", user="jdoe")


class Ring(KeyringBackend):
    """A keyring as an operating system has one."""

    priority: ClassVar[float] = 5  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.asked = 0
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        self._ask()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._ask()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._ask()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError(username)

    def _ask(self) -> None:
        self.asked += 1
        if self.locked:
            raise KeyringLocked(f"no way to {PASSWORD}")


def settings_of(home: Path, **more: object) -> Settings:
    """Return settings that hear nothing of the environment."""
    nothing: dict[str, object] = dict.fromkeys(
        ("secrets", "profiles", "browser", "age_file", "age_identity", "credentials")
    )
    return Settings(**{"home": home, "keep": "folder", **nothing, **more})  # type: ignore[arg-type]


class Noted(list[tuple[str, dict[str, str]]]):
    """The events that a vault wrote."""

    def __call__(self, event: str, **facts: str) -> None:
        self.append((event, facts))


def vault_of(settings: Settings) -> tuple[Vault, Noted]:
    noted = Noted()
    return Vault(settings, noted), noted


def file_of(path: Path, content: str | bytes = PASSWORD, mode: int = 0o600) -> Path:
    """Write a file as a person would, with this mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def age_file(home: Path, content: str, *, armored: bool = False) -> tuple[Path, Path]:
    """Write HOME/secrets.age as `age` would; return it and its new identity."""
    key = x25519.Identity.generate()
    identity = file_of(
        home.parent / "identity.txt", f"# created: today\n# public key: x\n\n{key}\n"
    )
    sealed = encrypt(content.encode(), [key.to_public()], armored=armored)
    return file_of(home / "secrets.age", sealed), identity


def never(prompt: str) -> str:
    pytest.fail(f"a person was asked: {prompt}")


def refused(act: Callable[[], object], *words: str, state: State = State.NO_CREDENTIALS) -> Failure:
    """Hold that something is refused by one sentence with these words, and nothing secret in it."""
    kind = ActionNeeded if state is State.BAD_CREDENTIALS else Misconfigured
    with pytest.raises(kind) as caught:
        act()
    assert caught.value.state is state
    said = str(caught.value)
    assert "\n" not in said
    for word in words:
        assert word in said
    holds_nothing(caught.value)
    return caught.value


def holds_nothing(failure: BaseException, *needles: str) -> None:
    """Hold that neither a failure, nor what caused it, nor its trace-back tells a secret."""
    shown = "".join(traceback.format_exception(failure))
    for error in _chain(failure):
        shown += f"{error!s}{error!r}{error.args!r}{vars(error)!r}"
        shown += f"{getattr(error, 'object', b'')!r}{getattr(error, 'doc', '')}"
    for needle in (PASSWORD, "Pa55", "AGE-SECRET-KEY-1Q", *needles):
        assert needle not in shown


def _chain(failure: BaseException | None) -> Iterator[BaseException]:
    """Yield it and all that it came from, also what no trace-back would show."""
    while failure:
        yield failure
        failure = failure.__cause__ or failure.__context__


def holding(folder: Path, *needles: str) -> set[str]:
    """Return the files under a folder that hold any of these texts."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and any(needle.encode() in path.read_bytes() for needle in needles)
    }
