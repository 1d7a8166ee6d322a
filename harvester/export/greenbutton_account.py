"""An account on its way out as Green Button: what there is of it, and by which names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from harvester.export.greenbutton_feed import ROOT, Place, Stamps
from harvester.export.greenbutton_ids import Ids
from harvester.filing import Store
from harvester.model import Account, Window
from harvester.profile import load
from harvester.store.bills import Document
from harvester.store.catalog import Entry
from harvester.store.database import instant
from harvester.store.hours import Channel


@dataclass(frozen=True)
class Leaving:
    """One account with what is asked for of it."""

    entry: Entry
    facts: Account
    zone: ZoneInfo
    ids: Ids
    channels: Sequence[Channel]
    documents: Sequence[Document]
    """Oldest first."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it is known that can be told."""
        return not self.channels and not any(d.retrieved_at for d in self.documents)

    @property
    def usage_point(self) -> Place:
        """Where its usage point is."""
        return Place(f"{ROOT}/UsagePoint", self.id("usage-point"))

    @property
    def mark(self) -> str:
        """What tells its files from those of other accounts."""
        return str(self.usage_point.id)[:8]

    def id(self, kind: str, *parts: object) -> UUID:
        """Return the id of one of its resources."""
        return self.ids.of(kind, self.entry.profile, self.entry.number, *parts)

    @property
    def updated(self) -> datetime:
        """When the newest of it came home."""
        bills = [d.retrieved_at for d in self.documents if d.retrieved_at]
        return max([*(instant(channel.told) for channel in self.channels), *bills])

    def stamps(self, since: datetime) -> Stamps:
        """Return the stamps of what is so since a moment."""
        return Stamps(min(since, self.updated), self.updated)

    @property
    def since(self) -> datetime:
        """When the first of it began."""
        hours = [datetime.fromtimestamp(channel.start, UTC) for channel in self.channels]
        bills = [self.midnight(document.bill.billing_date) for document in self.documents]
        return min([*hours, *bills])

    def midnight(self, day: date) -> datetime:
        """Return the UTC time at which a local day begins."""
        return datetime.combine(day, datetime.min.time(), self.zone).astimezone(UTC)


def leaving(
    store: Store,
    entry: Entry,
    ids: Ids,
    window: Window | None,
    *,
    profiles: tuple[Path, ...],
    as_of: int | None,
) -> Leaving:
    """Return an account with its hours and bills of local days, as of a run if one is given."""
    catalog = store.catalog
    documents = [
        document
        for document in reversed(catalog.documents(entry.id))
        if (not window or window.start <= document.bill.billing_date < window.end)
        and (as_of is None or (document.run is not None and document.run <= as_of))
    ]
    return Leaving(
        entry=entry,
        facts=catalog.facts(entry.id),
        zone=load(entry.profile, profiles).zone,
        ids=ids,
        channels=catalog.channels(entry.id, window, as_of),
        documents=documents,
    )
