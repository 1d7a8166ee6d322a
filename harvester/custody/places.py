"""Places of secrets that are folders: systemd's, which is only read, and one of our own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harvester.custody import files
from harvester.custody.secret import Secret


class Place(Protocol):
    """Where secrets lie under their names; a damaged one raises Misconfigured and says so."""

    @property
    def kind(self) -> str:
        """What the trail calls it."""

    def where(self, name: str) -> str:
        """Tell a person where a secret would be."""

    def read(self, name: str) -> Secret | None:
        """Return a secret, or None where there is none of that name."""


class Keeper(Place, Protocol):
    """A place that can be written."""

    def write(self, name: str, secret: Secret) -> None:
        """Keep a secret, in place of the one before."""

    def remove(self, name: str) -> None:
        """Forget a secret, if there is one."""


@dataclass(frozen=True)
class Systemd:
    """The credentials of a systemd unit: a file for each secret, never written.

    See https://systemd.io/CREDENTIALS/.
    """

    folder: Path
    kind = "systemd"

    def where(self, name: str) -> str:
        """Tell a person where a secret would be."""
        return str(self.folder / name)

    def read(self, name: str) -> Secret | None:
        """Return a secret, or None where there is none of that name."""
        # The manager lets only the unit in, by an ACL that shows as a right of the group.
        return files.read(self.folder / name, shared=True)


@dataclass(frozen=True)
class Folder:
    """A 0600 file for each secret."""

    folder: Path
    kind = "folder"

    def where(self, name: str) -> str:
        """Tell a person where a secret would be."""
        return str(self.folder / name)

    def read(self, name: str) -> Secret | None:
        """Return a secret, or None where there is none of that name."""
        return files.read(self.folder / name)

    def write(self, name: str, secret: Secret) -> None:
        """Keep a secret, in place of the one before."""
        with files.alone(self.folder):
            self._sweep(name)
            files.write(self.folder / name, secret.reveal().encode())

    def remove(self, name: str) -> None:
        """Forget a secret, if there is one."""
        if self.folder.is_dir():
            with files.alone(self.folder):
                self._sweep(name)
                files.remove(self.folder / name)

    def _sweep(self, name: str) -> None:
        """Remove what a killed program left half written."""
        for part in self.folder.glob(f".{name}.*.part"):
            files.remove(part)
