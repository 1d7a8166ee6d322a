"""A recording is kept only if it is scrubbed, replays alike, and a person lets it be kept."""

from __future__ import annotations

import argparse
import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from conftest import run_async
from permitted import permit

from harvester import cli
from harvester.browser import open_browser
from harvester.cli import recording
from harvester.cli.recording import Recorded, listen, proven
from harvester.cli.tapes import Played, play
from harvester.errors import BadData, State
from harvester.filing import Store
from harvester.sandbox.app import COUNTS, portal, serve
from harvester.sandbox.counts import Counts
from harvester.sandbox.world import World
from harvester.scrub import Scrubbed
from harvester.tape.expected import without_files
from harvester.tape.tape import unscrubbed

TODAY = date(2026, 3, 20)
NEW = "1000505001"
PASSWORD = "sandbox-new-Pa55"


def options(*arguments: str) -> argparse.Namespace:
    return cli._parser().parse_args(["record", *arguments])


Made = tuple[Recorded, Played, Scrubbed]


@pytest.fixture(scope="module")
def made() -> Made:
    """Record a simulated member, replay that as it was, and scrub it."""

    async def run() -> Made:
        chosen = options("sandbox-new", "--as", "x", "--sandbox", "--today", f"{TODAY}",
                         "--days", "5")  # fmt: skip
        async with open_browser() as browser:
            async with recording._simulated(chosen) as (task, store, about):
                heard = await listen(task, store, browser, about)
            raw = unscrubbed(heard.about, heard.heard)
            played = await play(raw, task.profile, browser)
            return heard, played, await proven(heard, heard.facts, task, browser)

    return run_async(run())


def test_replayed_as_it_was_it_brings_home_the_same_rows_and_the_same_bytes(made: Made) -> None:
    recorded, played, _ = made
    assert recorded.outcome.state is State.OK
    assert played.misses == []
    assert played.told == recorded.told
    (account,) = played.told["accounts"].values()
    truth = World(today=TODAY)
    assert len(account["files"]["bill-pdf"]) == len(truth.bills(NEW)) == 2
    wh = {
        f"{day.day}": sum(hour.wh or 0 for hour in day.hours)
        for day in truth.days(NEW, date(2026, 3, 15), date(2026, 3, 19))
    }
    assert len(wh) == 5
    for day, energy in wh.items():
        assert f" {energy} Wh, " in account["days"][day]["delivered by 62005501"]


def test_scrubbed_it_brings_home_the_same_rows_under_the_mask(made: Made) -> None:
    recorded, _, scrubbed = made
    expected = scrubbed.tape.expected
    wanted = json.loads(scrubbed.mask.text(json.dumps(recorded.told, ensure_ascii=False)))
    assert without_files(wanted) == without_files(expected)
    assert wanted != expected  # its documents were drawn anew
    assert expected["accounts"].keys() == {scrubbed.mask.text(NEW)} != {NEW}
    assert scrubbed.tape.about.user != "sandbox-new"


def test_a_tape_that_brings_home_otherwise_is_not_kept(made: Made) -> None:
    recorded, *_ = made
    told = json.loads(json.dumps(recorded.told))
    (account,) = told["accounts"].values()
    account["notes"].append("2026-01-01: one that never was")

    async def run() -> None:
        chosen = options("sandbox-new", "--as", "x", "--sandbox")
        async with open_browser() as browser, recording._simulated(chosen) as (task, _, __):
            await proven(recorded._replace(told=told), recorded.facts, task, browser)

    with pytest.raises(BadData, match=r"notes: .* was expected, \[\] came") as refused:
        run_async(run())
    assert refused.value.state is State.REPLAY_DIFFERS


def test_a_person_sees_what_is_left_page_by_page_and_nothing_is_kept_without_a_yes(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    *_, scrubbed = made
    for said, accepted in (("y\n", True), ("n\n", False), ("\n", False), ("", False)):
        monkeypatch.setattr("sys.stdin", StringIO(said))
        assert recording._accepted(scrubbed) is accepted
        told = capsys.readouterr().out
        assert "\nGET /oscp/MyAccount/AccountHistory/tabid/265/Default.aspx\n" in told
        assert "\nGET /oscp/DesktopModules/AccountHistory/ViewBill.aspx\n" in told
        assert told.count("Power cost adjustment (PCA)") == 2  # once for each of two bills
        assert "SAMPLE RESIDENT" not in told


class Then(datetime):
    """A clock that stands at the portal's day."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        noon = datetime.combine(TODAY, datetime.min.time(), UTC).replace(hour=18)
        return noon.astimezone(tz)  # type: ignore[arg-type]


@contextmanager
def serving() -> Iterator[tuple[str, Counts]]:
    """Serve the embedded portal in a thread of its own, as any portal far away: its origin."""
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    app, where = portal(World(today=TODAY), base="/oscp"), []

    async def until_over() -> None:
        runner, port = await serve(app)
        where.append(f"http://127.0.0.1:{port}")
        ready.set()
        await over.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(until_over(),))
    thread.start()
    assert ready.wait(20)
    try:
        yield where[0], app[COUNTS]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


def harvester(*arguments: str) -> int:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(cli.main, arguments).result()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Counts]]:
    """Make a home with one member of a portal that is not known to be simulated."""
    monkeypatch.setattr(recording, "datetime", Then)
    place = tmp_path / "home"
    with serving() as (origin, counts):
        (place / "profiles").mkdir(parents=True)
        (place / "profiles" / "near.toml").write_text(
            f'platform = "oscp"\nname = "Near Co-op"\ntime_zone = "America/Chicago"\n'
            f'base = "/oscp"\norigins = ["{origin}"]\n'
        )
        secret = tmp_path / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o600)
        added = ("member", "add", "house", "--profile", "near", "--user", "sandbox-new")
        assert harvester(*added, "--password-file", f"{secret}", "--home", f"{place}") == 0
        permit(place, "house", "near")
        yield place, counts


def test_a_member_is_recorded_reviewed_kept_and_replayed(
    home: tuple[Path, Counts], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place, counts = home
    common = ("--home", f"{place}")
    monkeypatch.setattr("sys.stdin", StringIO("y\n"))
    record = ("record", "house", "--as", "spring", "--days", "3", "--review", *common)
    assert harvester(*record) == 0
    assert "SAMPLE RESIDENT" not in capsys.readouterr().out
    kept = place / "recordings" / "near" / "spring"
    assert 'made_from = "portal"' in (kept / "tape.toml").read_text()
    _nothing_else_is_left(place, counts)
    before = (kept / "expected.json").read_text()
    (kept / "expected.json").write_text(before.replace('"state": "OK"', '"state": "LOST"'))
    assert harvester("replay", "near/spring", "--json", *common) == 54
    told = json.loads(capsys.readouterr().out)
    assert told == {"near/spring": ['state: "LOST" was expected, "OK" came']}
    assert harvester("replay", "spring", "--update", *common) == 0
    assert (kept / "expected.json").read_text() == before
    assert counts.sign_ins.total() == 1  # replays asked nothing of it


def _nothing_else_is_left(place: Path, counts: Counts) -> None:
    """Hold that the home has nothing of it, and knows that it ran and signed in."""
    assert [file.name for file in place.glob(".record-*")] == []
    store = Store(place)
    assert store.catalog.accounts() == []
    assert list((place / "archive").rglob("*.pdf")) == []
    (run,) = store.catalog.last_runs()
    assert (run.kind, run.state, run.member) == ("record", State.OK, "house")
    since = datetime(2020, 1, 1, tzinfo=UTC)
    assert len(store.catalog.sign_ins_since("near", "house", since)) == 1
    assert counts.sign_ins.total() == 1
    trail: list[dict[str, Any]] = [
        json.loads(line) for line in (place / "trail.jsonl").read_text().splitlines()
    ]
    assert "credentials.sent" in json.dumps(trail)


def test_a_stop_and_the_pace_of_the_home_hold_for_recordings_too(
    home: tuple[Path, Counts], capsys: pytest.CaptureFixture[str]
) -> None:
    place, counts = home
    common = ("--home", f"{place}")
    assert harvester("stop", "near", "--reason", "asked to", *common) == 0
    assert harvester("record", "house", "--as", "x", "--days", "1", *common) == 17
    assert "asked to" in capsys.readouterr().err
    assert harvester("stop", "near", "--lift", *common) == 0
    catalog = Store(place).catalog
    run = catalog.begin_run("near", "house", "run", datetime.now(UTC))
    for _ in range(3):
        catalog.record_sign_in(run, datetime.now(UTC))
    assert harvester("record", "house", "--as", "x", "--days", "1", *common) == 32
    assert counts.sign_ins.total() == 0
    assert not (place / "recordings").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nobody", "--as", "x", "--sandbox"), 14, "no user 'nobody'; known are sandbox-home, "),
        (("sandbox-new", "--as", "x", "--sandbox", "--fault", "pdf=x"), 11, "takes attachment or"),
        (("sandbox-new", "--as", "../x", "--sandbox"), 53, "no name for a recording"),
        (("sandbox-new", "--as", "x", "--sandbox", "--hide", "no-file"), 53, "cannot be read"),
    ],
)
def test_what_cannot_be_recorded_is_said_in_a_sentence(
    arguments: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert harvester("record", *arguments) == code
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
