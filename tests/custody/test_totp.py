"""One-time codes are those of RFC 6238, from whatever way a portal writes its secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from pathlib import Path

import pytest
from entrusted import HOUSE, refused, settings_of, vault_of

from harvester.custody import totp
from harvester.custody.secret import Secret
from harvester.custody.vault import TOTP

SEED = b"12345678901234567890"
B32 = base64.b32encode(SEED).decode()
B32_32 = base64.b32encode((SEED * 2)[:32]).decode()
B32_64 = base64.b32encode((SEED * 4)[:64]).decode()


def code(text: str, seconds: int) -> str:
    return totp.code(Secret(text), "house", datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(
    ("seconds", "sha1", "sha256", "sha512"),
    [
        (59, "94287082", "46119246", "90693936"),
        (1111111109, "07081804", "68084774", "25091201"),
        (1111111111, "14050471", "67062674", "99943326"),
        (1234567890, "89005924", "91819424", "93441116"),
        (2000000000, "69279037", "90698825", "38618901"),
        (20000000000, "65353130", "77737706", "47863826"),
    ],
)
def test_codes_are_those_of_the_standards_appendix(
    seconds: int, sha1: str, sha256: str, sha512: str
) -> None:
    address = "otpauth://totp/Portal:house?issuer=Portal&digits=8&secret="
    assert code(f"{address}{B32}", seconds) == sha1
    assert code(f"{address}{B32_32}&algorithm=SHA256", seconds) == sha256
    assert code(f"{address}{B32_64}&algorithm=sha512", seconds) == sha512


def test_six_digits_and_thirty_seconds_unless_the_address_says_otherwise() -> None:
    # RFC 4226, appendix D: 755224 is the code of counter 0, 287082 that of counter 1.
    assert code(B32, 29) == "755224"
    assert code(B32, 30) == "287082"
    assert code(f"otpauth://totp/a?secret={B32}", 30) == "287082"
    assert code(f"otpauth://totp/a?secret={B32}&period=60", 59) == "755224"
    assert code(f"otpauth://totp/a?secret={B32}&period=60", 60) == "287082"


@pytest.mark.parametrize(
    "written",
    [
        "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
        "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ",
        f"  {B32}  ",
        f"otpauth://totp/a?secret={B32.lower()}",
        f"OTPAUTH://TOTP/a?secret={B32}",
    ],
)
def test_a_secret_may_be_written_as_pages_group_it(written: str) -> None:
    assert code(written, 59) == "287082"


def test_the_short_secrets_of_many_portals_are_taken() -> None:
    # Sixteen characters are ten bytes; the code is worked out here as RFC 4226 section 5.3 says.
    digest = hmac.digest(SEED[:10], (1).to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    assert code(base64.b32encode(SEED[:10]).decode(), 59) == f"{number % 1_000_000:06}"


@pytest.mark.parametrize(
    "wrong",
    [
        "Pa55!",
        "Pa55word",
        "otpauth://totp/Pa55",
        f"otpauth://hotp/a?secret={B32}&counter=1",
        f"otpauth://totp/a?secret={B32}&secret={B32}",
        f"otpauth://totp/a?secret={B32}&digits=Pa55",
        f"otpauth://totp/a?secret={B32}&digits=3",
        f"otpauth://totp/a?secret={B32}&algorithm=MD5",
        f"otpauth://totp/a?secret={B32}&period=0",
        "otpauth://totp/a?secret=",
        "otpauth://[totp/a?secret=Pa55",
    ],
)
def test_what_gives_no_code_is_refused_without_being_shown(tmp_path: Path, wrong: str) -> None:
    vault, _ = vault_of(settings_of(tmp_path))
    vault.keep(HOUSE, TOTP, Secret(wrong))
    at = datetime(2026, 6, 12, tzinfo=UTC)
    failure = refused(lambda: vault.code(HOUSE, at), "house", "`harvester member add --totp`")
    assert B32 not in str(failure)
