"""Commands keep secrets where they should, take none from an argument, and leave none readable."""

from __future__ import annotations

import io
import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import keyring
import pytest
from entrusted import HOUSE, PASSWORD, Ring, age_file, file_of, holding, never
from test_run import once

from harvester import members
from harvester.cli import main
from harvester.custody import codes, sessions
from harvester.custody.vault import Vault
from harvester.errors import MEANINGS, State
from harvester.settings import Settings

HARVESTER = Path(sys.executable).with_name("harvester")
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
ADD = ("member", "add", "house", "--profile", "caec", "--user", "jdoe")

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a way to run a command with a pipe, at a home that nothing of outside tells about."""
    for name in os.environ:
        if name.startswith("HARVESTER_") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)

    def command(*arguments: str, said: bytes | str = b"") -> int:
        told = said.encode() if isinstance(said, str) else said
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(told)))
        return main([*arguments, "--home", str(tmp_path / "home")])

    return command


@pytest.fixture
def ring() -> Iterator[Ring]:
    """Be the system's keyring while a test runs."""
    before, mine = keyring.get_keyring(), Ring()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


def vault(home: Path) -> Vault:
    return Vault(Settings(home=home), lambda *_, **__: None)


def trail(home: Path) -> list[tuple[str, dict[str, str]]]:
    lines = (home / "trail.jsonl").read_text().splitlines()
    return [(entry["event"], entry["facts"]) for entry in map(json.loads, lines)]


@pytest.mark.parametrize("keep", ["folder", "age", "keyring"])
def test_a_member_is_added_with_password_and_totp_and_removed_again(
    tmp_path: Path,
    run: Run,
    ring: Ring,
    *,
    keep: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = tmp_path / "home"
    _, identity = age_file(home, "")
    monkeypatch.setenv("HARVESTER_KEEP", keep)
    monkeypatch.setenv("HARVESTER_AGE_IDENTITY", str(identity))
    assert run(*ADD, "--totp", said=f"{PASSWORD}\n{SEED}\n") == 0
    assert vault(home).password(HOUSE, never).reveal() == PASSWORD
    assert vault(home).code(HOUSE, datetime.fromtimestamp(59, UTC)) == "287082"
    plain = {"secrets/house", "secrets/house.totp"} if keep == "folder" else set()
    assert holding(home, PASSWORD, SEED) == plain
    assert trail(home) == [
        ("secret.kept", {"kind": "password", "member": "house", "place": keep}),
        ("secret.kept", {"kind": "totp", "member": "house", "place": keep}),
    ]
    assert run("member", "remove", "house") == 0
    assert vault(home).code(HOUSE, datetime.now(UTC)) is None
    assert not holding(home, PASSWORD, SEED)
    assert not ring.kept
    said = capsys.readouterr()
    assert "Pa55" not in said.out + said.err


def test_a_new_password_leaves_the_totp_secret_as_it_is(tmp_path: Path, run: Run) -> None:
    assert run(*ADD, "--totp", said=f"old\n{SEED}\n") == 0
    assert run(*ADD, said=f"{PASSWORD}\n") == 0
    assert vault(tmp_path / "home").password(HOUSE, never).reveal() == PASSWORD
    assert vault(tmp_path / "home").code(HOUSE, datetime.now(UTC))


@pytest.mark.parametrize("how", [("--ask",), ("--password-file", "mine")])
def test_who_keeps_a_password_elsewhere_has_no_copy_here(
    tmp_path: Path, run: Run, how: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file_of(tmp_path / "mine", "mine")
    assert run(*ADD, said=f"{PASSWORD}\n") == 0
    assert run(*ADD, *how, "--totp", said=f"{SEED}\n") == 0
    assert holding(tmp_path, PASSWORD) == set()
    member = members.load(Settings(home=tmp_path / "home"), "house")
    given = vault(tmp_path / "home").password(member, lambda _: "asked").reveal()
    assert given == ("asked" if how == ("--ask",) else "mine")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"", ["password", "--password-file"]),
        (b"Pa55\n", ["No TOTP secret", "pipe"]),
        (b"Pa55\nPa55word\n", ["TOTP secret of house", "base32"]),
        (b"Pa55\xff\n", ["UTF-8"]),
    ],
)
def test_what_is_not_given_or_no_good_adds_nobody(
    tmp_path: Path, run: Run, said: bytes, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*ADD, "--totp", said=said) == MEANINGS[State.NO_CREDENTIALS].exit_code
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    for word in words:
        assert word in told.err
    assert "Pa55" not in told.out + told.err
    assert members.every(Settings(home=tmp_path / "home")) == []


def test_a_copy_that_systemd_holds_is_told_when_a_member_is_removed(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = file_of(tmp_path / "credentials" / "house", mode=0o400).parent
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    assert run(*ADD, "--ask") == 0
    assert str(given / "house") in capsys.readouterr().err
    assert vault(tmp_path / "home").password(HOUSE, never).reveal() == PASSWORD
    assert run("member", "remove", "house") == 0
    assert str(given / "house") in capsys.readouterr().err
    assert (given / "house").exists()


def test_a_code_is_handed_in_by_a_pipe_and_never_by_an_argument(
    tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    home, since = tmp_path / "home", datetime.now(UTC) - timedelta(seconds=1)
    run(*ADD, "--ask")
    assert run("code", "house", said="123 456\n") == 0
    assert codes.take(home, "house", since, datetime.now(UTC)) == "123456"
    assert ("code.handed-in", {"member": "house"}) in trail(home)
    assert run("code", "nobody", said="123456\n") == MEANINGS[State.UNKNOWN_MEMBER].exit_code
    assert run("code", "house", said="") == MEANINGS[State.NO_CREDENTIALS].exit_code
    assert run("code", "house", said="1\n") == MEANINGS[State.NO_CREDENTIALS].exit_code
    with pytest.raises(SystemExit):
        run("code", "house", "123456")
    assert "\n123456" not in capsys.readouterr().out
    assert not holding(home, "123456")


def test_what_a_person_types_is_not_shown(tmp_path: Path, run: Run) -> None:
    run(*ADD, "--ask")
    ours, theirs = pty.openpty()
    shown = b""
    with subprocess.Popen(
        [HARVESTER, "code", "house", "--home", str(tmp_path / "home")],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)  # so that the end of the program ends our reading
        while b"house: " not in shown:
            shown += os.read(ours, 1024)
        os.write(ours, b"123456\n")
        while b"ten minutes" not in shown:
            shown += os.read(ours, 1024)
    os.close(ours)
    assert process.returncode == 0
    assert b"123456" not in shown
    assert holding(tmp_path / "home", "123456") == {"members/house.code"}


@pytest.mark.parametrize("umask", [0o000, 0o027, 0o077])
def test_everything_is_for_its_owner_alone_after_every_command(
    tmp_path: Path, run: Run, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    _, identity = age_file(tmp_path / "elsewhere", "")
    monkeypatch.setenv("HARVESTER_AGE_IDENTITY", str(identity))

    def harvest() -> None:
        outcome, _ = once(home, "sandbox-new", days=3)
        assert outcome.pdfs

    def age() -> None:
        monkeypatch.setenv("HARVESTER_KEEP", "age")
        run(*ADD, "--totp", said=f"{PASSWORD}\n{SEED}\n")

    steps: dict[str, Callable[[], object]] = {
        "init": lambda: run("init"),
        "add": lambda: run(*ADD, "--totp", said=f"{PASSWORD}\n{SEED}\n"),
        "code": lambda: run("code", "house", said="123456\n"),
        "session": lambda: sessions.save(vault(home), HOUSE, {}, datetime.now(UTC)),
        "stop": lambda: run("stop", "caec", "--reason", "why"),
        "lift": lambda: run("stop", "caec", "--lift"),
        "harvest": harvest if umask == 0 else lambda: None,
        "status": lambda: run("status"),
        "reprocess": lambda: run("reprocess"),
        "checkpoint": lambda: run("audit", "checkpoint"),
        "age": age,
        "remove": lambda: run("member", "remove", "house"),
    }
    before = os.umask(umask)
    try:
        for name, step in steps.items():
            step()
            open_to_others = {
                f"{path.relative_to(home)}: {stat.S_IMODE(path.stat().st_mode):o}"
                for path in (home, *home.rglob("*"))
                if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)
            }
            assert open_to_others == set(), name
    finally:
        os.umask(before)
    left = {path.name for path in home.rglob("*") if path.is_file()}
    assert {"secrets.age", "trail.jsonl", "catalog.sqlite", "session-key"} <= left
    assert not {"house", "house.json", "house.code", "house.totp", "house.age"} & left
