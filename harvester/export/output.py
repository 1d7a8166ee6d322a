"""Files of an export, each there as a whole or not at all, and readable by their owner only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from harvester.errors import Misconfigured, State


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """Give a file to write to, which becomes `file` in the end and is gone if that fails.

    Missing folders are made.  Raises Misconfigured where it cannot be written.
    """
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield part
        part.replace(file)
    except OSError as error:
        raise Misconfigured(
            State.HOME_UNUSABLE,
            f"{file} cannot be written ({error.strerror or error}): make room or give permission"
            " there, or name another folder with --out.",
        ) from error
    finally:
        if part.parent.is_dir():
            part.unlink(missing_ok=True)


@contextmanager
def text(file: Path) -> Iterator[TextIO]:
    """Give a text file in UTF-8 to write to, whole or not at all."""
    with whole(file) as part, part.open("w", encoding="utf-8", newline="") as out:
        yield out
