"""A home on a server keeps what a file kept: one writer, one chain, one harvest of a member."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import psycopg
import pytest
from postgres import server as started

from harvester.errors import ActionNeeded, Misconfigured, State, Transient
from harvester.model import Artifact, Bill, Direction, Kind, Note, Quality, Reading
from harvester.store import postgres
from harvester.store.audit import Trail
from harvester.store.catalog import Catalog
from harvester.store.locks import alone
from harvester.store.place import Server, server

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
NUMBER = "1000101001"


@pytest.fixture
def home(schema: Server) -> Server:
    """Make an empty home on the server."""
    postgres.make(schema)
    Catalog(schema).close()
    return schema


@pytest.fixture
def catalog(home: Server) -> Iterator[Catalog]:
    with Catalog(home) as made:
        yield made


def trail_of(home: Server, file: Path, entries: int = 3) -> Trail:
    trail = Trail(file, home)
    for number in range(entries):
        trail.append("run.started", NOON, profile="caec", run=number)
    return trail


def changed(home: Server, statement: str) -> None:
    """Do by hand what harvester never does."""
    with psycopg.connect(home.dsn) as other:
        other.execute(f'SET search_path = "{home.schema}"'.encode())
        other.execute(statement.encode())


def test_a_trail_is_the_same_bytes_in_a_file_and_on_a_server(home: Server, tmp_path: Path) -> None:
    here, there = Trail(tmp_path / "trail.jsonl"), Trail(tmp_path / "other", home)
    for trail in (here, there):
        trail.append("run.started", NOON, member="house", account="…001")
        trail.append("run.finished", NOON + timedelta(seconds=1), state=State.OK)
    assert b"".join(there.lines.each()) == (tmp_path / "trail.jsonl").read_bytes()
    assert there.verify() == 2
    assert there.newest() == "2026-06-15T12:00:01Z"
    assert not (tmp_path / "other").exists()


def append_many(home: Server) -> None:
    for number in range(25):
        Trail(Path("/nowhere/trail.jsonl"), home).append("run.started", NOON, run=number)


def test_several_programs_write_one_chain_on_a_server(home: Server, tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(append_many, [home] * 2))
    assert Trail(tmp_path / "trail.jsonl", home).verify() == 50


@pytest.mark.parametrize(
    ("told", "by"),
    [
        ("Line 2 .* was changed", "UPDATE trail SET line = line || ' ' WHERE place = 2"),
        ("Line 2 .* is entry 3: entry 2 was removed", "DELETE FROM trail WHERE place = 2"),
        (
            "Line 1 .* reordered",
            "UPDATE trail SET line = t.line FROM trail t WHERE t.place = 3 - trail.place",
        ),
    ],
)
def test_a_change_to_a_trail_on_a_server_is_found(
    home: Server, tmp_path: Path, told: str, by: str
) -> None:
    trail = trail_of(home, tmp_path / "trail.jsonl")
    changed(home, by)
    with pytest.raises(ActionNeeded, match=told) as caught:
        trail.verify()
    assert caught.value.exit_code == 50


def test_nothing_is_added_after_a_tampered_last_entry_on_a_server(
    home: Server, tmp_path: Path
) -> None:
    trail = trail_of(home, tmp_path / "trail.jsonl")
    changed(home, "UPDATE trail SET line = '{}' WHERE place = 3")
    with pytest.raises(ActionNeeded, match="was changed"):
        trail.append("run.started", NOON)
    assert len(list(trail.lines.each())) == 3


def test_an_entry_stays_when_the_rows_written_beside_it_do_not(
    home: Server, catalog: Catalog, tmp_path: Path
) -> None:
    trail = Trail(tmp_path / "trail.jsonl", home)

    def fail() -> None:
        catalog.account_id("caec", "house", NUMBER)
        trail.append("run.started", NOON)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), catalog.transaction():
        fail()
    assert (trail.verify(), catalog.accounts()) == (1, [])


def test_a_member_is_harvested_once_at_a_time_by_all_that_share_a_server(
    home: Server, tmp_path: Path
) -> None:
    with alone(tmp_path, home, ["house"], "busy") as still:
        for _ in range(2):  # who is refused takes nothing of the lock with it
            with pytest.raises(Transient, match="busy"), alone(tmp_path, home, ["house"], "busy"):
                pass
        with alone(tmp_path, home, ["barn"], "busy"):
            still()
    with alone(tmp_path, home, ["house"], "busy"):
        pass


def test_one_name_in_two_homes_is_two_members(home: Server, tmp_path: Path) -> None:
    other = Server(home.dsn, f"{home.schema}_too")
    with alone(tmp_path, home, ["house"], "busy"), alone(tmp_path, other, ["house"], "busy"):
        pass


HOLD = """
import sys
from pathlib import Path
from harvester.store.locks import alone
from harvester.store.place import Server
with alone(Path(), Server(*sys.argv[1:]), ["house"], "busy"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_killed_program_lets_go_of_its_member(home: Server, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, *home], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Transient), alone(tmp_path, home, ["house"], "busy"):
            pass
        other.kill()
    until = datetime.now(UTC) + timedelta(seconds=10)
    while not _free(home, tmp_path):  # the server hears of it by its socket
        assert datetime.now(UTC) < until
    assert _free(home, tmp_path)


def _free(home: Server, folder: Path) -> bool:
    try:
        with alone(folder, home, ["house"], "busy"):
            return True
    except Transient:
        return False


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for what another one has locked."""
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.05)


@pytest.mark.usefixtures("at_once")
def test_accounts_are_written_side_by_side_and_one_account_by_one_at_a_time(home: Server) -> None:
    with Catalog(home) as one, Catalog(home) as other:
        mine, theirs = (one.account_id("caec", name, f"{name}1") for name in ("house", "barn"))
        run = one.begin_run("caec", "house", "run", NOON)
        with one.transaction(mine):
            with other.transaction(theirs):
                told = Artifact(Kind.LEDGER, "", b"", "", "", NOON)
                assert other.add_artifact(theirs, told, "ab", run).new
            with pytest.raises(Misconfigured, match="locked"), other.transaction(mine):
                pass
            with pytest.raises(Misconfigured, match="locked"), other.transaction():
                pass
    with Catalog(home) as one:
        assert one.counts(theirs)["artifact"] == 1


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    "write",
    [
        lambda c, _: c.begin_run("caec", "house", "run", NOON),
        lambda c, a: c.upsert_notes(a, [Note(NUMBER, date(2026, 6, 1), "n")], 1),
        lambda c, _: c.record_sign_in(1, NOON),
    ],
    ids=["a run", "a note", "a sign-in"],
)
def test_who_has_all_of_a_home_is_its_only_writer(
    home: Server, write: Callable[[Catalog, int], object]
) -> None:
    with Catalog(home) as one, Catalog(home) as other:
        account = one.account_id("caec", "house", NUMBER)
        run = one.begin_run("caec", "house", "run", NOON)
        one.add_artifact(account, Artifact(Kind.NOTES, "", b"", "", "", NOON), "ab", run)
        with one.transaction():
            assert other.accounts()  # who reads waits for nobody
            with pytest.raises(Misconfigured, match="locked") as caught:
                write(other, account)
        assert caught.value.exit_code == 12
        write(other, account)


def hour(number: int, meter: str = "M1") -> Reading:
    start = NOON + timedelta(hours=number)
    return Reading(
        account=NUMBER,
        meter=meter,
        direction=Direction.DELIVERED,
        start=start,
        seconds=3600,
        wh=10,
        quality=Quality.VALID,
        reason=None,
        label="",
        ordinal=0,
        local_day=start.date(),
        utc_offset=0,
    )


def test_hours_are_streamed_while_other_rows_are_asked_for(catalog: Catalog) -> None:
    account = catalog.account_id("caec", "house", NUMBER)
    run = catalog.begin_run("caec", "house", "run", NOON)
    told = catalog.add_artifact(account, Artifact(Kind.INTERVAL, "", b"", "", "", NOON), "a", run)
    catalog.upsert_readings(account, [hour(n) for n in range(6000)], told.id)
    seen = []
    for one in catalog.hours(account):
        seen.append(one.start)
        if len(seen) % 2000 == 0:
            assert catalog.told(account) == (6000, 0)
    assert seen == [int(hour(n).start.timestamp()) for n in range(6000)]
    assert next(catalog.hours(account)).wh == 10  # who stops early leaves nothing open
    assert catalog.told(account) == (6000, 0)


def test_names_sort_as_they_do_in_a_file_whatever_the_server_thinks(catalog: Catalog) -> None:
    for member in ("b", "B", "_", "a"):
        catalog.account_id("caec", member, f"1{member}")
    assert [entry.member for entry in catalog.accounts()] == ["B", "_", "a", "b"]


def test_a_lost_connection_is_said_and_the_next_call_makes_another(tmp_path: Path) -> None:
    with started() as own:
        home = Server(own.dsn)
        postgres.make(home)
        trail = trail_of(home, tmp_path / "trail.jsonl")
        with Catalog(home) as catalog, alone(tmp_path, home, ["house"], "busy") as still:
            run = catalog.begin_run("caec", "house", "run", NOON)
            own.stop()
            for use in (catalog.last_runs, trail.verify, still):
                with pytest.raises(Misconfigured, match="connection was lost"):
                    use()
            with pytest.raises(Misconfigured, match="No such file"):
                catalog.last_runs()
            own.start()
            assert [one.id for one in catalog.last_runs()] == [run]
            assert trail.verify() == 3
            with pytest.raises(Misconfigured):  # what it locked is lost for good
                still()


def test_nothing_of_a_transaction_is_kept_or_goes_on_after_its_connection_is_lost(
    home: Server, catalog: Catalog
) -> None:
    def lose() -> None:
        catalog.account_id("caec", "house", NUMBER)
        with psycopg.connect(home.dsn, autocommit=True) as other:
            pid = catalog._rows("SELECT pg_backend_pid()")[0][0]
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        for _ in range(2):
            with pytest.raises(Misconfigured, match=r"shut down|was lost"):
                catalog.account_id("caec", "barn", "2")

    with pytest.raises(Misconfigured), catalog.transaction():
        lose()
    assert catalog.accounts() == []


def test_a_newer_home_an_empty_server_and_a_text_it_cannot_hold_are_said(
    schema: Server,
) -> None:
    with pytest.raises(Misconfigured, match=r"no home in it: harvester store migrate") as caught:
        Catalog(schema)
    assert caught.value.exit_code == 12
    postgres.make(schema)
    with Catalog(schema) as catalog:
        account = catalog.account_id("caec", "house", NUMBER)
        bill = Bill(NUMBER, "a\0b", date(2026, 6, 1), None, None, None, 1)  # type: ignore[arg-type]
        with pytest.raises(Misconfigured, match="NUL character"):
            catalog._write("UPDATE account SET member = ? WHERE id = ?", [(bill.kind, account)])
    changed(schema, "UPDATE store SET version = 999")
    with pytest.raises(Misconfigured, match="newer harvester"):
        Catalog(schema)


def test_a_home_of_an_older_program_is_brought_up_to_date(schema: Server) -> None:
    postgres.make(schema)
    first = Path(postgres.__file__).with_name("migrations") / "0001.sql"
    changed(schema, postgres.schema_of(first.read_text()))
    changed(schema, "UPDATE store SET version = 1")
    with Catalog(schema) as catalog:
        account = catalog.account_id("caec", "house", NUMBER)
        assert catalog.documents(account) == []


@pytest.mark.parametrize(
    ("dsn", "told"),
    [
        ("mysql://u@h/d", "does not begin with postgresql://"),
        ("host=h password=geheim", "does not begin with postgresql://"),
        ("postgresql://u:geheim@h/d", r"holds a password.*pgpass"),
        ("postgresql://u@h/d?password=geheim", r"holds a password.*pgpass"),
        ("postgresql://u@[h/d", "is not a URI"),
    ],
)
def test_an_address_that_is_wrong_or_tells_a_secret_is_refused_and_not_shown(
    dsn: str, told: str
) -> None:
    with pytest.raises(Misconfigured, match=told) as caught:
        server(dsn)
    assert "geheim" not in f"{caught.value}"
    assert caught.value.exit_code == 12


def test_a_server_that_is_not_there_or_not_ours_is_said(home: Server) -> None:
    for dsn, told in (
        ("postgresql://u@127.0.0.1:1/d", "refused"),
        (home.dsn.replace("/harvester?", "/elsewhere?"), '"elsewhere" does not exist'),
        (home.dsn.replace("harvester@", "stranger@"), '"stranger" does not exist'),
        (f"{home.dsn}&bogus=1", "not one that PostgreSQL understands"),
    ):
        with pytest.raises(Misconfigured, match=told) as caught:
            Catalog(server(dsn))
        assert caught.value.state is State.HOME_UNUSABLE


def test_what_is_deleted_is_not_in_the_files_of_the_tables_any_more() -> None:
    with started() as own:
        home = Server(own.dsn)
        postgres.make(home)
        with Catalog(home) as catalog:
            account = catalog.account_id("caec", "house", NUMBER)
            run = catalog.begin_run("caec", "house", "run", NOON)
            told = Artifact(Kind.NOTES, "", b"", "", "", NOON, {"a": "treacherous"})
            catalog.add_artifact(account, told, "ab", run)
            assert _on_disk(own.dsn, b"treacherous")
            catalog.forget_account(account)
            catalog.scrub()
            assert not _on_disk(own.dsn, b"treacherous")
            assert len(catalog.last_runs()) == 1


def _on_disk(dsn: str, word: bytes) -> bool:
    """Tell whether a word is in any file of the server's databases, all of it written out."""
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute("CHECKPOINT")
        (folder,) = other.execute("SHOW data_directory").fetchone() or ("",)
    files = [file for file in Path(folder, "base").rglob("*") if file.is_file()]
    assert files
    return any(word in file.read_bytes() for file in files)
