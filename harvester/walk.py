"""How a portal is walked, as data: its sign-in, accounts, bills and graph, step by step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Word = Literal["user", "password", "account", "day"]
CELLS = ("billing_date", "amount", "due_date", "read_date", "net_kwh", "kind")
"""What a row of a billing history may say; the first two it has to."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Step(_Strict):
    """One thing done: open a route, click a control, or put a word into a field or a list."""

    open: str | None = None
    click: str | None = None
    fill: str | None = None
    choose: str | None = None
    """A list of choices; the one that holds the word is taken."""
    word: Word | None = Field(default=None, alias="with")

    @property
    def place(self) -> str:
        """The locator that it is about; empty where it opens a route."""
        return self.click or self.fill or self.choose or ""

    @model_validator(mode="after")
    def _one_thing(self) -> Step:
        told = [way for way in (self.open, self.click, self.fill, self.choose) if way]
        if len(told) != 1 or bool(self.word) is not bool(self.fill or self.choose):
            message = "a step is one of open, click, or fill or choose with a word"
            raise ValueError(message)
        return self


Steps = tuple[Step, ...]


class Labelled(_Strict):
    """One account, its number beside a label of `labels.number`."""

    by: Literal["label"]


class Listed(_Strict):
    """Controls, each named by an account's number, that open the account when clicked."""

    by: Literal["list"]
    each: str


class Picked(_Strict):
    """A list of choices, each of which holds an account's number."""

    by: Literal["picker"]
    picker: str
    then: Steps = ()


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        message = f"{text!r} is no regular expression: {error}"
        raise ValueError(message) from None
    return text


class Accounts(_Strict):
    """Where the accounts of a sign-in are shown, and how one becomes the selected one."""

    open: Steps = Field(min_length=1)
    number: Annotated[str, AfterValidator(_pattern)] = r"\d{7}-?\d{3}"
    """What an account's number looks like."""
    shown: Annotated[Labelled | Listed | Picked, Field(discriminator="by")]

    def names(self) -> tuple[str, ...]:
        """Return the locators of the page that it opens."""
        return _named(self.shown)

    @model_validator(mode="after")
    def _opens(self) -> Accounts:
        if not self.open[0].open:
            message = "open begins with a route, so that a session that was kept can be tried"
            raise ValueError(message)
        return self


class Cell(_Strict):
    """Where a row says something: under one of these headers, or at a selector within the row."""

    header: tuple[str, ...] = ()
    css: str | None = None
    take: Annotated[str, AfterValidator(_pattern)] | None = None
    """What of the text is meant: the first group of a regular expression."""

    @model_validator(mode="after")
    def _one_place(self) -> Cell:
        if bool(self.header) is bool(self.css):
            message = "a cell is found either by header or by css"
            raise ValueError(message)
        if self.take is not None and re.compile(self.take).groups != 1:
            message = "take has exactly one group"
            raise ValueError(message)
        return self


class AtOnce(_Strict):
    """All bills are on one page."""

    by: Literal["page"] = "page"


class Scroll(_Strict):
    """More bills come as the last one is scrolled into view, until `end` is shown."""

    by: Literal["scroll"]
    end: str


class Older(_Strict):
    """A control shows more or older bills, as long as there is one."""

    by: Literal["button"]
    button: str


class Choices(_Strict):
    """Each choice of a list, such as a month, shows its own bills."""

    by: Literal["choices"]
    picker: str
    then: Steps = ()


class Bills(_Strict):
    """The billing history."""

    open: Steps = Field(min_length=1)
    rows: str
    """Each row, card or item that is a bill."""
    cells: Mapping[Literal["billing_date", "amount", "due_date", "read_date", "net_kwh", "kind"],
                   Cell]  # fmt: skip
    dates: str = "%m/%d/%Y"
    """How days are printed, as strftime has it."""
    pdf: str
    """Within a row, what hands over its document."""
    more: Annotated[AtOnce | Scroll | Older | Choices, Field(discriminator="by")] = AtOnce()

    def names(self) -> tuple[str, ...]:
        """Return the locators of the page that it opens."""
        return (*_named(self.more), self.rows, self.pdf)

    @model_validator(mode="after")
    def _needed(self) -> Bills:
        lacking = [name for name in CELLS[:2] if name not in self.cells]
        if lacking:
            message = f"cells lacks {' and '.join(lacking)}"
            raise ValueError(message)
        return self


class DayField(_Strict):
    """The day is put into a field."""

    by: Literal["field"]
    steps: Steps = Field(min_length=1)
    format: str = "%Y-%m-%d"
    """How it is written, as strftime has it; a date field of a browser wants just this one."""


class DayButtons(_Strict):
    """The day is reached step by step; `shown` says which one it is."""

    by: Literal["buttons"]
    earlier: str
    later: str
    shown: str


class Usage(_Strict):
    """The page of the hourly graph."""

    open: Steps = Field(min_length=1)
    meters: str | None = None
    """A list of choices with the account's meters, where it can have several."""
    day: Annotated[DayField | DayButtons, Field(discriminator="by")]
    empty: str | None = None
    """What is shown in place of the graph of a day that has no data."""
    unit: Literal["kWh", "Wh", "MWh"] = "kWh"
    """Of graphs that print none; one that prints another is not taken."""
    delivered: tuple[str, ...] = ()
    """Names of the series of used energy; a graph of one series may name it otherwise."""
    received: tuple[str, ...] = ()
    """Names of the series of energy that the member gave."""
    seconds: Annotated[float, Field(gt=0)] = 15
    """How long a graph may take to be drawn."""

    def names(self) -> tuple[str, ...]:
        """Return the locators of the page that it opens, beside those of its steps."""
        day = self.day
        buttons = (day.earlier, day.later, day.shown) if isinstance(day, DayButtons) else ()
        return tuple(name for name in (self.meters, *buttons, self.empty) if name)


class Walk(_Strict):
    """What a portal has, and how it is reached; what is not told of is not there."""

    sign_in: Steps = ()
    """From the page of the route `login` on; a second page is a step like any other."""
    accounts: Accounts | None = None
    bills: Bills | None = None
    usage: Usage | None = None
    dismiss: tuple[str, ...] = ()
    """Controls that are clicked away wherever they cover the page."""

    def routes(self) -> set[str]:
        """Return every route that a step opens."""
        return {step.open for step in self._steps() if step.open}

    def locators(self) -> set[str]:
        """Return every locator that is named."""
        found = {step.place for step in self._steps() if step.place} | {*self.dismiss}
        for part in (self.accounts, self.bills, self.usage):
            found |= set(part.names() if part else ())
        return found

    def ways(self) -> tuple[str, ...]:
        """Return the controls that lead from one page to another."""
        parts = (self.accounts, self.bills, self.usage)
        return tuple(step.place for part in parts if part for step in part.open if step.place)

    def first_page(self) -> tuple[str, ...]:
        """Return the locators that the page of the sign-in has before anything is typed."""
        places = [step.place for step in self.sign_in]
        clicks = [n for n, step in enumerate(self.sign_in, 1) if step.click]
        return tuple(places[: min(clicks, default=None)])

    def kinds(self) -> dict[str, str]:
        """Return what a locator stands for, in the words of `likeness`, where it is just one."""
        found: dict[str, str] = {}
        for step in self._steps():
            field = "password" if step.word == "password" else "field"
            kind = "control" if step.click else field if step.fill else "choice"
            if step.place:
                found[step.place] = kind
        for way in (self.accounts and self.accounts.shown, self.bills and self.bills.more):
            if isinstance(way, Picked | Choices):
                found[way.picker] = "choice"
            elif isinstance(way, Older):
                found[way.button] = "control"
        if self.usage and self.usage.meters:
            found[self.usage.meters] = "choice"
        if self.usage and isinstance(self.usage.day, DayButtons):
            found |= dict.fromkeys((self.usage.day.earlier, self.usage.day.later), "control")
        return found

    def _steps(self) -> Iterator[Step]:
        yield from self.sign_in
        if self.accounts:
            yield from self.accounts.open
            yield from getattr(self.accounts.shown, "then", ())
        if self.bills:
            yield from self.bills.open
            yield from getattr(self.bills.more, "then", ())
        if self.usage:
            yield from self.usage.open
            yield from getattr(self.usage.day, "steps", ())


def _named(way: BaseModel) -> tuple[str, ...]:
    """Return the locators that a variant names."""
    names = (getattr(way, field, None) for field in ("each", "picker", "end", "button"))
    return tuple(name for name in names if name)
