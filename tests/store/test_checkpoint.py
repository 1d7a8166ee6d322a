"""A checkpoint holds the trail that it was signed over, and nobody else can make one."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from harvester.errors import ActionNeeded, Misconfigured, State
from harvester.store.audit import START, Head, Trail, _entry
from harvester.store.checkpoint import Checkpoint, Checkpoints, Tree

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def grow(home: Path, entries: int) -> Checkpoints:
    """Add entries to a home's trail."""
    trail = Trail(home / "trail.jsonl")
    for number in range(entries):
        trail.append("run.started", NOON, run=number)
    return Checkpoints(trail)


def test_the_root_is_that_of_rfc_6962() -> None:
    a, b, c, d, e = (sha(b"\0" + bytes([letter])) for letter in b"abcde")
    ab, cd = sha(b"\1" + a + b), sha(b"\1" + c + d)
    expected = {
        0: sha(b""),
        1: a,
        2: ab,
        3: sha(b"\1" + ab + c),
        4: sha(b"\1" + ab + cd),
        5: sha(b"\1" + sha(b"\1" + ab + cd) + e),
    }
    tree, roots = Tree(), {}
    for leaf in [b"a", b"b", b"c", b"d", b"e"]:
        roots[tree.size] = bytes.fromhex(tree.root())
        tree.add(leaf)
    roots[tree.size] = bytes.fromhex(tree.root())
    assert roots == expected


def test_the_root_of_seven_leaves_is_joined_as_in_the_example_of_the_rfc() -> None:
    h = [sha(bytes([0, leaf])) for leaf in range(7)]
    ab, cd, ef = (sha(b"\1" + h[n] + h[n + 1]) for n in (0, 2, 4))
    left, right = sha(b"\1" + ab + cd), sha(b"\1" + ef + h[6])
    tree = Tree()
    for leaf in range(7):
        tree.add(bytes([leaf]))
    assert tree.root() == sha(b"\1" + left + right).hex()


@pytest.mark.parametrize("entries", [0, 1, 2, 3, 5])
def test_a_checkpoint_says_size_head_root_and_time_and_is_signed(
    tmp_path: Path, entries: int
) -> None:
    home = tmp_path / "home"
    signed = json.loads(grow(home, entries).sign(NOON).document())
    file = home / "trail.jsonl"
    lines = file.read_bytes().splitlines() if entries else []
    nodes = [sha(b"\0" + line) for line in lines]
    while len(nodes) > 1:  # an odd one out is taken to the next level as it is
        pairs = [nodes[n : n + 2] for n in range(0, len(nodes), 2)]
        nodes = [sha(b"\1" + pair[0] + pair[1]) if pair[1:] else pair[0] for pair in pairs]
    assert signed["root"] == (nodes[0] if nodes else sha(b"")).hex()
    assert signed["head"] == (json.loads(lines[-1])["hash"] if lines else "0" * 64)
    assert (signed["size"], signed["at"]) == (entries, "2026-06-15T12:00:00Z")
    message = (
        f'{{"at":"2026-06-15T12:00:00Z","format":"harvester-checkpoint/1","head":"{signed["head"]}'
        f'","public_key":"{signed["public_key"]}","root":"{signed["root"]}","size":{entries}}}'
    )
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed["public_key"]))
    key.verify(bytes.fromhex(signed["signature"]), message.encode())


def test_a_trail_that_grew_verifies_against_every_checkpoint(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for entries in (0, 3, 0, 2):
        grow(home, entries).sign(NOON)
    verdict = grow(home, 4).verify()
    assert (verdict.entries, verdict.checkpoints, verdict.covered) == (9, 4, 5)
    assert verdict.head == json.loads((home / "trail.jsonl").read_bytes().splitlines()[-1])["hash"]


def test_what_is_kept_is_for_its_owner_only_and_the_key_is_made_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    was = os.umask(0)
    try:
        first = grow(home, 1).sign(NOON)
        second = grow(home, 1).sign(NOON)
    finally:
        os.umask(was)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}
    assert modes == {"trail.jsonl": 0o600, "trail.key": 0o600, "checkpoints.jsonl": 0o600}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert first.public_key == second.public_key
    assert (home / "checkpoints.jsonl").read_text() == first.document() + second.document()


def test_a_key_that_others_can_read_signs_nothing(tmp_path: Path) -> None:
    checkpoints = grow(tmp_path / "home", 1)
    checkpoints.sign(NOON)
    checkpoints.key_file.chmod(0o640)
    with pytest.raises(Misconfigured, match=r"trail\.key .*chmod 600"):
        checkpoints.sign(NOON)


def test_a_lost_key_is_not_replaced_in_silence(tmp_path: Path) -> None:
    checkpoints = grow(tmp_path / "home", 1)
    checkpoints.sign(NOON)
    checkpoints.key_file.unlink()
    for use in (checkpoints.verify, lambda: checkpoints.sign(NOON)):
        with pytest.raises(ActionNeeded, match=r"trail\.key.* backup") as caught:
            use()
        assert caught.value.state is State.CHECKPOINT_REFUSED
    assert not checkpoints.key_file.exists()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_damaged_key_is_named(tmp_path: Path, content: bytes) -> None:
    checkpoints = grow(tmp_path / "home", 1)
    checkpoints.sign(NOON)
    checkpoints.key_file.write_bytes(content)
    for use in (checkpoints.verify, lambda: checkpoints.sign(NOON)):
        with pytest.raises(Misconfigured, match=r"trail\.key .*not a private key"):
            use()


def test_a_key_left_empty_by_a_kill_is_made_by_the_next_checkpoint(tmp_path: Path) -> None:
    checkpoints = grow(tmp_path / "home", 1)
    checkpoints.key_file.touch(0o600)
    assert checkpoints.verify().checkpoints == 0
    checkpoints.sign(NOON)
    assert checkpoints.verify().checkpoints == 1


def test_a_trail_that_was_tampered_with_is_not_signed(tmp_path: Path) -> None:
    checkpoints = grow(tmp_path / "home", 3)
    checkpoints.sign(NOON)
    kept = checkpoints.file.read_bytes()
    trail = checkpoints.trail.file
    trail.write_bytes(b"".join(trail.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(ActionNeeded, match="truncated"):
        checkpoints.sign(NOON)
    assert checkpoints.file.read_bytes() == kept


def sign_many(home: Path) -> None:
    """Do what each of several programs does."""
    for _ in range(5):
        grow(home, 2).sign(NOON)


def test_several_programs_sign_with_one_key_and_lose_no_checkpoint(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(sign_many, [home] * 4))
    verdict = grow(home, 0).verify()
    assert (verdict.entries, verdict.checkpoints, verdict.covered) == (40, 20, 40)


def signed_by(key: Ed25519PrivateKey, told: dict[str, object]) -> dict[str, object]:
    """Sign a document as the program does, with any key."""
    bare = {name: value for name, value in told.items() if name != "signature"}
    text = json.dumps(bare, sort_keys=True, separators=(",", ":"))
    return {**bare, "signature": key.sign(text.encode()).hex()}


def by_another(told: dict[str, object]) -> dict[str, object]:
    key = Ed25519PrivateKey.generate()
    return signed_by(key, {**told, "public_key": key.public_key().public_bytes_raw().hex()})


FORGED: dict[str, tuple[str, Callable[[dict[str, object]], dict[str, object]]]] = {
    "another-key": ("is of another key", by_another),
    "another-signer": (
        "does not fit its signature",
        lambda told: signed_by(Ed25519PrivateKey.generate(), told),
    ),
    "root": ("does not fit its signature", lambda told: {**told, "root": "0" * 64}),
    "size": ("does not fit its signature", lambda told: {**told, "size": 2}),
    "head": ("does not fit its signature", lambda told: {**told, "head": "0" * 64}),
    "time": ("does not fit its signature", lambda told: {**told, "at": "2026-06-15T12:00:01Z"}),
    "no-signature": ("does not fit its signature", lambda told: {**told, "signature": ""}),
    "more": ("is not a checkpoint", lambda told: {**told, "note": "x"}),
    "less": ("is not a checkpoint", lambda told: {k: v for k, v in told.items() if k != "root"}),
    "text-size": ("is not a checkpoint", lambda told: {**told, "size": "3"}),
    "other-format": ("is not a checkpoint", lambda told: {**told, "format": "checkpoint/2"}),
}


@pytest.mark.parametrize(("told", "forge"), FORGED.values(), ids=list(FORGED))
def test_a_forged_checkpoint_is_refused(
    tmp_path: Path, told: str, forge: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    checkpoints = grow(tmp_path / "home", 3)
    signed = json.loads(checkpoints.sign(NOON).document())
    published = tmp_path / "published.json"
    published.write_text(json.dumps(signed, indent=2))
    assert checkpoints.verify(published).checkpoints == 2
    forged = json.dumps(forge(signed))
    published.write_text(forged)
    with pytest.raises(ActionNeeded, match=rf"published\.json {told}") as caught:
        checkpoints.verify(published)
    assert caught.value.state is State.CHECKPOINT_REFUSED
    with checkpoints.file.open("a") as kept:
        kept.write(forged + "\n")
    with pytest.raises(ActionNeeded, match=rf"^Line 2 of .*checkpoints\.jsonl {told}"):
        checkpoints.verify()


@pytest.mark.parametrize("what", ["head", "root"])
def test_not_even_the_own_key_makes_a_wrong_checkpoint_right(tmp_path: Path, what: str) -> None:
    checkpoints = grow(tmp_path / "home", 3)
    told = json.loads(checkpoints.sign(NOON).document())
    key = load_pem_private_key(checkpoints.key_file.read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    published = tmp_path / "published.json"
    published.write_text(json.dumps(signed_by(key, told)))
    assert checkpoints.verify(published).checkpoints == 2
    published.write_text(json.dumps(signed_by(key, {**told, what: "1" * 64})))
    with pytest.raises(ActionNeeded, match=r"^What is in line 3 of the trail"):
        checkpoints.verify(published)


def test_a_key_that_was_replaced_shows_by_the_published_checkpoint(tmp_path: Path) -> None:
    home = tmp_path / "home"
    published = tmp_path / "published.json"
    published.write_text(grow(home, 3).sign(NOON).document())
    for name in ("trail.jsonl", "trail.key", "checkpoints.jsonl"):
        (home / name).unlink()
    forged = grow(home, 3)
    forged.sign(NOON)
    assert forged.verify().checkpoints == 1
    with pytest.raises(ActionNeeded, match=r"published\.json is of another key"):
        forged.verify(published)


def write(file: Path, entries: int) -> None:
    """Write a long trail without syncing each line."""
    head = Head(0, START)
    with file.open("wb") as out:
        for number in range(entries):
            head, line = _entry(head, "2026-06-15T12:00:00Z", "run.started", {"run": number})
            out.write(line)


def test_a_trail_ten_times_as_long_takes_no_more_memory(tmp_path: Path) -> None:
    peaks = []
    for entries in (1_500, 15_000):
        home = tmp_path / f"{entries}"
        home.mkdir()
        write(home / "trail.jsonl", entries)
        checkpoints = Checkpoints(Trail(home / "trail.jsonl"))
        checkpoints.sign(NOON)
        tracemalloc.start()
        assert checkpoints.verify().covered == entries
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (tmp_path / "15000" / "trail.jsonl").stat().st_size > 3_000_000
    assert peaks[1] < peaks[0] + 20_000
    assert peaks[1] < 500_000


def test_a_checkpoint_holds_nothing_but_counts_hashes_and_a_time() -> None:
    assert set(Checkpoint.model_fields) == {
        "format", "size", "head", "root", "at", "public_key", "signature",
    }  # fmt: skip
