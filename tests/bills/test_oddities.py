"""Bills of layouts that nobody described: what is certain is read, and nothing else."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pypdfium2
import pytest
from made import BILL, MARKS, Line, ambiguous, document, page, register, told, typed
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from harvester.errors import State

BILLED, DUE = date(2026, 6, 15), date(2026, 7, 1)
SINCE, UNTIL = date(2026, 5, 12), date(2026, 6, 11)
OWED, LATE = Decimal("249.11"), Decimal("261.57")


@pytest.mark.parametrize(
    "printed",
    [
        "Jun 15, 2026", "June 15, 2026", "Jun. 15 2026", "6/15/26", "06/15/2026", "2026-06-15",
        "06-15-2026", "15 June 2026", "15-Jun-26", "Monday, June 15, 2026",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "label", ["Billing Date", "Bill Date:", "STATEMENT DATE", "Invoice Date ."]
)
def test_a_date_is_read_however_it_is_printed(label: str, printed: str) -> None:
    assert page(f"{label} {printed}").billing_date == BILLED


@pytest.mark.parametrize(
    "printed", ["15/06/2026", "06/31/2026", "Jun 2026", "June 15", "soon", "12/31/9999"]
)
def test_what_is_no_date_is_none(printed: str) -> None:
    assert page(f"Due Date {printed}").due_date is None


@pytest.mark.parametrize(
    ("printed", "amount"),
    [
        ("$249.11", "249.11"), ("249.11", "249.11"), ("$ 249.11", "249.11"), ("$249", "249"),
        ("USD 249.11", "249.11"), ("$1,249.11", "1249.11"), ("$1249.11", "1249.11"),
        ("-$249.11", "-249.11"), ("$-249.11", "-249.11"), ("$249.11-", "-249.11"),
        ("$249.11 CR", "-249.11"), ("249.11CR", "-249.11"), ("($249.11)", "-249.11"),
        ("(249.11)", "-249.11"), ("\u2013$249.11", "-249.11"), ("$0.00", "0.00"), ("$.65", "0.65"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("label", ["Amount Due", "Total Due:", "PAY THIS AMOUNT", "Please Pay"])
def test_an_amount_keeps_its_sign_however_it_is_printed(
    label: str, printed: str, amount: str
) -> None:
    assert page(f"{label} {printed}").total == Decimal(amount)


@pytest.mark.parametrize("printed", ["249", "$249.1", "$0.05909", "24.9 %", "N/A", "$1,24.11"])
def test_what_is_no_amount_is_none(printed: str) -> None:
    assert page(f"Amount Due {printed}").total is None


@pytest.mark.parametrize(
    "printed",
    [
        "Billing Period 05/12/26 - 06/11/26",
        "Service Period: May 12, 2026 - Jun 11, 2026",
        "Billing Period May 12 - Jun 11, 2026",
        "Billing Period 05/12 to 06/11/26",
        "SERVICE FROM 05/12/2026 TO 06/11/2026",
        "Service From 2026-05-12 thru 2026-06-11",
        "Service 05/12/26 through 06/11/26",
        "From 05/12/26 To 06/11/26",
        "Service From: 05/12/26   Service To: 06/11/26",
        "Previous Read Date 05/12/26   Present Read Date 06/11/26",
        "Period 05/12/26\u201306/11/26",
    ],
)
def test_a_period_is_read_however_it_is_printed(printed: str) -> None:
    said = page(printed)
    assert (said.service_from, said.service_to, said.days) == (SINCE, UNTIL, None)


def test_a_period_over_new_year_takes_the_year_before() -> None:
    said = page("Billing Period Dec 12 - Jan 11, 2026")
    assert (said.service_from, said.service_to) == (date(2025, 12, 12), date(2026, 1, 11))


@pytest.mark.parametrize(
    "printed",
    [
        "Days Billed 30", "Number of Days: 30", "No. of Days 30", "Days of Service 30 days",
        "30 days of service", "Billing Period 05/12/26 - 06/11/26 (30 days)",
        "You used 1,250 kWh in 30 days", "Billed 30 days in this billing period",
        "Service Period 05/12/26 - 06/11/26 30 days",
    ],
)  # fmt: skip
def test_days_are_read_however_they_are_printed(printed: str) -> None:
    assert page(printed).days == 30


@pytest.mark.parametrize(
    "printed",
    [
        "Total kWh 1,250", "kWh Used: 1250", "Usage 1,250 kWh", "Energy Used 1,250 kWh",
        "Usage (kWh) 1,250", "TOTAL KWH USED 1,250", "1,250 kWh used", "Electric Usage: 1,250 kWh",
        "You used 1,250 kWh in 30 days",
    ],
)  # fmt: skip
def test_energy_is_read_however_it_is_printed(printed: str) -> None:
    assert page(printed).kwh == 1250


@pytest.mark.parametrize(
    "printed",
    [
        "Usage 1,250", "Usage 1,250 kW", "Average Daily Usage 41 kWh", "kWh Used Last Month 1,250",
        "You used 1,250 kWh in the same month of last year", "Demand 1,250 kW",
        "kWh 0.05909 $73.86",
    ],
)  # fmt: skip
def test_what_may_be_other_energy_is_none(printed: str) -> None:
    assert page(printed).kwh is None


@pytest.mark.parametrize("right_aligned", [False, True])
def test_values_under_their_labels(right_aligned: bool) -> None:  # noqa: FBT001 - a parameter
    places = [-130.0, -230.0, -330.0, -430.0, -560.0] if right_aligned else [50, 150, 250, 350, 450]
    heads = ("Billing Date", "Due Date", "Service From", "Service To", "Total Amount Due")
    values = ("6/15/26", "Jul 1, 2026", "05/12/26", "06/11/26", "$249.11")
    said = page(zip(places, heads, strict=True), zip(places, values, strict=True))
    assert (said.billing_date, said.due_date, said.total) == (BILLED, DUE, OWED)
    assert (said.service_from, said.service_to) == (SINCE, UNTIL)


def test_labels_and_values_in_one_stack() -> None:
    said = page("Due Date", "July 1, 2026", "Amount Due", "$249.11", "Rate Class", "Small Power")
    assert (said.due_date, said.total, said.rate) == (DUE, OWED, "Small Power")


def test_two_columns_side_by_side() -> None:
    said = page(
        [
            (50, "Account Number"),
            (150, "1234567-001"),
            (330, "Previous Balance"),
            (-560, "$231.07"),
        ],
        [(50, "Billing Date"), (150, "06/15/2026"), (330, "Payments Received"), (-560, "-$231.07")],
        [(50, "Due Date"), (150, "07/01/2026"), (330, "Current Charges"), (-560, "$249.11")],
        [(50, "Days Billed"), (150, "30"), (330, "Total Amount Due"), (-560, "$249.11")],
    )
    assert (said.billing_date, said.due_date, said.days) == (BILLED, DUE, 30)
    assert (said.current_charges, said.total) == (OWED, OWED)
    assert [told(line) for line in said.lines] == [
        ("Previous Balance", "balance_forward", None, None, None, "231.07"),
        ("Payments Received", "payment", None, None, None, "-231.07"),
    ]


def test_lines_with_their_amounts_under_them() -> None:
    places = (50, 170, 290, 410)
    said = page(
        zip(places, ("Previous Balance", "Payments", "Current Charges", "Amount Due"), strict=True),
        zip(places, ("$231.07", "-$231.07", "$249.11", "$249.11"), strict=True),
    )
    assert (said.current_charges, said.total) == (OWED, OWED)
    assert [(line.label, f"{line.amount}") for line in said.lines] == [
        ("Previous Balance", "231.07"),
        ("Payments", "-231.07"),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ("Amount Due by 07/01/2026 $249.11", "Amount Due after 07/01/2026 $261.57"),
        ("Total Amount Due 07/01/2026 $249.11", "After Due Date $261.57"),
        (
            [(50, "AMOUNT DUE BY 07/01/26"), (300, "AMOUNT DUE AFTER 07/01/26")],
            [(50, "$249.11"), (300, "$261.57")],
        ),
        ("Pay by: July 1, 2026", "Pay This Amount $249.11", "If paid after 07/01/2026 $261.57"),
        (
            "Total Amount Due by Jul 1: $249.11",
            "Due Date (month first) 7/1/26",
            "Amount due after July 1 $261.57",
        ),
    ],
)
def test_a_date_within_a_label(lines: tuple[Line, ...]) -> None:
    said = page(*lines)
    assert (said.due_date, said.total, said.after_due) == (DUE, OWED, LATE)


def test_a_row_of_labels_has_no_values_of_its_own() -> None:
    said = page(
        [(50, "BILLING DATE"), (200, "PAST DUE AFTER"), (350, "RATE"), (450, "CYCLE")],
        [(50, "06/15/2026"), (200, "07/01/2026"), (350, "Small Power"), (450, "7")],
    )
    assert (said.billing_date, said.due_date, said.rate) == (BILLED, DUE, "Small Power")
    heads = [(50, "Item"), (200, "Quantity"), (300, "Rate"), (400, "Amount")]
    assert page(heads, [(50, "Poles"), (200, "1"), (300, "5.00"), (400, "5.00")]).rate is None


def test_cards_side_by_side_do_not_disturb_each_other() -> None:
    said = page(
        [(50, "Amount Due"), (220, "Bill Issued"), (400, "Electricity Used")],
        [(50, "$249.11"), (220, "Jun 15, 2026"), (400, "1,250 kWh")],
        [(50, "Due by Jul 1, 2026"), (220, "May 12, 2026 - Jun 11, 2026"), (400, "41.7 kWh a day")],
    )
    assert (said.total, said.due_date, said.billing_date) == (OWED, DUE, BILLED)
    assert said.kwh == 1250
    assert page([(50, "Billing Period"), (150, "05/12/26 -")], [(150, "06/11/26")]).service_to == (
        UNTIL
    )


@pytest.mark.parametrize(
    ("printed", "rate"),
    [
        ("Rate: Small Power", "Small Power"),
        ("Rate Schedule Small Power", "Small Power"),
        ("rate of $0.1199 per kWh", None),
        ("Rate Due Date", None),
    ],
)
def test_a_rate_is_a_name_behind_its_label_and_no_sentence(printed: str, rate: str | None) -> None:
    assert page(printed).rate == rate


def test_what_is_asked_for_on_a_levelized_plan() -> None:
    said = page("Current Charges $170.18", "Budget Billing Amount $172.77", "Amount Due $172.77")
    assert [f"{amount}" for amount in (said.current_charges, said.levelized, said.total)] == [
        "170.18", "172.77", "172.77",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (("Amount Due $249.11", "Total Due $250.11"), "total"),
        (("Due Date 07/01/2026", "Pay by 07/02/2026"), "due_date"),
        (("Bill Date 06/15/2026", "Statement Date 06/16/2026"), "billing_date"),
        (("Total kWh 1,250", "Usage 1,205 kWh"), "kwh"),
        (("Days Billed 30", "31 days of service"), "days"),
        (("Service From 05/12/26", "Billing Period 05/11/26 - 06/11/26"), "service_from"),
        (("Current Charges $1.00", "New Charges $2.00"), "current_charges"),
    ],
)
def test_what_two_places_contradict_is_none_and_named(lines: tuple[str, ...], name: str) -> None:
    assert getattr(page(*lines), name) is None
    assert getattr(page(lines[0]), name) is not None
    assert ambiguous(*lines) == [name]
    assert ambiguous(*lines[::-1]) == [name]


def test_registers_that_do_not_sum_to_the_total_energy_make_it_ambiguous() -> None:
    heads = [(50, "Meter"), (150, "Previous"), (250, "Present"), (350, "kWh")]
    row = [(50, "51001"), (150, "100"), (250, "1,350"), (350, "1,250")]
    assert page(heads, row, "Total kWh Used 1,250").kwh == 1250
    assert ambiguous(heads, row, "Total kWh Used 1,205") == ["kwh"]


def test_what_several_places_repeat_is_one_answer() -> None:
    lines = ("Amount Due $249.11", "Please return this portion with your payment")
    said = page(*lines, "Total Amount Due $249.11", "Due Date 07/01/2026", "Due Date Jul 1, 2026")
    assert (said.total, said.due_date) == (OWED, DUE)
    assert ambiguous(*lines, "Amount Due $249.11") == []


def test_a_comparison_of_months_is_not_taken_for_this_one() -> None:
    said = page(
        [(50, "Compared"), (200, "This Month"), (300, "Last Month")],
        [(50, "kWh Used"), (200, "1,250"), (300, "1,190")],
        [(50, "Days Billed"), (200, "30"), (300, "31")],
        [(50, "Service From"), (200, "Service To"), (300, "Usage")],
        [(50, "05/12/26"), (200, "06/11/26"), (300, "1,250 kWh")],
        [(50, "04/12/26"), (200, "05/12/26"), (300, "1,190 kWh")],
    )
    assert (said.kwh, said.days, said.service_from, said.service_to) == (None, None, None, None)


def test_what_is_not_printed_is_none_and_never_zero() -> None:
    said = page("Thank you for being a member")
    facts = ("due_date", "service_from", "days", "rate", "kwh", "received_kwh", "total")
    assert {getattr(said, name) for name in (*facts, "current_charges", "after_due")} == {None}
    assert (said.reads, said.lines) == ((), ())


def test_register_rows_with_and_without_multiplier() -> None:
    said = page(
        [
            (50, "Meter"),
            (130, "Previous"),
            (210, "Present"),
            (290, "Multiplier"),
            (370, "kWh Used"),
        ],
        [(50, "51001"), (130, "100"), (210, "125"), (290, "40"), (370, "1,000")],
        [(50, "51002"), (130, "7"), (210, "257"), (370, "250")],
    )
    assert [register(read) for read in said.reads] == [
        ("51001", "delivered", "100", "125", "40", "1000"),
        ("51002", "delivered", "7", "257", None, "250"),
    ]
    assert said.kwh == 1250


def test_a_meter_named_once_for_two_registers() -> None:
    said = page(
        [(50, "Meter"), (130, "Register"), (230, "Previous"), (310, "Present"), (390, "kWh")],
        [(50, "51001"), (130, "Delivered"), (230, "100"), (310, "1,350"), (390, "1,250")],
        [(130, "Received"), (230, "5"), (310, "305"), (390, "300")],
        [(50, "Meter readings are those of midnight")],
    )
    assert [register(read) for read in said.reads] == [
        ("51001", "delivered", "100", "1350", None, "1250"),
        ("51001", "received", "5", "305", None, "300"),
    ]
    assert (said.kwh, said.received_kwh) == (1250, 300)


def test_figures_that_stand_askew_go_by_their_order_where_none_is_missing() -> None:
    said = page(
        [(50, "Meter"), (130, "Previous"), (210, "Present"), (290, "Multiplier"), (370, "kWh")],
        [(80, "51001"), (160, "100"), (240, "125"), (320, "40"), (400, "1,000")],
    )
    assert [register(read) for read in said.reads] == [
        ("51001", "delivered", "100", "125", "40", "1000")
    ]


def test_figures_that_stand_between_headers_are_not_certain() -> None:
    said = page(
        [(50, "Meter"), (130, "Previous"), (210, "Present"), (290, "Multiplier"), (370, "kWh")],
        [(90, "51001"), (170, "100"), (250, "125"), (410, "1,000")],
    )
    assert said.reads == ()


def test_headers_of_two_lines_and_headers_over_two_columns() -> None:
    said = page(
        [(120, "Service Dates"), (270, "Meter Readings")],
        [(50, "Meter"), (110, "From"), (170, "To"), (250, "Previous"), (320, "Present"),
         (390, "Mult"), (-470, "kWh")],
        [(50, "51001"), (110, "05/12/26"), (170, "06/11/26"), (-290, "100"), (-350, "1,350"),
         (390, "1"), (-470, "1,250")],
    )  # fmt: skip
    (read,) = said.reads
    assert register(read) == ("51001", "delivered", "100", "1350", "1", "1250")
    assert (read.service_from, read.service_to) == (SINCE, UNTIL)
    assert (said.service_from, said.service_to) == (SINCE, UNTIL)


def test_a_register_that_counts_no_energy_is_left_out() -> None:
    said = page(
        [(50, "Meter"), (130, "Read Type"), (210, "Previous"), (290, "Present"), (370, "Usage")],
        [(50, "51001"), (130, "kWh"), (210, "100"), (290, "1,350"), (370, "1,250")],
        [(50, "51001"), (130, "kW Demand"), (210, "0"), (290, "9.5"), (370, "9.5")],
    )
    assert [register(read)[-1] for read in said.reads] == ["1250"]
    assert said.kwh == 1250


def test_one_register_told_by_labels() -> None:
    said = page(
        "Meter Number: 70551234   Multiplier: 1.0",
        "Previous Reading 48,211   Present Reading 49,461   kWh Used 1,250",
    )
    assert [register(read) for read in said.reads] == [
        ("70551234", "delivered", "48211", "49461", "1.0", "1250")
    ]


def test_one_register_told_in_one_sentence() -> None:
    said = page("Meter 51001 Previous 100 Present 1,350 Multiplier 1 Usage 1,250 kWh")
    assert [register(read) for read in said.reads] == [
        ("51001", "delivered", "100", "1350", "1", "1250")
    ]


def test_letters_of_one_width() -> None:
    said = page(
        "Account Number: 1234567-001    Billing Date: 06/15/2026",
        "Meter      Previous   Present    Mult     kWh",
        "51001           100     1,350       1   1,250",
        "Distribution  1,250 kWh @ 0.05909     73.86",
        font="Courier",
    )
    assert said.billing_date == BILLED
    assert [register(read) for read in said.reads] == [
        ("51001", "delivered", "100", "1350", "1", "1250")
    ]
    assert [told(line) for line in said.lines] == [
        ("Distribution", "distribution", "1250", "kWh", "0.05909", "73.86")
    ]


def test_lines_in_running_text_with_quantity_and_price() -> None:
    said = page(
        "Electric Charges",
        "Customer Charge  30 days @ $1.66  $49.80",
        "Energy Charge 1,250 kWh x $0.05909 = $73.86",
        "Fuel Adjustment (1,250 kWh @ -0.00067)  $0.84-",
        "Demand 25.5 kW @ $8.00/kW ........ $204.00",
        "Operation Round Up  $0.18",
        "Sales Tax 4%  $9.58",
        "Total Current Charges $336.58",
        "Average cost per day $11.22",
    )
    assert [told(line) for line in said.lines] == [
        ("Customer Charge", "access", "30", "days", "1.66", "49.80"),
        ("Energy Charge", "energy", "1250", "kWh", "0.05909", "73.86"),
        ("Fuel Adjustment", "pca", "1250", "kWh", "-0.00067", "-0.84"),
        ("Demand", "demand", "25.5", "kW", "8.00", "204.00"),
        ("Operation Round Up", "other", None, None, None, "0.18"),
        ("Sales Tax 4%", "tax", None, None, None, "9.58"),
    ]
    assert sum(line.amount for line in said.lines) == said.current_charges == Decimal("336.58")


def test_lines_in_columns_without_units() -> None:
    said = page(
        [(50, "Item"), (-300, "Quantity"), (-400, "Rate"), (-560, "Amount")],
        [(50, "Facilities Charge"), (-300, "1"), (-400, "$75.00"), (-560, "$75.00")],
        [(50, "Energy Charge"), (-300, "10,000"), (-400, "0.07000"), (-560, "700.00")],
        [(50, "Excess Generation Credit"), (-300, "350"), (-400, "(0.0300)"), (-560, "(10.50)")],
        [(50, "Light at pole"), (-300, "14"), (-400, "12.50"), (-560, "25.00")],
        [(50, "Adjustments"), (-560, "0.00")],
    )
    assert [told(line) for line in said.lines] == [
        ("Facilities Charge", "access", "1", None, "75.00", "75.00"),
        ("Energy Charge", "energy", "10000", None, "0.07000", "700.00"),
        ("Excess Generation Credit", "credit", "350", None, "-0.0300", "-10.50"),
        ("Light at pole", "light", None, None, None, "25.00"),
        ("Adjustments", "adjustment", None, None, None, "0.00"),
    ]


def test_descriptions_of_several_lines() -> None:
    said = page(
        [(50, "Description"), (350, "Usage"), (430, "Price"), (-560, "Amount")],
        [(50, "Wholesale power bought for the")],
        [(50, "month of May"), (350, "1,250 kWh"), (430, "0.09337"), (-560, "116.71")],
        [(50, "Distribution"), (350, "1,250 kWh"), (430, "0.05909"), (-560, "73.86")],
        [(50, "(poles and lines)")],
    )
    assert [told(line) for line in said.lines] == [
        ("Wholesale power bought for the month of May", "wholesale_power", "1250", "kWh",
         "0.09337", "116.71"),
        ("Distribution (poles and lines)", "distribution", "1250", "kWh", "0.05909", "73.86"),
    ]  # fmt: skip


def test_a_page_break_within_the_lines() -> None:
    first = ("Charges", "Access Charge 30 days @ 1.66 $49.80", "Energy 1,250 kWh @ 0.05909 $73.86")
    second = ("Sample Co", "Page 2", "Area Light $12.50", "State Tax $4.00", "New Charges $140.16")
    said = document(typed(first, (*second, *MARKS))).statement
    assert said is not None
    assert [(line.label, line.page) for line in said.lines] == [
        ("Access Charge", 1),
        ("Energy", 1),
        ("Area Light", 2),
        ("State Tax", 2),
    ]
    assert sum(line.amount for line in said.lines) == said.current_charges == Decimal("140.16")


def test_what_stands_behind_the_total_is_no_line_unless_its_label_says_so() -> None:
    said = page("Charges", "Pole rental $2.00", "Amount Due $249.11", "Pledged to the fund $5.00")
    assert [(line.label, f"{line.amount}") for line in said.lines] == [("Pole rental", "2.00")]
    assert page("Pole rental $2.00").lines == ()


def test_lines_that_a_summary_repeats_are_told_once_and_a_payment_lessens_what_is_owed() -> None:
    said = page(
        "Previous Balance $231.07",
        "Payments Received $231.07",
        "Current Charges $249.11",
        "Amount Due $249.11",
        "Details of charges",
        "Access Charge 30 days @ $1.66 $49.80",
        "Energy Charge 1,250 kWh @ $0.15179 $189.73",
        "Sales Tax $9.58",
        "Total $249.11",
        "Amount Due $249.11",
        "Previous Balance $231.07",
    )
    assert [(line.label, f"{line.amount}") for line in said.lines] == [
        ("Previous Balance", "231.07"),
        ("Payments Received", "-231.07"),
        ("Access Charge", "49.80"),
        ("Energy Charge", "189.73"),
        ("Sales Tax", "9.58"),
    ]


def encrypted() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, encrypt=StandardEncryption("member", canPrint=0))
    for number, mark in enumerate(MARKS):
        canvas.drawString(50, 700 - 16 * number, mark)
    canvas.save()
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        encrypted(),
        typed(MARKS)[:-400],
        b"<!DOCTYPE html><html>1234567-001 06/15/2026 $249.11 %PDF-1.4 %%EOF</html>",
        b"",
    ],
    ids=["encrypted", "truncated", "HTML", "empty"],
)
def test_what_does_not_open_is_no_pdf(content: bytes) -> None:
    rows = document(content)
    assert rows.document is State.NOT_A_PDF
    assert rows.statement is None
    assert [(f.rule, f.subject) for f in rows.findings] == [("not-a-pdf", BILL.key)]


def test_a_pdf_that_only_its_password_keeps_shut_holds_the_marks() -> None:
    """Hold that the encrypted one above fails for its encryption and for nothing else."""
    with pypdfium2.PdfDocument(encrypted(), password="member") as pdf:
        text = pdf[0].get_textpage().get_text_range()
    assert all(mark in text for mark in MARKS)


def test_another_accounts_bill_is_kept_apart_and_not_read() -> None:
    rows = document(typed(("Amount Due $249.11", *MARKS)), replace(BILL, account="1234567002"))
    assert rows.document is State.WRONG_DOCUMENT
    assert rows.statement is None


def test_a_layout_that_nobody_described_is_flagged() -> None:
    rows = document(typed(MARKS))
    assert rows.document is State.OK
    assert [(f.rule, f.subject) for f in rows.findings] == [("unknown-layout", BILL.key)]
    assert rows.statement is not None
    assert (rows.statement.account, rows.statement.layout) == (BILL.account, "generic@1")
