"""Every recording that is shipped brings home what it must, from its tape alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest
from conftest import run_async
from tenacity import wait_none

from harvester import retries, task
from harvester.browser import open_browser
from harvester.cli.tapes import Played, play
from harvester.profile import load
from harvester.sandbox.switches import Switches
from harvester.sandbox.world import TODAY, World
from harvester.tape import folder
from harvester.tape.tape import Tape
from harvester.wire import Wire

SHIPPED = folder.find([], [folder.shipped()])
SECONDS = 20
"""Within which the longest recording is replayed by two cores that have nothing else to do."""


class Later(datetime):
    """The machine's clock, a year on."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(days=366)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without the pause that a portal is owed, by a clock that is a year late."""
    monkeypatch.setattr(retries, "wait_random_exponential", lambda **_: wait_none())
    monkeypatch.setattr(task, "datetime", Later)


@pytest.fixture
def wires(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Wire]]:
    """Give the wires that were opened."""
    opened: list[Wire] = []
    enter = Wire.__aenter__

    async def remembered(wire: Wire) -> Wire:
        opened.append(wire)
        return await enter(wire)

    monkeypatch.setattr(Wire, "__aenter__", remembered)
    yield opened
    assert opened


def replayed(tape: Tape) -> Played:
    async def run() -> Played:
        async with open_browser() as browser:
            return await play(tape, load(tape.about.profile), browser)

    return run_async(run())


@pytest.mark.parametrize("name", SHIPPED)
def test_a_recording_brings_home_what_it_did_without_portal_clock_or_password(
    name: str, wires: list[Wire]
) -> None:
    tape = folder.read(SHIPPED[name])
    played = replayed(tape)
    assert played.against(tape.expected) == []
    assert sum(sum(wire.dialled.values()) for wire in wires) == 0
    assert sum(sum(wire.refused.values()) for wire in wires) == 0
    assert len(wires) == played.sign_ins == max(e.session for e in tape.exchanges)


def test_the_scenarios_that_a_change_of_a_platform_has_to_pass_are_all_there() -> None:
    tapes = {name: folder.read(place) for name, place in SHIPPED.items()}
    assert {tape.about.made_from for tape in tapes.values()} == {"sandbox"}
    full = tapes["union-power/residential-24-months"]
    assert (full.about.today - full.about.start).days >= 730
    (account,) = full.expected["accounts"].values()
    assert (len(account["bills"]), len(account["files"]["bill-pdf"])) == (24, 24)
    assert len(tapes["union-power/commercial-28-accounts"].expected["accounts"]) == 28
    (autumn,) = tapes["caec/autumn-clock-change"].expected["accounts"].values()
    hours = {day: told for day, told in autumn["days"].items() if day == "2024-11-03"}
    assert any(said.startswith("25 intervals, ") for said in hours["2024-11-03"].values()
               if isinstance(said, str))  # fmt: skip
    assert load("caec").base == "/oscp"
    assert {e.session for e in tapes["union-power/session-expiry"].exchanges} == {1, 2}
    modes = {Switches.parse(tape.about.faults).pdf for tape in tapes.values()}
    assert modes == {"attachment", "inline", "blob", "postback"}


def facts(world: World) -> set[str]:
    """Return what a recording of the simulated co-op would show of its members."""
    found = set()
    for sign_in in world.sign_ins:
        found |= {sign_in.user, sign_in.password}
        for account in sign_in.accounts:
            found |= {account.number, account.member_number, account.holder, account.phone}
            found |= {account.email, account.service_address, *(n.text for n in account.notes)}
            found |= {meter.number for meter in world.meters(account.number)}
            found.add(f"{account.member_number}-{account.separator}")
    return found


def test_no_fact_of_a_simulated_member_is_in_any_recording() -> None:
    hidden = facts(World(today=TODAY)) | facts(World(today=date(2024, 11, 7)))
    assert len(hidden) > 150
    left = []
    for place in SHIPPED.values():
        for file in (f for f in place.rglob("*") if f.is_file()):
            content = file.read_bytes()
            text = content.decode(errors="replace")
            if file.suffix == ".pdf":
                with pypdfium2.PdfDocument(content) as document:
                    text += "".join(p.get_textpage().get_text_range() for p in document)
            left += [(file.name, fact) for fact in hidden if fact in text]
    assert left == []


@pytest.fixture(scope="module")
def small() -> Tape:
    return folder.read(SHIPPED["caec/pdf-blob"])


def test_a_request_that_the_tape_does_not_have_fails_by_name(small: Tape) -> None:
    kept = tuple(e for e in small.exchanges if "GetIntervalData" not in e.key.url)
    told = replayed(Tape(small.about, kept)).against(small.expected)
    assert told[0].startswith(
        "session 1 asks POST https://onlinebilling.caec.com/oscp/DesktopModules/MeterUsage/API/"
        "MeterData.aspx/GetIntervalData with "
    )
    assert 'state: "OK" was expected, ' in "\n".join(told)


def test_each_field_that_came_home_otherwise_is_one_line(small: Tape) -> None:
    expected = json.loads(json.dumps(small.expected))
    (account,) = expected["accounts"].values()
    bill = next(iter(account["bills"].values()))
    assert bill["net_kwh"] != "1"
    bill["net_kwh"], account["facts"]["rate"] = "1", "Another"
    told = replayed(small).against(expected)
    assert len(told) == 2
    assert 'facts > rate: "Another" was expected, "Residential" came' in told[0]
    assert 'net_kwh: "1" was expected, ' in told[1]


def test_a_folder_of_recordings_says_how_each_was_made() -> None:
    said = (folder.shipped() / "README.md").read_text()
    assert [name for name in SHIPPED if Path(name).name not in said] == []
