"""The labels on a bill's rows: where they begin, and which words of a row are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from harvester.extract.document.words import Row
from harvester.layout import DATE, MONTH, SHORT_DATE, Layout, Spelling

_DATED = "{date}"
UNITS = frozenset({"days", "kwh"})
"""Labels that are something else behind a figure."""
_DATE = re.compile(f"{DATE}|{SHORT_DATE}", re.IGNORECASE)
_VALUE = re.compile(rf"\W|.*\d|{MONTH}$|(?:to|thru|through)$", re.IGNORECASE)
"""A word of a value between one label and another."""
_DIGIT = re.compile(r"\d")


class Label(NamedTuple):
    """A label on a row, from one word to before another."""

    fact: str
    words: tuple[str, ...]
    first: int
    after: int
    weight: int
    """How many words of it are spelled out."""


Labelled = dict[Row, list[Label]]
"""The labels on each row that may have any."""


def labels(row: Row, layout: Layout) -> Iterator[Label]:
    """Yield the labels on a row that begin a cell or come right behind a value or a mark.

    Of those that begin at one word, the ones of most words.
    """
    covered = 0
    starts = layout.labels.after
    if starts.keys().isdisjoint(row.bare):
        return
    for at, word in enumerate(row.bare):
        node = starts.get(word)
        if node is None or not (node.facts or _DATED in node.after or _goes_on(row, at, node)):
            continue
        found = list(spelled(row, at, layout.labels))
        if not found or not _opens(row, at, covered):
            continue
        if len(found) > 1 and not _DIGIT.search(row.text):
            found = _within(row, found)
        most = max(label.weight for label in found)
        if most > 1 or not _is_prose(row, at, covered):
            covered = max(covered, *(label.after for label in found))
            yield from (label for label in found if label.weight == most)


def _within(row: Row, found: list[Label]) -> list[Label]:
    """Return the labels of a row of headers that are of one column, all where none is."""
    behind = max(label.after for label in found)
    end = next((n for n in range(found[0].first + 1, behind) if row.parted(n)), behind)
    return [label for label in found if label.after <= end] or found


def _is_prose(row: Row, at: int, covered: int) -> bool:
    """Tell whether a word that may be a label is a unit, or one of a sentence."""
    if at == 0:
        return row.words[0][0].islower()
    before = row.bare[at - 1]
    unit = row.bare[at] in UNITS and before.replace(",", "").isdecimal()
    if not unit and not before[-1].isdigit():
        return False
    said = covered and all(map(_VALUE.match, row.bare[covered:at]))
    return (unit or not said) and not row.parted(at)


def _goes_on(row: Row, at: int, node: Spelling) -> bool:
    return at + 1 < len(row.bare) and row.bare[at + 1] in node.after


def _opens(row: Row, at: int, covered: int) -> bool:
    if at == 0:
        return True
    before = row.words[at - 1][0]
    if at > covered and (before[-1] in ":;|,.)" or any(c.isdigit() for c in before)):
        return True
    return row.parted(at)


def spelled(row: Row, first: int, node: Spelling) -> Iterator[Label]:
    """Yield every label that is spelled out from a word on."""
    nodes = [(first, node)]
    while nodes:
        at, node = nodes.pop()
        for fact, words, weight in node.facts:
            yield Label(fact, words, first, at, weight)
        if at == len(row.bare):
            continue
        if row.bare[at] in node.after:
            nodes.append((at + 1, node.after[row.bare[at]]))
        if _DATED in node.after:
            date_ = _DATE.match(row.text, row.words[at].start())
            if date_:
                behind = sum(word.start() < date_.end() for word in row.words)
                nodes.append((behind, node.after[_DATED]))
