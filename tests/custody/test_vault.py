"""Secrets come from the first place that has them, go where they should, and show nowhere else."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import keyring
import pytest
from entrusted import (
    HOUSE,
    PASSWORD,
    Ring,
    age_file,
    file_of,
    holding,
    never,
    refused,
    settings_of,
    vault_of,
)

from harvester import members
from harvester.custody import codes, sessions
from harvester.custody.secret import Secret
from harvester.custody.vault import PASSWORD as PASS
from harvester.custody.vault import TOTP
from harvester.errors import State
from harvester.settings import Settings

NOW = datetime(2026, 6, 12, 3, tzinfo=UTC)
NOBODY = 65534
PLACES = ["systemd", "folder", "age", "keyring"]


@pytest.fixture
def ring() -> Iterator[Ring]:
    """Be the system's keyring while a test runs."""
    before, mine = keyring.get_keyring(), Ring()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


def filled(tmp_path: Path, ring: Ring, *places: str, keep: str = "folder") -> Settings:
    """Return a home whose places hold the password, each with its own name at the end."""
    home, given = tmp_path / "home", tmp_path / "credentials"
    given.mkdir()
    text = "" if "age" not in places else f'house = "{PASSWORD} age"\n'
    file, identity = age_file(home, text)
    if not text:
        file.unlink()
    if "systemd" in places:
        file_of(given / "house", f"{PASSWORD} systemd\n", 0o440)
    if "folder" in places:
        file_of(home / "secrets" / "house", f"{PASSWORD} folder\n")
    if "keyring" in places:
        ring.kept["harvester", "house"] = f"{PASSWORD} keyring"
    return settings_of(home, credentials=given, age_identity=identity, keep=keep)


@pytest.mark.parametrize("first", range(4))
def test_places_are_asked_in_their_order(tmp_path: Path, ring: Ring, first: int) -> None:
    vault, noted = vault_of(filled(tmp_path, ring, *PLACES[first:]))
    assert vault.password(HOUSE, never).reveal() == f"{PASSWORD} {PLACES[first]}"
    facts = {"member": "house", "kind": "password", "place": PLACES[first]}
    assert noted == [("secret.read", facts)]
    assert ring.asked == (PLACES[first] == "keyring")


def test_a_person_is_asked_last_and_what_they_say_is_kept_nowhere(
    tmp_path: Path, ring: Ring
) -> None:
    settings, prompts = filled(tmp_path, ring), []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return PASSWORD

    vault, noted = vault_of(settings)
    assert vault.password(HOUSE, ask).reveal() == PASSWORD
    assert prompts == ["Password of house at caec: "]
    assert noted == [("secret.read", {"member": "house", "kind": "password", "place": "person"})]
    assert not holding(tmp_path, PASSWORD)
    assert not ring.kept
    refused(lambda: vault.password(HOUSE, lambda _: ""), "empty", "`harvester member add`")


def test_where_a_password_was_looked_for_is_told_when_there_is_none(
    tmp_path: Path, ring: Ring
) -> None:
    settings = filled(tmp_path, ring)
    vault, noted = vault_of(settings)
    places = (
        str(tmp_path / "credentials" / "house"),
        str(tmp_path / "home" / "secrets" / "house"),
        f"{tmp_path / 'home' / 'secrets.age'} under house",
        "keyring",
    )
    refused(lambda: vault.password(HOUSE, None), *places, "`harvester member add`")
    assert not noted


def test_a_members_own_file_is_asked_instead_of_the_places(tmp_path: Path, ring: Ring) -> None:
    own = file_of(tmp_path / "mine", f"{PASSWORD}\r\n")
    member = HOUSE.model_copy(update={"password_file": own})
    vault, noted = vault_of(filled(tmp_path, ring, *PLACES))
    assert vault.password(member, never).reveal() == PASSWORD
    assert noted[0][1]["place"] == "file"
    own.unlink()
    refused(lambda: vault.password(member, None), str(own))


def test_without_systemd_a_keyring_and_an_age_file_the_folder_is_all_there_is(
    tmp_path: Path,
) -> None:
    vault, _ = vault_of(settings_of(tmp_path))
    refused(lambda: vault.password(HOUSE, None), str(tmp_path / "secrets" / "house"))
    vault.keep(HOUSE, PASS, Secret(PASSWORD))
    assert vault.password(HOUSE, never).reveal() == PASSWORD


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_end_of_a_line_is_no_part_of_a_password_and_spaces_are(
    tmp_path: Path, end: str
) -> None:
    file_of(tmp_path / "secrets" / "house", f"  two words {end}")
    vault, _ = vault_of(settings_of(tmp_path))
    assert vault.password(HOUSE, never).reveal() == "  two words "


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o777])
@pytest.mark.parametrize("own", [False, True])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int, *, own: bool) -> None:
    file = file_of(tmp_path / "secrets" / "house", mode=mode)
    member = HOUSE.model_copy(update={"password_file": file}) if own else HOUSE
    vault, noted = vault_of(settings_of(tmp_path))
    refused(lambda: vault.password(member, lambda _: PASSWORD), str(file), "`chmod 600`")
    assert not noted


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_only_its_owner_can_read_is_taken(tmp_path: Path, mode: int) -> None:
    file_of(tmp_path / "secrets" / "house", mode=mode)
    vault, _ = vault_of(settings_of(tmp_path))
    assert vault.password(HOUSE, never).reveal() == PASSWORD


@pytest.mark.parametrize("content", [b"", b"\n", b"Pa55 \xff\xfe", None])
def test_a_file_without_a_readable_password_stops_the_search(
    tmp_path: Path, ring: Ring, content: bytes | None
) -> None:
    settings = filled(tmp_path, ring, "age", "keyring")
    file = settings.secrets_folder / "house"
    if content is None:
        file.mkdir(parents=True, mode=0o700)
    else:
        file_of(file, content)
    vault, _ = vault_of(settings)
    refused(lambda: vault.password(HOUSE, lambda _: PASSWORD), str(file))
    assert ring.asked == 0


@pytest.mark.parametrize("place", PLACES)
def test_a_rejected_password_is_not_given_again_wherever_it_lies(
    tmp_path: Path, ring: Ring, place: str
) -> None:
    settings = filled(tmp_path, ring, place)
    vault, _ = vault_of(settings)
    members.reject(settings, HOUSE, vault.password(HOUSE, never))
    refused(
        lambda: vault.password(HOUSE, never),
        "`harvester member add`",
        state=State.BAD_CREDENTIALS,
    )
    corrected = HOUSE.model_copy(update={"user": "jdoe2"})
    assert vault.password(corrected, never).reveal() == f"{PASSWORD} {place}"


def test_a_rejected_password_is_not_given_again_by_a_person_or_another_place(
    tmp_path: Path,
) -> None:
    settings = settings_of(tmp_path)
    vault, _ = vault_of(settings)
    members.reject(settings, HOUSE, Secret(PASSWORD))
    refused(lambda: vault.password(HOUSE, lambda _: PASSWORD), state=State.BAD_CREDENTIALS)
    vault.keep(HOUSE, PASS, Secret(PASSWORD))
    refused(lambda: vault.password(HOUSE, never), state=State.BAD_CREDENTIALS)
    vault.keep(HOUSE, PASS, Secret("a new one"))
    assert vault.password(HOUSE, never).reveal() == "a new one"


@pytest.mark.parametrize("keep", PLACES[1:])
def test_a_secret_is_kept_where_the_setting_says_and_found_there(
    tmp_path: Path, ring: Ring, keep: str
) -> None:
    settings = filled(tmp_path, ring, *PLACES[1:], keep=keep)
    vault, noted = vault_of(settings)
    vault.keep(HOUSE, PASS, Secret(PASSWORD))
    vault.keep(HOUSE, TOTP, Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
    assert [facts for event, facts in noted if event == "secret.kept"] == [
        {"member": "house", "kind": "password", "place": keep},
        {"member": "house", "kind": "totp", "place": keep},
    ]
    assert vault.password(HOUSE, never).reveal() == PASSWORD
    assert vault.code(HOUSE, datetime(1970, 1, 1, 0, 0, 59, tzinfo=UTC)) == "287082"
    assert [facts["place"] for event, facts in noted if event == "secret.read"] == [keep, keep]
    plain = {"home/secrets/house"} if keep == "folder" else set()
    assert holding(tmp_path, PASSWORD) == plain
    ringed = {("harvester", "house"), ("harvester", "house.totp")} if keep == "keyring" else set()
    assert ringed <= set(ring.kept)


def test_what_cannot_be_changed_and_comes_first_is_told_before_anything_is_written(
    tmp_path: Path, ring: Ring
) -> None:
    settings = filled(tmp_path, ring, "systemd")
    vault, noted = vault_of(settings)
    refused(
        lambda: vault.keep(HOUSE, PASS, Secret(PASSWORD)),
        str(tmp_path / "credentials" / "house"),
        "comes before",
    )
    assert not noted
    assert not settings.secrets_folder.exists()


@pytest.mark.parametrize("inside", ["secrets", "age_file"])
def test_nothing_is_written_or_removed_where_systemd_puts_credentials(
    tmp_path: Path, ring: Ring, inside: str
) -> None:
    settings = filled(tmp_path, ring, "age")
    given = tmp_path / "credentials"
    if inside == "age_file":
        (tmp_path / "home" / "secrets.age").rename(given / "secrets.age")
        settings = settings.model_copy(update={"age_file": given / "secrets.age", "keep": "age"})
    else:
        file_of(given / "sub" / "house")
        settings = settings.model_copy(update={"secrets": given / "sub"})
    before = {p: p.stat().st_ctime_ns for p in given.rglob("*")}
    vault, _ = vault_of(settings)
    refused(lambda: vault.keep(HOUSE, PASS, Secret(PASSWORD)), str(given), "cannot be written")
    assert len(vault.forget(HOUSE, PASS)) == 1
    assert {p: p.stat().st_ctime_ns for p in given.rglob("*")} == before


@contextmanager
def somebody_without_rights() -> Iterator[Path]:
    """Give a folder of their own to somebody who is not root."""
    with TemporaryDirectory() as folder:
        if os.geteuid() != 0:
            yield Path(folder)
            return
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)


def test_a_folder_that_cannot_be_written_is_read_and_left_as_it_is() -> None:
    with somebody_without_rights() as folder:
        given = file_of(folder / "secrets" / "house", mode=0o400).parent
        given.chmod(0o500)
        vault, _ = vault_of(settings_of(folder / "home", secrets=given))
        assert vault.password(HOUSE, never).reveal() == PASSWORD
        refused(
            lambda: vault.keep(HOUSE, PASS, Secret("new")), str(given), "cannot be written here"
        )
        assert vault.forget(HOUSE, PASS) == [str(given / "house")]
        assert vault.session_key(HOUSE, make=True) is None
        assert not sessions.save(vault, HOUSE, {}, NOW)
        assert [path.name for path in given.iterdir()] == ["house"]
        given.chmod(0o700)


def test_an_unknown_place_names_the_known_ones(tmp_path: Path) -> None:
    vault, _ = vault_of(settings_of(tmp_path, keep="drawer"))
    refused(lambda: vault.keep(HOUSE, PASS, Secret(PASSWORD)), "'drawer'", "folder, age, keyring")


def test_every_copy_that_can_be_written_is_forgotten_and_the_others_are_told(
    tmp_path: Path, ring: Ring
) -> None:
    settings = filled(tmp_path, ring, *PLACES)
    vault, _ = vault_of(settings)
    assert vault.forget(HOUSE, PASS) == [str(tmp_path / "credentials" / "house")]
    assert not ring.kept
    assert not (settings.secrets_folder / "house").exists()
    (tmp_path / "credentials" / "house").unlink()
    refused(lambda: vault.password(HOUSE, None))
    assert vault.forget(HOUSE, PASS) == []


def test_a_secret_that_a_killed_program_left_half_written_does_not_stay(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    vault, _ = vault_of(settings)
    for act in (
        lambda: vault.keep(HOUSE, PASS, Secret("new")),
        lambda: vault.forget(HOUSE, PASS),
    ):
        file_of(settings.secrets_folder / ".house.x1y2z3.part", "half", 0o644)
        act()
        assert not holding(tmp_path, "half")


def test_the_code_of_a_member_without_a_totp_secret_is_none(tmp_path: Path, ring: Ring) -> None:
    vault, noted = vault_of(filled(tmp_path, ring, *PLACES))
    assert vault.code(HOUSE, NOW) is None
    assert not noted


def test_no_secret_is_in_any_log_note_or_file_but_its_own(
    tmp_path: Path, ring: Ring, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = filled(tmp_path, ring, "folder", "age", "keyring")
    vault, noted = vault_of(settings)
    vault.keep(HOUSE, PASS, Secret(PASSWORD))
    vault.keep(HOUSE, TOTP, Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
    found = vault.password(HOUSE, never)
    code = vault.code(HOUSE, NOW)
    members.reject(settings, HOUSE, found)
    assert code
    for text in (caplog.text, repr(noted), repr(vars(vault)), str(found)):
        assert "Pa55" not in text
        assert "GEZDGNBV" not in text
        assert code not in text
    assert holding(tmp_path, "Pa55") == {"home/secrets/house"}
    assert holding(tmp_path, "GEZDGNBV") == {"home/secrets/house.totp"}


def test_codes_of_a_person_are_noted_when_they_are_used(tmp_path: Path) -> None:

    vault, noted = vault_of(settings_of(tmp_path))
    since = NOW - timedelta(seconds=5)
    assert vault.handed_in(HOUSE, since, NOW) is None
    codes.hand_in(tmp_path, "house", Secret("123456"), NOW)
    assert vault.handed_in(HOUSE, since, NOW) == "123456"
    assert noted == [("secret.read", {"member": "house", "kind": "code", "place": "person"})]
