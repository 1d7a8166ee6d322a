"""Private files: written whole for their owner alone, and read only where nobody else can."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harvester.custody.secret import Secret
from harvester.errors import Misconfigured, State
from harvester.store.home import private_folder, unusable, write_private


def refused(sentence: str) -> Misconfigured:
    """Return the refusal to go on without a secret, with what to do about it."""
    return Misconfigured(State.NO_CREDENTIALS, sentence)


def read(file: Path, *, shared: bool = False) -> Secret | None:
    """Return what a file holds, less the end of its last line; None where there is no file.

    Raises Misconfigured where it cannot be read as UTF-8, or where others can read it and it is
    not `shared` on purpose.
    """
    try:
        with file.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            content = opened.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise refused(f"{file} cannot be read ({error.strerror}); write it again.") from None
    if mode & 0o077 and not shared:
        raise refused(f"{file} can be read by others; `chmod 600` it, and change what it holds.")
    text = text_of(content)
    if text is None:
        raise refused(f"{file} cannot be read as UTF-8 text; write it again.")
    return Secret(text.rstrip("\r\n"))


def text_of(content: bytes) -> str | None:
    """Return the text, or None if it is not UTF-8; the error itself would hold the content."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def write(file: Path, content: bytes) -> None:
    """Write a 0600 file in a 0700 folder, whole or not at all; raises Misconfigured."""
    private_folder(file.parent)
    try:
        write_private(file, content)
    except OSError as error:
        raise unusable(file, error.strerror) from error


def remove(file: Path) -> bool:
    """Remove a file and tell whether there was one; raises Misconfigured."""
    try:
        file.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise unusable(file, error.strerror) from error
    return True


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one program at a time change what lies in a folder; raises Misconfigured."""
    private_folder(folder)
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise unusable(folder, error.strerror) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:  # a file system that has no locks
            raise unusable(folder, error.strerror) from error
        yield
    finally:
        os.close(handle)
