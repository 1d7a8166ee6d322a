"""Messages reach their receivers signed, once if all goes well, and none is lost if it does not."""

from __future__ import annotations

import base64
import io
import json
import logging
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from conftest import run_async
from entrusted import holding, settings_of

from harvester import cli
from harvester.custody.secret import Secret
from harvester.custody.vault import Vault
from harvester.errors import MEANINGS, Failure, State
from harvester.filing import Store
from harvester.notices import channels, outbox, telling
from harvester.notices.channels import KEY, URL, Channel
from harvester.notices.news import News
from harvester.store.runs import Run

NOW = datetime(2026, 6, 15, 8, tzinfo=UTC)
SECRET = "s3cr3t-path-canary"
BYTES = bytes(range(32))
SIGNING = "whsec_" + base64.b64encode(BYTES).decode()
HOOK = Channel(name="hook", kind="webhook", digest=True)
NEWS = News(
    "caec/house BLOCKED 4", "house at caec: BLOCKED", "It is blocked.", {"state": "BLOCKED"}
)


@dataclass
class Receiver:
    """A receiver of webhooks that answers as it is told."""

    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    async def take(self, request: web.Request) -> web.Response:
        assert request.path == f"/{SECRET}"
        told = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((told, await request.read()))
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield
        finally:
            await runner.cleanup()


class Home:
    """A home with one webhook."""

    def __init__(self, home: Path, receiver: Receiver) -> None:
        self.home = home
        self.store = Store(home)
        self.vault = Vault(settings_of(home), lambda *_, **__: None)
        self.vault.keep(HOOK, URL, Secret(f"http://127.0.0.1:{receiver.port}/{SECRET}"))
        self.vault.keep(HOOK, KEY, Secret(SIGNING))
        channels.add(home, HOOK)

    async def tell(self, *runs: Run, at: datetime = NOW, closed: date | None = None) -> int:
        return await telling.tell(self.store, self.vault, at, runs, closed)


def run(state: State, number: int = 4) -> Run:
    begun = NOW - timedelta(hours=2)
    return Run(number, "caec", "house", "run", begun, NOW, state, {})


def with_a_receiver(home: Path, act: Callable[[Home, Receiver], Any]) -> Receiver:
    receiver = Receiver()

    async def held() -> None:
        async with receiver.listening():
            await act(Home(home, receiver), receiver)

    run_async(held())
    return receiver


def test_a_webhook_is_signed_so_that_its_receiver_can_prove_it(tmp_path: Path) -> None:
    async def act(home: Home, _receiver: Receiver) -> None:
        assert await home.tell(run(State.BAD_CREDENTIALS)) == 1

    ((headers, body),) = with_a_receiver(tmp_path, act).got
    assert headers["webhook-timestamp"] == "1781510400"  # date -ud 2026-06-15T08:00 +%s
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    # Signed again by another program, with the key in hexadecimal digits.
    told = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{BYTES.hex()}",
         "-binary"],
        input=signed, capture_output=True, check=True,
    )  # fmt: skip
    assert headers["webhook-signature"] == "v1," + base64.b64encode(told.stdout).decode()
    document = json.loads(body)
    assert document["type"] == "harvester.action_needed"
    assert document["data"]["state"] == "BAD_CREDENTIALS"
    assert document["data"]["actor"] == "account holder"


def test_what_was_told_is_not_told_again_and_a_digest_comes_once_a_night(tmp_path: Path) -> None:
    async def act(home: Home, receiver: Receiver) -> None:
        night = date(2026, 6, 15)
        assert await home.tell(run(State.BLOCKED), closed=night) == 2
        assert await home.tell(run(State.BLOCKED, 5), closed=night) == 0
        assert await home.tell(run(State.BLOCKED, 5), closed=date(2026, 6, 16)) == 1
        kinds = [json.loads(body)["type"] for _, body in receiver.got]
        assert sorted(kinds[:2]) == ["harvester.action_needed", "harvester.digest"]
        assert kinds[2] == "harvester.digest"
        assert outbox.waiting(home.home) == []

    with_a_receiver(tmp_path, act)


def test_a_program_that_was_killed_before_it_noted_what_it_told_sends_the_same_id(
    tmp_path: Path,
) -> None:
    async def act(home: Home, _receiver: Receiver) -> None:
        await home.tell(run(State.BLOCKED))
        (tmp_path / "outbox" / "told.json").unlink()
        await home.tell(run(State.BLOCKED))

    first, second = with_a_receiver(tmp_path, act).got
    assert first[0]["webhook-id"] == second[0]["webhook-id"]


def test_what_waits_already_is_not_tried_sooner_because_it_is_put_again(tmp_path: Path) -> None:
    async def act(home: Home, receiver: Receiver) -> None:
        receiver.status = 500
        await home.tell(run(State.BLOCKED))
        (tmp_path / "outbox" / "told.json").unlink()
        await home.tell(run(State.BLOCKED))
        (waiting,) = outbox.waiting(home.home)
        assert (waiting.tries, len(receiver.got)) == (1, 1)

    with_a_receiver(tmp_path, act)


@pytest.mark.parametrize("status", [500, 404, 302])
def test_what_a_receiver_does_not_take_waits_longer_and_longer_and_is_kept(
    tmp_path: Path, status: int
) -> None:
    tried: list[timedelta] = []

    async def act(home: Home, receiver: Receiver) -> None:
        receiver.status = status
        at = NOW
        await home.tell(run(State.BLOCKED), at=at)
        while messages := outbox.waiting(home.home):
            (message,) = messages
            assert message.not_before is not None
            assert message.why == f"its receiver answered HTTP {status}"
            count = len(receiver.got)
            await home.tell(run(State.BLOCKED), at=message.not_before - timedelta(seconds=1))
            assert len(receiver.got) == count
            tried.append(message.not_before - at)
            at = message.not_before
            await home.tell(run(State.BLOCKED), at=at)
        (kept,) = outbox.given_up(home.home)
        assert kept.tries == len(receiver.got) == 10
        receiver.status = 204
        outbox.again(home.home)
        assert await home.tell(run(State.BLOCKED), at=at) == 1
        assert outbox.given_up(home.home) == []

    with_a_receiver(tmp_path, act)
    assert tried == sorted(tried)
    assert timedelta(days=3) < sum(tried, timedelta()) < timedelta(days=4)


def test_a_receiver_that_is_not_there_is_tried_again_and_no_word_tells_its_address(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver = Receiver()

    async def act() -> None:
        async with receiver.listening():
            pass
        home = Home(tmp_path, receiver)
        assert await home.tell(run(State.BLOCKED)) == 0
        assert [m.why for m in outbox.waiting(tmp_path)] == ["its receiver could not be reached"]
        async with receiver.listening():
            assert await home.tell(run(State.BLOCKED), at=NOW + timedelta(minutes=1)) == 1

    run_async(act())
    shown = "".join(capfd.readouterr()) + caplog.text
    assert SECRET not in shown
    assert holding(tmp_path, SECRET, SIGNING[6:]) == {
        "secrets/hook.notify-url", "secrets/hook.notify-key",
    }  # fmt: skip


def test_a_channel_whose_address_is_gone_keeps_its_messages(tmp_path: Path) -> None:
    async def act(home: Home, _receiver: Receiver) -> None:
        home.vault.forget(HOOK, URL)
        assert await home.tell(run(State.BLOCKED)) == 0
        (message,) = outbox.waiting(home.home)
        assert "notify add" in message.why

    with_a_receiver(tmp_path, act)


def test_a_message_through_apprise_reaches_its_service_and_tells_no_address(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def act(home: Home, receiver: Receiver) -> None:
        mail = Channel(name="mail")
        channels.add(home.home, mail)
        home.vault.keep(mail, URL, Secret(f"json://127.0.0.1:{receiver.port}/{SECRET}"))
        message = telling.message_of(mail, "action_needed", NEWS, NOW)
        assert await telling.send(home.home, home.vault, NOW, message) is None
        receiver.status = 500
        why = await telling.send(home.home, home.vault, NOW, message)
        assert why == "its service did not take it"

    (_, body), _ = with_a_receiver(tmp_path, act).got
    document = json.loads(body)
    assert (document["title"], document["message"]) == (NEWS.title, NEWS.text)
    assert SECRET not in "".join(capfd.readouterr()) + caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook", "https://", "https:///hook", "ftp://example.com/x", "a/b",
        "https://exa mple.com/", "https://example.com:99999/", "https://[::1", "",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_webhook_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(Failure, match="is no address for hook") as caught:
        channels.check_address(HOOK, url)
    assert url in {"", "https://"} or url not in str(caught.value)
    for good in ("https://example.com/x?y=1", "http://127.0.0.1:8000/", "http://localhost/a"):
        channels.check_address(HOOK, good)


def test_what_apprise_does_not_know_is_refused_without_being_repeated(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Failure, match="Apprise knows no such address") as caught:
        channels.check_address(Channel(name="mail"), f"nothing://user:{SECRET}@example.com")
    assert SECRET not in str(caught.value) + caplog.text + "".join(capfd.readouterr())
    channels.check_address(Channel(name="mail"), "mailto://me:pass@example.com")


@pytest.mark.parametrize(
    "key",
    ["", "whsec_", SIGNING[6:], "whsec_!!!!", "whsec_" + base64.b64encode(b"x" * 23).decode()],
)
def test_what_is_no_signing_key_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(Failure, match="openssl rand -base64 32") as caught:
        channels.key_of(HOOK, key)
    assert len(key) <= 6 or key not in str(caught.value)
    assert channels.key_of(HOOK, SIGNING) == BYTES


def piped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    given = io.TextIOWrapper(io.BytesIO(text.encode()))
    monkeypatch.setattr("sys.stdin", given)


def test_channels_are_added_listed_and_removed_and_a_bad_address_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(tmp_path / "home")]
    piped(monkeypatch, f"http://example.com/{SECRET}\n{SIGNING}\n")
    code = cli.main(["notify", "add", "hook", "--webhook", *home])
    assert code == MEANINGS[State.NO_CREDENTIALS].exit_code
    assert SECRET not in capsys.readouterr().err
    assert holding(tmp_path, SECRET) == set()
    piped(monkeypatch, f"https://example.com/{SECRET}\n{SIGNING}\n")
    assert cli.main(["notify", "add", "hook", "--webhook", "--digest", *home]) == 0
    assert cli.main(["notify", "list", "--json", *home]) == 0
    told = capsys.readouterr().out
    assert SECRET not in told
    (row,) = json.loads(told[told.index("[") :])
    assert (row["name"], row["kind"], row["digest"], row["waiting"]) == ("hook", "webhook", True, 0)
    assert cli.main(["notify", "remove", "hook", *home]) == 0
    assert holding(tmp_path, SECRET, SIGNING) == set()
    assert cli.main(["notify", "test", "hook", *home]) != 0
    assert "There is no channel 'hook'" in capsys.readouterr().err
