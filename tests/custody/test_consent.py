"""A permission holds for exactly what it says, and what cannot be read permits nothing."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from harvester.custody import consent
from harvester.custody.authorization import SCOPES, Authorization, Scope, made, new_id
from harvester.custody.consent import Permission, permission
from harvester.errors import MEANINGS, ActionNeeded, Failure, Misconfigured, State
from harvester.model import Kind
from harvester.store.audit import SHAPES

BEGIN = datetime(2026, 6, 1, 5, tzinfo=UTC)
"""Midnight in Chicago."""
NOON = datetime(2026, 6, 15, 17, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST, SECOND = "1000101001", "1000303002"
PDF = b"%PDF-1.4 signed"
EVERYTHING = frozenset(Scope)


def record(**told: object) -> Authorization:
    plain: dict[str, object] = {
        "id": new_id(),
        "member": "house",
        "profile": "caec",
        "grantor": "Sample Resident",
        "role": "account holder",
        "effective_from": BEGIN,
        "granted_at": BEGIN,
        "document": hashlib.sha256(PDF).hexdigest(),
    }
    return made(Authorization, plain | told)


def grant(home: Path, **told: object) -> Authorization:
    made_now = record(**told)
    consent.grant(home, made_now, PDF)
    return made_now


def ask(home: Path, at: datetime = NOON) -> Permission:
    return permission(home, "house", "caec", at)


def refused(home: Path, state: State, at: datetime = NOON) -> str:
    with pytest.raises(ActionNeeded) as caught:
        ask(home, at)
    assert caught.value.state is state
    said = f"{caught.value}"
    assert said.count("\n") == 0
    assert said.endswith(".")
    return said


def test_without_a_record_nothing_is_permitted(tmp_path: Path) -> None:
    said = refused(tmp_path, State.AUTHORIZATION_MISSING)
    assert "harvester authorize add house" in said
    assert [
        (MEANINGS[state].exit_code, MEANINGS[state].actor)
        for state in (
            State.AUTHORIZATION_MISSING,
            State.AUTHORIZATION_EXPIRED,
            State.AUTHORIZATION_REVOKED,
        )
    ] == [(60, "account holder"), (61, "account holder"), (62, "account holder")]


def test_a_record_permits_its_accounts_and_scopes_and_no_others(tmp_path: Path) -> None:
    grant(tmp_path, accounts=(FIRST,), scopes=("bills", "notes"))
    permitted = ask(tmp_path)
    assert permitted.admits(FIRST) == {Scope.BILLS, Scope.NOTES}
    assert permitted.admits(SECOND) == frozenset()
    permitted.demand(FIRST, Scope.BILLS)
    for number, scope in ((FIRST, Scope.PAYMENTS), (SECOND, Scope.BILLS)):
        with pytest.raises(ActionNeeded, match=rf"the {scope} of …{number[-3:]}") as caught:
            permitted.demand(number, scope)
        assert caught.value.state is State.AUTHORIZATION_MISSING
        assert number not in f"{caught.value}"


def test_a_record_without_accounts_is_of_the_whole_sign_in(tmp_path: Path) -> None:
    grant(tmp_path)
    assert ask(tmp_path).admits(FIRST) == ask(tmp_path).admits("anything") == EVERYTHING


def test_a_record_is_of_one_sign_in_at_one_utility(tmp_path: Path) -> None:
    grant(tmp_path)
    for member, utility in (("barn", "caec"), ("house", "union-power")):
        with pytest.raises(ActionNeeded):
            permission(tmp_path, member, utility, NOON)


def test_it_holds_from_its_first_moment_to_the_last_before_its_end(tmp_path: Path) -> None:
    grant(tmp_path, expires_at=BEGIN + 30 * DAY)
    moment = timedelta(microseconds=1)
    assert "in force from 2026-06-01 on" in refused(
        tmp_path, State.AUTHORIZATION_MISSING, BEGIN - moment
    )
    assert ask(tmp_path, BEGIN).admits(FIRST) == EVERYTHING
    assert ask(tmp_path, BEGIN + 30 * DAY - moment).admits(FIRST) == EVERYTHING
    said = refused(tmp_path, State.AUTHORIZATION_EXPIRED, BEGIN + 30 * DAY)
    assert "harvester authorize letter house" in said


def test_several_add_up_each_with_its_own_history(tmp_path: Path) -> None:
    grant(tmp_path, accounts=(FIRST,), scopes=("bills",), history_from=date(2025, 1, 1))
    grant(tmp_path, accounts=(FIRST,), scopes=("bills",), history_from=date(2024, 6, 1))
    grant(tmp_path, accounts=(FIRST,), scopes=("intervals",), runs_a_day=4)
    grant(tmp_path, accounts=(SECOND,), history_from=date(2023, 1, 1), runs_a_day=2)
    permitted = ask(tmp_path)
    assert permitted.admits(FIRST) == {Scope.BILLS, Scope.INTERVALS}
    assert permitted.admits(SECOND) == EVERYTHING
    assert permitted.history_from(FIRST, Scope.BILLS) == date(2024, 6, 1)
    assert permitted.history_from(FIRST, Scope.INTERVALS) == date.min
    assert permitted.history_from(SECOND, Scope.BILLS) == date(2023, 1, 1)
    assert permitted.history_from(FIRST, Scope.NOTES) == date.max
    assert permitted.runs_a_day == 2


def test_a_revocation_ends_it_at_once_and_leaves_the_others(tmp_path: Path) -> None:
    first, second = grant(tmp_path, accounts=(FIRST,)), grant(tmp_path, accounts=(SECOND,))
    assert ask(tmp_path).admits(FIRST) == EVERYTHING
    consent.revoke(tmp_path, first.id, "They moved.", NOON)
    permitted = ask(tmp_path)
    assert (permitted.admits(FIRST), permitted.admits(SECOND)) == (frozenset(), EVERYTHING)
    with pytest.raises(ActionNeeded, match="revoked on 2026-06-15") as caught:
        permitted.demand(FIRST, Scope.BILLS)
    assert caught.value.state is State.AUTHORIZATION_REVOKED
    consent.revoke(tmp_path, second.id, "They moved.", NOON + DAY)
    said = refused(tmp_path, State.AUTHORIZATION_REVOKED, NOON + DAY)
    assert second.id in said
    assert "They moved" not in said


def test_a_revocation_stays_when_the_clock_is_moved_back(tmp_path: Path) -> None:
    consent.revoke(tmp_path, grant(tmp_path).id, "No more.", NOON)
    refused(tmp_path, State.AUTHORIZATION_REVOKED, NOON - DAY)


def test_nothing_but_the_end_of_a_record_ever_changes(tmp_path: Path) -> None:
    granted = grant(tmp_path, once=True)
    (file,) = (tmp_path / "authorizations" / "house").glob("*.json")
    before = json.loads(file.read_text())
    consent.use(tmp_path, ask(tmp_path), NOON)
    consent.revoke(tmp_path, granted.id, "Done with.", NOON + DAY)
    after = json.loads(file.read_text())
    ended = {"used_at": "2026-06-15T17:00:00Z", "revoked_at": "2026-06-16T17:00:00Z"}
    assert after == before | ended | {"reason": "Done with."}
    with pytest.raises(Misconfigured, match=r"already revoked on 2026-06-16"):
        consent.revoke(tmp_path, granted.id, "Again.", NOON + 2 * DAY)
    assert json.loads(file.read_text()) == after
    with pytest.raises(Misconfigured, match="recorded already"):
        consent.grant(tmp_path, granted, PDF)


def test_what_is_for_once_is_used_up_by_a_finished_run(tmp_path: Path) -> None:
    single = grant(tmp_path, once=True)
    assert ask(tmp_path).once == ask(tmp_path).once == (single.id,)
    assert consent.use(tmp_path, ask(tmp_path), NOON) == (single.id,)
    assert "used up on 2026-06-15" in refused(tmp_path, State.AUTHORIZATION_EXPIRED)
    grant(tmp_path)
    assert ask(tmp_path).once == ()


def test_the_refusal_speaks_of_the_one_to_come_or_of_the_last_that_ended(tmp_path: Path) -> None:
    old = grant(tmp_path, expires_at=BEGIN + DAY)
    newer = grant(tmp_path, expires_at=BEGIN + 2 * DAY)
    assert newer.id in refused(tmp_path, State.AUTHORIZATION_EXPIRED)
    consent.revoke(tmp_path, old.id, "Late.", NOON - DAY)
    assert old.id in refused(tmp_path, State.AUTHORIZATION_REVOKED)
    coming = grant(tmp_path, effective_from=NOON + DAY)
    said = refused(tmp_path, State.AUTHORIZATION_MISSING)
    assert coming.id in said
    assert "run again then" in said


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-2],
        lambda text: text[:0],
        lambda text: text.replace('"caec"', '"caec", "extra": 1'),
        lambda text: text.replace("account holder", "call 334-555-0101"),
        lambda text: re.sub(r'"effective_from": "[^"]+"', '"effective_from": "2026-06-01"', text),
        lambda text: text.replace('"house"', '"barn"'),
    ],
    ids=["cut short", "empty", "another key", "contact data", "no time zone", "another member"],
)
def test_a_file_that_is_no_authorization_permits_nothing(tmp_path: Path, spoil: object) -> None:
    grant(tmp_path)
    ask(tmp_path)
    (file,) = (tmp_path / "authorizations" / "house").glob("*.json")
    text = file.read_text()
    file.write_text(spoil(text))  # type: ignore[operator]
    said = refused(tmp_path, State.AUTHORIZATION_MISSING)
    assert f"{file}" in said
    assert "permits nothing" in said
    file.write_text(text)
    assert ask(tmp_path).admits(FIRST) == EVERYTHING


def test_a_file_that_others_could_have_written_permits_nothing(tmp_path: Path) -> None:
    grant(tmp_path)
    (file,) = (tmp_path / "authorizations" / "house").glob("*.json")
    file.chmod(0o620)
    assert "chmod 600" in refused(tmp_path, State.AUTHORIZATION_MISSING)


def test_a_broken_file_takes_nothing_from_the_others(tmp_path: Path) -> None:
    grant(tmp_path, accounts=(FIRST,))
    broken = tmp_path / "authorizations" / "house" / "bbbb-bbbb.json"
    broken.write_text("{")
    broken.chmod(0o600)
    assert ask(tmp_path).admits(FIRST) == EVERYTHING


def test_a_folder_that_is_a_file_is_a_failure_and_no_empty_list(tmp_path: Path) -> None:
    (tmp_path / "authorizations").mkdir()
    (tmp_path / "authorizations" / "house").write_text("")
    with pytest.raises(Misconfigured, match="Not a directory"):
        ask(tmp_path)


def test_it_is_asked_a_thousand_times_and_parsed_once(tmp_path: Path) -> None:
    single = grant(tmp_path)
    consent._read.cache_clear()
    for _ in range(1000):
        ask(tmp_path)
    assert consent._read.cache_info().misses == 1
    consent.revoke(tmp_path, single.id, "Enough.", NOON)
    refused(tmp_path, State.AUTHORIZATION_REVOKED)


def test_records_are_their_owners_alone_with_the_document_as_it_was(tmp_path: Path) -> None:
    single = grant(tmp_path)
    folder = tmp_path / "authorizations"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files if path.suffix} == {".json", ".pdf"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((folder / "house").stat().st_mode) == 0o700
    copy = folder / "house" / f"{single.id}.pdf"
    assert copy.read_bytes() == PDF
    assert consent.signed(tmp_path, single)
    copy.write_bytes(PDF + b" ")
    assert not consent.signed(tmp_path, single)
    copy.unlink()
    assert not consent.signed(tmp_path, single)


@pytest.mark.parametrize(
    "text",
    [
        "Sample Resident, 334-555-0101",
        "Sample (334) 555 2010",
        "sample@example.com",
        "sample (at) example.com",
        "card ending in 1987",
        "SSN 2010",
        "last four: 1987",
        "account 1000101001",
        "123-45-6789",
        "x4417",
        "٣٣٤٥٥٥٠١٠١",
        "two\nlines",
        " spaced",
        "",
        "a" * 201,
    ],
)
@pytest.mark.parametrize("field", ["grantor", "role", "grantee", "purpose"])
def test_contact_data_is_refused_and_never_repeated(field: str, text: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        record(**{field: text})
    assert caught.value.state is State.INVALID_AUTHORIZATION
    assert f"{caught.value}".startswith(field.capitalize())
    assert not text.strip() or text.strip() not in f"{caught.value}"


@pytest.mark.parametrize(
    "text",
    [
        "rate study 2025-2026",
        "solar, 2 arrays, before 2026-12-31",
        "Unit 7 of 120",
        "José Ricardo Sample 3rd",
        "Sample & Sons",
    ],
)
def test_ordinary_words_and_years_are_no_contact_data(text: str) -> None:
    assert record(grantor=text, purpose=text).purpose == text


def test_an_account_number_is_taken_as_printed_and_a_phone_or_ssn_is_not() -> None:
    assert record(accounts=("1000101-001", "1000 3030.02")).accounts == (FIRST, "1000303002")
    for text in ("(334) 555-0101", "334-555-0101", "123-45-6789", "a@b.c", "123", "", "1" * 21):
        with pytest.raises(Misconfigured, match="account number"):
            record(accounts=(text,))


@pytest.mark.parametrize(
    "told",
    [
        {"accounts": ()},
        {"scopes": ()},
        {"scopes": ("everything",)},
        {"expires_at": BEGIN},
        {"retention_days": 0},
        {"runs_a_day": 0},
        {"document": None},
        {"document": "x"},
        {"attestation": "So it is."},
        {"revoked_at": NOON},
        {"reason": "Because."},
        {"effective_from": datetime(2026, 6, 1)},  # noqa: DTZ001 - that is what is refused
        {"phone": "334"},
        {"id": "12345"},
    ],
    ids=str,
)
def test_a_record_that_contradicts_itself_is_never_made(told: dict[str, object]) -> None:
    with pytest.raises(Misconfigured):
        record(**told)


def test_an_unknown_id_is_one_sentence_whatever_it_looks_like(tmp_path: Path) -> None:
    grant(tmp_path)
    for name in ("bbbb-bbbb", "../house/x", "*", ""):
        with pytest.raises(Failure, match="There is no authorization"):
            consent.revoke(tmp_path, name, "x", NOON)


def test_ids_fit_into_the_trail_and_differ() -> None:
    made_up = {new_id() for _ in range(200)}
    assert len(made_up) == 200
    assert all(SHAPES["authorization"].fullmatch(name) for name in made_up)
    assert SHAPES["scope"].fullmatch(".".join(Scope))


def test_every_kind_of_artifact_needs_a_scope_and_every_scope_has_one() -> None:
    assert set(SCOPES) == set(Kind)
    assert set(SCOPES.values()) == EVERYTHING


def test_the_strictest_of_those_in_force_says_how_long_it_is_kept() -> None:
    long, short, none = record(retention_days=90), record(retention_days=30), record()
    later = record(retention_days=7, effective_from=NOON)
    bills = record(retention_days=1, scopes=("bills",), accounts=(FIRST,))
    every = [long, short, none, later, bills]

    def days(number: str, scope: Scope, at: datetime) -> int | None:
        return consent.kept_days(every, number, scope, at)

    assert days(SECOND, Scope.NOTES, BEGIN) == 30
    assert days(SECOND, Scope.NOTES, NOON) == 7
    assert days(SECOND, Scope.BILLS, BEGIN) == 30
    assert days(FIRST, Scope.BILLS, BEGIN) == 1
    assert days(FIRST, Scope.BILLS, BEGIN - DAY) == 1
    assert consent.kept_days([none], FIRST, Scope.NOTES, NOON) is None
    assert consent.kept_days([], FIRST, Scope.NOTES, NOON) is None
