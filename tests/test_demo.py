"""The demo, run as a person would: what comes home equals what the simulated portal knows."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from simulated import planted

from harvester.errors import State
from harvester.filing import Store
from harvester.model import Direction, Kind, Quality
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.truth import account_truth
from harvester.sandbox.world import World
from harvester.store.catalog import Holding

HARVESTER = Path(sys.executable).with_name("harvester")
FIRST, TODAY = date(2024, 6, 15), date(2026, 6, 15)
HOME, SOLAR = "1000101001", "1000202001"
ACCOUNTS = (HOME, SOLAR, "1000303001", "1000303002", "1000303003", "1000505001")


def demo(home: Path) -> dict[str, Any]:
    told = subprocess.run(
        [HARVESTER, "demo", "--home", home, "--json"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    answer: dict[str, Any] = json.loads(told.stdout)
    return answer


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    home = tmp_path_factory.mktemp("demo") / "home"
    return home, demo(home)


@pytest.fixture(scope="module")
def store(first: tuple[Path, dict[str, Any]]) -> Store:
    return Store(first[0])


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def held(store: Store, number: str) -> Holding:
    return next(h for h in store.catalog.holdings() if h.account.number == number)


def true_days(world: World, number: str) -> list[dict[str, Any]]:
    days = account_truth(world, number)["days"]
    return [day for day in days if FIRST <= date.fromisoformat(day["day"]) < TODAY]


@pytest.mark.parametrize("number", ACCOUNTS)
def test_every_hour_equals_the_truth(store: Store, world: World, number: str) -> None:
    found = {
        (r.direction, r.start): (r.wh, r.meter, f"{r.local_day}", r.quality is Quality.ESTIMATED)
        for r in store.catalog.readings(held(store, number).id)
    }
    expected = {}
    for day in true_days(world, number):
        for start, wh, received, quality in day["hours"]:
            told = (day["meter"], day["day"], quality == "estimated")
            at = datetime.fromisoformat(start)
            expected[Direction.DELIVERED, at] = (wh, *told)
            expected[Direction.RECEIVED, at] = (received, *told)
    assert found == expected


@pytest.mark.parametrize("number", ACCOUNTS)
def test_missing_hours_are_null_with_a_reason_and_no_others(
    store: Store, world: World, number: str
) -> None:
    missing = {
        datetime.fromisoformat(start)
        for day in true_days(world, number)
        for start, _, _, quality in day["hours"]
        if quality == "missing"
    }
    nulls = [r for r in store.catalog.readings(held(store, number).id) if r.wh is None]
    assert {r.start for r in nulls} == missing
    assert {r.reason for r in nulls} <= {State.NO_DATA}


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2024-11-03", 25), ("2025-03-09", 23), ("2025-11-02", 25), ("2026-03-08", 23)],
)
def test_days_of_a_clock_change_have_all_their_hours(store: Store, day: str, hours: int) -> None:
    readings = [
        r
        for r in store.catalog.readings(held(store, HOME).id)
        if f"{r.local_day}" == day and r.direction is Direction.DELIVERED
    ]
    assert len(readings) == hours
    starts = [r.start for r in readings]
    assert starts == [starts[0] + timedelta(hours=n) for n in range(hours)]
    assert len({r.utc_offset for r in readings}) == 2


@pytest.mark.parametrize("number", ACCOUNTS)
def test_day_totals_registers_and_costs_equal_the_truth(
    store: Store, world: World, number: str
) -> None:
    found = {
        f"{d.day}": (d.meter, d.total_kwh, d.end_reading, d.cost)
        for d in store.catalog.day_totals(held(store, number).id).values()
    }
    assert found == {
        day["day"]: (
            day["meter"],
            day["total_kwh"],
            day["end_reading"],
            None if day["cost"] is None else Decimal(day["cost"]),
        )
        for day in true_days(world, number)
    }


@pytest.mark.parametrize("number", ACCOUNTS)
def test_the_newest_bills_and_their_documents_are_archived(
    store: Store, world: World, number: str
) -> None:
    listed = world.bills(number)[:24]
    one = held(store, number)
    assert [
        (b.billing_date, b.due_date, b.read_date, b.net_kwh, b.kind, b.amount)
        for b in store.catalog.bills(one.id)
    ] == [(b.billing_date, b.due_date, b.read_date, b.kwh, b.kind, b.total) for b in listed]
    shas = [f.sha for f in store.catalog.artifacts(one.id) if f.artifact.kind is Kind.BILL_PDF]
    assert shas == [hashlib.sha256(render(world, bill)).hexdigest() for bill in listed]
    assert all(store.archive.get(sha).startswith(b"%PDF-") for sha in shas)
    assert one.pdfs == len(listed) == (24 if number != ACCOUNTS[-1] else 5)


@pytest.mark.parametrize("number", ACCOUNTS)
def test_ledger_notes_and_account_facts_come_home(store: Store, world: World, number: str) -> None:
    account, one = world.account(number), held(store, number)
    assert [
        (p.id, p.day, p.kind, p.amount, p.balance, p.moves_balance)
        for p in reversed(store.catalog.payments(one.id))
    ] == [(i.id, i.day, i.kind, i.amount, i.balance, i.moves_balance) for i in world.ledger(number)]
    assert [(n.day, n.text) for n in store.catalog.notes(one.id)] == [
        (n.day, n.text) for n in account.notes
    ]
    assert one.account.service_address == account.service_address
    assert (one.account.kind, one.account.rate) == (account.kind, account.rate)
    assert one.account.settings["e_bill"] == ("On" if account.paperless else "Off")


def test_no_contact_data_and_no_password_is_anywhere_in_the_home(
    first: tuple[Path, dict[str, Any]], world: World, tmp_path: Path
) -> None:
    # Another process reads: to close a file here would drop the locks of the open catalog on it.
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", first[0], copy], check=True)
    needles = [s.password.encode() for s in world.sign_ins]
    for sign_in in world.sign_ins:
        needles += [w.encode() for a in sign_in.accounts for w in (a.phone, a.email)]
    files = [f for f in copy.rglob("*") if f.is_file() and f.suffix != ".pdf"]
    assert len(files) > 100
    for file in files:
        content = file.read_bytes()
        assert not [needle for needle in needles if needle in content], file


def test_files_are_their_owners_alone(first: tuple[Path, dict[str, Any]]) -> None:
    for path in (first[0], *first[0].rglob("*")):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_one_sign_in_a_member_and_all_is_well(first: tuple[Path, dict[str, Any]]) -> None:
    outcomes = first[1]["outcomes"]
    assert len(outcomes) == 4
    assert {(o["state"], o["sign_ins"], o["gaps"]) for o in outcomes} == {("OK", 1, 0)}


def test_no_invariant_is_broken_but_where_the_truth_itself_is(store: Store, world: World) -> None:
    for number in ACCOUNTS:
        found = store.catalog.findings(held(store, number).id)
        assert {(f.rule, f.subject) for f in found} == planted(world, number, FIRST)


def test_reprocess_gives_the_same_rows_again(first: tuple[Path, dict[str, Any]]) -> None:
    before = list(rows(first[0]))
    told = subprocess.run(
        [HARVESTER, "reprocess", "--home", first[0]],
        capture_output=True, text=True, check=False, env={**os.environ, "PATH": ""},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert list(rows(first[0])) == before


def test_the_second_run_reads_only_the_trailing_window_and_says_so(
    first: tuple[Path, dict[str, Any]],
) -> None:
    home = first[0]
    before = list(rows(home))
    told = subprocess.run(
        [HARVESTER, "demo", "--home", home], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    said = [line for line in told.stdout.splitlines() if line.startswith("sandbox-home: OK")]
    assert len(said) == 1
    assert "nothing new; read the last 7 days of each account again" in said[0]
    with sqlite3.connect(home / "catalog.sqlite") as db:
        runs = db.execute("SELECT id FROM run").fetchall()
        asked = db.execute(
            "SELECT kind, about FROM artifact WHERE run > (SELECT min(id) + 3 FROM run)"
        ).fetchall()
    assert len(runs) == 8
    assert not [kind for kind, _ in asked if kind == Kind.BILL_PDF]
    days = {json.loads(about)["first"] for kind, about in asked if kind == Kind.INTERVAL}
    assert min(days) == f"{TODAY - timedelta(days=7)}"
    assert list(rows(home)) == before


def test_a_killed_backfill_ends_where_an_undisturbed_one_does(
    first: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    for documents, hours in ((20, 0), (0, 30)):
        process = subprocess.Popen(
            [HARVESTER, "demo", "--home", home], stdout=subprocess.DEVNULL, start_new_session=True
        )
        while alive(process):
            trail = (home / "trail.jsonl").read_text() if (home / "trail.jsonl").exists() else ""
            pdfs, intervals = (trail.count(f'"kind":"{k}"') for k in ("bill-pdf", "interval-usage"))
            if pdfs >= documents and intervals >= hours:
                os.killpg(process.pid, signal.SIGKILL)
                break
        assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
    demo(home)
    assert list(rows(home)) == list(rows(first[0]))
    with Store(home).catalog as catalog:
        assert {run.state for run in catalog.last_runs()} == {State.OK}
    assert Store(home).trail.verify() > 0


def alive(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(0.02)
    except subprocess.TimeoutExpired:
        return True
    return False


def rows(home: Path) -> Iterator[tuple[Any, ...]]:
    """Return what a home knows, less when and by which request it came to know it."""
    queries = (
        """SELECT number, direction, start, meter, seconds, wh, quality, reason, label, ordinal,
           local_day, utc_offset FROM reading JOIN account ON account.id = account
           ORDER BY number, direction, start, meter""",
        """SELECT number, direction, start, wh FROM reading_revision
           JOIN account ON account.id = account ORDER BY number, direction, start, replaced_by""",
        """SELECT number, day, meter, wh, end_reading, cost FROM day_total
           JOIN account ON account.id = account ORDER BY number, day, meter""",
        """SELECT number, billing_date, b.kind, amount, due_date, read_date, net_wh, pdf_state, sha
           FROM bill b JOIN account ON account.id = b.account JOIN artifact a ON a.id = b.pdf
           ORDER BY number, billing_date, b.kind, amount""",
        """SELECT number, payment.id, place, day, amount, balance FROM payment
           JOIN account ON account.id = account ORDER BY number, payment.id""",
        """SELECT number, day, text FROM note
           JOIN account ON account.id = account ORDER BY number, day, text""",
        """SELECT number, stream, day, missing FROM coverage
           JOIN account ON account.id = account ORDER BY number, stream, day""",
        """SELECT number, origin, rule, subject, message, residual, tolerance FROM finding
           JOIN account ON account.id = account ORDER BY number, origin, rule, subject""",
        """SELECT number, billing_date, s.kind, amount, layout, service_from, service_to, wh, total
           FROM statement s JOIN account ON account.id = account
           ORDER BY number, billing_date, s.kind, amount""",
        """SELECT number, billing_date, l.kind, place, label, quantity, unit_price, charge
           FROM line_item l JOIN account ON account.id = account
           ORDER BY number, billing_date, l.kind, amount, place""",
    )
    with sqlite3.connect(home / "catalog.sqlite") as db:
        for query in queries:
            yield from db.execute(query)
