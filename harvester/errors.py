"""Every way a harvest can end, grouped by what to do next, with the exit code and who must act."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """The verdict on a run, an account or one item."""

    OK = "OK"
    OK_PARTIAL = "OK_PARTIAL"
    PENDING = "PENDING"
    AUTHORIZATION_MISSING = "AUTHORIZATION_MISSING"
    AUTHORIZATION_EXPIRED = "AUTHORIZATION_EXPIRED"
    AUTHORIZATION_REVOKED = "AUTHORIZATION_REVOKED"
    BAD_CREDENTIALS = "BAD_CREDENTIALS"
    ACCOUNT_LOCKED = "ACCOUNT_LOCKED"
    PASSWORD_CHANGE_REQUIRED = "PASSWORD_CHANGE_REQUIRED"  # noqa: S105 - a state, not a password
    MFA_REQUIRED = "MFA_REQUIRED"
    AWAITING_OTP = "AWAITING_OTP"
    OTP_TIMEOUT = "OTP_TIMEOUT"
    CAPTCHA_REQUIRED = "CAPTCHA_REQUIRED"
    NOTICE_PENDING = "NOTICE_PENDING"
    NO_CREDENTIALS = "NO_CREDENTIALS"
    NO_ACCOUNTS_FOUND = "NO_ACCOUNTS_FOUND"
    ACCOUNT_NOT_VISIBLE = "ACCOUNT_NOT_VISIBLE"
    PORTAL_DOWN = "PORTAL_DOWN"
    MAINTENANCE = "MAINTENANCE"
    RATE_LIMITED = "RATE_LIMITED"
    SESSION_EXPIRED = "SESSION_EXPIRED"
    STORE_DOWN = "STORE_DOWN"
    PORTAL_CHANGED = "PORTAL_CHANGED"
    BLOCKED = "BLOCKED"
    NOT_YET_AVAILABLE = "NOT_YET_AVAILABLE"
    NOT_A_PDF = "NOT_A_PDF"
    WRONG_DOCUMENT = "WRONG_DOCUMENT"
    DUPLICATE = "DUPLICATE"
    UNREADABLE = "UNREADABLE"
    SUPERSEDED = "SUPERSEDED"
    NO_DATA = "NO_DATA"
    PARTIAL_DAY = "PARTIAL_DAY"
    ESTIMATED = "ESTIMATED"
    REVISED = "REVISED"
    UNKNOWN_PROFILE = "UNKNOWN_PROFILE"
    INVALID_PROFILE = "INVALID_PROFILE"
    HOME_UNUSABLE = "HOME_UNUSABLE"
    NO_BROWSER = "NO_BROWSER"
    UNKNOWN_MEMBER = "UNKNOWN_MEMBER"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
    STOPPED = "STOPPED"
    CLOCK_BEHIND = "CLOCK_BEHIND"
    NO_TIMER = "NO_TIMER"
    TRAIL_BROKEN = "TRAIL_BROKEN"
    CHECKPOINT_REFUSED = "CHECKPOINT_REFUSED"
    INVALID_AUTHORIZATION = "INVALID_AUTHORIZATION"
    NOT_CONFIRMED = "NOT_CONFIRMED"
    INVALID_FILE = "INVALID_FILE"
    INVALID_TAPE = "INVALID_TAPE"
    REPLAY_DIFFERS = "REPLAY_DIFFERS"
    QUEUE_UNUSABLE = "QUEUE_UNUSABLE"


class Meaning(NamedTuple):
    """What a state means to whoever reads it."""

    exit_code: int
    actor: str
    said: str
    """What a member is told of it."""


_LATER = "nobody: it is tried again by itself"
_NEXT = "nobody: the next run asks again"

MEANINGS = {
    State.OK: Meaning(0, "nobody", "Everything that the portal shows is here."),
    State.PENDING: Meaning(0, "nobody", "It is not finished: under way elsewhere, or told to end."),
    State.OK_PARTIAL: Meaning(3, _NEXT, "Most is here; something could not be had yet."),
    State.NO_DATA: Meaning(3, _NEXT, "The portal has no value for it so far."),
    State.PARTIAL_DAY: Meaning(3, _NEXT, "The portal leaves out hours of the day."),
    State.NOT_YET_AVAILABLE: Meaning(3, _NEXT, "The portal did not hand it out yet."),
    State.NOT_A_PDF: Meaning(3, _NEXT, "What came in place of the bill was no whole PDF."),
    State.WRONG_DOCUMENT: Meaning(3, _NEXT, "Another document came; it is kept apart."),
    State.UNREADABLE: Meaning(3, "maintainer", "It came, but could not be read; it is kept."),
    State.DUPLICATE: Meaning(0, "nobody", "The portal shows the same thing twice; one is kept."),
    State.SUPERSEDED: Meaning(0, "nobody", "The portal replaced it by a newer one; both are kept."),
    State.ESTIMATED: Meaning(0, "nobody", "The portal averaged it; a true reading may follow."),
    State.REVISED: Meaning(0, "nobody", "The portal corrected it; what it said before is kept."),
    State.UNKNOWN_PROFILE: Meaning(10, "operator", "There is no profile of that utility."),
    State.INVALID_PROFILE: Meaning(11, "operator", "The profile of the utility has a mistake."),
    State.HOME_UNUSABLE: Meaning(12, "operator", "The folder of everything kept cannot be used."),
    State.NO_BROWSER: Meaning(13, "operator", "No browser could be found or installed."),
    State.UNKNOWN_MEMBER: Meaning(14, "operator", "There is no sign-in of that name."),
    State.NO_CREDENTIALS: Meaning(15, "operator", "The password of the sign-in is not to be had."),
    State.UNKNOWN_ACCOUNT: Meaning(16, "operator", "There is no account of that number."),
    State.STOPPED: Meaning(17, "operator", "The utility is left alone until somebody lifts that."),
    State.CLOCK_BEHIND: Meaning(18, "operator", "The clock of this machine is behind."),
    State.QUEUE_UNUSABLE: Meaning(19, "operator", "The queue of the workers takes nothing now."),
    State.NO_TIMER: Meaning(19, "operator", "This machine cannot be told to run it by itself."),
    State.BAD_CREDENTIALS: Meaning(
        20, "account holder", "The portal rejected the user ID or password; give the right ones."
    ),
    State.ACCOUNT_LOCKED: Meaning(
        21, "account holder", "The portal locked the sign-in; wait as it says, or call the utility."
    ),
    State.PASSWORD_CHANGE_REQUIRED: Meaning(
        22, "account holder", "The portal wants a new password; choose one there, then give it."
    ),
    State.MFA_REQUIRED: Meaning(
        23, "account holder", "The portal wants a code that only the account holder receives."
    ),
    State.CAPTCHA_REQUIRED: Meaning(
        24, "account holder", "The portal shows a picture to be typed off; sign in there once."
    ),
    State.NOTICE_PENDING: Meaning(
        25, "account holder", "The portal shows terms or a notice to be answered; sign in there."
    ),
    State.NO_ACCOUNTS_FOUND: Meaning(26, "operator", "The sign-in shows no account."),
    State.ACCOUNT_NOT_VISIBLE: Meaning(27, "operator", "An account can no longer be seen."),
    State.AWAITING_OTP: Meaning(
        28, "account holder", "The portal sent a code; hand it in with `harvester code`."
    ),
    State.OTP_TIMEOUT: Meaning(
        29, "account holder", "The code that the portal sent was not handed in in time."
    ),
    State.PORTAL_DOWN: Meaning(30, _LATER, "The portal cannot be reached or shows an error."),
    State.MAINTENANCE: Meaning(31, _LATER, "The portal is under maintenance."),
    State.RATE_LIMITED: Meaning(32, _LATER, "The portal, or our own limit, asks for a pause."),
    State.SESSION_EXPIRED: Meaning(33, _LATER, "The portal ended the session too often."),
    State.STORE_DOWN: Meaning(34, _LATER, "Where the files are kept cannot be reached."),
    State.PORTAL_CHANGED: Meaning(40, "maintainer", "The portal is not what the profile says."),
    State.BLOCKED: Meaning(41, "maintainer", "The portal refuses to be asked; ask it why."),
    State.TRAIL_BROKEN: Meaning(50, "operator", "The trail of what was done was changed."),
    State.CHECKPOINT_REFUSED: Meaning(51, "operator", "The trail does not fit its checkpoint."),
    State.INVALID_FILE: Meaning(52, "operator", "The file is not what it claims to be."),
    State.INVALID_TAPE: Meaning(53, "operator", "The recording cannot be used."),
    State.REPLAY_DIFFERS: Meaning(
        54, "maintainer", "The recording does not bring home what it should."
    ),
    State.AUTHORIZATION_MISSING: Meaning(
        60, "account holder", "Nobody has authorized this harvest yet."
    ),
    State.AUTHORIZATION_EXPIRED: Meaning(
        61, "account holder", "The authorization of this harvest has ended."
    ),
    State.AUTHORIZATION_REVOKED: Meaning(
        62, "account holder", "The account holder has withdrawn the authorization."
    ),
    State.INVALID_AUTHORIZATION: Meaning(63, "operator", "That is no authorization."),
    State.NOT_CONFIRMED: Meaning(64, "operator", "Nobody confirmed that."),
}
"""Exit codes by tens: 10 set-up, 20 a person must act, 30 try later, 40 the portal changed, 50 the
trail of what was done is not what was written, 60 nobody may ask.

An item (a day, a document) never ends a run: where it lacks something the run ends with 3.
"""

HELD = frozenset(
    {
        State.ACCOUNT_LOCKED, State.PASSWORD_CHANGE_REQUIRED, State.MFA_REQUIRED,
        State.OTP_TIMEOUT, State.CAPTCHA_REQUIRED, State.NOTICE_PENDING,
    }
)  # fmt: skip
"""After these no sign-in is sent until a person has acted; after BAD_CREDENTIALS it is the
credentials themselves that are not sent again."""


class Failure(Exception):
    """A harvest cannot go on; the message says what was looked for, where, and what to do."""

    def __init__(self, state: State, message: str, not_before: datetime | None = None) -> None:
        super().__init__(message)
        self.state = state
        self.not_before = not_before
        """Before that moment it is of no use to try again."""

    @property
    def exit_code(self) -> int:
        """What the command line ends with."""
        return MEANINGS[self.state].exit_code


class Transient(Failure):
    """Nobody needs to act: the same thing is tried again, by this run or the next."""


class OwnLimit(Transient):
    """A limit of ours is reached for one member: of no other, and nothing that the portal said."""


class ActionNeeded(Failure):
    """A person must act first; never retried by itself."""


class Drift(Failure):
    """The portal is not what the profile says: stop this profile and keep the evidence."""

    def __init__(self, state: State, message: str, *, broken: tuple[str, ...] = ()) -> None:
        super().__init__(state, message)
        self.broken = broken
        """The profile's names that are no longer right: locators, or `base`."""


class Unanswered(Drift):
    """The sign-in is still asked for after it was sent, and nothing known says why."""


class BadData(Failure):
    """One artifact is not what it should be: quarantine it and go on."""


class Misconfigured(Failure):
    """Refuse to start."""
