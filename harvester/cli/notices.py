"""Commands that say where people want to be told; addresses are asked for, never arguments."""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime
from functools import partial

from harvester.cli.common import settings_of, table, tell
from harvester.cli.custody import said, vault_of
from harvester.filing import Store
from harvester.notices import channels, outbox, telling
from harvester.notices.channels import KEY, URL, Channel
from harvester.notices.news import News


def add(options: argparse.Namespace) -> int:
    """Take a channel's address, and its key if it is a webhook, from the prompt or a pipe."""
    settings = settings_of(options)
    store = Store(settings.home)
    channel = Channel(
        name=options.name,
        kind="webhook" if options.webhook else "apprise",
        digest=options.digest,
    )
    again = "give it at the prompt, or as a line of a pipe."
    url = said(f"Address of {channel.name}: ", f"No address was given; {again}")
    channels.check_address(channel, url.reveal())
    vault = vault_of(settings, store)
    if options.webhook:
        key = said(f"Signing key of {channel.name} (whsec_…): ", f"No key was given; {again}")
        channels.key_of(channel, key.reveal())
        vault.keep(channel, KEY, key)
    vault.keep(channel, URL, url)
    channels.add(store.home, channel)
    told = f"{channel.name} is told what needs a person"
    told += " and gets a daily digest" if channel.digest else ""
    told += f"; `harvester notify test {channel.name}` tries it."
    print(json.dumps({"added": channel.name}) if options.json else told)
    return 0


def show(options: argparse.Namespace) -> int:
    """List the channels, and what is on its way to them."""
    store = Store(settings_of(options).home)
    waiting, lost = outbox.waiting(store.home), outbox.given_up(store.home)
    rows = [
        {
            "name": one.name,
            "kind": one.kind,
            "digest": one.digest,
            "waiting": sum(message.channel == one.name for message in waiting),
            "given_up": sum(message.channel == one.name for message in lost),
            "why": next((m.why for m in (*lost, *waiting) if m.channel == one.name and m.why), ""),
        }
        for one in channels.every(store.home)
    ]
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    shown = table("Channel", "Kind", "Digest", "Waiting", "Given up", "Because")
    for row in rows:
        digest = "daily" if row["digest"] else "-"
        told = (row["name"], row["kind"], digest, row["waiting"], row["given_up"], row["why"])
        shown.add_row(*(f"{cell}" for cell in told))
    tell(shown if rows else "Nobody is told anything; `harvester notify add` changes that.")
    return 0


def remove(options: argparse.Namespace) -> int:
    """Forget a channel, its secrets, and what it was to get."""
    settings = settings_of(options)
    store = Store(settings.home)
    channel = channels.load(store.home, options.name)
    vault = vault_of(settings, store)
    left = [place for kind in (URL, KEY) for place in vault.forget(channel, kind)]
    channels.remove(store.home, channel.name)
    dropped = outbox.drop(store.home, channel.name)
    if options.json:
        print(json.dumps({"removed": channel.name, "dropped": dropped, "left": left}))
        return 0
    print(f"{channel.name} is told nothing more; {dropped} messages to it were dropped.")
    for place in left:
        print(f"Its secret is still here, where it cannot be removed: {place}")
    return 0


def test(options: argparse.Namespace) -> int:
    """Send a message that says that it is a test, and everything that waits or was given up."""
    settings = settings_of(options)
    store, now = Store(settings.home), datetime.now(UTC)
    channel = channels.load(store.home, options.name)
    one = News(f"test {now.isoformat()}", "A test", "What needs a person will be told here.", {})
    message = telling.message_of(channel, "test", one, now)
    send = partial(telling.send, store.home, vault_of(settings, store), now)
    why = asyncio.run(send(message))
    arrived = 0
    if why is None:
        outbox.again(store.home)
        arrived = asyncio.run(outbox.deliver(store.home, send, now))
    if options.json:
        print(json.dumps({"sent": why is None, "why": why, "also_sent": arrived}))
    elif why is None:
        print(f"{channel.name} took the test message, and {arrived} that had waited were sent.")
    else:
        print(f"{channel.name} was not reached: {why}.")
    return 1 if why else 0
