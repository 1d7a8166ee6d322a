"""Sign-ins and their passwords: for their owner's eyes only, and never sent again once rejected."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harvester import members
from harvester.errors import ActionNeeded, Failure, Misconfigured, State
from harvester.members import Member
from harvester.settings import Settings

PASSWORD = "correct horse Pa55 ü€"
HOUSE = Member(name="house", profile="caec", user="jdoe")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a home that does not exist yet."""
    return Settings(home=tmp_path / "home", secrets=None, profiles=None, browser=None)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def secret_file(path: Path, content: str | bytes = PASSWORD, permissions: int = 0o600) -> Path:
    """Write a file as a person would, with these permissions."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(permissions)
    return path


def never(prompt: str) -> str:
    pytest.fail(f"a person was asked: {prompt}")


def refused(
    settings: Settings, member: Member, state: State, ask: Callable[[str], str] | None = never
) -> Failure:
    """Return how a password is refused; neither text nor trace-back may hold it."""
    kind = ActionNeeded if state is State.BAD_CREDENTIALS else Misconfigured
    with pytest.raises(kind) as caught:
        members.password(settings, member, ask)
    assert caught.value.state is state
    assert "\n" not in str(caught.value)
    holds_no_password(caught.value)
    return caught.value


def holds_no_password(failure: BaseException) -> None:
    for error in chain(failure):
        assert PASSWORD not in f"{error!s}{error!r}{error.args!r}"
        assert b"Pa55" not in getattr(error, "object", b"")
    shown = "".join(traceback.format_exception(failure))
    assert PASSWORD not in shown


def chain(failure: BaseException | None) -> Iterator[BaseException]:
    while failure:
        yield failure
        failure = failure.__cause__ or (
            None if failure.__suppress_context__ else failure.__context__
        )


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
    "name", ["", "House", "../house", "a/b", "a.b", "-a", "2", "a b", "a" * 40]
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
        f'{{"name":"house","profile":"caec","user":"jdoe","password":"{PASSWORD}"}}'.encode()
        if content is None
        else content
    )
    with pytest.raises(Misconfigured) as caught:
        members.load(settings, "house")
    assert caught.value.state is State.HOME_UNUSABLE
    assert "house.json" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_files_are_for_their_owner_and_so_are_folders(settings: Settings) -> None:
    members.add(settings, HOUSE)
    members.keep_password(settings, "house", PASSWORD)
    members.reject(settings, HOUSE, PASSWORD)
    found = {path.relative_to(settings.home).as_posix(): path for path in settings.home.rglob("*")}
    assert {name: mode(path) for name, path in found.items()} == {
        "members": 0o700,
        "secrets": 0o700,
        "members/house.json": 0o600,
        "members/house.rejected": 0o600,
        "secrets/house": 0o600,
    }
    assert mode(settings.home) == 0o700


def test_a_file_that_was_open_to_others_is_private_once_written_again(settings: Settings) -> None:
    members.keep_password(settings, "house", "old")
    (settings.secrets_folder / "house").chmod(0o644)
    members.keep_password(settings, "house", PASSWORD)
    assert mode(settings.secrets_folder / "house") == 0o600
    assert members.password(settings, HOUSE, never) == PASSWORD


def test_what_a_crash_left_half_written_is_in_nobodys_way(settings: Settings) -> None:
    members.keep_password(settings, "house", "old")
    secret_file(settings.secrets_folder / ".house.part", "half", 0o644)
    members.keep_password(settings, "house", PASSWORD)
    assert [path.name for path in settings.secrets_folder.iterdir()] == ["house"]
    assert mode(settings.secrets_folder / "house") == 0o600
    assert members.password(settings, HOUSE, never) == PASSWORD


def test_only_the_secrets_folder_holds_the_password(settings: Settings) -> None:
    members.add(settings, HOUSE)
    members.keep_password(settings, "house", PASSWORD)
    members.reject(settings, HOUSE, PASSWORD)
    holding = [
        path.relative_to(settings.home).as_posix()
        for path in settings.home.rglob("*")
        if path.is_file() and PASSWORD.encode() in path.read_bytes()
    ]
    assert holding == ["secrets/house"]


def test_removing_a_member_removes_the_password_and_the_rejection(settings: Settings) -> None:
    members.add(settings, HOUSE)
    members.keep_password(settings, "house", PASSWORD)
    members.reject(settings, HOUSE, PASSWORD)
    members.remove(settings, "house")
    assert [path for path in settings.home.rglob("*") if path.is_file()] == []


def test_removing_a_member_leaves_their_own_password_file(
    settings: Settings, tmp_path: Path
) -> None:
    file = secret_file(tmp_path / "mine")
    members.add(settings, HOUSE.model_copy(update={"password_file": file}))
    members.remove(settings, "house")
    assert file.exists()


def test_a_password_comes_from_the_secrets_folder(settings: Settings) -> None:
    members.keep_password(settings, "house", PASSWORD)
    assert members.password(settings, HOUSE, never) == PASSWORD


def test_the_secrets_folder_may_lie_outside_of_the_home(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", secrets=tmp_path / "run" / "secrets")
    (tmp_path / "run" / "secrets").mkdir(parents=True)
    secret_file(tmp_path / "run" / "secrets" / "house", PASSWORD + "\n")
    assert members.password(settings, HOUSE, never) == PASSWORD


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_password_comes_from_a_file_of_the_members_own_before_the_folder(
    settings: Settings, tmp_path: Path, end: str
) -> None:
    members.keep_password(settings, "house", "another one")
    file = secret_file(tmp_path / "mine", PASSWORD + end)
    member = HOUSE.model_copy(update={"password_file": file})
    assert members.password(settings, member, never) == PASSWORD


def test_spaces_belong_to_a_password(settings: Settings) -> None:
    members.keep_password(settings, "house", "  two words ")
    assert members.password(settings, HOUSE, never) == "  two words "


def test_a_person_is_asked_where_there_is_no_file(settings: Settings) -> None:
    prompts = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return PASSWORD

    assert members.password(settings, HOUSE, ask) == PASSWORD
    assert prompts == ["Password of house at caec: "]
    assert not settings.secrets_folder.exists()


def test_without_file_and_person_there_is_no_password(settings: Settings) -> None:
    said = str(refused(settings, HOUSE, State.NO_CREDENTIALS, ask=None))
    assert str(settings.secrets_folder / "house") in said
    assert "`harvester member add`" in said


@pytest.mark.parametrize("permissions", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o777])
def test_a_password_that_others_can_reach_is_refused(
    settings: Settings, tmp_path: Path, permissions: int
) -> None:
    file = secret_file(tmp_path / "mine", permissions=permissions)
    member = HOUSE.model_copy(update={"password_file": file})
    said = str(refused(settings, member, State.NO_CREDENTIALS))
    assert "`chmod 600`" in said
    assert str(file) in said


@pytest.mark.parametrize("permissions", [0o600, 0o400])
def test_a_password_that_only_its_owner_can_read_is_taken(
    settings: Settings, tmp_path: Path, permissions: int
) -> None:
    file = secret_file(tmp_path / "mine", permissions=permissions)
    member = HOUSE.model_copy(update={"password_file": file})
    assert members.password(settings, member, never) == PASSWORD


@pytest.mark.parametrize("content", [b"", b"\n", b"Pa55 \xff\xfe"])
def test_a_file_without_a_readable_password_is_refused_before_anything_is_sent(
    settings: Settings, tmp_path: Path, content: bytes
) -> None:
    file = secret_file(tmp_path / "mine", content)
    member = HOUSE.model_copy(update={"password_file": file})
    assert str(file) in str(refused(settings, member, State.NO_CREDENTIALS))


def test_a_folder_in_place_of_the_password_is_refused(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o700)
    member = HOUSE.model_copy(update={"password_file": folder})
    assert str(folder) in str(refused(settings, member, State.NO_CREDENTIALS))


def test_an_empty_answer_of_a_person_is_no_password(settings: Settings) -> None:
    refused(settings, HOUSE, State.NO_CREDENTIALS, ask=lambda _: "")


def test_a_rejected_password_is_not_given_again(settings: Settings, tmp_path: Path) -> None:
    members.add(settings, HOUSE)
    members.keep_password(settings, "house", PASSWORD)
    members.reject(settings, HOUSE, PASSWORD)
    said = str(refused(settings, HOUSE, State.BAD_CREDENTIALS))
    assert "`harvester member add`" in said
    own = HOUSE.model_copy(update={"password_file": secret_file(tmp_path / "mine")})
    refused(settings, own, State.BAD_CREDENTIALS)


def test_a_rejected_password_is_not_given_again_by_a_person(settings: Settings) -> None:
    members.reject(settings, HOUSE, PASSWORD)
    refused(settings, HOUSE, State.BAD_CREDENTIALS, ask=lambda _: PASSWORD)


def test_a_rejected_password_that_is_added_again_is_still_not_given(settings: Settings) -> None:
    members.reject(settings, HOUSE, PASSWORD)
    members.add(settings, HOUSE)
    members.keep_password(settings, "house", PASSWORD)
    refused(settings, HOUSE, State.BAD_CREDENTIALS)


def test_a_changed_password_is_given(settings: Settings) -> None:
    members.keep_password(settings, "house", "old")
    members.reject(settings, HOUSE, "old")
    members.keep_password(settings, "house", PASSWORD)
    assert members.password(settings, HOUSE, never) == PASSWORD


def test_the_same_password_with_a_changed_user_is_given(settings: Settings) -> None:
    members.keep_password(settings, "house", PASSWORD)
    members.reject(settings, HOUSE, PASSWORD)
    corrected = HOUSE.model_copy(update={"user": "jdoe2"})
    assert members.password(settings, corrected, never) == PASSWORD


def test_the_rejection_of_one_member_is_not_anothers(settings: Settings) -> None:
    members.reject(settings, HOUSE, PASSWORD)
    other = HOUSE.model_copy(update={"name": "cabin"})
    members.keep_password(settings, "cabin", PASSWORD)
    assert members.password(settings, other, never) == PASSWORD


def test_rejections_are_salted(settings: Settings) -> None:
    file = settings.members_folder / "house.rejected"
    members.reject(settings, HOUSE, PASSWORD)
    first = file.read_text()
    members.reject(settings, HOUSE, PASSWORD)
    assert file.read_text() != first
    refused(settings, HOUSE, State.BAD_CREDENTIALS, ask=lambda _: PASSWORD)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"salt":"x","hash":""}', b"\xff"])
def test_a_rejection_that_cannot_be_read_sends_nothing(settings: Settings, content: bytes) -> None:
    members.reject(settings, HOUSE, "old")
    (settings.members_folder / "house.rejected").write_bytes(content)
    said = str(refused(settings, HOUSE, State.HOME_UNUSABLE, ask=lambda _: PASSWORD))
    assert "house.rejected" in said


def test_a_password_is_kept_whatever_the_locale_is(settings: Settings) -> None:
    program = (
        "import sys; from pathlib import Path; from harvester import members;"
        "from harvester.settings import Settings;"
        f"members.keep_password(Settings(home=Path(sys.argv[1])), 'house', {PASSWORD!a})"
    )
    subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", program, settings.home],
        env=os.environ | {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
        check=True,
    )
    assert members.password(settings, HOUSE, never) == PASSWORD


def test_a_home_that_cannot_be_written_is_one_sentence_without_the_password(
    tmp_path: Path,
) -> None:
    (tmp_path / "home").write_text("a file")
    settings = Settings(home=tmp_path / "home", secrets=None)
    with pytest.raises(Misconfigured) as caught:
        members.keep_password(settings, "house", PASSWORD)
    assert caught.value.state is State.HOME_UNUSABLE
    assert "\n" not in str(caught.value)
    holds_no_password(caught.value)
