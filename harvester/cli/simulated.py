"""What harvests of a portal need that is simulated or recorded, where nobody's leave is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from harvester.custody import consent
from harvester.custody.authorization import own
from harvester.custody.secret import Secret
from harvester.profile import Profile
from harvester.task import Task


@dataclass
class Known:
    """A password that everybody may know, and codes if the portal asks for one."""

    secret: str
    authenticator: str | None = None
    sent: str | None = None
    rejected: list[str] = field(default_factory=list)
    state: dict[str, Any] | None = field(default=None, repr=False)

    def password(self) -> Secret:
        """Return the password, whatever became of it before."""
        return Secret(self.secret)

    def reject(self, password: Secret) -> None:
        """Remember that the portal refused it."""
        self.rejected.append(password.reveal())

    def code(self) -> str | None:
        """Return the code of the authenticator."""
        return self.authenticator

    def expect_code(self) -> None:
        """Ask nobody."""

    def handed_in(self, _since: datetime) -> str | None:
        """Return the code that was sent."""
        return self.sent

    def session(self, _max_age: timedelta) -> dict[str, Any] | None:
        """Return the session that a harvest left."""
        return self.state

    def keep_session(self, state: dict[str, Any]) -> None:
        """Keep it."""
        self.state = state


def at_ease(profile: Profile) -> Profile:
    """Return a profile without pauses, daily limits and hours: there is no portal to spare."""
    limits = {"sign_ins_a_day": 1000, "runs_a_day": 1000, "pause_ms": 0, "run_window": None}
    return profile.model_copy(update={"pace": profile.pace.model_copy(update=limits)})


def permit(home: Path, task: Task) -> None:
    """Record that a simulated member permits it, if that is not recorded yet."""
    name, portal = task.member.name, task.profile
    if not consent.records(home, name):
        consent.grant(home, own(name, portal.id, portal.name, task.now()))
