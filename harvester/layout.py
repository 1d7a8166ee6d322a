"""How a printed bill is laid out, as data: what its labels are called and where values stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from harvester.model import Component

MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"
_YEAR = r"(?:\d{4}|\d\d)(?!\d)"
DATE = (
    rf"(?<![\d/])(?:\d{{1,2}}/\d{{1,2}}/{_YEAR}(?!/)"
    rf"|(?<!-)(?:\d{{1,2}}-\d{{1,2}}-{_YEAR}|\d{{4}}-\d\d-\d\d(?!\d))(?!-\d)"
    rf"|{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}(?!\d)"
    rf"|\d{{1,2}}[\s-]{MONTH}[\s,-]*{_YEAR})"
)
SHORT_DATE = rf"(?<![\d/-])(?:\d{{1,2}}/\d{{1,2}}(?![\d/])|{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?)"
_SIGN = r"[-\u2212\u2013+]"
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
MONEY = (
    rf"(?<![\w.,/$-])(?:\(\s?\$?\s?{_DIGITS}?\.\d\d\s?\)|\(\s?\$\s?{_DIGITS}\s?\)"
    rf"|\$\s?\(\s?{_DIGITS}?\.\d\d\s?\)"
    rf"|{_SIGN}?\s?\$\s?{_SIGN}?\s?(?:{_DIGITS}(?:\.\d\d)?|\.\d\d)(?:\s?(?:CR\b|-(?![\w$])))?"
    rf"|{_SIGN}?{_DIGITS}?\.\d\d(?:\s?CR\b|-(?![\w$]))?)(?![.,]?\d|\s?%|/\w)"
)
NUMBER = rf"(?<![\w.,/$-]){_SIGN}?(?:{_DIGITS}(?:\.\d+)?|\.\d+)(?![.,]?\d|[/:%-]\d|\s?%)"
_KNOWN = {"date": DATE, "money": MONEY, "number": NUMBER}

Value = Literal["date", "period", "money", "number", "kwh", "days", "text", "serial"]
FACTS: dict[str, Value] = {
    "billing_date": "date",
    "due_date": "date",
    "period": "period",
    "service_from": "date",
    "service_to": "date",
    "days": "days",
    "rate": "text",
    "kwh": "kwh",
    "received_kwh": "kwh",
    "current_charges": "money",
    "levelized": "money",
    "total": "money",
    "this_bill": "money",
    "after_due": "money",
    "meter": "serial",
    "previous": "number",
    "present": "number",
    "multiplier": "number",
}
"""What labels may stand for, and what kind of value each has.

What a bill calls its own amount is its total where no other is told and its lines sum to it.
"""

READ_COLUMNS = {
    "meter", "register", "service_from", "service_to", "period", "days", "previous", "present",
    "multiplier", "kwh", "other",
}  # fmt: skip
LINE_COLUMNS = {"label", "quantity", "unit", "price", "amount", "other"}


def _pattern(text: object) -> re.Pattern[str]:
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is no regular expression")  # noqa: TRY004 - pydantic's way
    for name, pattern in _KNOWN.items():
        text = text.replace(f"{{{name}}}", pattern)
    try:
        return re.compile(text, re.IGNORECASE | re.MULTILINE)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None


Pattern = Annotated[re.Pattern[str], BeforeValidator(_pattern)]
"""A regular expression, case ignored; `{date}`, `{money}` and `{number}` stand for any of those."""


def bare(text: str) -> tuple[str, ...]:
    """Return printed words as labels are compared: without case and punctuation around them."""
    return tuple([word.strip(":;.,*()[]|") or word for word in text.casefold().split()])


def _any(patterns: Sequence[re.Pattern[str]]) -> re.Pattern[str] | None:
    joined = "|".join(f"(?:{pattern.pattern})" for pattern in patterns)
    return re.compile(joined, re.IGNORECASE | re.MULTILINE) if patterns else None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Fact(_Strict):
    """Labels of one fact, word by word, `{date}` standing for any date; where its value stands."""

    labels: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)
    where: tuple[Literal["right", "below"], ...] = Field(default=("right",), min_length=1)
    """Tried in this order: on the same line right behind the label, or in the line under it."""


class Columns(_Strict):
    """A table that is known by its headers."""

    columns: Mapping[str, tuple[str, ...]]
    """Headers by what stands under them; a header of several lines is read downwards."""
    needs: tuple[str, ...]
    """Columns without which it is another table."""
    skip: Pattern | None = None
    """Rows that are none of this table's business."""

    @cached_property
    def headers(self) -> dict[str, str]:
        """Columns by their headers as labels are compared."""
        heads = ((name, head) for name, heads in self.columns.items() for head in heads)
        return {" ".join(bare(head)): name for name, head in heads}

    @cached_property
    def spelled(self) -> dict[str, list[tuple[tuple[str, ...], str]]]:
        """Headers as words with their column, by their first word, those of most words first."""
        found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for header, name in sorted(self.headers.items(), key=lambda pair: -pair[0].count(" ")):
            words = tuple(header.split())
            found.setdefault(words[0], []).append((words, name))
        return found

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of headers."""
        return frozenset(word for header in self.headers for word in header.split())

    @cached_property
    def first_words(self) -> list[frozenset[str]]:
        """Words of which each needed column's header has one."""
        return [frozenset(bare(head)[0] for head in self.columns[name]) for name in self.needs]

    @model_validator(mode="after")
    def _known(self) -> Columns:
        unknown = [name for name in self.needs if name not in self.columns]
        if unknown or not self.needs:
            raise ValueError(f"needs names no column: {', '.join(unknown)}")
        return self


class Reads(Columns):
    """The table of register reads."""

    received: Pattern | None = None
    """Rows of the register that counts what the member delivers to the utility."""
    parts: Pattern | None = None
    """Names of registers of one meter that may be summed."""
    others: Pattern | None = None
    """Beginnings of rows and of tables' titles that are about what is no electricity."""

    @model_validator(mode="after")
    def _columns(self) -> Reads:
        _only(self.columns, READ_COLUMNS)
        return self


class Charges(_Strict):
    """Where the lines of a bill are, and how one is printed."""

    table: Columns | None = None
    """A table with a column for each part of a line; else lines are read by the patterns."""
    start: tuple[Pattern, ...] = ()
    """Beginnings of rows after which every amount is a line, until a total or a stop."""
    stop: tuple[Pattern, ...] = ()
    """Beginnings of rows that end the lines on their page, such as a payment stub."""
    kept: Pattern | None = None
    """Beginnings of rows under which, after a stop, is what the member keeps."""
    lines: tuple[Pattern, ...] = ()
    """One line each, with groups label, amount and perhaps quantity, unit and price."""
    skip: Pattern | None = None
    """Labels of amounts that are no lines, such as sums of them."""
    anywhere: bool = False
    """Whether a line whose label names a component counts outside of start and stop too."""

    @cached_property
    def starts(self) -> re.Pattern[str] | None:
        """Any start."""
        return _any(self.start)

    @cached_property
    def plain(self) -> list[re.Pattern[str]]:
        """Lines of a label and an amount alone."""
        return [line for line in self.lines if {"quantity", "price"}.isdisjoint(line.groupindex)]

    @cached_property
    def stops(self) -> re.Pattern[str] | None:
        """Any stop."""
        return _any(self.stop)

    @model_validator(mode="after")
    def _groups(self) -> Charges:
        if self.table:
            _only(self.table.columns, LINE_COLUMNS)
        for line in self.lines:
            groups = set(line.groupindex)
            if not {"label", "amount"} <= groups <= LINE_COLUMNS:
                raise ValueError("a pattern of a line has the groups label and amount, and perhaps"
                                 " quantity, unit and price")  # fmt: skip
        return self


class Named(_Strict):
    """What a line is about, told by its label."""

    label: Pattern
    component: Component


class Layout(_Strict):
    """One utility's bill as it was printed at one time."""

    id: str
    version: int = Field(gt=0)
    recognize: tuple[Pattern, ...] = ()
    """All of them are found in the text of a bill that has this layout."""
    facts: Mapping[str, Fact]
    sentences: tuple[Pattern, ...] = ()
    """Facts in running text, as named groups."""
    strange: Pattern | None = None
    """Words before a sentence by which it is about others than this bill."""
    past: tuple[str, ...] = ()
    """Headings of what was billed at another time: labels beside and under them are passed over."""
    reads: Reads | None = None
    charges: Charges = Charges()
    components: tuple[Named, ...] = ()
    """The first that is found in a line's label says what it is about."""

    @model_validator(mode="after")
    def _facts(self) -> Layout:
        _only(self.facts, FACTS)
        for sentence in self.sentences:
            _only(sentence.groupindex, FACTS)
        return self

    @property
    def name(self) -> str:
        """Name and version, as statements keep it."""
        return f"{self.id}@{self.version}"

    @cached_property
    def component(self) -> Callable[[str], Component | None]:
        """Tell what a line is about by its label, None where no rule knows it.

        Bills of one layout repeat their labels, so what was told is remembered.
        """
        known = _any([named.label for named in self.components])

        @lru_cache(maxsize=4096)
        def told(label: str) -> Component | None:
            if known is None or not known.search(label):
                return None
            return next(named.component for named in self.components if named.label.search(label))

        return told

    @cached_property
    def headings(self) -> dict[str, set[tuple[str, ...]]]:
        """Headings of the past as they are compared, by their first words."""
        found: dict[str, set[tuple[str, ...]]] = {}
        for heading in map(bare, self.past):
            found.setdefault(heading[0], set()).add(heading)
        return found

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of labels."""
        every = (label for fact in self.facts.values() for label in fact.labels)
        return frozenset(word for label in every for word in bare(label))

    @cached_property
    def labels(self) -> Spelling:
        """All labels, word by word."""
        root = Spelling()
        for name, fact in self.facts.items():
            for label in fact.labels:
                node, words = root, bare(label)
                for word in words:
                    node = node.after.setdefault(word, Spelling())
                weight = sum(word != "{date}" for word in words)
                node.facts.append((name, words, weight))
        return root


@dataclass
class Spelling:
    """What labels end here, and how others go on from here, by their next word."""

    facts: list[tuple[str, tuple[str, ...], int]] = field(default_factory=list)
    """Fact, words, and how many of the words are spelled out."""
    after: dict[str, Spelling] = field(default_factory=dict)


def _only(names: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")
