"""Everything that a home keeps, opened together: bytes, rows and the trail."""

from __future__ import annotations

from pathlib import Path

from harvester.store.archive import Archive
from harvester.store.audit import Trail
from harvester.store.catalog import Catalog
from harvester.store.home import private_folder


class Store:
    """Everything that a home keeps: bytes, rows and the trail."""

    def __init__(self, home: Path) -> None:
        private_folder(home)
        self.home = home
        self.archive = Archive(home / "archive")
        self.catalog = Catalog(home / "catalog.sqlite")
        self.trail = Trail(home / "trail.jsonl")
