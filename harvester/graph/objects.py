"""Strategy: chart objects that registries, elements, jQuery data, React props or bound data lead to."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from harvester.graph.candidates import place
from harvester.graph.points import Raw
from harvester.graph.scripts import decimal, everywhere


async def read(page: Page) -> list[Raw]:
    """Return the series of all charts that the page's own objects hold, exact as they were given."""
    found: dict[tuple[Any, ...], Raw] = {}
    for told in await everywhere(page, "objects.js"):
        for series in told:
            raw = Raw(
                series["name"],
                tuple(map(place, series["x"])),
                tuple(map(decimal, series["y"])),
                _apart(series["colours"]),
                source=series["library"],
            )
            found.setdefault((raw.name, raw.places, raw.values), raw)
    return list(found.values())


def _apart(colours: list[str]) -> tuple[str, ...]:
    """Return the colours of those points that have not the colour of most."""
    known = [colour for colour in colours if colour]
    if len(set(known)) < 2:
        return ()
    usual = max(set(known), key=known.count)
    return tuple("" if colour in {"", usual} else colour for colour in colours)
