"""The trail shows every change to it, survives a kill, and has no room for a secret."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing import get_context
from pathlib import Path

import pytest

from harvester.errors import ActionNeeded, Misconfigured, State
from harvester.store.audit import Torn, Trail, masked

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def trail_of(tmp_path: Path, entries: int = 3) -> Trail:
    """Write that many entries."""
    trail = Trail(tmp_path / "home" / "trail.jsonl")
    for number in range(entries):
        trail.append("run.started", NOON, profile="caec", run=number)
    return trail


def append_many(file: Path) -> None:
    """Do what each of several programs does."""
    for number in range(25):
        Trail(file).append("run.started", NOON, run=number)


def test_an_entry_is_what_its_hash_says(tmp_path: Path) -> None:
    trail = trail_of(tmp_path, 0)
    local = NOON.astimezone(timezone(timedelta(hours=-5)))
    trail.append("run.finished", local, state=State.OK, account="…001", pdfs=24)
    bare = (
        '{"at":"2026-06-15T12:00:00Z","event":"run.finished",'
        '"facts":{"account":"…001","pdfs":24,"state":"OK"},'
        f'"prev":"{"0" * 64}","seq":1}}'
    )
    entry = json.loads(trail.file.read_text())
    assert entry.pop("hash") == hashlib.sha256(bare.encode()).hexdigest()
    assert entry == json.loads(bare)
    assert stat.S_IMODE(trail.file.stat().st_mode) == 0o600


@pytest.mark.parametrize("entries", [0, 1, 3])
def test_an_untouched_trail_verifies(tmp_path: Path, entries: int) -> None:
    assert trail_of(tmp_path, entries).verify() == entries


@pytest.mark.parametrize(
    ("told", "change"),
    [
        ("Line 2 .* was changed", lambda a, b, c: [a, b.replace(b'"run":1', b'"run":7'), c]),
        ("Line 2 .* was changed", lambda a, b, c: [a, b"\n", b, c]),
        ("Line 3 .* was changed", lambda a, b, c: [a, b, b" " + c]),
        ("Line 2 .* was changed", lambda a, b, c: [a, b.replace(b'"prev"', b'"more":1,"prev"'), c]),
        ("Line 2 .* was changed", lambda a, _, c: [a, b"[" * 50_000 + b"\n", c]),
        ("Line 2 .* was changed", lambda a, b, c: [a, b.replace(b"caec", rb"\ud800"), c]),
        ("Line 2 .* far longer than an entry", lambda a, b, c: [a, b.rstrip() + b" " * 70_000, c]),
        ("Line 1 .* is entry 2: entry 1 was removed", lambda _, b, c: [b, c]),
        ("Line 2 .* is entry 3: entry 2 was removed", lambda a, _, c: [a, c]),
        ("Line 1 .* is entry 3: entries 1 to 2 were removed", lambda _a, _b, c: [c]),
        ("Line 1 .* is entry 2: .* reordered, entry 1 is in line 2", lambda a, b, c: [b, a, c]),
        ("Line 2 .* is entry 3: .* reordered, entry 2 is in line 3", lambda a, b, c: [a, c, b]),
        ("Line 1 .* is entry 2: .* reordered, entry 1 is in line 3", lambda a, b, c: [b, c, a]),
        ("Line 3 .* is entry 2 once more", lambda a, b, c: [a, b, b, c]),
    ],
    ids=[
        "changed", "blank", "spaced", "more", "nested", "surrogate", "long", "first-removed",
        "removed", "two-removed", "swapped", "last-swapped", "moved", "repeated",
    ],
)  # fmt: skip
def test_a_tampered_trail_is_found_by_its_line(
    tmp_path: Path, told: str, change: Callable[..., list[bytes]]
) -> None:
    trail = trail_of(tmp_path)
    trail.file.write_bytes(b"".join(change(*trail.file.read_bytes().splitlines(keepends=True))))
    with pytest.raises(ActionNeeded, match=f"^{told}") as caught:
        trail.verify()
    assert caught.value.state is State.TRAIL_BROKEN


def test_an_entry_that_was_made_anew_does_not_fit_the_next(tmp_path: Path) -> None:
    trail, other = trail_of(tmp_path / "a"), Trail(tmp_path / "b" / "trail.jsonl")
    other.append("run.started", NOON, profile="caec", run=0)
    other.append("run.started", NOON, profile="caec", run=7)
    lines = trail.file.read_bytes().splitlines(keepends=True)
    lines[1] = other.file.read_bytes().splitlines(keepends=True)[1]
    trail.file.write_bytes(b"".join(lines))
    with pytest.raises(ActionNeeded, match=r"^Line 3 .* does not follow"):
        trail.verify()


@pytest.mark.parametrize(
    ("told", "forged"),
    [
        ("is entry 2: entry 1 was removed", {"seq": 2}),
        ("is out of place: it is entry 0", {"seq": 0}),
        ("does not follow", {"prev": "1" * 64}),
        ("was changed", {"seq": 1.0}),
        ("was changed", {"seq": True}),
        ("was changed", {"facts": ["run", 1]}),
        ("was changed", {"facts": {"run": [1]}}),
    ],
)
def test_a_line_that_fits_its_hash_may_still_be_no_entry_of_this_place(
    tmp_path: Path, told: str, forged: dict[str, object]
) -> None:
    bare = {"at": "2026-06-15T12:00:00Z", "event": "run.started", "facts": {}, "prev": "0" * 64}
    bare |= {"seq": 1, **forged}
    digest = hashlib.sha256(json.dumps(bare, sort_keys=True, separators=(",", ":")).encode())
    whole = {**bare, "hash": digest.hexdigest()}
    trail = trail_of(tmp_path, 0)
    trail.file.write_text(json.dumps(whole, sort_keys=True, separators=(",", ":")) + "\n")
    with pytest.raises(ActionNeeded, match=f"^Line 1 .* {told}"):
        trail.verify()


def test_entries_come_one_by_one_up_to_the_first_that_was_changed(tmp_path: Path) -> None:
    trail = trail_of(tmp_path)
    trail.file.write_bytes(trail.file.read_bytes().replace(b'"run":2', b'"run":7'))
    entries = trail.entries()
    assert [next(entries).facts["run"] for _ in range(2)] == [0, 1]
    with pytest.raises(ActionNeeded, match=r"^Line 3 "):
        next(entries)


def test_who_reads_sees_the_trail_of_the_beginning_and_nobody_waits(tmp_path: Path) -> None:
    trail = trail_of(tmp_path)
    entries = trail.entries()
    assert next(entries).seq == 1
    trail.append("run.finished", NOON)
    assert [entry.seq for entry in entries] == [2, 3]
    assert trail.verify() == 4


def test_a_torn_last_line_is_found_and_repaired_by_the_next_entry(tmp_path: Path) -> None:
    trail = trail_of(tmp_path)
    whole = trail.file.read_bytes()
    trail.file.write_bytes(whole + b'{"at":"20')
    with pytest.raises(Torn, match=r"^Line 4 .*cut short"):
        trail.verify()
    trail.append("run.finished", NOON)
    lines = trail.file.read_bytes().removeprefix(whole).splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["trail.repaired", "run.finished"]
    assert json.loads(lines[0])["facts"] == {"bytes": 9}
    assert trail.verify() == 5


def test_a_first_line_that_is_torn_is_repaired_too(tmp_path: Path) -> None:
    trail = trail_of(tmp_path, 0)
    trail.file.write_bytes(b'{"at"')
    assert trail.append("run.started", NOON).seq == 2
    assert trail.verify() == 2


def test_a_long_tail_of_zeros_costs_no_entry(tmp_path: Path) -> None:
    trail = trail_of(tmp_path)
    whole = trail.file.read_bytes()
    with trail.file.open("ab") as file:
        file.write(bytes(70_000))
    for use in (trail.verify, lambda: trail.append("run.started", NOON)):
        with pytest.raises(ActionNeeded, match="far longer"):
            use()
    assert trail.file.read_bytes().startswith(whole)


def test_nothing_is_added_after_a_tampered_last_line(tmp_path: Path) -> None:
    trail = trail_of(tmp_path)
    changed = trail.file.read_bytes().replace(b'"run":2', b'"run":3')
    trail.file.write_bytes(changed)
    with pytest.raises(ActionNeeded, match="was changed") as caught:
        trail.append("run.started", NOON)
    assert caught.value.exit_code == 50
    assert trail.file.read_bytes() == changed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("account", "1234567001"),
        ("account", "…7001"),
        ("member", "a1234567001"),
        ("member", "someone@example.org"),
        ("error", "No such element: <input value=secret>"),
        ("sha", "abc"),
        ("day", "06/11/2026"),
        ("state", "FINE"),
        ("run", 1_234_567_001),
        ("run", 1.5),
        ("run", None),
        ("profile", ["caec"]),
    ],
)
def test_a_fact_that_is_not_allowed_is_refused_and_not_repeated(
    tmp_path: Path, name: str, value: object
) -> None:
    trail = trail_of(tmp_path, 0)
    with pytest.raises(ValueError, match="may not be written") as caught:
        trail.append("run.started", NOON, **{name: value})  # type: ignore[arg-type]
    assert str(value) not in str(caught.value)
    assert not trail.file.exists()


def test_an_event_or_a_naive_moment_is_checked(tmp_path: Path) -> None:
    trail = trail_of(tmp_path, 0)
    with pytest.raises(ValueError, match="event"):
        trail.append("the page says hello", NOON)
    with pytest.raises(ValueError, match="time zone"):
        trail.append("run.started", NOON.replace(tzinfo=None))


def test_several_programs_write_one_chain(tmp_path: Path) -> None:
    file = tmp_path / "trail.jsonl"
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(append_many, [file] * 4))
    assert Trail(file).verify() == 100


def test_an_account_number_is_masked_to_three_digits() -> None:
    assert [masked(number) for number in ("1234567001", "2001", "001", "")] == [
        "…001",
        "…001",
        "…",
        "…",
    ]


def test_a_trail_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="--home"):
        Trail(tmp_path / "file" / "trail.jsonl")
