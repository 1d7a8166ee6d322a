"""Green Button files of other utilities as hours, of the days that their own clock has."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from harvester.errors import BadData, State
from harvester.extract.rows import Rows, Setting
from harvester.greenbutton.measured import Measured, Point, gaps, points
from harvester.greenbutton.reader import Interval
from harvester.model import Artifact, Direction, Finding, Quality, Reading

HOUR = 3600
LATEST = 1 << 32
"""UTC seconds of a year in which nobody meters any more."""
MOST_WH = 10**12
MOST_LEFT_OUT = 200_000
"""Intervals; a file that leaves out more than twenty years of hours is no record of anything."""
_HOLES = f"The file leaves out more than {MOST_LEFT_OUT} intervals; it was not imported."
_KNOWN = {quality.value for quality in Quality}


class Supply(NamedTuple):
    """A usage point of a file, with the first and the last local day that it has readings of."""

    key: str
    first: date
    last: date


def supplies(content: bytes, zone: ZoneInfo) -> list[Supply]:
    """Return the usage points of a file that have readings which can be taken.

    `zone` is the local time where the file does not tell its own.  Raises BadData(INVALID_FILE)
    where there is none.
    """
    found, refused = [], []
    for point in points(content):
        days = [reading.local_day for reading in _Taking(point, "", zone).readings()]
        refused += point.refused
        if days:
            found.append(Supply(point.key, min(days), max(days)))
    if not found:
        why = refused[0] if refused else "It has no interval of energy of an hour or less."
        raise BadData(State.INVALID_FILE, f"The file has no readings to import. {why}")
    return found


def hours(artifact: Artifact, setting: Setting) -> Rows:
    """Return the readings of the usage point that `about` names.

    What a block leaves out is None with NO_DATA; what is told twice and differently is None with
    PARTIAL_DAY.  Energy is rounded to whole Wh.  Where the file does not tell its local time, it is
    that of the profile.
    """
    rows = Rows()
    key, first = artifact.about["point"], artifact.about["first"]
    try:
        point = next(point for point in points(artifact.content) if point.key == key)
    except (BadData, StopIteration):
        raise BadData(
            State.UNREADABLE, "The Green Button file can no longer be read; import it again."
        ) from None
    taking = _Taking(point, artifact.account, setting.profile.zone)
    rows.readings = list(taking.readings())
    rows.covered = sorted({reading.local_day for reading in rows.readings})
    said = [*point.refused, *(f"{n} readings {why}." for why, n in taking.odd.items())]
    if said:
        rows.findings.append(Finding(artifact.account, "unreadable-row", first, " ".join(said)))
    for day, count in sorted(taking.twice.items()):
        message = f"{count} intervals are told twice and differently: no value of them is taken."
        rows.findings.append(Finding(artifact.account, "duplicate", f"{day}", message))
    return rows


class _Taking:
    """One usage point's readings as they are taken, and what is not."""

    def __init__(self, point: Point, account: str, zone: ZoneInfo) -> None:
        self._point = point
        self._account = account
        self._zone = zone
        self.odd: Counter[str] = Counter()
        """Why readings are not taken, and how many."""
        self.twice: Counter[date] = Counter()
        self._left_out = 0

    def readings(self) -> Iterator[Reading]:
        """Yield each interval once, by meter and start."""
        for measured in self._point.meters:
            taken: dict[int, Reading] = {}
            for block in measured.blocks:
                for told in block.readings:
                    if reading := self._reading(measured, told):
                        self._keep(taken, reading)
            if not 0 < measured.step <= HOUR:
                continue
            for block in measured.blocks:
                for start in gaps(block, measured.step):
                    if start not in taken and 0 <= start < LATEST:
                        taken[start] = self._missing(measured, start)
                        self._left_out += 1
                        if self._left_out > MOST_LEFT_OUT:
                            raise BadData(State.INVALID_FILE, _HOLES)
            yield from (taken[start] for start in sorted(taken))

    def _keep(self, taken: dict[int, Reading], reading: Reading) -> None:
        start = int(reading.start.timestamp())
        before = taken.get(start)
        if before and (before.seconds, before.wh) != (reading.seconds, reading.wh):
            self.twice[reading.local_day] += 1
            reading = self._null(before, State.PARTIAL_DAY)
        taken[start] = reading

    def _reading(self, measured: Measured, told: Interval) -> Reading | None:
        if told.start is None or told.seconds is None or told.value is None:
            self.odd["have no start, no duration or no whole number"] += 1
            return None
        if not 0 < told.seconds <= HOUR:
            self.odd["are longer than an hour"] += 1
            return None
        wh = int(Decimal(told.value).scaleb(measured.power).to_integral_value())
        if not 0 <= told.start < LATEST or abs(wh) > MOST_WH:
            self.odd["are of no time or no amount that can be"] += 1
            return None
        return self._made(measured, told.start, told.seconds, wh, _quality(measured, told))

    def _missing(self, measured: Measured, start: int) -> Reading:
        made = self._made(measured, start, measured.step, 0, Quality.RAW)
        return self._null(made, State.NO_DATA)

    def _made(
        self, measured: Measured, start: int, seconds: int, wh: int, quality: Quality
    ) -> Reading:
        moment = datetime.fromtimestamp(start, UTC)
        if measured.clock:
            offset, day = measured.clock.offset_at(start), measured.clock.day_of(start)
        else:
            local = moment.astimezone(self._zone)
            shown = local.utcoffset()
            offset, day = int(shown.total_seconds()) if shown else 0, local.date()
        return Reading(
            account=self._account,
            meter=meter_of(measured.key),
            direction=Direction.RECEIVED if measured.received else Direction.DELIVERED,
            start=moment,
            seconds=seconds,
            wh=wh,
            quality=quality,
            reason=None,
            label=str(start),
            ordinal=0,
            local_day=day,
            utc_offset=offset,
        )

    def _null(self, reading: Reading, reason: State) -> Reading:
        return replace(reading, wh=None, quality=Quality.RAW, reason=reason)


def meter_of(key: str) -> str:
    """Return what the meter of a MeterReading is called, which says nothing of its own name."""
    return f"gb-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def number_of(key: str) -> str:
    """Return the account number that a usage point is given: `GB-` and eight digits."""
    return f"GB-{int(hashlib.sha256(key.encode()).hexdigest(), 16) % 10**8:08}"


def _quality(measured: Measured, told: Interval) -> Quality:
    """Return a reading's quality: of several that which is not only doubt, or its type's."""
    said = [code for code in told.qualities if code in _KNOWN]
    plain = [code for code in said if code != Quality.QUESTIONABLE]
    if said or told.qualities:
        return Quality((plain or said or [Quality.QUESTIONABLE])[0])
    return Quality(measured.quality) if measured.quality in _KNOWN else Quality.RAW
