"""Puts a home in order before a run: a clock that went back, and what a killed run left behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from harvester.errors import Misconfigured, State
from harvester.store.archive import Archive
from harvester.store.audit import Trail
from harvester.store.catalog import Catalog
from harvester.store.home import remove_parts

TOLERANCE = timedelta(seconds=5)
"""So far a clock may be set back without anyone noticing, as it is when it is kept in step."""

log = structlog.get_logger()


def newest_moment(catalog: Catalog, trail: Trail) -> datetime | None:
    """Return the newest moment that the home knows, to the second; None if it is new."""
    told = trail.newest()
    written = datetime.fromisoformat(told) if told else None
    return max(filter(None, (catalog.newest_moment(), written)), default=None)


def refuse_behind(newest: datetime | None, now: datetime) -> None:
    """Raise Misconfigured(CLOCK_BEHIND) where `now` is before what the home knows already.

    What comes home is ordered by when it came: an earlier clock would have old values win.
    """
    if newest is not None and now < newest - TOLERANCE:
        raise Misconfigured(
            State.CLOCK_BEHIND,
            f"The clock says {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC, but this home was used at"
            f" {newest:%Y-%m-%d %H:%M} UTC already, so nothing is asked of the portal: set the"
            f" clock right, or wait until then if it was that moment that was wrong.",
        )


def tidy(home: Path, archive: Archive, catalog: Catalog, trail: Trail, now: datetime) -> None:
    """Remove what runs that were killed left: parts of files, and files not yet in the manifest.

    Of such files a run leaves no more than one, so where there are more (a catalog from a backup,
    say), all of them stay.  None of it is lost: what is not in the catalog is asked for again.
    Where no run was killed the archive is not listed: a night must not cost more in an old home.
    """
    parts, left = remove_parts(home), []
    if catalog.broken_off():
        with catalog.transaction():  # whoever is filing holds this until the manifest has it
            left = archive.strays(catalog.shas())
            if len(left) > catalog.broken_off():
                log.warning("archive.strays", files=len(left))
                left = []
            archive.delete(left)
    if parts or left:
        trail.append("home.tidied", now, artifacts=len(left), parts=parts)
