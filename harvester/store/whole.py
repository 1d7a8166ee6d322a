"""Everything that a home keeps, opened at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from harvester.store.archive import open_archive
from harvester.store.audit import Trail
from harvester.store.catalog import Catalog
from harvester.store.home import private_folder
from harvester.store.locks import alone
from harvester.store.place import place


class Store:
    """Everything that a home keeps: bytes, rows and the trail."""

    def __init__(self, home: Path) -> None:
        private_folder(home)
        self.home = home
        self.place = place(home)
        self.archive = open_archive(self.place.archive)
        self.catalog = Catalog(self.place.database)
        self.trail = Trail(self.place.trail, self.place.server)

    def alone(self, member: str, otherwise: str) -> AbstractContextManager[Callable[[], None]]:
        """Hold a member's lock on all machines that have this home, until it ends or is killed.

        Gives what raises Misconfigured once the lock is lost.  Raises Transient with the sentence
        `otherwise` while another program holds it.
        """
        return alone(self.home, self.place.server, [member], otherwise)
