"""The letter says in plain words what is permitted, what never is done, and how it ends."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pypdfium2  # type: ignore[import-untyped]
import pytest

from harvester.custody.authorization import Scope, Terms, made
from harvester.custody.letter import NEVER, PLAIN_WORDS, write
from harvester.errors import Misconfigured

CHICAGO = ZoneInfo("America/Chicago")
WRITTEN = date(2026, 6, 30)


def terms(**told: object) -> Terms:
    plain: dict[str, object] = {
        "id": "bqkd-wmtz",
        "member": "house",
        "profile": "caec",
        "grantor": "José Sample",
        "role": "account holder",
        "accounts": ("1000101001",),
        "effective_from": datetime(2026, 7, 1, tzinfo=CHICAGO),
        "grantee": "Sample & Sons",
        "purpose": "comparing rates",
    }
    return made(Terms, plain | told)


def pages(**told: object) -> list[str]:
    content = write(terms(**told), "Sample Electric", "(800) 555-0100", WRITTEN)
    with pypdfium2.PdfDocument(content) as document:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def test_it_says_who_lets_whom_have_what_until_when() -> None:
    (page,) = pages(
        history_from=date(2024, 6, 1),
        expires_at=datetime(2027, 7, 1, tzinfo=CHICAGO),
        retention_days=365,
        runs_a_day=2,
        scopes=("bills", "intervals"),
    )
    for words in (
        "June 30, 2026",
        "Sample Electric Member services Phone (800) 555-0100",
        "I, José Sample, account holder of the account or accounts named here, authorize",
        "authorize Sample Electric to let Sample & Sons have the information",
        "Authorization bqkd-wmtz",
        "Accounts 1000101001",
        "History from June 1, 2024 on",
        "Purpose comparing rates",
        "Valid from July 1, 2026",
        "Valid until the end of June 30, 2027",
        "at most 2 times a day",
        "365 days after it was fetched, then deleted",
        PLAIN_WORDS[Scope.BILLS],
        PLAIN_WORDS[Scope.INTERVALS],
        "I may revoke this authorization at any time",
        "Signature Date",
        "Printed name (José Sample) Role (account holder)",
        *NEVER,
    ):
        assert words in page, words
    assert PLAIN_WORDS[Scope.PAYMENTS] not in page
    assert PLAIN_WORDS[Scope.NOTES] not in page


def test_what_nothing_limits_is_said_too() -> None:
    (page,) = pages(accounts=None)
    assert "every account that my sign-in on the member portal shows" in page
    assert "History all that the portal shows" in page
    assert "Valid until I revoke it" in page
    assert all(words in page for words in PLAIN_WORDS.values())
    assert "Valid until it was fetched once" in pages(once=True)[0]


def test_many_accounts_take_a_second_page_that_never_holds_the_signature_alone() -> None:
    first, second = pages(accounts=tuple(f"1000404{site:03}" for site in range(1, 61)))
    assert "1000404060" in first
    assert "How it is revoked" in second
    assert "Signature" in second
    assert "Authorization bqkd-wmtz Page 2" in second


def test_the_same_terms_give_the_same_bytes() -> None:
    assert write(terms(), "U", None, WRITTEN) == write(terms(), "U", None, WRITTEN)


def test_a_name_that_the_font_lacks_is_refused_and_not_printed_as_boxes() -> None:
    with pytest.raises(Misconfigured, match="grantor has letters"):
        pages(grantor="Łukasz Sample")
