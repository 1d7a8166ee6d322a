"""The one way to a member's secrets: places asked in a fixed order, each use noted in the trail."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from harvester import members
from harvester.custody import codes, files, totp
from harvester.custody.age import AgeFile
from harvester.custody.places import Folder, Keeper, Place, Systemd
from harvester.custody.ring import Keyring
from harvester.custody.sealing import new_identity
from harvester.custody.secret import Secret
from harvester.errors import ActionNeeded, State
from harvester.members import Member
from harvester.settings import Settings

PASSWORD, TOTP, SESSION_KEY = "password", "totp", "session-key"


class Owner(Protocol):
    """Whose secret it is: a sign-in, or a channel by which people are told."""

    @property
    def name(self) -> str:
        """Its name, which is part of the secret's."""


class Note(Protocol):
    """Writes an event to the trail, such as a run's own with its number."""

    def __call__(self, event: str, **facts: str) -> object:
        """Write it."""


class Vault:
    """Secrets of one home: systemd's credentials, the folder, the age file, then the keyring.

    A place that is damaged, open to others or locked raises Misconfigured(NO_CREDENTIALS) that
    names it; the search does not go on past it.
    """

    def __init__(self, settings: Settings, note: Note) -> None:
        self.home = settings.home
        self._settings = settings
        self._note = note
        given = settings.credentials
        self._keepers: list[Keeper] = [
            Folder(settings.secrets_folder),
            AgeFile(settings.age_secrets, settings.age_identity, given),
            Keyring(),
        ]
        self._places: list[Place] = [*([Systemd(given)] if given else []), *self._keepers]

    def password(self, member: Member, ask: Callable[[str], str] | None) -> Secret:
        """Return a password: from the member's own file, the first place that has it, or a person.

        Raises Misconfigured where there is none, and ActionNeeded where the portal rejected it
        before.
        """
        own = member.password_file
        found = self._own(member, own) if own else self._find(member, PASSWORD)
        if found is None and ask:
            found = Secret(ask(f"Password of {member.name} at {member.profile}: "))
            self._read(member, PASSWORD, "person", found, "as it was typed")
        if found is None:
            looked = str(own) if own else self._looked(member)
            raise files.refused(
                f"No password of {member.name} at {looked}; `harvester member add` asks for it."
            )
        if members.was_rejected(self._settings, member, found):
            raise ActionNeeded(
                State.BAD_CREDENTIALS,
                f"The portal rejected these credentials of {member.name} before, so they are not"
                " sent again; give the right ones with `harvester member add`.",
            )
        return found

    def code(self, member: Member, at: datetime) -> str | None:
        """Return the one-time code of a moment; None if the member's TOTP secret is nowhere."""
        secret = self._find(member, TOTP)
        return totp.code(secret, member.name, at) if secret else None

    def handed_in(self, member: Member, since: datetime, at: datetime) -> str | None:
        """Take the code that a person handed in after `since`; good once, and for ten minutes."""
        code = codes.take(self.home, member.name, since, at)
        if code is not None:
            self._note("secret.read", member=member.name, kind="code", place="person")
        return code

    def session_key(self, member: Member, *, make: bool) -> Secret | None:
        """Return the identity that closes and opens saved sessions; made once, if `make`.

        None if it is nowhere, and also cannot be kept where HARVESTER_KEEP says.
        """
        found = self._find(member, SESSION_KEY)
        if found is None and make and not self._fixed(self._keeper()):
            found = new_identity()
            self.keep(member, SESSION_KEY, found)
        return found

    def secret(self, owner: Owner, kind: str) -> Secret | None:
        """Return a secret of whoever is no sign-in; None if it is nowhere."""
        return self._find(owner, kind)

    def keep(self, member: Owner, kind: str, secret: Secret) -> None:
        """Write a secret to the place that HARVESTER_KEEP names, and make sure it is found there.

        Copies in writable places that are asked earlier are removed; one that cannot be written
        would come first for ever, so Misconfigured says where it is, and nothing is written.
        """
        name, keeper = _named(member, kind), self._keeper()
        if self._fixed(keeper):
            raise files.refused(
                f"{keeper.where(name)} cannot be written here; name another place with"
                " HARVESTER_SECRETS, HARVESTER_AGE_FILE or HARVESTER_KEEP."
            )
        before = self._places[: self._places.index(keeper)]
        for place in before:
            if self._fixed(place) and place.read(name) is not None:
                raise files.refused(
                    f"{place.where(name)} comes before {keeper.where(name)}; change the secret"
                    " there, or take it away."
                )
        keeper.write(name, secret)
        for place in self._keepers[: self._keepers.index(keeper)]:
            if not self._fixed(place):
                place.remove(name)
        self._note("secret.kept", member=member.name, kind=kind, place=keeper.kind)

    def forget(self, member: Owner, kind: str) -> list[str]:
        """Remove every copy that can be written; return where others are left."""
        name = _named(member, kind)
        for keeper in self._keepers:
            if not self._fixed(keeper):
                keeper.remove(name)
        return [
            place.where(name)
            for place in self._places
            if self._fixed(place) and place.read(name) is not None
        ]

    def _keeper(self) -> Keeper:
        wanted = self._settings.keep
        kinds = [keeper.kind for keeper in self._keepers]
        if wanted not in kinds:
            raise files.refused(
                f"HARVESTER_KEEP is {wanted!r}, and secrets are kept in one of: {', '.join(kinds)}."
            )
        return self._keepers[kinds.index(wanted)]

    def _fixed(self, place: Place) -> bool:
        """Tell whether a place cannot be written, or lies within systemd's, which never is."""
        match place:
            case Folder(folder=folder):
                pass
            case AgeFile(file=file):
                folder = file.parent
            case _:
                return isinstance(place, Systemd)
        given = self._settings.credentials
        if given and folder.resolve().is_relative_to(given.resolve()):
            return True
        return folder.exists() and not os.access(folder, os.W_OK, effective_ids=True)

    def _own(self, member: Member, file: Path) -> Secret | None:
        found = files.read(file)
        if found:
            self._read(member, PASSWORD, "file", found, str(file))
        return found

    def _find(self, member: Owner, kind: str) -> Secret | None:
        name = _named(member, kind)
        for place in self._places:
            found = place.read(name)
            if found:
                self._read(member, kind, place.kind, found, place.where(name))
                return found
        return None

    def _read(self, member: Owner, kind: str, place: str, found: Secret, where: str) -> None:
        if not found.reveal():
            raise files.refused(
                f"The {kind} of {member.name} is empty: {where}; `harvester member add` asks for"
                " it."
            )
        self._note("secret.read", member=member.name, kind=kind, place=place)

    def _looked(self, member: Member) -> str:
        return ", ".join(place.where(member.name) for place in self._places)


def _named(owner: Owner, kind: str) -> str:
    """Return the name that a secret has in every place."""
    own = {PASSWORD: owner.name, SESSION_KEY: SESSION_KEY}
    return own.get(kind, f"{owner.name}.{kind}")
