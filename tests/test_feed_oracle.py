"""However a portal renders an interval feed, an hour is the truth at its instant or is missing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.extract import extract
from harvester.extract.rows import Rows, Setting
from harvester.model import Artifact, Direction, Kind
from harvester.profile import Profile, load

CAEC = load("caec")
DAY = timedelta(days=1)
TICK = timedelta(minutes=15)
CHANGES = {
    "America/Chicago": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/New_York": (date(2025, 3, 9), date(2025, 11, 2)),
    "America/St_Johns": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Adelaide": (date(2026, 10, 4), date(2026, 4, 5)),
    "Asia/Kolkata": (date(2026, 6, 11),),
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),
}
HALF_HOUR_CHANGE = "Australia/Lord_Howe"
NONE = ("NaN", "", " NaN ", "null", None, "N/A", "--", "nan")

Key = tuple[Direction, datetime]


@dataclass(frozen=True)
class Row:
    """One row as a portal renders it: what it says, and the instants that it speaks of."""

    label: datetime
    wh: int | None
    received: int | None
    of: tuple[datetime, ...]


@dataclass(frozen=True)
class Case:
    """A rendered answer with its truth."""

    how: str
    step: timedelta
    clean: bool
    profile: Profile = field(repr=False)
    artifact: Artifact = field(repr=False)
    truth: dict[Key, int] = field(repr=False)
    told: set[Key] = field(repr=False)
    """What at least one row has a value of."""

    def extracted(self) -> Rows:
        return extract(self.artifact, Setting(self.profile))


def instants(zone: ZoneInfo, day: date, step: timedelta) -> list[datetime]:
    """Find a local day's intervals by walking through two days of UTC."""
    tick = datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY
    found = []
    for _ in range(3 * 96):
        wall = tick.astimezone(zone)
        if wall.date() == day and not timedelta(minutes=wall.minute) % step:
            found.append(tick)
        tick += TICK
    return found


def rendered(
    zone: ZoneInfo, day: date, step: timedelta, style: str, wh: dict[Key, int]
) -> Iterator[Row]:
    """Yield a day's rows, labelled by beginnings, as the styles of `sandbox.feeds` are told."""
    by_label: dict[datetime, list[datetime]] = defaultdict(list)
    for at in instants(zone, day, step):
        by_label[at.astimezone(zone).replace(tzinfo=None)].append(at)
    if style == "true":
        for at in instants(zone, day, step):
            label = at.astimezone(zone).replace(tzinfo=None)
            yield Row(label, wh[Direction.DELIVERED, at], wh[Direction.RECEIVED, at], (at,))
        return
    label, moved = datetime.combine(day, datetime.min.time()), []
    before: dict[datetime, Row] = {}
    while label.date() == day:
        ats = by_label.get(label, [])
        if ats and style == "repeat":
            moved += [(label + timedelta(hours=1), at) for at in ats[1:]]
            ats = ats[:1]
        if ats:
            delivered, received = (sum(wh[direction, at] for at in ats) for direction in Direction)
            before[label] = Row(label, delivered, received, tuple(ats))
            for shown, at in moved:
                if shown == label:
                    yield Row(label, wh[Direction.DELIVERED, at], wh[Direction.RECEIVED, at], (at,))
            yield before[label]
        elif style == "repeat":
            one = before[label - timedelta(hours=1)]
            yield Row(label, one.wh, one.received, ())
        else:
            yield Row(label, None, None, ())
        label += step


def ordered(rows: list[Row], order: str) -> list[Row]:
    """Return rows, told oldest first, in another order."""
    if order == "newest first":
        return rows[::-1]
    days: dict[date, list[Row]] = defaultdict(list)
    for row in rows:
        days[row.label.date()].append(row)
    if order == "newest day first":
        return [row for day in sorted(days, reverse=True) for row in days[day]]
    if order == "newest hour first":
        return [row for day in sorted(days) for row in reversed(days[day])]
    return rows


@st.composite
def cases(draw: st.DrawFn) -> Case:
    name = draw(st.sampled_from(sorted(CHANGES)))
    zone = ZoneInfo(name)
    change = draw(st.sampled_from(CHANGES[name]))
    odd = name == HALF_HOUR_CHANGE
    step = timedelta(minutes=draw(st.sampled_from((30, 15) if odd else (60, 30, 15))))
    style = "true" if odd else draw(st.sampled_from(("true", "always-24", "repeat")))
    ending = draw(st.booleans())
    days = [change + n * DAY for n in range(-2, 3)]
    truth: dict[Key, int] = {}
    for number, at in enumerate(at for day in days for at in instants(zone, day, step)):
        truth[Direction.DELIVERED, at] = 10 * (number + 1)
        truth[Direction.RECEIVED, at] = 10 * (number + 1000)
    rows = [row for day in days for row in rendered(zone, day, step, style, truth)]
    if ending:
        rows = [
            Row(
                (row.of[0] + step).astimezone(zone).replace(tzinfo=None)
                if style == "true"
                else row.label + step,
                *(row.wh, row.received, row.of),
            )
            for row in rows
        ]
    faults = draw(st.booleans())
    places = st.integers(0, len(rows) - 1)
    gone = draw(st.sets(places, max_size=40)) if faults else set()
    if style == "repeat":  # one row lacking where a label came twice looks like `always-24`
        gone = {n for n in gone if rows[n].label.date() != change or rows[n].label.hour > 4}
    twice = draw(st.sets(places, max_size=12)) if faults else set()
    if style != "true":  # the one row of the hour that autumn repeats looks, twice, like both
        twice = {n for n in twice if rows[n].label.date() != change or rows[n].label.hour > 4}
    silent = draw(st.sets(places, max_size=40)) if faults else set()
    first, last = (draw(places), draw(places)) if draw(st.booleans()) else (0, len(rows) - 1)
    order = draw(
        st.sampled_from(("oldest first", "newest first", "newest day first", "newest hour first"))
    )
    told = [
        (n, Row(row.label, None, None, row.of) if n in silent else row)
        for n, row in enumerate(rows)
        if min(first, last) <= n <= max(first, last) and n not in gone
    ]
    shown = ordered([row for n, row in told for _ in range(2 if n in twice else 1)], order)
    none = draw(st.sampled_from(NONE))
    asked = sorted(draw(st.tuples(*[st.sampled_from(days)] * 2)))
    items = [
        {
            "UsageHourDate": f"{row.label:%m/%d/%Y %I:%M %p}",
            "KWH": none if row.wh is None else f"{row.wh / 1000:.2f}",
            "GKWH": none if row.received is None else f"{row.received / 1000:.2f}",
        }
        for row in shown
    ]
    content: dict[str, Any] = {"d": {"Items": items}}
    feed = CAEC.feed.model_copy(
        update={
            "hour_label": "ending" if ending else "beginning",
            "interval_minutes": f"{step // timedelta(minutes=1)}",
        }
    )
    return Case(
        how=f"{name} {change} {step} {style} ending={ending} {order} gone={sorted(gone)}"
        f" twice={sorted(twice)} silent={sorted(silent)} rows {first}..{last}, {asked}",
        profile=CAEC.model_copy(update={"feed": feed, "time_zone": name}),
        artifact=Artifact(
            kind=Kind.INTERVAL,
            account="1234567001",
            content=json.dumps(content).encode(),
            url="https://onlinebilling.caec.com/oscp/",
            media_type="application/json",
            retrieved_at=datetime(2027, 1, 1, tzinfo=UTC),
            about={"first": f"{asked[0]}", "last": f"{asked[1]}", "missing": ""},
        ),
        truth={
            key: value
            for key, value in truth.items()
            if asked[0] <= key[1].astimezone(zone).date() <= asked[1]
        },
        told={
            (direction, at)
            for _, row in told
            for direction in Direction
            for at in row.of
            if row.wh is not None and asked[0] <= at.astimezone(zone).date() <= asked[1]
        },
        step=step,
        clean=not faults and style == "true" and (first, last) == (0, len(rows) - 1),
    )


@settings(max_examples=300, deadline=None)
@given(case=cases())
def test_an_hour_is_the_truth_or_is_missing_with_a_word_however_it_is_rendered(case: Case) -> None:
    rows = case.extracted()
    zone = case.profile.zone
    found = {(reading.direction, reading.start): reading for reading in rows.readings}
    assert len(found) == len(rows.readings)
    for key, reading in found.items():
        assert key in case.truth
        assert reading.seconds == case.step.total_seconds()
        assert reading.local_day == reading.start.astimezone(zone).date()
        assert reading.wh in {None, case.truth[key]}, reading
        assert (reading.wh is None) == (reading.reason is not None)
    said = {finding.subject for finding in rows.findings}
    for direction, at in case.told - found.keys():
        assert f"{at.astimezone(zone).date()}" in said, (direction, at)
    if case.clean:
        assert rows.findings == []
        assert {key: reading.wh for key, reading in found.items()} == case.truth


def test_a_day_that_breaks_off_does_not_tell_which_hour_came_twice() -> None:
    """The second row of a portal that repeats 2 AM for 1 AM may be yet to come."""
    told = [("12:00 AM", "0.10"), ("01:00 AM", "0.20"), ("02:00 AM", "0.30"), ("03:00 AM", "0.40")]
    items = [{"UsageHourDate": f"11/01/2026 {at}", "KWH": kwh, "GKWH": kwh} for at, kwh in told]
    artifact = Artifact(
        kind=Kind.INTERVAL,
        account="1234567001",
        content=json.dumps({"d": {"Items": items}}).encode(),
        url="https://onlinebilling.caec.com/oscp/",
        media_type="application/json",
        retrieved_at=datetime(2027, 1, 1, tzinfo=UTC),
        about={"first": "2026-11-01", "last": "2026-11-01", "missing": ""},
    )
    rows = extract(artifact, Setting(CAEC, {}, None))
    delivered = [one for one in rows.readings if one.direction is Direction.DELIVERED]
    assert [one.wh for one in delivered] == [100] + [None] * 24
    assert {finding.rule for finding in rows.findings} == {"clock"}
