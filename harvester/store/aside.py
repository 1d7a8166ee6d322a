"""A catalog that is kept apart: empty at first, while runs and sign-ins count in the home's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from harvester.errors import State
from harvester.store.catalog import Catalog
from harvester.store.database import epoch
from harvester.store.runs import Runs


class Aside(Catalog):
    """What one run alone brings home; the home still knows that it ran, and how often it may."""

    def __init__(self, file: Path, home: Runs) -> None:
        super().__init__(file)
        self._home = home

    def begin_run(self, profile: str, member: str, kind: str, at: datetime) -> int:
        """Begin the run in the home, and know it here by the same id."""
        run = self._home.begin_run(profile, member, kind, at)
        self._write(
            "INSERT INTO run (id, profile, member, kind, started_at) VALUES (?, ?, ?, ?, ?)",
            [(run, profile, member, kind, epoch(at))],
        )
        return run

    def finish_run(self, run: int, state: State, at: datetime, facts: Mapping[str, int]) -> None:
        """Remember in the home how the run ended."""
        self._home.finish_run(run, state, at, facts)

    def record_sign_in(self, run: int, at: datetime) -> None:
        """Remember a sign-in in the home before it is sent."""
        self._home.record_sign_in(run, at)

    def sign_ins_since(self, profile: str, member: str, since: datetime) -> list[datetime]:
        """Return when a member was signed in over all that the home did."""
        return self._home.sign_ins_since(profile, member, since)

    def runs_before(self, run: int, since: datetime) -> list[datetime]:
        """Return when a member was harvested before over all that the home did."""
        return self._home.runs_before(run, since)

    def await_code(self, run: int) -> None:
        """Remember in the home that the run waits for a code."""
        self._home.await_code(run)

    def code_came(self, run: int) -> None:
        """Remember in the home that it waits no longer."""
        self._home.code_came(run)
