"""A wire that answers for itself: what it hands on whole, verifies, refuses and never dials."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from aiohttp import ClientSession, TCPConnector, web
from conftest import run_async

from harvester.browser import open_browser, open_context
from harvester.exchange import Fetch, Reply, Request
from harvester.tape.tape import Recorder
from harvester.wire import Wire

BIG = b"0123456789abcdef" * 65_536
MOMENT = datetime(2026, 3, 20, 15, 4, 5, tzinfo=UTC)


@asynccontextmanager
async def portal(tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async def page(_: web.Request) -> web.Response:
        answer = web.Response(text="<title>t</title>", content_type="text/html")
        answer.enable_compression(web.ContentCoding.gzip)
        return answer

    async def sign_in(_: web.Request) -> web.Response:
        answer = web.HTTPFound("/who")
        answer.set_cookie("session", "s1", secure=True, httponly=True)
        raise answer

    async def who(request: web.Request) -> web.Response:
        return web.Response(text=request.cookies.get("session", "nobody"))

    async def echo(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        await answer.write(await request.read())
        return answer

    async def download(_: web.Request) -> web.Response:
        return web.Response(body=BIG, headers={"Content-Disposition": "attachment; filename=b"})

    app = web.Application(client_max_size=2**26)
    app.router.add_get("/sign-in", sign_in)
    app.router.add_get("/who", who)
    app.router.add_post("/echo", echo)
    app.router.add_get("/download", download)
    app.router.add_get("/{path:.*}", page)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def test_all_that_a_browser_and_its_request_context_exchange_is_heard() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        origin = "https://portal.example"
        async with (
            portal() as port,
            Wire({origin}, sandbox=port, answer=recorder.session()) as wire,
            open_browser() as browser,
            open_context(browser, wire, time_zone="UTC") as context,
        ):
            page = await context.new_page()
            await page.goto(f"{origin}/sign-in")
            assert await page.inner_text("body") == "s1"
            answer = await context.request.get(f"{origin}/who")
            assert await answer.text() == "s1"
            said = await page.evaluate(
                "async () => (await fetch('/echo', {method: 'POST', body: 'x'.repeat(1e5)})).text()"
            )
            assert said == "x" * 100_000
            async with page.expect_download() as saving:
                await page.evaluate("location.href = '/download'")
            path = await (await saving.value).path()
            assert path.read_bytes() == BIG
            socket = "new Promise(d => { new WebSocket('wss://portal.example/s').onerror = d; })"
            await page.evaluate(f"() => {socket}.then(() => 1)")
        heard = [(h.request.method, h.request.url, h.reply.status) for h in recorder.heard]
        assert [(m, u.removeprefix(origin), s) for m, u, s in heard if "favicon" not in u] == [
            ("GET", "/sign-in", 302),
            ("GET", "/who", 200),
            ("GET", "/who", 200),
            ("POST", "/echo", 200),
            ("GET", "/download", 200),
            ("GET", "/s", 501),
        ]
        bodies = {h.request.url.removeprefix(origin): h for h in recorder.heard}
        assert bodies["/echo"].request.body == bodies["/echo"].reply.body == b"x" * 100_000
        assert bodies["/download"].reply.body == BIG
        assert bodies["/sign-in"].reply.header("set-cookie").startswith("session=s1")
        assert dict(recorder.sockets) == {f"{origin}/s": 1}

    run_async(scenario())


def test_the_wire_itself_verifies_the_certificate_of_the_portal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def scenario(*, known: bool) -> tuple[int, bytes]:
        authority = trustme.CA()
        served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(served)
        if known:  # as an administrator would make an authority known
            authority.cert_pem.write_to_path(f"{tmp_path / 'known.pem'}")
            monkeypatch.setenv("SSL_CERT_FILE", f"{tmp_path / 'known.pem'}")
        recorder = Recorder()
        blind = ssl.create_default_context()
        blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
        async with portal(served) as port:
            origin = f"https://127.0.0.1:{port}"
            async with (
                Wire({origin}, answer=recorder.session()) as wire,
                ClientSession(connector=TCPConnector(ssl=blind), proxy=wire.address) as session,
                session.get(f"{origin}/page") as answer,
            ):
                return answer.status, await answer.read()

    assert run_async(scenario(known=False)) == (502, b"")
    assert run_async(scenario(known=True)) == (200, b"<title>t</title>")


def test_a_wire_that_answers_dials_nothing_and_still_refuses_other_hosts() -> None:
    async def answer(request: Request, _: Fetch) -> Reply:
        return Reply(200, (("Content-Type", "text/html"),), request.url.encode())

    async def scenario() -> None:
        hosts = {"https://portal.example", "https://b.example:8443", "http://plain.example"}
        async with (
            Wire(hosts, answer=answer) as wire,
            open_browser() as browser,
            open_context(browser, wire, time_zone="UTC") as context,
        ):
            page = await context.new_page()
            for url in ("https://portal.example/a?b=c", "https://b.example:8443/",
                        "http://plain.example/x"):  # fmt: skip
                await page.goto(url)
                assert await page.inner_text("body") == url
            with pytest.raises(Exception, match="ERR_TUNNEL_CONNECTION_FAILED"):
                await page.goto("https://evil.example/")
            assert not wire.dialled
            assert wire.refused == {"evil.example:443": 1}

    run_async(scenario())


def test_pages_see_the_time_of_the_wires_clock_while_their_timers_run() -> None:
    async def answer(_: Request, __: Fetch) -> Reply:
        script = "<script>setTimeout(() => document.title = `${Date.now()}`, 20)</script>"
        return Reply(200, (("Content-Type", "text/html"),), script.encode())

    async def scenario() -> None:
        async with (
            Wire({"https://portal.example"}, answer=answer, clock=MOMENT) as wire,
            open_browser() as browser,
            open_context(browser, wire, time_zone="UTC") as context,
        ):
            page = await context.new_page()
            await page.goto("https://portal.example/")
            await page.wait_for_function("document.title !== ''")
            assert await page.title() == f"{int(MOMENT.timestamp()) * 1000}"
            async with context.expect_page() as opening:
                await page.evaluate("window.open('/popup')")
            told = await (await opening.value).evaluate("new Date().toISOString()")
            assert told == "2026-03-20T15:04:05.000Z"

    run_async(scenario())
