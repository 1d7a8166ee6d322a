"""A member's lock: one harvest of a sign-in at a time, on all machines that share a home."""

from __future__ import annotations

import fcntl
import importlib
import os
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING

from harvester.errors import State, Transient
from harvester.store.home import unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from harvester.store.place import Server


def alone(
    home: Path, server: Server | None, members: Collection[str], otherwise: str
) -> AbstractContextManager[Callable[[], None]]:
    """Hold the locks of members, which a killed program lets go by itself.

    Gives what raises Misconfigured once they are lost: those of a server are, when the connection
    is.  Raises Transient with the sentence `otherwise` while another program holds one of them.
    """
    if server is None:
        return _of_files([home / f".{member}.lock" for member in members], otherwise)
    held: AbstractContextManager[Callable[[], None]] = importlib.import_module(
        "harvester.store.postgres"
    ).alone(server, members, otherwise)
    return held


@contextmanager
def _of_files(files: Collection[Path], otherwise: str) -> Iterator[Callable[[], None]]:
    with ExitStack() as held:
        for file in files:
            held.callback(os.close, _locked(file, otherwise))
        yield lambda: None  # a lock of a file stays


def _locked(file: Path, otherwise: str) -> int:
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise unusable(file, error.strerror) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Transient(State.PENDING, otherwise) from None
    except OSError as error:  # a file system that has no locks
        os.close(handle)
        raise unusable(file, error.strerror) from error
    return handle
