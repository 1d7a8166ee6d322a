"""Whoever shows a portal: what the survey asks and says."""

from __future__ import annotations

from typing import Protocol


class Person(Protocol):
    """Whoever sits before the browser and is talked to beside it."""

    async def ask(self, question: str) -> str:
        """Return what is answered, without blanks around it."""

    def tell(self, said: str) -> None:
        """Say something."""
