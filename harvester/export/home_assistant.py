"""Long-term statistics for Home Assistant's energy dashboard: as files, or pushed into it.

A statistic has the Wh of each hour and their sum since the first one, so an hour that is revised
makes all later ones be sent again.  An hour without a value is left out: the sum stands still.
"""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from harvester.accounts import short_names
from harvester.errors import ActionNeeded, Drift, Misconfigured, State, Transient
from harvester.export.texts import text_file
from harvester.filing import Store
from harvester.hours import by_clock_hour, hours, receives
from harvester.model import Direction, Window
from harvester.settings import Settings
from harvester.store.catalog import Entry
from harvester.store.home import private_folder, unusable, write_private

SOURCE = "harvester"
TOKEN = "home-assistant"  # noqa: S105 - the name of the file that it is in
BATCH = 2000
"""Hours in one message, about 200 KB."""
PATIENCE = aiohttp.ClientWSTimeout(ws_receive=60, ws_close=10)

Values = dict[int, int]
"""Wh by the UTC start of the hour."""


@dataclass(frozen=True)
class Statistic:
    """One direction of one account."""

    name: str
    """`caec-001`, with `-received` for that direction."""
    values: Values

    @property
    def metadata(self) -> dict[str, Any]:
        """What Home Assistant 2025.11 and later wants to know of it."""
        return {
            "has_sum": True,
            "mean_type": 0,
            "name": f"Energy {self.name}",
            "source": SOURCE,
            "statistic_id": f"{SOURCE}:energy_{self.name.replace('-', '_')}",
            "unit_class": "energy",
            "unit_of_measurement": "kWh",
        }

    def rows(self, known: Mapping[int, int] | None = None) -> list[dict[str, Any]]:
        """Return the hours with their sums, from the first one that differs from what is `known`.

        An hour that was sent and has no value any more is sent without one, and adds nothing.
        """
        before, total, rows, differs = known or {}, 0, [], known is None
        for start in sorted(self.values.keys() | before.keys()):
            wh = self.values.get(start)
            differs = differs or before.get(start) != wh
            total += wh or 0
            if differs:
                at = f"{datetime.fromtimestamp(start, UTC):%Y-%m-%dT%H:%M:%S+00:00}"
                value = {} if wh is None else {"state": wh / 1000}
                rows.append({"start": at, **value, "sum": total / 1000})
        return rows


def write(store: Store, accounts: Sequence[Entry], window: Window | None, out: Path) -> list[Path]:
    """Write `caec-001.json`, and `caec-001-received.json` of an account that sends energy back.

    Each is what the action `recorder.import_statistics` takes: `metadata` and `stats`.
    """
    written = []
    for statistic in _statistics(store, accounts, window):
        file = out / f"{statistic.name}.json"
        with text_file(file) as target:
            told = {"metadata": statistic.metadata, "stats": statistic.rows()}
            target.write(f"{json.dumps(told)}\n")
        written.append(file)
    return written


def push(store: Store, accounts: Sequence[Entry], url: str, token: str) -> int:
    """Send what Home Assistant at `url` (http or https) does not have yet; return how many hours.

    All of an account is always looked at.  What was sent last is kept in the home's folder
    `home-assistant`.  Raises Transient where it cannot be reached, ActionNeeded where it rejects
    the token, Drift where it refuses the statistics.
    """
    return asyncio.run(_push(store, accounts, _socket(url), token))


def token(settings: Settings) -> str:
    """Return the long-lived access token from the secrets folder; Misconfigured without one."""
    file = settings.secrets_folder / TOKEN
    wanted = (
        "create a long-lived access token on your profile page in Home Assistant and write it to"
        f" {file}, for your eyes only (chmod 600)."
    )
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            why = f"{file} can be read by others: revoke that token, and {wanted}"
            raise Misconfigured(State.NO_CREDENTIALS, why)
        found = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = f"There is no token to read at {file} ({type(error).__name__}): {wanted}"
        raise Misconfigured(State.NO_CREDENTIALS, why) from None
    if not found:
        raise Misconfigured(State.NO_CREDENTIALS, f"{file} is empty: {wanted}")
    return found


def _statistics(
    store: Store, accounts: Sequence[Entry], window: Window | None
) -> Iterator[Statistic]:
    names = short_names(store)
    for entry in accounts:
        series = hours(store, entry, window)
        directions = {"": Direction.DELIVERED}
        if receives(series):
            directions["-received"] = Direction.RECEIVED
        for suffix, direction in directions.items():
            known = by_clock_hour(series, direction)
            values = {start: wh for start, wh in known.items() if wh is not None}
            yield Statistic(f"{names[entry.id]}{suffix}", values)


async def _push(store: Store, accounts: Sequence[Entry], url: str, token: str) -> int:
    host, sent = urlsplit(url).netloc, 0
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, timeout=PATIENCE, max_msg_size=0) as socket,
        ):
            talk = _Talk(socket, host)
            await talk.sign_in(token)
            listed = await talk.ask(type="recorder/list_statistic_ids", statistic_type="sum")
            there = {one.get("statistic_id") for one in listed or ()}
            for statistic in _statistics(store, accounts, None):
                file = store.home / "home-assistant" / f"{statistic.name}.json"
                is_there = statistic.metadata["statistic_id"] in there
                known = _sent_before(file, url) if is_there else None
                rows = statistic.rows(known)
                for first in range(0, len(rows), BATCH):
                    await talk.ask(
                        type="recorder/import_statistics",
                        metadata=statistic.metadata,
                        stats=rows[first : first + BATCH],
                    )
                sent += len(rows)
                if rows:
                    _keep(file, url, statistic.values)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Transient(
            State.PORTAL_DOWN,
            f"Home Assistant cannot be reached at {host} ({type(error).__name__}): look whether"
            " it runs and whether the address is right, and push again.",
        ) from None
    return sent


class _Talk:
    """Asks and answers over its websocket, one at a time."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, host: str) -> None:
        self._socket = socket
        self._host = host
        self._asked = 0

    async def sign_in(self, token: str) -> None:
        await self._hear("auth_required")
        await self._socket.send_json({"type": "auth", "access_token": token})
        if (await self._hear("auth_ok", "auth_invalid"))["type"] == "auth_invalid":
            raise ActionNeeded(
                State.BAD_CREDENTIALS,
                f"Home Assistant at {self._host} rejects the token: create another on your profile"
                " page there, as an administrator, and write it to the secrets folder.",
            )

    async def ask(self, **what: object) -> Any:  # noqa: ANN401 - what it answers
        self._asked += 1
        await self._socket.send_json({"id": self._asked, **what})
        answer = await self._hear("result")
        if answer.get("id") != self._asked or not answer.get("success"):
            code = (answer.get("error") or {}).get("code", "no reason")
            raise Drift(
                State.PORTAL_CHANGED,
                f"Home Assistant at {self._host} refuses {what['type']} ({code}): it has to be"
                " 2025.11 or later, and the token that of an administrator.",
            )
        return answer.get("result")

    async def _hear(self, *types: str) -> dict[str, Any]:
        heard = await self._socket.receive()
        if heard.type is not aiohttp.WSMsgType.TEXT:
            raise aiohttp.ServerDisconnectedError
        try:
            answer = json.loads(heard.data)
            if answer["type"] in types:
                return dict(answer)
        except (ValueError, TypeError, KeyError):
            pass
        raise Drift(
            State.PORTAL_CHANGED,
            f"What answers at {self._host} does not speak as Home Assistant does: give the address"
            " at which you open it in a browser.",
        )


def _socket(url: str) -> str:
    """Return the address of the websocket, without a user and whatever else is not its place."""
    try:
        told = urlsplit(url)
        port = f":{told.port}" if told.port else ""
        scheme = {"http": "ws", "https": "wss"}[told.scheme]
        host = f"[{told.hostname}]" if ":" in (told.hostname or "") else told.hostname
    except (ValueError, KeyError):
        host = None
    if not host:
        raise Misconfigured(
            State.INVALID_PROFILE,
            "The address of Home Assistant is one such as http://homeassistant.local:8123.",
        )
    return f"{scheme}://{host}{port}/api/websocket"


def _sent_before(file: Path, url: str) -> Values | None:
    """Return what was sent there last; None where that is not known."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        return (
            {int(start): int(wh) for start, wh in record["sent"]} if record["to"] == url else None
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise unusable(file, type(error).__name__) from None


def _keep(file: Path, url: str, values: Values) -> None:
    private_folder(file.parent)
    try:
        write_private(file, json.dumps({"to": url, "sent": sorted(values.items())}).encode())
    except OSError as error:
        raise unusable(file, error.strerror) from error
