"""Every way a harvest can end, grouped by what to do next, with the exit code and who must act."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """The verdict on a run, an account or one item."""

    OK = "OK"
    OK_PARTIAL = "OK_PARTIAL"
    PENDING = "PENDING"
    BAD_CREDENTIALS = "BAD_CREDENTIALS"
    ACCOUNT_LOCKED = "ACCOUNT_LOCKED"
    PASSWORD_CHANGE_REQUIRED = "PASSWORD_CHANGE_REQUIRED"  # noqa: S105 - a state, not a password
    MFA_REQUIRED = "MFA_REQUIRED"
    CAPTCHA_REQUIRED = "CAPTCHA_REQUIRED"
    NOTICE_PENDING = "NOTICE_PENDING"
    NO_CREDENTIALS = "NO_CREDENTIALS"
    NO_ACCOUNTS_FOUND = "NO_ACCOUNTS_FOUND"
    ACCOUNT_NOT_VISIBLE = "ACCOUNT_NOT_VISIBLE"
    PORTAL_DOWN = "PORTAL_DOWN"
    MAINTENANCE = "MAINTENANCE"
    RATE_LIMITED = "RATE_LIMITED"
    SESSION_EXPIRED = "SESSION_EXPIRED"
    PORTAL_CHANGED = "PORTAL_CHANGED"
    BLOCKED = "BLOCKED"
    NOT_YET_AVAILABLE = "NOT_YET_AVAILABLE"
    NOT_A_PDF = "NOT_A_PDF"
    WRONG_DOCUMENT = "WRONG_DOCUMENT"
    UNREADABLE = "UNREADABLE"
    SUPERSEDED = "SUPERSEDED"
    NO_DATA = "NO_DATA"
    PARTIAL_DAY = "PARTIAL_DAY"
    ESTIMATED = "ESTIMATED"
    UNKNOWN_PROFILE = "UNKNOWN_PROFILE"
    INVALID_PROFILE = "INVALID_PROFILE"
    HOME_UNUSABLE = "HOME_UNUSABLE"
    NO_BROWSER = "NO_BROWSER"
    UNKNOWN_MEMBER = "UNKNOWN_MEMBER"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
    STOPPED = "STOPPED"
    TRAIL_BROKEN = "TRAIL_BROKEN"
    CHECKPOINT_REFUSED = "CHECKPOINT_REFUSED"


class Meaning(NamedTuple):
    """What a state means to whoever reads it."""

    exit_code: int
    actor: str


MEANINGS = {
    State.OK: Meaning(0, "nobody"),
    State.PENDING: Meaning(0, "nobody"),
    State.OK_PARTIAL: Meaning(3, "nobody: what is missing is asked for again by the next run"),
    State.NO_DATA: Meaning(3, "nobody: what is missing is asked for again by the next run"),
    State.UNKNOWN_PROFILE: Meaning(10, "operator"),
    State.INVALID_PROFILE: Meaning(11, "operator"),
    State.HOME_UNUSABLE: Meaning(12, "operator"),
    State.NO_BROWSER: Meaning(13, "operator"),
    State.UNKNOWN_MEMBER: Meaning(14, "operator"),
    State.NO_CREDENTIALS: Meaning(15, "operator"),
    State.UNKNOWN_ACCOUNT: Meaning(16, "operator"),
    State.STOPPED: Meaning(17, "operator"),
    State.BAD_CREDENTIALS: Meaning(20, "account holder"),
    State.ACCOUNT_LOCKED: Meaning(21, "account holder"),
    State.PASSWORD_CHANGE_REQUIRED: Meaning(22, "account holder"),
    State.MFA_REQUIRED: Meaning(23, "account holder"),
    State.CAPTCHA_REQUIRED: Meaning(24, "account holder"),
    State.NOTICE_PENDING: Meaning(25, "account holder"),
    State.NO_ACCOUNTS_FOUND: Meaning(26, "operator"),
    State.ACCOUNT_NOT_VISIBLE: Meaning(27, "operator"),
    State.PORTAL_DOWN: Meaning(30, "nobody: retried"),
    State.MAINTENANCE: Meaning(31, "nobody: retried"),
    State.RATE_LIMITED: Meaning(32, "nobody: retried"),
    State.SESSION_EXPIRED: Meaning(33, "nobody: retried"),
    State.PORTAL_CHANGED: Meaning(40, "maintainer"),
    State.BLOCKED: Meaning(41, "maintainer"),
    State.TRAIL_BROKEN: Meaning(50, "operator"),
    State.CHECKPOINT_REFUSED: Meaning(51, "operator"),
}
"""Exit codes by tens: 10 set-up, 20 a person must act, 30 try later, 40 the portal changed, 50 the
trail of what was done is not what was written.

A state of a single item (a day, a document) has no exit code: it is a row, not an ending.
"""


class Failure(Exception):
    """A harvest cannot go on; the message says what was looked for, where, and what to do."""

    def __init__(self, state: State, message: str) -> None:
        super().__init__(message)
        self.state = state

    @property
    def exit_code(self) -> int:
        """What the command line ends with."""
        return MEANINGS[self.state].exit_code if self.state in MEANINGS else 1


class Transient(Failure):
    """Nobody needs to act: the same thing is tried again, by this run or the next."""


class ActionNeeded(Failure):
    """A person must act first; never retried by itself."""


class Drift(Failure):
    """The portal is not what the profile says: stop this profile and keep the evidence."""


class BadData(Failure):
    """One artifact is not what it should be: quarantine it and go on."""


class Misconfigured(Failure):
    """Refuse to start."""
