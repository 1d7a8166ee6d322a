"""No password, cookie, phone number or e-mail is in what a run leaves, whatever happens to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from canary import find
from coop import Coop

from harvester.sandbox.session import Session, Sessions

OWN_PLACE = "the password stands plainly in secrets/house"
"""Where it is kept for the next run."""
FAULTS = ("html-pdf=1 expire-after=10", "foreign-redirect", "terms")


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what will be the value of every session's cookie."""
    keys: list[str] = []
    opened = Sessions.open

    def remembered(sessions: Sessions, *how: str) -> Session:
        session = opened(sessions, *how)  # type: ignore[arg-type]
        keys.append(session.key)
        return session

    monkeypatch.setattr(Sessions, "open", remembered)
    return keys


def left(coop: Coop, home: Path, cookies: list[str], password: str) -> tuple[str, list[str]]:
    """Run a backfill that logs all it can; return what it said and where secrets are."""
    told, _ = coop.backfill(home, "--verbose").communicate()
    needles = {"the password": password}
    needles |= {f"cookie {number}": key for number, key in enumerate(cookies)}
    needles["what a page said"] = "could not be displayed"
    for account in coop.world.sign_in(coop.user).accounts:
        needles |= {"the phone number": account.phone, "the e-mail": account.email}
    return told, [line for line in find(home, {"its output": told}, needles) if line != OWN_PLACE]


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_secret_is_left_anywhere(fault: str, cookies: list[str], tmp_path: Path) -> None:
    with Coop("sandbox-new", months=1, click_ms=20, faults=fault.split()) as coop:
        coop.make_home(tmp_path / "home")
        told, found = left(coop, tmp_path / "home", cookies, coop.world.sign_in(coop.user).password)
    assert found == []
    assert "harvest.finished" in told
    assert len(cookies) == (2 if "expire" in fault else 1)


def test_a_rejected_password_is_left_nowhere(cookies: list[str], tmp_path: Path) -> None:
    wrong = "Vermilion/77+wrong"
    with Coop("sandbox-new", months=1) as coop:
        coop.make_home(tmp_path / "home", wrong)
        told, found = left(coop, tmp_path / "home", cookies, wrong)
    assert found == []
    assert "BAD_CREDENTIALS" in told
