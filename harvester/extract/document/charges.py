"""The lines of a bill: where they begin and end, what each says, and where its label goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from math import inf

from harvester.extract.document import tables, values
from harvester.extract.document.labels import Label, Labelled
from harvester.extract.document.proof import Told
from harvester.extract.document.tables import Heads
from harvester.extract.document.words import Box, Cell, Page, Row
from harvester.layout import FACTS, Charges, Layout
from harvester.model import Component, LineItem

_MONEY = values.MATCH["money"]
_CENTS = re.compile(r"\.\d\d")
"""What is found sooner than money."""
_ALONE = re.compile(r"\D*[\d,]*\.\d\d\D*")
"""A line whose amount is its only figure."""
_WORDS = 9
"""A label of more words is a sentence."""
_TIGHT = 1.25
"""How much wider than others a gap between rows is where it parts two lines."""
_NEAR = 2.4
"""Rows of text further apart, in heights, have nothing to do with each other."""
_LONG = 200
"""A row of more characters is no line of a bill."""
_FIGURES = frozenset("$(-.0123456789")
_ROUNDED = Decimal("0.01")
_BESIDE = re.compile(r"[@$\s]|/.*|per.*")
_MEASURES = (" kw", " kwh", " kva", " kvar", " kvarh")
_MEASURE = re.compile(r"(\S*\d)\s*([A-Za-z]*)")
_LEADERS = re.compile(r"[.\u2026_](?:\s*[.\u2026_]){2,}\s*")


@dataclass
class Printed:
    """One row within the lines: a line, the text of one, or the amount of one."""

    text: str
    parts: dict[str, str]
    """What was printed of a line by its name; empty for text alone."""
    page: int
    box: Box
    block: int
    row: Row
    at: int
    end: int


def lines(pages: Sequence[Page], layout: Layout, labelled: Labelled) -> list[list[Told]]:
    """Return a bill's lines in blocks, which totals and stops part.

    Rows without an entry in `labelled` are none; labels within a line are taken out of it, because
    there they are a line's own words.
    """
    reader = _Reader(layout, labelled)
    for page in pages:
        reader.read(page)
    whole = list(_joined(reader.printed))
    blocks: dict[int, list[Told]] = {}
    for printed in whole:
        item = _item(printed, layout)
        known = reader.headed[printed.block] or layout.component(printed.text) is not None
        beside = printed.row not in labelled
        sure = known and not beside
        if item and (sure or (item.amount and printed.parts["amount"] not in reader.sums)):
            doubt = 2 if beside else int(not known)
            blocks.setdefault(printed.block, []).append(Told(item, doubt))
        if item and sure:
            words, inside = printed.row.words, range(printed.at, printed.end)
            kept = [x for x in labelled[printed.row] if words[x.first].start() not in inside]
            labelled[printed.row] = kept
    return list(blocks.values())


class _Reader:
    """Goes through the rows of a bill and knows whether they are lines."""

    def __init__(self, layout: Layout, labelled: Labelled) -> None:
        self._layout = layout
        self._rules: Charges = layout.charges
        self._labelled = labelled
        self._open = False
        self._heads: Heads | None = None
        self.printed: list[Printed] = []
        self.headed = [False]
        """Whether each block stood under a start or a header."""
        self.sums: set[str] = set()
        """Amounts as they are printed that are sums of lines."""

    def read(self, page: Page) -> None:
        table = self._rules.table
        heads = {first: (behind, found) for first, behind, found in (
            tables.headers(page.rows, table) if table else ())}  # fmt: skip
        starts, stops = self._rules.starts, self._rules.stops
        stopped, behind = False, 0
        for number, row in enumerate(page.rows):
            if number < behind:
                continue
            begins = starts and starts.match(row.text)
            if row not in self._labelled:
                if begins:  # its table has charges too
                    self._begin()
                self._beside_reads(row)
            elif number in heads:
                behind, self._heads = heads[number]
                self._begin()
                stopped = False
            elif begins:
                self._begin()
                stopped = False
            elif _opens(stops, row):
                self._end()
                stopped = True
            elif stopped and _opens(self._rules.kept, row):
                stopped = False
            elif self._open or (self._rules.anywhere and not stopped):
                self._line(page.rows, number)

    def _begin(self) -> None:
        if not self._open:
            self.headed.append(True)
        self._open = True

    def _end(self) -> None:
        if self._open or self.headed[-1] or self.printed:
            self.headed.append(False)
        self._open, self._heads = False, None

    def _line(self, rows: Sequence[Row], number: int) -> None:
        row = rows[number]
        self._row(row)
        if number and self._rules.anywhere and row.text[0] in _FIGURES:
            self._under(rows[number - 1], row)

    def _row(self, row: Row) -> None:
        if self._heads:
            self._cells(row, self._heads)
            return
        if not self._open and not (_CENTS.search(row.text) and _MONEY.search(row.text)):
            return
        for at, end in self._parts(row):
            begin = self._label(row, at, end)
            if begin is None:
                continue
            facts = self._facts(row, begin)
            if any(FACTS[label.fact] == "money" for label in facts):
                if self._rules.anywhere:
                    self._end()
                continue
            text = _LEADERS.sub(" ", row.text[begin:end])
            if len(text) > _LONG:
                continue
            alone = _ALONE.fullmatch(text)
            ways = self._rules.plain if alone else self._rules.lines
            found = (line.fullmatch(text) for line in ways)
            said = next((m.groupdict() for m in found if m), {})
            if not said.get("price") and any(_is_whole(row, label) for label in facts):
                continue
            label = said.pop("label", None if said else text) or ""
            if said and not said.get("price") and self._is_doubtful(row, begin, end, label):
                continue
            self._note(row, begin, end, label.strip(" :").rstrip(" :,-\u2013("), said)

    def _beside_reads(self, row: Row) -> None:
        """Take an amount at the end of a meter's reads, which may be what they cost."""
        if not self._rules.anywhere or not _CENTS.search(row.text):
            return
        *cells, last = row.cells
        words = [cell for cell in cells if any(map(str.isalpha, cell.text))]
        if words and _MONEY.fullmatch(last.text):
            name = words[-1]
            self._note(row, name.at, last.end, name.text, {"amount": last.text})

    def _under(self, heads: Row, row: Row) -> None:
        """Take amounts that stand under the labels of lines, side by side."""
        if _MONEY.sub("", row.text).strip() or heads not in self._labelled:
            return
        for cell in heads.cells:
            under = row.under(cell.left, cell.right)
            if under and self._layout.component(cell.text) and not self._is_fact(heads, cell):
                self._note(heads, cell.at, cell.end, cell.text, {"amount": under.text})

    def _parts(self, row: Row) -> Iterator[tuple[int, int]]:
        """Yield the parts of a row that stand side by side, each up to its amount."""
        at = 0
        if self._rules.anywhere:
            amounts = list(_MONEY.finditer(row.text))
            for number, money in enumerate(amounts, 1):
                if money.end() == len(row.text):
                    break
                after = amounts[number].start() if number < len(amounts) else len(row.text)
                if not any(map(str.isalpha, row.text[money.end() : after])):
                    continue
                beside = _beside(row, money.end())
                if beside and (money is amounts[-1] or self._is_label(row, beside)):
                    yield at, money.end()
                    at = beside.at
        yield at, len(row.text)

    def _is_doubtful(self, row: Row, at: int, end: int, label: str) -> bool:
        """Tell whether an amount is a measure, or one of several amounts side by side."""
        measure = label.casefold().endswith(_MEASURES)
        if not self._rules.anywhere or not (measure or _CENTS.search(label)):
            return False
        amounts = list(_MONEY.finditer(row.text, at, end))
        if not amounts:
            return measure  # leaders stand right before it
        *others, last = amounts
        first = next(n for n, word in enumerate(row.words) if word.end() > last.start())
        if measure:
            return "$" not in last[0] and not row.parted(first)
        beside = bool(others) and row.text[others[-1].end() : last.start()].isspace()
        return beside and row.parted(first) and row.parted(first - 1)

    def _is_fact(self, row: Row, cell: Cell) -> bool:
        return any(_is_whole(row, label) for label in self._facts(row, cell.at))

    def _is_label(self, row: Row, cell: Cell) -> bool:
        return self._is_fact(row, cell) or self._layout.component(cell.text) is not None

    def _label(self, row: Row, at: int, end: int) -> int | None:
        """Return where the label of a part of a row begins, None where it has none."""
        if not self._rules.anywhere:
            return at
        known = text = None
        for cell in row.each_cell():
            if not at <= cell.at < end:
                continue
            if self._layout.component(cell.text):
                return cell.at
            if self._facts(row, cell.at):
                known = cell.at
            elif text is None and any(map(str.isalpha, cell.text)):
                text = cell.at
        return text if known is None else known

    def _facts(self, row: Row, at: int) -> list[Label]:
        return [label for label in self._labelled[row] if row.words[label.first].start() == at]

    def _cells(self, row: Row, heads: Heads) -> None:
        cells = tables.within(row.cells, heads)
        if not cells:
            return
        under = tables.assigned(cells, heads)
        said = {name: " ".join(cell.text for cell in found) for name, found in under.items()}
        label = said.pop("label", "")
        if not self._facts(row, cells[0].at):
            parts = {k: v for k, v in said.items() if not k.startswith("other")}
            self._note(row, cells[0].at, cells[-1].end, label, parts)

    def _note(self, row: Row, at: int, end: int, label: str, parts: dict[str, str]) -> None:
        if self._rules.skip and self._rules.skip.search(label):
            self.sums.add(parts.get("amount", ""))
            return
        if len(label.split()) > _WORDS or (not parts and not self._open):
            return
        box = row.box(at, end)
        block = len(self.headed) - 1
        self.printed.append(Printed(label, parts, row.page.number, box, block, row, at, end))


def _opens(words: re.Pattern[str] | None, row: Row) -> bool:
    """Tell whether such words begin a row, all in one cell: else they are headers of several."""
    said = words.match(row.text) if words else None
    if not said:
        return False
    inside = (n for n, word in enumerate(row.words) if 0 < word.start() < said.end())
    return not any(map(row.parted, inside))


def _beside(row: Row, end: int) -> Cell | None:
    """Return the first cell that begins behind an offset."""
    behind = (n for n, word in enumerate(row.words) if word.start() >= end)
    at = next((row.words[n].start() for n in behind if row.parted(n)), None)
    return None if at is None else next((cell for cell in row.cells if cell.at >= at), None)


def _is_whole(row: Row, label: Label) -> bool:
    """Tell whether a label of some words is not the beginning of a longer one."""
    if label.weight < 2:
        return False
    if label.after == len(row.words) or row.words[label.after - 1][0].endswith(":"):
        return True
    return not row.words[label.after][0].isalpha() or row.parted(label.after)


def _joined(printed: list[Printed]) -> Iterator[Printed]:
    """Yield the lines with all of their label, where it is printed in several rows."""
    groups: list[list[Printed]] = []
    for row in printed:
        if groups and _follows(groups[-1][-1], row):
            groups[-1].append(row)
        else:
            groups.append([row])
    for group in groups:
        anchors = [at for at, row in enumerate(group) if row.parts]
        rows = {anchor: [anchor] for anchor in anchors}
        gaps = [below.box.top - above.box.top for above, below in pairwise(group)]
        for first, behind in pairwise([-1, *anchors, len(group)]):
            for at in range(first + 1, behind):
                owner = _owner(group, gaps, (first, at, behind))
                if owner is not None:
                    rows[owner].append(at)
        for anchor in anchors:
            if rows[anchor] == [anchor]:
                yield group[anchor]
                continue
            label = " ".join(group[at].text for at in sorted(rows[anchor]) if group[at].text)
            box = group[min(rows[anchor])].box
            yield replace(group[anchor], text=label, box=box)


def _follows(above: Printed, row: Printed) -> bool:
    near = row.box.top - above.box.top < _NEAR * (row.box.bottom - row.box.top)
    return near and (above.page, above.block) == (row.page, row.block)


def _owner(group: list[Printed], gaps: list[float], place: tuple[int, int, int]) -> int | None:
    """Return the line that a row of text between two lines belongs to, None for a heading.

    An amount without a label takes what is next to it. Else the closer line takes it; where both
    are as close, only what begins in lower case goes on.
    """
    first, at, behind = place
    up = max(gaps[first:at]) if first >= 0 else inf
    down = max(gaps[at:behind]) if behind < len(group) else inf
    ends = [end for _, end in sorted([(up, first), (down, behind)]) if 0 <= end < len(group)]
    wanting = [end for end in ends if not group[end].text]
    if wanting:
        return wanting[0]
    if min(up, down) * _TIGHT < min(max(up, down), max(gaps, default=0)):
        return ends[0]
    if first >= 0 and _goes_on(group[at].text):
        return first
    return behind if behind < len(group) and _goes_on(group[behind].text) else None


def _goes_on(text: str) -> bool:
    return text[:1].islower() or text[:1] in "(&-"


def _item(printed: Printed, layout: Layout) -> LineItem | None:
    said = printed.parts
    money = _MONEY.search(said.get("amount") or "")
    amount = values.amount(money[0]) if money else None
    if amount is None or not printed.text:
        return None
    quantity, unit = _measure(said.get("quantity") or "")
    unit = said.get("unit") or unit
    price = _price(said.get("price") or "")
    if quantity and price and not unit and abs(abs(quantity * price) - abs(amount)) > _ROUNDED:
        quantity = price = None  # figures that are something else
    return LineItem(
        label=printed.text,
        component=layout.component(printed.text) or Component.OTHER,
        quantity=quantity,
        unit=unit,
        unit_price=price,
        amount=amount,
        page=printed.page,
        x=printed.box.left,
        y=printed.box.top,
    )


def _price(text: str) -> Decimal | None:
    """Return a price, which may stand in the brackets of its line, without what it is for."""
    plain = _BESIDE.sub("", text)
    return values.amount(plain if plain.startswith("(") else plain.rstrip(")"))


def _measure(text: str) -> tuple[Decimal | None, str | None]:
    """Return a quantity and the unit that may stand behind it."""
    found = _MEASURE.fullmatch(text.strip())
    return (values.amount(found[1]), found[2] or None) if found else (None, None)
