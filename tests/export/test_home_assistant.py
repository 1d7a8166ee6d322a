"""Statistics keep Home Assistant's rules, and a revised hour makes all later ones be sent again."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from conftest import apart
from filled import AUTUMN, SOLAR, SPRING, accounts, home, store

from harvester.errors import ActionNeeded, Drift, Failure, Misconfigured, State, Transient
from harvester.export import home_assistant
from harvester.filing import Store
from harvester.model import Direction, Quality, Reading
from harvester.settings import Settings
from harvester.store.catalog import Entry

TOKEN = "a-long-lived-token"
ID = re.compile(r"(?!.+__)(?!_)[\da-z_]+(?<!_):(?!_)[\da-z_]+(?<!_)")
METADATA = {
    "has_sum": bool,
    "mean_type": int,
    "name": str,
    "source": str,
    "statistic_id": str,
    "unit_class": str,
    "unit_of_measurement": str,
}
HOUR = timedelta(hours=1)


@dataclass
class Assistant:
    """The part of Home Assistant that takes statistics: it enforces what that one enforces."""

    kept: dict[str, dict[datetime, dict[str, float]]] = field(default_factory=dict)
    messages: list[tuple[str, int]] = field(default_factory=list)
    """What was imported into, and how many hours."""
    fails_at: int | None = None
    """Which message ends the connection."""
    port: int = 0

    @property
    def url(self) -> str:
        """The address that a person would type."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Speak on one connection."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required", "ha_version": "2026.11.1"})
        told = await socket.receive_json()
        if told != {"type": "auth", "access_token": TOKEN}:
            await socket.send_json({"type": "auth_invalid", "message": "Invalid access token"})
            await socket.close()
            return socket
        await socket.send_json({"type": "auth_ok", "ha_version": "2026.11.1"})
        last = 0
        async for message in socket:
            assert message.type is WSMsgType.TEXT
            asked = json.loads(message.data)
            answer: dict[str, Any] = {"id": asked["id"], "type": "result", "success": True}
            if self.fails_at is not None and len(self.messages) == self.fails_at:
                await socket.close()
                break
            try:
                assert asked["id"] > last, "id_reuse"
                answer["result"] = self.take(asked)
            except AssertionError as wrong:
                answer |= {"success": False, "error": {"code": f"{wrong}".splitlines()[0]}}
            last = asked["id"]
            await socket.send_json(answer)
        return socket

    def take(self, asked: dict[str, Any]) -> object:
        """Answer one command; an AssertionError is a refusal."""
        if asked["type"] == "recorder/list_statistic_ids":
            return [{"statistic_id": one} for one in self.kept]
        assert asked["type"] == "recorder/import_statistics", "unknown_command"
        assert set(asked) == {"id", "type", "metadata", "stats"}, "invalid_format"
        told = asked["metadata"]
        assert {name: type(value) for name, value in told.items()} == METADATA, "invalid_format"
        assert ID.fullmatch(told["statistic_id"]), "Invalid statistic_id"
        assert told["source"] == told["statistic_id"].partition(":")[0], "Invalid source"
        assert (told["unit_class"], told["unit_of_measurement"]) == ("energy", "kWh"), "units"
        rows = self.kept.setdefault(told["statistic_id"], {})
        before: datetime | None = None
        for stat in asked["stats"]:
            assert set(stat) <= {"start", "state", "sum"}, "invalid_format"
            assert all(type(stat[one]) is float for one in stat if one != "start"), "no number"
            start = datetime.fromisoformat(stat["start"])
            assert start.tzinfo is not None, "Naive timestamp"
            assert start.timestamp() % 3600 == 0, "Invalid timestamp"
            assert before is None or before < start, "not increasing"
            before = start
            rows[start] = {one: stat[one] for one in stat if one != "start"}
        self.messages.append((told["statistic_id"], len(asked["stats"])))
        return None

    def energy(self, statistic: str) -> dict[datetime, int]:
        """Return the Wh of each hour as its dashboard does: by how much the sum grew."""
        rows = sorted(self.kept[statistic].items())
        sums = [round(1000 * row["sum"]) for _, row in rows]
        grown = (now - then for now, then in zip(sums, [0, *sums], strict=False))
        return dict(zip((start for start, _ in rows), grown, strict=True))


@contextmanager
def running(assistant: Assistant) -> Iterator[Assistant]:
    """Run it on loopback, in a thread of its own."""
    loop = asyncio.new_event_loop()
    app = web.Application()
    app.router.add_get("/api/websocket", assistant.serve)
    runner = web.AppRunner(app, shutdown_timeout=1)

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assistant.port = runner.addresses[0][1]

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(start(), loop).result(10)
        yield assistant
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def assistant() -> Iterator[Assistant]:
    with running(Assistant()) as one:
        yield one


@pytest.fixture
def own(tmp_path: Path) -> Store:
    """Return a home that a test may change."""
    shutil.copytree(home(), tmp_path / "home")
    return Store(tmp_path / "home")


def push(own: Store, assistant: Assistant) -> int:
    return pushed(own, assistant.url, TOKEN)


def pushed(own: Store, url: str, token: str) -> int:
    """Push from a thread of its own, which needs the home opened there."""

    def there() -> int:
        store = Store(own.home)
        return home_assistant.push(store, solar(store), url, token)

    return apart(there)


def solar(own: Store) -> list[Entry]:
    return [entry for entry in own.catalog.accounts() if entry.number == SOLAR]


def tell(own: Store, *hours: Reading) -> None:
    """Upsert hours as a later harvest would; the rest of their days stays as it is."""
    account = solar(own)[0].id
    days = {hour.local_day for hour in hours}
    changed = {(hour.direction, hour.start): hour for hour in hours}
    told = [
        changed.get((r.direction, r.start), r)
        for r in own.catalog.readings(account)
        if r.local_day in days
    ]
    newest = own.catalog.artifacts(account)[-1].artifact
    later = replace(newest, retrieved_at=newest.retrieved_at + HOUR)
    entered = own.catalog.add_artifact(account, later, "1" * 64, 1)
    own.catalog.upsert_readings(account, told, entered.id)


def one_hour(own: Store, start: datetime) -> Reading:
    return next(
        r
        for r in own.catalog.readings(solar(own)[0].id)
        if r.start == start and r.direction is Direction.DELIVERED
    )


DELIVERED = "harvester:energy_caec_001_2"
RECEIVED = f"{DELIVERED}_received"


def known() -> dict[datetime, int]:
    return {start: wh for start, wh, _ in SPRING.hours() if wh is not None}


def test_it_has_every_known_hour_and_their_sums_after_a_push(
    own: Store, assistant: Assistant
) -> None:
    sent = push(own, assistant)
    received = {start: back for start, _, back in SPRING.hours() if back is not None}
    assert assistant.energy(DELIVERED) == known()
    assert assistant.energy(RECEIVED) == received
    assert sent == len(known()) + len(received)
    states = {at: round(1000 * row["state"]) for at, row in assistant.kept[DELIVERED].items()}
    assert states == known()


def test_a_second_push_sends_nothing(own: Store, assistant: Assistant) -> None:
    push(own, assistant)
    assistant.messages.clear()
    assert push(own, assistant) == 0
    assert assistant.messages == []


def test_a_revised_hour_is_sent_with_all_later_ones_and_nothing_before(
    own: Store, assistant: Assistant
) -> None:
    push(own, assistant)
    assistant.messages.clear()
    start = datetime(2026, 3, 10, 15, tzinfo=UTC)
    tell(own, replace(one_hour(own, start), wh=12_340))
    later = [at for at in known() if at >= start]
    assert push(own, assistant) == len(later)
    assert assistant.messages == [(DELIVERED, len(later))]
    assert assistant.energy(DELIVERED) == known() | {start: 12_340}


def test_an_hour_that_lost_its_value_adds_nothing_and_is_no_zero(
    own: Store, assistant: Assistant
) -> None:
    push(own, assistant)
    start = datetime(2026, 3, 11, 15, tzinfo=UTC)
    gone = replace(one_hour(own, start), wh=None, reason=State.NO_DATA, quality=Quality.RAW)
    tell(own, gone)
    push(own, assistant)
    assert "state" not in assistant.kept[DELIVERED][start]
    assert assistant.energy(DELIVERED) == known() | {start: 0}
    assert push(own, assistant) == 0
    tell(own, replace(gone, wh=50, reason=None))
    push(own, assistant)
    assert assistant.energy(DELIVERED) == known() | {start: 50}


def test_what_broke_off_is_sent_again_from_where_it_differs(
    own: Store, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home_assistant, "BATCH", 100)
    assistant.fails_at = 3
    with pytest.raises(Transient, match=f"cannot be reached at 127.0.0.1:{assistant.port}"):
        push(own, assistant)
    assert assistant.messages == [(DELIVERED, 100)] * 3
    assistant.fails_at = None
    push(own, assistant)
    assert assistant.energy(DELIVERED) == known()


def test_another_or_an_emptied_home_assistant_gets_everything(
    own: Store, assistant: Assistant
) -> None:
    first = push(own, assistant)
    assistant.kept.clear()
    assert push(own, assistant) == first
    with running(Assistant()) as other:
        other.kept = {DELIVERED: {}, RECEIVED: {}}
        assert push(own, other) == first


def test_a_file_is_what_the_import_takes(tmp_path: Path) -> None:
    written = home_assistant.write(store(), accounts(), None, tmp_path)
    assert [file.name for file in written] == [
        "caec-001.json",
        "caec-001-2.json",
        "caec-001-2-received.json",
    ]
    taken = Assistant()
    for file in written:
        taken.take({"id": 1, "type": "recorder/import_statistics", **json.loads(file.read_text())})
    assert taken.energy(DELIVERED) == known()
    autumn = {start: wh for start, wh, _ in AUTUMN.hours() if wh is not None}
    other = "harvester:energy_caec_001"
    assert taken.energy(other) == autumn
    sums = [round(1000 * row["sum"]) for _, row in sorted(taken.kept[other].items())]
    assert sums == list(accumulate(wh for _, wh in sorted(autumn.items())))
    assert SOLAR not in "".join(file.read_text() for file in written)


def test_a_wrong_token_and_a_wrong_address_are_told_apart_and_no_secret_is_said(
    own: Store, assistant: Assistant
) -> None:
    def failure(url: str, token: str = TOKEN) -> Failure:
        with pytest.raises(Failure) as raised:
            pushed(own, url, token)
        assert token not in str(raised.value)
        return raised.value

    assert isinstance(failure(assistant.url, "another-token"), ActionNeeded)
    assert isinstance(failure("http://127.0.0.1:9"), Transient)
    for wrong in ("homeassistant.local:8123", "ftp://host", "http://", "http://host:99999999"):
        assert isinstance(failure(wrong), Misconfigured), wrong
    assert "me:secret" not in str(failure("http://me:secret@127.0.0.1:9"))
    assert not (own.home / "home-assistant").exists()


def test_a_refusal_and_a_stranger_are_no_success(
    own: Store, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home_assistant, "SOURCE", "Not A Slug")
    with pytest.raises(Drift, match=r"refuses recorder/import_statistics \(Invalid statistic_id\)"):
        push(own, assistant)
    assert not (own.home / "home-assistant").exists()

    async def stranger(_: Assistant, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("welcome")
        await socket.close()
        return socket

    monkeypatch.setattr(Assistant, "serve", stranger)
    with running(Assistant()) as other, pytest.raises(Drift, match="does not speak as"):
        push(own, other)


def test_the_token_comes_from_the_secrets_folder_and_from_nowhere_else(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, secrets=tmp_path / "secrets")
    file = tmp_path / "secrets" / "home-assistant"
    with pytest.raises(Misconfigured, match="There is no token to read at"):
        home_assistant.token(settings)
    file.parent.mkdir()
    file.touch(0o600)
    with pytest.raises(Misconfigured, match="is empty"):
        home_assistant.token(settings)
    file.write_text(f"{TOKEN}\n")
    assert home_assistant.token(settings) == TOKEN
    file.chmod(0o640)
    with pytest.raises(Misconfigured, match="can be read by others"):
        home_assistant.token(settings)


def test_what_was_sent_is_kept_for_its_owner_only_and_a_broken_record_is_said(
    own: Store, assistant: Assistant
) -> None:
    push(own, assistant)
    record = own.home / "home-assistant" / "caec-001-2.json"
    assert record.stat().st_mode & 0o077 == 0
    assert TOKEN not in record.read_text()
    record.write_text("{")
    with pytest.raises(Misconfigured, match=r"caec-001-2\.json cannot be used"):
        push(own, assistant)
