"""`harvester authorize` records, shows and ends permissions, and says so in the trail."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2  # type: ignore[import-untyped]
import pytest

from harvester.cli import main
from harvester.custody.authorization import Scope
from harvester.custody.consent import permission
from harvester.errors import ActionNeeded, State
from harvester.members import Member, add
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.world import World
from harvester.settings import Settings
from harvester.store.audit import Trail

FIRST, SECOND = "1000101001", "1000303002"
INVALID = 63


class Told(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


Authorize = Callable[..., Told]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with one sign-in."""
    made = tmp_path / "home"
    add(Settings(home=made), Member(name="house", profile="caec", user="sandbox-home"))
    return made


@pytest.fixture
def authorize(home: Path, capsys: pytest.CaptureFixture[str]) -> Authorize:
    """Return a way to run `harvester authorize ... --home`."""

    def run(*arguments: object) -> Told:
        code = main(["authorize", *map(str, arguments), "--home", str(home)])
        return Told(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a PDF that could be the scan of a signed letter."""
    file = tmp_path_factory.mktemp("scans") / "scan.pdf"
    world = World()
    file.write_bytes(render(world, world.bills(FIRST)[0]))
    return file


def events(home: Path) -> list[tuple[str, dict[str, Any]]]:
    return [(entry.event, entry.facts) for entry in Trail(home / "trail.jsonl").entries()]


def one(authorize: Authorize) -> dict[str, Any]:
    (told,) = json.loads(authorize("list", "--json").out)
    return dict(told)


def test_a_member_attests_once_that_the_accounts_are_their_own(
    home: Path, authorize: Authorize
) -> None:
    told = authorize("add", "house", "--own")
    assert (told.code, told.err) == (0, "")
    sentence = "I hold every account that the sign-in house shows at Central Alabama Electric"
    assert sentence in told.out
    record = one(authorize)
    assert sentence in record["attestation"]
    assert "document" not in record
    assert (record["state"], record["words"]) == ("OK", "in force")
    permitted = permission(home, "house", "caec", datetime.now(UTC) + timedelta(days=10_000))
    assert permitted.admits(FIRST) == frozenset(Scope)
    ((event, facts),) = events(home)
    assert event == "authorization.added"
    assert facts == {
        "authorization": record["id"],
        "member": "house",
        "profile": "caec",
        "scope": "account.bills.payments.intervals.notes",
    }


def test_what_another_signed_is_recorded_with_its_limits_and_its_document(
    home: Path, authorize: Authorize, scan: Path
) -> None:
    told = authorize(
        *("add", "house", "--grantor", "Sample Resident", "--role", "account holder"),
        *("--document", scan, "--account", "1000101-001", SECOND, "--scope", "notes", "bills"),
        *("--history-from", "2025-01-01", "--effective-from", "2026-07-01"),
        *("--expires", "2026-12-31", "--purpose", "rate study", "--grantee", "Sample Advisers"),
        *("--retention-days", 90, "--runs-a-day", 2),
    )
    assert told.code == 0, told.err
    record = one(authorize)
    assert record["accounts"] == [FIRST, SECOND]
    assert record["scopes"] == ["bills", "notes"]
    # In Alabama a day begins at 05:00 UTC in summer and at 06:00 in winter.
    begin, end = datetime(2026, 7, 1, 5, tzinfo=UTC), datetime(2027, 1, 1, 6, tzinfo=UTC)
    assert datetime.fromisoformat(record["effective_from"]) == begin
    assert datetime.fromisoformat(record["expires_at"]) == end
    assert (record["retention_days"], record["runs_a_day"]) == (90, 2)
    assert (record["purpose"], record["grantee"]) == ("rate study", "Sample Advisers")
    permitted = permission(home, "house", "caec", begin)
    assert permitted.admits(FIRST) == {Scope.BILLS, Scope.NOTES}
    assert permitted.history_from(SECOND, Scope.NOTES) == date(2025, 1, 1)
    with pytest.raises(ActionNeeded, match="expired after 2026-12-31"):
        permission(home, "house", "caec", end)
    (copy,) = (home / "authorizations" / "house").glob("*.pdf")
    assert copy.read_bytes() == scan.read_bytes()
    assert events(home)[0][1]["document"] == record["document"]


def test_every_scope_can_be_named(authorize: Authorize) -> None:
    for scope in Scope:
        assert authorize("add", "house", "--own", "--scope", scope).code == 0
    named = [record["scopes"] for record in json.loads(authorize("list", "--json").out)]
    assert sorted(named) == sorted([scope] for scope in Scope)


def test_a_revocation_is_shown_with_its_reason_and_noted_without(
    home: Path, authorize: Authorize
) -> None:
    authorize("add", "house", "--own")
    name = one(authorize)["id"]
    told = authorize("revoke", name, "--reason", "House was sold.")
    assert (told.code, told.err) == (0, "")
    with pytest.raises(ActionNeeded) as caught:
        permission(home, "house", "caec", datetime.now(UTC))
    assert caught.value.state is State.AUTHORIZATION_REVOKED
    assert "harvester authorize add house --own" in f"{caught.value}"
    assert "(House was sold.)" in one(authorize)["words"]
    assert "House was sold." in " ".join(authorize("list").out.split())
    assert events(home)[-1][0] == "authorization.revoked"
    assert "sold" not in (home / "trail.jsonl").read_text()
    again = authorize("revoke", name, "--reason", "Once more.")
    assert (again.code, again.out) == (INVALID, "")


def test_a_letter_comes_back_signed_and_is_recorded_as_it_was_written(
    home: Path, authorize: Authorize, scan: Path, tmp_path: Path
) -> None:
    out = tmp_path / "letter.pdf"
    told = authorize(
        *("letter", "house", "--out", out, "--grantor", "Sample Resident", "--role", "tenant"),
        *("--grantee", "Sample Advisers", "--purpose", "rate study", "--account", FIRST),
        *("--once", "--scope", "intervals"),
    )
    assert told.code == 0, told.err
    name = out_id(told)
    assert name in text(out)
    assert json.loads(authorize("list", "--json").out) == []
    with pytest.raises(ActionNeeded):
        permission(home, "house", "caec", datetime.now(UTC))
    assert authorize("add", "house", "--letter", name, "--document", scan).code == 0
    record = one(authorize)
    assert record["id"] == name
    assert (record["grantor"], record["role"]) == ("Sample Resident", "tenant")
    assert (record["accounts"], record["scopes"], record["once"]) == ([FIRST], ["intervals"], True)
    permitted = permission(home, "house", "caec", datetime.now(UTC))
    assert permitted.once == (name,)
    authorize("revoke", name, "--reason", "No more.")
    again = authorize("add", "house", "--letter", name, "--document", scan)
    assert (again.code, again.out) == (INVALID, "")
    assert one(authorize)["state"] == "AUTHORIZATION_REVOKED"
    assert [event for event, _ in events(home)] == [
        "authorization.letter",
        "authorization.added",
        "authorization.revoked",
    ]


def out_id(told: Told) -> str:
    return told.out.split()[1]


def text(file: Path) -> str:
    with pypdfium2.PdfDocument(file) as document:
        return " ".join(page.get_textpage().get_text_range() for page in document)


GIVEN = ("--grantor", "Sample", "--role", "holder")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--own", "--role", "owner"), "leave them out"),
        (GIVEN, "--document"),
        (("--grantor", "Sample", "--document", "SCAN"), "--role"),
        (("--letter", "bbbb-bbbb", "--document", "SCAN"), "No letter"),
        (("--letter", "bbbb-bbbb", "--document", "SCAN", "--once"), "says it all"),
        ((*GIVEN, "--document", "nowhere.pdf"), "No such file"),
        ((*GIVEN, "--document", "TEXT"), "no PDF"),
        ((*GIVEN, "--document", "SCAN", "--expires", "2020-01-01"), "end before it begins"),
        ((*GIVEN, "--document", "SCAN", "--account", "123-45-6789"), "Accounts"),
        ((*GIVEN, "--document", "SCAN", "--purpose", "call 334-555-0101"), "Purpose"),
    ],
)
def test_what_does_not_fit_is_one_sentence_and_leaves_no_trace(
    home: Path, authorize: Authorize, scan: Path, arguments: tuple[str, ...], said: str
) -> None:
    plain = home / "plain.pdf"
    plain.write_text("%PDF-1.4 is what it only claims to be")
    files = {"SCAN": str(scan), "TEXT": str(plain)}
    told = authorize("add", "house", *(files.get(word, word) for word in arguments))
    assert (told.code, told.out, told.err.count("\n")) == (INVALID, "", 1)
    assert said in told.err
    assert "555" not in told.err
    assert not list(home.glob("authorizations/*/*"))
    assert events(home) == []


def test_a_file_that_permits_nothing_is_listed_as_that(home: Path, authorize: Authorize) -> None:
    assert "Nobody has permitted anything yet" in authorize("list").out
    authorize("add", "house", "--own")
    (file,) = home.glob("authorizations/house/*.json")
    file.write_text("{}")
    record = one(authorize)
    assert record["words"] == "is not an authorization, so it permits nothing"
    assert "permits nothing" in " ".join(authorize("list").out.split())


def test_a_changed_document_shows_in_the_list(home: Path, authorize: Authorize, scan: Path) -> None:
    authorize("add", "house", *GIVEN, "--document", scan)
    assert one(authorize)["words"] == "in force"
    (copy,) = home.glob("authorizations/house/*.pdf")
    copy.write_bytes(b"%PDF-")
    assert "the copy of its document is not what it was" in one(authorize)["words"]


def test_nobody_can_permit_for_a_sign_in_that_is_not_there(authorize: Authorize) -> None:
    told = authorize("add", "barn", "--own")
    assert (told.code, told.out) == (14, "")
