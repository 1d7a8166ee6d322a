"""What a harvest is given in place of credentials for somebody simulated, who has no secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from harvester.custody.secret import Secret


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
