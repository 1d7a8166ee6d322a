"""A stopped utility is left alone: before a run, in the middle of one, and until it is lifted."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from begun import Begun
from conftest import run_async
from permitted import permit
from test_run import once, simulated

from harvester import stops
from harvester.cli import main
from harvester.errors import MEANINGS, Misconfigured, State
from harvester.filing import Store
from harvester.run import harvest_all
from harvester.task import Outcome


def stop(home: Path, *how: str) -> int:
    return main(["stop", "caec", *how, "--home", str(home)])


def test_a_stopped_utility_is_not_asked_for_anything(tmp_path: Path) -> None:
    assert stop(tmp_path, "--reason", "They asked us to.") == 0
    outcome, counts = once(tmp_path)
    assert outcome.state is State.STOPPED
    assert "They asked us to." in outcome.message
    assert "harvester stop caec --lift" in outcome.message
    assert (counts.total, outcome.sign_ins) == (0, 0)
    assert MEANINGS[State.STOPPED].exit_code == 17
    stopped, finished = Store(tmp_path).trail.file.read_text().splitlines()[::2]
    assert "utility.stopped" in stopped
    assert "STOPPED" in finished


def test_a_stop_holds_for_its_utility_alone_and_can_be_lifted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stop(tmp_path, "--reason", "A quarrel.")
    stops.refuse(tmp_path, "union-power")
    main(["status", "--home", str(tmp_path)])
    assert "caec is stopped since" in capsys.readouterr().out
    assert stop(tmp_path, "--lift") == 0
    assert "no longer stopped" in capsys.readouterr().out
    stops.refuse(tmp_path, "caec")
    assert stop(tmp_path, "--lift") == 0
    assert "not stopped" in capsys.readouterr().out


def test_a_stop_is_honoured_before_the_next_request(tmp_path: Path) -> None:
    begun, asked = Begun(), list[int]()

    async def run() -> tuple[Outcome, int]:
        async with simulated("sandbox-home") as (task, counts):

            def report(_whose: str, what: str, done: int, _total: int) -> None:
                if what == "bills" and done == 3 and not asked:
                    stop(tmp_path, "--reason", "Now.")
                    asked.append(begun.total())

            permit(tmp_path)
            (outcome,) = await harvest_all([begun.watching(task)], Store(tmp_path), report)
            return outcome, counts.total

    outcome, heard = run_async(run())
    assert outcome.state is State.STOPPED
    assert [begun.total()] == asked
    assert heard <= asked[0]
    assert (outcome.pdfs >= 3, outcome.sign_ins) == (True, 1)
    stop(tmp_path, "--lift")
    again, _ = once(tmp_path)
    assert (again.state, again.pdfs) == (State.OK, 24 - outcome.pdfs)


def test_a_stop_that_cannot_be_read_stands(tmp_path: Path) -> None:
    stop(tmp_path, "--reason", "Once.")
    (file,) = (tmp_path / "stops").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("{")
    with pytest.raises(Misconfigured, match="cannot be read"):
        stops.refuse(tmp_path, "caec")


def test_a_stop_needs_a_known_utility(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["stop", "nowhere", "--reason", "x", "--home", str(tmp_path)]
    assert main(command) == MEANINGS[State.UNKNOWN_PROFILE].exit_code
    assert "No profile 'nowhere'" in capsys.readouterr().err
