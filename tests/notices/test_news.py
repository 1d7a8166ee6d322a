"""Who is told what: only what needs a person, once, in words that hold nothing of the member's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from harvester.errors import MEANINGS, State
from harvester.notices.news import Freshness, News, digest, needing
from harvester.store.runs import Run

NOW = datetime(2026, 6, 15, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOBODY = sorted(state for state in State if MEANINGS[state].actor.startswith("nobody"))


def run(state: State | None, number: int = 1, member: str = "house") -> Run:
    ended = NOW - HOUR if state else None
    return Run(number, "caec", member, "run", NOW - 2 * HOUR, ended, state, {})


def told(
    state: State | None, before: dict[str, str] | None = None, good: datetime = NOW - DAY
) -> tuple[list[News], dict[str, str]]:
    return needing([run(state)], {"caec/house": good}, before or {}, NOW)


@pytest.mark.parametrize("state", sorted(set(State) - set(NOBODY)))
def test_a_state_that_a_person_must_act_on_is_told_with_who_that_is(state: State) -> None:
    (one,), known = told(state)
    assert known == {"caec/house": state}
    assert one.title == f"house at caec: {state}"
    assert f"Who can act: {MEANINGS[state].actor}." in one.text
    assert one.facts["state"] == state


@pytest.mark.parametrize("state", NOBODY)
def test_a_state_that_nobody_must_act_on_is_told_nobody(state: State) -> None:
    assert told(state) == ([], {})


def test_the_same_need_is_told_once_and_again_when_it_comes_back() -> None:
    _, known = told(State.BAD_CREDENTIALS)
    assert told(State.BAD_CREDENTIALS, known) == ([], known)
    (other,), known = told(State.CAPTCHA_REQUIRED, known)
    assert "CAPTCHA_REQUIRED" in other.title
    well, known = told(State.OK, known)
    assert (well, known) == ([], {})
    assert len(told(State.CAPTCHA_REQUIRED, known)[0]) == 1


def test_a_run_that_is_under_way_changes_nothing_of_what_was_told() -> None:
    known = {"caec/house": "BAD_CREDENTIALS"}
    assert told(None, known) == ([], known)
    assert told(None) == ([], {})


def test_a_code_that_a_run_waits_for_is_told_while_it_waits() -> None:
    (one,), _ = told(State.AWAITING_OTP)
    assert "harvester code" in one.text


def test_failures_that_nobody_can_mend_are_told_when_nothing_came_for_three_days() -> None:
    assert told(State.PORTAL_DOWN, good=NOW - 3 * DAY + HOUR) == ([], {})
    (one,), known = told(State.PORTAL_DOWN, good=NOW - 3 * DAY)
    assert known == {"caec/house": "LATE"}
    assert "No harvest came through since 2026-06-12 08:00 UTC" in one.text
    assert "cannot be reached" in one.text
    assert told(State.MAINTENANCE, known, good=NOW - 4 * DAY) == ([], known)


def test_whoever_is_no_longer_there_is_forgotten() -> None:
    assert needing([], {}, {"caec/house": "BAD_CREDENTIALS"}, NOW) == ([], {})


def test_the_key_of_news_tells_one_time_from_another() -> None:
    first = needing([run(State.BLOCKED, 1)], {}, {}, NOW)[0][0]
    same = needing([run(State.BLOCKED, 1)], {}, {}, NOW + DAY)[0][0]
    later = needing([run(State.BLOCKED, 9)], {}, {}, NOW)[0][0]
    assert first.key == same.key != later.key


def test_a_digest_has_a_line_for_each_sign_in_and_account() -> None:
    accounts = [
        Freshness("house", "…001", datetime(2026, 6, 15, 5, tzinfo=UTC), 8760, 24, 0),
        Freshness("house", "…002", None, 0, 0, 3),
    ]
    runs = [run(State.OK), run(State.BAD_CREDENTIALS, 2, "cabin")]
    one = digest("2026-06-15", runs, accounts, {"days": 1, "pdfs": 0, "sign_ins": 2})
    assert one.title == "Harvests of 2026-06-15: 2 sign-ins, 1 need a person"
    assert one.text.splitlines() == [
        "house at caec: OK (06-15 06:00 UTC)",
        "  …001: hours to 2026-06-15 05:00 UTC; 24 bills",
        "  …002: no hours, 3 days not told yet; 0 bills",
        "cabin at caec: BAD_CREDENTIALS (06-15 06:00 UTC)",
        "",
        "In the last day: 1 days, 0 pdfs, 2 sign ins.",
    ]
