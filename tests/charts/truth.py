"""What the zoo's charts draw: one table of hand-made values, over days of 24, 23 and 25 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Chicago")
USED = [
    "1.23",
    "0.87",
    "0.64",
    "0.59",
    "0.61",
    "0.72",
    "1.45",
    "2.31",
    "1.98",
    "1.12",
    "0.94",
    "1.07",
    "1.33",
    "1.29",
    "1.41",
    "1.76",
    "2.45",
    "3.12",
    "3.87",
    "3.54",
    "2.99",
    "2.67",
    "1.84",
    "1.38",
    "1.05",
]
FINE = [
    "-0.0312",
    "-0.1275",
    "-0.0641",
    "-0.0998",
    "-0.0507",
    "-0.2139",
    "-0.3362",
    "-0.7415",
    "-1.1876",
    "-1.5023",
    "-1.8891",
    "-2.0134",
    "-2.1457",
    "-1.9763",
    "-1.6218",
    "-1.2049",
    "-0.8356",
    "-0.4427",
    "-0.1963",
    "-0.0715",
    "-0.0238",
    "-0.0456",
    "-0.0879",
    "-0.1124",
    "-0.0333",
]
SHORT, LONG = date(2026, 3, 8), date(2026, 11, 1)
CLOCKS = {
    date(2026, 6, 11): tuple(range(24)),
    SHORT: (0, 1, *range(3, 24)),
    LONG: (0, 1, 1, *range(2, 24)),
}
"""The hours that a wall clock in Chicago shows on each day, in their order."""
OFFSETS = {
    date(2026, 6, 11): (5,) * 24,
    SHORT: (6, 6, *(5,) * 21),
    LONG: (5, 5, *(6,) * 23),
}
"""Hours that the clock is behind UTC then."""


@dataclass(frozen=True)
class Case:
    """One chart: its day, how its axis tells time ("", "instant", "wall"), and its series."""

    day: date
    time: str = ""
    two: bool = False
    gaps: tuple[int, ...] = ()
    fine: bool = False
    keep: bool = False
    """Whether the page keeps the chart in a variable."""

    @property
    def hours(self) -> list[tuple[datetime, int]]:
        """Wall time and ordinal of each hour."""
        clock = CLOCKS[self.day]
        at = datetime(self.day.year, self.day.month, self.day.day)  # noqa: DTZ001 - wall time
        return [(at + timedelta(hours=h), int(n > 0 and clock[n - 1] == h))
                for n, h in enumerate(clock)]  # fmt: skip

    @property
    def series(self) -> dict[str, list[Decimal | None]]:
        """The values by the series' names; None for a gap."""
        lists = {"Received" if self.fine else "Used": FINE if self.fine else USED}
        if self.two:
            lists["Received"] = FINE
        return {
            name: [None if n in self.gaps else Decimal(values[n]) for n in range(len(self.hours))]
            for name, values in lists.items()
        }

    def data(self) -> dict[str, Any]:
        """Return what the page is given."""
        walls = [wall for wall, _ in self.hours]
        behind = OFFSETS[self.day] if self.time != "wall" else (0,) * len(walls)
        times = [int((w.replace(tzinfo=UTC) + timedelta(hours=o)).timestamp() * 1000)
                 for w, o in zip(walls, behind, strict=True)]  # fmt: skip
        dated = len(walls) != len(set(walls))
        return {
            "title": f"Usage of {self.day:%m/%d/%Y}",
            "zone": "America/Chicago",
            "time": self.time,
            "keep": self.keep,
            "labels": [f"{w:%I:%M %p}".lstrip("0") + " " * 0 for w in walls]
            if not dated else [f"{w:%I:%M %p}".lstrip("0") + (" CST" if n else "")
                               for w, n in self.hours],
            "walls": [f"{w:%Y-%m-%d %H:%M}" for w in walls],
            "times": times,
            "series": [{"name": name, "values": [None if v is None else float(v) for v in values]}
                       for name, values in self.series.items()],
        }  # fmt: skip
