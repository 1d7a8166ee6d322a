"""However a portal is redesigned it ends as drift, and what repair writes brings the truth home."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import apart, run_async
from faulted import WINDOW, at_home, at_the_portal, truth
from permitted import permit

from harvester.cli import main
from harvester.cli.drift import prove, tell_looks, write
from harvester.cli.simulated import Known
from harvester.errors import Misconfigured, State
from harvester.evidence import Look
from harvester.filing import Store
from harvester.members import Member
from harvester.profile import Candidate, load
from harvester.run import harvest_all
from harvester.sandbox.counts import Counts
from harvester.settings import Settings
from harvester.tape import folder
from harvester.task import CHECK, SIGN_IN, Outcome, Task

NEW, SHOP = "sandbox-new", "sandbox-business"


class Redesign(NamedTuple):
    """What is changed, what is broken by it, and what is right now, worked out from the markup."""

    faults: str
    mended: dict[str, dict[str, str] | str]
    """The right way to each broken name; empty where there is none that repair could know."""
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


@pytest.fixture(autouse=True)
def one_tape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prove what is mended by the replay of one tape, not of eight."""
    tape = folder.shipped() / "caec" / "pdf-blob"
    monkeypatch.setattr(folder, "shipped", lambda: tmp_path / "tapes")
    (tmp_path / "tapes" / "caec").mkdir(parents=True)
    (tmp_path / "tapes" / "caec" / "pdf-blob").symlink_to(tape)


def harvested(
    home: Path,
    faults: str,
    user: str,
    days_later: int,
    *,
    kind: str = "run",
    instead: Mapping[str, Any] | None = None,
) -> tuple[Outcome, Counts]:
    """Harvest with the profile as the home has it, repaired or not."""
    permit(home)

    async def run() -> tuple[Outcome, Counts]:
        async with at_the_portal(faults, user) as (task, counts):
            found = load("caec", (home / "profiles",))
            pace = task.profile.pace.model_copy(update={"reply_seconds": 4})
            changed = replace(
                task,
                profile=found.model_copy(update={"pace": pace, **(instead or {})}),
                kind=kind,
                now=lambda: datetime.now(UTC) + timedelta(days=days_later),
            )
            (outcome,) = await harvest_all([changed], Store(home), lambda *_: None)
            return outcome, counts

    outcome, counts = run_async(run())
    assert not counts.dangerous
    assert not counts.rejected
    return outcome, counts


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files that a good run leaves of how the portal's pages are built."""
    home = tmp_path_factory.mktemp("good")
    outcome, _ = harvested(home, "", NEW, 0)
    assert outcome.state is State.OK, outcome.message
    files = (home / "outlines" / "caec").iterdir()
    return {file.name: file.read_bytes() for file in files}


def seen_before(home: Path, outlines: dict[str, bytes]) -> None:
    folder = home / "outlines" / "caec"
    folder.mkdir(parents=True)
    for name, content in outlines.items():
        (folder / name).write_bytes(content)


def repaired(
    home: Path, evidence: Path | None, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    command = ["repair", "caec", "--from", str(evidence), "--yes", "--json", "--home", str(home)]
    code = apart(main, command)
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("one", TEN, ids=lambda one: one.faults.partition("=")[2])
def test_a_redesign_is_drift_and_what_repair_writes_brings_the_truth_home(
    tmp_path: Path,
    one: Redesign,
    good: dict[str, bytes],
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen_before(tmp_path, good)
    outcome, counts = harvested(tmp_path, one.faults, NEW, 0)
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

    again, counts = harvested(tmp_path, one.faults, NEW, 1)
    assert again.state is State.OK, again.message
    assert counts.routes["sign-in"] == 1
    assert at_home(tmp_path) == truth(NEW)


def first_ways(told: dict[str, Any]) -> dict[str, Any]:
    return {r["name"]: r["proposals"][0]["way"] for r in told["repairs"] if not r["doubt"]}


def test_the_list_of_accounts_is_mended_with_what_sets_its_length(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert harvested(tmp_path, "", SHOP, 0, kind=SIGN_IN)[0].state is State.OK
    outcome, _ = harvested(tmp_path, "redesign=wrapper", SHOP, 1, kind=SIGN_IN)
    assert "No account_table was found" in outcome.message
    code, told = repaired(tmp_path, outcome.evidence, capsys)
    assert first_ways(told) == {
        "account_table": css('[id="place-list"] table'),
        "account_length": css('select[name$="length"]'),
    }
    assert code == 0
    outcome, _ = harvested(tmp_path, "redesign=wrapper", SHOP, 2, kind=SIGN_IN)
    assert (outcome.state, outcome.accounts) == (State.OK, 3)


def test_other_words_beside_the_facts_are_drift_not_an_empty_account(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome, _ = harvested(tmp_path, "redesign=facts", NEW, 0, kind=SIGN_IN)
    assert outcome.state is State.PORTAL_CHANGED
    assert "labels.number" in outcome.message
    code, told = repaired(tmp_path, outcome.evidence, capsys)
    assert (code, told["written"], first_ways(told)) == (40, None, {})
    doubts = {r["name"]: r["doubt"] for r in told["repairs"]}
    assert "by hand" in doubts["labels.number"]


def test_without_a_good_run_before_a_decoy_is_not_told_from_the_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome, _ = harvested(tmp_path, "redesign=decoy", NEW, 0, kind=SIGN_IN)
    code, told = repaired(tmp_path, outcome.evidence, capsys)
    assert (code, told["written"], first_ways(told)) == (40, None, {})
    assert "as like it as each other" in told["repairs"][0]["doubt"]


def test_no_evidence_is_kept_of_a_page_on_which_credentials_were_typed(tmp_path: Path) -> None:
    found = load("caec")
    nothing = {"outcomes": {**found.outcomes, "OK": found.locators["usage_note"]}}
    outcome, counts = harvested(tmp_path, "", NEW, 0, kind=SIGN_IN, instead=nothing)
    assert (outcome.state, outcome.sign_ins) == (State.PORTAL_CHANGED, 1)
    assert counts.routes["sign-in"] == 1
    assert outcome.evidence is None
    assert not (tmp_path / "diagnostics").exists()


def test_a_page_of_another_product_is_told_before_anything_is_typed(tmp_path: Path) -> None:
    """The form is the same to the last word, but nothing on it is of the product expected."""
    other = {"marks": {"Elsewhere": ("form#other", '[name="__other"]')}}
    outcome, counts = harvested(tmp_path, "", NEW, 0, kind=SIGN_IN, instead=other)
    assert outcome.state is State.PORTAL_CHANGED
    assert "no mark of Elsewhere" in outcome.message
    assert (outcome.sign_ins, counts.routes["sign-in"]) == (0, 0)


def test_a_change_of_the_sign_in_page_is_in_the_trail_and_in_the_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for day, faults in enumerate(("", "", "redesign=ids")):
        assert harvested(tmp_path, faults, NEW, day, kind=SIGN_IN)[0].state is State.OK
    seen = [e for e in Store(tmp_path).trail.entries() if e.event.startswith("portal.")]
    assert [e.event for e in seen] == ["portal.seen", "portal.seen", "portal.changed"]
    first, second, third = (e.facts["fingerprint"] for e in seen)
    assert first == second != third
    capsys.readouterr()
    main(["status", "--home", str(tmp_path)])
    day_2 = datetime.now(UTC) + timedelta(days=2)
    assert f"caec: its portal looks different since {day_2:%Y-%m-%d}" in capsys.readouterr().out


def test_a_page_is_looked_at_again_once_a_week(tmp_path: Path, good: dict[str, bytes]) -> None:
    before = b'{"path": "/as/it/was", "elements": [], "more": 0}'
    seen_before(tmp_path, good | {"history.json": before})
    history = tmp_path / "outlines" / "caec" / "history.json"
    for days_later, expected in ((6, before), (8, good["history.json"])):
        outcome, _ = harvested(tmp_path, "", NEW, days_later)
        assert outcome.state is State.OK, outcome.message
        assert history.read_bytes() == expected


def test_a_check_looks_for_every_name_on_every_page_and_changes_nothing(tmp_path: Path) -> None:
    outcome, counts = harvested(tmp_path, "", SHOP, 0, kind=CHECK)
    assert outcome.state is State.OK, outcome.message
    looks = {look.name: look for page in outcome.looks.values() for look in page}
    assert list(outcome.looks) == ["login", "billing", "history", "usage"]
    assert {n: looks[n].rank for n in ("user", "password", "sign_in", "bill_table")} == {
        "user": 0, "password": 0, "sign_in": 1, "bill_table": 0,
    }  # fmt: skip
    assert looks["bill_link"].found == [24]
    assert looks["account_table"].found == [1]
    assert (outcome.artifacts, counts.routes["pdf"], counts.routes["ledger"]) == (0, 0, 0)
    assert counts.routes["sign-in"] == 1


def test_a_check_goes_on_to_the_pages_behind_one_that_changed(tmp_path: Path) -> None:
    outcome, _ = harvested(tmp_path, "redesign=tables", NEW, 0, kind=CHECK)
    assert outcome.state is State.PORTAL_CHANGED
    assert "bill_table" in outcome.message
    looks = {look.name: look for page in outcome.looks.values() for look in page}
    assert looks["bill_table"].rank is None
    assert looks["usage_chart"].found == [1]
    assert outcome.evidence
    told = json.loads((outcome.evidence / "outline.json").read_text())
    assert (told["step"], told["tried"]["bill_table"]) == ("history", [0, 0])


def test_a_check_prints_each_name_with_what_won(capsys: pytest.CaptureFixture[str]) -> None:
    found = load("caec")
    task = Task(
        Member(name="house", profile="caec", user="x"),
        found, Known("x"), WINDOW, WINDOW.end, kind=CHECK,
    )  # fmt: skip
    looks = {"login": [Look("user", [1, 0, 1]), Look("sign_in", [0, 1, 1]), Look("code", [0, 2])]}
    tell_looks(task, Outcome(looks=looks))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[1:4] == [
        "login user label User ID 1 0 1",
        "login sign_in role button name Login 0 1 1 early: a later candidate won",
        "login code - 0 2",
    ]


def test_what_a_proof_refuses_is_not_written(tmp_path: Path) -> None:
    told, home = {"base": "/onlineportal"}, tmp_path / "home"
    with pytest.raises(Misconfigured, match="the tape of May"):
        write("caec", (home,), told, lambda _: ["the tape of May"], agreed=lambda: None)
    assert not home.exists()
    assert write("caec", (home,), told, lambda p: [] if p.base == "/onlineportal" else ["?"],
                 agreed=lambda: None)  # fmt: skip
    assert load("caec", (home,)).url("billing").endswith("/onlineportal/Billing-Payments")


def test_a_mend_that_means_something_else_on_the_pages_of_before_is_refused(tmp_path: Path) -> None:
    found = load("caec")
    ways = {**found.locators, "user": (Candidate(css='input[id$="txtPassword"]'),)}
    assert apart(prove, Settings(home=tmp_path), found) == []
    wrong = apart(prove, Settings(home=tmp_path), found.model_copy(update={"locators": ways}))
    assert all(line.startswith("caec/pdf-blob: ") for line in wrong)
    assert any("state" in line for line in wrong), wrong
