"""Strategy: a sweep over the chart that notes what its tooltips say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from playwright.async_api import Page

from harvester.graph.drawn import Drawn, Group
from harvester.graph.points import Raw
from harvester.graph.scripts import everywhere
from harvester.graph.sentences import gather, longest, sayings

STEPS = 120
"""Places that are pointed at where no mark says where to point."""


async def read(page: Page, drawn: Drawn) -> list[Raw]:
    """Return what the tooltips say, hour by hour; as exact as what they print."""
    for places in (_places(drawn), []):
        told = [said for a in await everywhere(page, "tips.js", [places, STEPS]) for said in a]
        found = longest([gather(_one_each(told), "tooltips")])
        if found or not places:
            return found
    return []


def _places(drawn: Drawn) -> list[tuple[float, float]]:
    """Return a place on each mark of the largest series, low enough to be on its bar."""
    best = max(drawn.groups, key=_like_hours, default=None)
    if best is None or _like_hours(best) == 0:
        return []
    if best.kind == "bar":
        return [(m.x, m.bottom - min(3.0, (m.bottom - m.top) / 2)) for m in best.marks]
    return [(m.x, m.top) for m in best.marks]


def _like_hours(group: Group) -> int:
    apart = [round(b.x - a.x) for a, b in zip(group.marks, group.marks[1:], strict=False)]
    even = bool(apart) and min(apart) > 3 and max(apart) < 4 * min(apart)
    return len(group.marks) if even and 12 <= len(group.marks) <= 800 else 0


def _one_each(looks: Sequence[Sequence[str]]) -> list[str]:
    """Return one text an hour, in the order they came: the shortest that says most."""
    by_hour: dict[tuple[str, str], None] = defaultdict(None)
    last = ""
    for texts in looks:
        said = [(text, sayings(text)) for text in texts]
        worth = [(text, len(s)) for text, s in said if s]
        if not worth:
            continue
        most = max(count for _, count in worth)
        text = min((t for t, count in worth if count == most), key=len)
        if text != last:
            by_hour[text, ""] = None
        last = text
    return [text for text, _ in by_hour]
