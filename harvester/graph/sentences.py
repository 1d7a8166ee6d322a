"""Takes hour, value, unit and mark out of what a label or a tooltip says."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harvester.graph.hours import clock
from harvester.graph.points import Raw
from harvester.printed import amount

NONE = re.compile(r"\b(?:no (?:reading|data|value)|missing|n/?a|nan|null)\b", re.IGNORECASE)
APART = re.compile(
    r"\b(estimat\w*|averag\w*|provision\w*|prelimin\w*|interpolat\w*)\b", re.IGNORECASE
)
_VALUE = re.compile(
    r"(?<![\d.,:/])(?P<value>[-\u2212]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?<=\d))(?![\d:/])"
    r"\s*(?P<unit>kWh|MWh|Wh|kW)?",
    re.IGNORECASE,
)
_UNIT = re.compile(r"kWh|MWh|Wh|kW", re.IGNORECASE)
_RANGE = re.compile(r"\d(?::\d\d)?\s*(?:[ap]\.?m\.?)?\s*(?:-|\u2013|\u2014|to)\s*\d", re.IGNORECASE)
"""Two times that are one hour's beginning and end."""
_EDGES = " \t\n:;,.|=()[]\u25cf\u2022\u2013-"


@dataclass(frozen=True)
class Said:
    """One value that was said."""

    name: str
    label: str
    value: Decimal | None
    unit: str
    mark: str
    places: int


def sayings(text: str) -> list[Said]:
    """Return what a text says of one hour, by series; empty where it gives no hour or value.

    It is of the shape `hour: value`, or `hour` and then `name: value` once or more.
    """
    told = clock(text)
    if told.time is None and told.day is None:
        return []
    second = clock(told.rest)
    if second.time is not None:
        if not _RANGE.search(text):  # it is of many hours
            return []
        told = told._replace(rest=second.rest)
    label = _label(text, told.rest)
    apart = APART.search(told.rest)
    mark = apart[1].casefold() if apart else ""
    matches = list(_VALUE.finditer(told.rest))
    united = [m for m in matches if m["unit"]]
    kept = united or matches
    if not kept:
        return [Said("", label, None, "", mark, 0)] if NONE.search(told.rest) else []
    said, start = [], 0
    for match in kept:
        name = told.rest[start : match.start()]
        after = told.rest[match.end() :]
        trailing = re.match(r"\s+([A-Za-z]+)", after) if united and len(kept) > 1 else None
        value = amount(match["value"].replace("\u2212", "-"))
        start = match.end() + (trailing.end() if trailing else 0)
        if value is None:
            continue
        name = APART.sub("", re.sub(r"\d[\d.,]*", "", name)).strip(_EDGES)
        name = " ".join(re.findall(r"[^\W\d_][\w ()%]*", name)[-1:]).strip(_EDGES)
        name = "" if _UNIT.fullmatch(name) else name
        if trailing and not name:
            name = trailing[1]
        if len(kept) == 1 and not name and not NONE.search(after):
            called = re.sub(r"[A-Za-z ]+:", "", APART.sub("", after))
            name = " ".join(re.findall(r"[A-Za-z][\w ()%]*", called)[:1]).strip(_EDGES)
        places = max(0, -int(value.as_tuple().exponent))
        said.append(Said(name, label, value, match["unit"] or "", mark, places))
    return said


def _label(text: str, rest: str) -> str:
    """Return the part of a text that says day and time, as it is printed."""
    gone = set(re.findall(r"\S+", rest))
    return " ".join(w.strip(",;|") for w in re.findall(r"\S+", text) if w not in gone)[:60].rstrip(
        ":"
    )


def gather(texts: Iterable[str], source: str) -> list[Raw]:
    """Return the series that texts say, one text an hour, in their order.

    What is printed is rounded: the precision is half of the last place that any of them shows.
    """
    lists = [said for text in texts if (said := sayings(text))]
    names = dict.fromkeys(s.name for said in lists for s in said if s.value is not None)
    if not names:
        return []
    if len(names) > 1 and all(len(said) == 1 for said in lists):
        return [_raw(name, picked, source) for name, picked in _apart(lists).items()]
    found = []
    for name in names:
        picked: list[Said] = []
        for said in lists:
            mine = [s for s in said if s.name == name]
            silent = [s for s in said if s.value is None]
            picked += mine[:1] or silent[:1] or (
                [Said(name, said[0].label, None, "", "", 0)] if len(names) > 1 else []
            )  # fmt: skip
        found.append(_raw(name, picked, source))
    return found


def _apart(lists: Iterable[Sequence[Said]]) -> dict[str, list[Said]]:
    """Put texts of one value each to their series; one without a value goes to that before it."""
    series: dict[str, list[Said]] = {}
    waiting: list[Said] = []
    last = waiting
    for (said,) in lists:
        if said.value is not None:
            last = series.setdefault(said.name, waiting)
            waiting = [] if last is waiting else waiting
        last.append(said)
    return series


def _raw(name: str, picked: Sequence[Said], source: str) -> Raw:
    places = max(s.places for s in picked)
    units = {s.unit for s in picked if s.unit}
    return Raw(
        name,
        tuple(s.label for s in picked),
        tuple(s.value for s in picked),
        tuple(s.mark for s in picked),
        Decimal(5).scaleb(-places - 1),
        source,
        units.pop() if len(units) == 1 else "",
    )


def longest(groups: Iterable[list[Raw]]) -> list[Raw]:
    """Return the series of the group with the most values."""
    counts: dict[int, list[Raw]] = defaultdict(list)
    for raws in groups:
        if raws:
            counts[sum(len(r.values) for r in raws)] = raws
    return counts[max(counts)] if counts else []
