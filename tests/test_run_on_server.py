"""Harvests into a home on a server bring the same home, and end where the member's lock is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from conftest import run_async
from permitted import permit
from test_run import once, simulated

from harvester.errors import State
from harvester.filing import Store
from harvester.forgetting import forget
from harvester.run import harvest_all
from harvester.store import upkeep
from harvester.store.moving import move
from harvester.store.place import Server
from harvester.task import Outcome


@pytest.fixture(params=["folder", "bucket"])
def home(request: pytest.FixtureRequest, schema: Server, tmp_path: Path) -> Path:
    """Make an empty home on the server, with its files beside it or in a bucket."""
    home = tmp_path / "home"
    Store(home).catalog.close()
    folder = request.param == "folder"
    move(home, schema, home / "archive" if folder else request.getfixturevalue("s3").bucket())
    return home


def test_a_home_on_a_server_is_harvested_tidied_and_forgotten(home: Path) -> None:
    assert once(home, days=12)[0].state is State.OK
    again, counts = once(home, days=12)
    assert (again.state, again.change, again.pdfs) == (State.OK, (0, 0), 0)
    assert counts.sign_ins == {"sandbox-home": 1}
    store, now = Store(home), datetime.now(UTC)
    (entry,) = store.catalog.accounts()
    (held,) = store.catalog.holdings()
    assert held.silent == 1  # the newest day is not out yet
    assert held.hours + sum(held.nulls.values()) == 11 * 24
    store.catalog.begin_run("caec", "killed", "run", now)
    stray = store.archive.put(b"killed before its row", "pdf")
    upkeep.tidy(store.home, store.archive, store.catalog, store.trail, now)
    assert stray not in {path.stem for path in store.archive.strays(())}
    receipt = forget(store, entry, now)
    assert receipt.rows["reading"] == 11 * 24 * 2  # delivered and received
    assert store.archive.strays(()) == []
    events = [one.event for one in store.trail.entries()]
    assert events[-2:] == ["account.forgetting", "account.forgotten"]
    assert "home.tidied" in events


def test_a_run_that_loses_its_members_lock_asks_no_more(home: Path, schema: Server) -> None:
    def lose(*_: object) -> None:
        with psycopg.connect(schema.dsn, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
            )

    async def run() -> Outcome:
        async with simulated("sandbox-home", days=12) as (task, _):
            permit(home, profile=task.profile.id)
            (outcome,) = await harvest_all([task], Store(home), lose)
            return outcome

    outcome = run_async(run())
    assert outcome.state is State.HOME_UNUSABLE
    assert "it was shut down" in outcome.message
    assert outcome.pdfs == 0
    (last,) = Store(home).catalog.last_runs()
    assert last.state is State.HOME_UNUSABLE
