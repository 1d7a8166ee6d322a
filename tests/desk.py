"""A home with one account, into which artifacts are filed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from harvester.filing import Filing, Store
from harvester.model import Artifact, Finding
from harvester.profile import Profile, load
from harvester.store.catalog import Catalog

CAEC = load("caec")


class Desk:
    """Files artifacts as a run does, and tells what came of them."""

    def __init__(self, home: Path, number: str, profile: Profile = CAEC) -> None:
        self.number = number
        self.store = Store(home)
        self.run = self.catalog.begin_run("caec", "member", "run", datetime.now(UTC))
        self.account = self.catalog.account_id("caec", "member", number)
        self.filing = Filing(self.store, profile)

    @property
    def catalog(self) -> Catalog:
        """The catalog of the home."""
        return self.store.catalog

    def take(self, artifacts: Iterable[Artifact]) -> None:
        """File them in this order."""
        for artifact in artifacts:
            self.filing.take(self.account, artifact, self.run)

    def wrong(self) -> set[tuple[str, str]]:
        """Return rule and subject of what was found to be wrong."""
        return {(f.rule, f.subject) for f in self.catalog.findings(self.account)}

    def outcomes(self) -> list[Finding]:
        """Return the outcome of every rule."""
        return [one.finding for one in self.catalog.outcomes(self.account)]
