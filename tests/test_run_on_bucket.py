"""A home whose files are in a bucket is harvested, read again, exported, moved and forgotten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from buckets import ENVIRONMENT, S3, serving
from conftest import run_async
from permitted import permit
from test_run import once, silent, simulated

from harvester.cli import main
from harvester.errors import State
from harvester.filing import Store
from harvester.run import harvest_all
from harvester.store.moving import move
from harvester.store.place import Bucket
from harvester.task import Outcome

ACCOUNT = "1000101001"
Told = pytest.CaptureFixture[str]


def home_in(bucket: Bucket, home: Path) -> Path:
    """Make an empty home whose files are in a bucket."""
    Store(home).catalog.close()
    move(home, home / "catalog.sqlite", bucket)
    return home


def by_hash(files: dict[str, bytes]) -> bool:
    """Tell whether every name says what its bytes are."""
    return all(
        hashlib.sha256(content).hexdigest() == name.rpartition("/")[2].partition(".")[0]
        for name, content in files.items()
    )


def in_folder(home: Path) -> dict[str, bytes]:
    root = home / "archive"
    return {f"{f.relative_to(root)}": f.read_bytes() for f in root.rglob("*") if f.is_file()}


def exported(home: Path, out: Path) -> dict[str, bytes]:
    """Export with the bills' own files, which come from the archive."""
    for name, *more in (("csv",), ("greenbutton", "--customer")):
        out.mkdir(exist_ok=True)
        assert main(["export", name, *more, "--home", str(home), "--out", str(out)]) == 0
    return {f"{f.relative_to(out)}": f.read_bytes() for f in out.rglob("*") if f.is_file()}


def test_a_home_whose_files_are_in_a_bucket_is_as_one_in_a_folder(
    s3: S3, tmp_path: Path, capsys: Told
) -> None:
    bucket = s3.bucket()
    home = home_in(bucket, tmp_path / "home")
    first, _ = once(home, days=40)
    assert (first.state, first.pdfs) == (State.OK, 24)
    held = s3.objects(bucket)
    assert by_hash(held)
    assert sum(content.startswith(b"%PDF-") for content in held.values()) == 24
    again, counts = once(home, days=40)
    assert (again.state, again.change, again.pdfs) == (State.OK, (0, 0), 0)
    assert counts.sign_ins == {"sandbox-home": 1}
    assert in_folder(home) == {}
    there = exported(home, tmp_path / "1")
    assert main(["reprocess", "--home", str(home)]) == 0
    assert exported(home, tmp_path / "2") == there
    assert sum(name.endswith(".pdf") for name in there) == 24
    capsys.readouterr()
    day = f"{date(2026, 6, 1)}"
    assert main(["show", "day", "member", day, "--home", str(home)]) in {0, 3}
    assert f"s3://{bucket.name}/homes/one/" in capsys.readouterr().out

    held = s3.objects(bucket)
    migrate = ["store", "migrate", "--home", str(home), "--json", "--archive"]
    assert main([*migrate, str(home / "archive")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["files"], told["keep_deleted"]) == (len(held), [])
    assert s3.objects(bucket) == {}
    assert {f"homes/one/{name}": content for name, content in in_folder(home).items()} == held
    assert exported(home, tmp_path / "3") == there
    capsys.readouterr()
    assert main([*migrate, f"{bucket}"]) == 0
    back = json.loads(capsys.readouterr().out)
    assert (back["files"], back["rows"], back["archive"]) == (len(held), told["rows"], f"{bucket}")
    assert (s3.objects(bucket), in_folder(home)) == (held, {})
    assert exported(home, tmp_path / "4") == there

    forget = ["forget", ACCOUNT, "--everything", "--yes", "--home", str(home)]
    assert main(forget) == 0
    assert s3.objects(bucket) == {}
    (receipt,) = (home / "receipts").glob("*.json")
    known = json.loads(receipt.read_text())
    assert len(known["files"]) == len(held)
    assert "versions_in" not in known
    assert main(["audit", "verify", "--home", str(home)]) == 0


def test_who_forgets_in_a_bucket_that_keeps_versions_is_told(
    s3: S3, tmp_path: Path, capsys: Told
) -> None:
    bucket = s3.bucket(versioned=True)
    home = home_in(bucket, tmp_path / "home")
    once(home, days=1)
    capsys.readouterr()
    assert main(["forget", ACCOUNT, "--everything", "--yes", "--home", str(home)]) == 0
    said = capsys.readouterr().out
    assert f"{bucket} keeps older versions of the files that were deleted" in said
    (receipt,) = (home / "receipts").glob("*.json")
    assert json.loads(receipt.read_text())["versions_in"] == f"{bucket}"
    assert s3.objects(bucket) == {}
    assert s3.versions(bucket)  # as it said


def test_who_moves_to_or_from_a_bucket_that_keeps_versions_is_told(
    s3: S3, tmp_path: Path, capsys: Told
) -> None:
    bucket, home = s3.bucket(versioned=True), tmp_path / "home"
    Store(home).archive.put(b"%PDF-1.7", "pdf")
    for where in (f"{bucket}", f"{home / 'archive'}"):
        assert main(["store", "migrate", "--home", str(home), "--archive", where]) == 0
        assert f"{bucket} keeps older versions of what is deleted" in capsys.readouterr().out
    assert s3.versions(bucket)


def test_another_homes_prefix_is_not_taken_and_a_wrong_bucket_moves_nothing(
    s3: S3, tmp_path: Path, capsys: Told
) -> None:
    bucket, home = s3.bucket(), tmp_path / "home"
    store = Store(home)
    sha = store.archive.put(b"%PDF-1.7", "pdf")
    theirs = hashlib.sha256(b"theirs").hexdigest()
    s3.write(bucket, f"homes/one/{theirs[:2]}/{theirs}.pdf", b"theirs")
    for where, said in (
        (f"{bucket}", "something else in"),
        (f"{bucket._replace(name='nowhere')}", "there is no such bucket"),
        ("s3://b", "names no bucket"),
        (f"{bucket._replace(endpoint='http://s3.coop')}", "does not begin with https://"),
    ):
        assert main(["store", "migrate", "--home", str(home), "--archive", where]) == 12
        assert said in capsys.readouterr().err
    assert Store(home).archive.get(sha) == b"%PDF-1.7"
    assert list(s3.objects(bucket).values()) == [b"theirs"]


def test_a_store_that_goes_away_in_a_harvest_ends_it_and_the_next_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "home"

    def harvested(report: Callable[..., None]) -> Outcome:
        async def run() -> Outcome:
            async with simulated("sandbox-home", days=5) as (task, _):
                permit(home, profile=task.profile.id)
                (outcome,) = await harvest_all([task], Store(home), report)
                return outcome

        return run_async(run())

    with serving() as s3:
        bucket = s3.bucket()
        home_in(bucket, home)
        asked = []

        def lose(*told: object) -> None:
            asked.append(told)
            if len(asked) == 6:
                s3.stop()

        outcome = harvested(lose)
    assert (outcome.state, outcome.sign_ins) == (State.STORE_DOWN, 1)
    assert f"{bucket} takes and gives no files now" in outcome.message
    with serving(s3.address) as s3:
        begun = s3.objects(bucket)
        assert 0 < len(begun) < 20
        assert by_hash(begun)
        assert harvested(silent).state is State.OK
        held = s3.objects(bucket)
        assert by_hash(held)
        assert held.keys() > begun.keys()
        shas = Store(home).catalog.shas()
        assert {name.rpartition("/")[2].partition(".")[0] for name in held} == shas
