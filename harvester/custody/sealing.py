"""Bytes closed to one age identity and opened by it, as https://age-encryption.org/v1 has it."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Any, NamedTuple

import pyrage  # type: ignore[import-untyped]
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
)

from harvester.custody.secret import Secret

_STANZA = re.compile(rb"^-> (?!\S*-grease)", re.MULTILINE)
"""What a header has for each recipient; the grease that some programs add is for nobody."""
_UNFIT = (pyrage.IdentityError, pyrage.RecipientError, UnsupportedAlgorithm)


class Key(NamedTuple):
    """What opens and what closes."""

    identity: Any
    recipient: Any


class Shut(Exception):
    """Sealed bytes that did not open: they are another's, or damaged."""

    def __init__(self, *, anothers: bool) -> None:
        super().__init__("it is another's" if anothers else "it is damaged")
        self.anothers = anothers


def new_identity() -> Secret:
    """Make an X25519 identity (AGE-SECRET-KEY-1…)."""
    return Secret(str(pyrage.x25519.Identity.generate()))


def key_of(identity: Secret) -> Key | None:
    """Return the key of one age identity or one SSH key without a passphrase; else None."""
    lines = [line.strip() for line in identity.reveal().splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    try:
        if len(lines) == 1:
            key = pyrage.x25519.Identity.from_str(lines[0])
            return Key(key, key.to_public())
        text = "\n".join([*lines, ""]).encode()
        public = load_ssh_private_key(text, None).public_key()
        line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        return Key(pyrage.ssh.Identity.from_buffer(text), pyrage.ssh.Recipient.from_str(line))
    except (*_UNFIT, ValueError, TypeError):
        return None


def seal(content: bytes, key: Key) -> bytes:
    """Close bytes to a key."""
    sealed: bytes = pyrage.encrypt(content, [key.recipient])
    return sealed


def unseal(sealed: bytes, key: Key) -> bytes:
    """Open bytes, armored or not; raises Shut."""
    try:
        opened: bytes = pyrage.decrypt(sealed, [key.identity])
    except pyrage.DecryptError as error:
        anothers = "No matching keys" in str(error)
    else:
        return opened
    raise Shut(anothers=anothers)


def recipients(sealed: bytes) -> int:
    """Count to whom bytes are closed, from their header."""
    if sealed.startswith(b"-----BEGIN"):
        try:
            sealed = b64decode(b"".join(sealed.split()[4:-4]))
        except binascii.Error:
            return 0
    return len(_STANZA.findall(sealed.partition(b"\n---")[0]))
