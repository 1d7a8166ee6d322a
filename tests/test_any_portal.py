"""Portals that only a profile knows are harvested whole, and what their graphs lack is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import apart
from tenacity import wait_none
from walked import NEW, PORTALS, SHOP, SOLAR, at_home, harvested, truth

from harvester.cli import main
from harvester.errors import State
from harvester.filing import Filing, Store
from harvester.platforms import fit
from harvester.platforms.generic import Generic
from harvester.profile import load, shipped
from harvester.sandbox.portals.desk import Chart


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without a pause of our own."""
    monkeypatch.setattr("harvester.retries.wait_random_exponential", lambda **_: wait_none())


@pytest.mark.parametrize("name", PORTALS)
def test_an_example_is_a_profile_of_the_generic_platform(name: str) -> None:
    assert fit(load(name)) is Generic


@pytest.mark.parametrize(
    ("name", "user"), [("example-canvas", SOLAR), ("example-forms", SHOP)], ids=str
)
def test_an_example_is_harvested_whole_and_again_from_its_archive(
    tmp_path: Path, name: str, user: str
) -> None:
    outcome, counts = harvested(tmp_path, name, user)
    assert (outcome.state, outcome.failed) == (State.OK, []), outcome.message
    assert outcome.sign_ins == counts.sign_ins[user] == 1
    assert at_home(tmp_path) == truth(name, user, 3)

    store = Store(tmp_path)
    for one in store.catalog.holdings():
        Filing(store, load(name)).again(one.id)
    assert at_home(tmp_path) == truth(name, user, 3)


@pytest.mark.parametrize(
    ("name", "chart", "state", "words"),
    [
        ("example-forms", "image", State.PORTAL_CHANGED, "only an image of a chart"),
        ("example-canvas", "never", State.PORTAL_DOWN, "still loading"),
        ("example-canvas", "other-day", State.OK_PARTIAL, "which was asked for"),
        ("example-forms", "other-day", State.OK_PARTIAL, "which was asked for"),
        ("example-canvas", "stale", State.OK_PARTIAL, "2026-03-"),
    ],
)
def test_a_graph_that_is_not_of_the_day_is_told_and_no_reading_is_kept(
    tmp_path: Path, name: str, chart: Chart, state: State, words: str
) -> None:
    outcome, _ = harvested(tmp_path, name, NEW, chart)
    said = " ".join([outcome.message, *outcome.failed])
    assert outcome.state is state, said
    assert words in said
    (held,) = at_home(tmp_path).values()
    true = truth(name, NEW, 3)[next(iter(truth(name, NEW, 3)))]
    assert held.documents == true.documents
    assert held.delivered <= (true.delivered if chart == "stale" else frozenset())


@pytest.mark.parametrize(
    ("name", "changed", "broken"),
    [
        ("example-forms", ('label = "Member"', 'label = "Customer"'), "login member"),
        ("example-forms", ('label = "Month"', 'label = "Period"'), "bills month"),
        ("example-canvas", ('"Energy" }', '"Power" }'), "bills to_energy"),
    ],
)
def test_what_a_portal_calls_otherwise_is_drift_and_repair_finds_it(
    tmp_path: Path, name: str, changed: tuple[str, str], broken: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The profile is what differs here, as it would after the portal's words had changed."""
    outcome, _ = harvested(tmp_path, name, NEW)
    assert outcome.state is State.OK, outcome.failed
    file = shipped() / "examples" / f"{name}.toml"
    mine = tmp_path / "profiles" / file.name
    mine.parent.mkdir()
    mine.write_text(file.read_text().replace(*changed))

    outcome, _ = harvested(tmp_path, name, NEW, shown=load(name, (mine.parent,)))
    assert outcome.state is State.PORTAL_CHANGED, outcome.message
    told = json.loads((outcome.evidence / "outline.json").read_text())
    assert f"{told['step']} {' '.join(told['broken'])}" == broken
    capsys.readouterr()
    command = ["repair", name, "--from", f"{outcome.evidence}", "--yes", "--home", f"{tmp_path}"]
    assert apart(main, command) == 0, capsys.readouterr()

    again, _ = harvested(tmp_path, name, NEW, shown=load(name, (mine.parent,)))
    assert again.state is State.OK, again.message


@pytest.mark.parametrize("name", PORTALS)
def test_a_wrong_password_is_said_to_be_wrong_and_sent_once(tmp_path: Path, name: str) -> None:
    outcome, counts = harvested(tmp_path, name, NEW, password="not-this")
    assert outcome.state is State.BAD_CREDENTIALS
    assert counts.rejected == {NEW: 1}
    assert at_home(tmp_path) == {}
