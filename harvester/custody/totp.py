"""Time-based one-time codes, as RFC 6238 has them, from a secret as portals hand it out."""

from __future__ import annotations

import hashlib
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pyotp

from harvester.custody.files import refused
from harvester.custody.secret import Secret

_DIGESTS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}


class _Totp(pyotp.TOTP):
    min_secret_length_bits = 80
    """Many portals hand out 16 characters, which is less than what pyotp asks for."""


def code(secret: Secret, whose: str, at: datetime) -> str:
    """Return the code of a moment: of 30 s, six digits and SHA-1 unless the secret says otherwise.

    The secret is base32, or an otpauth://totp/ address
    (https://github.com/google/google-authenticator/wiki/Key-Uri-Format). Raises Misconfigured.
    """
    found = _code(secret.reveal().strip(), at)
    if found is None:
        raise refused(
            f"The TOTP secret of {whose} is neither base32 nor a sound otpauth://totp/ address;"
            " give it again with `harvester member add --totp`."
        )
    return found


def _code(text: str, at: datetime) -> str | None:
    """Return the code, or None; an error from below could hold the secret."""
    try:
        if not text.lower().startswith("otpauth:"):
            return _Totp(_bare(text)).at(at)
        address = urlsplit(text)
        if address.netloc.lower() != "totp":
            return None
        named = parse_qs(address.query, strict_parsing=True)
        if any(len(values) > 1 for values in named.values()):
            return None
        told = {name: values[0] for name, values in named.items()}
        return _Totp(
            _bare(told["secret"]),
            digits=int(told.get("digits", "6")),
            digest=_DIGESTS[told.get("algorithm", "SHA1").upper()],
            interval=int(told.get("period", "30")),
        ).at(at)
    except (ValueError, KeyError):
        return None


def _bare(text: str) -> str:
    """Return base32 as it is meant, however a page grouped it for people."""
    return text.replace(" ", "").replace("-", "").rstrip("=").upper()
