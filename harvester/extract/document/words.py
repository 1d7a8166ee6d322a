"""A PDF as rows of text from top to bottom, with boxes of their words for whoever asks.

Text costs PDFium little and boxes much, so a page's text is taken once and a box only where a
layout needs to know a place.
"""

from __future__ import annotations

import ctypes
import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import NamedTuple

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from harvester.layout import bare

_LINE = re.compile(r"[^\r\n]*[^\s\0][^\r\n]*")
_WORD = re.compile(r"\S+")
_WIDE = re.compile(r"[\U00010000-\U0010ffff]")
_GAP = 1.2
"""Gap between two cells, in mean widths of the characters beside it: a blank is narrower."""
_LEAST, _MOST = 0.4, 0.75
"""The same in heights of the row: no cells are closer, and no blank is wider."""
_LEVEL = 0.4
"""How far apart, in heights, the middles of two pieces of one row may be."""


_LETTERS = 4
"""A page with more lines to a row is one whose letters are lines to PDFium."""
_CHAR_BOX = pdfium.FPDFText_GetLooseCharBox
_OPENING = frozenset({"$", "-$", "("})
"""What belongs to the amount behind it, however far it stands from it."""
_TOUCH = 0.12
"""Pieces of a row that are no further apart, in heights, are of one word.

Where PDFium takes a page for one that is written downwards, each letter is a line to it.
"""


_DOLLARS = re.compile(r"\$\s?\d[\d,]*$")
_SMALLER = re.compile(r"\$\s?\d[\d,]*?\s?(\d\d)(?![.,]|\s?\d)")
"""Dollars, and cents that may be set smaller than they are, without a point."""
_SMALL = 0.9
"""Cents are no higher, in heights of their dollars."""


class Box(NamedTuple):
    """A place on a page, in points from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float


_box = tuple.__new__
"""What a named tuple does slowly, for there are hundreds a page."""


class Cell(NamedTuple):
    """Words of a row that stand close together; `at` and `end` are offsets into its text."""

    text: str
    at: int
    end: int
    left: float
    right: float


class _Piece(NamedTuple):
    text: str
    start: int
    box: Box


class Row:
    """What stands on one level of a page, from left to right."""

    def __init__(self, page: Page, pieces: list[_Piece]) -> None:
        self.page, self.text = page, pieces[0].text
        _, self.top, _, self.bottom = pieces[0].box
        self._starts, self._offsets = [pieces[0].start], [0]
        if len(pieces) > 1:
            self._join(pieces)
        self._parted = {0: True}
        self.bare = bare(self.text)
        """The row's words as labels are compared."""

    def _join(self, pieces: list[_Piece]) -> None:
        pieces.sort(key=lambda piece: piece.box.left)
        self.top = min(piece.box.top for piece in pieces)
        self.bottom = max(piece.box.bottom for piece in pieces)
        self.text = pieces[0].text
        self._starts = [pieces[0].start]
        for before, piece in pairwise(pieces):
            last = self.page.box(before.start + len(before.text) - 1)
            touches = piece.box.left - last.right < _TOUCH * (last.bottom - last.top)
            between = "" if touches else " "
            if len(piece.text) == 2 and piece.text.isdecimal() and _DOLLARS.search(self.text):
                between = "." if _are_cents(last, self.page.box(piece.start)) else " "
            self._offsets.append(len(self.text) + len(between))
            self._starts.append(piece.start)
            self.text += f"{between}{piece.text}"

    def box(self, at: int, end: int) -> Box:
        """Return the box of what stands from one offset up to another."""
        return self.page.box(self._index(at), self._index(end - 1))

    def _index(self, offset: int) -> int:
        if len(self._offsets) == 1:
            return self._starts[0] + offset
        piece = bisect_right(self._offsets, offset) - 1
        return self._starts[piece] + offset - self._offsets[piece]

    def place(self, number: int) -> Box:
        """Return the box of a word by its number."""
        word = self.words[number]
        return self.box(word.start(), word.end())

    def parted(self, number: int) -> bool:
        """Tell whether more than a blank stands before a word: then a cell begins with it."""
        known = self._parted.get(number)
        if known is None:
            known = self._parted[number] = self._is_parted(number)
        return known

    def _is_parted(self, number: int) -> bool:
        """Tell so by where the words stand."""
        before, word = self.words[number - 1], self.words[number]
        box, index = self.page.box, self._index
        last, first = box(index(before.end() - 1)), box(index(word.start()))
        gap, height = first.left - last.right, first.bottom - first.top
        if not _LEAST * height < gap < _MOST * height:
            return gap > _LEAST * height
        drawn = last.right - box(index(before.start())).left
        drawn += box(index(word.end() - 1)).right - first.left
        return gap > _GAP * drawn / (len(before[0]) + len(word[0]))

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The row's words, those joined between which there is no more than a blank."""
        return tuple(self.each_cell())

    def each_cell(self) -> Iterator[Cell]:
        """Yield the cells one by one, for whoever needs the first ones only."""
        at, words, last = 0, self.words, len(self.words)
        for number, word in enumerate(words, 1):
            end = word.end()
            if number < last and (
                not self.parted(number) or (end - at < 3 and self.text[at:end] in _OPENING)
            ):
                continue
            box = self.box(at, end)
            yield Cell(self.text[at:end], at, end, box.left, box.right)
            if number < last:
                at = words[number].start()

    @cached_property
    def words(self) -> tuple[re.Match[str], ...]:
        """The row's words as matches in its text."""
        return tuple(_WORD.finditer(self.text))

    @cached_property
    def edges(self) -> frozenset[int]:
        """Offsets at which cells begin."""
        return frozenset(cell.at for cell in self.cells)

    def under(self, left: float, right: float) -> Cell | None:
        """Return the cell that shares most of this width, if any does."""
        shared = [(min(c.right, right) - max(c.left, left), c) for c in self.cells]
        best = max(shared, key=lambda pair: pair[0])
        return best[1] if best[0] > 0 else None


class Page:
    """One page: its number from 1, its text as PDFium reads it, and its rows."""

    def __init__(self, number: int, page: pypdfium2.PdfPage) -> None:
        self.number = number
        self._read = page.get_textpage()
        text = self._read.get_text_range()
        # PDFium counts in UTF-16: a wide character is two of its characters.
        # It marks a hyphen at the end of a line as U+FFFE.
        wide = "" if text.isascii() else _WIDE.sub("\ufffd\ufffd", text).replace("\ufffe", "-")
        self.text = wide or text
        self._exact = len(self.text) == self._read.count_chars()
        self._left, _, _, self._top = page.get_bbox()
        self._boxes: dict[int, Box] = {}
        self._raw, self._at = self._read.raw, pdfium.FS_RECTF()
        self._here = ctypes.byref(self._at)

    def box(self, first: int, last: int | None = None) -> Box:
        """Return the box from one character of the text to another, as high as the first's font."""
        one = self._boxes.get(first) or self._drawn(first)
        if last is None or last == first:
            return one
        other = self._boxes.get(last) or self._drawn(last)
        return _box(Box, (one[0], one[1], other[2], one[3]))

    def _drawn(self, index: int) -> Box:
        at = self._at
        _CHAR_BOX(self._raw, index if self._exact else self._place(index), self._here)
        left, top = self._left, self._top
        box = _box(Box, (at.left - left, top - at.top, at.right - left, top - at.bottom))
        self._boxes[index] = box
        return box

    def _place(self, index: int) -> int:
        """Return PDFium's own index: it keeps characters that it leaves out of the text."""
        if self._exact:
            return index
        return int(pdfium.FPDFText_GetCharIndexFromTextIndex(self._raw, index))

    @cached_property
    def rows(self) -> list[Row]:
        """The rows from top to bottom, whatever order they were drawn in."""
        pieces = []
        smaller = _SMALLER.search(self.text) is not None
        for line in _LINE.finditer(self.text):
            whole = line[0]
            text = whole.strip()
            start = line.start() + whole.index(text)
            one = self._drawn(start)
            parts = [*self._with_cents(text, start)] if smaller else ()
            if len(parts) > 1:
                pieces.extend(parts)
            elif " " not in text or self._is_level(one, start + len(text) - 1):
                pieces.append(_Piece(text, start, one))
            else:
                pieces.extend(self._split(text, start))
        self._lower(pieces)
        pieces.sort(key=lambda piece: piece.box.top + piece.box.bottom)
        level: list[list[_Piece]] = []
        middle, height = -inf, 0.0
        for piece in pieces:
            _, top, _, bottom = piece.box
            if top + bottom - middle <= 2 * _LEVEL * min(height, bottom - top):
                level[-1].append(piece)
            else:
                level.append([piece])
            middle, height = top + bottom, bottom - top
        return [Row(self, pieces) for pieces in level]

    def _is_level(self, one: Box, index: int) -> bool:
        _CHAR_BOX(self._raw, index if self._exact else self._place(index), self._here)
        above = self._top - one.top
        return bool(abs(above - self._at.top) < _LEVEL * (one.bottom - one.top))

    @cached_property
    def said(self) -> str:
        """Text in lines: PDFium's own, or the rows' where each letter is a line to it."""
        downwards = self.text.count("\n") > _LETTERS * len(self.rows)
        return "\n".join(row.text for row in self.rows) if downwards else self.text

    def _with_cents(self, text: str, start: int) -> Iterator[_Piece]:
        """Yield a line with cents that are smaller than their dollars apart."""
        at = 0
        for said in _SMALLER.finditer(text):
            dollars = len(text[: said.start(1)].rstrip())
            last, first = (self.box(start + n) for n in (dollars - 1, said.start(1)))
            if _are_cents(last, first):
                yield _Piece(text[at:dollars], start + at, self.box(start + at))
                yield _Piece(said[1], start + said.start(1), first)
                at = said.end() + len(text[said.end() :]) - len(text[said.end() :].lstrip())
        if at < len(text):
            yield _Piece(text[at:], start + at, self.box(start + at))

    def _lower(self, pieces: list[_Piece]) -> None:
        """Put cents that are drawn higher on the level of the dollars before them."""
        small = [n for n, piece in enumerate(pieces) if len(piece.text) == 2]
        whole = [piece for piece in pieces if _DOLLARS.search(piece.text)] if small else []
        for piece in whole:
            last = self.box(piece.start + len(piece.text) - 1)
            for number in small:
                cents = pieces[number]
                if cents.text.isdecimal() and _are_cents(last, cents.box):
                    box = cents.box._replace(top=piece.box.top, bottom=piece.box.bottom)
                    pieces[number] = cents._replace(box=box)

    def _split(self, text: str, start: int) -> Iterator[_Piece]:
        """Yield the levels of what PDFium took for one line, text that stands upright as it is."""
        cuts = [0]
        if not pdfium.FPDFText_GetCharAngle(self._raw, self._place(start)):
            drawn = [at for at, character in enumerate(text) if not character.isspace()]
            cuts += [at for before, at in pairwise(drawn)
                     if not _level(self.box(start + before), self.box(start + at))]  # fmt: skip
        for first, behind in pairwise([*cuts, len(text)]):
            yield _Piece(text[first:behind].rstrip(), start + first, self.box(start + first))


def _are_cents(dollars: Box, cents: Box) -> bool:
    """Tell whether two digits are set smaller, right behind a number and beside it."""
    height = dollars.bottom - dollars.top
    near = abs(cents.left - dollars.right) < _LEAST * height
    beside = cents.top < dollars.bottom and cents.bottom > dollars.top
    return near and beside and cents.bottom - cents.top <= _SMALL * height


def _level(one: Box, other: Box) -> bool:
    apart = abs(one.top + one.bottom - other.top - other.bottom) / 2
    return apart <= _LEVEL * min(one.bottom - one.top, other.bottom - other.top)


@contextmanager
def opened(content: bytes) -> Iterator[list[Page]]:
    """Open a PDF and give its pages, which can be asked for boxes until it is closed.

    Raises pypdfium2.PdfiumError where it does not open.
    """
    with pypdfium2.PdfDocument(content) as document:
        pages = [Page(number, page) for number, page in enumerate(document, 1)]
        yield pages
        for page in pages:  # each row knows its page: else they are garbage for the collector
            vars(page).pop("rows", None)
