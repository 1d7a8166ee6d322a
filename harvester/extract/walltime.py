"""How a feed labels its intervals: wall time, what instants it stands for, and in what order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from harvester.printed import US_DATE

CLOCKS = ("%I:%M %p", "%I:%M:%S %p", "%H:%M", "%H:%M:%S")
"""How hours may be labelled; all of an answer are so in one way, a 24-hour clock shows as one."""
HOUR = timedelta(hours=1)
NOON = 12


def walls_of(labels: Sequence[str], clock: str) -> list[datetime | None]:
    """Read what is labelled in this way; a 24-hour clock is one only if it goes on after 12."""
    walls = [_wall(label, clock) for label in labels]
    proven = "%p" in clock or any(wall and wall.hour > NOON for wall in walls)
    return walls if proven else [None] * len(walls)


def _wall(label: str, clock: str) -> datetime | None:
    day, _, told = label.partition(" ")
    at, since = _moment(day, US_DATE), _moment(told, clock)
    return datetime.combine(at, since.time()) if at and since else None


@lru_cache(maxsize=1024)
def _moment(text: str, form: str) -> datetime | None:
    """Read the half of a label that many others share: a day has its date, an hour its time."""
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - naive by nature
    except ValueError:
        return None


def order_of(walls: Sequence[datetime]) -> int:
    """Return 1 where a day's labels are told oldest first, -1 where newest first, 0 where neither.

    Of two hours with one label the later one came first, where the newest comes first.  Labels that
    come twice tell no order, nor does midnight, which may be the end of a day.
    """
    times = Counter(walls)
    clear = [wall for wall in walls if times[wall] == 1 and wall.time() != time.min]
    ups = {a < b for a, b in pairwise(clear)}
    return (1 if ups.pop() else -1) if len(ups) == 1 else 0


def steps_of(labels: Iterable[datetime], asked: timedelta) -> dict[date, timedelta]:
    """Return the shortest distance of two labels by day that parts an hour evenly, or an hour.

    Of a day that lacks most of its labels, it may be that of another day, or what is asked for.
    """
    days = {day: sorted(walls) for day, walls in groupby(sorted(labels), datetime.date)}
    own = {
        day: min([HOUR, *(b - a for a, b in pairwise(walls) if not HOUR % (b - a))])
        for day, walls in days.items()
    }
    finest = min([asked, *own.values()])
    few = {day for day, walls in days.items() if 2 * len(walls) * own[day] < timedelta(days=1)}
    return defaultdict(
        lambda: HOUR, {day: finest if day in few else step for day, step in own.items()}
    )


def instants_of(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return every UTC instant at which the wall clock showed this: none, one or two."""
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return [first.astimezone(UTC)]
    both = (one.astimezone(UTC) for one in (first, second))
    return sorted({i for i in both if i.astimezone(zone).replace(tzinfo=None) == wall})


def repeated(whole: Sequence[datetime], zone: ZoneInfo) -> list[datetime]:
    """Return those of a day's instants whose wall time comes twice."""
    walls = [start.astimezone(zone).replace(tzinfo=None) for start in whole]
    times = Counter(walls) if walls[-1] - walls[0] < whole[-1] - whole[0] else Counter()
    return [start for start, wall in zip(whole, walls, strict=True) if times[wall] > 1]


@lru_cache(maxsize=128)
def starts_of(day: date, zone: ZoneInfo, step: timedelta) -> tuple[datetime, ...]:
    """Return the UTC start of every interval of a local day, as many as the day has."""
    midnight = datetime.min.time()
    start = datetime.combine(day, midnight, zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), midnight, zone).astimezone(UTC)
    return tuple(start + n * step for n in range(-((start - end) // step)))
