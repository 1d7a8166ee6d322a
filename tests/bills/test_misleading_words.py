"""What a sentence, a chart or another month says is never taken for what this bill says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from made import Line, ambiguous, page, register


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (("Our office is closed", "from 07/03/2026 to 07/06/2026 for the fair"),
         ("service_from", "service_to")),
        (("From 07/03/2026 to 07/06/2026 for the fair",), ("service_from", "service_to")),
        (("Payments received", "through 06/12/2026 are shown"), ("service_to",)),
        (("A bill is past", "due 07/01/2026 unless paid"), ("due_date",)),
        (("Checks were", "mailed 06/30/2026 to members"), ("billing_date",)),
        (("A late fee applies", "after 07/01/2026 $12.00 is added"), ("after_due",)),
        (("Your Usage: 42 kWh per day",), ("kwh",)),
        (("Energy Usage 42 kWh/day",), ("kwh",)),
        (("Same Month Last Year", "Total kWh 1,190", "Days Billed 29"), ("kwh", "days")),
        (([(50, "Last Month"), (150, "Total kWh"), (250, "1,190")],), ("kwh",)),
        (("Your last bill:", "Amount Due $231.07", "Bill Date 05/15/2026"),
         ("total", "billing_date")),
        (([(50, "kWh")], [(50, "1500")]), ("kwh",)),
        (([(50, "Amount Due"), (-300, "$261.57")], [(50, "After 07/01/2026")]), ("total",)),
        (([(50, "Gallons used in"), (-300, "30 days 900")],), ("days",)),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_fact_is_none(
    lines: tuple[Line, ...], names: tuple[str, ...]
) -> None:
    said = page(*lines)
    assert {name: getattr(said, name) for name in names} == dict.fromkeys(names)
    assert ambiguous(*lines) == []


def test_labels_that_look_the_same_are_facts() -> None:
    said = page(
        "From 05/12/26 To 06/11/26 Days 30", "Mailed 06/15/2026", "Due 07/01/2026",
        "Your Usage: 1,250 kWh", "Last Bill $231.07", "Amount Due $249.11",
    )  # fmt: skip
    assert (said.service_from, said.service_to) == (date(2026, 5, 12), date(2026, 6, 11))
    assert (said.billing_date, said.due_date) == (date(2026, 6, 15), date(2026, 7, 1))
    assert (said.days, said.kwh, said.total) == (30, 1250, Decimal("249.11"))


def test_a_label_of_two_lines_is_one_label() -> None:
    said = page(
        [(50, "Total Amount Due"), (-300, "$249.11")],
        [(50, "By 07/01/2026")],
        [(50, "Total Amount Due"), (-300, "$261.57")],
        [(50, "After 07/01/2026")],
    )
    assert (said.total, said.after_due) == (Decimal("249.11"), Decimal("261.57"))


def test_a_total_register_beside_its_parts_is_not_counted_twice() -> None:
    heads = [(50, "Meter"), (130, "Type"), (210, "Prev"), (270, "Pres"), (330, "Usage")]
    rows = [
        [(50, "51001"), (130, "All"), (210, "100"), (270, "1,350"), (330, "1,250")],
        [(50, "51001"), (130, "Peak"), (210, "50"), (270, "350"), (330, "300")],
        [(50, "51001"), (130, "Night"), (210, "50"), (270, "1,000"), (330, "950")],
    ]
    assert page(heads, *rows).kwh is None
    assert ambiguous(heads, *rows) == ["kwh"]
    assert page(heads, *rows, "Total kWh Used 1,250").kwh == 1250
    assert page(heads, *rows[1:]).kwh == 1250


def test_another_time_beside_this_bill_and_a_sentence_under_a_label_change_nothing() -> None:
    said = page(
        [(50, "Last Year"), (300, "Amount Due"), (-560, "$249.11")],
        [(50, "1,190 kWh"), (300, "By paying online you save")],
    )
    assert (said.total, said.kwh) == (Decimal("249.11"), None)


@pytest.mark.parametrize(
    "sentence",
    ["Usage history May 910 Apr 760 Mar 800", "Readings of 05/12/2026 and 06/11/2026, 30 days"],
)
def test_a_sentence_under_a_table_of_meters_is_no_register(sentence: str) -> None:
    heads = [(50, "Meter"), (130, "Previous"), (210, "Present"), (290, "kWh")]
    row = [(50, "51001"), (130, "100"), (210, "1,350"), (290, "1,250")]
    assert page(heads, row, sentence).kwh == 1250


def test_a_header_keeps_a_column_whose_name_is_in_its_upper_line_only() -> None:
    said = page(
        [(50, "Meter"), (130, "Reading"), (230, "Reading"), (330, "Multiplier"), (430, "Usage")],
        [(50, "Number"), (130, "Previous"), (230, "Present"), (430, "kWh")],
        [(50, "51001"), (130, "100"), (230, "125"), (330, "40"), (430, "1,000")],
    )
    assert [register(read) for read in said.reads] == [
        ("51001", "delivered", "100", "125", "40", "1000")
    ]


def test_each_table_of_meters_is_read_once() -> None:
    heads = [(50, "Meter"), (130, "Previous"), (210, "Present"), (290, "kWh")]
    one = [(50, "51001"), (130, "100"), (210, "1,350"), (290, "1,250")]
    other = [(50, "51002"), (130, "5"), (210, "15"), (290, "10")]
    said = page(heads, one, heads, other)
    assert [register(read)[0] for read in said.reads] == ["51001", "51002"]
    assert said.kwh == 1260
