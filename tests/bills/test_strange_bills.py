"""Bills as others draw and word them: what stands raised, wrapped, merged or for someone else."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import pytest
from made import BILL, MARKS, Line, ambiguous, document, page, register, statement, told, typed
from playwright.sync_api import Browser
from reportlab.pdfgen.canvas import Canvas

from harvester.model import Bill, Statement

SINCE, UNTIL = date(2026, 5, 12), date(2026, 6, 11)
METERS = [(50.0, "Meter"), (130.0, "Type"), (210.0, "Previous"), (290.0, "Present"), (370.0, "kWh")]


CREDIT = Bill("5530012004", "Regular", date(2026, 6, 12), None, None, None, Decimal("1234.58"))


def printed(browser: Browser, body: str, marks: tuple[str, ...] = MARKS) -> bytes:
    """Return a page of HTML with the marks of a bill as Chromium prints it."""
    page = browser.new_page()
    page.set_content(body + (f"<p>{' '.join(marks)}</p>" if marks else ""))
    content = page.pdf(prefer_css_page_size=True)
    page.close()
    return content


def table(*rows: Iterable[str], width: str = "100%") -> str:
    """Return a table of HTML whose second column and those behind it end at the right."""
    cells = ("<td>" + "<td align=right>".join(row) for row in rows)
    return f"<table style='width: {width}'><tr>{'<tr>'.join(cells)}</table>"


def test_lines_that_pdfium_takes_for_one_are_rows(browser: Browser) -> None:
    content = printed(
        browser,
        "<style>@page {size: letter; margin: 12mm} body {font: 10pt Helvetica, Arial, sans-serif}"
        "table {width: 100%; border-collapse: collapse}</style>"
        + table(
            ("Account Number", "5530012-004"), ("Billing Date", "06/12/2026"),
            ("Previous Balance", "$1,422.00CR"), ("Payments", "$0.00"),
            ("Current Charges", "187.42"), ("Account Balance", "$1,234.58CR"),
            ("Amount Due", "$0.00"),
        )
        + "<p><b>DO NOT PAY - CREDIT BALANCE</b></p>"
        "<p>Usage period 05/12/2026 - 06/11/2026, 30 days, 1,104 kWh.</p>"
        + table(("<b>Details of Charges</b>", ""), ("Customer charge", "32.00"),
                ("Energy 1,104 kWh", "142.97"), ("Cost of power adj.", "4.42"),
                ("Sales tax", "8.03")),
        (),
    )  # fmt: skip
    said = statement(content, CREDIT)
    assert [f"{line.amount}" for line in said.lines] == [
        "-1422.00", "0.00", "32.00", "142.97", "4.42", "8.03",
    ]  # fmt: skip
    assert (said.billing_date, said.current_charges) == (date(2026, 6, 12), Decimal("187.42"))
    assert (said.service_from, said.service_to) == (date(2026, 5, 12), UNTIL)


def test_a_sentence_is_read_where_pdfium_takes_letters_for_lines(browser: Browser) -> None:
    content = printed(
        browser,
        table(
            ("Account Number", "1234567-001"), ("Billing Date", "06/15/2026"),
            ("Previous Balance", "$1,422.00CR"), ("Payments", "$0.00"),
            ("Current Charges", "187.42"), ("Account Balance", "$1,234.58CR"),
            ("Due Date", "07/01/2026"),
        ) + "<p>Usage period 05/12/2026 - 06/11/2026, 30 days</p>",
    )  # fmt: skip
    said = statement(content)
    assert (said.service_from, said.service_to, said.days) == (SINCE, UNTIL, 30)


@pytest.mark.parametrize(
    "amount",
    [
        "<b style='font-size:24pt'>$187<sup style='font-size:12pt'>42</sup></b>",
        "<b style='font-size:24pt'>$187<i style='font-size:9pt;vertical-align:text-top'>42</i></b>",
        "<b style='font-size:12pt'>$187<sup style='font-size:8pt'>42</sup></b>",
        "<b style='font-size:24pt'><sup style='font-size:12pt'>$</sup>187<sup>42</sup></b>",
        "<div style='display:flex; font-size:24pt'>$187<i style='font-size:12pt'>42</i></div>",
    ],
)
def test_raised_cents_belong_to_their_dollars(browser: Browser, amount: str) -> None:
    assert statement(printed(browser, f"Amount Due<br>{amount}")).total == Decimal("187.42")


def test_cents_on_the_line_of_their_dollars_and_two_digits_that_are_none() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=True)
    for x, y, text, size in [
        (50, 740, "Amount Due", 9), (150, 735, "$187", 20), (198, 742, "42", 9),
        (50, 700, "Current Charges $187", 9), (190, 700, "42", 9),
        *((50, 600 - 20 * n, mark, 9) for n, mark in enumerate(MARKS)),
    ]:  # fmt: skip
        canvas.setFont("Helvetica", size)
        canvas.drawString(x, y, text)
    canvas.save()
    said = statement(out.getvalue())
    assert (said.total, said.current_charges) == (Decimal("187.42"), Decimal(187))


def test_where_a_register_is_lost_the_others_tell_neither_days_nor_period() -> None:
    heads = [(50, "Meter"), (130, "From"), (200, "To"), (270, "Days"), (310, "Previous"),
             (370, "Present"), (430, "kWh")]  # fmt: skip
    new = [(50, "51002"), (130, "05/20/26"), (200, "06/11/26"), (270, "22"), (310, "0"),
           (370, "645"), (430, "645")]  # fmt: skip
    old = [(50, "51001"), (130, "05/12/26"), (200, "05/20/26"), (270, "8"), (310, "99,800"),
           (370, "N/A"), (430, "300")]  # fmt: skip
    said = page(heads, old, new)
    assert (said.service_from, said.service_to, said.days, said.kwh) == (None, None, None, None)
    said = page(heads, new)
    assert (said.service_from, said.days, said.kwh) == (date(2026, 5, 20), 22, 645)


def test_a_remark_in_brackets_belongs_to_what_it_stands_behind() -> None:
    said = page(
        [(50, "Meter"), (130, "From"), (200, "To"), (270, "Previous"), (330, "Present"),
         (390, "Mult"), (430, "kWh")],
        [(50, "51001 (removed)"), (130, "05/12/26"), (200, "06/11/26"), (270, "100 A"),
         (330, "1,350 E"), (390, "1"), (430, "1,250")],
    )  # fmt: skip
    assert [register(read) for read in said.reads] == [
        ("51001", "delivered", "100", "1350", "1", "1250")
    ]


@pytest.mark.parametrize("name", ["Service Period", "Read Dates", "Service Dates"])
def test_a_table_with_a_column_for_the_period(name: str) -> None:
    said = page(
        [(50, "Meter"), (120, name), (230, "Days"), (270, "Register"), (340, "Previous"),
         (400, "Present"), (460, "Usage")],
        [(50, "51001"), (110, "05/12/26 - 06/11/26"), (230, "30"), (270, "On-Peak kWh"),
         (340, "100"), (400, "350"), (460, "250")],
        [(50, "51001"), (110, "05/12/26 - 06/11/26"), (230, "30"), (270, "Off-Peak kWh"),
         (340, "1,000"), (400, "2,000"), (460, "1,000")],
        [(50, "51001"), (110, "05/12/26 - 06/11/26"), (230, "30"), (270, "Peak kW"),
         (340, "0.00"), (400, "5.42"), (460, "5.42")],
    )  # fmt: skip
    assert [read.kwh for read in said.reads] == [250, 1000]
    assert (said.service_from, said.service_to, said.days) == (SINCE, UNTIL, 30)
    assert said.kwh == 1250


def test_a_period_far_left_of_its_header(browser: Browser) -> None:
    row = "<tr><td>05/12/26-06/11/26<td>30<td>500<td>1,750<td>1,250"
    heads = "<tr><th>Read Dates<th>Days<th>Previous<th>Present<th>Usage (kWh)"
    said = statement(printed(browser, f"<table style='width:100%' border=1>{heads}{row}</table>"))
    assert [register(read) for read in said.reads] == [
        ("", "delivered", "500", "1750", None, "1250")
    ]
    assert (said.service_from, said.service_to, said.days) == (SINCE, UNTIL, 30)


def test_a_header_of_three_levels_whose_names_touch(browser: Browser) -> None:
    heads = (
        "<tr><th rowspan=2>Meter<th colspan=2>Reading Dates<th colspan=2>Meter Reading"
        "<th rowspan=2>Multiplier<th rowspan=2>kWh Usage<th rowspan=2>Demand Reading"
        "<th rowspan=2>Code<tr><th>Previous<th>Present<th>Previous<th>Present"
    )
    row = "<tr><td>LP901<td>05/12/26<td>06/11/26<td>2,210<td>2,660<td>80<td>36,000<td>1.250<td>A"
    said = statement(printed(browser, f"<table style='width:100%' border=1>{heads}{row}</table>"))
    assert [register(read) for read in said.reads] == [
        ("LP901", "delivered", "2210", "2660", "80", "36000")
    ]
    assert (said.service_from, said.service_to, said.kwh) == (SINCE, UNTIL, 36000)


def test_a_direction_that_goes_on_in_the_next_line_of_its_cell(browser: Browser) -> None:
    heads = "<tr><th>Meter<th width=70>Description<th>Previous<th>Present<th>kWh"
    rows = (
        "<tr><td>51001<td>Delivered to you<td>100<td>1,350<td>1,250"
        "<tr><td>51001<td>Received from you<td>7,011<td>8,211<td>1,200"
    )
    said = statement(printed(browser, f"<table style='width:60%' border=1>{heads}{rows}</table>"))
    assert [register(read)[1:] for read in said.reads] == [
        ("delivered", "100", "1350", None, "1250"),
        ("received", "7011", "8211", None, "1200"),
    ]
    assert (said.kwh, said.received_kwh) == (1250, 1200)


@pytest.mark.parametrize("name", ["RCV", "Out", "Exp", "To Grid", "Rcvd kWh"])
def test_what_the_member_delivers_has_many_names(name: str) -> None:
    said = page(
        METERS,
        [(50, "51001"), (130, "In"), (210, "100"), (290, "1,350"), (370, "1,250")],
        [(50, "51001"), (130, name), (210, "5"), (290, "305"), (370, "300")],
    )
    assert (said.kwh, said.received_kwh) == (1250, 300)


@pytest.mark.parametrize("name", ["Channel X", "Inadvertent", "kWh Alt"])
def test_registers_of_one_meter_with_unknown_names_are_not_summed(name: str) -> None:
    first = [(50, "51001"), (130, "kWh"), (210, "100"), (290, "1,350"), (370, "1,250")]
    other = [(50, "51001"), (130, name), (210, "5"), (290, "305"), (370, "300")]
    assert page(METERS, first, other).kwh is None
    assert page(METERS, first, other, "Total kWh Used 1,550").kwh == 1550
    assert page(METERS, first, [(50, "51002"), *other[1:]]).kwh == 1550


def test_energy_less_what_was_given_back_is_not_what_was_delivered() -> None:
    rows = [
        [(50, "51001"), (130, "Delivered"), (210, "100"), (290, "1,350"), (370, "1,250")],
        [(50, "51001"), (130, "Received"), (210, "5"), (290, "305"), (370, "300")],
        [(50, "51001"), (130, "Net"), (210, "95"), (290, "1,045"), (370, "950")],
    ]
    said = page(METERS, *rows, "Net kWh 950")
    assert (said.kwh, said.received_kwh, len(said.reads)) == (1250, 300, 2)
    assert page("Net kWh -300").kwh is None
    assert page("Total kWh -300").kwh is None
    assert page(METERS, [(50, "51001"), (210, "305"), (290, "5"), (370, "-300")]).kwh is None


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (("The average member used 1,250 kWh in 30 days.",), ("kwh", "days")),
        (("Homes like yours: 1,250 kWh used this month",), ("kwh",)),
        (("Rate change effective 07/01/2026 through 12/31/2026.",), ("service_to",)),
    ],
)
def test_a_sentence_about_others_or_another_time_tells_nothing(
    lines: tuple[Line, ...], names: tuple[str, ...]
) -> None:
    said = page(*lines)
    assert {name: getattr(said, name) for name in names} == dict.fromkeys(names)
    assert ambiguous(*lines) == []


@pytest.mark.parametrize(
    "line",
    ["Your electric charges this month $187.42", "Credit balance as of 06/11/2026 $81.45 CR",
     "Last Payment Amount $172.10"],
)  # fmt: skip
def test_sums_and_what_is_told_besides_are_no_lines(line: str) -> None:
    said = page("Charges", "Energy Charge $187.42", line)
    assert [told(one)[0] for one in said.lines] == ["Energy Charge"]


def test_last_months_balance_ends_no_lines() -> None:
    said = page(
        [(50, "Last month's balance"), (-250, "$172.10"), (320, "Basic service"), (-560, "$32.00")],
        [(320, "Energy Charge"), (-560, "$142.97")],
    )
    assert [f"{line.amount}" for line in said.lines] == ["172.10", "32.00", "142.97"]


def test_a_table_of_meters_that_charges_too() -> None:
    columns = (50, 200, 250, 300, 350, 420)
    rows = [
        ("Service Description", "Prev", "Pres", "Mult", "Usage", "Charge"),
        ("Electric Residential", "100", "1,350", "1", "1,250", "174.97"),
        ("Fuel Adjustment", "", "", "", "", "4.42"),
        ("Pole rental", "", "", "", "", "0.58"),
    ]
    said = page(*([(x, t) for x, t in zip(columns, row, strict=True) if t] for row in rows))
    assert [register(read) for read in said.reads] == [
        ("", "delivered", "100", "1350", "1", "1250")
    ]
    assert [f"{line.amount}" for line in said.lines] == ["4.42", "0.58"]


def test_a_deposit_that_is_given_back() -> None:
    said = page("Deposit Applied $(150.00)", "Deposit Interest $(3.11)", "Patronage $(12.00)")
    assert [told(line)[1::4] for line in said.lines] == [
        ("credit", "-150.00"), ("credit", "-3.11"), ("credit", "-12.00"),
    ]  # fmt: skip


def test_what_is_due_net_and_gross_on_a_form_of_old() -> None:
    said = page("NET DUE ON OR BEFORE 07/01/26  249.11", "GROSS DUE AFTER 07/01/26  261.57")
    assert (said.total, said.after_due) == (Decimal("249.11"), Decimal("261.57"))
    assert said.due_date == date(2026, 7, 1)


def test_readings_with_their_dates() -> None:
    said = page(
        [(50, "Meter"), (-300, "51001")],
        [(50, "Current Reading 06/11/26"), (-300, "1,350")],
        [(50, "Previous Reading 05/12/26"), (-300, "100")],
        [(50, "kWh Used"), (-300, "1,250")],
    )
    assert [register(read) for read in said.reads] == [
        ("51001", "delivered", "100", "1350", None, "1250")
    ]


def test_the_document_of_a_bill_is_told_by_an_amount_with_raised_cents(browser: Browser) -> None:
    tab = browser.new_page()
    tab.set_content("1234567-001 06/15/2026<p>Amount Due<br><b>$249<sup>11</sup></b>")
    content = tab.pdf()
    tab.close()
    assert document(content, BILL).statement is not None
    assert typed(MARKS) != content


def tiles(browser: Browser, *cells: tuple[str, str], sizes: tuple[int, int] = (14, 7)) -> Statement:
    """Return what is read of cells side by side, each of one text over another."""
    big, small = sizes
    each = (
        f"<div><p style='font-size: {big}pt'>{over}<p style='font-size: {small}pt'>{under}</div>"
        for over, under in cells
    )
    style = "<style>p {margin: 0} div {padding: 8px; text-align: center}</style>"
    row = f"{style}<main style='display: flex; gap: 24px'>{''.join(each)}</main>"
    return statement(printed(browser, row))


def test_values_over_their_labels(browser: Browser) -> None:
    said = tiles(
        browser, ("06/15/2026", "BILL DATE"), ("07/01/2026", "DUE DATE"),
        ("$249.11", "AMOUNT DUE"), ("1,250 kWh", "Energy Used"), ("41.7", "AVG kWh/DAY"),
    )  # fmt: skip
    assert (said.billing_date, said.due_date) == (BILL.billing_date, date(2026, 7, 1))
    assert (said.total, said.kwh) == (Decimal("249.11"), 1250)


def test_values_that_may_be_of_other_labels_are_not_taken(browser: Browser) -> None:
    said = tiles(browser, ("06/15/2026", "BILL DATE"), ("see page 2", "AMOUNT DUE"))
    assert said.billing_date is None
    said = tiles(browser, ("$231.07", "AMOUNT DUE"), sizes=(10, 10))
    assert said.total is None
    said = tiles(browser, ("Last paid<br>$231.07", "AMOUNT DUE<p style='font-size: 14pt'>$249.11"))
    assert said.total == Decimal("249.11")
    said = tiles(browser, ("<p style='font-size: 7pt'>New Charges<p>$231.07", "AMOUNT DUE"))
    assert (said.total, said.current_charges) == (None, Decimal("231.07"))
