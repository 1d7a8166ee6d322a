"""Permission for the harvests of a test, recorded as a member records their own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from harvester.custody import consent
from harvester.custody.authorization import Authorization, own
from harvester.store.home import private_folder

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def permit(home: Path, member: str = "member", profile: str = "caec", **terms: object) -> str:
    """Record a permission and return its id; without terms, only if there is none."""
    private_folder(home)
    for known in consent.records(home, member):
        if isinstance(known, Authorization) and not terms:
            return known.id
    record = own(member, profile, "a utility", LONG_AGO, **terms)
    consent.grant(home, record)
    return record.id
