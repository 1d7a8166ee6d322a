"""Whole bills with what misleads: other months, other meters, other services, prose and axes."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import typst
from made import BILL, document, register, told, typed
from playwright.sync_api import Browser
from reportlab.pdfgen.canvas import Canvas

from harvester.model import Bill, Statement

HERE = Path(__file__).parent
BILLED = date(2026, 6, 15)
ACCOUNT = "1234567-001"


def read(content: bytes, bill: Bill = BILL) -> Statement:
    """Return the statement of a bill that says nothing in two ways."""
    rows = document(content, bill)
    assert [finding.rule for finding in rows.findings] == ["unknown-layout"]
    assert rows.statement is not None
    return rows.statement


def facts(said: Statement) -> tuple[object, ...]:
    """Return billing date, due date, period, days, kWh, total and what is due later."""
    period = (said.service_from, said.service_to, said.days)
    return said.billing_date, said.due_date, *period, said.kwh, said.total, said.after_due


def amounts(said: Statement) -> list[str]:
    return [f"{line.amount}" for line in said.lines]


def test_a_last_bill_an_exchanged_meter_and_labels_of_two_lines(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content((HERE / "sumter-plains.html").read_text(encoding="utf-8"))
    content = page.pdf(prefer_css_page_size=True)
    page.close()
    said = read(content, Bill("6612090004", "Regular", BILLED, None, None, None, Decimal("249.11")))
    assert facts(said) == (
        BILLED, date(2026, 7, 1), date(2026, 5, 12), date(2026, 6, 11), 30, 1250,
        Decimal("249.11"), Decimal("261.57"),
    )  # fmt: skip
    assert [register(one) for one in said.reads] == [
        ("51001", "delivered", "99870", "99990", "1", "120"),
        ("51778", "delivered", "0", "1130", "1", "1130"),
    ]
    assert [told(line) for line in said.lines] == [
        ("Customer charge", "access", None, None, None, "24.80"),
        ("Security Lights", "light", "2", None, "12.50", "25.00"),
        ("Energy", "energy", "1250", "kWh", "0.15979", "199.74"),
        ("Rebate, smart thermostat", "credit", None, None, None, "-10.01"),
        ("Sales tax", "tax", None, None, None, "9.58"),
    ]


def test_registers_by_time_of_use_beside_their_total_and_a_closed_office() -> None:
    content = bytes(typst.compile((HERE / "prairie-wind.typ").read_bytes()))
    said = read(content, Bill("7204418002", "Regular", BILLED, None, None, None, Decimal("402.10")))
    assert facts(said) == (
        BILLED, date(2026, 7, 8), date(2026, 5, 14), date(2026, 6, 13), 30, 3000,
        Decimal("402.10"), None,
    )  # fmt: skip
    assert [one.kwh for one in said.reads] == [3000, 700, 2300]
    assert amounts(said) == ["40.00", "126.00", "184.00", "39.20", "12.90"]


def test_the_printer_of_an_old_billing_system() -> None:
    said = read(
        typed(
            (
                " WIREGRASS ELECTRIC CO-OP INC                       BILL DATE   06-15-26",
                f" ACCT NO  {ACCOUNT}                               DUE DATE    07-01-26",
                "",
                " METER NO   FROM      TO        DAYS   PREV    PRES   MULT    KWH    CODE",
                " 77120045   05-12-26  06-11-26   30   12,420  13,890   1    1,470     A",
                "",
                "                      PREVIOUS BILL                        188.12",
                "                      PAYMENT 05-28-26                     188.12-",
                "                      CUSTOMER CHARGE                       24.50",
                "                      ENERGY   1,470 KWH                   154.35",
                "                      PCA      1,470 KWH @ .00150-           2.21-",
                "                      YARD LIGHT  4 @ 16.10                 64.40",
                "                      STATE TAX                              8.07",
                "                      NET AMOUNT DUE                       249.11",
                "                      GROSS AMOUNT DUE AFTER 07-01-26      261.57",
                "",
                " KWH HISTORY      MAY 1,120   APR   890   MAR 1,010   FEB 1,322",
                " SAME MONTH LAST YEAR 1,399 KWH     AVG TEMP 79     LAST YEAR 77",
                " DAILY AVG KWH 49      DAILY AVG COST 7.13",
                " ** A LATE CHARGE OF 12.46 WILL BE ADDED AFTER 07/01/2026 **",
            ),
            font="Courier",
        )
    )
    assert facts(said) == (
        BILLED, date(2026, 7, 1), date(2026, 5, 12), date(2026, 6, 11), 30, 1470,
        Decimal("249.11"), Decimal("261.57"),
    )  # fmt: skip
    assert amounts(said) == ["188.12", "-188.12", "24.50", "154.35", "-2.21", "64.40", "8.07"]


def test_a_city_that_sells_water_too() -> None:
    heads = [(50.0, "Meter"), (-200.0, "Previous"), (-280.0, "Present"), (-340.0, "Mult")]
    said = read(
        typed(
            (
                f"Account Number {ACCOUNT}   Statement Date 06/15/2026",
                "Service Period 5/12/26 - 6/11/26   Days of Service 30",
                "ELECTRIC",
                [*heads, (-410, "Usage")],
                [(50, "40117"), (-200, "21,004"), (-280, "21,804"), (-340, "1"), (-410, "800")],
                "WATER",
                [*heads, (-410, "Usage")],
                [(50, "99210"), (-200, "1,204"), (-280, "1,209"), (-340, "1"), (-410, "5")],
                "Electric customer charge $111.71",
                "Electric energy 800 kWh @ $0.1080 $86.40",
                "Water usage charge 5,000 gal $51.00",
                "TOTAL AMOUNT DUE $249.11",
            )
        )
    )
    assert facts(said) == (
        BILLED, None, date(2026, 5, 12), date(2026, 6, 11), 30, 800, Decimal("249.11"), None,
    )  # fmt: skip
    assert [one.meter for one in said.reads] == ["40117"]


def test_a_bill_drawn_from_its_end_to_its_beginning() -> None:
    rows = [
        [(40, "Account Number"), (200, "Statement Date"), (340, "Past Due After"),
         (-570, "Amount Due")],
        [(40, ACCOUNT), (200, "06/15/26"), (340, "07/05/26"), (-570, "$249.11")],
        [(135, "Read Dates"), (280, "Readings"), (-440, "Meter"), (-500, "Energy"),
         (-570, "Demand")],
        [(40, "Meter"), (110, "Previous"), (180, "Present"), (-290, "Previous"), (-360, "Present"),
         (-440, "Mult"), (-500, "kWh"), (-570, "kW")],
        [(40, "1188201"), (110, "05/10/26"), (180, "06/10/26"), (-290, "10250"), (-360, "10290"),
         (-440, "40"), (-500, "1,600"), (-570, "11.200")],
        [(40, "Previous Balance"), (-290, "$401.19"), (320, "Base Charge"), (-570, "$45.00")],
        [(40, "Payment 05/26/26"), (-290, "-$401.19"), (320, "1,600 kWh @ 0.0835"),
         (-570, "$133.60")],
        [(320, "Demand 11.2 kW @ 6.00"), (-570, "$67.20")],
        [(320, "Sales Tax"), (-570, "$3.31")],
        [(40, "Your kWh use: last month 2,110; a year ago 4,510. Days in period 31.")],
    ]  # fmt: skip
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792), invariant=True)
    canvas.setFont("Helvetica", 9)
    for number, row in reversed(list(enumerate(rows))):
        for x, text in reversed(row):
            draw = canvas.drawString if x >= 0 else canvas.drawRightString
            draw(abs(x), 740 - 14 * number, text)
    canvas.save()
    said = read(out.getvalue())
    assert facts(said) == (
        BILLED, date(2026, 7, 5), date(2026, 5, 10), date(2026, 6, 10), 31, 1600,
        Decimal("249.11"), None,
    )  # fmt: skip
    assert sum(line.amount for line in said.lines) == Decimal("249.11")


TABLE = [(50.0, "Meter"), (130.0, "Previous"), (210.0, "Present"), (290.0, "Mult"), (370.0, "kWh")]
FIRST = [(50.0, "51001"), (130.0, "100"), (210.0, "1,350"), (290.0, "1"), (370.0, "1,250")]


@pytest.mark.parametrize(
    "row",
    [
        [(50, "51002"), (130, "100"), (210, "N/A"), (290, "1"), (370, "1,000")],
        [(50, "51002"), (290, "1"), (370, "300")],
    ],
    ids=["unreadable", "without reads"],
)
def test_a_register_that_is_not_read_leaves_the_sum_open(row: list[tuple[float, str]]) -> None:
    marks = (f"Account {ACCOUNT}", "Billed 06/15/2026", "Amount Due $249.11")
    for table in ([FIRST, row], [row, FIRST]):
        said = read(typed((*marks, TABLE, *table)))
        assert said.kwh is None
        assert len(said.reads) == 1
    assert read(typed((*marks, TABLE, FIRST))).kwh == 1250
    assert read(typed((*marks, TABLE, FIRST, row, "Total kWh 2,250"))).kwh == 2250


def test_meters_on_the_next_page_without_their_header_make_the_energy_ambiguous() -> None:
    first = (f"Account {ACCOUNT}", "Billed 06/15/2026", "Amount Due $249.11", TABLE, FIRST)
    second = ([(50, "51002"), (130, "5"), (210, "15"), (290, "60"), (370, "600")],
              "Energy 1,850 kWh @ 0.115 $212.75")  # fmt: skip
    rows = document(typed(first, second))
    assert rows.statement is not None
    assert rows.statement.kwh is None
    assert any(f.rule == "ambiguous" and ": kwh;" in f.message for f in rows.findings)
    assert read(typed((*first, "Energy 1,250 kWh @ 0.115 $143.75"))).kwh == 1250
