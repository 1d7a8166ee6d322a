"""What is forgotten is gone from every file of the home, and nothing else is."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from desk import Desk
from simulated import Visit

from harvester.cli import main
from harvester.custody import consent
from harvester.custody.authorization import Authorization, Scope, made, own
from harvester.filing import Filing, Store
from harvester.model import Artifact, Kind
from harvester.profile import load
from harvester.sandbox.world import TODAY, World
from harvester.store.audit import Trail

FIRST, SECOND = "1000101001", "1000303001"
CANARY, NOTE = "12 Canary Lane", "A canary sang here"
METER = "62004417"
"""Of the first account, from 2025-04-17 on."""
DAY = timedelta(days=1)
NO_NOTES = hashlib.sha256(b"[]").hexdigest()
"""What every account without notes brings home: the same bytes."""
OLD, NEW = date(2026, 5, 1), TODAY
NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
"""80 days after the one, 35 after the other."""


class Clock(datetime):
    """Tells when it is, for whoever asks for the present."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        """Return noon of that day."""
        return NOW.astimezone(tz)


class Told(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


Forget = Callable[..., Told]


def visit(number: str, today: date) -> Iterator[Artifact]:
    """Yield a harvest of that day: thirty days of hours and two bills, and a canary in each."""
    for artifact in Visit(World(today=today), number, today - 30 * DAY, listed=2).artifacts():
        yield artifact
        if artifact.kind is Kind.ACCOUNT and number == FIRST:
            told = {"number": number, "service_address": f"{CANARY} {today}"}
            yield later(artifact, json.dumps(told))
        elif artifact.kind is Kind.NOTES and number == FIRST:
            note = {"date": f"{today:%m/%d/%Y}", "text": f"{NOTE} {today}"}
            yield later(artifact, json.dumps([note]))


def later(artifact: Artifact, text: str) -> Artifact:
    at = artifact.retrieved_at + timedelta(milliseconds=1)
    return replace(artifact, content=text.encode(), retrieved_at=at)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home in which two accounts came home, the first one twice, six weeks apart."""
    home = tmp_path_factory.mktemp("built") / "home"
    for number, days in ((FIRST, (OLD, NEW)), (SECOND, (NEW,))):
        desk = Desk(home, number)
        for day in days:
            desk.take(visit(number, day))
        desk.catalog.close()
    return home


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    """Return a copy of that home."""
    copy: Path = shutil.copytree(built, tmp_path / "home")
    return copy


@pytest.fixture
def forget(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Forget:
    """Return a way to run `harvester forget ... --home`."""
    monkeypatch.setattr("harvester.cli.forget.datetime", Clock)

    def run(*arguments: object) -> Told:
        code = main(["forget", *map(str, arguments), "--home", str(home)])
        return Told(code, *capsys.readouterr())

    return run


def permit(home: Path, days: int | None, **told: object) -> None:
    record = own("member", "caec", "CAEC", datetime(2026, 1, 1, tzinfo=UTC), retention_days=days)
    consent.grant(home, made(Authorization, record.model_dump() | told))


def holding(home: Path, value: str) -> list[str]:
    """Return the files that hold a value, in any of the encodings that are used here."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return sorted(path.name for path in files if value.encode() in path.read_bytes())


def archived(home: Path) -> set[str]:
    return {path.stem for path in (home / "archive").glob("*/*")}


def rows(home: Path, number: str) -> dict[str, Any]:
    """Return everything the catalog has of an account, less the ids of its rows."""
    store = Store(home)
    catalog = store.catalog
    ids = {entry.number: entry.id for entry in catalog.accounts()}
    account = ids[number]
    found = {
        "artifacts": [filed._replace(id=0) for filed in catalog.artifacts(account)],
        "readings": list(catalog.readings(account)),
        "revisions": [one.reading for one in catalog.revisions(account)],
        "totals": catalog.totals_told(account),
        "documents": catalog.documents(account),
        "payments": catalog.payments(account),
        "notes": catalog.notes(account),
        "facts": catalog.facts(account),
        "outcomes": catalog.outcomes(account),
    }
    catalog.close()
    return found


def receipts(home: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted((home / "receipts").glob("*.json"))]


def events(home: Path) -> list[tuple[str, dict[str, Any]]]:
    return [(entry.event, entry.facts) for entry in Trail(home / "trail.jsonl").entries()]


def holds_that_only_the_second_is_left(home: Path, before: dict[str, Any]) -> None:
    for value in (CANARY, NOTE, METER, FIRST):
        assert holding(home, value) == [], value
    assert rows(home, SECOND) == before
    assert archived(home) == {filed.sha for filed in before["artifacts"]}
    store = Store(home)
    assert [entry.number for entry in store.catalog.accounts()] == [SECOND]
    assert store.catalog._rows("PRAGMA integrity_check") == [("ok",)]
    store.catalog.close()
    assert Trail(home / "trail.jsonl").verify() > 0


def test_everything_of_an_account_is_gone_from_every_file(home: Path, forget: Forget) -> None:
    for value in (CANARY, NOTE, METER, FIRST):
        assert len(holding(home, value)) > 1, value
    mine, others = rows(home, FIRST), rows(home, SECOND)
    bytes_of_mine = {filed.sha for filed in mine["artifacts"]}
    assert NO_NOTES in bytes_of_mine & {filed.sha for filed in others["artifacts"]}
    with Store(home).catalog:  # while it is open elsewhere, its log stays
        told = forget(FIRST, "--everything", "--yes")
        assert (told.code, told.err) == (0, "")
        assert holding(home, CANARY) == []
    holds_that_only_the_second_is_left(home, others)
    (receipt,) = receipts(home)
    assert receipt["account"] == "…001"
    assert receipt["why"] == "everything"
    assert [one["sha"] for one in receipt["artifacts"]] == [f.sha for f in mine["artifacts"]]
    assert set(receipt["files"]) == bytes_of_mine - {NO_NOTES}
    assert receipt["rows"]["reading"] == len(mine["readings"])
    assert receipt["rows"]["artifact"] == len(mine["artifacts"])
    assert receipt["rows"]["note"] == 2


def test_the_trail_says_so_and_vouches_for_the_receipt(home: Path, forget: Forget) -> None:
    store = Store(home)
    head = store.trail.append("run.started", datetime.now(UTC), member="member")
    store.catalog.close()
    forget(FIRST, "--everything", "--yes")
    (file,) = (home / "receipts").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    (receipt,) = receipts(home)
    (_, (begun, whose), (done, facts)) = events(home)
    assert receipt["trail_seq"] == head.seq + 1
    assert (begun, done) == ("account.forgetting", "account.forgotten")
    assert whose == {"profile": "caec", "member": "member", "account": "…001"}
    assert facts == whose | {
        "artifacts": len(receipt["artifacts"]),
        "document": hashlib.sha256(file.read_bytes()).hexdigest(),
    }


def test_what_was_kept_longer_than_agreed_goes_and_the_rest_is_read_again(
    home: Path, forget: Forget, tmp_path: Path
) -> None:
    permit(home, 60)
    others = rows(home, SECOND)
    assert len(holding(home, f"{NOTE} {OLD}")) == 2  # in the archive and in the catalog
    told = forget(FIRST, "--yes")
    assert (told.code, told.err) == (0, "")
    for value in (f"{NOTE} {OLD}", f"{CANARY} {OLD}"):
        assert holding(home, value) == []
    assert len(holding(home, f"{NOTE} {NEW}")) == 2
    assert rows(home, SECOND) == others
    fresh = Desk(tmp_path / "fresh", FIRST)
    fresh.take(visit(FIRST, NEW))
    fresh.catalog.close()
    left, alone_there = rows(home, FIRST), rows(tmp_path / "fresh", FIRST)
    del left["documents"], alone_there["documents"]  # they name their run
    assert left == alone_there
    (receipt,) = receipts(home)
    assert receipt["why"] == "kept longer than agreed"
    assert {one["retrieved_at"][:10] for one in receipt["artifacts"]} == {f"{OLD}"}
    assert NO_NOTES not in receipt["files"]
    assert receipt["rows"]["account_detail"] == 0
    assert "may fetch again" in told.out
    again = forget(FIRST, "--yes")
    assert (again.code, len(receipts(home))) == (0, 1)
    assert "Nothing of member …001 was kept longer than agreed" in again.out


def test_only_what_an_authorization_limits_is_kept_too_long(home: Path, forget: Forget) -> None:
    assert "Nothing of" in forget(FIRST, "--yes").out
    permit(home, None)
    permit(home, 1, scopes=("notes",))
    permit(home, 1, accounts=(SECOND,))
    permit(home, 1, member="barn")
    permit(home, 1, profile="union-power")
    before = rows(home, FIRST)
    forget(FIRST, "--yes")
    (receipt,) = receipts(home)
    assert {one["kind"] for one in receipt["artifacts"]} == {"notes"}
    after = rows(home, FIRST)
    assert after["readings"] == before["readings"]
    assert (before["notes"], after["notes"]) == (before["notes"], [])
    assert len(before["notes"]) == 2


def test_retention_that_cannot_be_read_is_not_guessed(home: Path, forget: Forget) -> None:
    permit(home, 30, scopes=(Scope.NOTES,))
    (file,) = home.glob("authorizations/member/*.json")
    file.write_text("{}")
    told = forget(FIRST, "--yes")
    assert (told.code, told.out, told.err.count("\n")) == (12, "", 1)
    assert str(file) in told.err
    assert receipts(home) == []
    assert forget(FIRST, "--everything", "--yes").code == 0


def test_bytes_that_no_row_knows_of_go_as_well(home: Path, forget: Forget) -> None:
    store = Store(home)
    orphan = store.archive.put(CANARY.encode(), "json")
    store.catalog.close()
    (home / "archive" / orphan[:2] / ".abc.part").write_text(CANARY)
    forget(FIRST, "--everything", "--yes")
    assert holding(home, CANARY) == []
    assert orphan in receipts(home)[0]["files"]


def test_bytes_are_nobodys_only_outside_of_the_transaction_that_files_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(home, SECOND)
    put, seen = desk.store.archive.put, list[bool]()

    def watched(content: bytes, suffix: str) -> str:
        seen.append(desk.catalog._db.in_transaction)
        return put(content, suffix)

    monkeypatch.setattr(desk.store.archive, "put", watched)
    desk.take([next(visit(SECOND, NEW + DAY))])
    desk.catalog.close()
    assert seen == [True]


def test_an_unknown_account_is_one_sentence(home: Path, forget: Forget) -> None:
    told = forget("9999999999", "--everything", "--yes")
    assert (told.code, told.out, told.err.count("\n")) == (16, "", 1)
    assert "has no account for '9999999999'" in told.err
    assert receipts(home) == []
    assert not (home / "trail.jsonl").exists()


def test_an_account_that_is_being_harvested_is_left_alone(home: Path, forget: Forget) -> None:
    with Store(home).alone("member", "busy"):
        told = forget(FIRST, "--everything", "--yes")
    assert "under way" in told.err
    assert len(holding(home, CANARY)) > 1
    assert receipts(home) == []


class Terminal:
    """Standard input with a person who types one line."""

    def __init__(self, line: str) -> None:
        self.line = line

    def isatty(self) -> bool:
        """Tell that a person sits there."""
        return True

    def readline(self) -> str:
        """Return what they type."""
        return f"{self.line}\n"


@pytest.mark.parametrize("typed", ["", "yes", "002", FIRST])
def test_nothing_is_deleted_unless_the_last_digits_are_typed(
    home: Path, forget: Forget, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    told = forget(FIRST, "--everything")
    assert told.code == 64
    assert "Type 001 to go on" in told.err
    assert len(holding(home, CANARY)) > 1


def test_the_last_digits_confirm(
    home: Path, forget: Forget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("001"))
    assert forget(FIRST, "--everything").code == 0
    assert holding(home, CANARY) == []


def test_a_script_has_to_say_yes(home: Path, forget: Forget) -> None:
    told = forget(FIRST, "--everything")
    assert (told.code, told.out) == (64, "")
    assert "--yes" in told.err
    assert len(holding(home, CANARY)) > 1


STAGES = {
    "before the rows go": "Catalog.forget_account",
    "before the receipt": "forgetting._write",
    "before the bytes go": "forgetting._end",
    "in the middle of the bytes": "home.sync_folder",
    "before the database is cleaned": "Catalog.scrub",
    "before the trail says so": "Trail.append",
    "before the receipt is whole": "forgetting._write",
}
_KILLED = """
import os, signal, sys
from harvester import forgetting
from harvester.cli import main
from harvester.store import archive as home
from harvester.store.audit import Trail
from harvester.store.catalog import Catalog
place, name, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
whose = {"Catalog": Catalog, "Trail": Trail, "forgetting": forgetting, "home": home}[place]
real = getattr(whose, name)
def killed(*arguments, **named):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **named)
setattr(whose, name, killed)
main(sys.argv[4:])
"""


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_deletion_is_finished_by_running_it_again(
    home: Path, forget: Forget, stage: str
) -> None:
    before = rows(home, SECOND)
    mine = {filed.sha for filed in rows(home, FIRST)["artifacts"]}
    place, name = STAGES[stage].split(".")
    nth = {"before the trail says so": 2, "before the receipt is whole": 2}.get(stage, 1)
    nth = 3 if stage == "in the middle of the bytes" else nth
    arguments = ["forget", FIRST, "--everything", "--yes", "--home", str(home)]
    told = subprocess.run(
        [sys.executable, "-c", _KILLED, place, name, str(nth), *arguments], check=False
    )
    assert told.returncode == -signal.SIGKILL
    again = forget(FIRST, "--everything", "--yes")
    assert (again.code, again.err) == (0, "")
    holds_that_only_the_second_is_left(home, before)
    (receipt,) = receipts(home)
    assert receipt["finished_at"]
    assert set(receipt["files"]) == mine - {NO_NOTES}
    assert forget(FIRST, "--everything", "--yes").code == 16


def test_what_came_home_anew_after_a_killed_deletion_is_not_lost(
    home: Path, forget: Forget, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Stands for the end of the program."""

    def killed(_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("harvester.store.catalog.Catalog.scrub", killed)
        with pytest.raises(Killed):
            forget(FIRST, "--everything", "--yes")
    desk = Desk(home, FIRST)
    desk.take(visit(FIRST, NEW + 10 * DAY))
    desk.catalog.close()
    fresh = rows(home, FIRST)
    assert "Nothing of" not in forget(FIRST, "--yes").out
    assert rows(home, FIRST) == fresh
    assert Filing(Store(home), load("caec")).again(desk.account) == len(fresh["artifacts"])
