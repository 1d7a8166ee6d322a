"""What a harvest is given in place of credentials for somebody simulated, who has no secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Known:
    """A password that everybody may know, and a code if the portal asks for one."""

    secret: str
    handed_in: str | None = None
    rejected: list[str] = field(default_factory=list)

    def password(self) -> str:
        """Return the password, whatever became of it before."""
        return self.secret

    def reject(self, password: str) -> None:
        """Remember that the portal refused it."""
        self.rejected.append(password)

    def code(self, _since: datetime) -> str | None:
        """Return the code."""
        return self.handed_in
