"""A year of real nights: real runs through Chromium, by a clock that is driven; `make year`.

It prints what became of every kind of night, and ends with 1 unless every hour of the year is at
home and no 24 hours had more sign-ins than the profile allows.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import structlog
from nights import DAY, ZONE, Coop, nights_of, one_browser
from tenacity import wait_none

import harvester.retries
from harvester.night.plan import last_night

FIRST = date(2026, 2, 20)
"""The first night; both clock changes of a year follow it."""
DOWN = {
    *(date(2026, 5, 5) + n * DAY for n in range(3)),
    *(date(2026, 10, 31) + n * DAY for n in range(3)),  # the clock goes back on the second
    *(date(2026, 12, 24) + n * DAY for n in range(3)),
}
"""Local days on which the portal is down."""
OFF = {
    *(date(2026, 3, 7) + n * DAY for n in range(2)),  # the clock goes forward on the second
    *(date(2026, 7, 10) + n * DAY for n in range(60)),  # longer than readings are revised
}
"""Local days on which the machine is switched off."""


def tell(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def year(home: Path, nights: int) -> tuple[Coop, float]:
    """Let so many nights pass; return what is left of them, and the seconds that they took."""
    down, off = nights_of(DOWN), nights_of(OFF)
    noon = datetime(FIRST.year, FIRST.month, FIRST.day, 18, tzinfo=UTC)
    coop = Coop(home, "sandbox-home", noon, lambda at: "down=1000000" if down(at) else "", off)
    began = time.monotonic()
    async with one_browser():
        for n in range(1, nights + 1):
            await coop.go(noon + n * DAY)
            if n % 30 == 0:
                tell(f"{n} nights in {time.monotonic() - began:.0f} s")
    return coop, time.monotonic() - began


def main() -> int:
    """Print the year."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=365)
    nights = parser.parse_args().nights
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    harvester.retries.wait_random_exponential = lambda **_: wait_none()  # a second is a second here
    with tempfile.TemporaryDirectory() as folder:
        coop, seconds = asyncio.run(year(Path(folder) / "home", nights))
        last = coop.now.astimezone(ZONE).date()
        wrong = coop.wrong(FIRST, last - DAY)
        runs = coop.store.catalog.runs_since(datetime(2000, 1, 1, tzinfo=UTC))
        profile = coop.schedule.plan().profiles["house"]
        late = [run for run in runs if last_night(profile, run.started_at).closes <= run.started_at]
        hours = 24 * (last - FIRST).days
        tell(f"{nights} nights of {FIRST} to {last} in {seconds / 60:.1f} minutes")
        tell(f"runs by state: {dict(Counter(f'{run.state}' for run in runs))}")
        tell(f"runs that caught a missed night up: {len(late)}")
        tell(f"requests: {sum(run.facts.get('requests', 0) for run in runs)}")
        tell(f"most sign-ins in 24 hours: {coop.most_sign_ins()} of {profile.pace.sign_ins_a_day}")
        tell(f"hours that are not the portal's, of {hours} or so: {len(wrong)}")
        tell("\n".join(wrong[:20]))
        return int(bool(wrong) or coop.most_sign_ins() > profile.pace.sign_ins_a_day)


if __name__ == "__main__":
    sys.exit(main())
