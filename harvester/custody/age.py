"""A place of secrets that is one age-encrypted file, opened in memory only.

The file holds a map of names to secrets, as TOML or JSON; what is written is JSON, closed to the
identity that opens it.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from harvester.custody import files
from harvester.custody.places import Systemd
from harvester.custody.sealing import Key, Shut, key_of, recipients, seal, unseal
from harvester.custody.secret import Secret

IDENTITY = "age-identity"
"""The name of a systemd credential that holds the identity."""
_MAKE = "`age-keygen` makes one; put it into a 0600 file and name that with HARVESTER_AGE_IDENTITY"


@dataclass(frozen=True)
class AgeFile:
    """One encrypted file; its identity is a 0600 file or a credential of the systemd unit."""

    file: Path
    identity: Path | None
    credentials: Path | None
    kind = "age"

    def where(self, name: str) -> str:
        """Tell a person where a secret would be."""
        return f"{self.file} under {name}"

    def read(self, name: str) -> Secret | None:
        """Return a secret, or None where there is none of that name."""
        found = self._entries().get(name)
        return None if found is None else Secret(found)

    def write(self, name: str, secret: Secret) -> None:
        """Keep a secret, in place of the one before."""
        with files.alone(self.file.parent):
            self._seal(self._entries() | {name: secret.reveal()})

    def remove(self, name: str) -> None:
        """Forget a secret, if there is one."""
        if self._sealed() is None:
            return
        with files.alone(self.file.parent):
            entries = self._entries()
            if entries.pop(name, None) is not None:
                self._seal(entries)

    def _entries(self) -> dict[str, str]:
        sealed = self._sealed()
        if sealed is None:
            return {}
        place, key = self._key()
        try:
            opened = unseal(sealed, key)
        except Shut as shut:
            why = "is damaged; bring it back from a backup"
            if shut.anothers:
                why = f"is not encrypted to the identity in {place}; name the right one"
            raise files.refused(f"{self.file} {why}.") from None
        entries = _map(opened)
        if entries is None:
            raise files.refused(
                f"{self.file} opens, but is no TOML or JSON map of names to texts (a name with a"
                ' dot needs quotes: "house.totp"); encrypt it again.'
            )
        return entries

    def _sealed(self) -> bytes | None:
        try:
            return self.file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            why = error.strerror
        raise files.refused(f"{self.file} cannot be read ({why}); bring it back from a backup.")

    def _seal(self, entries: dict[str, str]) -> None:
        """Write all entries, but not so that another recipient could no longer open them."""
        if recipients(self._sealed() or b"") > 1:
            raise files.refused(
                f"{self.file} is encrypted to several recipients, who cannot be told from it;"
                " change it with `age` itself."
            )
        content = json.dumps(entries, indent=2, ensure_ascii=False, sort_keys=True).encode()
        files.write(self.file, seal(content, self._key()[1]))

    def _key(self) -> tuple[Path, Key]:
        """Return where the identity lies, and its key."""
        if self.identity:
            place, found = self.identity, files.read(self.identity)
        elif self.credentials:
            place, found = self.credentials / IDENTITY, Systemd(self.credentials).read(IDENTITY)
        else:
            raise files.refused(f"{self.file} needs an identity to open and close it: {_MAKE}.")
        if found is None:
            raise files.refused(f"There is no identity {place} for {self.file}: {_MAKE}.")
        key = key_of(found)
        if key is None:
            raise files.refused(
                f"{place} holds neither one age identity (AGE-SECRET-KEY-1…) nor an SSH key without"
                f" a passphrase: {_MAKE}."
            )
        return place, key


def _map(opened: bytes) -> dict[str, str] | None:
    """Return the map, or None; an error of a parser would hold the text."""
    text = files.text_of(opened)
    if text is None:
        return None
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    good = isinstance(found, dict) and all(isinstance(one, str) for one in found.values())
    return found if good else None
