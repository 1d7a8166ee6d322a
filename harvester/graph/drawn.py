"""What a page's charts draw: groups of marks, scales and totals."""

from __future__ import annotations

import itertools
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median
from typing import Any, NamedTuple

from playwright.async_api import Page

from harvester.graph.scripts import everywhere
from harvester.printed import amount

FEWEST = 3
"""Marks that a group has at least."""
SWATCH = 40.0
"""Pixels that a swatch of a legend is wide at most."""
TILT = 2.5
"""Pixels by which printed numbers may stand off an even scale."""
BESIDE = 8
"""Pixels that a number may stand beside its line."""
SAME = 0.6
"""Pixels within which two vertices are one: some libraries begin a line with a tiny step."""
TALL = 8.0
"""Pixels that the ends of a series' marks are apart at least."""
STANDING = 2.0
"""Pixels by which a bar may be off the base that it stands on."""
_TOTAL = re.compile(
    r"\b(?:total|sum)\b[^\d\n]{0,40}?(-?\d[\d,]*(?:\.\d+)?)(?!\s*(?:%|days?|hours?\b))",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^[\u2212-]?\$?\d[\d,]*(?:\.\d+)?\s*(?:k|[a-zA-Z]{1,3}h?)?$")
_UNITS = re.compile(r"(?<![A-Za-z])(kWh|MWh|Wh|kW)(?![A-Za-z])", re.IGNORECASE)
_SPELLED = {unit.casefold(): unit for unit in ("kWh", "MWh", "Wh", "kW")}


class Mark(NamedTuple):
    """A bar, a dot (no height) or a vertex, in pixels of the window from its upper left corner."""

    x: float
    top: float
    bottom: float
    fill: str
    width: float = 0.0


class Word(NamedTuple):
    """A printed text with the middle of its height."""

    text: str
    left: float
    right: float
    y: float
    drawn: bool
    """Whether it is part of the drawing itself."""
    tilted: bool = False


class Scale(NamedTuple):
    """Pixels of an axis by its values: at = slope * value + zero."""

    slope: float
    zero: float

    def value(self, at: float) -> float:
        """Return the value at a place."""
        return (at - self.zero) / self.slope


@dataclass(frozen=True)
class Group:
    """Marks that belong together, from left to right."""

    kind: str
    marks: tuple[Mark, ...]

    @property
    def base(self) -> float | None:
        """The height on the screen that most bars stand on; None where they share none."""
        if self.kind != "bar":
            return None
        edges = [round(edge) for m in self.marks for edge in {round(m.top), round(m.bottom)}]
        best = max(set(edges), key=edges.count)
        return float(best) if edges.count(best) > len(self.marks) * 0.9 else None

    def ends(self) -> list[float]:
        """Return the height on the screen at which each mark shows its value."""
        base = self.base
        if base is None:
            return [(m.top + m.bottom) / 2 if self.kind == "dot" else m.top for m in self.marks]
        return [_end(mark, base) for mark in self.marks]

    @property
    def tall(self) -> bool:
        """Whether the marks end at heights that can be told apart: ticks and empty bars do not."""
        ends = self.ends()
        return max(ends) - min(ends) >= TALL


def _end(mark: Mark, base: float) -> float:
    """Return where a bar ends; one that another lifts off the base ends at its own height."""
    up = abs(mark.bottom - base) <= abs(mark.top - base)
    if min(abs(mark.bottom - base), abs(mark.top - base)) > STANDING:
        return base + (mark.top - mark.bottom) * (1 if up else -1)
    return mark.top if up else mark.bottom


@dataclass
class Drawn:
    """One look at a page; `scales` are those that its printed axis labels may have."""

    groups: list[Group] = field(default_factory=list)
    swatches: list[Mark] = field(default_factory=list)
    """Marks that are small enough to be of a legend."""
    words: list[Word] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    """Values of the page's date fields."""
    lines: list[float] = field(default_factory=list)
    """Heights on the screen of level lines."""
    scales: list[Scale] = field(default_factory=list)
    charts: int = 0
    images: int = 0
    busy: bool = False

    @property
    def totals(self) -> list[Decimal]:
        """The totals that are printed on the page."""
        found = (amount(m[1]) for w in self.words for m in _TOTAL.finditer(w.text))
        return [total for total in found if total is not None]

    @property
    def flat(self) -> bool:
        """Whether there are bars, none of which is higher than another."""
        bars = [group for group in self.groups if group.kind == "bar"]
        return bool(bars) and not any(group.tall for group in bars)

    @property
    def unit(self) -> str:
        """The unit that is printed on the page; empty where none or several are."""
        found = {u.casefold() for w in self.words for u in _UNITS.findall(w.text)}
        return _SPELLED[found.pop()] if len(found) == 1 else ""


async def look(page: Page) -> Drawn:
    """Look at what all frames of the page draw."""
    drawn = Drawn()
    for told in await everywhere(page, "drawn.js"):
        drawn.charts += told["charts"]
        drawn.images += told["images"]
        drawn.busy = drawn.busy or told["busy"]
        drawn.dates += [w["text"] for w in told["words"] if w.get("input")]
        here = [_word(w) for w in told["words"] if not w.get("input")]
        drawn.words += here
        drawn.groups += _groups(told["shapes"])
        drawn.swatches += [m for s in told["shapes"] if (m := _mark(s)).width <= SWATCH]
        lines = sorted({round(y, 1) for y in _level(told["shapes"])})
        drawn.lines += lines
        drawn.scales += _scales(here, lines)
    return drawn


def _word(told: dict[str, Any]) -> Word:
    (left, y), (right, _) = ([float(v) for v in point] for point in told["at"])
    return Word(told["text"], left, right, y, bool(told.get("drawn")), bool(told.get("tilted")))


def _level(shapes: Sequence[dict[str, Any]]) -> Iterator[float]:
    for shape in shapes:
        at = [[float(v) for v in point] for point in shape["at"]]
        for (x1, y1), (x2, y2) in itertools.pairwise(at):
            if shape["kind"] == "line" and abs(y1 - y2) < 0.2 and abs(x1 - x2) > 3.5:
                yield y1


def _groups(shapes: Sequence[dict[str, Any]]) -> list[Group]:
    """Put shapes together that may be one series: by parent, colour and class in turn."""
    groups: dict[tuple[Any, ...], list[Mark]] = defaultdict(list)
    for n, shape in enumerate(shapes):
        kind, fill, how = shape["kind"], shape["fill"], shape["how"]
        at = [(float(x), float(y)) for x, y in shape["at"]]
        if kind == "line":
            edge = [Mark(x, y, y, fill) for x, y in _along(at)]
            groups["line", n] += edge
            if len(at) > 2 or abs(at[0][1] - at[-1][1]) > 1:  # a level stroke is of an axis
                groups["line", "fill", fill, shape["group"][2]] += edge
            groups["line", "once", n] += _once(edge)
            continue
        mark = _mark(shape)
        look, parent, grandparent = shape["group"]
        for key in (
            ("parent", parent, how),
            ("grandparent", grandparent, how),
            ("fill", fill, how),
            ("class", look, parent),
            ("class", look),
            ("both", fill, grandparent),
        ):
            groups[kind, *key].append(mark)
    found: dict[tuple[str, tuple[Mark, ...]], None] = {}
    for key, marks in groups.items():
        kept = tuple(sorted(dict.fromkeys(marks), key=lambda m: round(m.x, 1)))
        widths = [round(m.width) for m in kept]
        usual = max(set(widths), key=widths.count)
        slim = tuple(m for m in kept if abs(m.width - usual) <= 1)
        if len(slim) >= FEWEST:  # swatches and backgrounds are of another width
            found[str(key[0]), slim] = None
    return [Group(kind, marks) for kind, marks in found]


def _mark(shape: dict[str, Any]) -> Mark:
    (x1, y1), (x2, y2) = ([float(v) for v in shape["at"][n]] for n in (0, -1))
    return Mark((x1 + x2) / 2, min(y1, y2), max(y1, y2), shape["fill"], abs(x2 - x1))


def _along(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a line's vertices from left to right; of an area, only its upper or first edge."""
    back = (n for n in range(1, len(points)) if points[n][0] < points[n - 1][0] - 0.01)
    whole = points[: next(back, len(points))]
    return [p for n, p in enumerate(whole) if not n or math.dist(p, whole[n - 1]) > SAME]


def _once(marks: Sequence[Mark]) -> list[Mark]:
    """Leave out all but the first of marks above each other: the corners of steps."""
    return [m for n, m in enumerate(marks) if not n or abs(m.x - marks[n - 1].x) > 0.01]


def _scales(words: Sequence[Word], lines: Sequence[float]) -> list[Scale]:
    """Find columns of printed numbers that grow evenly up the screen, the surest first."""
    columns: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for word in words:
        value = _tick(word.text)
        if value is None:
            continue
        for side, x in (("l", word.left), ("r", word.right), ("m", (word.left + word.right) / 2)):
            columns[side, round(x / 3)].append((float(value), word.y))
            columns[side, round((x + 1.5) / 3) + 100_000].append((float(value), word.y))
    found: dict[Scale, tuple[int, int]] = {}
    for ticks in columns.values():
        scale = _evenly(sorted(set(ticks)))
        if scale:
            exact = _on_lines(sorted(set(ticks)), lines)
            found[exact or scale] = (-bool(exact), -len(ticks))
    return sorted(found, key=lambda scale: found[scale])


def _tick(text: str) -> Decimal | None:
    bare = text.replace("\u2212", "-").strip()
    if not _NUMBER.match(text.strip()):
        return None
    return amount(re.sub(r"\s*[a-zA-Z]+$", "", bare))


def _evenly(ticks: Sequence[tuple[float, float]]) -> Scale | None:
    values = [value for value, _ in ticks]
    if len(ticks) < FEWEST or len(set(values)) < len(values):
        return None
    fitted = line(values, [y for _, y in ticks])
    if fitted is None or fitted.slope >= 0:
        return None
    off = max(abs(fitted.slope * v + fitted.zero - y) for v, y in ticks)
    return fitted if off <= TILT else None


def _on_lines(ticks: Sequence[tuple[float, float]], lines: Sequence[float]) -> Scale | None:
    """Return the scale of the lines that numbers stand a little beside: these say where exactly."""
    shifts = [min((at - y for at in lines), key=abs) for _, y in ticks] if lines else []
    usual = median(shifts) if shifts else 0
    exact = [
        (v, y + shift)
        for (v, y), shift in zip(ticks, shifts, strict=False)
        if abs(shift) < BESIDE and abs(shift - usual) < 1
    ]
    if len(exact) < max(FEWEST, len(ticks) / 2):
        return None
    return line([v for v, _ in exact], [y for _, y in exact])


def line(xs: Sequence[float], ys: Sequence[float]) -> Scale | None:
    """Return the straight line that is least far from the points; None where there is none."""
    n = len(xs)
    if n < 2:
        return None
    mx, my = sum(xs) / n, sum(ys) / n
    spread = sum((x - mx) ** 2 for x in xs)
    if spread == 0:
        return None
    slope = sum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True)) / spread
    return Scale(slope, my - slope * mx) if slope else None
