"""Writes a file for its owner's eyes only, whole or not at all, without holding it in memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from harvester.errors import Misconfigured, State


@contextmanager
def whole_file(file: Path) -> Iterator[IO[bytes]]:
    """Give a file to write to that takes the place of `file` when all is written.

    Raises Misconfigured where the folder cannot be made or written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            Path(part).replace(file)
        finally:
            Path(part).unlink(missing_ok=True)
    except OSError as error:
        raise Misconfigured(
            State.HOME_UNUSABLE,
            f"{file} cannot be written ({error.strerror}); name another place with --out.",
        ) from error
