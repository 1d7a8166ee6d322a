"""Finds what a bill says behind or under its labels, and never chooses between two answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from math import inf

from harvester.extract.document import values
from harvester.extract.document.labels import UNITS, Label, Labelled, spelled
from harvester.extract.document.words import Cell, Page, Row
from harvester.layout import FACTS, Layout, Value, bare

Known = date | Decimal | int | str
_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+"
_BETWEEN = re.compile(rf"[\s:.=#\u2026]*(?:\([a-z$/ ]+\)[\s:]*)?(?:USD\s*|{_DAY})?", re.IGNORECASE)
"""What may stand between a label and its value."""
_OR = "/"
"""What parts a label from the same in another language."""
_A_DATE = values.MATCH["date"]
_DIGIT = re.compile(r"\d")
_NAME = 6
"""A name under a label has at most so many words."""
_FLUSH = 2
"""How far apart, in points, lines of one label may begin."""
_HIGHER = 1.15
"""How much higher than their labels values are that stand over them."""
_NEAR = 1.6
"""How far under its label a value may stand, in heights of the label."""


class Facts:
    """All answers to each question that a bill's labels put."""

    def __init__(self) -> None:
        self._answers: dict[str, set[Known]] = {}
        self.places: dict[str, tuple[Row, int]] = {}
        """The rows of labels that were answered, and their first words."""

    def add(self, name: str, value: Known | None) -> None:
        """Note an answer."""
        if value is not None:
            self._answers.setdefault(name, set()).add(value)

    def day(self, name: str) -> date | None:
        """Return the only answer that is a date."""
        value = self._one(name)
        return value if isinstance(value, date) else None

    def number(self, name: str) -> Decimal | None:
        """Return the only answer that is a number."""
        value = self._one(name)
        return value if isinstance(value, Decimal) else None

    def text(self, name: str) -> str | None:
        """Return the only answer that is text."""
        value = self._one(name)
        return value if isinstance(value, str) else None

    def _one(self, name: str) -> Known | None:
        answers = self._answers.get(name, ())
        return next(iter(answers)) if len(answers) == 1 else None

    @property
    def ambiguous(self) -> list[str]:
        """Questions with more than one answer."""
        return sorted(name for name, answers in self._answers.items() if len(answers) > 1)


def find(pages: Sequence[Page], layout: Layout, labelled: Labelled) -> Facts:
    """Return all answers that the labels and a layout's sentences have."""
    facts = Facts()
    for page in pages:
        _labelled(facts, page, layout, labelled)
        for sentence in layout.sentences:
            if sentence.search(page.said):
                for row in page.rows:
                    for said in sentence.finditer(row.text):
                        if not _is_strange(row, said.start(), layout):
                            _say(facts, row, said)
    return facts


def _labelled(facts: Facts, page: Page, layout: Layout, labelled: Labelled) -> None:
    past = _past(page, labelled, layout)
    for number, row in enumerate(page.rows):
        named = labelled.get(row)
        if named and past:
            named = [label for label in named if (row, label) not in past]
        if not named:
            continue
        wholes = [_continued(page.rows, number, label, layout) for label in named]
        answers = [_answer(facts, layout, page.rows, number, whole) for whole in wholes]
        if not any(answers) and _is_over(page.rows, number, labelled):
            for name, found in _over(page.rows, number, named):
                _note(facts, name, *found)


def _past(page: Page, labelled: Labelled, layout: Layout) -> set[tuple[Row, Label]]:
    """Return the labels beside and under headings of what was billed at another time."""
    found: set[tuple[Row, Label]] = set()
    for number, row in enumerate(page.rows):
        if layout.headings.keys().isdisjoint(row.bare):
            continue
        for at, behind in _headings(row, layout):
            left = row.place(at).left - _FLUSH
            beside = row.place(behind).left if behind < len(row.bare) else inf
            if beside < inf and _DIGIT.search(row.bare[behind]):
                continue  # a line of the bill
            for under in [row, *_block(page.rows, number)]:
                for label in labelled.get(under, ()):
                    x = under.place(label.first).left
                    counted = under is row and FACTS[label.fact] in {"kwh", "days"}
                    if left < x < beside or (counted and x == beside):
                        found.add((under, label))
    return found


def _headings(row: Row, layout: Layout) -> Iterator[tuple[int, int]]:
    """Yield the first word of each cell that is such a heading, and the one behind it."""
    for at, word in enumerate(row.bare):
        for heading in layout.headings.get(word, ()):
            behind = at + len(heading)
            if row.bare[at:behind] != heading or not row.parted(at):
                continue
            if behind == len(row.bare) or row.parted(behind):
                yield at, behind


def _block(rows: list[Row], number: int) -> Iterator[Row]:
    """Yield the rows under one up to the first that stands apart."""
    for above, row in pairwise(rows[number:]):
        if row.top - above.bottom > above.bottom - above.top:
            return
        yield row


def _continued(rows: list[Row], number: int, label: Label, layout: Layout) -> Label:
    """Return an amount's label with what goes on in the line under it, as "After 07/01/2026"."""
    if FACTS[label.fact] != "money" or number + 1 == len(rows):
        return label
    row, node = rows[number], layout.labels
    for word in label.words:
        node = node.after[word]
    below = rows[number + 1]
    at = next((n for n, word in enumerate(below.bare) if word in node.after), None)
    if at is None or not (label.after == len(row.words) or row.parted(label.after)):
        return label
    if abs(below.place(at).left - row.place(label.first).left) > _FLUSH:
        return label
    found = [one for one in spelled(below, at, node) if FACTS[one.fact] == "money"]
    longer = max(found, key=lambda one: one.weight, default=None)
    if longer is None or _right(rows, number + 1, longer, layout):
        return label
    return label._replace(fact=longer.fact, words=longer.words)


def _is_strange(row: Row, at: int, layout: Layout) -> bool:
    if layout.strange is None:
        return False
    begin = max((edge for edge in row.edges if edge <= at), default=0)
    return layout.strange.search(row.text, begin, at) is not None


def _say(facts: Facts, row: Row, said: re.Match[str]) -> None:
    inside = range(said.start() + 1, said.end())
    if any(word.start() in inside and row.parted(at) for at, word in enumerate(row.words)):
        return  # no sentence, but what stands side by side
    for name, text in said.groupdict().items():
        if text is not None:
            _note(facts, name, *_read(name, text, 0, whole=True) or ())


def _is_over(rows: list[Row], number: int, labelled: Labelled) -> bool:
    """Tell whether what stands over a row of labels is higher than they are, and of no others."""
    row, above = rows[number], rows[number - 1]
    height = row.bottom - row.top
    if not number or _DIGIT.search(row.text) or labelled.get(above, True):
        return False
    if above.bottom - above.top < _HIGHER * height or row.top - above.bottom > height:
        return False
    other = rows[number - 2] if number > 1 else None
    return not (other and labelled.get(other) and above.top - other.bottom < height)


def _over(
    rows: list[Row], number: int, named: list[Label]
) -> Iterator[tuple[str, tuple[Known, ...]]]:
    """Yield the values that stand over a row's labels, none unless one is over each of them."""
    row, found = rows[number], []
    for label in named:
        box = row.box(row.words[label.first].start(), row.words[label.after - 1].end())
        cell = rows[number - 1].under(box.left, box.right) if _is_cell(row, label) else None
        if cell is None or FACTS[label.fact] in {"text", "serial"}:
            continue
        value = _read(label.fact, cell.text, 0, label.words, whole=True)
        if value:
            found.append((label, value))
    if {label.first for label in named} == {label.first for label, _ in found}:
        yield from ((label.fact, value) for label, value in found)


def _answer(facts: Facts, layout: Layout, rows: list[Row], number: int, label: Label) -> bool:
    for where in layout.facts[label.fact].where:
        find_it = _right if where == "right" else _below
        found = find_it(rows, number, label, layout)
        if found:
            _note(facts, label.fact, *found)
            facts.places.setdefault(label.fact, (rows[number], label.first))
            if label.fact == "service_to" and label.first:
                _note(facts, "period", *_since(rows[number], label, *found))
            return True
    return False


def _since(row: Row, label: Label, until: Known) -> tuple[Known, ...]:
    """Return both ends of a period whose first date stands right before "through"."""
    end = row.words[label.first - 1].end()
    date_ = next((said for said in _A_DATE.finditer(row.text, 0, end) if said.end() == end), None)
    since = values.day(date_[0]) if date_ and not row.parted(label.first) else None
    return (since, until) if since and isinstance(until, date) and since < until else ()


def _note(facts: Facts, name: str, *found: Known | None) -> None:
    if FACTS[name] == "period" and len(found) == 2:
        facts.add("service_from", found[0])
        facts.add("service_to", found[1])
    elif found:
        facts.add(name, found[0])


def _right(rows: list[Row], number: int, label: Label, layout: Layout) -> tuple[Known, ...] | None:
    row = rows[number]
    end = row.words[label.after - 1].end()
    between = _BETWEEN.match(row.text, end)
    at = between.end() if between else end
    if row.text.startswith(_OR, at):
        at = _translated(row, at, label, layout)
    if at >= len(row.text):
        return None
    kind = FACTS[label.fact]
    if kind == "text":
        return _text(row, at, label, layout)
    found = values.MATCH[kind].match(row.text, at)
    if not found and kind == "period":
        return _broken(rows, number, at)
    if not found or (_again(row, found.end(), label.fact) and not _joined(row, label, found)):
        return None
    marked = label.weight > 1 or row.words[label.after - 1][0].endswith(":")
    if (
        kind in {"date", "period", "money"}
        and not marked
        and _is_sentence(row, found.end(), layout)
    ):
        return None
    return _read(label.fact, row.text, at, label.words)


def _translated(row: Row, at: int, label: Label, layout: Layout) -> int:
    """Return where the cell behind a label's other language begins, the end where it is none."""
    cell = next((cell for cell in row.each_cell() if cell.at > at), None)
    other = any(spelled(row, label.after + 1, layout.labels))
    known = cell is not None and not other and not _DIGIT.search(row.text, at, cell.at)
    return cell.at if cell and known else len(row.text)


def _broken(rows: list[Row], number: int, at: int) -> tuple[Known, ...] | None:
    """Return a period whose second date stands under the first."""
    cell = next((cell for cell in rows[number].cells if cell.at == at), None)
    under = _under(rows, number, cell.left, cell.right) if cell else None
    return (
        _read("period", f"{cell.text} {under[1].text}", 0, whole=True) if cell and under else None
    )


def _text(row: Row, at: int, label: Label, layout: Layout) -> tuple[str] | None:
    if len(row.cells) > 2 and not any(map(str.isdigit, row.text)):
        return None  # a row of labels has no values
    marked = label.weight > 1 or row.words[label.after - 1][0].endswith(":")
    if not marked and not row.parted(label.after):
        return None  # a sentence
    cell = next(cell for cell in row.cells if cell.end > at)
    text = row.text[at : cell.end]
    return (text,) if _is_name(text, layout) else None


def _is_name(text: str, layout: Layout) -> bool:
    """Tell whether a cell is text such as a rate's name, and no label of something else."""
    node, words = layout.labels, bare(text)
    for word in words:
        if word not in node.after:
            break
        node = node.after[word]
    return not node.facts and len(words) <= _NAME and any(map(str.isalpha, text))


def _is_sentence(row: Row, end: int, layout: Layout) -> bool:
    """Tell whether words that are of no label follow a value in its cell."""
    for at, word in enumerate(row.words):
        if word.start() < end:
            continue
        if row.parted(at):
            return False
        if row.bare[at].isalpha() and row.bare[at] not in layout.words:
            return True
    return False


def _again(row: Row, end: int, name: str) -> bool:
    """Tell whether a value is followed by another of its kind: then it is one of a table's row."""
    between = _BETWEEN.match(row.text, end)
    again = values.MATCH[FACTS[name]].match(row.text, between.end() if between else end)
    return again is not None and FACTS[name] != "serial"


def _joined(row: Row, label: Label, found: re.Match[str]) -> bool:
    """Tell whether a value stands in its label's own cell, and what follows it in another."""
    behind = sum(word.start() < found.end() for word in row.words)
    return not row.parted(label.after) and row.parted(behind)


def _below(rows: list[Row], number: int, label: Label, layout: Layout) -> tuple[Known, ...] | None:
    row, kind = rows[number], FACTS[label.fact]
    if kind != "text" and not any(_DIGIT.search(other.text) for _, other in _close(rows, number)):
        return None
    box = row.box(row.words[label.first].start(), row.words[label.after - 1].end())
    under = _under(rows, number, box.left, box.right) if _is_cell(row, label) else None
    if under is None:
        return None
    at, cell = under
    found = _read(label.fact, cell.text, 0, label.words, whole=True)
    more = _under(rows, at, min(box.left, cell.left), max(box.right, cell.right))
    if found is None and more and kind in {"period", "date"}:
        return _read(label.fact, f"{cell.text} {more[1].text}", 0, label.words, whole=True)
    if found is None or kind == "text":
        alike = len(rows[at].cells) == len(row.cells)
        return found if alike and _is_name(cell.text, layout) else None
    # A column of them, none of which is the value.
    again = more and _read(label.fact, more[1].text, 0, label.words, whole=True)
    return None if again else found


def _is_cell(row: Row, label: Label) -> bool:
    """Tell whether a label stands alone: else it is part of a longer one, or a unit."""
    if row.bare[0] in UNITS and len(row.bare) == 1:
        return False  # an axis
    if any(map(row.parted, range(label.first + 1, label.after))):
        return False  # the headers of several columns
    if not row.parted(label.first):
        return False
    behind = row.bare[label.after] if label.after < len(row.words) else _OR
    return behind == _OR or row.parted(label.after)


def _under(rows: list[Row], number: int, left: float, right: float) -> tuple[int, Cell] | None:
    for at, other in _close(rows, number):
        cell = other.under(left, right)
        if cell:
            return at, cell
    return None


def _close(rows: list[Row], number: int) -> Iterator[tuple[int, Row]]:
    row = rows[number]
    lowest = row.bottom + _NEAR * (row.bottom - row.top)
    for at in range(number + 1, len(rows)):
        if rows[at].top > lowest:
            return
        yield at, rows[at]


def _read(
    name: str, text: str, at: int, label: tuple[str, ...] = ("kwh",), *, whole: bool = False
) -> tuple[Known, ...] | None:
    """Return the value of a fact that is printed at an offset, both ends of a period."""
    kind = FACTS[name]
    if kind == "text":
        return (text[at:],)
    found = values.MATCH[kind].match(text, at)
    if not found or (whole and found.end() != len(text)):
        return None
    if kind == "period":
        return values.period(found[1], found[2])
    value = _value(kind, found, label)
    return None if value is None else (value,)


def _value(kind: Value, found: re.Match[str], label: tuple[str, ...]) -> Known | None:
    if kind == "serial":
        return found[0]
    if kind == "date":
        return values.day(found[0])
    if kind == "kwh" and not any("kwh" in part for part in (*label, found[0].lower())):
        return None
    amount = values.amount(found[found.lastindex or 0])
    return None if amount is not None and kind == "kwh" and amount < 0 else amount
