"""Brings home your own utility data from member portals that offer no export."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.frames import Home


def open_home(path: Path | str | None = None) -> Home:
    """Open a home to read from, without a path the one that the commands use.

    Raises `harvester.errors.Misconfigured` where there is none.
    """
    # Arrow is loaded by those who ask for it.
    opened: Home = import_module("harvester.frames").Home(path)
    return opened
