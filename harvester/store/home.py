"""Folders that only their owner can read, and the one sentence when they cannot be used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harvester.errors import Misconfigured, State

if TYPE_CHECKING:
    from pathlib import Path


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


def unusable(place: Path, why: object) -> Misconfigured:
    """Return the refusal to work with a file or folder of the home, with what to do about it."""
    return Misconfigured(
        State.HOME_UNUSABLE,
        f"{place} cannot be used ({why}): free or repair it, or name another home with --home.",
    )
