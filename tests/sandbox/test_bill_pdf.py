"""A bill PDF says in plain, ordered text all that the bill holds, and that it is simulated."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pypdfium2
import pytest

from harvester.sandbox.bill_pdf import MARK, render
from harvester.sandbox.world import Bill, World

HOME, SOLAR, CORRECTED, LIT = "1000101001", "1000202001", "1000303003", "1000404028"


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def pages(world: World, bill: Bill) -> list[str]:
    document = pypdfium2.PdfDocument(render(world, bill))
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def money(amount: Decimal) -> str:
    return f"-${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"


@pytest.mark.parametrize(
    ("number", "count"), [(HOME, 2), (SOLAR, 2), ("1000303002", 2), (CORRECTED, 2), (LIT, 3)]
)
def test_every_page_is_marked_and_every_figure_is_text(
    world: World, number: str, count: int
) -> None:
    for bill in world.bills(number)[:24:8]:
        told = pages(world, bill)
        assert len(told) == count
        assert all(page.startswith(MARK) for page in told)
        text = " ".join(told)
        for line in bill.lines:
            printed = [line.label, line.unit or "", money(line.amount)]
            if line.quantity is not None:
                printed[1:1] = [f"{line.quantity:,}"]
                printed[3:3] = [str(line.unit_price)]
            assert " ".join(filter(None, printed)) in text
        for read in bill.meters:
            assert f"{read.previous} {read.present} {read.multiplier} {read.kwh:,}" in text
        assert f"Billing date {bill.billing_date:%m/%d/%Y}" in text
        assert f"Due date {bill.due_date:%m/%d/%Y}" in text
        assert f"Current charges {money(bill.current_charges)}" in text
        assert f"Total due {money(bill.total)}" in text
        assert f"After due date {money(bill.after_due)}" in text
        assert f"Total kWh used {bill.kwh:,} in {bill.days} days" in text


def test_text_reads_from_the_letterhead_to_the_payment_stub(world: World) -> None:
    first = pages(world, world.bills(HOME)[0])[0]
    inorder = ["Account number 1000101-001", "Name SAMPLE RESIDENT 1", "Service address 111 Sample"]
    inorder += ["Meter readings", "Balance forward", "Access charge", "tax", "Levelized amount due"]
    inorder += ["Total due $", "Payment stub", "Account 1000101001", "Amount due $"]
    at = 0
    for words in inorder:
        at = first.index(words, at) + len(words)


def test_the_chart_shows_thirteen_bills_and_no_superseded_one(world: World) -> None:
    bills = world.bills(CORRECTED)
    text = pages(world, bills[0])[-1]
    assert "Your use, last 13 bills" in text
    wrong = next(old for new, old in pairwise(bills) if new.kind == "Corrected")
    shown = [bill for bill in bills[:14] if bill is not wrong]
    assert len(shown) == 13
    assert all(f"{bill.read_date:%m/%y}" in text for bill in shown)
    assert all(f"{bill.kwh:,}" in text for bill in shown)
    assert f" {wrong.kwh} " not in text


def test_an_exchange_prints_both_meters_and_a_correction_what_it_takes_back(world: World) -> None:
    exchange = next(bill for bill in world.bills(HOME) if len(bill.meters) > 1)
    text = pages(world, exchange)[0]
    since, until = f"{exchange.service_from:%m/%d/%Y}", f"{exchange.service_to:%m/%d/%Y}"
    assert f"51001101 Delivered {since} 04/17/2025" in text
    assert f"62004417 Delivered 04/17/2025 {until}" in text
    corrected, wrong = next(
        pair for pair in pairwise(world.bills(CORRECTED)) if pair[0].kind == "Corrected"
    )
    text = pages(world, corrected)[0]
    assert "Corrected bill - replaces the earlier bill of this period" in text
    taken_back = money(-wrong.current_charges)
    assert f"Bill of {wrong.billing_date:%m/%d/%Y} reversed {taken_back}" in text


def test_assumed_prices_are_marked_and_published_ones_are_not(world: World) -> None:
    assert "Distribution, assumed rate (simulated)" in pages(world, world.bills(HOME)[0])[0]
    text = " ".join(pages(world, world.bills("1000303001")[0]))
    assert "assumed" not in text
    assert (
        "Security light 100 W, assumed rate (simulated)"
        in pages(world, world.bills(CORRECTED)[0])[0]
    )


def test_the_same_bill_gives_the_same_bytes_on_any_later_day(world: World) -> None:
    bill = world.bills(CORRECTED)[3]
    later = World(today=world.today.replace(year=2027))
    assert render(world, bill) == render(later, later.bill(bill.id))
    assert render(world, bill).startswith(b"%PDF-")
