"""What schedules and metrics ask of a home is answered alike by either database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from harvester.errors import State
from harvester.model import Artifact, Direction, Kind, Quality, Reading, Window
from harvester.store.catalog import Catalog
from harvester.store.place import Server
from harvester.store.watch import Tally

NOW = datetime(2026, 6, 15, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
NUMBER = "1234567001"


def test_runs_are_counted_by_sign_in_and_state_with_their_requests(place: Path | Server) -> None:
    with Catalog(place) as catalog:
        for nth, (state, requests) in enumerate([("OK", 12), ("OK", 13), ("PORTAL_DOWN", 1)]):
            run = catalog.begin_run("caec", "house", "run", NOW + nth * HOUR)
            catalog.record_sign_in(run, NOW + nth * HOUR)
            catalog.finish_run(run, State(state), NOW + nth * HOUR, {"requests": requests})
        catalog.begin_run("caec", "shed", "run", NOW + 3 * HOUR)

        assert catalog.tallies() == [
            Tally("caec", "house", State.OK, 2, 25, 2),
            Tally("caec", "house", State.PORTAL_DOWN, 1, 1, 1),
            Tally("caec", "shed", None, 1, 0, 0),
        ]
        assert catalog.good_until() == {"caec/house": NOW + HOUR, "caec/shed": NOW + 3 * HOUR}
        since = catalog.runs_since(NOW + 2 * HOUR)
        assert [(run.member, run.state) for run in since] == [
            ("house", State.PORTAL_DOWN),
            ("shed", None),
        ]


def test_the_newest_hour_and_the_days_without_an_answer_are_known(place: Path | Server) -> None:
    with Catalog(place) as catalog:
        run = catalog.begin_run("caec", "house", "run", NOW)
        account = catalog.account_id("caec", "house", NUMBER)
        told = Artifact(Kind.INTERVAL, NUMBER, b"", "https://x/", "application/json", NOW, {})
        artifact = catalog.add_artifact(account, told, "0" * 64, run).id
        hours = [(Direction.DELIVERED, 5, 700), (Direction.DELIVERED, 6, None),
                 (Direction.RECEIVED, 7, 90)]  # fmt: skip
        readings = [
            Reading(
                *(NUMBER, "M1", direction, datetime(2026, 6, 12, nth, tzinfo=UTC), 3600, wh),
                *(Quality.VALID, None if wh else State.NO_DATA, "", 1, date(2026, 6, 12), -18000),
            )
            for direction, nth, wh in hours
        ]
        assert catalog.newest_hour(account) is None
        catalog.upsert_readings(account, readings, artifact)
        assert catalog.newest_hour(account) == datetime(2026, 6, 12, 6, tzinfo=UTC)

        catalog.cover(account, Kind.INTERVAL, [date(2026, 6, 12), date(2026, 6, 14)], [], artifact)
        window = Window(date(2026, 6, 11), date(2026, 6, 15))
        assert catalog.unanswered(account, window) == [date(2026, 6, 13), date(2026, 6, 11)]
