"""What Prometheus reads of a home, and what it does not: nothing stands for what is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nights import Coop
from prometheus_client.parser import text_string_to_metric_families

from harvester.errors import Misconfigured, State
from harvester.night.loop import write_metrics
from harvester.night.metrics import exposition

NOW = datetime(2026, 6, 1, 17, tzinfo=UTC)
NUMBERS = ("1234567001", "7654321001")
"""Two accounts whose last digits are the same."""
LABELS = ("profile", "member", "account", "id", "state", "reason", "fate")


def read(coop: Coop) -> dict[str, dict[tuple[str, ...], float]]:
    """Return samples by name and the values of their labels."""
    told = exposition(coop.store, coop.schedule.plan(), coop.now).decode()
    assert not any(number in told for number in NUMBERS)
    return {
        sample.name: {
            tuple(other.labels[n] for n in LABELS if n in other.labels): other.value
            for other in family.samples
            if other.name == sample.name
        }
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }


@pytest.fixture
def coop(tmp_path: Path) -> Coop:
    return Coop(tmp_path / "home", "sandbox-new", NOW)


def test_a_new_home_has_one_member_due_and_no_hour_that_could_be_old(coop: Coop) -> None:
    seen = read(coop)
    assert seen["harvester_due_members"] == {(): 1}
    assert seen["harvester_sign_ins_last_day"] == {("coop", "house"): 0}
    assert seen["harvester_sign_ins_limit"] == {("coop", "house"): 3}
    assert "harvester_newest_hour_age_seconds" not in seen
    assert "harvester_runs_total" not in seen


def test_runs_requests_and_sign_ins_are_counted_by_what_the_home_wrote(coop: Coop) -> None:
    catalog = coop.store.catalog
    for hours, state, requests, sign_ins in (
        (50, State.OK, 20, 1), (26, State.PORTAL_DOWN, 3, 0), (2, State.OK, 21, 2),
    ):  # fmt: skip
        began = NOW - timedelta(hours=hours)
        run = catalog.begin_run("coop", "house", "run", began)
        for _ in range(sign_ins):
            catalog.record_sign_in(run, began)
        catalog.finish_run(run, state, began, {"requests": requests})
    catalog.begin_run("coop", "house", "run", NOW - timedelta(hours=1))
    seen = read(coop)
    assert seen["harvester_runs_total"] == {
        ("coop", "house", "OK"): 2,
        ("coop", "house", "PORTAL_DOWN"): 1,
        ("coop", "house", "UNFINISHED"): 1,
    }
    assert seen["harvester_requests_total"] == {("coop",): 44}
    assert seen["harvester_sign_ins_total"] == {("coop", "house"): 3}
    assert seen["harvester_sign_ins_last_day"] == {("coop", "house"): 2}
    assert seen["harvester_due_members"] == {(): 0}


def test_accounts_whose_last_digits_are_the_same_are_told_apart(coop: Coop) -> None:
    ids = [coop.store.catalog.account_id("coop", "house", number) for number in NUMBERS]
    seen = read(coop)["harvester_gap_days"]
    # Nothing came home of the 45 days that end before yesterday, 17 April to 30 May.
    assert seen == {("coop", "house", "…001", f"{number}"): 44 for number in ids}


def test_a_file_of_metrics_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "none" / "harvester.prom"
    with pytest.raises(Misconfigured, match=r"harvester\.prom .*--textfile"):
        write_metrics(file, b"")
    write_metrics(tmp_path / "harvester.prom", b"a 1\n")
    assert [path.name for path in tmp_path.iterdir()] == ["harvester.prom"]
