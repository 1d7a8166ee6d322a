"""One harvest of one sign-in: what it is given, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from harvester.custody.secret import Secret
from harvester.errors import State
from harvester.evidence import Look
from harvester.members import Member
from harvester.model import Window
from harvester.profile import Profile
from harvester.store.usage import Change
from harvester.wire import Wire

SIGN_IN = "sign-in"
"""The kind of a harvest by which a person tries whether a sign-in works; it fetches nothing."""

CHECK = "check"
"""The kind of a harvest that looks for the profile's names on every page; it fetches nothing."""

Report = Callable[[str, str, int, int], None]
"""Hears whose (member and last three digits), what, how many are done, and of how many."""


Turn = Callable[[], Awaitable[None]]
"""Waits until the portal may be asked for one more thing; raises Failure where it may not."""

Turns = Callable[[Profile, Callable[[], int]], AbstractAsyncContextManager[Turn]]
"""Gives one session its turns at a portal; the callable tells how many requests it has made."""


@asynccontextmanager
async def unshared(_profile: Profile, _made: Callable[[], int]) -> AsyncIterator[Turn]:
    """Give the turns of a session that shares its portal with no other program."""

    async def at_once() -> None:
        pass

    yield at_once


class Credentials(Protocol):
    """What a harvest needs of whoever keeps the member's secrets."""

    def password(self) -> Secret:
        """Return the password; raise ActionNeeded where it is not to be sent."""

    def reject(self, password: Secret) -> None:
        """Remember that the portal refused it."""

    def code(self) -> str | None:
        """Return the code of the member's authenticator; None where there is none."""

    def expect_code(self) -> None:
        """Ask whoever is there for a code that the portal sent; do not wait for it."""

    def handed_in(self, since: datetime) -> str | None:
        """Take the code that was handed in since then; None while there is none."""

    def session(self, max_age: timedelta) -> dict[str, Any] | None:
        """Return the session that was kept, if it is not older."""

    def keep_session(self, state: dict[str, Any]) -> None:
        """Keep a session (Playwright's storage state) for the next run."""


@dataclass(frozen=True)
class Task:
    """One harvest of one sign-in; `today` is the portal's local day."""

    member: Member
    profile: Profile
    credentials: Credentials = field(repr=False)
    window: Window
    today: date
    kind: str = "run"
    sandbox: int | None = None
    """The loopback port of an embedded portal that answers the profile's origins."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    halt: Callable[[], None] = lambda: None
    """Raises where the program is told to end; asked before every request."""
    wire: Callable[..., Wire] = Wire
    """Makes the wire of each session, from the profile's origins and the sandbox."""
    turns: Turns = unshared
    """What each session waits for, beside its own pauses, before it asks for anything."""


@dataclass
class Outcome:
    """How a harvest went."""

    state: State = State.OK
    message: str = ""
    not_before: datetime | None = None
    """Before that moment it is of no use to try again."""
    accounts: int = 0
    artifacts: int = 0
    pdfs: int = 0
    days: int = 0
    change: Change = field(default_factory=lambda: Change(0, 0))
    requests: int = 0
    sign_ins: int = 0
    evidence: Path | None = None
    """A folder: how the page was built that was not what the profile says, not what it said."""
    looks: dict[str, list[Look]] = field(default_factory=dict)
    """Of a check: how the profile's names were looked for, by page."""
    unasked: list[str] = field(default_factory=list)
    """What nobody has authorized, a sentence each."""
    failed: list[str] = field(default_factory=list)
    """What could not be had, a sentence each; the next run asks again."""

    def facts(self) -> dict[str, int]:
        """Return the counts."""
        return {
            "accounts": self.accounts,
            "artifacts": self.artifacts,
            "pdfs": self.pdfs,
            "days": self.days,
            "added": self.change.added,
            "revised": self.change.revised,
            "requests": self.requests,
            "sign_ins": self.sign_ins,
            "gaps": len(self.failed),
        }
