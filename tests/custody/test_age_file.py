"""An age file is opened in memory with the right identity, and refused by one sentence else."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from entrusted import (
    HOUSE,
    PASSWORD,
    age_file,
    file_of,
    holding,
    never,
    refused,
    settings_of,
    vault_of,
)
from pyrage import x25519

from harvester.custody.age import AgeFile
from harvester.custody.secret import Secret

TOML = f'# ours\nhouse = "{PASSWORD}"\n"house.totp" = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"\n'


def password(home: Path, identity: Path | None) -> str:
    vault, _ = vault_of(settings_of(home, age_identity=identity))
    return vault.password(HOUSE, never).reveal()


@pytest.mark.parametrize("content", [TOML, json.dumps({"house": PASSWORD, "b.c": "x"})])
@pytest.mark.parametrize("armored", [False, True])
def test_a_map_of_names_is_opened_as_toml_or_json(
    tmp_path: Path, content: str, *, armored: bool
) -> None:
    _, identity = age_file(tmp_path / "home", content, armored=armored)
    assert password(tmp_path / "home", identity) == PASSWORD
    assert not holding(tmp_path, PASSWORD)


def test_an_ssh_key_opens_and_closes_it_too(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    identity = file_of(
        tmp_path / "id_ed25519",
        key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
    )
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    sealed = pyrage.encrypt(TOML.encode(), [pyrage.ssh.Recipient.from_str(public)])
    file_of(tmp_path / "secrets.age", sealed)
    assert password(tmp_path, identity) == PASSWORD
    AgeFile(tmp_path / "secrets.age", identity, None).write("house", Secret("new"))
    assert password(tmp_path, identity) == "new"


def test_the_identity_may_be_a_credential_of_systemd(tmp_path: Path) -> None:
    _, identity = age_file(tmp_path / "home", TOML)
    given = tmp_path / "credentials"
    file_of(given / "age-identity", identity.read_bytes(), 0o440)
    identity.unlink()
    vault, noted = vault_of(settings_of(tmp_path / "home", credentials=given))
    assert vault.password(HOUSE, never).reveal() == PASSWORD
    assert noted[0][1]["place"] == "age"


def test_the_file_may_lie_elsewhere(tmp_path: Path) -> None:
    file, identity = age_file(tmp_path / "home", TOML)
    file.rename(tmp_path / "other.age")
    settings = settings_of(
        tmp_path / "home", age_file=tmp_path / "other.age", age_identity=identity
    )
    assert vault_of(settings)[0].password(HOUSE, never).reveal() == PASSWORD


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "no age file": lambda _: b"house = 1",
    "cut in its header": lambda whole: whole[:100],
    "cut at its end": lambda whole: whole[:-1],
    "changed at its end": lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]),
}


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_file_stops_the_search(tmp_path: Path, how: str) -> None:
    file, identity = age_file(tmp_path / "home", TOML)
    file.write_bytes(DAMAGED[how](file.read_bytes()))
    refused(lambda: password(tmp_path / "home", identity), str(file), "damaged", "backup")


def test_a_wrong_identity_is_named(tmp_path: Path) -> None:
    file, identity = age_file(tmp_path / "home", TOML)
    identity.write_text(f"{x25519.Identity.generate()}\n")
    refused(
        lambda: password(tmp_path / "home", identity),
        f"{file} is not encrypted to the identity in {identity}",
    )


@pytest.mark.parametrize(
    "content",
    [
        b'house = "Pa55"\nhouse.totp = "x"',
        b'house.totp = "Pa55"',
        b'{"house": ["Pa55"]}',
        b'{"house": "Pa55"',
        b"Pa55",
        b'house = "Pa55 \xff"',
        b'["Pa55"]',
    ],
)
def test_what_is_no_map_of_texts_is_refused_without_being_shown(
    tmp_path: Path, content: bytes
) -> None:
    file, identity = age_file(tmp_path / "home", TOML)
    (line,) = [
        line for line in identity.read_text().splitlines() if line and not line.startswith("#")
    ]
    key = x25519.Identity.from_str(line)
    file.write_bytes(pyrage.encrypt(content, [key.to_public()]))
    refused(lambda: password(tmp_path / "home", identity), str(file), "map of names")


def test_a_file_without_an_identity_says_how_to_name_one(tmp_path: Path) -> None:
    file, identity = age_file(tmp_path / "home", TOML)
    refused(lambda: password(file.parent, None), str(file), "HARVESTER_AGE_IDENTITY")
    identity.unlink()
    refused(lambda: password(file.parent, identity), str(identity), "HARVESTER_AGE_IDENTITY")


def test_an_identity_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file, identity = age_file(tmp_path / "home", TOML)
    identity.chmod(0o640)
    refused(lambda: password(file.parent, identity), str(identity), "`chmod 600`")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "age1qqq",
        "AGE-SECRET-KEY-1QQQQ",
        "AGE-SECRET-KEY-1Q\nAGE-SECRET-KEY-1Q",
        "ssh-ed25519 A",
    ],
)
def test_what_is_no_identity_is_refused_without_being_shown(tmp_path: Path, content: str) -> None:
    file, identity = age_file(tmp_path / "home", TOML)
    identity.write_text(content)
    refused(lambda: password(file.parent, identity), str(identity), "neither one age identity")


def test_an_ssh_key_with_a_passphrase_is_refused(tmp_path: Path) -> None:
    ssh_keygen = shutil.which("ssh-keygen")
    if ssh_keygen is None:
        pytest.skip("no ssh-keygen here to make a key with a passphrase")
    file, _ = age_file(tmp_path / "home", TOML)
    identity = tmp_path / "id"
    made = [ssh_keygen, "-q", "-t", "ed25519", "-N", PASSWORD, "-f", str(identity)]
    subprocess.run(made, check=True, stdin=subprocess.DEVNULL)
    refused(lambda: password(file.parent, identity), str(identity), "without a passphrase")


def test_what_is_written_is_private_and_only_the_identity_opens_it(tmp_path: Path) -> None:
    _, identity = age_file(tmp_path / "home", TOML)
    place = AgeFile(tmp_path / "new" / "deep.age", identity, None)
    assert place.read("house") is None
    place.write("house", Secret(PASSWORD))
    place.write("cabin", Secret("other"))
    place.remove("nobody")
    place.remove("cabin")
    assert stat.S_IMODE(place.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.file.parent.stat().st_mode) == 0o700
    key = x25519.Identity.from_str(identity.read_text().split()[-1])
    assert json.loads(pyrage.decrypt(place.file.read_bytes(), [key])) == {"house": PASSWORD}
    assert [path.name for path in place.file.parent.iterdir()] == ["deep.age"]


def test_the_other_secrets_of_a_file_stay_when_one_is_written(tmp_path: Path) -> None:
    file, identity = age_file(tmp_path / "home", TOML)
    place = AgeFile(file, identity, None)
    place.write("cabin", Secret("other"))
    found = {name: place.read(name) for name in ("house", "house.totp", "cabin")}
    assert {name: secret.reveal() for name, secret in found.items() if secret} == {
        "house": PASSWORD,
        "house.totp": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "cabin": "other",
    }


def test_many_who_write_at_once_lose_nothing(tmp_path: Path) -> None:
    file, identity = age_file(tmp_path / "home", TOML)
    names = [f"member-{number}" for number in range(12)]

    def keep(name: str) -> None:
        AgeFile(file, identity, None).write(name, Secret(name))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(keep, names))
    place = AgeFile(file, identity, None)
    assert [name for name in (*names, "house") if place.read(name) is None] == []


@pytest.mark.parametrize("armored", [False, True])
def test_a_file_for_several_recipients_is_read_and_not_closed_to_the_others(
    tmp_path: Path, *, armored: bool
) -> None:
    file, identity = age_file(tmp_path / "home", TOML)
    mine = x25519.Identity.from_str(identity.read_text().split()[-1])
    others = [mine.to_public(), x25519.Identity.generate().to_public()]
    file.write_bytes(pyrage.encrypt(TOML.encode(), others, armored=armored))
    before = file.read_bytes()
    assert password(file.parent, identity) == PASSWORD
    place = AgeFile(file, identity, None)
    refused(lambda: place.write("house", Secret("new")), str(file), "several recipients")
    refused(lambda: place.remove("house"), str(file), "several recipients")
    assert file.read_bytes() == before
