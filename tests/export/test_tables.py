"""A home answers with Arrow tables, and Parquet, JSON Lines and CSV hold the same rows."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from desk import Desk
from filled import AUTUMN, CASES, NAMES, SILENT, SPRING, Case, accounts, home, store

import harvester
from harvester.errors import Misconfigured
from harvester.export import FORMATS, json_lines, parquet_files, tables_csv
from harvester.frames import findings
from harvester.model import Finding, Window

MARCH = Window(date(2026, 3, 1), date(2026, 4, 1))


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("parquet")
    parquet_files.write(store(), accounts(), None, out)
    return out


def told(case: Case) -> set[tuple[datetime, str, int | None]]:
    return {
        row
        for start, wh, back in case.hours()
        for row in ((start, "delivered", wh), (start, "received", back))
    }


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_a_home_gives_the_hours_as_arrow_pandas_and_polars(case: Case) -> None:
    table = harvester.open_home(home()).readings(case.number)
    assert isinstance(table, pa.Table)
    frame = table.to_pandas()
    known = frame[frame["local_day"] != SILENT]
    assert len(known) == len(told(case))
    assert {
        (start.to_pydatetime(), way, None if pd.isna(wh) else int(wh))
        for start, way, wh in zip(known["start"], known["direction"], known["wh"], strict=True)
    } == told(case)
    made = pl.from_arrow(table)
    assert isinstance(made, pl.DataFrame)
    assert made.schema["start"] == pl.Datetime("us", "UTC")
    assert made.filter(pl.col("wh").is_null())["reason"].null_count() == 0
    assert made.filter(pl.col("wh").is_not_null())["reason"].null_count() == made["wh"].count()


def test_a_home_is_asked_for_days_by_text_or_date_and_accounts_by_any_name() -> None:
    opened = harvester.open_home(f"{home()}")
    one = opened.readings(SPRING.number, "2026-03-08", date(2026, 3, 9))
    assert one.num_rows == 2 * 23
    assert one == opened.readings("caec-001-2", date(2026, 3, 8), "2026-03-09")
    assert opened.readings(SPRING.number, start="2026-03-19").num_rows == 2 * 24
    assert opened.accounts().to_pylist() == [
        {
            "account": NAMES[case.number],
            "account_number": case.number,
            "utility": "caec",
            "member": "member",
            "first_day": case.first,
            "last_day": case.days[-1].day,
            "bills": len(case.bills),
        }
        for case in CASES.values()
    ]


def test_bills_are_those_that_the_utility_made() -> None:
    table = harvester.open_home(home()).bills(SPRING.number)
    assert [
        (row["billing_date"], row["amount"], row["kwh"], row["received_kwh"], row["service_from"])
        for row in table.to_pylist()
    ] == [
        (b.billing_date, b.total, b.kwh, b.received_kwh, b.service_from)
        for b in reversed(SPRING.bills)
    ]
    assert table.schema.field("amount").type == pa.decimal128(18, 5)


def test_findings_tell_no_account_number_outside_of_its_own_field(tmp_path: Path) -> None:
    table = harvester.open_home(home()).findings(AUTUMN.number)
    assert ("gap", "2025-11-02") in {(r["rule"], r["subject"]) for r in table.to_pylist()}
    desk = Desk(tmp_path, AUTUMN.number)
    subject = f"{AUTUMN.number}/2026-05-08/Regular/92.49"
    wrong = Finding(AUTUMN.number, "bill-total", subject, f"It says {AUTUMN.number}.")
    proof = Finding(AUTUMN.number, "bill-kwh", subject)
    now = datetime.now(UTC)
    desk.catalog.replace_findings(desk.account, "bills", [(wrong, now), (proof, now)])
    (told,) = harvester.open_home(tmp_path).findings("001").to_pylist()
    assert told["account_number"] == AUTUMN.number
    assert (told["subject"], told["message"]) == ("2026-05-08/Regular/92.49", "It says …001.")
    entry = desk.catalog.accounts()[0]
    assert findings(desk.store, entry, Window(date(2026, 5, 8), date(2026, 5, 9))).num_rows == 1
    assert findings(desk.store, entry, Window(date(2026, 5, 9), date(2026, 6, 1))).num_rows == 0


def test_a_folder_without_a_home_is_said_and_not_made_one(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="is no home of harvester"):
        harvester.open_home(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_to_import_harvester_loads_nothing_heavy() -> None:
    script = "import sys, harvester; print({'pyarrow', 'pydantic', 'sqlite3'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "set()"


def test_duckdb_reads_only_the_month_and_account_that_are_asked_for(parquet: Path) -> None:
    files = f"read_parquet('{parquet}/readings/*/*/*.parquet', hive_partitioning = true)"
    where = "account = 'caec-001-2' AND month = '2026-03'"
    plan = duckdb.sql(
        f"EXPLAIN ANALYZE SELECT sum(wh) FROM {files} WHERE {where}"  # noqa: S608 - our own
    ).fetchall()[0][1]
    assert "Scanning Files: 1/4" in plan
    summed = duckdb.sql(
        f"SELECT direction, sum(wh), count(*), count(wh) FROM {files}"  # noqa: S608
        f" WHERE {where} GROUP BY direction ORDER BY direction"
    ).fetchall()
    hours = [h for d in SPRING.days if d.day >= MARCH.start for h in d.hours]
    assert summed == [
        (
            "delivered",
            sum(h.wh or 0 for h in hours),
            len(hours),
            sum(h.wh is not None for h in hours),
        ),
        (
            "received",
            sum(h.received_wh or 0 for h in hours),
            len(hours),
            sum(h.received_wh is not None for h in hours),
        ),
    ]


def test_polars_reads_only_the_month_and_account_that_are_asked_for(parquet: Path) -> None:
    other = parquet / "readings" / "account=caec-001"
    assert [file.parent.name for file in sorted(other.rglob("*.parquet"))] == [
        "month=2025-10",
        "month=2025-11",
    ]
    lazy = pl.scan_parquet(f"{parquet}/readings/**/*.parquet", hive_partitioning=True)
    wanted = (pl.col("account") == "caec-001-2") & (pl.col("month") == "2026-03")
    broken = [
        other / "month=2025-10" / "part-0.parquet",
        other / "month=2025-11" / "part-0.parquet",
    ]
    kept = {file: file.read_bytes() for file in broken}
    try:
        for file in broken:
            file.write_bytes(kept[file][:200] + b"\0" * 400 + kept[file][-8:])
        counted = lazy.filter(wanted).select(pl.col("wh").sum(), pl.len()).collect()
    finally:
        for file, content in kept.items():
            file.write_bytes(content)
    hours = [h for d in SPRING.days if d.day >= MARCH.start for h in d.hours]
    assert counted.row(0) == (
        sum((h.wh or 0) + (h.received_wh or 0) for h in hours),
        2 * len(hours),
    )


def test_parquet_is_zstd_with_utc_times_whole_wh_and_exact_money(parquet: Path) -> None:
    file = next((parquet / "readings").rglob("*.parquet"))
    assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"
    schema = pq.read_schema(file)
    assert schema.field("start").type == pa.timestamp("us", "UTC")
    assert schema.field("wh").type == pa.int64()
    lines = pq.read_table(parquet / "line_items" / "account=caec-001-2" / "part-0.parquet")
    amounts: dict[date, Decimal] = {}
    for row in lines.to_pylist():
        amounts[row["billing_date"]] = amounts.get(row["billing_date"], Decimal(0)) + row["amount"]
    assert amounts == {bill.billing_date: bill.total for bill in SPRING.bills}
    paid = pq.read_table(parquet / "payments" / "account=caec-001-2" / "part-0.parquet")
    assert sorted(
        zip(*(paid[c].to_pylist() for c in ("id", "amount", "balance")), strict=True)
    ) == (sorted((i.id, i.amount, i.balance) for i in SPRING.world.ledger(SPRING.number)))
    assert pq.read_table(parquet / "notes" / "account=caec-001" / "part-0.parquet").num_rows == 0


def test_a_later_parquet_export_leaves_nothing_of_the_earlier_one(tmp_path: Path) -> None:
    parquet_files.write(store(), accounts(), None, tmp_path)
    everything = _bytes(tmp_path)
    written = parquet_files.write(store(), accounts(), MARCH, tmp_path)
    assert sorted(written) == sorted(_bytes(tmp_path))
    assert {f.parent.name for f in written if "readings" in f.parts} == {"month=2026-03"}
    parquet_files.write(store(), accounts(), None, tmp_path)
    assert _bytes(tmp_path) == everything


def test_json_lines_hold_the_same_rows(tmp_path: Path) -> None:
    written = json_lines.write(store(), accounts(), None, tmp_path)
    assert [file.name for file in written] == [
        "readings.jsonl",
        "bills.jsonl",
        "line_items.jsonl",
        "payments.jsonl",
        "findings.jsonl",
        "notes.jsonl",
    ]
    readings, bills, lines = (list(_lines(file)) for file in written[:3])
    for case in CASES.values():
        assert {
            (datetime.fromisoformat(r["start"]), r["direction"], r["wh"])
            for r in readings
            if r["account_number"] == case.number and r["local_day"] != f"{SILENT}"
        } == told(case)
    assert [b["amount"] for b in bills if b["account_number"] == SPRING.number] == [
        float(bill.total) for bill in reversed(SPRING.bills)
    ]
    prices = {float(line.unit_price) for b in SPRING.bills for line in b.lines if line.unit_price}
    assert {row["unit_price"] for row in lines if row["account_number"] == SPRING.number} - {
        None
    } == prices


def test_csv_has_the_common_columns_and_every_hour(tmp_path: Path) -> None:
    written = tables_csv.write(store(), accounts(), None, tmp_path)
    assert [file.name for file in written] == [
        "caec-001.csv",
        "caec-001-2.csv",
        "caec-001-2-received.csv",
    ]
    assert (
        written[0]
        .read_text()
        .startswith(
            "TYPE,DATE,START TIME,END TIME,USAGE (kWh),COST,NOTES,account,start_utc,utc_offset,"
        )
    )
    with written[0].open(newline="") as file:
        rows = list(csv.DictReader(file))
    local = {(r["DATE"], r["START TIME"], r["utc_offset"]): r for r in rows}
    assert len(local) == len(rows) == 17 * 24 + 1
    wh = {start: wh for start, wh, _ in AUTUMN.hours()}
    for row in rows:
        start = datetime.fromisoformat(row["start_utc"])
        value = wh.get(start)
        assert row["USAGE (kWh)"] == ("" if value is None else f"{Decimal(value) / 1000:.2f}")
        assert bool(row["reason"]) == (value is None)
    twice = [r for r in rows if (r["DATE"], r["START TIME"]) == ("2025-11-02", "01:00")]
    assert [(r["utc_offset"], r["start_utc"], r["END TIME"]) for r in twice] == [
        ("-05:00", "2025-11-02T06:00:00Z", "01:59"),
        ("-06:00", "2025-11-02T07:00:00Z", "01:59"),
    ]
    assert twice[1]["NOTES"] == "no value: NO_DATA"
    last = [row for row in rows if row["DATE"] == f"{SILENT}"]
    assert {(r["USAGE (kWh)"], r["reason"], r["quality"]) for r in last} == {("", "NO_DATA", "")}


def test_energy_that_is_sent_back_is_not_added_to_what_is_used(tmp_path: Path) -> None:
    tables_csv.write(store(), accounts(), MARCH, tmp_path)
    used, back = (pd.read_csv(tmp_path / f"caec-001-2{suffix}.csv") for suffix in ("", "-received"))
    hours = [h for d in SPRING.days if d.day >= MARCH.start for h in d.hours]
    assert round(1000 * used["USAGE (kWh)"].sum()) == sum(h.wh or 0 for h in hours)
    assert round(1000 * back["USAGE (kWh)"].sum()) == sum(h.received_wh or 0 for h in hours)
    assert set(back["TYPE"]) == {"Electric generation"}


def test_every_format_is_a_module_that_writes() -> None:
    for module in FORMATS.values():
        assert callable(import_module(module).write)


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(Misconfigured, match="name another place with --out"):
        tables_csv.write(store(), accounts(), None, tmp_path / "out")
    (tmp_path / "caec-001.csv").mkdir()
    with pytest.raises(Misconfigured, match=r"caec-001\.csv cannot be written"):
        tables_csv.write(store(), accounts(), None, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["caec-001.csv", "out"]


def _bytes(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def _lines(file: Path) -> Iterator[dict[str, object]]:
    with file.open() as lines:
        yield from map(json.loads, lines)


def test_moments_are_utc() -> None:
    first = harvester.open_home(home()).readings(SPRING.number)["start"][0].as_py()
    assert first == datetime(2026, 2, 20, 6, tzinfo=UTC)
