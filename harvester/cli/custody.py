"""Commands and prompts about secrets: no secret is ever taken from an argument or printed."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from datetime import UTC, datetime

from harvester import members
from harvester.cli.common import settings_of
from harvester.custody import codes
from harvester.custody.files import refused, text_of
from harvester.custody.secret import Secret
from harvester.custody.vault import Vault
from harvester.filing import Store
from harvester.settings import Settings


def vault_of(settings: Settings, store: Store) -> Vault:
    """Return the vault of a home, with its uses noted in the home's trail."""

    def note(event: str, **facts: str) -> None:
        store.trail.append(event, datetime.now(UTC), **facts)

    return Vault(settings, note)


def said(prompt: str, otherwise: str) -> Secret:
    """Ask a person without echo, or take one line from a pipe; none is refused with a sentence."""
    if sys.stdin.isatty():
        line = text_of(getpass.getpass(prompt).encode(errors="surrogateescape"))
    else:
        line = text_of(sys.stdin.buffer.readline())
    if line is None:
        raise refused(f"What was given is no UTF-8 text. {otherwise}")
    line = line.rstrip("\r\n")
    if not line:
        raise refused(otherwise)
    return Secret(line)


def code(options: argparse.Namespace) -> int:
    """Leave a code for a sign-in that waits for it."""
    settings = settings_of(options)
    member, store = members.load(settings, options.name), Store(settings.home)
    given = said(
        f"Code that the portal sent for {member.name}: ",
        "No code was given; give it at the prompt, or as one line of a pipe.",
    )
    now = datetime.now(UTC)
    codes.hand_in(store.home, member.name, given, now)
    store.trail.append("code.handed-in", now, member=member.name)
    told = f"Handed in for {member.name}; it is good once, for ten minutes."
    print(json.dumps({"handed_in": member.name}) if options.json else told)
    return 0
