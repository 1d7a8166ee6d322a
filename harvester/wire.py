"""The one door to the network: a loopback proxy of one run, open to the declared hosts alone."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections import Counter
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import urlsplit

import trustme

from harvester.exchange import (
    HOP_BY_HOP,
    Answer,
    Headers,
    Reply,
    Request,
    body_length,
    parse_head,
    read_reply,
    read_request,
    with_body,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterable
    from datetime import datetime

    from playwright.async_api import BrowserContext

PIECE = 65_536
HEAD_SECONDS = 30.0
DIAL_SECONDS = 30.0
PORTS = {"http": 80, "https": 443}


class _RefusedError(Exception):
    """The request is answered with this status and the connection ends."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(f"{status.value} {status.phrase}")


class _Side(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class _Place(NamedTuple):
    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _place(text: str) -> _Place:
    """Read an origin, a URL or a bare host:port; raise ValueError when it is none of them."""
    parts = urlsplit(text if "://" in text else f"//{text}")
    host = (parts.hostname or "").removesuffix(".")
    port = parts.port if parts.port is not None else PORTS.get(parts.scheme, 0)
    if not host or not port or not host.isprintable() or " " in host:
        message = f"{text!r} names no host and port"
        raise ValueError(message)
    with suppress(ValueError):
        host = str(ipaddress.ip_address(host))
    return _Place(parts.scheme, host, port)


class Wire:
    """A forward proxy on 127.0.0.1: `async with Wire(hosts={"https://caec.coop"}) as wire`.

    `hosts` are origins, or host:port (https, but for port 80); the parsed host and port are
    compared. With `sandbox` every declared host is answered by that loopback port, which
    speaks plain HTTP; otherwise a declared host is dialled and TLS runs end to end.
    With `answer` TLS ends here and each request to a declared host is handed to it whole, with a
    way to ask the world, whose certificate is then verified here; `clock` is the time at which the
    browser's clock is to stand.
    An undeclared host is answered 403 and never dialled; an unreachable one 502.
    The counters `refused`, `unreachable` and `dialled` go by host:port, `requests` by host.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        *,
        sandbox: int | None = None,
        answer: Answer | None = None,
        clock: datetime | None = None,
    ) -> None:
        self._https: dict[str, bool] = {}
        self._names: set[str] = set()
        for text in hosts:
            self.allow(text)
        self._sandbox = sandbox
        self._answers = answer
        self.clock = clock
        self._tls: ssl.SSLContext | None = None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.address = ""
        self.refused: Counter[str] = Counter()
        self.unreachable: Counter[str] = Counter()
        self.dialled: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()

    @property
    def own_tls(self) -> bool:
        """Whether the browser meets a certificate made for this run alone."""
        return self._sandbox is not None or self._answers is not None

    def allow(self, host: str) -> None:
        """Declare one more host."""
        place = _place(host)
        secure = place.scheme == "https" or (not place.scheme and place.port != PORTS["http"])
        self._https[str(place)] = secure
        self._names.add(place.host)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=PIECE)
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server:
            self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # an aborted transport says goodbye one turn of the loop later

    def watch(self, context: BrowserContext) -> None:
        """Count the requests that this context's pages issue."""
        context.on("request", lambda request: self.count(request.url))

    def count(self, url: str) -> None:
        """Count one request; a data: or blob: URL is none."""
        parts = urlsplit(url)
        if parts.scheme in PORTS and parts.hostname:
            self.requests[parts.hostname.removesuffix(".")] += 1

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(_Side(reader, writer)))
        self._tasks.add(task)
        raw = writer.transport

        def done(_: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            raw.abort()  # a task cancelled before its first step closed nothing

        task.add_done_callback(done)

    async def _serve(self, client: _Side) -> None:
        with suppress(OSError, EOFError):
            async with _closing(client.writer):
                try:
                    await self._answer(client)
                except _RefusedError as refused:
                    head = f"HTTP/1.1 {refused}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    client.writer.write(head.encode())
                    await client.writer.drain()

    async def _answer(self, client: _Side) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                raw = await client.reader.readuntil(b"\r\n\r\n")
        except TimeoutError:  # a connection opened ahead of need: browsers keep a few
            return
        except asyncio.LimitOverrunError:
            raise _RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
        try:
            method, target, version, headers = parse_head(raw)
            place = _place(target)
        except ValueError:
            raise _RefusedError(HTTPStatus.BAD_REQUEST) from None
        connect = method == "CONNECT"
        if bool(place.scheme) is connect or not version.startswith("HTTP/1."):
            raise _RefusedError(HTTPStatus.BAD_REQUEST)
        https = self._https.get(str(place))
        if https is None or (not connect and (https or place.scheme != "http")):
            self.refused[str(place)] += 1
            raise _RefusedError(HTTPStatus.FORBIDDEN)
        if self._answers:
            first = None if connect else Request(method, target, headers)
            await self._converse(client, place, first, self._answers, https=https)
            return
        if not connect:
            head, length = _origin_form(method, target, headers)
            async with self._dial(place) as portal:
                portal.writer.write(head)
                await _both(_body(client, portal, length), _pump(portal, client))
            return
        async with self._dial(place) as portal:
            client.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await client.writer.drain()
            if https and self.own_tls:
                await client.writer.start_tls(self._certified())
            await _both(_pump(client, portal), _pump(portal, client))

    async def _converse(
        self, client: _Side, place: _Place, first: Request | None, answer: Answer, *, https: bool
    ) -> None:
        """Answer one plain request, or all that a tunnel carries, one after the other."""

        async def fetch(request: Request) -> Reply:
            return await self._fetch(request, place, https=https)

        try:
            if first:
                request = await with_body(client.reader, first)
                reply = await answer(request, fetch)
                closing = Reply(reply.status, (*reply.headers, ("Connection", "close")), reply.body)
                client.writer.write(closing.encoded(request.method))
                await client.writer.drain()
                return
            client.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await client.writer.drain()
            if https:
                await client.writer.start_tls(self._certified())
            scheme = "https" if https else "http"
            origin = f"{scheme}://{_Place('', place.host, place.port)}"
            if place.port == PORTS[scheme]:
                origin = origin.rpartition(":")[0]
            while told := await read_request(client.reader, origin):
                client.writer.write((await answer(told, fetch)).encoded(told.method))
                await client.writer.drain()
        except asyncio.LimitOverrunError:
            raise _RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
        except ValueError:
            raise _RefusedError(HTTPStatus.BAD_REQUEST) from None

    async def _fetch(self, request: Request, place: _Place, *, https: bool) -> Reply:
        async with self._dial(place) as portal:
            try:
                if https and not self._sandbox:
                    await portal.writer.start_tls(_trusting(), server_hostname=place.host)
                portal.writer.write(request.encoded())
                await portal.writer.drain()
                return await read_reply(portal.reader, request.method)
            except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
                self.unreachable[str(place)] += 1
                raise _RefusedError(HTTPStatus.BAD_GATEWAY) from None

    @asynccontextmanager
    async def _dial(self, place: _Place) -> AsyncIterator[_Side]:
        host, port = ("127.0.0.1", self._sandbox) if self._sandbox else (place.host, place.port)
        self.dialled[str(_Place("", host, port))] += 1
        try:
            async with asyncio.timeout(DIAL_SECONDS):
                side = _Side(*await asyncio.open_connection(host, port, limit=PIECE))
        except (OSError, UnicodeError):
            self.unreachable[str(place)] += 1
            raise _RefusedError(HTTPStatus.BAD_GATEWAY) from None
        async with _closing(side.writer):
            yield side

    def _certified(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            trustme.CA().issue_cert(*sorted(self._names)).configure_cert(self._tls)
        return self._tls


def _trusting() -> ssl.SSLContext:
    """Return what verifies a portal's certificate as a browser would."""
    return ssl.create_default_context()


def _origin_form(method: str, target: str, headers: Headers) -> tuple[bytes, int | None]:
    """Return the head that the portal is sent, and its body's length (None: chunked)."""
    try:
        length = body_length(headers)
    except ValueError:
        raise _RefusedError(HTTPStatus.BAD_REQUEST) from None
    lower = [(name.lower(), value.lower()) for name, value in headers]
    named = {n.strip() for key, value in lower if key == "connection" for n in value.split(",")}
    dropped = HOP_BY_HOP | (named - {"host", "content-length", "transfer-encoding"})
    kept = [f"{key}: {value}" for key, value in headers if key.lower() not in dropped]
    parts = urlsplit(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = "\r\n".join([f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", ""])
    return head.encode("latin-1"), None if length == -1 else length


async def _body(client: _Side, portal: _Side, length: int | None) -> None:
    """Hand on exactly one request's body; a second request on the connection ends it."""
    if length is not None:
        await _exactly(client, portal, length)
    else:
        size = 1
        while size:
            portal.writer.write(line := await client.reader.readuntil(b"\r\n"))
            size = int(line.split(b";")[0], 16)
            await _exactly(client, portal, size + 2 if size else 0)
        while line != b"\r\n":
            portal.writer.write(line := await client.reader.readuntil(b"\r\n"))
    if await client.reader.read(1):
        raise ConnectionAbortedError


async def _exactly(source: _Side, target: _Side, length: int) -> None:
    while length > 0:
        data = await source.reader.read(min(length, PIECE))
        if not data:
            raise ConnectionAbortedError
        length -= len(data)
        target.writer.write(data)
        await target.writer.drain()


async def _pump(source: _Side, target: _Side) -> None:
    """Hand on bytes until the one side ends, then tell the other: half a close where it can."""
    while data := await source.reader.read(PIECE):
        target.writer.write(data)
        await target.writer.drain()
    if target.writer.can_write_eof():
        target.writer.write_eof()
    else:
        target.writer.close()


async def _both(up: Coroutine[None, None, None], down: Coroutine[None, None, None]) -> None:
    """Run both directions until both end, or one breaks."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(up)
            group.create_task(down)
    except* (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
        raise ConnectionAbortedError from None


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    raw = writer.transport  # the bare connection, also once TLS has been laid over it
    try:
        yield
        writer.close()
        await writer.wait_closed()
    finally:
        raw.abort()
