"""Strategy: chart objects that registries, elements, jQuery, React or bound data lead to."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from harvester.graph.candidates import distinct, place, timed
from harvester.graph.drawn import Drawn
from harvester.graph.fitting import fit
from harvester.graph.points import Raw
from harvester.graph.scripts import decimal, everywhere

LOOSE = {"D3", "React props"}
"""Sources that are data beside the drawing, not a chart's own: what they hold may be anything."""


async def read(page: Page, drawn: Drawn) -> list[Raw]:
    """Return the series of all charts that the page's own objects hold, exact as they were given.

    Of data that is only bound to marks or handed to components, those that the chart draws, or
    where nothing shows which these are, those that have times.
    """
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
    loose = [raw for raw in found.values() if raw.source in LOOSE]
    drawing = [raw for raw in loose if (has := fit(raw, drawn)) and has.on_axis]
    own = [raw for raw in found.values() if raw.source not in LOOSE]
    return own + distinct(drawing or [raw for raw in loose if timed(raw.places)])


def _apart(colours: list[str]) -> tuple[str, ...]:
    """Return the colours of those points that have not the colour of most."""
    known = [colour for colour in colours if colour]
    if len(set(known)) < 2:
        return ()
    usual = max(set(known), key=known.count)
    return tuple("" if colour in {"", usual} else colour for colour in colours)
