"""Lines of one file: appended by one program at a time, each synced to the disk, never changed."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from harvester.store.home import private_folder, sync_folder, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAIL: Final = 1 << 16
"""Bytes read to find the end of a line; an entry is far shorter."""


class End:
    """The end of a file that nobody else appends to meanwhile."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def tail(self) -> bytes:
        """Return the last bytes, of which the first line may lack its beginning."""
        return _read(self._handle)

    def each(self) -> Iterator[bytes]:
        """Yield all lines."""
        return _lines(self._handle, os.fstat(self._handle).st_size)

    def write(self, lines: bytes, torn: int) -> None:
        """Add lines, in place of so many bytes of one that was cut short, and sync them."""
        if torn:
            os.ftruncate(self._handle, os.fstat(self._handle).st_size - torn)
        os.lseek(self._handle, 0, os.SEEK_END)
        while lines:
            lines = lines[os.write(self._handle, lines) :]
        os.fsync(self._handle)


class FileLines:
    """One private file; many processes may append to it at the same time."""

    def __init__(self, file: Path) -> None:
        self.name = f"{file}"
        self._file = file
        private_folder(file.parent)

    @contextmanager
    def held(self) -> Iterator[End]:
        """Let nobody else append meanwhile; raises Misconfigured if it cannot be written."""
        with self._locked(os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX) as handle:
            if not os.fstat(handle).st_nlink:
                raise unusable(self._file, "it was moved meanwhile: start this program anew")
            yield End(handle)

    def newest(self) -> bytes:
        """Return the last bytes, of which the first line may lack its beginning."""
        if not self._file.exists():
            return b""
        with self._locked(os.O_RDONLY, fcntl.LOCK_SH) as handle:
            return _read(handle)

    def each(self) -> Iterator[bytes]:
        """Yield the lines there are now; nobody who appends has to wait for who reads."""
        if not self._file.exists():
            return
        with self._locked(os.O_RDONLY, fcntl.LOCK_SH) as handle:
            there = os.fstat(handle).st_size
            fcntl.flock(handle, fcntl.LOCK_UN)
            yield from _lines(handle, there)

    @contextmanager
    def _locked(self, flags: int, lock: int) -> Iterator[int]:
        try:
            fresh = not self._file.exists()
            handle = os.open(self._file, flags, 0o600)
            try:
                fcntl.flock(handle, lock)
                if fresh:
                    sync_folder(self._file.parent)
                yield handle
            finally:
                os.close(handle)
        except OSError as error:
            raise unusable(self._file, error.strerror) from error


def _lines(handle: int, left: int) -> Iterator[bytes]:
    os.lseek(handle, 0, os.SEEK_SET)
    with os.fdopen(os.dup(handle), "rb") as file:
        while line := file.readline(min(left, TAIL)):
            left -= len(line)
            yield line


def _read(handle: int) -> bytes:
    os.lseek(handle, max(0, os.fstat(handle).st_size - TAIL), os.SEEK_SET)
    with os.fdopen(os.dup(handle), "rb") as file:
        return file.read()
