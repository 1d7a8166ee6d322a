"""Everything that a sandbox bill prints comes back as the sandbox's own truth has it."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from itertools import pairwise

import pytest
from made import CAEC, GENERIC, document

from harvester.errors import State
from harvester.model import Bill, Component, Direction, LineItem, RegisterRead, Statement
from harvester.profile import Profile
from harvester.sandbox import nouns
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.world import World

HOME, SOLAR, MULTIPLIED, CORRECTED, NEW = (
    "1000101001", "1000202001", "1000303002", "1000303003", "1000505001",
)  # fmt: skip
LIT = "1000404028"
ACCOUNTS = (
    HOME, SOLAR, "1000303001", MULTIPLIED, CORRECTED, NEW, "1000404001", "1000404002",
    "1000404007", "1000404013", "1000404014", "1000404021", LIT,
)  # fmt: skip
WORLD = World()


@cache
def printed(bill_id: str) -> bytes:
    return render(WORLD, WORLD.bill(bill_id))


def listed(bill: nouns.Bill) -> Bill:
    """Return a bill as the billing history lists it."""
    kwh = Decimal(bill.kwh)
    return Bill(
        bill.account, bill.kind, bill.billing_date, bill.due_date, bill.read_date, kwh, bill.total
    )


def read(bill: nouns.Bill, profile: Profile = CAEC) -> Statement:
    rows = document(printed(bill.id), listed(bill), profile)
    assert rows.document is State.OK
    assert [f.rule for f in rows.findings] == ([] if profile is CAEC else ["unknown-layout"])
    assert rows.statement is not None
    return rows.statement


def facts(bill: nouns.Bill) -> dict[str, object]:
    account = WORLD.account(bill.account)
    names = (
        "account", "billing_date", "due_date", "service_from", "service_to", "days", "kwh",
        "received_kwh", "current_charges", "levelized", "total", "after_due",
    )  # fmt: skip
    rate = account.rate + (", assumed rate (simulated)" if account.rate_assumed else "")
    return {name: getattr(bill, name) for name in names} | {"rate": rate}


def registers(bill: nouns.Bill) -> list[tuple[object, ...]]:
    return [
        (
            read.number,
            Direction.RECEIVED if read.channel == "received" else Direction.DELIVERED,
            read.service_from,
            read.service_to,
            read.previous,
            read.present,
            read.multiplier,
            read.kwh,
        )
        for read in bill.meters
    ]


def register(read: RegisterRead) -> tuple[object, ...]:
    return (
        read.meter,
        read.direction,
        read.service_from,
        read.service_to,
        read.previous,
        read.present,
        read.multiplier,
        read.kwh,
    )


def item(line: LineItem | nouns.Line) -> tuple[object, ...]:
    component = Component(line.component)
    return line.label, component, line.quantity, line.unit, line.unit_price, line.amount


def assert_equal(statement: Statement, bill: nouns.Bill) -> None:
    truth = facts(bill)
    assert {name: getattr(statement, name) for name in truth} == truth
    assert [register(read) for read in statement.reads] == registers(bill)
    assert [item(line) for line in statement.lines] == [item(line) for line in bill.lines]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_fact_read_and_line_of_every_bill_is_the_truth(account: str) -> None:
    bills = WORLD.bills(account)
    assert len(bills) >= (4 if account == NEW else 24)
    for bill in bills:
        statement = read(bill)
        assert statement.layout == "sample-coop@1"
        assert_equal(statement, bill)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_rules_for_any_bill_read_the_same_of_a_layout_that_they_do_not_know(account: str) -> None:
    for bill in WORLD.bills(account)[::5]:
        statement = read(bill, GENERIC)
        assert statement.layout == "generic@1"
        assert_equal(statement, bill)


def test_the_accounts_have_what_is_hard_to_read() -> None:
    """Hold that the bills above are not all alike, so that their equality means something."""
    bills = {account: WORLD.bills(account) for account in ACCOUNTS}
    assert any(len({read.number for read in bill.meters}) > 1 for bill in bills[HOME])
    assert any(bill.levelized is not None for bill in bills[HOME])
    assert all(bill.received_kwh is not None for bill in bills[SOLAR])
    assert any(new.kind == "Corrected" for new, _ in pairwise(bills[CORRECTED]))
    assert {read.multiplier for bill in bills[MULTIPLIED] for read in bill.meters} == {40}
    assert all(sum(line.component == "light" for line in bill.lines) == 22 for bill in bills[LIT])


def test_lines_over_a_page_break_stand_where_they_are_printed() -> None:
    statement = read(WORLD.bills(LIT)[0])
    pages = [line.page for line in statement.lines]
    assert pages == sorted(pages)
    assert set(pages) == {1, 2}
    for above, below in pairwise(statement.lines):
        assert above.page < below.page or above.y < below.y
    # The table begins at the margin of 0.7 inch, and each cell 4 points further.
    assert {round(line.x, 1) for line in statement.lines} == {round(0.7 * 72 + 4, 1)}
    assert {round(read.x, 1) for read in statement.reads} == {round(0.7 * 72 + 4, 1)}


def test_components_sum_as_the_truth_does() -> None:
    bill = WORLD.bills(CORRECTED)[0]
    statement = read(bill)
    assert sum(line.amount for line in statement.lines) == bill.total
    light = [line.amount for line in bill.lines if line.component == "light"]
    assert statement.sum_of(Component.LIGHT) == sum(light)
    assert statement.sum_of(Component.DEMAND) is None


def test_the_bill_of_another_account_is_kept_apart_and_not_read() -> None:
    bill, other = WORLD.bills("1000404001")[0], WORLD.bills("1000404002")[0]
    rows = document(printed(other.id), listed(bill), CAEC)
    assert rows.document is State.WRONG_DOCUMENT
    assert rows.statement is None
