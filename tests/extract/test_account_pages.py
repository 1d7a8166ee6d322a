"""Account, ledger, notes and billing history become rows; what cannot be read is found."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from archived import CAEC, DAY, NUMBER, artifact, rules

from harvester.errors import BadData, State
from harvester.extract import extract
from harvester.extract.rows import Rows, Setting
from harvester.model import (
    Account,
    Bill,
    Kind,
    Note,
    Payment,
)


def test_an_account_is_its_number_address_rate_and_settings() -> None:
    facts = {
        "number": "1234567-001",
        "service_address": "12 Oak Lane",
        "rate": "Residential",
        "kind": "Electric",
        "e_bill": "On",
        "usage_alert": "",
        "daily_report": "Off",
    }
    assert extract(artifact(Kind.ACCOUNT, facts), Setting(CAEC)).account == Account(
        number=NUMBER,
        service_address="12 Oak Lane",
        rate="Residential",
        kind="Electric",
        settings={"e_bill": "On", "daily_report": "Off"},
    )


def test_what_an_account_page_does_not_show_is_none() -> None:
    assert extract(artifact(Kind.ACCOUNT, {}), Setting(CAEC)).account == Account(NUMBER)


def test_contact_data_of_an_account_never_comes_through() -> None:
    contact = {
        "phone": "334-555-0100",
        "email": "jane@example.com",
        "bank": "checking 4321",
        "card": "4111",
        "ssn": "6789",
    }
    rows = extract(artifact(Kind.ACCOUNT, {"rate": "Residential"} | contact), Setting(CAEC))
    assert rows.account == Account(NUMBER, rate="Residential")
    assert not any(value in repr(rows) for value in contact.values())


def entry(**changes: object) -> dict[str, object]:
    return {
        "Id": "77",
        "TransDate": "06/04/2026",
        "TransType": "Bill",
        "TransDesc": "Electric bill",
        "BalUpdate": "Y",
        "Amount": "201.59",
        "Balance": "1,251.59",
    } | changes


def ledger(*entries: dict[str, object]) -> Rows:
    content = {"ActLedger": {"LedgerItem": {"LedgerItems": list(entries)}}}
    return extract(artifact(Kind.LEDGER, content), Setting(CAEC))


def test_a_ledger_row_keeps_its_sign_balance_and_whether_it_moves_it() -> None:
    rows = ledger(
        entry(),
        entry(Id=78, TransType="Payment", TransDesc="Web", Amount="-50.00", Balance="(12.00)"),
        entry(Id="79", BalUpdate="N", TransDate="06/05/2026 02:15:00 AM"),
    )
    assert rows.payments[0] == Payment(
        account=NUMBER,
        id="77",
        day=date(2026, 6, 4),
        kind="Bill",
        description="Electric bill",
        amount=Decimal("201.59"),
        balance=Decimal("1251.59"),
        moves_balance=True,
    )
    paid, memo = rows.payments[1:]
    assert (paid.id, paid.kind, paid.description) == ("78", "Payment", "Web")
    assert (paid.amount, paid.balance) == (Decimal("-50.00"), Decimal("-12.00"))
    assert (memo.day, memo.moves_balance) == (date(2026, 6, 5), False)
    assert rows.findings == []


@pytest.mark.parametrize(("said", "moves"), [("Y", True), ("N", False), ("", True), (None, True)])
def test_only_a_row_that_says_so_leaves_the_balance_alone(said: object, *, moves: bool) -> None:
    assert ledger(entry(BalUpdate=said)).payments[0].moves_balance is moves


@pytest.mark.parametrize("lacking", ["TransDate", "Amount", "Balance"])
def test_a_ledger_row_that_cannot_be_read_is_found_and_the_others_stay(lacking: str) -> None:
    rows = ledger(entry(Id="1"), entry(Id="2", **{lacking: "?"}), entry(Id="3"))
    assert [payment.id for payment in rows.payments] == ["1", "3"]
    assert rules(rows) == [("unreadable-row", "2")]


def test_a_notice_in_the_ledger_is_of_no_money() -> None:
    rows = ledger(entry(Id="1"), entry(Id="2", BalUpdate="N", Amount=" ", Balance=""))
    assert [payment.id for payment in rows.payments] == ["1"]
    assert rules(rows) == []
    moved = ledger(entry(Id="1", Amount=""), entry(Id="2", BalUpdate="N", Amount="", TransDate=""))
    assert rules(moved) == [("unreadable-row", "1"), ("unreadable-row", "2")]


def test_an_empty_ledger_is_a_ledger() -> None:
    rows = ledger()
    assert (rows.payments, rows.findings) == ([], [])


def test_notes_have_a_day_and_their_words() -> None:
    notes = [
        {"date": "06/11/2026", "text": "New heat pump, 3 kW"},
        {"date": None, "text": "undated"},
        {"date": "June", "text": "undated"},
    ]
    rows = extract(artifact(Kind.NOTES, notes), Setting(CAEC))
    assert rows.notes == [Note(NUMBER, DAY, "New heat pump, 3 kW")]
    assert rules(rows) == [("unreadable-row", "note")] * 2
    assert "undated" not in rows.findings[0].message


HISTORY = """<table id="no-more-tables"><tr><th>View</th><th>Billing Date</th><th>Due Date</th>
<th>Meter Read Date</th><th>Net KWH</th><th>Bill Type</th><th>Bill Amount</th></tr>{}</table>"""


def history(*lines: str) -> Rows:
    """Extract a billing history whose rows are these cells, separated by `|`."""
    rows = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in line.split("|")) + "</tr>" for line in lines
    )
    content = HISTORY.format(rows).encode()
    return extract(artifact(Kind.BILL_LIST, content), Setting(CAEC))


def test_the_billing_history_is_bills_in_its_own_order() -> None:
    rows = history(
        "<i></i>|07/06/2026|07/21/2026|07/01/2026|1,012|Regular|$1,203.10",
        "<i></i>|06/04/2026|||(20)|Final|($5.00)",
    )
    assert rows.bills == [
        Bill(
            account=NUMBER,
            kind="Regular",
            billing_date=date(2026, 7, 6),
            due_date=date(2026, 7, 21),
            read_date=date(2026, 7, 1),
            net_kwh=Decimal(1012),
            amount=Decimal("1203.10"),
        ),
        Bill(NUMBER, "Final", date(2026, 6, 4), None, None, Decimal(-20), Decimal("-5.00")),
    ]
    assert rows.findings == []


def test_two_bills_of_a_day_are_two_and_a_row_that_is_repeated_is_one() -> None:
    line = "|06/04/2026|06/19/2026|06/01/2026|100|Regular|$"
    rows = history(line + "10.00", line + "12.00", line + "10.00")
    assert [bill.amount for bill in rows.bills] == [Decimal("10.00"), Decimal("12.00")]
    assert len({bill.key for bill in rows.bills}) == 2


def test_a_row_of_the_history_that_cannot_be_read_is_found() -> None:
    rows = history(
        "|06/04/2026||||Regular|pending", "|05/04/2026|||100|Regular|$10.00", "|?||||Regular|$9.00"
    )
    assert [bill.billing_date for bill in rows.bills] == [date(2026, 5, 4)]
    assert rules(rows) == [("unreadable-row", "06/04/2026"), ("unreadable-row", "?")]


def test_a_history_without_records_has_no_bills() -> None:
    rows = extract(
        artifact(
            Kind.BILL_LIST, HISTORY.format('<tr><td colspan="7">No records</td></tr>').encode()
        ),
        Setting(CAEC),
    )
    assert (rows.bills, rows.findings) == ([], [])


def test_a_history_with_other_columns_is_unreadable() -> None:
    content = HISTORY.format("").replace("Bill Amount", "Total").encode()
    with pytest.raises(BadData) as caught:
        extract(artifact(Kind.BILL_LIST, content), Setting(CAEC))
    assert caught.value.state is State.UNREADABLE
