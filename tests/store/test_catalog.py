"""The catalog keeps whole transactions, every word the portal gave, and knows what is missing."""

from __future__ import annotations

import gc
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from harvester.errors import BadData, Misconfigured, State
from harvester.model import (
    Account,
    Artifact,
    Bill,
    DayTotal,
    Direction,
    Kind,
    Note,
    Payment,
    Quality,
    Reading,
    Window,
)
from harvester.store.catalog import Catalog
from harvester.store.place import Server

NUMBER = "1234567001"
TODAY = date(2026, 6, 15)
NOW = datetime(2026, 6, 15, 18, tzinfo=UTC)
FIRST_HOUR = datetime(2026, 6, 1, 5, tzinfo=UTC)
"""Midnight of 1 June in Chicago."""


class Home:
    """A catalog with one run and one account."""

    def __init__(self, place: Path | Server) -> None:
        self.place = place
        self.catalog = Catalog(place)
        self.run = self.catalog.begin_run("caec", "home", "run", NOW)
        self.account = self.catalog.account_id("caec", "home", NUMBER)

    def artifact(self, at: datetime = NOW, kind: Kind = Kind.INTERVAL, sha: str = "") -> int:
        """Enter an artifact that was retrieved at that time."""
        artifact = Artifact(kind, NUMBER, b"", "https://x/", "application/json", at, {"a": "b"})
        return self.catalog.add_artifact(self.account, artifact, sha or f"{at:%s}", self.run).id

    def artifacts(self, count: int) -> list[int]:
        """Enter artifacts an hour apart, oldest first."""
        return [self.artifact(NOW + timedelta(hours=number)) for number in range(count)]

    def values(self) -> list[tuple[str, int | None]]:
        """Return the current hours in short."""
        return [(one.meter, one.wh) for one in self.catalog.readings(self.account)]


@pytest.fixture
def home(place: Path | Server) -> Iterator[Home]:
    """Open a fresh home on either database."""
    made = Home(place)
    yield made
    made.catalog.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """Open a fresh home in a file."""
    made = Home(tmp_path / "home" / "catalog.sqlite")
    yield tmp_path / "home" / "catalog.sqlite"
    made.catalog.close()


def hour(
    number: int,
    wh: int | None,
    meter: str = "M1",
    direction: Direction = Direction.DELIVERED,
    quality: Quality = Quality.VALID,
) -> Reading:
    """Make the hour of that number from midnight of 1 June on."""
    start = FIRST_HOUR + timedelta(hours=number)
    local = start - timedelta(hours=5)
    return Reading(
        account=NUMBER,
        meter=meter,
        direction=direction,
        start=start,
        seconds=3600,
        wh=wh,
        quality=quality,
        reason=State.NO_DATA if wh is None else None,
        label=f"{local:%m/%d/%Y %I:%M %p}",
        ordinal=0,
        local_day=local.date(),
        utc_offset=-18_000,
    )


def bill(day: date, amount: str, due: date | None = None) -> Bill:
    """Make a bill of that day."""
    return Bill(NUMBER, "Regular", day, due, None, Decimal("1000.5"), Decimal(amount))


def test_readings_come_back_as_they_went_in(home: Home) -> None:
    given = [
        hour(0, 1230, quality=Quality.ESTIMATED),
        hour(1, None),
        hour(2, 0),
        hour(0, -5, direction=Direction.RECEIVED),
    ]
    change = home.catalog.upsert_readings(home.account, given, home.artifact())
    assert (change.added, change.revised) == (4, 0)
    assert list(home.catalog.readings(home.account)) == given
    assert list(home.catalog.revisions(home.account)) == []


def test_an_hour_told_twice_by_one_artifact_is_bad_data(home: Home) -> None:
    with pytest.raises(BadData, match="twice"):
        home.catalog.upsert_readings(home.account, [hour(0, 1), hour(0, 2)], home.artifact())
    assert home.values() == []


def test_saying_the_same_again_writes_nothing(home: Home) -> None:
    one, two = home.artifacts(2)
    home.catalog.upsert_readings(home.account, [hour(0, 1), hour(1, None)], one)
    rows = "SELECT * FROM reading"
    with Catalog(home.place) as other:
        before = other._rows(rows)
        change = home.catalog.upsert_readings(home.account, [hour(0, 1), hour(1, None)], two)
        assert (change.added, change.revised) == (0, 0)
        assert other._rows(rows) == before


def test_a_changed_hour_keeps_what_it_was(home: Home) -> None:
    for wh, artifact in zip((None, 700, 710), home.artifacts(3), strict=True):
        home.catalog.upsert_readings(home.account, [hour(0, wh), hour(1, 5)], artifact)
    assert home.values() == [("M1", 710), ("M1", 5)]
    assert [
        (one.reading.wh, one.reading.reason, one.told_at, one.replaced_at)
        for one in home.catalog.revisions(home.account)
    ] == [
        (None, State.NO_DATA, NOW, NOW + timedelta(hours=1)),
        (700, None, NOW + timedelta(hours=1), NOW + timedelta(hours=2)),
    ]


def test_an_estimate_that_became_true_is_a_revision(home: Home) -> None:
    one, two = home.artifacts(2)
    home.catalog.upsert_readings(home.account, [hour(0, 5, quality=Quality.ESTIMATED)], one)
    change = home.catalog.upsert_readings(home.account, [hour(0, 5)], two)
    assert change.revised == 1
    assert [one.reading.quality for one in home.catalog.revisions(home.account)] == [
        Quality.ESTIMATED
    ]


def test_a_corrected_meter_leaves_no_second_current_hour(home: Home) -> None:
    one, two = home.artifacts(2)
    day = range(24)
    home.catalog.upsert_readings(home.account, [hour(n, 1) for n in range(48)], one)
    home.catalog.upsert_readings(home.account, [hour(n, 1, meter="M2") for n in day], two)
    assert home.values() == [("M2", 1)] * 24 + [("M1", 1)] * 24
    assert [one.reading.meter for one in home.catalog.revisions(home.account)] == ["M1"] * 24


def test_forgetting_and_replaying_ends_in_the_same_rows_and_revisions(home: Home) -> None:
    told = list(zip(home.artifacts(3), (None, 700, 710), strict=True))

    def replay() -> tuple[list[Reading], list[object]]:
        for artifact, wh in told:
            home.catalog.upsert_readings(home.account, [hour(0, wh), hour(1, 5)], artifact)
            home.catalog.cover(home.account, Kind.INTERVAL, [TODAY], [], artifact)
        return list(home.catalog.readings(home.account)), list(home.catalog.revisions(home.account))

    first = replay()
    home.catalog.forget_derived(home.account)
    assert home.values() == []
    assert [filed.id for filed in home.catalog.artifacts(home.account)] == [a for a, _ in told]
    assert replay() == first


def test_days_come_back_and_a_changed_one_is_revised(home: Home) -> None:
    one, two = home.artifacts(2)
    blank = DayTotal(NUMBER, date(2026, 6, 2), "M1", None, None, None)
    day = DayTotal(
        NUMBER, date(2026, 6, 1), "M1", Decimal("34.125"), Decimal(48211), Decimal("4.41")
    )
    home.catalog.upsert_days(home.account, [day, blank], one)
    assert home.catalog.day_totals(home.account) == {day.day: day, blank.day: blank}
    told = DayTotal(NUMBER, blank.day, "M1", Decimal(0), None, None)
    change = home.catalog.upsert_days(home.account, [day, told], two)
    assert (change.added, change.revised) == (0, 1)
    assert home.catalog.day_totals(home.account) == {day.day: day, blank.day: told}


def test_gaps_are_new_recent_or_stale_days_newest_first(home: Home) -> None:
    days = list(Window(date(2026, 4, 20), TODAY).days())
    old = home.artifact(NOW - timedelta(days=8))
    fresh = home.artifact(NOW - timedelta(days=6))
    never = date(2026, 5, 20)
    home.catalog.cover(home.account, Kind.INTERVAL, [d for d in days if d != never], [], old)
    window = Window(date(2026, 4, 20), date(2026, 7, 1))

    def gaps(stream: Kind = Kind.INTERVAL) -> list[date]:
        return home.catalog.gaps(home.account, stream, window, TODAY, NOW)

    # 45 days before 15 June is 1 May; the older days were answered.
    assert gaps() == list(reversed(list(Window(date(2026, 5, 1), TODAY).days())))
    home.catalog.cover(home.account, Kind.INTERVAL, [d for d in days if d != never], [], fresh)
    # 7 days before 15 June is 8 June.
    assert gaps() == [*reversed(list(Window(date(2026, 6, 8), TODAY).days())), never]
    assert gaps(Kind.DAILY) == list(reversed(days))


def test_a_day_the_portal_has_nothing_for_is_answered(home: Home) -> None:
    day = date(2026, 1, 1)
    home.catalog.cover(home.account, Kind.INTERVAL, [day], [day], home.artifact())
    window = Window(day, date(2026, 1, 2))
    assert home.catalog.gaps(home.account, Kind.INTERVAL, window, TODAY, NOW) == []
    assert home.catalog.silent_days(home.account) == {day: None}


def test_bills_stay_when_the_list_no_longer_has_them(home: Home) -> None:
    one, two = home.artifacts(2)
    old, kept = bill(date(2024, 6, 1), "200"), bill(date(2024, 7, 1), "201.59")
    home.catalog.upsert_bills(home.account, [old, kept], one)
    due = bill(date(2024, 7, 1), "201.59", due=date(2024, 7, 20))
    reissued = bill(date(2024, 7, 1), "199.00")
    home.catalog.upsert_bills(home.account, [due, reissued], two)
    assert set(home.catalog.bills(home.account)) == {reissued, due, old}
    assert set(home.catalog.missing_pdfs(home.account)) == {reissued, due}


@pytest.mark.parametrize("state", [State.NOT_YET_AVAILABLE, State.NOT_A_PDF, State.WRONG_DOCUMENT])
def test_a_document_is_asked_for_until_it_is_right(home: Home, state: State) -> None:
    listed = bill(date(2026, 6, 1), "201.59")
    home.catalog.upsert_bills(home.account, [listed], home.artifact(kind=Kind.BILL_LIST))
    home.catalog.bill_pdf(home.account, listed, state, None)
    assert home.catalog.missing_pdfs(home.account) == [listed]
    home.catalog.bill_pdf(home.account, listed, State.OK, home.artifact(kind=Kind.BILL_PDF))
    assert home.catalog.missing_pdfs(home.account) == []


def test_ledger_and_notes_come_back_once(home: Home) -> None:
    paid = Payment(
        NUMBER,
        "9",
        TODAY,
        "Payment",
        "Draft",
        Decimal("-201.59"),
        Decimal("0.00"),
        moves_balance=True,
    )
    note = Note(NUMBER, TODAY, "New freezer")
    for artifact in home.artifacts(2):
        home.catalog.upsert_payments(home.account, [paid], artifact)
        home.catalog.upsert_notes(home.account, [note], artifact)
    assert home.catalog.payments(home.account) == [paid]
    assert home.catalog.notes(home.account) == [note]


def test_a_ledger_that_numbers_its_rows_anew_is_as_it_says_now(home: Home) -> None:
    def row(name: int, ago: int, kind: str, amount: str) -> Payment:
        booked, day = Decimal(amount), TODAY - timedelta(days=ago)
        return Payment(NUMBER, f"{name}", day, kind, kind, booked, booked, moves_balance=True)

    older, newer = home.artifacts(2)
    first = [row(1, 60, "Bill", "201.59"), row(2, 40, "Payment", "-201.59")]
    home.catalog.upsert_payments(home.account, first, older)
    later = [row(1, 40, "Payment", "-201.59"), row(2, 30, "Bill", "99.00")]
    home.catalog.upsert_payments(home.account, later, newer)
    assert home.catalog.payments(home.account) == later


def test_the_manifest_gives_the_artifact_again(home: Home) -> None:
    at = NOW + timedelta(hours=1)
    number = home.artifact(at, Kind.LEDGER, "ab")
    (filed,) = home.catalog.artifacts(home.account)
    assert (filed.id, filed.sha) == (number, "ab")
    assert filed.artifact == Artifact(
        Kind.LEDGER, NUMBER, b"", "https://x/", "application/json", at, {"a": "b"}
    )


def test_the_same_answer_of_one_moment_is_one_artifact(home: Home) -> None:
    first = home.artifact(sha="ab")
    assert home.artifact(NOW + timedelta(hours=1), sha="ab") != first
    assert home.artifact(sha="ab") == first


def test_one_number_at_two_utilities_is_two_accounts(home: Home) -> None:
    assert home.catalog.account_id("other", "home", NUMBER) != home.account
    assert home.catalog.account_id("caec", "spouse", NUMBER) == home.account


def test_a_killed_run_has_no_end_and_sign_ins_are_counted(home: Home) -> None:
    catalog = home.catalog
    (run,) = catalog.last_runs()
    assert (run.id, run.finished_at, run.state) == (home.run, None, None)
    catalog.record_sign_in(home.run, NOW - timedelta(hours=25))
    catalog.record_sign_in(home.run, NOW)
    assert len(catalog.sign_ins_since("caec", "home", NOW - timedelta(hours=24))) == 1
    assert len(catalog.sign_ins_since("caec", "other", NOW - timedelta(hours=24))) == 0
    second = catalog.begin_run("caec", "home", "run", NOW)
    catalog.finish_run(second, State.OK_PARTIAL, NOW, {"pdfs": 3})
    (run,) = catalog.last_runs()
    assert (run.id, run.state, run.facts) == (second, State.OK_PARTIAL, {"pdfs": 3})


def test_holdings_count_what_is_there(home: Home) -> None:
    artifact = home.artifact()
    hours = [hour(n, None if n == 3 else 5) for n in range(48)]
    home.catalog.upsert_readings(home.account, hours, artifact)
    home.catalog.cover(home.account, Kind.INTERVAL, [TODAY], [TODAY], artifact)
    listed = [bill(date(2026, 5, 1), "1.00"), bill(date(2026, 6, 1), "2.00")]
    home.catalog.upsert_bills(home.account, listed, artifact)
    home.catalog.bill_pdf(home.account, listed[0], State.OK, artifact)
    details = Account(NUMBER, "1 Main St", "Small Power", "Commercial", {"E-Bill": "on"})
    home.catalog.upsert_account(home.account, details, artifact)
    (held,) = home.catalog.holdings()
    assert (held.profile, held.member, held.account) == ("caec", "home", details)
    assert (held.bills, held.pdfs, held.hours, held.nulls) == (2, 1, 47, {State.NO_DATA: 1})
    assert (held.first, held.last, held.silent) == (date(2026, 6, 1), date(2026, 6, 2), 1)


def test_counts_of_hours_follow_every_change(home: Home) -> None:
    artifact = home.artifact()
    home.catalog.upsert_readings(home.account, [hour(n, 5) for n in range(24)], artifact)
    later = [hour(n, None if n < 2 else 7) for n in range(24)]
    home.catalog.upsert_readings(home.account, later, artifact)
    (held,) = home.catalog.holdings()
    assert (held.hours, held.nulls, held.revised) == (22, {State.NO_DATA: 2}, 24)
    home.catalog.forget_derived(home.account)
    (held,) = home.catalog.holdings()
    assert (held.hours, held.nulls, held.estimated, held.first) == (0, {}, 0, None)


def test_a_failed_transaction_keeps_nothing_not_even_the_artifact(home: Home) -> None:
    def fail() -> None:
        artifact = home.artifact()
        home.catalog.upsert_readings(home.account, [hour(0, 1)], artifact)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), home.catalog.transaction():
        fail()
    assert home.values() == []
    assert home.catalog.artifacts(home.account) == []


def test_a_failed_inner_transaction_leaves_the_outer_one(home: Home) -> None:
    with home.catalog.transaction():
        artifact = home.artifact()
        with pytest.raises(BadData):
            home.catalog.upsert_readings(home.account, [hour(0, 1), hour(0, 2)], artifact)
        home.catalog.upsert_readings(home.account, [hour(1, 3)], artifact)
    assert home.values() == [("M1", 3)]


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_catalog import Home, hour
home = Home(Path(sys.argv[1]))
home.catalog.upsert_readings(home.account, [hour(0, 1)], home.artifact())
with home.catalog.transaction():
    home.catalog.upsert_readings(home.account, [hour(n, 2) for n in range(5000)],
                                 home.artifact(sha="second"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_inside_a_transaction_leaves_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(file), str(Path(__file__).parent)],
        check=False,
        timeout=20,
    )
    assert ended.returncode == -signal.SIGKILL
    with Catalog(file) as catalog:
        account = catalog.account_id("caec", "home", NUMBER)
        assert [one.wh for one in catalog.readings(account)] == [1]
        assert len(catalog.artifacts(account)) == 1
    with sqlite3.connect(file) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_catalog_opened_twice_keeps_its_log_from_another_process(file: Path) -> None:
    Catalog(file).close()
    read = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM run')"
    subprocess.run([sys.executable, "-c", read, file], check=True)
    # The last one to close a database takes its log away; that process was not the last.
    assert file.with_name("catalog.sqlite-wal").exists()


def test_a_catalog_that_nobody_holds_any_more_is_closed_at_once(tmp_path: Path) -> None:
    log = tmp_path / "catalog.sqlite-wal"
    gc.disable()  # or the log could go away at any later moment
    try:
        catalog = Catalog(tmp_path / "catalog.sqlite")
        assert log.exists()
        del catalog
        assert not log.exists()
    finally:
        gc.enable()


def test_only_the_owner_can_read_the_database(file: Path) -> None:
    files = list(file.parent.iterdir())
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    Catalog(file).close()
    with sqlite3.connect(file) as raw:
        raw.execute("PRAGMA user_version = 999")
    with pytest.raises(Misconfigured, match="newer") as caught:
        Catalog(file)
    assert caught.value.state is State.HOME_UNUSABLE


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    file.write_bytes(b"not a database" * 100)
    with pytest.raises(Misconfigured, match=r"not a database.*--home"):
        Catalog(file)


def test_a_catalog_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="--home"):
        Catalog(tmp_path / "file" / "catalog.sqlite")
