"""Bills printed by Chromium and set by Typst are read by a layout of their own, and without one."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pypdfium2
import pytest
import typst
from made import CAEC, GENERIC, document, register, statement, told
from playwright.sync_api import Browser
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from harvester.errors import State
from harvester.model import Bill, Component, LineItem, Statement
from harvester.profile import Profile, load

HERE = Path(__file__).parent
OWN = (HERE / "profiles",)
BILLED = date(2026, 6, 15)
PINE = Bill("4471902003", "Regular", BILLED, None, None, None, Decimal("339.47"))
HERON = Bill("2208715001", "Regular", BILLED, None, None, None, Decimal("249.11"))

PINE_LINES = [
    ("Previous Balance", "balance_forward", None, None, None, "310.02"),
    ("Payment Received 05/20/2026", "payment", None, None, None, "-300.00"),
    ("Late Payment Penalty", "penalty", None, None, None, "0.50"),
    ("Access Charge", "access", "30", "days", "2.09", "62.70"),
    ("Distribution", "distribution", "2000", "kWh", "0.04245", "84.90"),
    ("Wholesale Power", "wholesale_power", "2000", "kWh", "0.08752", "175.04"),
    ("Power Cost Adjustment", "pca", "2000", "kWh", "-0.00067", "-1.34"),
    ("Security light 100 W HPS at the pole by Northgate Road near the lower barn",
     "light", "1", "light", "12.50", "12.50"),
    ("Security light 100 W HPS", "light", "1", "light", "12.50", "12.50"),
    ("Received energy credit", "credit", "1000", "kWh", "-0.03", "-30.00"),
    ("State utility tax", "tax", None, None, None, "12.65"),
]  # fmt: skip
HERON_LINES = [
    ("Previous Balance", "balance_forward", None, None, None, "231.07"),
    ("Payment \u2013 Thank You, 05/28/2026", "payment", None, None, None, "-231.07"),
    ("Access Charge", "access", "30", "days", "1.66", "49.80"),
    ("Distribution", "distribution", "1250", "kWh", "0.05909", "73.86"),
    ("Wholesale Power", "wholesale_power", "1250", "kWh", "0.09337", "116.71"),
    ("PCA", "pca", "1250", "kWh", "-0.00067", "-0.84"),
    ("Gross Receipts Tax", "tax", None, None, None, "9.58"),
]


@pytest.fixture(scope="session")
def pine_ridge(browser: Browser) -> bytes:
    """Return the bill of HTML as Chromium prints it."""
    page = browser.new_page()
    page.set_content((HERE / "pine-ridge.html").read_text(encoding="utf-8"))
    content = page.pdf(prefer_css_page_size=True)
    page.close()
    return content


@pytest.fixture(scope="session")
def blue_heron() -> bytes:
    """Return the other bill as Typst sets it."""
    return bytes(typst.compile((HERE / "blue-heron.typ").read_bytes()))


def assert_facts(said: Statement, bill: Bill, **facts: object) -> None:
    common = {
        "account": bill.account,
        "billing_date": BILLED,
        "due_date": date(2026, 7, 1),
        "service_from": date(2026, 5, 12),
        "service_to": date(2026, 6, 11),
        "days": 30,
        "total": bill.amount,
        "levelized": None,
    }
    wanted = common | facts
    assert {name: getattr(said, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("profile", "layout"),
    [(load("pine-ridge", OWN), "pine-ridge@2"), (GENERIC, "generic@1"), (CAEC, "generic@1")],
    ids=["its own layout", "no layout", "another co-op's layouts"],
)
def test_a_bill_printed_by_chromium(pine_ridge: bytes, profile: Profile, layout: str) -> None:
    rows = document(pine_ridge, PINE, profile)
    said = rows.statement
    assert said is not None
    assert said.layout == layout
    unknown = [] if layout.startswith("pine") else [("unknown-layout", PINE.key)]
    assert [(f.rule, f.subject) for f in rows.findings] == unknown
    assert_facts(
        said,
        PINE,
        rate="Medium Power",
        kwh=2000,
        received_kwh=1000,
        current_charges=Decimal("328.95"),
        after_due=Decimal("356.44"),
    )
    assert [register(read) for read in said.reads] == [
        ("51009911", "delivered", "1204", "1254", "40", "2000"),
        ("51009911", "received", "310", "335", "40", "1000"),
    ]
    assert [told(line) for line in said.lines] == PINE_LINES
    assert [line.page for line in said.lines] == [1] * 9 + [2] * 2
    assert sum(line.amount for line in said.lines) == PINE.amount


@pytest.mark.parametrize(
    ("profile", "layout"),
    [(load("blue-heron", OWN), "blue-heron@1"), (GENERIC, "generic@1"), (CAEC, "generic@1")],
    ids=["its own layout", "no layout", "another co-op's layouts"],
)
def test_a_bill_set_by_typst(blue_heron: bytes, profile: Profile, layout: str) -> None:
    said = statement(blue_heron, HERON, profile)
    assert said.layout == layout
    assert_facts(
        said,
        HERON,
        rate="Small Power",
        kwh=1250,
        received_kwh=None,
        current_charges=Decimal("249.11"),
        after_due=Decimal("261.57"),
    )
    assert [register(read) for read in said.reads] == [
        ("70551234", "delivered", "48211", "49461", "1", "1250")
    ]
    assert [told(line) for line in said.lines] == HERON_LINES
    assert said.sum_of(Component.TAX) == Decimal("9.58")


def test_a_page_that_pdfium_takes_for_written_downwards_is_read_across(browser: Browser) -> None:
    """Each letter of this page is a line of its own to PDFium, as of other pages this bare."""
    page = browser.new_page()
    page.set_content((HERE / "downwards.html").read_text(encoding="utf-8"))
    content = page.pdf()
    page.close()
    bill = Bill("3030303003", "Regular", BILLED, None, None, None, Decimal("310.19"))
    said = statement(content, bill)
    assert_facts(said, bill, kwh=2204, rate=None, current_charges=None, after_due=None)
    assert [told(line) for line in said.lines] == [("Taxes", "tax", None, None, None, "5.93")]


def test_a_profile_tries_its_layouts_in_order_and_each_takes_only_its_own_bill(
    pine_ridge: bytes, blue_heron: bytes
) -> None:
    both = load("pine-ridge", OWN)
    assert [layout.id for layout in both.bills] == ["blue-heron", "pine-ridge", "generic"]
    assert statement(pine_ridge, PINE, both).layout == "pine-ridge@2"
    assert statement(blue_heron, HERON, both).layout == "blue-heron@1"


def test_a_line_that_goes_on_is_placed_by_its_first_row(pine_ridge: bytes) -> None:
    light, next_light = (
        line for line in statement(pine_ridge, PINE).lines if line.component is Component.LIGHT
    )
    assert light.x == next_light.x
    assert rows_apart(light, next_light) == 2


def rows_apart(above: LineItem, below: LineItem) -> int:
    """Return how many rows of ten-point text with a lead of 1.35 fit between two lines."""
    return int((below.y - above.y) / 13.5)


@pytest.mark.parametrize("producer", ["Chromium", "Typst"])
def test_the_bill_of_another_account_is_not_read(
    producer: str, pine_ridge: bytes, blue_heron: bytes
) -> None:
    content, bill = {"Chromium": (pine_ridge, PINE), "Typst": (blue_heron, HERON)}[producer]
    rows = document(content, replace(bill, account="4471902004"))
    assert rows.document is State.WRONG_DOCUMENT
    assert rows.statement is None
    assert [f.rule for f in rows.findings] == ["wrong-document"]


@pytest.mark.parametrize("profile", [GENERIC, load("blue-heron", OWN)], ids=["any", "own"])
def test_a_scanned_bill_is_unreadable_and_not_guessed(blue_heron: bytes, profile: Profile) -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792), invariant=True)
    with pypdfium2.PdfDocument(blue_heron) as pdf:
        for page in pdf:
            picture = ImageReader(page.render(scale=1.5).to_pil())
            canvas.drawImage(picture, 0, 0, 612, 792)
            canvas.showPage()
    canvas.save()
    rows = document(out.getvalue(), HERON, profile)
    assert rows.document is State.UNREADABLE
    assert rows.statement is None
    assert [f.rule for f in rows.findings] == ["unreadable"]
