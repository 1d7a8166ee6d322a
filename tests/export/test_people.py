"""Workbooks, Portfolio Manager's files, UtilityAPI's lists and OpenDSM's frame say what is true."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow.parquet as pq
import pytest
from desk import Desk
from filled import AUTUMN, CASES, HOME, NAMES, SILENT, SOLAR, SPRING, Case, accounts, fill, store
from lxml import etree
from simulated import Visit

from harvester.errors import State
from harvester.export import FORMATS, opendsm_frame, portfolio_manager, utilityapi, workbook
from harvester.filing import Store
from harvester.model import Kind, Window
from harvester.sandbox.world import World

ZONE = ZoneInfo("America/Chicago")
MARCH = Window(date(2026, 3, 1), date(2026, 4, 1))
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - from which a workbook counts days
SPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}

CONSUMPTION = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="meterData"><xs:complexType><xs:sequence>
    <xs:element name="meterConsumption" maxOccurs="120"><xs:complexType>
      <xs:all>
        <xs:element name="id" type="xs:long" minOccurs="0"/>
        <xs:element name="startDate" type="xs:date"/>
        <xs:element name="endDate" type="xs:date"/>
        <xs:element name="usage" type="xs:decimal"/>
        <xs:element name="cost" type="xs:decimal" minOccurs="0"/>
      </xs:all>
      <xs:attribute name="estimatedValue" type="xs:boolean"/>
    </xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"""
"""What its web services' documentation says of the elements that a bill can fill."""


def sheets(file: Path) -> dict[str, list[list[Any]]]:
    """Read a workbook's cells from its XML: texts, numbers, and empty ones as None."""
    with ZipFile(file) as book:
        names = [
            sheet.get("name", "")
            for sheet in etree.fromstring(book.read("xl/workbook.xml")).iterfind(
                ".//m:sheet", SPACE
            )
        ]
        return {
            name: _cells(etree.fromstring(book.read(f"xl/worksheets/sheet{place}.xml")))
            for place, name in enumerate(names, 1)
        }


def _cells(root: etree._Element) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for row in root.iterfind(".//m:row", SPACE):
        cells: list[Any] = []
        for cell in row:
            letter = re.sub(r"\d", "", cell.get("r", ""))
            cells += [None] * (ord(letter) - ord("A") - len(cells))
            text = "".join(cell.itertext())
            cells.append(text if cell.get("t") == "inlineStr" else float(text))
        rows.append(cells)
    width = max(map(len, rows))
    return [row + [None] * (width - len(row)) for row in rows]


def records(rows: list[list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def day(number: float) -> date:
    return (EPOCH + timedelta(days=number)).date()


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[list[Any]]]]:
    out = tmp_path_factory.mktemp("books")
    return {file.stem: sheets(file) for file in workbook.write(store(), accounts(), None, out)}


def test_a_workbook_has_every_hour_as_a_real_time(books: dict[str, Any]) -> None:
    assert list(books) == list(NAMES.values())
    rows = records(books[NAMES[SOLAR]]["Hours"])
    told = {
        (row["UTC"], row["Direction"]): (row["kWh"], row["Local time"])
        for row in rows
        if row["Why there is none"] is None
    }
    true: dict[tuple[float, str], tuple[float | None, float]] = {}
    for start, wh, back in SPRING.hours():
        bare, local = (t.replace(tzinfo=None) - EPOCH for t in (start, start.astimezone(ZONE)))
        for way, value in (("delivered", wh), ("received", back)):
            if value is not None:
                true[bare / timedelta(days=1), way] = value / 1000, local / timedelta(days=1)
    assert {(round(at, 6), way) for at, way in told} == {(round(at, 6), way) for at, way in true}
    assert sorted(kwh for kwh, _ in told.values()) == sorted(kwh for kwh, _ in true.values())
    assert max(abs(told[key][1] - true[key][1]) for key in told.keys() & true.keys()) < 1e-6


def test_a_workbook_adds_up_days_and_leaves_what_is_unknown_empty(books: dict[str, Any]) -> None:
    days = {day(row["Day"]): row for row in records(books[NAMES[HOME]]["Days"])}
    assert sorted(days) == [*(d.day for d in AUTUMN.days), SILENT]
    for one in AUTUMN.days:
        row = days[one.day]
        known = [hour.wh for hour in one.hours if hour.wh is not None]
        assert round(row["Delivered kWh"] * 1000) == sum(known)
        assert row["Hours"] == len(one.hours)
        assert row["Without value"] == len(one.hours) - len(known)
        assert row["Estimated"] == sum(hour.quality == "estimated" for hour in one.hours)
        assert row["Day's total kWh"] == one.total_kwh
        assert row["Register"] == one.end_reading
        assert row["Received kWh"] is None
    silent = days[SILENT]
    assert (silent["Delivered kWh"], silent["Hours"], silent["Without value"]) == (None, 24, 24)


def test_a_workbook_has_the_bills_and_their_lines(books: dict[str, Any]) -> None:
    bills = records(books[NAMES[SOLAR]]["Bills"])
    assert [
        (row["Account"], day(row["Billing date"]), row["kWh"], row["Amount $"]) for row in bills
    ] == [(SOLAR, b.billing_date, b.kwh, float(b.total)) for b in SPRING.bills]
    lines = Counter(day(row["Billing date"]) for row in records(books[NAMES[SOLAR]]["Lines"]))
    assert lines == {bill.billing_date: len(bill.lines) for bill in SPRING.bills}


def test_a_workbook_says_what_is_missing_and_why(books: dict[str, Any]) -> None:
    said = {
        (row["What"], day(row["Of"])): (row["How many"], row["Reason"])
        for row in records(books[NAMES[HOME]]["Missing"])
    }
    holes = Counter(one.day for one in AUTUMN.days for hour in one.hours if hour.wh is None)
    assert holes[date(2025, 11, 2)] == 1
    assert said == {
        ("delivered hours", SILENT): (24, "NO_DATA"),
        **{("delivered hours", one): (count, "NO_DATA") for one, count in holes.items()},
    }


def test_the_heads_stay_in_view_and_days_are_shown_as_days(tmp_path: Path) -> None:
    (file,) = workbook.write(store(), accounts()[1:], MARCH, tmp_path)
    with ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet4.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    assert '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' in sheet
    assert 'formatCode="yyyy-mm-dd hh:mm"' in styles


def test_portfolio_manager_gets_each_period_once_as_its_bill_says(tmp_path: Path) -> None:
    written = portfolio_manager.write(store(), accounts(), None, tmp_path)
    assert [file.name for file in written] == [
        "portfolio-manager.xlsx",
        "caec-001.xml",
        "caec-001-2.xml",
    ]
    schema = etree.XMLSchema(etree.fromstring(CONSUMPTION.encode()))
    sent = records(sheets(written[0])["Meter Consumption Data"])
    for case, file in zip(CASES.values(), written[1:], strict=True):
        schema.assertValid(etree.parse(file))
        true = [
            (f"{b.service_from}", f"{b.service_to}", b.kwh, float(b.current_charges))
            for b in reversed(case.bills)
        ]
        assert [
            (e.findtext("startDate"), e.findtext("endDate"), *map(float, _texts(e)))
            for e in etree.parse(file).getroot()
        ] == true
        assert [
            (f"{day(r['Start Date'])}", f"{day(r['End Date'])}", r["Usage/Quantity"], r["Cost ($)"])
            for r in sent
            if r["Meter Name"] == file.stem
        ] == true


def _texts(entry: etree._Element) -> tuple[str, str]:
    return entry.findtext("usage", ""), entry.findtext("cost", "")


def test_portfolio_manager_gets_the_corrected_bill_and_is_told_of_the_others(
    tmp_path: Path,
) -> None:
    case = Case("1000303003", World(), date(2026, 6, 14))
    desk = fill(tmp_path / "home", case)
    newest = desk.catalog.bills(desk.account)[0]
    desk.catalog.bill_pdf(desk.account, newest, State.NOT_A_PDF, None)
    desk.catalog._write(
        "DELETE FROM statement WHERE billing_date = ?", [(f"{newest.billing_date}",)]
    )
    out = tmp_path / "out"
    _, xml, left = portfolio_manager.write(desk.store, desk.catalog.accounts(), None, out)
    (corrected,) = [bill for bill in case.bills if bill.kind == "Corrected"]
    (misread,) = [
        b for b in case.bills if b.service_from == corrected.service_from and b is not corrected
    ]
    usage = {e.findtext("startDate"): e.findtext("usage") for e in etree.parse(xml).getroot()}
    assert usage[f"{corrected.service_from}"] == f"{corrected.kwh}" != f"{misread.kwh}"
    assert len(usage) == len(case.bills) - 2
    with left.open(newline="") as file:
        assert [(r["billing_date"], r["why"]) for r in csv.DictReader(file)] == [
            (f"{misread.billing_date}", f"replaced by the bill of {corrected.billing_date}"),
            (f"{newest.billing_date}", "its document was not read (NOT_A_PDF)"),
        ]


def test_a_document_that_never_came_is_said_in_the_workbook_and_in_the_list_of_bills(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path / "home", SOLAR)
    listed = Visit(SPRING.world, SOLAR, SPRING.first).artifacts()
    desk.take(one for one in listed if one.kind in {Kind.ACCOUNT, Kind.BILL_LIST})
    entries = desk.catalog.accounts()
    (file,) = workbook.write(desk.store, entries, None, tmp_path)
    said = records(sheets(file)["Missing"])
    assert {(r["What"], r["Reason"]) for r in said} == {("document of the Regular bill", "PENDING")}
    assert [day(r["Of"]) for r in said] == [bill.billing_date for bill in SPRING.bills]
    bills, _ = utilityapi.write(desk.store, entries, None, tmp_path)
    for item, bill in zip(json.loads(bills.read_text())["bills"], SPRING.bills, strict=True):
        base = item["base"]
        assert (base["bill_total_kwh"], base["bill_total_cost"]) == (bill.kwh, None)
        assert (base["bill_start_date"], item["line_items"], item["sources"]) == (None, [], [])
        assert item["notes"][0]["type"] == "document_missing"


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"greenbutton"}))  # it has no empty file
def test_an_account_of_which_nothing_came_yet_is_an_empty_file_and_no_error(
    name: str, tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "home", HOME)
    written = import_module(FORMATS[name]).write(
        desk.store, desk.catalog.accounts(), None, tmp_path / "out"
    )
    assert written
    assert all(file.is_file() for file in written)
    assert [pq.read_table(file).num_rows for file in written if file.suffix == ".parquet"] == (
        {"opendsm": [0], "parquet": [0] * 5}.get(name, [])
    )


def test_utilityapi_bills_add_up_to_what_the_period_cost(tmp_path: Path) -> None:
    written = utilityapi.write(store(), accounts(), None, tmp_path)
    told = json.loads(written[2].read_text())
    assert told["next"] is None
    for item, bill in zip(told["bills"], SPRING.bills, strict=True):
        base = item["base"]
        assert base["billing_account"] == SOLAR
        assert base["bill_total_kwh"] == base["bill_total_volume"] == bill.kwh
        assert base["bill_total_cost"] == float(bill.current_charges)
        assert datetime.fromisoformat(base["bill_start_date"]) == datetime.combine(
            bill.service_from, datetime.min.time(), ZONE
        )
        assert base["meter_numbers"] == sorted({read.number for read in bill.meters})
        assert round(sum(line["cost"] for line in item["line_items"]), 2) == base["bill_total_cost"]
        assert item["sources"][0]["raw_url"].startswith("urn:sha256:")


def test_utilityapi_intervals_are_net_with_both_ways_beside(tmp_path: Path) -> None:
    written = utilityapi.write(store(), accounts(), MARCH, tmp_path)
    (item,) = json.loads(written[3].read_text())["intervals"]
    told = {datetime.fromisoformat(r["start"]): r for r in item["readings"]}
    true = [hour for hour in SPRING.hours() if hour[0].astimezone(ZONE).date() >= MARCH.start]
    assert len(told) == len(true)
    for start, wh, back in true:
        row = told[start]
        assert datetime.fromisoformat(row["end"]) - start == timedelta(hours=1)
        parts = {p["type"]: round(1000 * p["value"]) for p in row["datapoints"]}
        if wh is None or back is None:
            assert (row["kwh"], parts.get("net")) == (None, None)
        else:
            assert parts == {"net": wh - back, "fwd": wh, "rev": back}
            assert round(1000 * row["kwh"]) == wh - back
    assert any(row["kwh"] is not None and row["kwh"] < 0 for row in told.values())


def test_opendsm_reads_a_frame_of_local_hours_with_nan_for_what_is_missing(tmp_path: Path) -> None:
    written = opendsm_frame.write(store(), accounts(), None, tmp_path)
    frame = pd.read_parquet(written[0])
    assert list(frame.columns) == ["observed"]
    assert frame.index.name == "datetime"
    assert f"{frame.index.tz}" == "America/Chicago"
    whole = pd.date_range("2025-10-25", "2025-11-11", freq="h", tz=ZONE, inclusive="left")
    assert list(frame.index) == list(whole)
    true = {start: wh for start, wh, _ in AUTUMN.hours()}
    for start, observed in frame["observed"].items():
        wh = true.get(start.to_pydatetime().astimezone(UTC))
        assert pd.isna(observed) if wh is None else round(1000 * observed) == wh
    assert frame["observed"].isna().sum() == 24 + sum(wh is None for wh in true.values())


def test_opendsm_itself_loads_the_frame(tmp_path: Path) -> None:
    eemeter = pytest.importorskip(
        "opendsm.eemeter", reason="opendsm is not installed: see the dependency group opendsm"
    )
    (file,) = opendsm_frame.write(store(), accounts()[1:], None, tmp_path)
    frame = pd.read_parquet(file)
    frame["temperature"] = 60.0
    loaded = eemeter.HourlyBaselineData(frame.copy(), is_electricity_data=True).df
    given = frame["observed"].dropna()
    assert len(loaded) == len(frame)
    assert (loaded.loc[given[given != 0].index, "observed"] == given[given != 0]).all()


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_data_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    write = import_module(FORMATS[name]).write
    first, second = (tmp_path / "a", tmp_path / "b")
    names = [file.relative_to(first) for file in write(store(), accounts(), MARCH, first)]
    again = write(Store(store().home), accounts(), MARCH, second)
    assert names == [file.relative_to(second) for file in again]
    for file in names:
        assert (first / file).read_bytes() == (second / file).read_bytes(), file
        assert (first / file).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", FORMATS)
def test_nobody_s_name_or_address_is_in_a_file_nor_a_number_in_a_file_s_name(
    name: str, tmp_path: Path
) -> None:
    for file in import_module(FORMATS[name]).write(store(), accounts(), None, tmp_path):
        told = _text(file)
        for case in CASES.values():
            account = case.world.account(case.number)
            assert case.number not in str(file)
            for fact in (account.holder, account.phone, account.email, account.service_address):
                assert fact not in told, file
        assert "Sample Road" not in told
        numbers = len(re.findall("10001010|10002020", told))
        assert numbers == 0 or name in {"csv", "jsonl", "parquet", "utilityapi", "xlsx"}


def _text(file: Path) -> str:
    if file.suffix == ".parquet":
        return str(pq.read_table(file).to_pylist())
    if file.suffix == ".xlsx":
        with ZipFile(file) as book:
            return "".join(book.read(name).decode() for name in book.namelist())
    return file.read_text()
