"""Tries again what nobody needs to act on, after a pause; the one place where that is decided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from harvester.errors import Failure

PATIENCE = timedelta(minutes=2)
"""The longest pause that a portal may ask for and still be waited for by the same run."""


def attempts(
    worth: Callable[[Failure], bool], now: Callable[[], datetime], *, tries: int, longest: float
) -> AsyncRetrying:
    """Return attempts for `async for`: again after a failure that is worth it, then it is raised.

    The pause between two grows at random up to `longest` seconds, or is what the portal asks for.
    """
    backoff = wait_random_exponential(multiplier=longest / 10, max=longest)

    def again(failure: BaseException) -> bool:
        return isinstance(failure, Failure) and worth(failure) and left(failure) <= PATIENCE

    def left(failure: Failure) -> timedelta:
        return failure.not_before - now() if failure.not_before else timedelta()

    def pause(state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        asked = left(failure) if isinstance(failure, Failure) else timedelta()
        return max(backoff(state), asked.total_seconds())

    return AsyncRetrying(
        retry=retry_if_exception(again),
        stop=stop_after_attempt(tries),
        wait=pause,
        reraise=True,
    )
