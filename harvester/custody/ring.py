"""A place of secrets that is the keyring of the operating system, if a real one is there."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from harvester.custody.files import refused
from harvester.custody.secret import Secret
from harvester.errors import Misconfigured

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "harvester"
PATIENCE = 5.0
"""Seconds that a keyring has to answer where nobody watches who could unlock it."""

T = TypeVar("T")


@dataclass(frozen=True)
class Keyring:
    """Passwords of the service `harvester`; without a real backend nothing is there."""

    kind = "keyring"

    def where(self, name: str) -> str:
        """Tell a person where a secret would be."""
        return f"the system's keyring (service {SERVICE}, user {name})"

    def read(self, name: str) -> Secret | None:
        """Return a secret, or None where there is none of that name."""

        def get(ring: KeyringBackend) -> Secret | None:
            found = ring.get_password(SERVICE, name)
            return None if found is None else Secret(found)

        return _ask(get, lambda: None)

    def write(self, name: str, secret: Secret) -> None:
        """Keep a secret, in place of the one before; raises Misconfigured without a keyring."""
        _ask(lambda ring: ring.set_password(SERVICE, name, secret.reveal()), _absent)

    def remove(self, name: str) -> None:
        """Forget a secret, if there is one."""

        def delete(ring: KeyringBackend) -> None:
            if ring.get_password(SERVICE, name) is not None:
                ring.delete_password(SERVICE, name)

        _ask(delete, lambda: None)


def _ask(question: Callable[[KeyringBackend], T], otherwise: Callable[[], T]) -> T:
    """Ask the keyring, and do not wait for a prompt of its own that nobody sees.

    A thread, as no backend has a time-out; it is left behind with its prompt.
    """
    answer: Future[T] = Future()

    def ask() -> None:
        try:
            ring = _backend()
            answer.set_result(otherwise() if ring is None else question(ring))
        except BaseException as error:  # noqa: BLE001 - handed on, whatever a backend raises
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answer.result(None if sys.stdin.isatty() else PATIENCE)
    except Misconfigured:
        raise
    except TimeoutError:
        why = f"did not answer within {PATIENCE:.0f} s"
    except Exception as error:  # noqa: BLE001 - a backend's own errors have no common base
        why = f"refuses ({type(error).__name__})"
    raise refused(
        f"The system's keyring {why}: unlock it, or keep secrets elsewhere with HARVESTER_KEEP."
    )


def _backend() -> KeyringBackend | None:
    """Return the backend to use; one in a chain by itself, as a chain may end in plain text."""
    import keyring  # noqa: PLC0415 - slow to load, and seldom asked

    chosen = keyring.get_keyring()
    return next(filter(_real, getattr(chosen, "backends", [chosen])), None)


def _real(ring: KeyringBackend) -> bool:
    """Tell whether a backend keeps secrets safe: keyring itself recommends those from 1 up."""
    plain = any("plaintext" in kind.__name__.lower() for kind in type(ring).__mro__)
    return ring.priority >= 1 and not plain


def _absent() -> None:
    raise refused(
        "There is no keyring on this system that encrypts; keep secrets elsewhere with"
        " HARVESTER_KEEP=folder or age."
    )
