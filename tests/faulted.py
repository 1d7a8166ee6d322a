"""A table of faults of a portal: how a run ends, what it cost, what the next makes of it.

Whatever happens, what came home is true, nothing is there twice, nobody is locked out, and a clean
run afterwards ends with all of the truth.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import canary
import pyotp
import pytest
from conftest import run_async
from permitted import permit
from tenacity import wait_none

from harvester.cli.simulated import Known
from harvester.errors import HELD, State
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Direction, Window
from harvester.profile import load
from harvester.run import harvest_all
from harvester.sandbox.app import COUNTS, portal, serve
from harvester.sandbox.counts import Counts
from harvester.sandbox.session import Session, Sessions
from harvester.sandbox.switches import MFA_CODE, MFA_SECRET, Switches
from harvester.sandbox.world import World
from harvester.task import SIGN_IN, Outcome, Task

DAY = timedelta(days=1)
TODAY = date(2026, 3, 20)
WINDOW = Window(TODAY - 3 * DAY, TODAY)
WORLD = World(today=TODAY)
NEW, SHOP = "sandbox-new", "sandbox-business"
"""One account with two bills; three accounts with 24 each."""
S = State
NOTHING, ALL = "nothing", "all"


class Row(NamedTuple):
    """A fault, and what is to come of it."""

    faults: str
    """Switches of the simulated portal, parted by spaces."""
    state: State
    words: str = ""
    """Of the run's message, or of what it says that could not be had."""
    sent: int = 1
    """Passwords sent."""
    most: int = 40
    """The most requests; a run of one account without faults takes 21 at most."""
    home: str = ALL
    """What is at home afterwards: nothing, all, or only what is true."""
    user: str = NEW
    credentials: Known | None = None


WRONG = Known("not-the-password")


def coded(sent: str | None = None, authenticator: str | None = None) -> Known:
    return Known("sandbox-new-Pa55", sent=sent, authenticator=authenticator)


WAY_IN = [
    Row("wrong-password", S.BAD_CREDENTIALS, "rejected", home=NOTHING),
    Row("", S.BAD_CREDENTIALS, "rejected", home=NOTHING, credentials=WRONG),
    Row("lock-after=1", S.ACCOUNT_LOCKED, "locked", home=NOTHING, credentials=WRONG),
    Row("locked", S.ACCOUNT_LOCKED, "locked", home=NOTHING),
    Row("locked lock-seconds=1800", S.ACCOUNT_LOCKED, "locked", home=NOTHING),
    Row("captcha", S.CAPTCHA_REQUIRED, "a picture", sent=0, home=NOTHING),
    Row("mfa", S.OTP_TIMEOUT, "harvester code", home=NOTHING),
    Row("mfa", S.OK, credentials=coded(MFA_CODE)),
    Row("mfa", S.MFA_REQUIRED, "a code", home=NOTHING, credentials=coded("111111")),
    Row("mfa mfa-seconds=0", S.MFA_REQUIRED, "a code", home=NOTHING, credentials=coded(MFA_CODE)),
    Row("mfa=app", S.OK, credentials=coded(authenticator="now")),
    Row("password-expired", S.PASSWORD_CHANGE_REQUIRED, "a new password", home=NOTHING),
    Row("terms", S.NOTICE_PENDING, "must read and accept", home=NOTHING),
    Row("contact-info", S.NOTICE_PENDING, "must read and accept", home=NOTHING),
    Row("foreign-redirect", S.PORTAL_CHANGED, "billing.example.net", home=NOTHING),
]
OUTAGES = [
    Row("blocked=1", S.BLOCKED, "ask it why", sent=0, most=3, home=NOTHING),
    Row("blocked=9", S.BLOCKED, "ask it why", home="part"),
    Row("down=2", S.OK),
    Row("down=1000", S.MAINTENANCE, "run again later", sent=0, most=6, home=NOTHING),
    Row("rate-limit=5 rate-limit-seconds=1", S.OK),
    Row("rate-limit=5 rate-limit-seconds=3600", S.RATE_LIMITED, "a pause until", home="part"),
    Row("maintenance", S.MAINTENANCE, "run again later", sent=0, most=9, home=NOTHING),
    Row("maintenance maintenance-requests=2", S.OK),
    Row("maintenance maintenance-from=9 maintenance-requests=3", S.OK, sent=2),
    Row("error-500=1", S.PORTAL_DOWN, "run again later", home=NOTHING),
    Row("error-500=3 error-500-requests=1", S.OK),
    Row("error-200=1", S.PORTAL_DOWN, "run again later", home=NOTHING),
    Row("error-200=9", S.OK),
    Row("slow=150", S.OK),
    Row("slow=300 slow-from=6", S.OK),
    Row("reset-answer=2", S.OK),
    Row("reset-answer=4", S.OK),
    Row("reset-answer=6", S.OK_PARTIAL, "No graph appeared", home="part"),
    Row("expire-after=9", S.OK, sent=2),
    Row("expire-after=6", S.SESSION_EXPIRED, "ended the session", sent=2, home="part"),
    Row("expire-after=1", S.SESSION_EXPIRED, "ended the session", home=NOTHING),
    Row("expire-at-pdf=2", S.OK, sent=2),
    Row("expire-at-interval=1", S.OK, sent=2),
    Row("foreign-redirect-at=3", S.PORTAL_CHANGED, "billing.example.net", home="part"),
    Row("moved-base=gone", S.PORTAL_CHANGED, "check base", sent=0, most=3, home=NOTHING),
    Row("moved-base=redirect", S.PORTAL_CHANGED, "correct base", sent=0, most=6, home=NOTHING),
    Row("redesign=sign-in", S.PORTAL_CHANGED, "No user or open_sign_in", sent=0, home=NOTHING),
    Row("redesign=tables", S.PORTAL_CHANGED, "No bill_table was found", home="part"),
    Row("redesign", S.PORTAL_CHANGED, "in the profile", sent=0, home=NOTHING),
]
ACCOUNTS = [
    Row("no-accounts", S.NO_ACCOUNTS_FOUND, "shows no account", home=NOTHING),
    Row("closed-account=2", S.OK_PARTIAL, "…002", most=200, home="part", user=SHOP),
    Row("vanishing-account=2", S.OK_PARTIAL, "…002", most=200, home="part", user=SHOP),
    Row("redesign=tables", S.PORTAL_CHANGED, "No account_table", home=NOTHING, user=SHOP),
]
DOCUMENTS = [
    Row("zero-bills", S.OK_PARTIAL, "billing history is empty", home="part"),
    Row("missing-bill=1", S.OK_PARTIAL, "ledger", home="part"),
    Row("duplicate-bill=1", S.OK),
    Row("pending-pdf=1", S.OK_PARTIAL, "2026-03", home="part"),
    Row("html-pdf=1", S.OK),
    Row("truncated-pdf=1", S.OK),
    Row("reset-pdf=1", S.OK),
    Row("wrong-pdf=1", S.OK_PARTIAL, "does not name this bill's account", home="part"),
    Row("repeated-pdf=2", S.OK_PARTIAL, "does not name this bill's", home="part"),
    Row("popup-blocked pdf=inline", S.OK_PARTIAL, "No document came", home="part"),
    Row("popup-blocked pdf=blob", S.OK),
    Row("stale-modal=2", S.OK),
    Row("stale-modal=3", S.OK),
    Row("stale-modal=1 notice=off", S.OK, most=200, user=SHOP),
]
FEEDS = [
    Row("duplicate-rows=5", S.OK),
    Row("truncated-feed=2", S.OK_PARTIAL, "No graph appeared", home="part"),
    Row("truncated-feed=3", S.OK_PARTIAL, "No graph appeared", home="part"),
    Row("truncated-feed=4", S.OK),
    Row("error-object=2", S.OK_PARTIAL, "asks again", home="part"),
    Row("redesign=feeds", S.PORTAL_CHANGED, "check base and routes", home="part"),
]


@asynccontextmanager
async def at_the_portal(faults: str, user: str) -> AsyncIterator[tuple[Task, Counts]]:
    found = load("caec")
    limits = {"reply_seconds": 4, "click_ms": 0, "pause_ms": 0, "code_seconds": 1}
    found = found.model_copy(update={"pace": found.pace.model_copy(update=limits)})
    app = portal(WORLD, base=found.base, switches=Switches.parse(faults.split()))
    runner, port = await serve(app)
    member = Member(name="member", profile="caec", user=user)
    task = Task(member, found, Known(f"{user}-Pa55"), WINDOW, TODAY, sandbox=port)
    try:
        yield task, app[COUNTS]
    finally:
        await runner.cleanup()


def harvested(
    home: Path,
    faults: str = "",
    user: str = NEW,
    *,
    credentials: Known | None = None,
    kind: str = "run",
    days_later: int = 0,
) -> tuple[Outcome, Counts]:
    permit(home)

    async def run() -> tuple[Outcome, Counts]:
        async with at_the_portal(faults, user) as (task, counts):
            changed = replace(
                task,
                kind=kind,
                credentials=credentials or task.credentials,
                now=lambda: datetime.now(UTC) + days_later * DAY,
            )
            with pytest.MonkeyPatch.context() as patch:  # no pauses but those the portal asks for
                patch.setattr("harvester.retries.wait_random_exponential", lambda **_: wait_none())
                (outcome,) = await harvest_all([changed], Store(home), lambda *_: None)
            return outcome, counts

    outcome, counts = run_async(run())
    assert not counts.dangerous
    return outcome, counts


class Held(NamedTuple):
    """What is at home of an account."""

    bills: frozenset[tuple[date, object]]
    documents: frozenset[tuple[date, object]]
    hours: frozenset[tuple[datetime, int | None]]
    payments: frozenset[str]


def at_home(home: Path) -> dict[str, Held]:
    """Return what the catalog holds, by account, each row of it once."""
    catalog, held = Store(home).catalog, {}
    for one in catalog.holdings():
        documents = catalog.documents(one.id)
        readings = [r for r in catalog.readings(one.id) if r.direction is Direction.DELIVERED]
        assert len({r.start for r in readings}) == len(readings)
        held[one.account.number] = Held(
            frozenset((d.bill.billing_date, d.bill.amount) for d in documents),
            frozenset((d.bill.billing_date, d.bill.amount) for d in documents if d.state is S.OK),
            frozenset((r.start, r.wh) for r in readings),
            frozenset(payment.id for payment in catalog.payments(one.id)),
        )
    return held


def truth(user: str) -> dict[str, Held]:
    """Return what the simulated co-op knows of the accounts of a sign-in."""
    told = {}
    for account in WORLD.sign_in(user).accounts:
        bills = frozenset((b.billing_date, b.total) for b in WORLD.bills(account.number)[:24])
        days = WORLD.days(account.number, WINDOW.start, WINDOW.end - DAY)
        told[account.number] = Held(
            bills,
            bills,
            frozenset((hour.start, hour.wh) for day in days for hour in day.hours),
            frozenset(item.id for item in WORLD.ledger(account.number)),
        )
    return told


def archived(home: Path) -> set[str]:
    return {file.stem for file in (home / "archive").rglob("*") if file.is_file()}


def known_to_the_catalog(home: Path) -> set[str]:
    catalog = Store(home).catalog
    return {filed.sha for one in catalog.holdings() for filed in catalog.artifacts(one.id)}


def row_name(row: Row) -> str:
    return f"{row.faults or 'none'}-{row.state}-{row.user}".replace(" ", "+")


@contextmanager
def needles() -> Iterator[dict[str, str]]:
    """Yield what must be nowhere; each session's cookie is added as it is given out."""
    opened = Sessions.open
    found = {f"the password of {s.user}": s.password for s in WORLD.sign_ins}
    found["a wrong password"] = WRONG.secret
    for user in (NEW, SHOP):
        for account in WORLD.sign_in(user).accounts:
            found |= {f"{account.number} {n}": text for n, text in enumerate(account.canaries)}

    def remembered(sessions: Sessions, *how: str) -> Session:
        session = opened(sessions, *how)  # type: ignore[arg-type]
        found[f"cookie {len(found)}"] = session.key
        return session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sessions, "open", remembered)
        yield found


def ends_as_told(home: Path, row: Row, capfd: pytest.CaptureFixture[str]) -> None:
    """Hold that a row's fault ends as it says, and is made good by the next run."""
    credentials = row.credentials
    if credentials and credentials.authenticator:
        credentials = replace(credentials, authenticator=pyotp.TOTP(MFA_SECRET).now())
    with needles() as planted:
        outcome, counts = harvested(home, row.faults, row.user, credentials=credentials)
    said = " ".join([outcome.message, *outcome.failed])
    codes = 1 if "mfa" in row.faults and row.credentials else 0
    sent = counts.routes["sign-in"] - codes
    assert (outcome.state, outcome.sign_ins, sent) == (row.state, row.sent, row.sent), said
    assert row.words in said
    assert "Pa55" not in said
    assert counts.total <= row.most
    held, true = at_home(home), truth(row.user)
    if row.home == ALL:
        assert held == true
    if row.home == NOTHING:
        assert not any(map(any, held.values()))
    for number, part in held.items():
        for mine, all_of_it in zip(part, true[number], strict=True):
            assert mine <= all_of_it
    assert archived(home) == known_to_the_catalog(home)
    output = {"the outcome": f"{outcome}", "the log": "".join(capfd.readouterr())}
    assert canary.find(home, output, planted) == []

    if outcome.state in HELD:
        _a_person_has_to_act(home, row)
    again, counts = harvested(home, user=row.user, days_later=1)
    assert again.state is State.OK, again.message
    assert at_home(home) == true
    assert again.sign_ins == counts.routes["sign-in"] == 1
    assert archived(home) == known_to_the_catalog(home)


def _a_person_has_to_act(home: Path, row: Row) -> None:
    """Hold that nothing is asked by itself, and that a person's try ends that."""
    outcome, counts = harvested(home, user=row.user, days_later=1)
    assert (outcome.state, counts.total) == (row.state, 0)
    assert "harvester sign-in member" in outcome.message
    outcome, counts = harvested(home, user=row.user, kind=SIGN_IN, days_later=1)
    assert (outcome.state, outcome.artifacts) == (State.OK, 0)
