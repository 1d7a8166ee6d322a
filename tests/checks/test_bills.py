"""A bill's list row, document, ledger row, registers and hours have to agree with one another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from harvester.checks import bills
from harvester.checks.bills import Stated
from harvester.model import (
    Bill,
    Component,
    DayOfHours,
    DayTotal,
    Direction,
    Finding,
    LineItem,
    Payment,
    RegisterRead,
    Statement,
)

ACCOUNT = "1234567001"
DAY = date(2026, 6, 11)
SINCE, UNTIL = date(2026, 5, 8), date(2026, 6, 7)
ONE = timedelta(days=1)
AT = datetime(2026, 6, 12, tzinfo=UTC)


def bill(day: date = DAY, amount: str = "201.59", **how: Any) -> Bill:
    told = Bill(ACCOUNT, "Regular", day, None, UNTIL, Decimal(1000), Decimal(amount))
    return replace(told, **how)


def several(count: int) -> list[Bill]:
    """Return so many different bills, a day apart, newest first."""
    return [bill(DAY - number * ONE, amount=f"{100 + number}.00") for number in range(count)]


def line(amount: str, component: Component = Component.ACCESS) -> LineItem:
    return LineItem("A line", component, None, None, None, Decimal(amount), 1, 50, 300)


def read(**how: Any) -> RegisterRead:
    told = RegisterRead(
        meter="M1",
        direction=Direction.DELIVERED,
        service_from=SINCE,
        service_to=UNTIL,
        previous=Decimal(4000),
        present=Decimal(5000),
        multiplier=Decimal(1),
        kwh=Decimal(1000),
        page=1,
        x=50,
        y=200,
    )
    return replace(told, **how)


def statement(**how: Any) -> Statement:
    told = Statement(
        account=ACCOUNT,
        layout="sample@1",
        billing_date=DAY,
        service_from=SINCE,
        service_to=UNTIL,
        days=30,
        kwh=Decimal(1000),
        total=Decimal("201.59"),
        reads=(read(),),
        lines=(line("201.59"),),
    )
    return replace(told, **how)


def row(amount: str, balance: str, day: date = DAY, kind: str = "Bill") -> Payment:
    booked = Decimal(amount), Decimal(balance)
    return Payment(ACCOUNT, "1", day, kind, "", *booked, moves_balance=True)


def broken(found: Any) -> list[str]:
    return [finding.rule for finding in found if finding.message]


# The billing history and the ledger


def test_an_empty_billing_history_is_never_a_success() -> None:
    for known in (0, 24):
        (found,) = bills.listing(ACCOUNT, [], several(known), [], 24)
        assert (found.rule, found.subject) == ("no-bills", "billing history")


def test_no_bills_are_all_where_the_ledger_books_payments_and_no_bill() -> None:
    paid, notice = row("-40", "0", kind="Payment"), replace(row("0", "0"), moves_balance=False)
    (proof,) = bills.listing(ACCOUNT, [], [], [paid, notice], 24)
    assert (proof.rule, proof.message) == ("no-bills", "")
    for known, ledger in ((several(1), [paid]), ([], [paid, row("88.10", "88.10")])):
        assert broken(bills.listing(ACCOUNT, [], known, ledger, 24)) == ["no-bills"]


@pytest.mark.parametrize(
    ("listed", "known", "rules"),
    [
        (1, 0, []),
        (5, 5, []),
        (6, 5, []),
        (4, 5, ["fewer-bills"]),
        (24, 24, []),
        (24, 30, []),  # the portal shows 24 at most
        (23, 24, ["fewer-bills"]),
        (23, 30, ["fewer-bills"]),
        (23, 23, []),
    ],
)
def test_a_billing_history_may_not_lose_bills_that_it_would_still_show(
    listed: int, known: int, rules: list[str]
) -> None:
    assert broken(bills.listing(ACCOUNT, several(listed), several(known), [], 24)) == rules


def test_fewer_bills_than_the_portal_shows_are_all_if_the_ledger_books_no_other() -> None:
    shown = several(5)
    booked = [row(f"{one.amount}", "0", day=one.billing_date) for one in shown]
    (proof,) = bills.listing(ACCOUNT, shown, shown, booked, 24)
    assert (proof.rule, proof.message, proof.residual) == ("bill-missing", "", 19)
    assert list(bills.listing(ACCOUNT, shown, shown, booked, 5)) == []
    (found,) = bills.listing(ACCOUNT, [*shown[:2], *shown[3:]], [], booked, 24)
    assert (found.rule, found.subject) == ("bill-missing", "2026-06-09")
    (oldest,) = bills.listing(ACCOUNT, shown[:4], [], booked, 24)
    assert (oldest.rule, oldest.subject) == ("bill-missing", "2026-06-07")


def test_a_full_billing_history_may_leave_out_what_is_older() -> None:
    shown = several(24)
    older = row("1.00", "1.00", day=DAY - 100 * ONE)
    assert broken(bills.listing(ACCOUNT, shown, shown, [older], 24)) == []


def test_a_row_that_moves_no_balance_is_no_bill_to_be_listed() -> None:
    waived = replace(row("5.00", "0", day=DAY - 2 * ONE), moves_balance=False)
    assert broken(bills.listing(ACCOUNT, several(1), [], [waived], 24)) == []


def test_a_bill_is_in_the_ledger_by_its_amount_or_by_the_balance_after_it() -> None:
    assert broken(bills.ledger(ACCOUNT, [bill()], [row("201.59", "250.00")])) == []
    assert broken(bills.ledger(ACCOUNT, [bill()], [row("150.00", "201.59")])) == []


@pytest.mark.parametrize(
    ("booked", "apart"),
    [
        (row("201.58", "201.60"), "0.01"),
        (row("201.59", "201.59", day=DAY - ONE), "201.59"),
        (row("201.59", "201.59", day=DAY + ONE), "201.59"),
    ],
)
def test_a_bill_a_cent_or_a_day_away_from_the_ledger_is_found(booked: Payment, apart: str) -> None:
    (found,) = bills.ledger(ACCOUNT, [bill()], [booked])
    assert (found.account, found.rule, found.residual) == (ACCOUNT, "ledger", Decimal(apart))
    assert found.subject == "1234567001/2026-06-11/Regular/201.59"


def test_a_payment_of_that_day_and_amount_is_no_bill() -> None:
    payment = row("201.59", "201.59", kind="Payment")
    assert broken(bills.ledger(ACCOUNT, [bill()], [payment, row("99.00", "99.00")])) == ["ledger"]


def test_a_ledger_without_any_bill_says_nothing_about_bills() -> None:
    assert list(bills.ledger(ACCOUNT, [bill()], [])) == []
    assert list(bills.ledger(ACCOUNT, [bill()], [row("5.00", "5.00", kind="Payment")])) == []


# One document


def test_a_bill_that_agrees_with_itself_is_proven() -> None:
    found = list(bills.statement(bill(), statement()))
    assert broken(found) == []
    rules = {"bill-kwh", "bill-total", "bill-lines", "bill-days", "bill-register", "bill-reads"}
    assert {finding.rule for finding in found} == rules
    assert {(finding.residual, finding.tolerance) for finding in found} == {(0, 0)}


@pytest.mark.parametrize(
    ("how", "rules", "apart"),
    [
        ({"kwh": Decimal(1001)}, ["bill-kwh", "bill-reads"], "1"),
        ({"total": Decimal("201.60")}, ["bill-total", "bill-lines"], "0.01"),
        ({"lines": (line("100.00"), line("101.60"))}, ["bill-lines"], "0.01"),
        ({"days": 31}, ["bill-days"], "-1"),
        ({"service_to": UNTIL + ONE}, ["bill-dates", "bill-days"], "1"),
        ({"reads": (read(present=Decimal(5001)),)}, ["bill-register"], "1"),
        ({"reads": (read(multiplier=Decimal(40)),)}, ["bill-register"], "39000"),
        ({"reads": (read(), read(meter="M2"))}, ["bill-reads"], "1000"),
    ],
)
def test_each_difference_within_a_document_is_found(
    how: dict[str, Any], rules: list[str], apart: str
) -> None:
    found = [one for one in bills.statement(bill(), statement(**how)) if one.message]
    assert broken(found) == rules
    assert found[0].residual == Decimal(apart)


def test_what_a_document_does_not_say_is_not_judged() -> None:
    bare = Statement(account=ACCOUNT, layout="generic@1")
    assert list(bills.statement(bill(), bare)) == []
    unread = statement(reads=(read(previous=None, kwh=None),))
    assert "bill-register" not in {finding.rule for finding in bills.statement(bill(), unread)}


def test_a_read_without_a_multiplier_counts_once() -> None:
    assert broken(bills.statement(bill(), statement(reads=(read(multiplier=None),)))) == []


def test_received_registers_add_up_to_received_energy() -> None:
    back = read(direction=Direction.RECEIVED, previous=Decimal(0), present=Decimal(50))
    both = statement(reads=(read(), replace(back, kwh=Decimal(50))), received_kwh=Decimal(50))
    assert broken(bills.statement(bill(), both)) == []
    assert broken(bills.statement(bill(), replace(both, received_kwh=Decimal(51)))) == [
        "bill-reads"
    ]


# Bills together


def stated(*told: tuple[Bill, Statement, str]) -> list[Finding]:
    return list(bills.documents(ACCOUNT, [Stated(*one) for one in told]))


def test_a_bill_follows_the_one_before() -> None:
    before = statement(service_from=SINCE - 30 * ONE, service_to=SINCE, total=Decimal("50.00"))
    forward = line("50.00", Component.BALANCE_FORWARD)
    newest = statement(lines=(forward, line("151.59")))
    older = bill(DAY - 30 * ONE, "50.00")
    assert broken(stated((bill(), newest, "a"), (older, before, "b"))) == []
    late = replace(before, service_to=SINCE - ONE)
    assert broken(stated((bill(), newest, "a"), (older, late, "b"))) == []
    gap = replace(before, service_to=SINCE - 2 * ONE)
    assert broken(stated((bill(), newest, "a"), (older, gap, "b"))) == ["bill-period"]
    overlap = replace(before, service_to=SINCE + ONE)
    assert broken(stated((bill(), newest, "a"), (older, overlap, "b"))) == ["bill-period"]
    owed = replace(before, total=Decimal("50.01"))
    assert broken(stated((bill(), newest, "a"), (older, owed, "b"))) == ["balance-forward"]


def test_a_corrected_bill_is_about_the_same_period_again() -> None:
    corrected = bill(DAY + 6 * ONE, kind="Corrected")
    assert broken(stated((corrected, statement(), "a"), (bill(), statement(), "b"))) == []


def test_two_bills_with_one_document_are_found() -> None:
    older = bill(DAY - 30 * ONE)
    before = statement(service_from=SINCE - 30 * ONE, service_to=SINCE)
    assert broken(stated((bill(), statement(), "a"), (older, before, "a"))) == ["same-document"]


# Bills and hours


def hours(wh: int, count: int = 720, **how: Any) -> DayOfHours:
    told = DayOfHours(
        day=SINCE,
        meter="M1",
        direction=Direction.DELIVERED,
        count=count,
        known=count,
        seconds=count * 3600,
        estimated=0,
        wh=wh,
        peak=5000,
        places=2,
        since=AT,
    )
    return replace(told, **how)


# 720 hours in hundredths are off by 720 x 0.005 = 3.6 kWh, the register by less than one unit.
@pytest.mark.parametrize(
    ("wh", "rules"),
    [
        (1_004_600, []),
        (995_400, []),
        (1_004_601, ["bill-energy"]),
        (995_399, ["bill-energy"]),
    ],
)
def test_the_hours_between_the_readings_are_the_energy_billed(wh: int, rules: list[str]) -> None:
    found = list(bills.energy(bill(), statement(), [hours(wh)], 720 * 3600))
    assert broken(found) == rules
    assert found[0].tolerance == Decimal("4.6")


def test_hours_that_are_missing_or_averaged_prove_nothing() -> None:
    wrong = hours(1)
    assert list(bills.energy(bill(), statement(), [replace(wrong, known=719)], 720 * 3600)) != []
    short = replace(wrong, known=719, seconds=719 * 3600)
    assert list(bills.energy(bill(), statement(), [short], 720 * 3600)) == []
    averaged = replace(wrong, estimated=24)
    assert list(bills.energy(bill(), statement(), [averaged], 720 * 3600)) == []


def test_received_hours_are_the_received_energy_billed() -> None:
    told = statement(received_kwh=Decimal(50))
    back = hours(50_000, direction=Direction.RECEIVED)
    assert broken(bills.energy(bill(), told, [hours(1_000_000), back], 720 * 3600)) == []
    wrong = replace(back, wh=60_000)
    (found,) = [
        one
        for one in bills.energy(bill(), told, [hours(1_000_000), wrong], 720 * 3600)
        if one.message
    ]
    assert found.subject.endswith(", received")


@pytest.mark.parametrize(
    ("end", "rules"),
    [("5000", []), ("4999", []), ("5001", []), ("4998", ["register-bill"])],
)
def test_the_reading_billed_is_the_register_of_the_day_before(end: str, rules: list[str]) -> None:
    day = UNTIL - ONE
    totals = {day: DayTotal(ACCOUNT, day, "M1", None, Decimal(end), None)}
    assert broken(bills.registers(bill(), statement(), totals)) == rules
    other = {day: replace(totals[day], meter="M2")}
    assert list(bills.registers(bill(), statement(), other)) == []


def test_a_reading_billed_in_whole_units_is_that_of_a_register_with_decimals() -> None:
    day = UNTIL - ONE
    for end, rules in (("5000.97", []), ("4999.03", []), ("5001.01", ["register-bill"])):
        totals = {day: DayTotal(ACCOUNT, day, "M1", None, Decimal(end), None)}
        assert broken(bills.registers(bill(), statement(), totals)) == rules


@pytest.mark.parametrize(
    ("present", "rules"),
    [("5000.4", []), ("5000.9", []), ("4999.1", []), ("5001.4", ["bill-register"]),
     ("5001", ["bill-register"]), ("4999", ["bill-register"])],
)  # fmt: skip
def test_energy_billed_may_be_rounded_or_cut_where_the_register_has_decimals(
    present: str, rules: list[str]
) -> None:
    told = statement(reads=(read(present=Decimal(present)),))
    assert broken(bills.statement(bill(), told)) == rules


@pytest.mark.parametrize(("kwh", "rules"), [("999.6", []), ("1000.0", []), ("1001", ["bill-kwh"])])
def test_the_list_may_show_energy_with_fewer_decimals(kwh: str, rules: list[str]) -> None:
    told = statement(kwh=Decimal(kwh), reads=())
    assert broken(bills.statement(bill(), told)) == rules
