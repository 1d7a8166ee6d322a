"""Where people want to be told: channels by name; their addresses and keys are the vault's."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from harvester import members
from harvester.custody import files
from harvester.errors import Misconfigured, State
from harvester.store.home import unusable

URL, KEY = "notify-url", "notify-key"
"""Kinds of a channel's secrets in the vault: its address, and what a webhook is signed with."""
PREFIX = "whsec_"


class Channel(BaseModel):
    """One way to a person or a program; what needs a person always goes there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["apprise", "webhook"] = "apprise"
    digest: bool = False
    """Whether it also gets the daily digest."""


def add(home: Path, channel: Channel) -> None:
    """Remember a channel, in place of one of the same name."""
    if not members.NAME.fullmatch(channel.name):
        raise Misconfigured(
            State.INVALID_FILE,
            f"{channel.name!r} is no name for a channel: use small letters, hyphens and up to four"
            " digits in a row.",
        )
    files.write(_file(home, channel.name), channel.model_dump_json(indent=2).encode())


def remove(home: Path, name: str) -> None:
    """Forget a channel; its secrets are the vault's."""
    load(home, name)
    files.remove(_file(home, name))


def every(home: Path) -> list[Channel]:
    """Return all channels by name."""
    return [load(home, file.stem) for file in sorted((home / "channels").glob("*.json"))]


def load(home: Path, name: str) -> Channel:
    """Return one channel; Misconfigured where there is none of that name."""
    file = _file(home, name)
    if not members.NAME.fullmatch(name) or not file.exists():
        raise Misconfigured(
            State.UNKNOWN_MEMBER,
            f"There is no channel {name!r} in {home}; `harvester notify list` shows which there"
            " are and `harvester notify add` adds one.",
        )
    try:
        return Channel.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise unusable(file, type(error).__name__) from None


def check_address(channel: Channel, url: str) -> None:
    """Raise Misconfigured where nothing could be sent to an address; it is never repeated."""
    if channel.kind == "webhook":
        if not _is_webhook(url):
            raise _unfit(
                channel,
                "a webhook is https://HOST/PATH, or http:// on this machine itself, and holds no"
                " spaces",
            )
        return
    from apprise import Apprise  # noqa: PLC0415 - half a second, for those who send only

    from harvester.notices.sending import hushed  # noqa: PLC0415

    with hushed():
        known = Apprise().add(url)
    if not known:
        raise _unfit(channel, "Apprise knows no such address; its list is at appriseit.com")


def key_of(channel: Channel, text: str) -> bytes:
    """Return the bytes of a webhook's signing key; Misconfigured where it is none.

    It is `whsec_` and the base64 of 24 to 64 bytes, see https://www.standardwebhooks.com.
    """
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise files.refused(
            f"The signing key of {channel.name} is not whsec_ and the base64 of 24 to 64 bytes;"
            " `openssl rand -base64 32` makes what follows whsec_."
        )
    return key


def _is_webhook(url: str) -> bool:
    try:
        parts = urlsplit(url)
        local = parts.hostname in {"127.0.0.1", "::1", "localhost"}
        port_is_one = parts.port != 0
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    safe = parts.scheme == "https" or (parts.scheme == "http" and local)
    return plain and safe and port_is_one and bool(parts.hostname)


def _unfit(channel: Channel, why: str) -> Misconfigured:
    return files.refused(
        f"What was given is no address for {channel.name}: {why}. Nothing was kept; give it again"
        " with `harvester notify add`."
    )


def _file(home: Path, name: str) -> Path:
    return home / "channels" / f"{name}.json"
