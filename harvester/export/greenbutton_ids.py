"""Names of resources that are the same in every export of a home and tell nobody anything."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from uuid import UUID, uuid5

from harvester.store.home import unusable, write_private

SALT_BYTES = 16


class Ids:
    """UUIDs of version 5 whose namespace is a secret of the home, made once and kept."""

    def __init__(self, home: Path) -> None:
        """Read or make the salt; raises Misconfigured where it cannot be kept."""
        self._salt = UUID(bytes=_salt(home / "greenbutton.salt"))

    def of(self, kind: str, *parts: object) -> UUID:
        """Return the id of the resource of a kind that these parts tell from all others."""
        return uuid5(self._salt, "\x1f".join([kind, *(f"{part}" for part in parts)]))


def _salt(file: Path) -> bytes:
    try:
        if not file.exists():
            made = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
            write_private(made, secrets.token_bytes(SALT_BYTES))
            try:
                os.link(made, file)  # whoever came first made the salt
            except FileExistsError:
                pass
            finally:
                made.unlink()
        salt = file.read_bytes()
    except OSError as error:
        raise unusable(file, error.strerror) from error
    if len(salt) != SALT_BYTES:
        raise unusable(file, "it is damaged: restore it, or delete it and have new ids")
    return salt
