"""Tables of a bill by their headers: which cell of a row stands under which header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from operator import or_
from typing import NamedTuple

from harvester.extract.document import values
from harvester.extract.document.words import Cell, Page, Row
from harvester.layout import DATE, SHORT_DATE, Columns, Reads, bare
from harvester.model import Direction, RegisterRead

_LINES = 3
"""A header has at most so many lines."""
_APART = 2.5
"""Rows further apart, in heights, are not of one table."""
_CLEAR = 0.5
"""How near a part may be to its header, in distances to the next one."""
_BESIDE = 36
"""How far, in points, what stands under a header may reach past it."""
_SHARED = 0.25
"""Rows that share more of their height than this are of one row of a table."""
_RULE = "|"
"""What line printers draw between columns."""
_ATOM = re.compile(rf"{DATE}|{SHORT_DATE}|\S+", re.IGNORECASE)
_A_DATE = re.compile(rf"{DATE}|{SHORT_DATE}", re.IGNORECASE)
_WITH_DATE = re.compile(rf"({_A_DATE.pattern}) (\S+)", re.IGNORECASE)
_SPANS = re.compile(rf"{values.MATCH['period'].pattern}|{_ATOM.pattern}", re.IGNORECASE)
"""Parts of a row of a table that has a column for periods."""

_READ = {"previous": "service_from", "present": "service_to"}
"""Columns of reads, and those of their dates."""
_DATED = {"service_from", "service_to", "period"}
_NO_HEADER = re.compile(r"[\d,]")
_NOTED = re.compile(r"^x\s*|\s*(?:kwh|\(?(?:est|act|[aec])[a-z.]*\)?)$", re.IGNORECASE)
"""What may stand beside a figure: a unit, or how it was read."""


class Head(NamedTuple):
    """Where a column's header stands."""

    left: float
    right: float


Heads = Mapping[str, Head]


def headers(rows: Sequence[Row], table: Columns) -> Iterator[tuple[int, int, Heads]]:
    """Yield every header of a table: its first row, the row behind it, and its columns."""
    behind, hints = 0, [_hints(row, table) for row in rows]
    for number in range(len(rows)):
        wanted = len(table.needs) * [False]
        for over in range(number, max(behind, number + 1 - _LINES) - 1, -1):
            hint = hints[over]
            if hint is None:
                break
            wanted = list(map(or_, wanted, hint))
            heads = _header(rows[over : number + 1], table) if all(wanted) else None
            if not heads:
                continue
            # The lines above and below may belong to it too.
            ways = [(over, number + 2)] + [(over - 1, number + 1)] * (over > behind)
            found = [(*way, _header(rows[slice(*way)], table) or {}) for way in ways]
            best = max(found, key=lambda way: _known(way[2]))
            if _known(best[2]) <= _known(heads):
                best = (over, number + 1, heads)
            behind = best[1]
            yield best
            break


def _hints(row: Row, table: Columns) -> list[bool] | None:
    """Tell of which needed columns a row may hold the header, None where it can hold none."""
    if _NO_HEADER.search(row.text):
        return None
    return [not first.isdisjoint(row.bare) for first in table.first_words]


def _header(window: Sequence[Row], table: Columns) -> Heads | None:
    if any(_NO_HEADER.search(row.text) for row in window) or not _close(window):
        return None
    words = [word in table.words for row in window for word in row.bare]
    if 2 * sum(words) < len(words):
        return None  # a sentence that happens to hold the words of headers
    stacked = len(window) > 1
    heads = _stacked(window, table) if stacked else _spelled(window[0], table)
    return heads if heads and all(name in heads for name in table.needs) else None


def _known(heads: Heads) -> int:
    return sum(not name.startswith("other") for name in heads)


def _close(rows: Sequence[Row]) -> bool:
    return all(b.top - a.bottom < a.bottom - a.top for a, b in pairwise(rows))


def _plain(text: str) -> str:
    return " ".join(bare(text))


def _spelled(row: Row, table: Columns) -> Heads | None:
    """Return the columns of a header of one line, word by word, the longest names first."""
    heads: list[tuple[str, Head]] = []
    for name, first, behind in _named(row, table, 0, len(row.bare)):
        if row.bare[first] == _RULE:
            continue
        left, right = row.place(first).left, row.place(behind - 1).right
        if heads and heads[-1][0] == name and not row.parted(first):
            left = heads.pop()[1].left
        heads.append((name, Head(left, right)))
    return _unique(heads)


def _named(row: Row, table: Columns, at: int, end: int) -> list[tuple[str, int, int]]:
    """Return the columns that words of a row name: each with its first word and the one behind."""
    found: list[tuple[str, int, int]] = []
    while at < end:
        for words, name in table.spelled.get(row.bare[at], ()):
            inside = range(at + 1, at + len(words))
            if row.bare[at : inside.stop] == words and not any(map(row.parted, inside)):
                found.append((name, at, at + len(words)))
                break
        else:
            found.append(("other", at, at + 1))
        at = found[-1][2]
    return found


def _apart(row: Row, table: Columns) -> Iterator[Cell]:
    """Yield a row's cells, those that are the names of several columns name by name."""
    for cell in row.cells:
        if cell.text == _RULE:
            continue
        if " " not in cell.text or _plain(cell.text) in table.headers:
            yield cell
            continue
        inside = [n for n, word in enumerate(row.words) if cell.at <= word.start() < cell.end]
        named = _named(row, table, inside[0], inside[-1] + 1)
        known = [name for name, *_ in named if name != "other"]
        if len(set(known)) < 2:
            yield cell
            continue
        for _, first, behind in named:
            at, end = row.words[first].start(), row.words[behind - 1].end()
            box = row.box(at, end)
            yield Cell(row.text[at:end], at, end, box.left, box.right)


def _stacked(rows: Sequence[Row], table: Columns) -> Heads | None:
    """Return the columns of a header of several lines, each cell with those that stand over it."""
    stacks: list[list[Cell]] = []
    for row in reversed(rows):
        for cell in _apart(row, table):
            on = [s for s in stacks if cell.left < s[-1].right and s[-1].left < cell.right]
            for stack in on:
                stack.append(cell)
            if not on:
                stacks.append([cell])
    heads = []
    for stack in stacks:
        texts = (
            _plain(" ".join(c.text for c in stack[:n][::-1])) for n in range(len(stack), 0, -1)
        )
        name = next((table.headers[text] for text in texts if text in table.headers), "other")
        base = stack[0]
        own = [c for c in stack if sum(c in other for other in stacks) == 1] or [base]
        heads.append((name, Head(min(c.left for c in own), max(c.right for c in own))))
    return _unique(heads)


def _unique(heads: list[tuple[str, Head]]) -> Heads | None:
    known = [name for name, _ in heads if name != "other"]
    if known.count("service_to") == len(_READ) and known.count("service_from") == 0:
        heads = _dated(heads)
        known = [name for name, _ in heads if name != "other"]
    if len(known) != len(set(known)):
        return None  # one name over two columns tells nothing
    return {name if name != "other" else f"other {n}": head for n, (name, head) in enumerate(heads)}


def _dated(heads: list[tuple[str, Head]]) -> list[tuple[str, Head]]:
    """Tell two columns of one name by the reads beside them: each date is of one of them."""
    ordered = sorted(heads, key=lambda pair: pair[1].left)
    dates = iter([_READ[name] for name, _ in ordered if name in _READ])
    return [(next(dates, name) if name == "service_to" else name, head) for name, head in ordered]


def within(parts: Sequence[Cell], heads: Heads) -> list[Cell]:
    """Return the parts that stand under a table's header, not beside it."""
    left = min(head.left for head in heads.values())
    right = max(head.right for head in heads.values())
    return [
        part
        for part in parts
        if (part.left >= left - _BESIDE or part.right > left)
        and (part.right <= right + _BESIDE or part.left < right)
    ]


def assigned(parts: Sequence[Cell], heads: Heads) -> dict[str, list[Cell]]:
    """Return a row's parts by column: in their order where none is empty, else by the nearest edge.

    Columns are aligned left, right or in the middle, so whichever is nearest counts. Where a part
    is hardly nearer to one header than to another, nothing is certain and nothing is returned.
    """
    if len(parts) == len(heads):
        ordered = sorted(heads, key=lambda name: heads[name].left)
        return {name: [part] for name, part in zip(ordered, parts, strict=True)}
    found: dict[str, list[Cell]] = {}
    for part in parts:
        nearest, *others = sorted((_away(part, head), name) for name, head in heads.items())
        if others and nearest[0] > _CLEAR * others[0][0]:
            return {}
        found.setdefault(nearest[1], []).append(part)
    return found


def _away(part: Cell, head: Head) -> float:
    left, right = abs(part.left - head.left), abs(part.right - head.right)
    return min(left, right, abs(part.left + part.right - head.left - head.right) / 2)


class Found(NamedTuple):
    """A row of a table of register reads."""

    row: Row
    read: RegisterRead | None = None
    days: int | None = None
    lost: bool = False
    """Whether it may be a register, and what it says is not certain."""
    register: str = ""


def reads(page: Page, table: Reads) -> Iterator[Found]:
    """Yield the rows of register reads, those of headers among them."""
    rows, others = page.rows, table.others
    every = [*headers(rows, table), (len(rows), len(rows), {})]
    for (first, behind, heads), (end, *_) in pairwise(every):
        yield from map(Found, rows[first:behind])
        if not (others and first and others.match(rows[first - 1].text)):
            yield from _table(rows, table, heads, range(behind, end))


def _table(rows: Sequence[Row], table: Reads, heads: Heads, under: range) -> Iterator[Found]:
    """Yield the rows of register reads under a header, and what leaves it open what they are."""
    above, meter = rows[under.start - 1], ""
    found, others = [], []
    for at in under:
        row = rows[at]
        if row.top - above.bottom > _APART * (above.bottom - above.top):
            break
        if _is_other(row.text, table):
            above = row
        elif sum(any(map(str.isdigit, word)) for word in row.bare) < len(table.needs):
            others.append(row)
        elif not _is_other(around := _around(rows, at), table):
            one = _read(row, table, heads, (meter, around))
            if one.read:
                above, meter = row, one.read.meter
            if one.read or one.lost:
                found.append(one)
    yield from found
    if not any(one.read and one.read.direction is Direction.RECEIVED for one in found):
        yield from (Found(row, lost=True) for row in others if _is_hint(row, table))
    if _differ(found, table):
        yield Found(rows[under.start - 1], lost=True)


def _is_other(text: str, table: Reads) -> bool:
    skipped = table.skip is not None and table.skip.search(text) is not None
    return skipped or (table.others is not None and table.others.match(text) is not None)


def _differ(found: Sequence[Found], table: Reads) -> bool:
    """Tell whether a meter has registers that may not be parts of one sum."""
    names: dict[str, set[str]] = {}
    for one in found:
        if one.read and one.read.direction is Direction.DELIVERED:
            names.setdefault(one.read.meter, set()).add(one.register)
    several = [name for of_one in names.values() if len(of_one) > 1 for name in of_one]
    return any(table.parts is not None and not table.parts.search(name) for name in several)


def _around(rows: Sequence[Row], at: int) -> str:
    """Return what stands in a row of a table whose cells may have several lines, but figures."""
    row = rows[at]
    height = row.bottom - row.top
    near = (
        other.text
        for other in rows[max(at - 2, 0) : at + 3]
        if min(row.bottom, other.bottom) - max(row.top, other.top) > _SHARED * height
    )
    return " ".join(near)


def _is_hint(row: Row, table: Reads) -> bool:
    """Tell whether a row speaks of energy that the member delivers, and of no money."""
    named = table.received is not None and table.received.search(row.text)
    return bool(named) and not values.MATCH["money"].search(row.text)


def _read(row: Row, table: Reads, heads: Heads, known: tuple[str, str]) -> Found:
    """Read a row, given the meter of the one above and what stands around it."""
    meter, around = known
    parts = _atoms(row, heads)
    if heads.keys().isdisjoint(_DATED):
        parts = _with_dates(parts)
    cells = assigned(within(parts, heads), heads)
    told = {name: " ".join(part.text for part in parts) for name, parts in cells.items()}
    for name, own in _READ.items():
        dated = _WITH_DATE.fullmatch(told.get(name, ""))
        if dated:
            told[own], told[name] = dated.groups()
    numbers = {
        name: _number(told[name])
        for name in ("previous", "present", "multiplier", "kwh", "days")
        if name in told
    }
    days = {name: values.day(told[name]) for name in ("service_from", "service_to") if name in told}
    blank = {name for name, value in (numbers | days).items() if value is None}
    span = values.MATCH["period"].fullmatch(told.get("period", ""))
    since, until = (span and values.period(span[1], span[2])) or (None, None)
    if not set(table.needs) <= set(told) - blank or blank & set(numbers):
        several = len(row.cells) >= len(table.needs)
        return Found(row, lost=several and not values.MATCH["money"].search(row.text))
    serial = values.MATCH["serial"].search(told.get("meter", ""))
    received = table.received is not None and table.received.search(around) is not None
    box = row.box(row.words[0].start(), row.words[0].end())
    count = numbers.get("days")
    read = RegisterRead(
        meter=serial[0] if serial else meter,
        direction=Direction.RECEIVED if received else Direction.DELIVERED,
        service_from=days.get("service_from", since),
        service_to=days.get("service_to", until),
        previous=numbers.get("previous"),
        present=numbers.get("present"),
        multiplier=numbers.get("multiplier"),
        kwh=numbers.get("kwh"),
        page=row.page.number,
        x=box.left,
        y=box.top,
    )
    billed = None if count is None else int(count)
    return Found(row, read, billed, register=told.get("register", ""))


def _with_dates(parts: list[Cell]) -> list[Cell]:
    """Join two dates to the figures behind them: where each read stands behind its date."""
    days = [n for n, part in enumerate(parts) if _A_DATE.fullmatch(part.text)]
    reads = [parts[n + 1] for n in days if n + 1 < len(parts)]
    if len(days) != len(_READ) or not all(_number(part.text) is not None for part in reads):
        return parts
    joined = list(parts)
    for n in reversed(days):
        day, read = joined[n : n + 2]
        text = f"{day.text} {read.text}"
        joined[n : n + 2] = [Cell(text, day.at, read.end, day.left, read.right)]
    return joined


def _number(text: str) -> Decimal | None:
    plain = _NOTED.sub("", text.strip())
    return values.amount(plain) if values.MATCH["number"].fullmatch(plain) else None


def _atoms(row: Row, heads: Heads) -> list[Cell]:
    """Return a row's parts: each word with a digit by itself, a date as one, others as they stand.

    So figures are told apart where columns stand too close to. A remark in brackets belongs to
    what it stands behind.
    """
    parts: list[Cell] = []
    for word in (_SPANS if "period" in heads else _ATOM).finditer(row.text):
        if word[0] == _RULE:
            continue
        box = row.box(word.start(), word.end())
        plain = not any(c.isdigit() for c in word[0])
        joined = parts and word.start() not in row.edges and plain
        if joined and (word[0][0] == "(" or not any(c.isdigit() for c in parts[-1].text)):
            last = parts.pop()
            text = row.text[last.at : word.end()]
            parts.append(Cell(text, last.at, word.end(), last.left, box.right))
        else:
            parts.append(Cell(word[0], word.start(), word.end(), box.left, box.right))
    return parts
