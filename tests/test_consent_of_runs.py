"""A run asks for what is permitted, of whom it is permitted, for as long as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from begun import Begun
from conftest import run_async
from faulted import NEW, SHOP, TODAY, WINDOW, WORLD, at_home, at_the_portal, truth
from permitted import permit

from harvester.custody import consent
from harvester.errors import MEANINGS, State
from harvester.filing import Store
from harvester.run import harvest_all
from harvester.sandbox.counts import Counts
from harvester.task import Outcome, Report

DAY = timedelta(days=1)
NUMBER = "1000505001"
HOME = "sandbox-home"
"""One account with 24 bills."""


def silent(*_: object) -> None:
    """Report nothing."""


def harvested(
    home: Path, user: str = NEW, report: Report = silent, after: timedelta = timedelta()
) -> tuple[Outcome, Counts]:
    async def run() -> tuple[Outcome, Counts]:
        async with at_the_portal("", user) as (task, counts):
            later = replace(task, now=lambda: datetime.now(UTC) + after)
            (outcome,) = await harvest_all([later], Store(home), report)
            return outcome, counts

    return run_async(run())


def ended(home: Path, how: str) -> None:
    now = datetime.now(UTC)
    if how == "expired":
        permit(home, expires_at=now - timedelta(hours=1))
    elif how == "to come":
        permit(home, effective_from=now + timedelta(hours=1))
    elif how == "revoked":
        consent.revoke(home, permit(home), "They moved away.", now)
    elif how == "of another utility":
        permit(home, profile="union-power")


@pytest.mark.parametrize(
    ("how", "state", "code"),
    [
        ("never given", State.AUTHORIZATION_MISSING, 60),
        ("of another utility", State.AUTHORIZATION_MISSING, 60),
        ("to come", State.AUTHORIZATION_MISSING, 60),
        ("expired", State.AUTHORIZATION_EXPIRED, 61),
        ("revoked", State.AUTHORIZATION_REVOKED, 62),
    ],
)
def test_without_permission_nothing_is_asked(
    tmp_path: Path, how: str, state: State, code: int
) -> None:
    ended(tmp_path, how)
    outcome, counts = harvested(tmp_path)
    assert (outcome.state, MEANINGS[state].exit_code) == (state, code)
    assert counts.total == 0
    assert "harvester authorize" in outcome.message or "run again then" in outcome.message


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_a_permission_that_ends_in_the_middle_stops_the_run_before_its_next_request(
    tmp_path: Path, how: str
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    known = permit(tmp_path, expires_at=soon)
    begun, asked = Begun(), list[int]()

    async def run() -> tuple[Outcome, Counts]:
        async with at_the_portal("", HOME) as (task, counts):
            clock = [timedelta()]

            def report(_whose: str, what: str, done: int, _total: int) -> None:
                if what == "bills" and done == 1:
                    asked.append(begun.total())
                    if how == "revoked":
                        consent.revoke(tmp_path, known, "Enough.", datetime.now(UTC))
                    else:
                        clock[0] = timedelta(hours=2)

            moved = replace(task, now=lambda: datetime.now(UTC) + clock[0])
            (outcome,) = await harvest_all([begun.watching(moved)], Store(tmp_path), report)
            return outcome, counts

    outcome, counts = run_async(run())
    assert outcome.state is State(f"AUTHORIZATION_{how.upper()}")
    assert [begun.total()] == asked
    assert counts.total <= asked[0]
    assert outcome.pdfs >= 1


def test_one_of_two_permissions_that_ends_stops_what_it_alone_permitted(tmp_path: Path) -> None:
    permit(tmp_path, scopes=("intervals",))
    bills = permit(tmp_path, scopes=("bills",))
    begun, asked = Begun(), list[int]()

    async def run() -> tuple[Outcome, Counts]:
        async with at_the_portal("", HOME) as (task, counts):

            def report(_whose: str, what: str, done: int, _total: int) -> None:
                if what == "bills" and done == 1:
                    asked.append(begun.total())
                    consent.revoke(tmp_path, bills, "Enough.", datetime.now(UTC))

            (outcome,) = await harvest_all([begun.watching(task)], Store(tmp_path), report)
            return outcome, counts

    outcome, counts = run_async(run())
    assert outcome.state is State.AUTHORIZATION_REVOKED
    assert [begun.total()] == asked
    assert counts.total <= asked[0]


def test_only_the_kinds_of_information_that_are_permitted_are_asked_for(tmp_path: Path) -> None:
    permit(tmp_path, scopes=("intervals",))
    outcome, counts = harvested(tmp_path)
    assert outcome.state is State.OK
    assert not {"pdf", "ledger", "history"} & counts.routes.keys()
    (held,) = at_home(tmp_path).values()
    (true,) = truth(NEW).values()
    assert (held.hours, held.bills, held.payments) == (true.hours, frozenset(), frozenset())
    (said,) = outcome.unasked
    assert "account, bills, payments, notes" in said


def test_payments_alone_come_home_without_bills_and_hours(tmp_path: Path) -> None:
    permit(tmp_path, scopes=("payments",))
    _, counts = harvested(tmp_path)
    assert not {"pdf", "daily", "interval", "usage"} & counts.routes.keys()
    (held,) = at_home(tmp_path).values()
    (true,) = truth(NEW).values()
    assert (held.payments, held.bills, held.hours) == (true.payments, frozenset(), frozenset())


def test_only_the_accounts_that_are_permitted_are_asked_for(tmp_path: Path) -> None:
    permit(tmp_path, accounts=("1000303002",))
    outcome, _ = harvested(tmp_path, SHOP)
    assert at_home(tmp_path) == {"1000303002": truth(SHOP)["1000303002"]}
    assert [said[:4] for said in outcome.unasked] == ["…001", "…003"]


def test_nothing_older_than_permitted_is_asked_for(tmp_path: Path) -> None:
    first = TODAY - DAY
    permit(tmp_path, history_from=first)
    _, counts = harvested(tmp_path)
    (held,) = at_home(tmp_path).values()
    (true,) = truth(NEW).values()
    assert counts.routes["pdf"] == 0
    assert WINDOW.start < first
    midnight = datetime(first.year, first.month, first.day, 5, tzinfo=UTC)
    assert held.hours == {hour for hour in true.hours if hour[0] >= midnight}
    # The portal is asked for payments by the month.
    since = {item.id for item in WORLD.ledger(NUMBER) if item.day >= first.replace(day=1)}
    assert held.payments == since < true.payments


def test_what_was_permitted_once_is_used_up_by_a_run_that_ends_well(tmp_path: Path) -> None:
    permit(tmp_path, once=True)
    assert harvested(tmp_path)[0].state is State.OK
    outcome, counts = harvested(tmp_path)
    assert (outcome.state, counts.total) == (State.AUTHORIZATION_EXPIRED, 0)


def test_no_more_runs_a_day_than_permitted(tmp_path: Path) -> None:
    permit(tmp_path, runs_a_day=1)
    assert harvested(tmp_path)[0].state is State.OK
    outcome, counts = harvested(tmp_path)
    assert (outcome.state, counts.total) == (State.RATE_LIMITED, 0)
    assert harvested(tmp_path, after=DAY + timedelta(minutes=1))[0].state is State.OK
