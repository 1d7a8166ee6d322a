"""What one harvest is given of a member's secrets, at the moment that it needs them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from harvester import members
from harvester.custody import codes, sessions
from harvester.custody.secret import Secret
from harvester.custody.vault import Vault
from harvester.errors import Misconfigured
from harvester.members import Member
from harvester.settings import Settings


@dataclass(frozen=True)
class Kept:
    """Credentials in the vault; `ask` puts a question to a person, if one is there."""

    settings: Settings
    vault: Vault
    member: Member
    ask: Callable[[str], str] | None
    now: Callable[[], datetime]

    def password(self) -> Secret:
        """Return the password; raises Misconfigured without one, ActionNeeded if it was refused."""
        return self.vault.password(self.member, self.ask)

    def reject(self, password: Secret) -> None:
        """Remember that the portal refused it."""
        members.reject(self.settings, self.member, password)

    def code(self) -> str | None:
        """Return the code of the member's authenticator; None where its secret is not kept."""
        return self.vault.code(self.member, self.now())

    def expect_code(self) -> None:
        """Ask the person who is there for the code that the portal sends; do not wait for it."""
        if self.ask:
            threading.Thread(target=self._prompt, args=[self.ask], daemon=True).start()

    def handed_in(self, since: datetime) -> str | None:
        """Take the code that was handed in since then, None while there is none."""
        return self.vault.handed_in(self.member, since, self.now())

    def session(self, max_age: timedelta) -> dict[str, Any] | None:
        """Return the session that a run kept before, as Playwright's storage state."""
        return sessions.restore(self.vault, self.member, self.now(), max_age)

    def keep_session(self, state: dict[str, Any]) -> None:
        """Keep a session for the next run, encrypted."""
        sessions.save(self.vault, self.member, state, self.now())

    def _prompt(self, ask: Callable[[str], str]) -> None:
        name = self.member.name
        try:
            code = Secret(ask(f"Code that {self.member.profile} sent to {name}: "))
            codes.hand_in(self.settings.home, name, code, self.now())
        except Misconfigured as refused:
            ask(f"{refused} (Enter)")
        except (EOFError, KeyboardInterrupt):
            return
