"""Tells which local hours a graph's places are, without ever guessing one."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from harvester.graph.points import Epoch, Place

HOUR = timedelta(hours=1)
_MONTHS = {
    name: n
    for n, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})(?!\d)"),
    re.compile(
        r"(?<![A-Za-z])(?P<m>[A-Za-z]{3,9})\.? (?P<d>\d{1,2})(?:st|nd|rd|th)?,? (?P<y>\d{4})(?!\d)"
    ),
    re.compile(r"(?<!\d)(?P<d>\d{1,2}) (?P<m>[A-Za-z]{3,9})\.? (?P<y>\d{4})(?!\d)"),
)
_CLOCK = re.compile(
    r"(?<![\d.:])(?P<h>\d{1,2})(?::(?P<min>\d\d)(?::\d\d(?:\.\d+)?)?)?\s*(?P<half>[ap])\.?m\.?(?![a-z])"
    r"|(?<![\d.:])(?P<h24>\d{1,2}):(?P<min24>\d\d)(?::\d\d(?:\.\d+)?)?(?!\d|:\d)",
    re.IGNORECASE,
)
_YEARLESS = re.compile(
    rf"(?:\b(?:sun|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?)(?:day)?\b[,.]?\s*)"
    rf"|\b(?:{'|'.join(_MONTHS)})[a-z]*\.? \d{{1,2}}\b(?!\d|,? \d{{4}})[,.]?"
    rf"|(?<!\d)\d{{1,2}} (?:{'|'.join(_MONTHS)})[a-z]*\b(?!\.? \d{{4}})[,.]?",
    re.IGNORECASE,
)
"""Weekdays, and days without a year: they say no date, nor are they values."""
_OFFSET = re.compile(
    r"(?<=\d)\s*(?:(?:GMT|UTC) ?(?P<named>[+-]\d\d:?\d\d)(?: ?\([A-Z][a-z A-Z]+\))?"
    r"|(?P<last>Z|(?<=T\d\d:\d\d)[+-]\d\d:\d\d|(?<=:\d\d:\d\d)[+-]\d\d:\d\d|[+-]\d{4})$)"
)
"""At the end, with a colon only behind seconds or a T: `10:00-11:00` is an hour, not an offset."""
_ABBREVIATION = re.compile(r"\s*\(?\b([A-Z]{1,3}[SD]T)\b\)?")


class When(NamedTuple):
    """One place on the time axis, as far as it is known."""

    label: str
    wall: datetime | None
    ordinal: int = 0
    instant: datetime | None = None


@dataclass(frozen=True)
class Hours:
    """The places of one series: by position, with what is wrong and what the days lack."""

    whens: tuple[When, ...]
    doubts: tuple[tuple[str, str], ...] = ()
    """Rule and sentence of each."""


def dates(text: str) -> list[date]:
    """Return the dates that a text holds, in any of the ways US pages print them."""
    return [found for found, _ in _dated(text)]


def _dated(text: str) -> Iterator[tuple[date, tuple[int, int]]]:
    for pattern in _DATES:
        for match in pattern.finditer(text):
            month = match["m"]
            number = int(month) if month.isdigit() else _MONTHS.get(month[:3].casefold(), 0)
            try:
                yield date(int(match["y"]), number, int(match["d"])), match.span()
            except ValueError:
                continue


class Clock(NamedTuple):
    """What a text says of time: maybe a day, maybe a time of it, and the text without them."""

    day: date | None
    time: time | None
    instant: datetime | None
    rest: str
    zone: str = ""
    """The abbreviation behind the time, such as CST."""


def clock(text: str) -> Clock:
    """Take day and time out of a text; `24:00` and `12 AM` at a day's end are the next midnight."""
    day, rest = None, text
    for found, (start, end) in _dated(text):
        day, rest = found, f"{text[:start]} {text[end:].removeprefix('T')}"
        break
    offset = _OFFSET.search(text.strip())
    rest = _YEARLESS.sub(" ", re.sub(r"(?<=\d)T(?=\d)", " ", rest))
    match = _CLOCK.search(rest)
    if match is None:
        return Clock(day, None, None, rest)
    moment, over = _moment(match)
    instant = None
    before, after = rest[: match.start()], rest[match.end() :]
    if offset and day and moment is not None:
        stamp = (offset["named"] or offset["last"]).replace("Z", "+00:00")
        instant = datetime.fromisoformat(f"{day}T{moment}{stamp}").astimezone(UTC)
        after = after.replace(offset[0].strip(), " ", 1)
    named = _ABBREVIATION.match(after)
    if day and over:
        day += timedelta(days=1)
    after = after[named.end() :] if named else after
    return Clock(day, moment, instant, f"{before} {after}", named[1] if named else "")


def _moment(match: re.Match[str]) -> tuple[time | None, bool]:
    hour, minute = int(match["h"] or match["h24"]), int(match["min"] or match["min24"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None, False
        hour = hour % 12 + (12 if match["half"].casefold() == "p" else 0)
    over = hour == 24 and minute == 0
    if hour > 24 or minute > 59 or (hour == 24 and not over):
        return None, False
    return time(0 if over else hour, minute), over


def expected(day: date, zone: ZoneInfo) -> list[datetime]:
    """Return the beginnings of a local day's 23, 24 or 25 hours, in UTC."""
    at = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    found = []
    while at < end:
        found.append(at)
        at += HOUR
    return found


def resolve(places: Sequence[Place], zone: ZoneInfo, day: date | None) -> Hours:
    """Tell the hours of a series' places; `day` is the one day that the page says it shows."""
    if places and all(isinstance(place, Epoch) for place in places):
        return _epochs([place for place in places if isinstance(place, Epoch)], zone, day)
    labels = ["" if place is None or isinstance(place, Epoch) else place for place in places]
    return _labels(labels, zone, day)


def _epochs(places: Sequence[Epoch], zone: ZoneInfo, day: date | None) -> Hours:
    """Tell instants from wall time that was stored as if it were UTC, by which days they fill."""
    utc = [datetime.fromtimestamp(p.ms / 1000, UTC) for p in places]
    as_wall = [at.replace(tzinfo=None) for at in utc]
    as_instant = [at.astimezone(zone) for at in utc]
    local = [at.replace(tzinfo=None, fold=0) for at in as_instant]
    step = min((b - a for a, b in itertools.pairwise(as_wall) if b > a), default=HOUR)
    step = min(timedelta(days=1), step)
    wall_fits, local_fits = _fills(as_wall, step, day), _fills(local, step, day)
    if wall_fits == local_fits and any(a != b for a, b in zip(as_wall, local, strict=True)):
        message = (
            "The graph's times may be instants or wall time stored as UTC; no whole day"
            " decides it, so no hour is given. Give the day, or a page that shows a whole one."
        )
        unknown = tuple(When(f"{at:%Y-%m-%dT%H:%M}Z", None) for at in as_wall)
        return Hours(unknown, (("hours-undecided", message),))
    if wall_fits:
        labels = [f"{at:%Y-%m-%d %H:%M}" for at in as_wall]
        return _walls(labels, list(as_wall), zone)
    again = [n for n in range(1, len(utc)) if utc[n] == utc[n - 1]]
    whens = [
        When(f"{at:%Y-%m-%d %H:%M%z}", w, at.fold, u)
        for at, w, u in zip(as_instant, local, utc, strict=True)
    ]
    return _lost_instants(whens, again, zone) if again else Hours(tuple(whens))


def _lost_instants(whens: list[When], again: Sequence[int], zone: ZoneInfo) -> Hours:
    """Handle two points at one instant: what `new Date(y, m, d, h)` makes of a changed clock.

    In autumn its second 1 AM is the first one again: that point keeps its ordinal and no instant
    is claimed for it. In spring 2 AM becomes 3 AM: one of the two is of an hour that never was.
    """
    doubts = []
    for n in again:
        wall = whens[n].wall
        if wall is None or whens[n].instant is None:
            continue
        if _offsets(wall, zone) == 2:
            whens[n] = When(whens[n].label, wall, 1, None)
            message = (
                f"The graph has {wall:%Y-%m-%d %H:%M} twice at one"
                " instant; the second is kept as the repeated hour, without one."
            )
            doubts.append(("hour-repeated", message))
        else:
            for at in (n - 1, n):
                whens[at] = When(whens[at].label, None)
            message = (
                f"The graph has two values at {wall:%Y-%m-%d %H:%M}: one is of"
                " an hour that its clock lost; neither is given that hour."
            )
            doubts.append(("hour-lost", message))
    return Hours(tuple(whens), tuple(doubts))


def _fills(walls: Sequence[datetime], step: timedelta, day: date | None) -> bool:
    """Tell whether times fill whole days, labelled by the beginnings or ends of what they count."""
    first, last = min(walls), max(walls)
    start = datetime.combine(first.date(), time())
    begins = first == start and last + step == datetime.combine(last.date(), time()) + timedelta(
        days=1
    )
    ends = first == start + step and last == datetime.combine(last.date(), time())
    if day is None:
        return begins or ends
    floor = datetime.combine(day, time())
    inside = floor <= first and last <= floor + timedelta(days=1)
    return begins or ends or (inside and last - first < timedelta(days=1))


def _offsets(wall: datetime, zone: ZoneInfo) -> int:
    """Return how many instants a wall time has: 0 in spring's gap, 2 in autumn's repetition."""
    early, late = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return 1
    back = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return 2 if back == wall else 0


def _labels(labels: Sequence[str], zone: ZoneInfo, day: date | None) -> Hours:
    told = [clock(label) for label in labels]
    if told and all(t.instant for t in told):
        whens = []
        for label, t in zip(labels, told, strict=True):
            at = t.instant.astimezone(zone) if t.instant else None
            wall = at.replace(tzinfo=None, fold=0) if at else None
            whens.append(When(label, wall, at.fold if at else 0, t.instant))
        return Hours(tuple(whens))
    days_only = bool(told) and all(t.time is None and t.day for t in told)
    walls: list[datetime | None] = []
    for n, t in enumerate(told):
        of, moment = t.day or day, time() if days_only else t.time
        wall = datetime.combine(of, moment) if of and moment is not None else None
        if wall and t.day is None and n and moment == time() and any(walls):
            wall += timedelta(days=1)  # the label of an hour's end
        walls.append(wall)
    return _walls(labels, walls, zone, [t.zone for t in told])


def _walls(
    labels: Sequence[str],
    walls: Sequence[datetime | None],
    zone: ZoneInfo,
    names: Sequence[str] = (),
) -> Hours:
    """Count an hour's repetitions in their order, but one whose label names its zone is known."""
    seen: Counter[datetime] = Counter()
    whens, doubts = [], []
    for n, (label, wall) in enumerate(zip(labels, walls, strict=True)):
        if wall is None:
            whens.append(When(label, None))
            continue
        ordinal = max(seen[wall], _fold(wall, names[n], zone) if names else 0)
        seen[wall] = ordinal + 1
        may = _offsets(wall, zone)
        if ordinal and ordinal >= may:
            message = f"The graph has {wall:%Y-%m-%d %H:%M} more often than that hour was."
            doubts.append(("hour-twice", message))
        if may == 0:
            message = (
                f"The graph has a value at {wall:%Y-%m-%d %H:%M}, an hour that the clock skipped."
            )
            doubts.append(("hour-never", message))
        whens.append(When(label, wall, ordinal))
    return Hours(tuple(whens), tuple(dict.fromkeys(doubts)))


def _fold(wall: datetime, name: str, zone: ZoneInfo) -> int:
    """Return 1 for an hour whose zone's abbreviation says that it is the second of its name."""
    early, late = (wall.replace(tzinfo=zone, fold=fold).tzname() for fold in (0, 1))
    return int(early != late and name == late and _offsets(wall, zone) == 2)


def lacking(whens: Iterable[When], zone: ZoneInfo) -> tuple[str, ...]:
    """Return the hours that the graph's one day has and its points lack, with their offsets.

    Only for a day's hours labelled by their beginnings or ends; empty for anything else.
    """
    known = [w for w in whens if w.wall is not None]
    walls = [w.wall for w in known if w.wall is not None]
    if len(walls) < 2 or any(w.minute for w in walls):
        return ()
    days = Counter(w.date() for w in walls)
    day, most = days.most_common(1)[0]
    ending = walls[-1] == datetime.combine(day + timedelta(days=1), time())
    if len(walls) - most > 1 or (len(days) > 1 and not ending):
        return ()
    have = Counter((w.wall - HOUR if ending and w.wall else w.wall, w.ordinal) for w in known)
    gone = []
    for utc in expected(day, zone):
        local = utc.astimezone(zone)
        wall = local.replace(tzinfo=None, fold=0)
        if ending:
            # An hour's end is looked for by its beginning; the repeated one has the same.
            ends = (utc + HOUR).astimezone(zone)
            wall, fold = ends.replace(tzinfo=None, fold=0) - HOUR, ends.fold
        else:
            fold = local.fold
        if not have[wall, fold]:
            gone.append(f"{local:%Y-%m-%d %H:%M%z}")
    return tuple(gone)
