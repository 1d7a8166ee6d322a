"""However a portal differs or fails, all of the data comes home or one clear sentence does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import run_async
from permitted import permit
from tenacity import wait_none

from harvester.cli.simulated import Known
from harvester.errors import State
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Direction, Window
from harvester.profile import Profile, load
from harvester.run import harvest_all
from harvester.sandbox.app import COUNTS, portal, serve
from harvester.sandbox.counts import Counts
from harvester.sandbox.switches import Switches
from harvester.sandbox.truth import account_truth
from harvester.sandbox.world import World
from harvester.task import Outcome, Task

DAY = timedelta(days=1)
TODAY = date(2026, 3, 20)
"""A day on which the newest account has two bills and has lived through a change of the clock."""
NEW, NEW_ACCOUNT = "sandbox-new", "1000505001"
REPLY_SECONDS = 8
OLDER, NEWER = "caec", "union-power"

Hours = dict[datetime, int | None]


def profile(name: str = OLDER, **feed: Any) -> Profile:
    """Return a shipped profile with a short patience; the simulated co-op is in Chicago's zone."""
    found = load(name)
    return found.model_copy(
        update={
            "time_zone": "America/Chicago",
            "pace": found.pace.model_copy(
                update={"reply_seconds": REPLY_SECONDS, "click_ms": 0, "pause_ms": 0}
            ),
            "feed": found.feed.model_copy(update=feed),
        }
    )


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without the pause that a portal is owed."""
    monkeypatch.setattr("harvester.retries.wait_random_exponential", lambda **_: wait_none())


class Run(NamedTuple):
    """What came of one harvest."""

    outcome: Outcome
    counts: Counts
    store: Store
    world: World
    window: Window
    seconds: float

    def hours(self, number: str = NEW_ACCOUNT) -> Hours:
        """Return the delivered Wh that came home, by the UTC start of the hour."""
        found: Hours = {}
        for one in self.store.catalog.holdings():
            for r in self.store.catalog.readings(one.id):
                if one.account.number == number and r.direction is Direction.DELIVERED:
                    hour = r.start.replace(minute=0)
                    assert (r.wh is None) == (r.reason is not None)
                    assert hour not in found or r.seconds < 3600
                    before = found.get(hour, 0)
                    found[hour] = None if r.wh is None or before is None else before + r.wh
        return found

    def truth(self, number: str = NEW_ACCOUNT) -> Hours:
        """Return what the simulated co-op measured."""
        return {
            datetime.fromisoformat(start): wh
            for day in account_truth(self.world, number)["days"]
            if f"{self.window.start}" <= day["day"] < f"{self.window.end}"
            for start, wh, _, _ in day["hours"]
        }

    def documents(self) -> int:
        """Return how many documents are archived and theirs."""
        return sum(one.pdfs for one in self.store.catalog.holdings())


def harvested(
    home: Path,
    *faults: str,
    user: str = NEW,
    found: Profile | None = None,
    days: int = 5,
    today: date = TODAY,
    password: str = "",
    runs: int = 1,
) -> Run:
    """Harvest a portal with these faults, so many times over; nothing dangerous is ever touched."""
    found = found or profile()
    window = Window(today - days * DAY, today)
    world = World(today=today)

    permit(home, "me", found.id)

    async def run() -> tuple[Outcome, Counts, float]:
        app = portal(world, base=found.base, switches=Switches.parse(faults))
        runner, port = await serve(app)
        task = Task(
            Member(name="me", profile=found.id, user=user),
            found,
            Known(password or f"{user}-Pa55"),
            window,
            today,
            sandbox=port,
        )
        try:
            for _ in range(runs):
                began = time.monotonic()
                (outcome,) = await harvest_all([task], Store(home), lambda *_: None)
                seconds = time.monotonic() - began
        finally:
            await runner.cleanup()
        return outcome, app[COUNTS], seconds

    outcome, counts, seconds = run_async(run())
    result = Run(outcome, counts, Store(home), world, window, seconds)
    assert not result.counts.dangerous
    return result


def complete(run: Run, state: State = State.OK) -> None:
    """Everything came home as it is, with one sign-in."""
    assert (run.outcome.state, run.outcome.failed) == (state, [])
    assert run.hours() == run.truth() != {}
    assert run.documents() == len(run.world.bills(NEW_ACCOUNT))
    assert dict(run.counts.sign_ins) == {NEW: 1}
    assert not run.counts.rejected


def sentence(run: Run) -> str:
    """Return what the outcome says, which is one sentence that holds no secret."""
    said = run.outcome.message
    assert said.endswith(".")
    assert "\n" not in said
    assert "Pa55" not in said
    assert run.seconds < REPLY_SECONDS, "it waited although the page had said what it is"
    return said


@pytest.mark.parametrize(
    ("name", "way"),
    [
        (OLDER, "attachment"),
        (OLDER, "inline"),
        (OLDER, "blob"),
        (OLDER, "postback"),
        (NEWER, "postback"),
    ],
)
def test_a_bill_comes_home_whichever_way_it_is_handed_over(
    tmp_path: Path, name: str, way: str
) -> None:
    complete(harvested(tmp_path, f"pdf={way}", found=profile(name), days=1))


@pytest.mark.parametrize("over", ["truncate", "error", "empty"])
@pytest.mark.parametrize(("widest", "days", "most"), [(1, 10, 40), (7, 33, 30), (31, 40, 15)])
def test_all_days_come_home_however_few_a_feed_answers_at_once(
    tmp_path: Path, over: str, widest: int, days: int, most: int
) -> None:
    run = harvested(tmp_path, f"range-days={widest}", f"over-range={over}", days=days)
    complete(run)
    assert run.counts.routes["daily"] + run.counts.routes["interval"] <= most


def test_a_wide_range_is_asked_for_once(tmp_path: Path) -> None:
    run = harvested(tmp_path, "range-days=400", days=60)
    complete(run)
    assert run.counts.routes["daily"] + run.counts.routes["interval"] <= 4


@pytest.mark.parametrize(
    ("faults", "found"),
    [
        (["member=plain"], profile("coweta-fayette")),
        (["member=plain"], profile(NEWER)),
        (["member=padded"], profile("coweta-fayette")),
        (["end=same-day"], profile(interval_end="same_day")),
        (["end=same-day", "range-days=1"], profile(interval_end="same_day")),
        (["ids=long"], profile(OLDER)),
        (["ids=long"], profile(NEWER)),
        (["hour-label=ending"], profile(hour_label="ending")),
        (["hour-label=ending", "range-days=1"], profile(hour_label="ending")),
        (["notice=off"], profile(OLDER)),
        (["slow=100"], profile(OLDER)),
    ],
    ids=lambda value: value.id if isinstance(value, Profile) else "+".join(value),
)
def test_a_portal_that_only_differs_is_harvested_in_full(
    tmp_path: Path, faults: list[str], found: Profile
) -> None:
    complete(harvested(tmp_path, *faults, found=found, days=3))


def test_half_hours_come_home_where_there_are_any_and_hours_where_not(tmp_path: Path) -> None:
    run = harvested(tmp_path, "interval=30", found=profile(interval_minutes="30"), days=70)
    complete(run)
    (one,) = run.store.catalog.holdings()
    steps = {r.local_day: r.seconds for r in run.store.catalog.readings(one.id) if r.direction == 1}
    assert {day for day, step in steps.items() if step == 1800} == {
        TODAY - n * DAY for n in range(1, 61)
    }


def test_half_hours_without_readings_are_not_taken_for_a_day(tmp_path: Path) -> None:
    run = harvested(tmp_path, "interval=split", found=profile(interval_minutes="30"), days=70)
    complete(run)
    (one,) = run.store.catalog.holdings()
    steps = {r.local_day: r.seconds for r in run.store.catalog.readings(one.id) if r.direction == 1}
    assert {day for day, step in steps.items() if step == 3600} == {
        TODAY - n * DAY for n in range(61, 71)
    }


def test_a_portal_without_half_hours_is_asked_for_hours(tmp_path: Path) -> None:
    complete(harvested(tmp_path, found=profile(interval_minutes="30")))


@pytest.mark.parametrize("label", ["beginning", "ending"])
@pytest.mark.parametrize("dst", ["true", "always-24", "repeat"])
@pytest.mark.parametrize("change", [date(2025, 11, 2), date(2026, 3, 8)])
def test_no_hour_of_a_clock_change_is_guessed(
    tmp_path: Path, change: date, dst: str, label: str
) -> None:
    user, number = ("sandbox-home", "1000101001") if change.month == 11 else (NEW, NEW_ACCOUNT)
    run = harvested(
        tmp_path, f"dst={dst}", f"hour-label={label}", "zero-bills", user=user,
        found=profile(hour_label=label), days=4, today=change + 3 * DAY,
    )  # fmt: skip
    found, true = run.hours(number), run.truth(number)
    assert found.keys() == true.keys()
    differing = [start for start in true if found[start] != true[start]]
    assert [found[start] for start in differing] == [None] * len(differing)
    assert len(differing) <= (0 if dst == "true" else 4)
    (one,) = run.store.catalog.holdings()
    rules = {f.rule for f in run.store.catalog.findings(one.id) if f.subject == f"{change}"}
    # An empty row of the hour that spring skips says nothing wrong.
    harmless = (dst, change.month, label) == ("always-24", 3, "beginning")
    assert ("clock" in rules) == (dst != "true" and not harmless)


@pytest.mark.parametrize("after", [4, 5, 6, 7])
def test_a_session_that_ends_in_the_middle_loses_nothing(tmp_path: Path, after: int) -> None:
    """The requests of a session end in the bills, the notes, the days or the hours."""
    run = harvested(tmp_path, f"expire-after={after}", runs=2)
    assert run.hours().items() <= run.truth().items()
    assert run.documents() == 2
    assert 1 < run.counts.sign_ins[NEW] <= profile().pace.sign_ins_a_day
    assert not run.counts.rejected


def test_a_session_that_ends_at_once_is_followed_by_no_other(tmp_path: Path) -> None:
    run = harvested(tmp_path, "expire-after=1")
    assert run.outcome.state is State.SESSION_EXPIRED
    assert "ended the session" in sentence(run)
    assert dict(run.counts.sign_ins) == {NEW: 1}


@pytest.mark.parametrize(
    ("fault", "way"),
    [
        ("html-pdf=1", "attachment"),
        ("html-pdf=1", "inline"),
        ("html-pdf=1", "blob"),
        ("html-pdf=1", "postback"),
        ("truncated-pdf=2", "attachment"),
        ("truncated-pdf=2", "blob"),
    ],
)
def test_what_is_no_document_is_asked_for_again_at_once(
    tmp_path: Path, fault: str, way: str
) -> None:
    run = harvested(tmp_path, fault, f"pdf={way}", days=1)
    complete(run)
    assert run.seconds < 12


STOPS: Mapping[str, tuple[State, str, int]] = {
    "captcha": (State.CAPTCHA_REQUIRED, "the member must sign in there", 0),
    "password-expired": (State.PASSWORD_CHANGE_REQUIRED, "a new password", 1),
    "terms": (State.NOTICE_PENDING, "must read and accept", 1),
    "maintenance": (State.MAINTENANCE, "run again later", 0),
    "foreign-redirect": (State.PORTAL_CHANGED, "billing.example.net", 1),
    "error-500=1": (State.PORTAL_DOWN, "run again later", 1),
}


@pytest.mark.parametrize("name", [OLDER, NEWER])
@pytest.mark.parametrize("fault", STOPS)
def test_what_stands_in_the_way_is_called_by_its_name_without_waiting(
    tmp_path: Path, fault: str, name: str
) -> None:
    state, words, sign_ins = STOPS[fault]
    run = harvested(tmp_path, fault, found=profile(name))
    assert run.outcome.state is state
    assert words in sentence(run)
    assert load(name).name in run.outcome.message
    assert run.counts.sign_ins[NEW] == sign_ins
    assert not run.counts.rejected


@pytest.mark.parametrize(
    ("faults", "user", "missed", "sign_ins"),
    [
        (("redesign=sign-in",), NEW, "user or open_sign_in", 0),
        (("redesign=tables",), NEW, "bill_table", 1),
        (("redesign=tables",), "sandbox-business", "account_table", 1),
    ],
)
def test_a_redesign_is_drift_that_says_what_was_not_found_and_where(
    tmp_path: Path, faults: tuple[str, ...], user: str, missed: str, sign_ins: int
) -> None:
    found = profile()
    hasty = found.pace.model_copy(update={"reply_seconds": 2})
    run = harvested(tmp_path, *faults, user=user, found=found.model_copy(update={"pace": hasty}))
    assert run.outcome.state is State.PORTAL_CHANGED
    said = sentence(run)
    assert f"No {missed} was found on /oscp/" in said
    assert "in the profile" in said
    assert run.counts.sign_ins[user] == sign_ins
    assert not run.counts.rejected


@pytest.mark.parametrize("every", [2, 3, 7])
def test_a_request_that_fails_now_and_then_stops_no_other(tmp_path: Path, every: int) -> None:
    run = harvested(tmp_path, f"error-500={every}", days=3)
    assert run.outcome.state in {State.OK, State.OK_PARTIAL, State.PORTAL_DOWN}
    assert bool(run.outcome.failed) == (run.outcome.state is State.OK_PARTIAL)
    assert run.hours().items() <= run.truth().items()
    assert run.counts.sign_ins[NEW] <= profile().pace.sign_ins_a_day
    again = harvested(tmp_path, days=3)
    complete(again)
