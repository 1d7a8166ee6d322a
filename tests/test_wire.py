"""The wire lets through what is declared, counts it, and dials nothing else."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import trustme
from aiohttp import ClientSession, TCPConnector, WSMsgType, web
from conftest import run_async

from harvester.browser import open_browser, open_context
from harvester.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PORTAL = "https://onlinebilling.caec.com"
BIG = b"0123456789abcdef" * 65_536 * 4


@asynccontextmanager
async def portal(tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[str]]]:
    """Serve a small site on loopback: its port, and each request as it came."""
    seen: list[str] = []

    async def page(request: web.Request) -> web.Response:
        seen.append(request.path_qs)
        return web.Response(
            text=f"<title>{request.path}</title><img src='/pic'><script src='/s.js'></script>",
            content_type="text/html",
        )

    async def part(request: web.Request) -> web.Response:
        seen.append(request.path_qs)
        return web.Response(text="")

    async def sign_in(request: web.Request) -> web.Response:
        seen.append(request.path_qs)
        answer = web.HTTPFound("/who")
        answer.set_cookie("session", "s1", secure=True, httponly=True)
        raise answer

    async def who(request: web.Request) -> web.Response:
        seen.append(request.path_qs)
        return web.Response(text=request.cookies.get("session", "nobody"))

    async def echo(request: web.Request) -> web.Response:
        seen.append(request.path_qs)
        hop = sorted(set(request.headers) & {"Proxy-Connection", "Keep-Alive", "X-Hop"})
        body = await request.read()
        return web.json_response({"n": len(body), "hop": hop, "host": request.host})

    async def download(request: web.Request) -> web.Response:
        seen.append(request.path_qs)
        return web.Response(body=BIG, headers={"Content-Disposition": "attachment; filename=b"})

    async def talk(request: web.Request) -> web.WebSocketResponse:
        seen.append(request.path_qs)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                await ws.send_str(message.data[::-1])
        return ws

    app = web.Application(client_max_size=2**26)
    app.router.add_get("/pic", part)
    app.router.add_get("/s.js", part)
    app.router.add_get("/sign-in", sign_in)
    app.router.add_get("/who", who)
    app.router.add_post("/echo", echo)
    app.router.add_get("/download", download)
    app.router.add_get("/talk", talk)
    app.router.add_get("/{path:.*}", page)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield runner.addresses[0][1], seen
    finally:
        await runner.cleanup()


async def ask(wire: Wire, request: str | bytes) -> bytes:
    """Send the wire these very bytes; what it answers until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(wire.address).port)
    writer.write(request if isinstance(request, bytes) else request.encode())
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    await writer.wait_closed()
    return answer


def status(answer: bytes) -> int:
    return int(answer.split()[1])


def test_an_undeclared_host_is_refused_and_never_dialled() -> None:
    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)  # noqa: FBT003
            port = listener.getsockname()[1]
            for sandbox in (None, port):
                async with Wire({PORTAL}, sandbox=sandbox) as wire:
                    connect = f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n"
                    assert status(await ask(wire, connect)) == 403
                    plain = f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n"
                    assert status(await ask(wire, plain)) == 403
                    assert wire.refused == {f"127.0.0.1:{port}": 2}
                    assert not wire.dialled
            with pytest.raises(BlockingIOError):
                listener.accept()

    run_async(scenario())


@pytest.mark.parametrize(
    "target",
    [
        "onlinebilling.caec.com.evil.example:443",
        "evil-onlinebilling.caec.com:443",
        "onlinebilling.caec.com:8443",
        "onlinebilling.caec.com:80",
        "onlinebilling.caec.com:443@evil.example:443",
        "caec.com:443",
        "www.onlinebilling.caec.com:443",
        "[::1]:443",
        "127.0.0.1:443",
    ],
)
def test_a_look_alike_of_a_declared_host_is_refused(target: str) -> None:
    async def scenario() -> None:
        async with portal() as (port, seen), Wire({PORTAL}, sandbox=port) as wire:
            assert status(await ask(wire, f"CONNECT {target} HTTP/1.1\r\n\r\n")) == 403
            assert sum(wire.refused.values()) == 1
            assert not wire.dialled
            assert not seen

    run_async(scenario())


@pytest.mark.parametrize(
    ("declared", "asked"),
    [
        ("https://OnlineBilling.CAEC.com", "onlinebilling.caec.com:443"),
        ("https://onlinebilling.caec.com./oscp/", "ONLINEBILLING.caec.com:443"),
        ("onlinebilling.caec.com:443", "onlinebilling.caec.com.:443"),
        ("https://user:secret@caec.coop", "caec.coop:443"),
        ("https://[0:0::1]", "[::1]:443"),
        ("http://[::1]:8123", "[::1]:8123"),
    ],
)
def test_one_host_has_many_spellings_and_is_one_host(declared: str, asked: str) -> None:
    async def scenario() -> None:
        async with portal() as (port, _), Wire({declared}, sandbox=port) as wire:
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(wire.address).port)
            writer.write(f"CONNECT {asked} HTTP/1.1\r\n\r\n".encode())
            assert status(await reader.readuntil(b"\r\n\r\n")) == 200
            assert not wire.refused
            writer.close()
            await writer.wait_closed()

    run_async(scenario())


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"rubbish\r\n\r\n", 400),
        (b"GET /relative HTTP/1.1\r\n\r\n", 400),
        (b"CONNECT nowhere HTTP/1.1\r\n\r\n", 400),
        (b"CONNECT caec.coop:99999 HTTP/1.1\r\n\r\n", 400),
        (b"CONNECT caec.coop:port HTTP/1.1\r\n\r\n", 400),
        (b"CONNECT http://caec.coop:80 HTTP/1.1\r\n\r\n", 400),
        (b"GET http://caec.coop/ HTTP/1.1\r\nno colon here\r\n\r\n", 400),
        (b"GET http://caec.coop/ HTTP/1.1\r\nA : b\r\n\r\n", 400),
        (
            b"GET http://caec.coop/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: x\r\n\r\n",
            400,
        ),
        (b"GET http://caec.coop/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET https://caec.coop/ HTTP/1.1\r\n\r\n", 403),
        (b"GET ftp://caec.coop:80/ HTTP/1.1\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 65_550 + b"\r\n\r\n", 431),
    ],
)  # fmt: skip
def test_a_malformed_request_is_answered_by_name(request_: bytes, expected: int) -> None:
    async def scenario() -> None:
        async with portal() as (port, seen), Wire({"http://caec.coop"}, sandbox=port) as wire:
            assert status(await ask(wire, request_)) == expected
            assert not seen

    run_async(scenario())


def test_a_slow_head_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvester.wire.HEAD_SECONDS", 0.05)

    async def scenario() -> None:
        async with Wire({PORTAL}) as wire:
            assert await ask(wire, "GET http://cae") == b""

    run_async(scenario())


def test_a_declared_http_origin_is_served_live_bodies_and_all() -> None:
    async def scenario() -> None:
        async with portal() as (port, seen), Wire({f"http://127.0.0.1:{port}"}) as wire:
            origin = f"http://127.0.0.1:{port}"
            async with ClientSession(proxy=wire.address) as session:
                async with session.get(f"{origin}/a?b=c") as answer:
                    assert "<title>/a</title>" in await answer.text()
                hop = {"Connection": "keep-alive, X-Hop", "Keep-Alive": "1", "X-Hop": "1",
                       "Proxy-Connection": "keep-alive"}  # fmt: skip

                async def chunks() -> AsyncIterator[bytes]:
                    yield b"x" * 100_000
                    yield b"y" * 3

                for body, length in ((BIG, len(BIG)), (chunks(), 100_003), (b"", 0)):
                    async with session.post(f"{origin}/echo", data=body, headers=hop) as answer:
                        told = await answer.json()
                    assert told == {"n": length, "hop": [], "host": f"127.0.0.1:{port}"}
                async with session.get(f"{origin}/download") as answer:
                    assert await answer.read() == BIG
            assert seen == ["/a?b=c", "/echo", "/echo", "/echo", "/download"]
            assert wire.dialled == {f"127.0.0.1:{port}": 5}

    run_async(scenario())


def test_a_second_request_cannot_ride_on_the_first_ones_connection() -> None:
    async def scenario() -> None:
        async with portal() as (port, seen), Wire({f"http://127.0.0.1:{port}"}) as wire:
            one = f"GET http://127.0.0.1:{port}/one HTTP/1.1\r\nHost: a\r\n\r\n"
            await ask(wire, one + "GET http://evil.example/two HTTP/1.1\r\nHost: b\r\n\r\n")
            assert "/two" not in seen
            assert wire.dialled == {f"127.0.0.1:{port}": 1}

    run_async(scenario())


def test_a_declared_https_origin_is_tunnelled_with_tls_end_to_end() -> None:
    async def scenario() -> None:
        authority = trustme.CA()
        served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(served)
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        async with portal(served) as (port, seen), Wire({f"https://127.0.0.1:{port}"}) as wire:
            origin = f"https://127.0.0.1:{port}"
            async with (
                ClientSession(connector=TCPConnector(ssl=trusting), proxy=wire.address) as session,
                session.get(f"{origin}/download") as answer,
            ):
                assert await answer.read() == BIG
            assert seen == ["/download"]
            assert not wire.own_tls
            async with (  # the browser knows nothing of this authority
                open_browser() as browser,
                open_context(browser, wire, time_zone="UTC") as context,
            ):
                page = await context.new_page()
                with pytest.raises(Exception, match="ERR_CERT_AUTHORITY_INVALID"):
                    await page.goto(f"{origin}/")
            assert seen == ["/download"]

    run_async(scenario())


def test_half_a_close_travels_through_a_tunnel() -> None:
    async def scenario() -> None:
        async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.read())[::-1])
            writer.close()

        server = await asyncio.start_server(late, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, Wire({f"http://127.0.0.1:{port}"}) as wire:
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(wire.address).port)
            writer.write(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"abc")
            writer.write_eof()
            assert await asyncio.wait_for(reader.read(), 10) == b"cba"
            writer.close()
            await writer.wait_closed()

    run_async(scenario())


def test_an_unreachable_host_is_answered_502_and_counted() -> None:
    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        async with Wire({f"127.0.0.1:{port}", "https://nowhere.invalid"}) as wire:
            for target in (f"127.0.0.1:{port}", "nowhere.invalid:443"):
                assert status(await ask(wire, f"CONNECT {target} HTTP/1.1\r\n\r\n")) == 502
            assert wire.unreachable == {f"127.0.0.1:{port}": 1, "nowhere.invalid:443": 1}

    run_async(scenario())


def test_the_sandbox_answers_the_declared_host_in_a_real_browser() -> None:
    async def scenario() -> None:
        async with portal() as (port, seen), Wire({PORTAL}, sandbox=port) as wire:
            async with (
                open_browser() as browser,
                open_context(browser, wire, time_zone="America/Chicago") as context,
            ):
                page = await context.new_page()
                await page.goto(f"{PORTAL}/sign-in")
                assert await page.inner_text("body") == "s1"
                answer = await context.request.get(f"{PORTAL}/who")
                wire.count(f"{PORTAL}/who")
                assert await answer.text() == "s1"
                await page.goto(f"{PORTAL}/start")
                assert await page.title() == "/start"
                zone = "Intl.DateTimeFormat().resolvedOptions().timeZone"
                assert await page.evaluate(zone) == "America/Chicago"
                said = await page.evaluate("""() => new Promise((done, fail) => {
                    const ws = new WebSocket('wss://onlinebilling.caec.com/talk');
                    ws.onerror = fail; ws.onopen = () => ws.send('abc');
                    ws.onmessage = event => { done(event.data); ws.close(); }; })""")
                assert said == "cba"
                async with page.expect_download() as saving:
                    await page.evaluate("location.href = '/download'")
                path = await (await saving.value).path()
                assert path.read_bytes() == BIG
                with pytest.raises(Exception, match="ERR_TUNNEL_CONNECTION_FAILED"):
                    await page.goto("https://example.org/")
            counted = [path for path in seen if path != "/talk"]  # a socket is no request
            assert wire.requests == {"onlinebilling.caec.com": len(counted), "example.org": 1}
            assert set(wire.dialled) == {f"127.0.0.1:{port}"}
            assert wire.refused == {"example.org:443": 1}
            assert not wire.unreachable

    run_async(scenario())


def test_a_loopback_origin_and_udp_do_not_slip_past_the_wire() -> None:
    async def scenario() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", 0))
            udp.setblocking(False)  # noqa: FBT003
            stun = f"stun:127.0.0.1:{udp.getsockname()[1]}"
            async with portal() as (port, seen), portal() as (other, unseen):
                async with (
                    Wire({f"http://127.0.0.1:{port}"}) as wire,
                    open_browser() as browser,
                    open_context(browser, wire, time_zone="UTC") as context,
                ):
                    page = await context.new_page()
                    await page.goto(f"http://127.0.0.1:{port}/x")
                    assert seen == ["/x", "/pic", "/s.js"]
                    assert wire.requests == {"127.0.0.1": 3}
                    for origin in (f"http://127.0.0.1:{other}", f"http://localhost:{other}"):
                        answer = await page.goto(f"{origin}/")
                        assert answer is not None
                        assert answer.status == 403
                    assert wire.refused == {f"127.0.0.1:{other}": 1, f"localhost:{other}": 1}
                    await page.goto(f"http://127.0.0.1:{port}/x")
                    await page.evaluate(
                        """async (stun) => {
                        const peer = new RTCPeerConnection({iceServers: [{urls: stun}]});
                        peer.createDataChannel('x');
                        await peer.setLocalDescription(await peer.createOffer());
                        await new Promise(done => { peer.onicegatheringstatechange = () =>
                            peer.iceGatheringState === 'complete' && done();
                            setTimeout(done, 1500); }); }""",
                        stun,
                    )
                assert not unseen
            with pytest.raises(BlockingIOError):
                udp.recv(1)

    run_async(scenario())


@pytest.mark.filterwarnings("error")
def test_closing_the_wire_ends_open_tunnels_and_leaves_nothing_behind() -> None:
    troubles: list[object] = []

    async def scenario() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, said: troubles.append(said))
        async with portal() as (port, _):
            async with Wire({PORTAL, "http://caec.coop"}, sandbox=port) as wire:
                at = urlsplit(wire.address).port
                tunnels = [await asyncio.open_connection("127.0.0.1", at) for _ in range(4)]
                trusting = ssl.create_default_context()
                trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
                for number, (reader, writer) in enumerate(tunnels[:3]):
                    host = "caec.coop:80" if number == 2 else "onlinebilling.caec.com:443"
                    writer.write(f"CONNECT {host} HTTP/1.1\r\n\r\n".encode())
                    await reader.readuntil(b"\r\n\r\n")
                    if number == 1:
                        await writer.start_tls(trusting)
            assert {task for task in asyncio.all_tasks() if "Wire" in repr(task)} == set()
            for _, writer in tunnels:
                writer.transport.abort()
        await asyncio.sleep(0)

    run_async(scenario())
    gc.collect()
    assert not troubles
