"""What a page prints and its feeds say is read as a person would read it, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from harvester import printed
from harvester.model import Bill

COLUMNS = {"day": ("Billing Date", "Date"), "amount": ("Bill Amount",)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("06/11/2026", date(2026, 6, 11)),
        ("6/1/2026", date(2026, 6, 1)),
        ("  02/29/2024\n", date(2024, 2, 29)),
        ("12/31/1999", date(1999, 12, 31)),
        ("06/11/2026 12:00 AM", date(2026, 6, 11)),
        ("6/1/2026 12:00:00 AM", date(2026, 6, 1)),
    ],
)
def test_a_us_date_is_month_day_year(text: str, expected: date) -> None:
    assert printed.day(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "13/01/2026",
        "02/29/2026",
        "2026-06-11",
        "06/11/26",
        "06/11/2026-07/11/2026",
        "Date",
    ],
)
def test_what_is_no_us_date_is_none(text: str) -> None:
    assert printed.day(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("201.59", "201.59"),
        ("$1,234.50", "1234.50"),
        ("$ 1,234,567.89 ", "1234567.89"),
        ("(12.34)", "-12.34"),
        ("($1,012.34)", "-1012.34"),
        ("$(12.34)", "-12.34"),
        ("12.34 CR", "-12.34"),
        ("$12.34cr", "-12.34"),
        ("-12.34", "-12.34"),
        ("-$12.34", "-12.34"),
        ("$-12.34", "-12.34"),
        ("12.34-", "-12.34"),
        ("\u00a07", "7"),
        (".05", "0.05"),
        ("0.00", "0.00"),
    ],
)
def test_money_keeps_its_sign_and_its_cents(text: str, expected: str) -> None:
    read = printed.amount(text)
    assert read == Decimal(expected)
    assert f"{read}" == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$",
        "-",
        "--",
        "()",
        "CR",
        "(-5.00)",
        "-5.00-",
        "n/a",
        "NaN",
        "Infinity",
        "1.2.3",
        "5 kWh",
    ],
)
def test_what_is_no_number_is_none_and_not_zero(text: str) -> None:
    assert printed.amount(text) is None


def test_an_account_number_is_its_digits() -> None:
    assert printed.digits(" 1234567-001 ") == "1234567001"
    assert printed.digits("no number") == ""


def test_headers_are_found_by_their_labels_in_any_order_and_case() -> None:
    markup = """<table>
      <tr><th>BILL AMOUNT</th><th>Bill Type</th><th>date</th></tr>
      <tr><td>$1.00</td><td>Regular</td><td>06/01/2026</td></tr>
      <tr><td>$2.00</td><td>Final</td><td>07/01/2026</td></tr>
    </table>"""
    assert printed.table(markup, COLUMNS) == {
        1: {"day": "06/01/2026", "amount": "$1.00"},
        2: {"day": "07/01/2026", "amount": "$2.00"},
    }


def test_a_row_is_known_by_its_position_among_all_rows_of_the_table() -> None:
    markup = """<table>
      <thead><tr><td>Your bills</td></tr><tr><td>Date</td><td>Bill Amount</td></tr></thead>
      <tbody><tr><td>06/01/2026</td><td>$1.00</td></tr></tbody>
    </table>"""
    assert printed.table(markup, COLUMNS) == {2: {"day": "06/01/2026", "amount": "$1.00"}}


def test_a_table_is_found_within_its_wrapper() -> None:
    markup = """<div id="no-more-tables"><h2>Date</h2><div><table>
      <tr><th>Date</th><th>Bill Amount</th></tr><tr><td>06/01/2026</td><td>$1.00</td></tr>
    </table></div></div>"""
    assert printed.table(markup, COLUMNS) == {1: {"day": "06/01/2026", "amount": "$1.00"}}


def test_white_space_and_nested_elements_do_not_change_a_cell() -> None:
    markup = """<table>
      <tr><th> Billing
              Date </th><th><span>Bill</span>&nbsp;<b>Amount</b></th></tr>
      <tr><td>
            <a href="#"> <i></i>06/01/2026 </a> <!-- 07/01/2026 -->
          </td><td><b>$</b><span>1</span>.00</td></tr>
    </table>"""
    assert printed.table(markup, COLUMNS) == {1: {"day": "06/01/2026", "amount": "$1.00"}}


def test_a_line_break_in_a_header_is_a_space() -> None:
    markup = """<table><tr><th>Billing<br>Date</th><th>Bill<br/>Amount</th></tr>
      <tr><td>06/01/2026</td><td>$1.00</td></tr></table>"""
    assert printed.table(markup, COLUMNS) == {1: {"day": "06/01/2026", "amount": "$1.00"}}


def test_a_table_within_a_cell_shifts_no_column() -> None:
    markup = """<table><tr><th>View</th><th>Date</th><th>Bill Amount</th></tr>
      <tr><td><table><tr><td>a</td><td>b</td></tr></table></td>
      <td>06/01/2026</td><td>$1.00</td></tr></table>"""
    assert printed.table(markup, COLUMNS) == {1: {"day": "06/01/2026", "amount": "$1.00"}}


def test_a_table_within_a_layout_table_is_read_by_its_own_rows() -> None:
    markup = """<table><tr><td><table>
      <tr><th>Date</th><th>Bill Amount</th></tr><tr><td>06/01/2026</td><td>$1.00</td></tr>
    </table></td></tr></table>"""
    assert printed.table(markup, COLUMNS) == {2: {"day": "06/01/2026", "amount": "$1.00"}}


def test_a_row_that_says_no_records_is_no_row() -> None:
    markup = """<table><tr><th>Date</th><th>Bill Amount</th></tr>
      <tr><td colspan="2">No records</td></tr></table>"""
    assert printed.table(markup, COLUMNS) == {}


def test_a_missing_header_is_told_from_an_empty_table() -> None:
    markup = """<table><tr><th>Date</th><th>Amount due</th></tr>
      <tr><td>06/01/2026</td><td>$1.00</td></tr></table>"""
    assert printed.table(markup, COLUMNS) is None


def test_a_page_without_a_table_has_no_header() -> None:
    assert printed.table("<p>Date Bill Amount</p>", COLUMNS) is None


@pytest.mark.parametrize("markup", ["", " \n", "<!-- nothing -->"])
def test_markup_without_an_element_has_no_header(markup: str) -> None:
    assert printed.table(markup, COLUMNS) is None


ROW = {
    "view": "",
    "billing_date": "06/04/2026",
    "due_date": "06/19/2026",
    "read_date": "06/01/2026",
    "net_kwh": "1,000",
    "kind": "Regular",
    "amount": "$201.59",
}


def test_a_row_of_the_billing_history_is_a_bill() -> None:
    assert printed.bill("1234567001", ROW) == Bill(
        account="1234567001",
        kind="Regular",
        billing_date=date(2026, 6, 4),
        due_date=date(2026, 6, 19),
        read_date=date(2026, 6, 1),
        net_kwh=Decimal(1000),
        amount=Decimal("201.59"),
    )


def test_a_bill_without_due_date_read_date_or_energy_is_still_a_bill() -> None:
    bill = printed.bill("1234567001", ROW | {"due_date": "", "read_date": "-", "net_kwh": ""})
    assert bill is not None
    assert (bill.due_date, bill.read_date, bill.net_kwh) == (None, None, None)
    assert bill.amount == Decimal("201.59")


@pytest.mark.parametrize("lacking", ["billing_date", "amount"])
def test_a_row_without_billing_date_or_amount_is_no_bill(lacking: str) -> None:
    assert printed.bill("1234567001", ROW | {lacking: "pending"}) is None


ITEM = {"UsageHourDate": "06/11/2026 12:00 AM", "KWH": "1.23"}


@pytest.mark.parametrize("wrap", [lambda d: d, json.dumps], ids=["object", "JSON string"])
def test_a_feed_is_read_whether_d_is_an_object_or_json_in_a_string(
    wrap: Callable[[object], object],
) -> None:
    d = wrap({"Items": [ITEM], "DyExports": [{"METER": "M1"}], "errorObject": {"errordesc": ""}})
    assert printed.feed(json.dumps({"d": d}).encode()) == ([ITEM], ["M1"], "")


@pytest.mark.parametrize(
    "d",
    [
        {"Items": []},
        {"Items": None, "DyExports": None, "errorObject": None},
        {"Items": [], "DyExports": [], "errorObject": {"errordesc": None}},
        {"Items": [], "errorObject": {}},
    ],
)
def test_a_feed_without_rows_is_an_answer_too(d: object) -> None:
    assert printed.feed(json.dumps({"d": d}).encode()) == ([], [], "")


def test_a_meter_that_is_a_number_is_its_digits() -> None:
    told = printed.feed(b'{"d":{"Items":[],"DyExports":[{"METER":48211},{"METER":"0048"}]}}')
    assert told.meters == ["48211", "0048"]


def test_a_meter_that_is_null_has_no_name() -> None:
    told = printed.feed(b'{"d":{"Items":[],"DyExports":[{"METER":null}]}}')
    assert told.meters == [""]


def test_an_error_object_is_told_in_its_own_words() -> None:
    told = printed.feed(b'{"d":{"Items":[],"errorObject":{"errordesc":"Invalid date range."}}}')
    assert told == ([], [], "Invalid date range.")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b'{"d":',
        b"\xff\xfe\x00{",
        b"null",
        b"[]",
        b"3",
        b"{}",
        b'{"d":null}',
        b'{"d":[]}',
        b'{"d":7}',
        b'{"d":"not JSON"}',
        b'{"d":{}}',
        b'{"d":{"Items":7}}',
        b'{"d":{"Items":"abc"}}',
        b'{"d":{"Items":{"KWH":"1"}}}',
        b'{"d":{"Items":["abc"]}}',
        b'{"d":{"Items":[null]}}',
        b'{"d":{"Items":[],"DyExports":[{}]}}',
        b'{"d":{"Items":[],"DyExports":["M1"]}}',
        b'{"d":{"Items":[],"errorObject":"broken"}}',
    ],
)
def test_garbage_is_a_value_error_and_never_an_empty_answer(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        printed.feed(content)
