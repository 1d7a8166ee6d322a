"""Folders that only their owner can read, and the one sentence when they cannot be used."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

from harvester.errors import Misconfigured, State

if TYPE_CHECKING:
    from pathlib import Path

_PART = re.compile(r"\.(.+\.)?[a-z0-9_]{8}\.part")


def private_folder(folder: Path) -> None:
    """Make the folder and its missing parents with mode 0700; raises Misconfigured."""
    try:
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(mode=0o700, exist_ok=True)
            sync_folder(path.parent)
        if not folder.is_dir():
            raise NotADirectoryError(20, "Not a directory")
    except OSError as error:
        raise unusable(folder, error.strerror) from error


def sync_folder(folder: Path) -> None:
    """Sync a folder: a name in it survives a power cut only after that."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_private(file: Path, content: bytes) -> None:
    """Write a 0600 file, whole or not at all, and safe from a power cut; raises OSError."""
    handle, name = _part(file)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
            os.replace(name, file)  # noqa: PTH105 - a name, as mkstemp gives it
    except BaseException:  # whatever ends it, the part must not stay
        with suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108
        raise
    sync_folder(file.parent)


def _part(file: Path) -> tuple[int, str]:
    """Make a file to write to, and hold it: a part that nobody holds is left of a killed write."""
    while True:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:  # or it was taken for left over before it was held
            return handle, name
        os.close(handle)


def remove_parts(home: Path) -> int:
    """Remove what killed writes left anywhere below the home; return how many there were."""
    removed = 0
    try:
        for folder, _, names in os.walk(home):
            for name in filter(_PART.fullmatch, names):
                removed += _removed(os.path.join(folder, name))  # noqa: PTH118 - as walk gives it
    except OSError as error:
        raise unusable(home, error.strerror) from error
    return removed


def _removed(part: str) -> bool:
    with suppress(FileNotFoundError):  # it was finished meanwhile
        handle = os.open(part, os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(part)  # noqa: PTH108
        except BlockingIOError:
            return False
        finally:
            os.close(handle)
        return True
    return False


def unusable(place: Path, why: object) -> Misconfigured:
    """Return the refusal to work with a file or folder of the home, with what to do about it."""
    return Misconfigured(
        State.HOME_UNUSABLE,
        f"{place} cannot be used ({why}): free or repair it, or name another home with --home.",
    )
