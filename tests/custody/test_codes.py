"""A code that a person hands in is good for one sign-in, and for ten minutes."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from entrusted import holding, refused

from harvester.custody import codes
from harvester.custody.secret import Secret

NOW = datetime(2026, 6, 12, 3, tzinfo=UTC)
NAIVE = b'{"code":"Pa55","at":"2026-06-12T03:00:00"}'
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def hand_in(home: Path, code: str = "123456", at: datetime = NOW) -> Path:
    codes.hand_in(home, "house", Secret(code), at)
    return home / "members" / "house.code"


def test_a_code_is_taken_once_and_gone(tmp_path: Path) -> None:
    file = hand_in(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert codes.take(tmp_path, "house", NOW - SECOND, NOW + SECOND) == "123456"
    assert codes.take(tmp_path, "house", NOW - SECOND, NOW + SECOND) is None
    assert not holding(tmp_path, "123456")


@pytest.mark.parametrize(
    ("since", "at", "good"),
    [
        (NOW - SECOND, NOW, True),
        (NOW - SECOND, NOW + 10 * MINUTE, True),
        (NOW - SECOND, NOW + 10 * MINUTE + SECOND, False),
        (NOW, NOW + SECOND, False),
        (NOW + SECOND, NOW + MINUTE, False),
        (NOW - 2 * MINUTE, NOW - MINUTE, False),
    ],
)
def test_a_code_of_another_time_is_not_used_and_does_not_stay(
    tmp_path: Path, since: datetime, at: datetime, *, good: bool
) -> None:
    hand_in(tmp_path)
    assert codes.take(tmp_path, "house", since, at) == ("123456" if good else None)
    assert not holding(tmp_path, "123456")


def test_the_newest_code_is_the_one(tmp_path: Path) -> None:
    hand_in(tmp_path, "111111")
    hand_in(tmp_path, "222222", NOW + SECOND)
    assert codes.take(tmp_path, "house", NOW - SECOND, NOW + SECOND) == "222222"
    assert codes.take(tmp_path, "house", NOW - SECOND, NOW + SECOND) is None


def test_of_many_who_look_at_once_one_has_it(tmp_path: Path) -> None:
    hand_in(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        found = list(
            threads.map(lambda _: codes.take(tmp_path, "house", NOW - SECOND, NOW), range(32))
        )
    assert sorted(filter(None, found)) == ["123456"]


def test_the_code_of_another_member_is_left(tmp_path: Path) -> None:
    hand_in(tmp_path)
    assert codes.take(tmp_path, "cabin", NOW - SECOND, NOW) is None
    assert codes.take(tmp_path, "house", NOW - SECOND, NOW) == "123456"


@pytest.mark.parametrize(("said", "means"), [("123 456", "123456"), ("ab-12cd", "ab12cd")])
def test_a_code_may_be_grouped_as_a_message_shows_it(tmp_path: Path, said: str, means: str) -> None:
    hand_in(tmp_path, said)
    assert codes.take(tmp_path, "house", NOW - SECOND, NOW) == means


@pytest.mark.parametrize("said", ["", "123", "Pa55!", "Pa55" * 4, "١٢٣٤٥٦"])
def test_what_is_no_code_is_refused_without_being_shown(tmp_path: Path, said: str) -> None:
    refused(lambda: hand_in(tmp_path, said), "house", "4 to 12", "`harvester code house`")
    assert not list(tmp_path.rglob("*.code"))


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"code":"Pa55"}', b'{"code":"Pa55","at":"x"}', NAIVE]
)
def test_a_file_that_holds_no_code_is_refused_once(tmp_path: Path, content: bytes) -> None:
    file = hand_in(tmp_path)
    file.write_bytes(content)
    refused(lambda: codes.take(tmp_path, "house", NOW - SECOND, NOW), str(file), "hand it in again")
    assert codes.take(tmp_path, "house", NOW - SECOND, NOW) is None
