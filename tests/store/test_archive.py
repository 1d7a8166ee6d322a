"""The archive keeps exactly what it was given, privately, and notices when it no longer does."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from harvester.errors import BadData, Misconfigured, State
from harvester.store.archive import Folder

CONTENT = b"abc"
SHA = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""Of `abc`, as FIPS 180-2 prints it."""


def mode(path: Path) -> int:
    """Permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_bytes_come_back_by_their_hash(tmp_path: Path) -> None:
    archive = Folder(tmp_path / "home" / "archive")
    assert archive.put(CONTENT, ".pdf") == SHA
    assert archive.get(SHA) == CONTENT
    assert archive.path(SHA) == tmp_path / "home" / "archive" / "ba" / f"{SHA}.pdf"


def test_only_the_owner_can_read(tmp_path: Path) -> None:
    archive = Folder(tmp_path / "home" / "archive")
    path = archive.path(archive.put(CONTENT, "pdf"))
    assert mode(path) == 0o600
    assert [mode(folder) for folder in path.parents[:3]] == [0o700] * 3


def test_the_same_bytes_are_written_once_and_nothing_is_left_over(tmp_path: Path) -> None:
    archive = Folder(tmp_path)
    archive.put(CONTENT, "pdf")
    before = archive.path(SHA).stat()
    assert archive.put(CONTENT, "pdf") == SHA
    assert archive.path(SHA).stat().st_ino == before.st_ino
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{SHA}.pdf"]


def test_damaged_bytes_are_refused_and_healed_by_the_next_put(tmp_path: Path) -> None:
    archive = Folder(tmp_path)
    archive.put(CONTENT, "pdf")
    archive.path(SHA).write_bytes(b"abd")
    with pytest.raises(BadData) as caught:
        archive.get(SHA)
    assert caught.value.state is State.UNREADABLE
    archive.put(CONTENT, "pdf")
    assert archive.get(SHA) == CONTENT


@pytest.mark.parametrize("sha", ["0" * 64, "../../etc/passwd", "ba*"])
def test_absent_bytes_are_bad_data(tmp_path: Path, sha: str) -> None:
    with pytest.raises(BadData):
        Folder(tmp_path).get(sha)


def test_a_suffix_cannot_leave_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="suffix"):
        Folder(tmp_path).put(CONTENT, "/../x")


def test_a_home_below_a_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match=r"file.*Not a directory.*--home") as caught:
        Folder(tmp_path / "file" / "archive")
    assert caught.value.state is State.HOME_UNUSABLE
