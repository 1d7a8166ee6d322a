"""However a portal is redesigned it ends as drift, and what repair writes brings the truth home."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import run_async
from permitted import permit
from test_faults import at_home, at_the_portal, truth

from harvester.cli import main
from harvester.errors import State
from harvester.filing import Store
from harvester.profile import load
from harvester.run import harvest_all
from harvester.sandbox.counts import Counts
from harvester.task import Outcome

NEW, SHOP = "sandbox-new", "sandbox-business"


class Redesign(NamedTuple):
    """What is changed, what is broken by it, and what is right now, worked out from the markup."""

    faults: str
    mended: dict[str, dict[str, str] | str]
    """The right way to each broken name; empty where there is none that repair could know."""
    user: str = NEW
    sent: int = 0
    """Passwords sent before the drift was seen."""


def css(selector: str) -> dict[str, str]:
    return {"css": selector}


TEN = [
    Redesign(
        "redesign=ids",
        {"bill_table": css('table[id$="statementGrid"]')},
        sent=1,
    ),
    Redesign(
        "redesign=labels",
        {
            "user": css('input[name$="txtUsername"]'),
            "password": css('input[name$="txtPassword"]'),
        },
    ),
    Redesign("redesign=columns", {"bill_table": css('table[id$="billGrid"]')}, sent=1),
    Redesign("redesign=link", {"sign_in": {"role": "link", "name": "Login"}}),
    Redesign(
        "redesign=iframe",
        {"user": css('input[id$="gateMember"]'), "password": css('input[id$="gateSecret"]')},
    ),
    Redesign("moved-base=redirect", {"base": "/onlineportal"}),
    Redesign("redesign=wrapper", {"bill_table": css('[id="bill-list"] table')}, sent=1),
    Redesign(
        "redesign=language",
        {"user": css('input[id$="txtUsuario"]'), "password": css('input[id$="txtClave"]')},
    ),
    Redesign(
        "redesign=decoy",
        {
            "user": css('input[id="txtUsername"]'),
            "password": css('input[id="txtPassword"]'),
            "sign_in": css('input[id="dnn_ctr564_FeatureLogin_btnLogin"]'),
        },
    ),
    Redesign("redesign=two-pages", {}),
]


def harvested(home: Path, faults: str, user: str, days_later: int) -> tuple[Outcome, Counts]:
    """Harvest with the profile as the home has it, repaired or not."""
    permit(home)

    async def run() -> tuple[Outcome, Counts]:
        async with at_the_portal(faults, user) as (task, counts):
            found = load("caec", (home / "profiles",))
            pace = task.profile.pace.model_copy(update={"reply_seconds": 2})
            changed = replace(
                task,
                profile=found.model_copy(update={"pace": pace}),
                now=lambda: datetime.now(UTC) + timedelta(days=days_later),
            )
            (outcome,) = await harvest_all([changed], Store(home), lambda *_: None)
            return outcome, counts

    outcome, counts = run_async(run())
    assert not counts.dangerous
    assert not counts.rejected
    return outcome, counts


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, bytes]]]:
    """Return the outlines that a good run leaves, by sign-in."""
    kept = {}
    for user in (NEW, SHOP):
        home = tmp_path_factory.mktemp(user)
        outcome, _ = harvested(home, "", user, 0)
        assert outcome.state is State.OK, outcome.message
        files = (home / "outlines" / "caec").iterdir()
        kept[user] = {file.name: file.read_bytes() for file in files}
    yield kept


def seen_before(home: Path, outlines: dict[str, bytes]) -> None:
    folder = home / "outlines" / "caec"
    folder.mkdir(parents=True)
    for name, content in outlines.items():
        (folder / name).write_bytes(content)


def repaired(home: Path, evidence: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict]:
    capsys.readouterr()
    command = ["repair", "caec", "--from", str(evidence), "--yes", "--json", "--home", str(home)]
    code = main(command)
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("one", TEN, ids=lambda one: one.faults.partition("=")[2])
def test_a_redesign_is_drift_and_what_repair_writes_brings_the_truth_home(
    tmp_path: Path,
    one: Redesign,
    good: dict[str, dict[str, bytes]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen_before(tmp_path, good[one.user])
    outcome, counts = harvested(tmp_path, one.faults, one.user, 0)
    assert outcome.state is State.PORTAL_CHANGED, outcome.message
    assert (outcome.sign_ins, counts.routes["sign-in"]) == (one.sent, one.sent)
    assert outcome.evidence

    code, told = repaired(tmp_path, outcome.evidence, capsys)
    sure = {r["name"]: r["proposals"][0] for r in told["repairs"] if not r["doubt"]}
    first = {name: proposal["way"] or proposal["element"] for name, proposal in sure.items()}
    assert first == one.mended, told
    assert code == (0 if one.mended else 40)
    assert bool(told["written"]) == bool(one.mended)
    if not one.mended:
        return

    again, counts = harvested(tmp_path, one.faults, one.user, 1)
    assert again.state is State.OK, again.message
    assert counts.routes["sign-in"] == 1
    assert at_home(tmp_path) == truth(one.user)
