"""Files named by the sha-256 of their content, written once and safe before anyone reads them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterable
from pathlib import Path

from harvester.errors import BadData, State
from harvester.store.home import private_folder, sync_folder, unusable, write_private

SHA = re.compile(r"[0-9a-f]{64}")
SUFFIX = re.compile(r"[a-z0-9]{1,8}")


class Archive:
    """A folder of artifacts as `ab/abcd….pdf`; files are 0600, folders 0700."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        private_folder(folder)

    def put(self, content: bytes, suffix: str) -> str:
        """Keep the bytes and return their sha-256; what is already there is not written again.

        A file that is there but damaged is replaced. Raises Misconfigured if the disk refuses.
        """
        suffix = suffix.removeprefix(".")
        if not SUFFIX.fullmatch(suffix):
            message = f"not a file suffix: {suffix!r}"
            raise ValueError(message)
        sha = hashlib.sha256(content).hexdigest()
        try:
            there = self.path(sha)
            if there.read_bytes() == content:
                return sha
        except BadData:
            there = self.folder / sha[:2] / f"{sha}.{suffix}"
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
        if hashlib.sha256(content).hexdigest() != sha:
            raise BadData(
                State.UNREADABLE,
                f"The archived file {path} is not what was written: restore it from a backup.",
            )
        return content

    def strays(self, known: Container[str]) -> list[Path]:
        """Return every file whose name is none of these, and parts that a killed program left."""
        files = sorted(self.folder.glob("??/*"))
        return [file for file in files if file.stem not in known]

    def delete(self, files: Iterable[Path]) -> None:
        """Delete files of the archive for good; raises Misconfigured if the disk refuses."""
        try:
            for file in files:
                file.unlink(missing_ok=True)
                sync_folder(file.parent)
        except OSError as error:
            raise unusable(self.folder, error.strerror) from error

    def path(self, sha: str) -> Path:
        """Return where the bytes of that name are; raises BadData if they are absent."""
        if SHA.fullmatch(sha):
            for path in (self.folder / sha[:2]).glob(f"{sha}.*"):
                return path
        raise BadData(
            State.UNREADABLE,
            f"The archive {self.folder} has no file {sha}: restore it from a backup.",
        )
