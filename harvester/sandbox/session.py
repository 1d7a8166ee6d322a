"""Who is signed in, until when, and what the portal remembers of each session."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from harvester.sandbox.nouns import Account, SignIn

COOKIE = ".DOTNETNUKE"


@dataclass
class Session:
    """One signed-in browser."""

    sign_in: SignIn
    user: str
    """What was typed as the user id: one id, or the number of an account."""
    key: str
    account: Account
    """The account that the pages are about."""
    seen: float
    obstacle: str = ""
    """Name of the page that has to be dealt with first, if any."""
    noticed: set[str] = field(default_factory=set)
    """Accounts whose notice was shown."""
    requests: int = 0
    primed: set[str] = field(default_factory=set)
    """Accounts whose daily feed was asked, without which the interval feed says nothing."""
    rows: dict[str, str] = field(default_factory=dict)
    """Bill ids by the row key that this session's pages show."""

    def row(self, bill_id: str) -> str:
        """Return this session's key of a bill, the same each time it is asked."""
        for key, known in self.rows.items():
            if known == bill_id:
                return key
        key = secrets.token_hex(8)
        self.rows[key] = bill_id
        return key


class Sessions:
    """All sessions; `seconds` without a request or `requests` (0: no limit) end one."""

    def __init__(self, seconds: int, requests: int, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._requests = requests
        self._now = now
        self._open: dict[str, Session] = {}

    def open(self, sign_in: SignIn, user: str, obstacle: str = "") -> Session:
        """Sign in, with the account selected that `user` names, else the first."""
        key = secrets.token_urlsafe(24)
        account = sign_in.account(user.replace("-", "")) or sign_in.accounts[0]
        session = Session(sign_in, user, key, account, self._now(), obstacle)
        self._open[key] = session
        return session

    def use(self, key: str | None) -> Session | None:
        """Return the session of a cookie for one more request; None once it has ended."""
        session = self._open.get(key or "")
        if session is None:
            return None
        idle = self._now() - session.seen >= self._seconds
        if idle or (self._requests and session.requests >= self._requests):
            self.close(session)
            return None
        session.seen = self._now()
        session.requests += 1
        return session

    def close(self, session: Session) -> None:
        """Sign out."""
        self._open.pop(session.key, None)
