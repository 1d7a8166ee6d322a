"""Every fault that is planted in a clean bill, list or ledger is found by its rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from simulated import COLUMNS, Visit, history, key

from harvester.model import Artifact, Kind
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.nouns import Bill
from harvester.sandbox.world import World

OFFICE = "1000303001"
TODAY = date(2026, 6, 15)
DAY = timedelta(days=1)
WORLD = World(today=TODAY)
NEWEST, BILLED, *OLDER = WORLD.bills(OFFICE)[:8]
BILL = key(BILLED)
METER = f"{BILL}, {BILLED.meters[-1].number}"

Change = Callable[[Bill], Bill]


@pytest.fixture(scope="module")
def clean() -> list[Artifact]:
    """Return all bills of an ordinary account and the hours of the changed one's period."""
    return list(Visit(WORLD, OFFICE, BILLED.service_from).artifacts())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "home", OFFICE)
    yield made
    made.catalog.close()


def printed(artifacts: list[Artifact], change: Change, place: Bill = BILLED) -> list[Artifact]:
    """Print another document for a bill; what the list and the ledger say stays."""
    content = render(WORLD, change(place))
    return [
        replace(a, content=content) if a.about.get("bill") == key(place) else a for a in artifacts
    ]


def line(component: str, **how: Any) -> Change:
    """Change a line; `more` is added to its amount."""
    more = Decimal(how.pop("more", 0))

    def change(bill: Bill) -> Bill:
        lines = [
            replace(one, amount=one.amount + more, **how) if one.component == component else one
            for one in bill.lines
        ]
        return replace(bill, lines=tuple(lines))

    return change


def read(**how: int) -> Change:
    """Add to a number of the bill's last read."""

    def change(bill: Bill) -> Bill:
        *others, last = bill.meters
        more = {name: getattr(last, name) + number for name, number in how.items()}
        return replace(bill, meters=(*others, replace(last, **more)))

    return change


def test_nothing_is_found_where_nothing_is_planted(desk: Desk, clean: list[Artifact]) -> None:
    desk.take(clean)
    assert desk.wrong() == set()
    proven = {one.rule for one in desk.outcomes()}
    assert proven >= {
        "day-sum", "register-day", "ledger", "bill-kwh", "bill-total", "bill-lines", "bill-days",
        "bill-register", "bill-reads", "bill-period", "balance-forward", "bill-energy",
        "register-bill", "tariff-line", "tariff-quantity", "tariff-tax", "tariff-learned",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            line("access", more="0.03"),  # the tax line prints the sum of what is taxed
            {("tariff-line", BILL), ("tariff-tax", BILL), ("bill-lines", BILL)},
        ),
        (line("access", more="0.02"), {("bill-lines", BILL)}),  # two cents are tolerated
        (line("tax", more="5.00"), {("tariff-tax", BILL), ("bill-lines", BILL)}),
        (line("balance_forward", more="1.00"), {("balance-forward", BILL), ("bill-lines", BILL)}),
        (
            line("distribution", unit_price=Decimal("0.06909")),
            {("tariff-line", BILL), ("tariff-learned", BILL)},
        ),
        (
            line("wholesale_power", quantity=Decimal(1)),
            {("tariff-line", BILL), ("tariff-quantity", BILL)},
        ),
        (read(present=10), {("bill-reads", BILL), ("register-bill", METER)}),
        (read(previous=-10), {("bill-reads", BILL)}),
        (
            lambda bill: replace(bill, kwh=bill.kwh + 1),
            {("bill-kwh", BILL), ("bill-reads", BILL), ("tariff-quantity", BILL)},
        ),
        (lambda bill: replace(bill, due_date=bill.due_date + DAY), {("bill-dates", BILL)}),
    ],
)
def test_a_fault_in_a_document_is_found_by_its_rule_alone(
    desk: Desk, clean: list[Artifact], change: Change, expected: set[tuple[str, str]]
) -> None:
    desk.take(printed(clean, change))
    assert desk.wrong() == expected


def test_a_bill_whose_energy_was_never_used_is_found_by_its_hours(
    desk: Desk, clean: list[Artifact]
) -> None:
    def more(bill: Bill) -> Bill:
        energy = {"distribution", "wholesale_power", "pca"}
        lines = (
            replace(one, quantity=one.quantity + 50) if one.component in energy else one
            for one in bill.lines
        )
        return replace(read(present=50)(bill), kwh=bill.kwh + 50, lines=tuple(lines))

    wrong = more(BILLED)
    listed = history((NEWEST, wrong, *WORLD.bills(OFFICE)[2:24]))
    told = [
        replace(a, content=listed.encode()) if a.kind is Kind.BILL_LIST else a
        for a in printed(clean, more)
    ]
    desk.take(told)
    assert desk.wrong() == {
        ("bill-energy", BILL), ("register-bill", METER), ("tariff-line", BILL),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (render(WORLD, WORLD.bills("1000303002")[1]), "wrong-document"),
        (render(WORLD, NEWEST), "wrong-document"),
        (render(WORLD, BILLED)[:3000], "not-a-pdf"),
        (b"<!DOCTYPE html><p>Your bill could not be displayed.</p>", "not-a-pdf"),
    ],
)
def test_what_is_not_the_bill_is_kept_apart(
    desk: Desk, clean: list[Artifact], content: bytes, rule: str
) -> None:
    desk.take(replace(a, content=content) if a.about.get("bill") == BILL else a for a in clean)
    assert desk.wrong() == {(rule, BILL)}
    documents = {one.bill.key: one for one in desk.catalog.documents(desk.account)}
    assert documents[BILL].statement is None
    assert [bill.key for bill in desk.catalog.missing_pdfs(desk.account)] == [BILL]


def listed(clean: list[Artifact], markup: str) -> list[Artifact]:
    return [replace(a, content=markup.encode()) if a.kind is Kind.BILL_LIST else a for a in clean]


def test_a_bill_that_is_not_listed_is_found_by_the_ledger(
    desk: Desk, clean: list[Artifact]
) -> None:
    shown = WORLD.bills(OFFICE)[:24]
    desk.take(listed(clean, history((shown[0], *shown[2:]))))
    missing = ("bill-missing", f"{BILLED.billing_date}")
    assert missing in desk.wrong()
    assert {rule for rule, _ in desk.wrong()} == {
        "bill-missing", "unreadable", "bill-period", "balance-forward",
    }  # fmt: skip


def test_an_empty_list_is_no_success(desk: Desk, clean: list[Artifact]) -> None:
    heads = "".join(f"<th>{head}</th>" for head in COLUMNS)
    desk.take(listed(clean, f"<table><tr>{heads}</tr></table>"))
    assert ("no-bills", "billing history") in desk.wrong()


def test_a_bill_that_the_ledger_does_not_book_is_found(desk: Desk, clean: list[Artifact]) -> None:
    def without(artifact: Artifact) -> Artifact:
        told = json.loads(artifact.content)
        items = told["ActLedger"]["LedgerItem"]["LedgerItems"]
        day = f"{BILLED.billing_date:%m/%d/%Y}"
        items[:] = [item for item in items if item["TransDate"] != day]
        return replace(artifact, content=json.dumps(told).encode())

    desk.take(without(a) if a.kind is Kind.LEDGER else a for a in clean)
    assert desk.wrong() == {("ledger", BILL)}


def test_what_is_wrong_with_a_bill_says_that_another_one_replaces_it(tmp_path: Path) -> None:
    barn = "1000303003"
    made = Desk(tmp_path / "home", barn)
    period = next(b for b in WORLD.bills(barn) if b.kind == "Corrected").service_from
    told = [
        artifact
        for artifact in Visit(WORLD, barn, period).artifacts()
        if artifact.kind is not Kind.BILL_PDF
        or artifact.about["bill"] in {key(b) for b in WORLD.bills(barn) if b.service_from == period}
    ]
    documents = [artifact for artifact in told if artifact.kind is Kind.BILL_PDF]
    assert len(documents) == 2
    made.take([*(a for a in told if a not in documents), *reversed(documents)])
    wrong = {f.rule: f.message for f in made.catalog.findings(made.account)}
    assert wrong.keys() == {"bill-energy", "register-bill"}
    assert all("A later bill of the same period replaces it." in said for said in wrong.values())
    made.catalog.close()


def test_a_multiplier_that_comes_after_the_registers_is_held_against_them(tmp_path: Path) -> None:
    plant = "1000303002"
    told = list(Visit(WORLD, plant, TODAY - 20 * DAY).artifacts())
    usage = [a for a in told if a.kind in {Kind.DAILY, Kind.INTERVAL}]
    documents = [
        replace(a, retrieved_at=a.retrieved_at + DAY) for a in told if a.kind is Kind.BILL_PDF
    ]
    made = Desk(tmp_path / "home", plant)
    made.take([*(a for a in told if a.kind is Kind.BILL_LIST), *usage])
    assert "register-day" not in {one.rule for one in made.outcomes()}
    made.take(documents[:1])
    at_once = made.outcomes()
    assert "register-day" in {one.rule for one in at_once}
    made.filing.again(made.account)
    assert made.outcomes() == at_once
    made.catalog.close()
