"""What is judged after each artifact is all that it can have changed: the rest stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.errors import State
from harvester.judging import Judging
from harvester.model import (
    Account,
    Artifact,
    Bill,
    Component,
    DayTotal,
    Direction,
    Kind,
    LineItem,
    RegisterRead,
    Statement,
)
from harvester.profile import load
from harvester.store.catalog import Catalog
from harvester.store.findings import Found

NUMBER = "1234567001"
CAEC = load("caec")
DAY = timedelta(days=1)
MONTHS = (*range(8), *range(40, 48), 90)
"""Bills of two spells of months, years apart, and a later one."""
FIRST = date(2015, 1, 8)
REISSUED = MONTHS[2::5]
"""Months of which the bill is listed anew with another amount in a later list."""
START = datetime(2026, 1, 1, tzinfo=UTC)


class Document(NamedTuple):
    """A bill's document as it is read: mostly what it should be, else as drawn."""

    bill: int
    since: int = 0
    """Days by which the service begins later than it should."""
    until: int = 0
    price: str = "0.05"
    rate: str | None = "Farm"
    forward: str = "0"
    file: int | None = None
    """Which of a few files it is; by default one of its own."""
    state: State = State.OK
    multiplier: int = 1


class Feed(NamedTuple):
    """Totals of so many days from the beginning of a month on."""

    month: int
    days: int


class Facts(NamedTuple):
    """The account's rate."""

    rate: str


class Listing(NamedTuple):
    """The billing history, perhaps with bills in place of others."""

    anew: bool


Step = Document | Feed | Facts | Listing


def billed(month: int, *, anew: bool = False) -> Bill:
    day = FIRST + month * 30 * DAY
    owed = Decimal("99.00") if anew else Decimal("100.00") + month
    return Bill(NUMBER, "Regular", day, None, day - 4 * DAY, Decimal(1000), owed)


BILLS = [*map(billed, MONTHS), *(billed(month, anew=True) for month in REISSUED)]


def statement(bill: Bill, told: Document) -> Statement:
    since, until = (bill.billing_date - days * DAY for days in (34, 4))
    since, until = since + told.since * DAY, until + told.until * DAY
    price = Decimal(told.price)
    lines = (
        _line(Component.BALANCE_FORWARD, Decimal(told.forward)),
        _line(Component.DISTRIBUTION, 1000 * price, price),
    )
    read = RegisterRead(
        "M1", Direction.DELIVERED, since, until, Decimal(0), Decimal(1000),
        Decimal(told.multiplier), Decimal(1000), 1, 50, 300,
    )  # fmt: skip
    return Statement(
        account=NUMBER,
        layout="sample@1",
        billing_date=bill.billing_date,
        service_from=since,
        service_to=until,
        rate=told.rate,
        kwh=Decimal(1000),
        total=bill.amount,
        reads=(read,),
        lines=lines,
    )


def _line(component: Component, owed: Decimal, price: Decimal | None = None) -> LineItem:
    quantity = None if price is None else Decimal(1000)
    return LineItem(component, component, quantity, "kWh", price, owed, 1, 50, 300)


class Desk:
    """A home in which rows are written and judged as they are when an artifact is filed."""

    def __init__(self, home: Path) -> None:
        self.catalog = Catalog(home / "catalog.sqlite")
        self.account = self.catalog.account_id("caec", "member", NUMBER)
        self.run = self.catalog.begin_run("caec", "member", "run", START)
        self.filed = 0

    def take(self, step: Step) -> None:
        """Write what a step tells, and judge what it may have changed."""
        kind = {Feed: Kind.DAILY, Facts: Kind.ACCOUNT, Listing: Kind.BILL_LIST}
        artifact = self._artifact(kind.get(type(step), Kind.BILL_PDF))
        self.filed += 1
        sha = f"file {step.file}" if isinstance(step, Document) and step.file else f"{self.filed}"
        number = self.catalog.add_artifact(self.account, artifact, sha, self.run).id
        judging = self.judging(BILLS[step.bill].key if isinstance(step, Document) else "")
        judging.after(artifact, self._write(step, number))

    def _write(self, step: Step, number: int) -> list[date]:
        catalog, account = self.catalog, self.account
        if isinstance(step, Document):
            bill = BILLS[step.bill]
            catalog.bill_pdf(account, bill, step.state, number)
            if step.state is State.OK:
                catalog.upsert_statement(account, bill, statement(bill, step), number)
        elif isinstance(step, Listing):
            gone = {billed(month) for month in REISSUED} if step.anew else {*BILLS[len(MONTHS) :]}
            catalog.upsert_bills(account, [bill for bill in BILLS if bill not in gone], number)
        elif isinstance(step, Facts):
            catalog.upsert_account(account, Account(NUMBER, rate=step.rate), number)
        else:
            first = FIRST + 30 * step.month * DAY
            days = [first + n * DAY for n in range(step.days)]
            told = [
                DayTotal(NUMBER, day, "M1", Decimal(step.days), Decimal(day.toordinal()), None)
                for day in days
            ]
            catalog.upsert_days(account, told, number)
            return days
        return []

    def judging(self, bill: str = "") -> Judging:
        return Judging(self.catalog, CAEC, self.account, NUMBER, bill)

    def outcomes(self) -> list[Found]:
        return self.catalog.outcomes(self.account)

    def _artifact(self, kind: Kind) -> Artifact:
        at = START + self.filed * DAY
        return Artifact(kind, NUMBER, b"", "https://portal.example/", "", at, {})


@contextmanager
def desk() -> Iterator[Desk]:
    with TemporaryDirectory() as folder:
        made = Desk(Path(folder))
        yield made
        made.catalog.close()


def rarely(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([*[usual] * 6, *others])


DOCUMENTS: st.SearchStrategy[Step] = st.builds(
    Document,
    st.integers(0, len(BILLS) - 1),
    since=st.sampled_from([0, 0, 0, 1, -30, -1200]),
    until=st.sampled_from([0, 0, 0, 0, 15, 46, -44, -1200, 1200]),
    price=st.sampled_from(["0.05", "0.05", "0.06"]),
    rate=rarely("Farm", None),
    forward=rarely("0", "101.00"),
    file=st.sampled_from([None, None, 1, 2]),
    state=rarely(State.OK, State.WRONG_DOCUMENT),
    multiplier=st.sampled_from([1, 40]),
)
OTHERS: st.SearchStrategy[Step] = st.one_of(
    st.builds(Feed, st.sampled_from(MONTHS), st.integers(1, 40)),
    st.builds(Facts, st.sampled_from(["Farm", "Home"])),
    st.builds(Listing, st.booleans()),
)
STEPS = st.lists(st.one_of(*[DOCUMENTS] * 5, OTHERS), min_size=25, max_size=45)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_what_is_not_judged_again_would_come_out_as_it_is(steps: list[Step]) -> None:
    lists: list[Step] = [Listing(anew=False), Listing(anew=True), Feed(MONTHS[3], 40)]
    with desk() as made:
        for step in (*lists, *steps):
            made.take(step)
            kept = made.outcomes()
            made.judging().everything()
            assert made.outcomes() == kept, step
