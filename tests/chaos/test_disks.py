"""A full disk, a read-only home, two runs at once and a clock set back end in one sentence each."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from coop import Audit, Coop, outcome

from harvester.filing import Store
from harvester.store.audit import Trail

SIZE = 64 << 20
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def coop() -> Iterator[Coop]:
    with Coop("sandbox-new", months=2, click_ms=20) as made:
        yield made


@dataclass
class Disk:
    """A small file system that only the processes of one mount namespace see."""

    keeper: subprocess.Popen[bytes]
    place: Path

    @property
    def within(self) -> list[object]:
        """What is put before a command to have it see the disk."""
        as_user = [] if os.geteuid() == 0 else ["-U", "--preserve-credentials"]
        return ["nsenter", "-t", f"{self.keeper.pid}", "-m", *as_user, "--"]

    @property
    def seen(self) -> Path:
        """The disk as this process sees it."""
        return Path(f"/proc/{self.keeper.pid}/root{self.place}")

    def remount(self, how: str) -> None:
        command = [*map(str, self.within), "mount", "-o", f"remount,{how}", f"{self.place}"]
        subprocess.run(command, check=True)

    def fill(self, left: int) -> Path:
        """Take all of the disk but so many bytes; return the file that does."""
        filler = self.seen / "filler"
        there = os.statvfs(self.seen)
        with filler.open("wb") as out:
            os.posix_fallocate(out.fileno(), 0, there.f_bavail * there.f_frsize - left)
        return filler


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if not shutil.which("unshare") or not shutil.which("nsenter"):
        pytest.skip("no small disk can be mounted here: unshare and nsenter are missing")
    place = tmp_path / "disk"
    place.mkdir()
    mount = f"mount -t tmpfs -o size={SIZE},mode=700 tmpfs '{place}' && echo ready && exec cat"
    flags = "-m" if os.geteuid() == 0 else "-rm"
    keeper = subprocess.Popen(
        ["unshare", flags, "sh", "-c", mount],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert keeper.stdout
    assert keeper.stdin
    try:
        if keeper.stdout.readline() != b"ready\n":
            pytest.skip(f"no small disk can be mounted here: {keeper.communicate()[1].decode()!r}")
        yield Disk(keeper, place)
    finally:
        keeper.kill()
        keeper.communicate()


def whole(coop: Coop, home: Path, disk: Disk | None = None) -> None:
    """Hold that one more run ends well and that the home then knows the truth."""
    told, _ = coop.backfill(home, "--json", within=disk.within if disk else []).communicate()
    assert outcome(told) == "OK", told
    if disk:  # SQLite does not open a database by another namespace's path
        home = Path(shutil.copytree(disk.seen / "home", disk.place / "copy"))
    assert Audit(coop, home).everything() == []


def one_sentence(told: str) -> str:
    """Return the line of an ending that says why; there is one, and no traceback."""
    assert "Traceback" not in told
    assert "exception" not in told.lower()
    (line,) = (line for line in told.splitlines() if "cannot be used" in line)
    return line


@pytest.mark.parametrize("left", [0, 200_000, 900_000])
def test_a_full_disk_is_said_to_be_full_and_the_next_run_goes_on(
    coop: Coop, disk: Disk, left: int
) -> None:
    home = disk.seen / "home"
    coop.make_home(home)
    filler = disk.fill(left)
    process = coop.backfill(disk.place / "home", within=disk.within)
    told, _ = process.communicate()
    assert process.returncode == 12, told
    assert "full" in one_sentence(told) or "No space left" in told, told
    filler.unlink()
    coop.next_day(home)
    whole(coop, disk.place / "home", disk)


def test_a_read_only_home_is_refused_before_anything_is_asked(coop: Coop, disk: Disk) -> None:
    home = disk.seen / "home"
    coop.make_home(home)
    disk.remount("ro")
    asked = coop.counts.total
    process = coop.backfill(disk.place / "home", within=disk.within)
    told, _ = process.communicate()
    assert process.returncode == 12, told
    assert "ead-only" in one_sentence(told)
    assert coop.counts.total == asked
    disk.remount("rw")
    coop.next_day(home)
    whole(coop, disk.place / "home", disk)


def test_two_processes_of_one_member_at_once_leave_one_to_finish(
    coop: Coop, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    coop.make_home(home)
    coop.next_day(home)
    coop.hold = "GetAccountHistory"
    first = coop.backfill(home, "--json")
    assert coop.waiting.wait(30)
    second = coop.backfill(home)
    told, _ = second.communicate()
    assert second.returncode == 0
    assert "Another harvest of house is under way" in told
    assert "Traceback" not in told
    coop.hold = ""
    coop.go_on.set()
    told, _ = first.communicate()
    assert outcome(told) == "OK"
    assert dict(coop.counts.sign_ins) == {"sandbox-new": 1}
    assert Audit(coop, home).everything() == []


def test_a_clock_that_went_back_is_refused_before_anything_is_sent(
    coop: Coop, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    coop.make_home(home)
    coop.next_day(home)
    whole(coop, home)
    asked, files = coop.counts.total, sorted((home / "archive").rglob("*"))
    process = coop.backfill(home, off=-HOUR)
    told, _ = process.communicate()
    assert process.returncode == 18
    assert "The clock says" in told
    assert "Traceback" not in told
    assert coop.counts.total == asked
    assert sorted((home / "archive").rglob("*")) == files
    with Store(home).catalog as catalog:
        assert [run.state for run in catalog.last_runs()] == ["CLOCK_BEHIND"]
    assert [e.facts["state"] for e in Trail(home / "trail.jsonl").entries() if "state" in e.facts][
        -1
    ] == "CLOCK_BEHIND"
    whole(coop, home)
