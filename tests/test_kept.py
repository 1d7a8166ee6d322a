"""Of a page's tables and ledger only that is kept which rows are read from."""

from __future__ import annotations

import json

import pytest
from conftest import run_async

from harvester.browser import open_browser
from harvester.platforms.oscp_history import _CELLS
from harvester.printed import table, without_tails

ROW = {"Id": "7", "TransDate": "06/01/2026", "TransType": "Payment", "Amount": "-5.00",
       "Balance": "0.00", "BalUpdate": "Y"}  # fmt: skip
SECRET = "3345550142"


def kept(*rows: object) -> list[dict[str, object]]:
    told = {"ActLedger": {"LedgerItem": {"LedgerItems": list(rows)}, "Phone": SECRET}}
    answer = json.loads(without_tails(json.dumps(told)))
    assert list(answer) == ["ActLedger"]
    found: list[dict[str, object]] = answer["ActLedger"]["LedgerItem"]["LedgerItems"]
    return found


def test_a_row_of_the_ledger_keeps_what_it_is_read_for_and_nothing_else() -> None:
    more = {"Reference": SECRET, "BankAcct": SECRET, "Phone": SECRET, "Batch": {"card": SECRET}}
    assert kept(ROW | more) == [ROW | {"Batch": None}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Payment - Thank You", "Payment - Thank You"),
        ("Adjustment 06/2026 of bill 1042", "Adjustment 06/2026 of bill 1042"),
        ("Bank draft XXXXXX4417", "Bank draft XXXXXX…"),
        ("Card XXXX-XXXX-XXXX-4417 auth", "Card XXXX-XXXX-XXXX… auth"),
        ("Card **** 4417", "Card ****…"),
        ("ACH ending in 4417", "ACH ending in …"),
        ("Visa Ending 4417", "Visa Ending …"),
    ],
)
def test_of_a_description_the_digits_of_a_bank_or_card_are_masked(text: str, expected: str) -> None:
    (row,) = kept(ROW | {"TransDesc": text})
    assert row["TransDesc"] == expected


@pytest.mark.parametrize("told", ["LedgerItems", '{"LedgerItems": 5}', json.dumps({"x": SECRET})])
def test_of_a_ledger_of_another_shape_nothing_is_kept(told: str) -> None:
    assert json.loads(without_tails(told)) == {"ActLedger": None}


def test_a_table_keeps_the_text_of_its_cells_and_nothing_that_is_not_shown() -> None:
    markup = f"""<table id="t" data-phone="{SECRET}"><!-- {SECRET} --><tr><th>Date</th><th>Amount
    </th></tr><tr onclick="f('{SECRET}')"><td title="{SECRET}">06/01/2026<br>paid</td><td colspan=1>
    $5.00<script>'{SECRET}'</script><input value="{SECRET}"><template>{SECRET}</template><select>
    <option>{SECRET}</select><a href="/x?{SECRET}"><!-- {SECRET} --></a></td></tr></table>"""

    async def taken() -> str:
        async with open_browser() as browser:
            page = await browser.new_page()
            await page.set_content(markup)
            bare = await page.locator("table").evaluate(_CELLS)
            assert await page.locator("table").get_attribute("id") == "t"
            return str(bare)

    bare = run_async(taken())
    assert SECRET not in bare
    assert table(bare, {"date": ["Date"], "amount": ["Amount"]}) == {
        1: {"date": "06/01/2026 paid", "amount": "$5.00"}
    }
