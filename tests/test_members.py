"""Sign-ins by name, for their owner's eyes only, and passwords that are not sent again."""

from __future__ import annotations

import stat
import traceback
from datetime import UTC, datetime
from pathlib import Path

import entrusted
import pytest
from entrusted import HOUSE, refused, settings_of

from harvester import members
from harvester.custody import codes
from harvester.custody.secret import Secret
from harvester.errors import Misconfigured, State
from harvester.members import Member
from harvester.settings import Settings

PASSWORD = Secret(entrusted.PASSWORD)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a home that does not exist yet."""
    return settings_of(tmp_path / "home")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_member_is_added_listed_loaded_and_removed(settings: Settings) -> None:
    assert members.every(settings) == []
    cabin = Member(name="cabin-2", profile="union-power", user="1234567001")
    members.add(settings, HOUSE)
    members.add(settings, cabin)
    assert members.every(settings) == [cabin, HOUSE]
    assert members.load(settings, "house") == HOUSE
    members.remove(settings, "house")
    assert members.every(settings) == [cabin]
    with pytest.raises(Misconfigured) as caught:
        members.load(settings, "house")
    assert caught.value.state is State.UNKNOWN_MEMBER


def test_members_are_listed_by_name(settings: Settings) -> None:
    for name in "hbfdagce":
        members.add(settings, HOUSE.model_copy(update={"name": name}))
    assert "".join(member.name for member in members.every(settings)) == "abcdefgh"


def test_a_member_that_is_added_again_is_replaced(settings: Settings) -> None:
    members.add(settings, HOUSE)
    moved = Member(name="house", profile="caec", user="jdoe2")
    members.add(settings, moved)
    assert members.every(settings) == [moved]


def test_an_unknown_member_is_told_what_to_do(settings: Settings) -> None:
    for act in (members.load, members.remove):
        with pytest.raises(Misconfigured) as caught:
            act(settings, "nobody")
        assert caught.value.state is State.UNKNOWN_MEMBER
        assert "'nobody'" in str(caught.value)
        assert "`harvester member add`" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "House",
        "../house",
        "a/b",
        "a.b",
        "-a",
        "2",
        "a b",
        "a" * 40,
        "a12345",
        "session-key",
        "age-identity",
    ],
)
def test_a_name_that_is_no_plain_file_name_is_refused(settings: Settings, name: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        members.add(settings, HOUSE.model_copy(update={"name": name}))
    assert caught.value.state is State.UNKNOWN_MEMBER
    assert not settings.home.exists()


def test_the_longest_name_has_39_letters(settings: Settings) -> None:
    members.add(settings, HOUSE.model_copy(update={"name": "a" * 39}))
    assert [member.name for member in members.every(settings)] == ["a" * 39]


@pytest.mark.parametrize("name", ["../outside", "../secrets/house", "house/../house"])
def test_no_file_outside_the_folder_of_members_is_loaded_or_removed(
    settings: Settings, name: str
) -> None:
    members.add(settings, HOUSE)
    outside = settings.home / "outside.json"
    outside.write_text(HOUSE.model_dump_json())
    (settings.home / "outside.rejected").write_text("{}")
    for act in (members.load, members.remove):
        with pytest.raises(Misconfigured) as caught:
            act(settings, name)
        assert caught.value.state is State.UNKNOWN_MEMBER
    assert outside.exists()
    assert (settings.home / "outside.rejected").exists()
    assert members.every(settings) == [HOUSE]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"name":"house","profile":"caec"}', None],
)
def test_a_member_file_that_cannot_be_read_is_one_sentence(
    settings: Settings, content: bytes | None
) -> None:
    members.add(settings, HOUSE)
    file = settings.members_folder / "house.json"
    file.write_bytes(
        f'{{"name":"house","profile":"caec","user":"jdoe","password":"{PASSWORD.reveal()}"}}'.encode()
        if content is None
        else content
    )
    with pytest.raises(Misconfigured) as caught:
        members.load(settings, "house")
    assert caught.value.state is State.HOME_UNUSABLE
    assert "house.json" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert PASSWORD.reveal() not in "".join(traceback.format_exception(caught.value))


def test_files_are_for_their_owner_and_so_are_folders(settings: Settings) -> None:
    members.add(settings, HOUSE)
    members.reject(settings, HOUSE, PASSWORD)
    (settings.members_folder / "house.json").chmod(0o644)
    members.add(settings, HOUSE)
    found = {path.relative_to(settings.home).as_posix(): path for path in settings.home.rglob("*")}
    assert {name: mode(path) for name, path in found.items()} == {
        "members": 0o700,
        "members/house.json": 0o600,
        "members/house.rejected": 0o600,
    }
    assert mode(settings.home) == 0o700


def test_removing_a_member_removes_the_rejection_and_a_code(settings: Settings) -> None:
    members.add(settings, HOUSE)
    members.reject(settings, HOUSE, PASSWORD)
    codes.hand_in(settings.home, "house", Secret("123456"), datetime.now(UTC))
    members.remove(settings, "house")
    assert [path for path in settings.home.rglob("*") if path.is_file()] == []


def test_only_what_was_rejected_counts_as_rejected(settings: Settings) -> None:
    assert not members.was_rejected(settings, HOUSE, PASSWORD)
    members.reject(settings, HOUSE, PASSWORD)
    assert members.was_rejected(settings, HOUSE, PASSWORD)
    assert not members.was_rejected(settings, HOUSE, Secret("another one"))
    corrected = HOUSE.model_copy(update={"user": "jdoe2"})
    assert not members.was_rejected(settings, corrected, PASSWORD)
    cabin = HOUSE.model_copy(update={"name": "cabin"})
    assert not members.was_rejected(settings, cabin, PASSWORD)


def test_a_member_that_is_added_again_is_still_rejected(settings: Settings) -> None:
    members.reject(settings, HOUSE, PASSWORD)
    members.add(settings, HOUSE)
    assert members.was_rejected(settings, HOUSE, PASSWORD)


def test_rejections_are_salted_and_hold_no_password(settings: Settings) -> None:
    file = settings.members_folder / "house.rejected"
    members.reject(settings, HOUSE, PASSWORD)
    first = file.read_text()
    members.reject(settings, HOUSE, PASSWORD)
    assert file.read_text() != first
    assert "Pa55" not in first
    assert members.was_rejected(settings, HOUSE, PASSWORD)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"salt":"x","hash":""}', b"\xff"])
def test_a_rejection_that_cannot_be_read_sends_nothing(settings: Settings, content: bytes) -> None:
    members.reject(settings, HOUSE, Secret("old"))
    (settings.members_folder / "house.rejected").write_bytes(content)
    refused(
        lambda: members.was_rejected(settings, HOUSE, PASSWORD),
        "house.rejected",
        state=State.HOME_UNUSABLE,
    )


def test_a_home_that_cannot_be_written_is_one_sentence(settings: Settings) -> None:
    settings.home.write_text("a file")
    for act in (
        lambda: members.add(settings, HOUSE),
        lambda: members.reject(settings, HOUSE, PASSWORD),
    ):
        refused(act, str(settings.home), state=State.HOME_UNUSABLE)
