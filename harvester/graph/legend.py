"""Tells what sets a point apart from the others: a word beside it, or its colour in the legend."""

from __future__ import annotations

from harvester.graph.drawn import Drawn
from harvester.graph.fitting import fit
from harvester.graph.points import Raw
from harvester.graph.sentences import APART

OTHER = "other colour"
"""The mark of a point whose colour no legend explains."""


def marks(raw: Raw, drawn: Drawn) -> tuple[str, ...]:
    """Return a mark by position: the word of a label, of the series' name or of the legend."""
    whole = APART.search(raw.name)
    given = raw.marks or ("",) * len(raw.values)
    if whole:
        return tuple(mark or whole[1].casefold() for mark in given)
    if any(map(APART.search, given)):
        return given
    colours = _colours(raw, drawn)
    known = [colour for colour in colours if colour]
    if len(set(known)) < 2:
        return tuple(OTHER if mark else "" for mark in given)
    usual = max(set(known), key=known.count)
    means = {colour: _meaning(colour, drawn) for colour in set(known)}
    plain = "" if not APART.search(means[usual]) else means[usual]
    return tuple(plain if colour in {"", usual} else means[colour] or OTHER for colour in colours)


def _colours(raw: Raw, drawn: Drawn) -> list[str]:
    """Return the colour of the mark of each value that is known."""
    found = fit(raw, drawn)
    marks = found.marks if found else {}
    return [marks[n].fill if n in marks else "" for n in range(len(raw.values))]


def _meaning(colour: str, drawn: Drawn) -> str:
    """Return the word right of a legend's swatch of this colour."""
    for swatch in (mark for mark in drawn.swatches if mark.fill == colour):
        for word in drawn.words:
            beside = (
                0 < word.left - swatch.x < 40 and abs(word.y - (swatch.top + swatch.bottom) / 2) < 8
            )
            apart = APART.search(word.text)
            if beside and apart:
                return apart[1].casefold()
    return ""
