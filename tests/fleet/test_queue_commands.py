"""What the commands of the queue say to a person, above all where it cannot be used."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import apart, run_async
from postgres import postgres
from pydantic import SecretStr

from harvester import members
from harvester.cli import main
from harvester.errors import State
from harvester.filing import Store
from harvester.members import Member
from harvester.queue import jobs
from harvester.queue.server import open_queue
from harvester.settings import Settings

Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Return a way to give commands of a home with three members: exit code and all it says."""
    home = tmp_path / "home"
    Store(home)
    for name, profile in (("ash", "caec"), ("elm", "caec"), ("oak", "union-power")):
        members.add(Settings(home=home), Member(name=name, profile=profile, user=name))

    def given(*words: str, **environment: str) -> tuple[int, str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        code = apart(main, [*words, "--home", f"{home}"])
        told = capsys.readouterr()
        return code, told.out + told.err

    return given


@pytest.mark.parametrize(
    ("dsn", "said"),
    [
        (None, "HARVESTER_QUEUE names none, such as postgresql://"),
        ("postgresql:/sec ret", "is no postgresql://user@host/database"),
        ("postgresql://me:secret@127.0.0.1:1/queue", "database queue at 127.0.0.1"),
        ("postgresql://me:secret@no-such-host.invalid/queue", "at no-such-host.invalid"),
    ],
)
def test_a_queue_that_cannot_be_used_is_told_in_one_sentence_without_its_password(
    say: Say, dsn: str | None, said: str
) -> None:
    code, told = say("enqueue", **({"HARVESTER_QUEUE": dsn} if dsn else {}))
    assert code == 19
    assert said in told
    assert "Nothing that is in it is lost" in told
    assert "sec" not in told
    assert "Traceback" not in told


def test_a_worker_without_its_queue_says_so_and_ends(tmp_path: Path) -> None:
    worker = [Path(sys.executable).with_name("harvester"), "worker", "--home", tmp_path]
    away = {**os.environ, "HARVESTER_QUEUE": "postgresql://127.0.0.1:1/queue"}
    told = subprocess.run(worker, env=away, capture_output=True, text=True, check=False)
    assert told.returncode == 19
    assert told.stderr.startswith("The queue cannot be used: database queue at 127.0.0.1")
    assert len(told.stderr.splitlines()) == 1


def test_what_is_not_installed_is_named_with_what_brings_it(
    say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "psycopg" else found(name)
    )
    code, told = say("enqueue")
    assert (code, "pip install 'harvester[workers]'" in told) == (19, True)


def test_members_are_enqueued_once_and_dead_letters_are_shown_with_who_must_act(say: Say) -> None:
    with postgres() as dsn:
        queue = {"HARVESTER_QUEUE": dsn}
        assert say("enqueue", **queue) == (0, "3 harvests added. Open: 3, of them under way: 0.\n")
        _, again = say("enqueue", "ash", "oak", "--json", **queue)
        assert json.loads(again) == {"added": 0, "there": 2, "open": 3, "doing": 0}
        code, full = say("enqueue", "--backfill", **queue, HARVESTER_QUEUE_LIMIT="5")
        assert code == 19
        assert "3 harvests are open of the 5" in full
        assert say("enqueue", "elm", "--now", **queue)[1].startswith("1 harvests added. Open: 4")

        order = run_async(dead_letter(dsn))
        assert order.member == "elm"
        _, told = say("status", **queue)
        assert "Queue: 3 open harvests, of them under way: 0." in told
        line = next(line for line in told.splitlines() if line.startswith("elm (now)"))
        assert line.split()[3:] == ["1", "ACCOUNT_LOCKED", "account", "holder"]
        document = json.loads(say("status", "--json", **queue)[1])
        assert document["queue"]["open"] == 3
        assert document["queue"]["dead"][0][3] == "ACCOUNT_LOCKED"


async def dead_letter(dsn: str) -> jobs.Order:
    """Let the first job end in a way that waits for a person."""
    async with open_queue(SecretStr(dsn)) as queue:
        worker = await queue.jobs.register_worker()
        job = await queue.jobs.fetch_job([jobs.QUEUE], worker)
        assert job
        claim = jobs.Claim(job.id or 0, worker, job.attempts)
        state = State.ACCOUNT_LOCKED
        await jobs.settle(queue, claim, state, jobs.Next(dead=True))
        return jobs.order_of(job)


def test_the_home_is_shown_also_while_its_queue_is_away(say: Say) -> None:
    code, told = say("status", HARVESTER_QUEUE="postgresql://127.0.0.1:1/queue")
    assert code == 0
    assert "Nothing has come home yet." in told
    assert "The queue cannot be used" in told


def test_utilities_take_turns_in_the_queue(say: Say) -> None:
    with postgres() as dsn:
        say("enqueue", HARVESTER_QUEUE=dsn)

        async def taken() -> list[str]:
            async with open_queue(SecretStr(dsn)) as queue:
                worker = await queue.jobs.register_worker()
                found = [await queue.jobs.fetch_job([jobs.QUEUE], worker) for _ in range(3)]
                return [jobs.order_of(job).member for job in found if job]

        assert run_async(taken()) == ["ash", "oak", "elm"]
