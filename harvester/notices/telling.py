"""Looks at a home for what people must know, puts it into the outbox, and sends what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from harvester.custody import files
from harvester.custody.vault import Vault
from harvester.errors import Failure
from harvester.filing import Store
from harvester.model import Window
from harvester.notices import channels, news, outbox, sending
from harvester.notices.channels import KEY, URL, Channel
from harvester.notices.news import Freshness, News
from harvester.notices.outbox import Message
from harvester.store.audit import masked
from harvester.store.home import unusable
from harvester.store.runs import Run
from harvester.store.usage import WEEKLY_AGAIN

DAY = timedelta(days=1)
COUNTED = ("days", "pdfs", "revised", "requests", "sign_ins")


async def tell(
    store: Store, vault: Vault, now: datetime, runs: Sequence[Run], closed: date | None
) -> int:
    """Tell every channel what it is to know; return how many messages arrived.

    `runs` is the newest of each sign-in, and `closed` the newest night that is over everywhere, of
    which a digest is due.
    """
    ways = channels.every(store.home)
    if not ways:
        return 0
    told = _told(store.home)
    found, known = news.needing(runs, store.catalog.good_until(), told.members, now)
    for one in found:
        for channel in ways:
            outbox.put(store.home, message_of(channel, "action_needed", one, now))
    day = max(f"{closed or ''}", told.digest)
    if day > told.digest:
        summary = summed_up(store, runs, day, now)
        for channel in ways:
            if channel.digest:
                outbox.put(store.home, message_of(channel, "digest", summary, now))
    if (after := Told(members=known, digest=day)) != told:
        files.write(_file(store.home), after.model_dump_json().encode())
    return await outbox.deliver(store.home, partial(send, store.home, vault, now), now)


async def send(home: Path, vault: Vault, now: datetime, message: Message) -> str | None:
    """Send one message; return why it could not be."""
    try:
        channel = channels.load(home, message.channel)
        url = vault.secret(channel, URL)
        if url is None:
            return "its address is not in the vault; `harvester notify add` asks for it"
        if channel.kind == "apprise":
            return await sending.notify(message, url)
        key = vault.secret(channel, KEY)
        if key is None:
            return "its signing key is not in the vault; `harvester notify add` asks for it"
        return await sending.post(message, url, channels.key_of(channel, key.reveal()), now)
    except Failure as failure:
        return f"{failure}"


def message_of(channel: Channel, topic: str, one: News, now: datetime) -> Message:
    """Return a piece of news as a message for a channel."""
    return Message(
        id=outbox.identity(channel.name, topic, one.key),
        channel=channel.name,
        topic=topic,
        title=one.title,
        text=one.text,
        facts=one.facts,
        made_at=now,
    )


def summed_up(store: Store, runs: Sequence[Run], day: str, now: datetime) -> News:
    """Return the digest of a home."""
    today = now.date()
    accounts = [
        Freshness(
            one.member,
            masked(one.account.number),
            store.catalog.newest_hour(one.id),
            one.hours,
            one.bills,
            len(store.catalog.unanswered(one.id, Window(today - WEEKLY_AGAIN * DAY, today - DAY))),
        )
        for one in store.catalog.holdings()
    ]
    counts = dict.fromkeys(COUNTED, 0)
    for run in store.catalog.runs_since(now - DAY):
        for name in COUNTED:
            counts[name] += run.facts.get(name, 0)
    return news.digest(day, runs, accounts, counts)


class Told(BaseModel):
    """What was told already: the need of each sign-in, and the day of the last digest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    members: Mapping[str, str] = {}
    digest: str = ""


def _told(home: Path) -> Told:
    file = _file(home)
    if not file.exists():
        return Told()
    try:
        return Told.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise unusable(file, type(error).__name__) from None


def _file(home: Path) -> Path:
    return home / "outbox" / "told.json"
