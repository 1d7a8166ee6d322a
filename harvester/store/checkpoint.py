"""Signed statements of what the trail held at a time, which show later whether it still does.

A checkpoint commits to the first entries of the trail by the head of their chain and by the root of
their Merkle tree, and is signed with the home's own key. Who keeps one elsewhere can tell whether
the home's trail was cut off or written anew, even by somebody who has the key.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harvester.errors import ActionNeeded, State
from harvester.store.audit import START, Torn, Trail, canonical, moment_of
from harvester.store.home import sync_folder, unusable, write_private


class Tree:
    """The Merkle tree of RFC 6962, section 2.1, of which only the roots of full subtrees are kept.

    A leaf is hashed behind a byte 0 and a node behind a byte 1, so that none passes for the other.
    """

    def __init__(self) -> None:
        self.size = 0
        self._full: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add one leaf behind the others."""
        root = hashlib.sha256(b"\0" + leaf).digest()
        same = self.size
        while same & 1:  # each subtree of the same size joins it to one of twice that
            root = _node(self._full.pop(), root)
            same >>= 1
        self._full.append(root)
        self.size += 1

    def root(self) -> str:
        """Return the hash of all leaves so far; that of nothing if there are none."""
        if not self._full:
            return hashlib.sha256().hexdigest()
        root = self._full[-1]
        for left in reversed(self._full[:-1]):
            root = _node(left, root)
        return root.hex()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Checkpoint(BaseModel):
    """What is signed, and published: nothing in it is about a person."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal["harvester-checkpoint/1"] = "harvester-checkpoint/1"
    size: int = Field(ge=0)
    """So many entries, from the first."""
    head: str = Field(pattern="^[0-9a-f]{64}$")
    """The hash of the last of them; zeros if there is none."""
    root: str = Field(pattern="^[0-9a-f]{64}$")
    """The root of their Merkle tree, each leaf a line of the trail less its end."""
    at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
    public_key: str = Field(pattern="^[0-9a-f]{64}$")
    signature: str = Field(default="", pattern="^([0-9a-f]{128})?$")
    """Ed25519, over the canonical JSON of all the rest."""

    def message(self) -> bytes:
        """Return what is signed."""
        return canonical(self.model_dump(exclude={"signature"}))

    def document(self) -> str:
        """Return it as one line of JSON."""
        return canonical(self.model_dump()).decode() + "\n"


class Verdict(NamedTuple):
    """How far a trail was found to be what was written."""

    entries: int
    checkpoints: int
    covered: int
    """So many of the entries are held by a checkpoint; the others by their chain alone."""
    head: str
    root: str


class Checkpoints:
    """The checkpoints of a trail, kept beside it with the key that signs them."""

    def __init__(self, trail: Trail) -> None:
        self.trail = trail
        self.file = trail.file.with_name("checkpoints.jsonl")
        self.key_file = trail.file.with_name("trail.key")

    def sign(self, at: datetime) -> Checkpoint:
        """Check the trail as `verify` does, sign what it holds and keep that.

        The key is made with the first checkpoint. Raises as `verify`, and Misconfigured where the
        home cannot be written or others can read the key.
        """
        with self._locked_key() as key:
            kept = self._kept(key.public_key())
            found = _follow(self.trail, kept)
            bare = Checkpoint(
                size=found.entries,
                head=found.head,
                root=found.root,
                at=moment_of(at),
                public_key=key.public_key().public_bytes_raw().hex(),
            )
            signature = key.sign(bare.message()).hex()
            checkpoint = bare.model_copy(update={"signature": signature})
            lines = "".join(one.document() for one in (*kept, checkpoint))
            try:
                write_private(self.file, lines.encode())
            except OSError as error:
                raise unusable(self.file, error.strerror) from error
        return checkpoint

    def verify(self, published: Path | None = None) -> Verdict:
        """Check the trail, also against every kept checkpoint and one that was `published`.

        Raises ActionNeeded that names the first thing that is not as it was written.
        """
        key = None
        if self.key_file.exists() and (published or self.file.exists()):
            key = self._key().public_key()
        known = self._kept(key)
        if published:
            known.append(_read(published, key))
        return _follow(self.trail, known)

    def _kept(self, key: Ed25519PublicKey | None) -> list[Checkpoint]:
        if not self.file.exists():
            return []
        try:
            lines = self.file.read_bytes().splitlines()
        except OSError as error:
            raise unusable(self.file, error.strerror) from error
        return [
            _authentic(line, key, f"Line {number} of {self.file}")
            for number, line in enumerate(lines, start=1)
        ]

    @contextmanager
    def _locked_key(self) -> Iterator[Ed25519PrivateKey]:
        """Give the key, made if this is the first checkpoint, to one program at a time."""
        if self.file.exists() and not self.key_file.exists():
            raise _refused(f"{self.key_file}, which signed {self.file}, is missing",
                           "bring it back from a backup")  # fmt: skip
        try:
            handle = os.open(self.key_file, os.O_RDWR | os.O_CREAT, 0o600)
            with os.fdopen(handle, "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if not os.fstat(handle).st_size and not self.file.exists():
                    key = Ed25519PrivateKey.generate()
                    file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
                    file.flush()
                    os.fsync(handle)
                    sync_folder(self.key_file.parent)
                yield self._key()
        except OSError as error:
            raise unusable(self.key_file, error.strerror) from error

    def _key(self) -> Ed25519PrivateKey:
        try:
            if stat.S_IMODE(self.key_file.stat().st_mode) & 0o077:
                raise unusable(self.key_file, "others can read it: chmod 600")
            key = load_pem_private_key(self.key_file.read_bytes(), None)
        except OSError as error:
            raise unusable(self.key_file, error.strerror) from error
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise unusable(self.key_file, "not a private key") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise unusable(self.key_file, "not an Ed25519 key")
        return key


def _follow(trail: Trail, checkpoints: Sequence[Checkpoint]) -> Verdict:
    """Walk the trail once, in constant memory, and compare it where a checkpoint was signed."""
    waiting = deque(sorted(checkpoints, key=lambda one: one.size))
    tree, head, covered = Tree(), START, 0
    entries = trail.entries()
    while True:
        while waiting and waiting[0].size == tree.size:
            known = waiting.popleft()
            if (known.head, known.root) != (head, tree.root()):
                raise _other(trail, known, covered)
            covered = tree.size
        try:
            entry = next(entries, None)
        except Torn:
            if not waiting:
                raise
            entry = None
        if entry is None:
            break
        tree.add(entry.line)
        head = entry.hash
    if waiting:
        raise _truncated(trail, waiting[-1], tree.size)
    return Verdict(tree.size, len(checkpoints), covered, head, tree.root())


def _other(trail: Trail, known: Checkpoint, covered: int) -> ActionNeeded:
    since = min(covered + 1, known.size)
    place = f"lines {since} to {known.size}" if since < known.size else f"line {known.size}"
    return ActionNeeded(
        State.TRAIL_BROKEN,
        f"What is in {place} of the trail {trail.name} is not what the checkpoint of {known.at} was"
        " signed over, so entries were changed, removed or reordered and all hashes made anew; keep"
        " it as it is and compare it with a copy from before.",
    )


def _truncated(trail: Trail, known: Checkpoint, size: int) -> ActionNeeded:
    gone = f"line {known.size} was" if known.size == size + 1 else (
        f"lines {size + 1} to {known.size} were")  # fmt: skip
    return ActionNeeded(
        State.TRAIL_BROKEN,
        f"The trail {trail.name} was truncated: {gone} there when the checkpoint of {known.at} was"
        f" signed, and now it ends after line {size}; bring it back from a backup.",
    )


def _read(file: Path, key: Ed25519PublicKey | None) -> Checkpoint:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise _refused(f"{file} cannot be read ({error.strerror})", "name another file") from error
    return _authentic(content, key, f"The checkpoint {file}")


def _authentic(content: bytes, key: Ed25519PublicKey | None, where: str) -> Checkpoint:
    """Return the checkpoint if the home's key signed exactly this."""
    try:
        found = Checkpoint.model_validate_json(content)
    except ValidationError:
        raise _refused(
            f"{where} is not a checkpoint", "it was altered or is another file"
        ) from None
    if key is None:
        raise _refused(f"{where} cannot be told from a forged one without the home's trail.key",
                       "bring that back from a backup")  # fmt: skip
    own = key.public_bytes_raw().hex()
    if found.public_key != own:
        raise _refused(
            f"{where} is of another key ({found.public_key[:16]}…) than this home's ({own[:16]}…)",
            "it is of another home, or one of the two was forged",
        )
    try:
        key.verify(bytes.fromhex(found.signature), found.message())
    except InvalidSignature:
        raise _refused(f"{where} does not fit its signature", "it was altered or forged") from None
    return found


def _refused(what: str, then: str) -> ActionNeeded:
    return ActionNeeded(State.CHECKPOINT_REFUSED, f"{what}; {then}.")
