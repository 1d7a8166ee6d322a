"""Bills as line printers and billing systems of old lay them out: columns, codes and balances."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from made import Line, page, register, told

SINCE, UNTIL = date(2026, 5, 12), date(2026, 6, 11)


def test_two_columns_of_dates_are_told_by_the_reads_beside_them() -> None:
    heads = [(50.0, "METER"), (120.0, "READ DATE"), (200.0, "PREVIOUS"), (270.0, "READ DATE"),
             (350.0, "PRESENT"), (420.0, "CONST"), (470.0, "KWH")]  # fmt: skip
    row = [(50.0, "51001"), (120.0, "05-12-26"), (200.0, "100"), (270.0, "06-11-26"),
           (350.0, "1,350"), (420.0, "1"), (470.0, "1,250")]  # fmt: skip
    said = page(heads, row)
    assert (said.service_from, said.service_to) == (SINCE, UNTIL)
    assert [register(read) for read in said.reads] == [
        ("51001", "delivered", "100", "1350", "1", "1250")
    ]
    present_first = [0, 3, 4, 1, 2, 5, 6]
    heads, row = (
        [(line[n][0], line[k][1]) for n, k in enumerate(present_first)] for line in (heads, row)
    )
    said = page(heads, row)
    assert (said.service_from, said.service_to) == (SINCE, UNTIL)


def test_a_label_of_headers_ends_with_its_column() -> None:
    said = page(
        [(50, "METER"), (120, "READ DATE"), (200, "PREVIOUS"), (270, "READ DATE")],
        [(50, "51001"), (120, "05-12-26"), (200, "100"), (270, "06-11-26")],
    )
    assert (said.service_from, said.service_to) == (None, None)
    said = page(
        [(50, "AMOUNT DUE"), (150, "AFTER DUE DATE"), (280, "AMOUNT PAID")],
        [(50, "$249.11"), (150, "$261.57"), (280, "________")],
    )
    assert (said.total, said.after_due) == (Decimal("249.11"), Decimal("261.57"))


def test_an_amount_beside_a_running_balance_is_not_guessed() -> None:
    heads = [(50, "Activity"), (-300, "Charges"), (-400, "Credits"), (-500, "Balance")]
    said = page(
        heads,
        [(50, "Fuel cost"), (-300, "6.85"), (-500, "175.19")],
        [(50, "Payment"), (-400, "201.16"), (-500, "0.00")],
        [(50, "Power Factor Adj (0.93)"), (-500, "41.20")],
    )
    assert [f"{line.amount}" for line in said.lines] == ["41.20"]


def test_a_measure_behind_its_unit_is_no_amount() -> None:
    said = page(
        [(50, "Demand Billed kW 112.00"), (300, "Power factor 88.2%")], "Demand Charge kW $12.00",
        [(50, "Energy Charge kWh"), (-300, "174.97")],
    )  # fmt: skip
    assert [f"{line.amount}" for line in said.lines] == ["12.00", "174.97"]


BILLED = (
    "Previous Balance 201.16", "Payment 201.16-", "Horsepower 12.00", "Energy Charge 231.62",
    "Operation Round Up .49", "Sales Tax 5.00",
)  # fmt: skip


def test_lines_of_unknown_names_count_where_the_total_proves_them() -> None:
    said = page(*BILLED, "Member's Choice CR 1.50-", "Amount Due 247.61")
    assert [f"{line.label} {line.amount}" for line in said.lines] == [
        "Previous Balance 201.16", "Payment -201.16", "Horsepower 12.00", "Energy Charge 231.62",
        "Operation Round Up 0.49", "Sales Tax 5.00", "Member's Choice CR -1.50",
    ]  # fmt: skip
    said = page(*BILLED, "Amount Due 247.61")
    assert [f"{line.amount}" for line in said.lines] == ["201.16", "-201.16", "231.62", "5.00"]


@pytest.mark.parametrize(
    "lines",
    [
        ("Next year's budget will be 176.00", "Amount Due 249.11"),
        ("Amount Due 249.11",),
        ("Amount Due 249.11", "Returned Check Charge 30.00", "Reconnect Charge 50.00"),
    ],
)
def test_what_the_total_leaves_out_is_no_line(lines: tuple[Line, ...]) -> None:
    said = page("Your bank draft 249.11", *BILLED, *lines)
    assert [f"{line.amount}" for line in said.lines] == [
        "201.16", "-201.16", "12.00", "231.62", "0.49", "5.00",
    ]  # fmt: skip


def test_the_sums_of_services_are_no_lines_beside_what_they_are_sums_of() -> None:
    said = page(
        "Previous Balance 100.00", "Payments 100.00 CR", "Service 1 Well 149.11",
        "Service 2 Shop 100.00", "Total Current Charges 249.11", "Amount Due 249.11", "",
        "Customer Charge 55.00", "Horsepower 94.11", "Subtotal Service 1 149.11",
        "Customer Charge 28.00", "Energy Charge 72.00", "Shop Total 100.00",
    )  # fmt: skip
    assert [f"{line.amount}" for line in said.lines] == [
        "100.00", "-100.00", "55.00", "94.11", "28.00", "72.00",
    ]  # fmt: skip


def test_what_a_bill_calls_its_amount_is_its_total_where_its_lines_prove_it() -> None:
    assert page(*BILLED, "Total This Bill 249.11").total == Decimal("249.11")
    assert page(*BILLED, "Total This Bill 249.11", "Past Due 50.00").total is None
    assert page(*BILLED, "Total This Bill 249.12").total is None
    said = page(*BILLED, "Total This Bill 249.11", "Past Due 50.00", "Pay This Amount 299.11")
    assert said.total == Decimal("299.11")
    said = page(*BILLED, "Total This Bill 249.11", "Amount Due 9.00", "Net Amount Due 8.00")
    assert said.total is None


def test_what_is_due_net_by_a_date() -> None:
    assert page("NET DUE BY 07/01/26   249.11").due_date == date(2026, 7, 1)
    assert page("Net Amount Due By: 07/01/26").due_date == date(2026, 7, 1)


def test_labels_in_two_languages() -> None:
    said = page(
        [(50, "Billing Date / Fecha de factura"), (-500, "06/15/2026")],
        [(50, "Days Billed / Días facturados"), (-500, "30")],
        [(50, "Service Period / Período de servicio"), (-500, "05/12/2026 - 06/11/2026")],
        [(50, "Amount Due / Cantidad a pagar"), (300, "Due Date / Fecha de vencimiento")],
        [(50, "$249.11"), (300, "07/01/2026")],
    )
    assert (said.billing_date, said.days, said.total) == (date(2026, 6, 15), 30, Decimal("249.11"))
    assert (said.service_from, said.service_to, said.due_date) == (SINCE, UNTIL, date(2026, 7, 1))


def test_two_labels_for_one_value_tell_nothing() -> None:
    said = page(
        [(50, "Amount Due / Past Due After 07/01/26"), (-500, "$249.11")],
        [(50, "Current Charges / Account Balance"), (-500, "$99.00")],
    )
    assert (said.total, said.current_charges) == (None, None)


def test_a_balance_that_is_what_payments_left_counts_once() -> None:
    said = page(
        "Last Month's Bill 201.16", "Payments 193.16-", "Past Due 8.00", "Energy Charge 231.62",
        "Horsepower 9.49", "Amount Due 249.11",
    )  # fmt: skip
    assert [f"{line.amount}" for line in said.lines] == [
        "201.16", "-193.16", "8.00", "231.62", "9.49",
    ]  # fmt: skip
    said = page(
        "Past Due 8.00", "Total Account Balance 249.11", "Previous Balance 8.00",
        "Energy Charge 231.62", "Horsepower 9.49",
    )  # fmt: skip
    assert [f"{line.amount}" for line in said.lines] == ["8.00", "231.62", "9.49"]


def test_what_the_member_keeps_stands_under_the_stub() -> None:
    stub = ("Return this stub with payment", "Amount Due 249.11", "Sales Tax 8.00")
    said = page(*stub, "Keep this portion", "Energy Charge 231.62", "Sales Tax 17.49")
    assert [f"{line.amount}" for line in said.lines] == ["231.62", "17.49"]
    said = page(*stub, "Keep this portion, return the lower one", "Energy Charge 231.62")
    assert said.lines == ()


def test_a_history_beside_the_lines_does_not_end_them() -> None:
    said = page(
        [(50, "DESCRIPTION"), (-270, "AMOUNT"), (330, "USAGE HISTORY")],
        [(50, "CUSTOMER CHARGE"), (-270, "35.00"), (330, "JUN 26  30  1250  42")],
        [(50, "SCHOOL TAX 3.0%"), (-270, "5.25"), (330, "MAY 26  31  1388  45")],
    )
    assert [f"{line.label} {line.amount}" for line in said.lines] == [
        "CUSTOMER CHARGE 35.00", "SCHOOL TAX 3.0% 5.25",
    ]  # fmt: skip
    said = page("Usage History", "Customer Charge 35.00")
    assert said.lines == ()


def test_reads_behind_their_dates() -> None:
    said = page(
        [(50, "PRESENT READ"), (200, "PREVIOUS READ"), (350, "MULT"), (420, "KWH USED")],
        [(50, "06/11/26"), (110, "1350"), (200, "05/12/26"), (260, "100"), (350, "1.0000"),
         (420, "1250")],
    )  # fmt: skip
    assert [(read.previous, read.present, read.multiplier) for read in said.reads] == [
        (100, 1350, 1)
    ]
    assert (said.service_from, said.service_to, said.kwh) == (SINCE, UNTIL, Decimal(1250))
    said = page(
        [(50, "METER"), (150, "PREVIOUS"), (250, "PRESENT"), (350, "MULT"), (420, "USAGE")],
        [(50, "51001"), (150, "05/12"), (210, "100"), (250, "06/11"), (290, "1350"), (350, "1"),
         (420, "1250")],
    )  # fmt: skip
    assert [register(read) for read in said.reads] == [
        ("51001", "delivered", "100", "1350", "1", "1250")
    ]
    assert (said.service_from, said.service_to) == (None, None)


def test_bars_between_columns_are_none() -> None:
    said = page(
        [(50, "PREVIOUS"), (120, "PRESENT"), (190, "|"), (220, "KWH"), (270, "|"), (310, "|")],
        [(60, "100"), (130, "1350"), (190, "|"), (220, "1250"), (270, "|"), (285, "R1"),
         (310, "|"), (340, "168.30")],
    )  # fmt: skip
    assert [register(read) for read in said.reads] == [
        ("", "delivered", "100", "1350", None, "1250")
    ]
    assert said.kwh == 1250


def test_a_period_of_a_heading_and_one_of_a_sentence() -> None:
    said = page([(50, "METERED USAGE"), (200, "05/12/2026 THROUGH 06/11/2026"), (400, "30 DAYS")])
    assert (said.service_from, said.service_to) == (SINCE, UNTIL)
    said = page([(50, "METERED USAGE"), (200, "07/12/2026 THROUGH 06/11/2026")])
    assert said.service_from is None
    said = page("Dear friend. You had power from May 12, 2026 to June 11, 2026 (30 days).")
    assert (said.service_from, said.service_to) == (SINCE, UNTIL)
    said = page("Dear friend. We are open from July 1, 2026 to July 31, 2026 (mornings).")
    assert (said.service_from, said.service_to) == (None, None)


def test_a_tax_on_an_amount() -> None:
    said = page(
        [(50, "Energy Charge"), (-300, "$184.83")],
        [(50, "Sales tax 4% on $184.83"), (-300, "$7.39")],
    )
    assert [told(line)[::5] for line in said.lines] == [
        ("Energy Charge", "184.83"), ("Sales tax 4% on $184.83", "7.39"),
    ]  # fmt: skip


def test_a_register_whose_multiplier_cannot_be_told_is_missing() -> None:
    meter = "METER 90817  PREVIOUS 4,410  PRESENT 4,860  DIFFERENCE 450"
    said = page(*meter.split("  "), "X 80  KWH 36,000", "Total kWh 36,000")
    assert said.kwh == 36000
    assert said.reads == ()
    said = page(*meter.split("  "), "Multiplier 80", "Total kWh 36,000")
    assert [register(read) for read in said.reads] == [
        ("90817", "delivered", "4410", "4860", "80", "36000")
    ]


def test_what_reads_cost_is_a_line_where_the_total_proves_it() -> None:
    heads = [(50, "SERVICE"), (120, "PREVIOUS"), (190, "PRESENT"), (260, "USAGE"), (400, "AMOUNT")]
    row = [(50, "EL"), (120, "100"), (190, "1350"), (260, "1250"), (400, "231.62")]
    said = page(heads, row, "Sales Tax 17.49", "Amount Due 249.11")
    assert [f"{line.label} {line.amount}" for line in said.lines] == [
        "EL 231.62", "Sales Tax 17.49",
    ]  # fmt: skip
    assert [read.kwh for read in said.reads] == [1250]
    said = page(heads, row, "Energy Charge 231.62", "Sales Tax 17.49", "Amount Due 249.11")
    assert [line.label for line in said.lines] == ["Energy Charge", "Sales Tax"]
    said = page(heads, row, "Sales Tax 17.49", "Amount Due 249.12")
    assert [line.label for line in said.lines] == ["Sales Tax"]
