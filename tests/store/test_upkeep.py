"""What a killed run leaves is removed, what is in use or unexplained stays; clocks go on only."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harvester.errors import MEANINGS, Misconfigured, State
from harvester.filing import Store
from harvester.model import Artifact, Kind
from harvester.store import home as home_room
from harvester.store.catalog import Catalog
from harvester.store.home import write_private
from harvester.store.upkeep import newest_moment, refuse_behind, tidy

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


def begun(store: Store, at: datetime = NOW) -> int:
    return store.catalog.begin_run("caec", "house", "run", at)


def filed(store: Store, run: int, content: bytes, at: datetime = NOW) -> str:
    account = store.catalog.account_id("caec", "house", "1000101001")
    sha = store.archive.put(content, "pdf")
    artifact = Artifact(Kind.BILL_PDF, "1000101001", content, "", "application/pdf", at)
    store.catalog.add_artifact(account, artifact, sha, run)
    return sha


def tidied(store: Store, at: datetime = NOW) -> list[str]:
    """Tidy, and return what the archive has then."""
    tidy(store.home, store.archive, store.catalog, store.trail, at)
    return sorted(path.stem for path in store.archive.folder.rglob("*") if path.is_file())


def test_a_file_that_a_killed_run_did_not_enter_is_removed_and_no_other(store: Store) -> None:
    kept = filed(store, begun(store), b"kept")
    store.archive.put(b"killed before its row", "pdf")
    assert tidied(store) == [kept]
    assert store.archive.get(kept) == b"kept"
    (entry,) = store.trail.entries()
    assert (entry.event, entry.facts) == ("home.tidied", {"artifacts": 1, "parts": 0})


def test_more_files_than_killed_runs_can_have_left_all_stay(store: Store) -> None:
    begun(store)
    left = {store.archive.put(content, "pdf") for content in (b"one", b"two")}
    assert set(tidied(store)) == left
    assert list(store.trail.entries()) == []


def test_a_run_that_came_to_its_end_explains_no_file(store: Store) -> None:
    store.catalog.finish_run(begun(store), State.OK, NOW, {})
    left = store.archive.put(b"of nobody", "pdf")
    assert tidied(store) == [left]


@pytest.mark.parametrize("state", [None, State.HOME_UNUSABLE, State.STORE_DOWN])
def test_a_file_is_explained_by_a_run_that_broke_off_since_others_came_to_their_end(
    store: Store, state: State | None
) -> None:
    def broke_off(at: datetime) -> None:
        run = begun(store, at)
        if state:
            store.catalog.finish_run(run, state, at, {})

    def ended(at: datetime) -> None:
        store.catalog.finish_run(begun(store, at), State.OK, at, {})

    broke_off(NOW)
    ended(NOW + 3 * DAY)
    left = store.archive.put(b"of nobody", "pdf")
    assert tidied(store) == [left]
    broke_off(NOW + 90 * DAY)  # of a machine that was off for long
    assert tidied(store) == []


def test_what_every_run_asks_reads_no_more_the_longer_a_home_is(store: Store) -> None:
    asked: list[str] = []
    store.catalog._db._db.set_trace_callback(asked.append)
    newest_moment(store.catalog, store.trail)
    tidy(store.home, store.archive, store.catalog, store.trail, NOW)
    store.catalog._db._db.set_trace_callback(None)
    plans = [row[-1] for query in asked if query.startswith("SELECT")
             for row in store.catalog._rows(f"EXPLAIN QUERY PLAN {query}")]  # fmt: skip
    whole = ("SCAN artifact", "SCAN run", "SCAN sign_in")
    assert [step for step in plans if step.startswith(whole)] == []
    assert "SEARCH artifact USING COVERING INDEX artifact_retrieved" in plans


def test_a_file_that_is_being_entered_is_not_taken_for_left(store: Store) -> None:
    begun(store)
    other = Catalog(store.catalog.place)
    store.catalog._db._db.execute("PRAGMA busy_timeout = 0")
    with other.transaction():
        left = store.archive.put(b"about to be entered", "pdf")
        with pytest.raises(Misconfigured, match="locked"):
            tidied(store)
    other.close()
    assert store.archive.get(left) == b"about to be entered"


def test_parts_of_killed_writes_are_removed_wherever_they_are(store: Store) -> None:
    part = store.archive.folder / "ab" / ".x1y2z3_4.part"
    part.parent.mkdir()
    part.write_bytes(b"half of a bi")
    (store.home / ".house.abcdefgh.part").write_bytes(b"")
    assert tidied(store) == []
    assert not [*store.home.rglob("*.part")]
    (entry,) = store.trail.entries()
    assert entry.facts == {"artifacts": 0, "parts": 2}


def test_a_part_that_is_being_written_is_finished(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def tidied_first(part: str, file: Path) -> None:
        assert home_room.remove_parts(store.home) == 0
        replace(part, file)

    monkeypatch.setattr(os, "replace", tidied_first)
    write_private(store.home / "file", b"all of it")
    assert (store.home / "file").read_bytes() == b"all of it"


def test_a_part_that_was_removed_before_it_was_held_is_made_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, lock = [], home_room.fcntl.flock

    def unlucky(handle: int, how: int) -> None:
        made.append(handle)
        if len(made) == 1:
            (part,) = store.home.glob(".*.part")
            part.unlink()
        lock(handle, how)

    monkeypatch.setattr(home_room.fcntl, "flock", unlucky)
    write_private(store.home / "file", b"all of it")
    assert (store.home / "file").read_bytes() == b"all of it"
    assert len(made) == 2


def test_the_newest_moment_is_that_of_a_run_its_end_a_sign_in_a_file_or_the_trail(
    store: Store,
) -> None:
    def newest() -> datetime | None:
        return newest_moment(store.catalog, store.trail)

    assert newest() is None
    run = begun(store, NOW)
    assert newest() == NOW
    store.catalog.record_sign_in(run, NOW + 1 * SECOND)
    assert newest() == NOW + 1 * SECOND
    filed(store, run, b"file", NOW + 2 * SECOND)
    assert newest() == NOW + 2 * SECOND
    store.catalog.finish_run(run, State.OK, NOW + 3 * SECOND, {})
    assert newest() == NOW + 3 * SECOND
    store.trail.append("utility.stopped", NOW + 4 * SECOND, profile="caec")
    assert newest() == NOW + 4 * SECOND
    store.trail.append("run.finished", NOW - 9 * SECOND, state="CLOCK_BEHIND")
    assert newest() == NOW + 4 * SECOND


def test_a_clock_is_refused_that_is_more_than_seconds_behind() -> None:
    refuse_behind(None, NOW)
    refuse_behind(NOW, NOW - 5 * SECOND)
    with pytest.raises(Misconfigured) as caught:
        refuse_behind(NOW, NOW - 6 * SECOND)
    assert caught.value.state is State.CLOCK_BEHIND
    assert caught.value.exit_code == 18
    assert MEANINGS[State.CLOCK_BEHIND].actor == "operator"
    assert "2026-06-15 11:59 UTC" in str(caught.value)
    assert "2026-06-15 12:00 UTC" in str(caught.value)


@contextmanager
def no_file_longer(size: int) -> Iterator[None]:
    """Refuse to make any file longer, as a disk with no more room does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_trail_without_room_is_refused_in_one_sentence_and_mended_by_the_next_entry(
    store: Store,
) -> None:
    head = store.trail.append("utility.stopped", NOW, profile="caec")
    size = store.trail.file.stat().st_size
    with no_file_longer(size + 10), pytest.raises(Misconfigured, match=r"trail\.jsonl cannot be"):
        store.trail.append("utility.lifted", NOW, profile="caec")
    assert store.trail.file.stat().st_size == size + 10
    store.trail.append("utility.lifted", NOW, profile="caec")
    entries = list(store.trail.entries())
    assert [e.event for e in entries] == ["utility.stopped", "trail.repaired", "utility.lifted"]
    assert entries[1].facts == {"bytes": 10}
    assert entries[1].prev == head.hash


def test_an_archive_without_room_is_refused_in_one_sentence_and_has_nothing_of_the_file(
    store: Store,
) -> None:
    with no_file_longer(10), pytest.raises(Misconfigured, match="archive cannot be used"):
        store.archive.put(b"longer than ten bytes", "pdf")
    assert [path for path in store.archive.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("within", [False, True], ids=["alone", "within another"])
def test_a_catalog_on_a_full_disk_is_refused_in_one_sentence_and_keeps_what_it_had(
    store: Store,
    within: bool,  # noqa: FBT001 - a parameter
) -> None:
    account = store.catalog.account_id("caec", "house", "1000101001")
    pages = store.catalog._db._db.execute("PRAGMA page_count").fetchone()[0]
    store.catalog._db._db.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        store.catalog.finish_run(begun(store), State.OK, NOW, {"x" * 100_000: 1})

    def fill_within() -> None:
        with store.catalog.transaction():
            fill()

    with pytest.raises(Misconfigured, match="the disk is full"):
        (fill_within if within else fill)()
    store.catalog._db._db.execute("PRAGMA max_page_count = 1000000")
    assert store.catalog.account_id("caec", "house", "1000101001") == account
    assert [run.state for run in store.catalog.last_runs()] == ([] if within else [None])
