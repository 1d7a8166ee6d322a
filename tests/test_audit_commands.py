"""`harvester audit` shows what was done, and finds and names whatever was done to the trail."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from harvester.cli import main
from harvester.store.audit import Trail

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
BROKEN, REFUSED, HOME = 50, 51, 12
FACTS: list[tuple[str, dict[str, Any]]] = [
    ("run.started", {"profile": "caec", "member": "house", "run": 1}),
    ("run.started", {"profile": "caec", "member": "barn", "run": 2}),
    ("artifact.filed", {"run": 1, "account": "…001", "kind": "bill-pdf"}),
    ("item.failed", {"run": 2, "account": "…002", "state": "NOT_A_PDF"}),
    ("run.finished", {"profile": "caec", "member": "house", "run": 1, "state": "OK"}),
]


class Told(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


Audit = Callable[..., Told]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home in which five things were done."""
    trail = Trail(tmp_path / "home" / "trail.jsonl")
    for second, (event, facts) in enumerate(FACTS):
        trail.append(event, NOON + timedelta(seconds=second), **facts)
    return tmp_path / "home"


@pytest.fixture
def audit(home: Path, capsys: pytest.CaptureFixture[str]) -> Audit:
    """Return a way to run `harvester audit ... --home`."""

    def run(*arguments: object) -> Told:
        code = main(["audit", *map(str, arguments), "--home", str(home)])
        return Told(code, *capsys.readouterr())

    return run


@pytest.fixture
def signed(audit: Audit, tmp_path: Path) -> Path:
    """Return the file of a checkpoint over all five entries."""
    file = tmp_path / "published.json"
    assert audit("checkpoint", "--out", file).code == 0
    return file


def lines(home: Path) -> list[bytes]:
    return (home / "trail.jsonl").read_bytes().splitlines(keepends=True)


def put(home: Path, changed: list[bytes]) -> None:
    (home / "trail.jsonl").write_bytes(b"".join(changed))


def anew(entries: list[bytes]) -> list[bytes]:
    """Return entries numbered and chained again, as by one who knows how a trail is made."""
    made, prev = [], "0" * 64
    for seq, line in enumerate(entries, start=1):
        bare = {k: v for k, v in json.loads(line).items() if k != "hash"}
        bare |= {"seq": seq, "prev": prev}
        prev = hashlib.sha256(dump(bare)).hexdigest()
        made.append(dump({**bare, "hash": prev}) + b"\n")
    return made


def dump(told: dict[str, Any]) -> bytes:
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def names(told: Told, code: int, *words: str) -> None:
    """Hold one sentence that names what is wrong, and an exit code of its own."""
    assert (told.code, told.out) == (code, "")
    assert re.fullmatch(r"[^\n]+\.\n", told.err), told.err
    for word in words:
        assert word in told.err


def test_an_untouched_trail_verifies_and_says_what_that_is_worth(audit: Audit, home: Path) -> None:
    told = audit("verify")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("5 entries, nothing changed, removed or reordered; but there is no")
    assert "harvester audit checkpoint" in told.out
    assert sorted(path.name for path in home.iterdir()) == ["trail.jsonl"]


def test_a_trail_that_grew_verifies_against_the_published_checkpoint(
    audit: Audit, home: Path, signed: Path
) -> None:
    assert (
        "2 checkpoints hold, and nothing came after" in audit("verify", "--checkpoint", signed).out
    )
    Trail(home / "trail.jsonl").append("run.started", NOON, run=3)
    told = audit("verify", "--checkpoint", signed)
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("6 entries, ")
    assert "2 checkpoints hold, and 1 entry came after the last" in told.out


@pytest.mark.parametrize("line", [1, 2, 3, 4, 5])
def test_a_changed_entry_is_named(audit: Audit, home: Path, line: int) -> None:
    changed = lines(home)
    changed[line - 1] = changed[line - 1].replace(b"2026-06-15", b"2026-06-14")
    put(home, changed)
    names(audit("verify"), BROKEN, f"Line {line} of the trail {home}", "was changed")


def test_any_changed_byte_is_found_in_its_line(audit: Audit, home: Path) -> None:
    content = b"".join(lines(home))
    for at in range(0, len(content) - 1, 7):
        changed = bytearray(content)
        changed[at] ^= 1
        put(home, [bytes(changed)])
        line = content[:at].count(b"\n") + 1
        names(audit("verify"), BROKEN, f"Line {line} of the trail", "was changed")


@pytest.mark.parametrize("line", [1, 2, 3, 4])
def test_a_removed_entry_is_named(audit: Audit, home: Path, line: int) -> None:
    put(home, [one for at, one in enumerate(lines(home), start=1) if at != line])
    names(audit("verify"), BROKEN, f"Line {line} ", f"entry {line} was removed")


def test_a_removed_last_entry_is_named_with_the_checkpoint_that_knew_it(
    audit: Audit, home: Path, signed: Path
) -> None:
    put(home, lines(home)[:4])
    for told in (audit("verify"), audit("verify", "--checkpoint", signed)):
        names(told, BROKEN, "truncated", "line 5 was there", json.loads(signed.read_text())["at"])


@pytest.mark.parametrize("line", [1, 2, 3, 4])
def test_reordered_entries_are_named(audit: Audit, home: Path, line: int) -> None:
    moved = lines(home)
    moved[line - 1 : line + 1] = reversed(moved[line - 1 : line + 1])
    put(home, moved)
    names(
        audit("verify"), BROKEN, f"Line {line} ", "reordered", f"entry {line} is in line {line + 1}"
    )


def test_a_trail_cut_off_at_any_byte_is_found(audit: Audit, home: Path, signed: Path) -> None:
    content = b"".join(lines(home))
    assert len(content) > 1000
    for size in range(len(content)):
        put(home, [content[:size]])
        whole = content[:size].count(b"\n")
        names(audit("verify"), BROKEN, "truncated", f"ends after line {whole};")
    (home / "checkpoints.jsonl").unlink()
    names(audit("verify", "--checkpoint", signed), BROKEN, "truncated", "ends after line 4;")


def test_a_trail_that_is_gone_is_a_truncated_one(audit: Audit, home: Path, signed: Path) -> None:
    (home / "trail.jsonl").unlink()
    names(audit("verify"), BROKEN, "truncated", "lines 1 to 5 were there", "ends after line 0")
    (home / "checkpoints.jsonl").unlink()
    names(audit("verify", "--checkpoint", signed), BROKEN, "truncated")


def test_a_torn_last_line_is_named_and_the_entries_before_it_hold(
    audit: Audit, home: Path, signed: Path
) -> None:
    with (home / "trail.jsonl").open("ab") as trail:
        trail.write(b'{"at":"20')
    names(audit("verify", "--checkpoint", signed), BROKEN, "Line 6 ", "cut short", "next run")
    Trail(home / "trail.jsonl").append("run.started", NOON, run=3)
    assert audit("verify", "--checkpoint", signed).code == 0


def edited(entries: list[bytes]) -> list[bytes]:
    return [entries[0], entries[1], entries[2].replace(b"001", b"009"), *entries[3:]]


CLEVER: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "changed": edited,
    "removed-and-one-more": lambda found: [*found[:2], *found[3:], found[4]],
    "reordered": lambda found: [*found[:2], found[3], found[2], found[4]],
    "cut-off-and-went-on": lambda found: [*found[:3], *found[:3]],
}


@pytest.mark.parametrize("change", CLEVER.values(), ids=list(CLEVER))
def test_hashes_made_anew_do_not_hide_a_change_from_a_checkpoint(
    audit: Audit, home: Path, tmp_path: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    every = lines(home)
    for size in (2, 5):
        put(home, every[:size])
        assert audit("checkpoint", "--out", tmp_path / "published.json").code == 0
    put(home, anew(change(every)))
    assert Trail(home / "trail.jsonl").verify() >= 5
    names(audit("verify"), BROKEN, "lines 3 to 5 of the trail", "made anew")
    (home / "checkpoints.jsonl").unlink()
    told = audit("verify", "--checkpoint", tmp_path / "published.json")
    names(told, BROKEN, "lines 1 to 5 of the trail")


def test_a_removed_entry_with_hashes_made_anew_is_a_truncated_trail(
    audit: Audit, home: Path, signed: Path
) -> None:
    put(home, anew(lines(home)[1:]))
    names(audit("verify", "--checkpoint", signed), BROKEN, "truncated", "line 5 was there")


def resigned(told: dict[str, Any]) -> dict[str, Any]:
    key = Ed25519PrivateKey.generate()
    bare = {**told, "public_key": key.public_key().public_bytes_raw().hex()}
    del bare["signature"]
    return {**bare, "signature": key.sign(dump(bare)).hex()}


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (resigned, "another key"),
        (lambda told: {**told, "root": "0" * 64}, "does not fit its signature"),
        (lambda told: {**told, "size": 4}, "does not fit its signature"),
        (lambda _: {"size": 4}, "is not a checkpoint"),
    ],
    ids=["re-signed", "root", "size", "none"],
)
def test_a_forged_checkpoint_is_refused(
    audit: Audit, signed: Path, forge: Callable[[dict[str, Any]], dict[str, Any]], said: str
) -> None:
    signed.write_text(json.dumps(forge(json.loads(signed.read_text()))))
    names(audit("verify", "--checkpoint", signed), REFUSED, f"{signed}", said)
    assert audit("verify").code == 0


def test_a_checkpoint_that_is_not_there_is_named(audit: Audit, tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    names(audit("verify", "--checkpoint", missing), REFUSED, f"{missing} cannot be read")


def test_a_checkpoint_is_printed_or_written_and_kept_for_its_owner_only(
    audit: Audit, home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    printed = audit("checkpoint")
    assert json.loads(printed.out)["size"] == 5
    written = audit("checkpoint", "--out", out)
    assert written.out.startswith(f"Signed 5 entries in {out}")
    both = audit("checkpoint", "--out", out, "--json")
    assert both.out == out.read_text()
    kept = (home / "checkpoints.jsonl").read_text().splitlines(keepends=True)
    assert (kept[0], kept[2], len(kept)) == (printed.out, both.out, 3)
    for name in ("checkpoints.jsonl", "trail.key"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    private = (home / "trail.key").read_text()
    assert "PRIVATE KEY" in private
    assert private.splitlines()[1] not in printed.out + written.out + "".join(kept)


def test_a_place_that_cannot_be_written_is_named(audit: Audit, tmp_path: Path) -> None:
    names(
        audit("checkpoint", "--out", tmp_path / "no" / "file"), HOME, "cannot be written", "--out"
    )


def test_a_home_that_is_not_there_is_not_found_sound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("show", "checkpoint", "verify"):
        code = main(["audit", command, "--home", str(tmp_path / "typo")])
        names(Told(code, *capsys.readouterr()), HOME, "There is no home at", "typo")
    assert not (tmp_path / "typo").exists()


def test_show_tells_each_entry_in_a_line(audit: Audit) -> None:
    told = audit("show")
    assert (told.code, told.err) == (0, "")
    shown = told.out.splitlines()
    assert len(shown) == 5
    assert shown[3] == (
        "4  2026-06-15 12:00:03 UTC  item.failed  account …002, run 2, state NOT_A_PDF"
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--last", "2"], [4, 5]),
        (["--last", "9"], [1, 2, 3, 4, 5]),
        (["--run", "2"], [2, 4]),
        (["--member", "house"], [1, 3, 5]),
        (["--member", "barn"], [2, 4]),
        (["--member", "barn", "--run", "1"], []),
        (["--member", "house", "--last", "1"], [5]),
        (["--member", "nobody"], []),
    ],
)
def test_show_chooses_by_member_run_and_how_many(
    audit: Audit, options: list[str], expected: list[int]
) -> None:
    told = audit("show", *options)
    assert [int(line.split()[0]) for line in told.out.splitlines()] == expected
    answer = json.loads(audit("show", "--json", *options).out)
    assert [entry["seq"] for entry in answer["entries"]] == expected
    assert (answer["state"], answer["message"]) == ("OK", "")


def test_a_run_number_that_another_member_had_before_is_not_theirs(
    audit: Audit, home: Path
) -> None:
    trail = Trail(home / "trail.jsonl")
    trail.append("run.started", NOON, profile="caec", member="barn", run=1)
    trail.append("artifact.filed", NOON, run=1, kind="ledger")
    trail.append("run.started", NOON, profile="caec", member="house", run=2)
    shown = [
        json.loads(audit("show", "--json", "--member", name).out) for name in ("house", "barn")
    ]
    told = [[entry["seq"] for entry in one["entries"]] for one in shown]
    assert told == [[1, 3, 5, 8], [2, 4, 6, 7]]


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_senseless_number_of_entries_is_a_mistake_in_the_command(
    audit: Audit, count: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        audit("show", "--last", count)
    assert caught.value.code == 2
    assert "--last" in capsys.readouterr().err


@pytest.mark.parametrize("last", [[], ["--last", "9"]])
def test_show_goes_as_far_as_the_trail_can_be_trusted(
    audit: Audit, home: Path, last: list[str]
) -> None:
    changed = lines(home)
    changed[2] = changed[2].replace(b"001", b"009")
    put(home, changed)
    told = audit("show", *last)
    assert [line[0] for line in told.out.splitlines()] == ["1", "2"]
    names(told._replace(out=""), BROKEN, "Line 3 ", "was changed")
    told = audit("show", "--json", *last)
    answer = json.loads(told.out)
    assert (told.code, told.err, answer["state"]) == (BROKEN, "", "TRAIL_BROKEN")
    assert [entry["seq"] for entry in answer["entries"]] == [1, 2]
    assert answer["message"].startswith("Line 3 ")


def test_what_a_forger_wrote_does_nothing_to_a_terminal(audit: Audit, home: Path) -> None:
    put(home, anew([lines(home)[0].replace(b"house", rb"\u001b[2Jx")]))
    told = audit("show")
    assert told.code == 0
    assert "\x1b" not in told.out
    assert r"\x1b[2Jx" in told.out


def test_verify_answers_as_json(audit: Audit, home: Path, signed: Path) -> None:
    answer = json.loads(audit("verify", "--checkpoint", signed, "--json").out)
    document = json.loads(signed.read_text())
    assert answer == {
        "state": "OK", "entries": 5, "checkpoints": 2, "covered": 5,
        "head": document["head"], "root": document["root"],
    }  # fmt: skip
    put(home, lines(home)[:3])
    told = audit("verify", "--json")
    answer = json.loads(told.out)
    assert (told.code, told.err, answer["state"]) == (BROKEN, "", "TRAIL_BROKEN")
    assert "lines 4 to 5 were there" in answer["message"]


@pytest.fixture
def harvester(home: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a way to start the program itself."""
    program = Path(sys.executable).with_name("harvester")
    return lambda *arguments: subprocess.run(
        [program, "audit", *map(str, arguments)], text=True, check=False, capture_output=True,
        env={**os.environ, "HARVESTER_HOME": str(home)},
    )  # fmt: skip


def test_the_program_itself_signs_verifies_and_names_what_was_removed(
    harvester: Callable[..., subprocess.CompletedProcess[str]], home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "published.json"
    assert harvester("checkpoint", "--out", out).returncode == 0
    assert harvester("verify", "--checkpoint", out).returncode == 0
    put(home, lines(home)[:4])
    told = harvester("verify", "--checkpoint", out)
    names(Told(told.returncode, told.stdout, told.stderr), BROKEN, "truncated", "line 5")
