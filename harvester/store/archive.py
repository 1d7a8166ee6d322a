"""Files named by the sha-256 of their content, written once and safe before anyone reads them."""

from __future__ import annotations

import hashlib
import importlib
import os
import re
from collections.abc import Container, Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Protocol

from harvester.errors import BadData, State
from harvester.store.home import private_folder, sync_folder, unusable, write_private
from harvester.store.place import Bucket

SHA = re.compile(r"[0-9a-f]{64}")
SUFFIX = re.compile(r"[a-z0-9]{1,8}")


class Archive(Protocol):
    """Artifacts as `ab/abcd….pdf`, in a folder or in a bucket."""

    def put(self, content: bytes, suffix: str) -> str:
        """Keep the bytes and return their sha-256; what is already there is not written again.

        They are safe once it returns.  What is there but damaged is replaced.  Raises Misconfigured
        if the place refuses, Transient if it cannot be reached.
        """

    def get(self, sha: str) -> bytes:
        """Return the bytes of that name; BadData where they are absent or were changed."""

    def where(self, sha: str) -> str:
        """Return where the bytes of that name are; raises BadData if they are absent."""

    def strays(self, known: Container[str]) -> list[PurePosixPath]:
        """Return every file whose name is none of these, and parts that a killed program left."""

    def delete(self, files: Iterable[PurePosixPath]) -> None:
        """Delete files for good; raises Misconfigured if the place refuses."""

    def keeps_deleted(self) -> bool:
        """Tell whether the place itself keeps what is deleted, as far as it says."""


def open_archive(place: Path | Bucket) -> Archive:
    """Open an archive, or make the folder; raises Misconfigured if it cannot be used."""
    if isinstance(place, Path):
        return Folder(place)
    # Loaded by who has a bucket only: obstore is an extra.
    bucket: Archive = importlib.import_module("harvester.store.objects").Objects(place)
    return bucket


def named(content: bytes, suffix: str) -> PurePosixPath:
    """Return the name of new bytes; ValueError where the suffix is none."""
    suffix = suffix.removeprefix(".")
    if not SUFFIX.fullmatch(suffix):
        message = f"not a file suffix: {suffix!r}"
        raise ValueError(message)
    sha = hashlib.sha256(content).hexdigest()
    return PurePosixPath(sha[:2], f"{sha}.{suffix}")


def proven(content: bytes, sha: str, where: object) -> bytes:
    """Return bytes that are what their name says; raises BadData for others."""
    if hashlib.sha256(content).hexdigest() != sha:
        raise BadData(
            State.UNREADABLE,
            f"The archived file {where} is not what was written: restore it from a backup.",
        )
    return content


def absent(sha: str, where: object) -> BadData:
    """Return the failure to find bytes of that name."""
    return BadData(
        State.UNREADABLE, f"The archive {where} has no file {sha}: restore it from a backup."
    )


class Folder:
    """An archive whose files are 0600 and folders 0700."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        private_folder(folder)

    def put(self, content: bytes, suffix: str) -> str:
        """Keep the bytes; raises Misconfigured if the disk refuses."""
        name = named(content, suffix)
        sha = name.stem
        try:
            there = self.path(sha)
            if there.read_bytes() == content:
                return sha
        except BadData:
            there = self.folder / name
        except OSError as error:
            raise unusable(there, error.strerror) from error
        private_folder(there.parent)
        try:
            write_private(there, content)
        except OSError as error:
            raise unusable(self.folder, error.strerror) from error
        return sha

    def get(self, sha: str) -> bytes:
        """Return the bytes of that name; BadData where they are absent or were changed."""
        path = self.path(sha)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise unusable(path, error.strerror) from error
        return proven(content, sha, path)

    def where(self, sha: str) -> str:
        """Return the path as text."""
        return f"{self.path(sha)}"

    def strays(self, known: Container[str]) -> list[PurePosixPath]:
        """Return every file whose name is none of these, and parts that a killed program left."""
        files = sorted(self.folder.glob("??/*"))
        return [PurePosixPath(*file.parts[-2:]) for file in files if file.stem not in known]

    def delete(self, files: Iterable[PurePosixPath]) -> None:
        """Delete files of the archive for good; raises Misconfigured if the disk refuses."""
        try:
            for file in files:
                (self.folder / file).unlink(missing_ok=True)
                sync_folder((self.folder / file).parent)
        except OSError as error:
            raise unusable(self.folder, error.strerror) from error

    def keeps_deleted(self) -> bool:
        """Tell that a folder does not."""
        return False

    def path(self, sha: str) -> Path:
        """Return where the bytes of that name are; raises BadData if they are absent."""
        if SHA.fullmatch(sha):
            folder = self.folder / sha[:2]
            # No glob: it compiles a pattern for each name that it looks for.
            with suppress(FileNotFoundError, PermissionError), os.scandir(folder) as files:
                for file in files:
                    if file.name.startswith(f"{sha}."):
                        return folder / file.name
        raise absent(sha, self.folder)
