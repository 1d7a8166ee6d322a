"""What the portal was asked, so that a test can tell what a run cost and what it touched."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Counts:
    """Counters since the start; `routes` and `dangerous` go by route name, the others by user."""

    sign_ins: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    dangerous: Counter[str] = field(default_factory=Counter)
    """Requests that would have paid, enrolled, reported, noted or changed something."""

    @property
    def total(self) -> int:
        """All requests but those to /_sandbox."""
        return self.routes.total()

    def document(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        return {
            "sign_ins": dict(self.sign_ins),
            "rejected": dict(self.rejected),
            "routes": dict(self.routes),
            "dangerous": dict(self.dangerous),
            "total": self.total,
        }
