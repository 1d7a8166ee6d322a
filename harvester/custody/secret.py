"""A text that no print, log, trace-back, pickle or JSON document ever shows."""

from __future__ import annotations

from typing import NoReturn, SupportsIndex


class Secret:
    """A password, a key or the like; only `reveal` gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __format__(self, _: str) -> str:
        return repr(self)

    def __reduce_ex__(self, _: SupportsIndex) -> NoReturn:
        message = "a secret is neither copied nor written out"
        raise TypeError(message)
