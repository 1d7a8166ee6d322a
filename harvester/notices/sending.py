"""Sends one message over one channel, and says in fixed words why it could not."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from harvester.custody.secret import Secret

if TYPE_CHECKING:
    from harvester.notices.outbox import Message

SECONDS = 20
"""How long a receiver may take."""
_TALKATIVE = ("apprise", "urllib3", "requests")
"""Loggers of libraries that write whole addresses, which hold secrets."""


def signed(identity: str, body: bytes, key: bytes, at: datetime) -> dict[str, str]:
    """Return the headers of a signed webhook, as https://www.standardwebhooks.com describes it.

    The signature is an HMAC-SHA256 over `identity.seconds.body`.
    """
    seconds = str(int(at.timestamp()))
    told = f"{identity}.{seconds}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, told, hashlib.sha256)).decode()
    return {
        "webhook-id": identity,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{signature}",
    }


def body_of(message: Message) -> bytes:
    """Return what a webhook receives: JSON of `type`, `timestamp` and `data`."""
    told = {
        "type": f"harvester.{message.topic}",
        "timestamp": message.made_at.isoformat(),
        "data": {"title": message.title, "text": message.text, **message.facts},
    }
    return json.dumps(told, ensure_ascii=False).encode()


async def post(message: Message, url: Secret, key: bytes, at: datetime) -> str | None:
    """Send a signed webhook; return why it did not arrive, None if it did."""
    from aiohttp import ClientError, ClientSession, ClientTimeout  # noqa: PLC0415

    body = body_of(message)
    headers = {"content-type": "application/json", **signed(message.id, body, key, at)}
    timeout = ClientTimeout(total=SECONDS)
    try:
        async with (
            ClientSession(timeout=timeout) as client,
            client.post(url.reveal(), data=body, headers=headers, allow_redirects=False) as answer,
        ):
            arrived = 200 <= answer.status < 300
            return None if arrived else f"its receiver answered HTTP {answer.status}"
    except TimeoutError:
        return f"its receiver did not answer within {SECONDS} seconds"
    except (ClientError, OSError, ValueError):  # whose words would tell the address
        return "its receiver could not be reached"


async def notify(message: Message, url: Secret) -> str | None:
    """Send through Apprise; return why it did not go out, None if it did."""
    from apprise import Apprise, NotifyFormat  # noqa: PLC0415

    def send() -> bool:
        with hushed():
            service = Apprise()
            return bool(
                service.add(url.reveal())
                and service.notify(
                    title=message.title, body=message.text, body_format=NotifyFormat.TEXT
                )
            )

    try:
        gone = await asyncio.to_thread(send)
    except Exception:  # noqa: BLE001 - a hundred plugins; their words may tell the address
        gone = False
    return None if gone else "its service did not take it"


@contextmanager
def hushed() -> Iterator[None]:
    """Keep libraries from writing addresses to the log meanwhile."""
    before: Mapping[str, int] = {name: logging.getLogger(name).level for name in _TALKATIVE}
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
