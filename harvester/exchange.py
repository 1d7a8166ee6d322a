"""Requests and replies as HTTP/1.1 carries them, each read whole and written whole."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import brotli  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterable

HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "upgrade",
}  # fmt: skip
_FRAMING = {"content-length", "transfer-encoding"}
_PARTIAL = {
    "accept-encoding",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "range",
}
"""Headers that would have a reply compressed, cut, or left out for what the browser still has."""
_BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}

Headers = tuple[tuple[str, str], ...]


class _Message:
    headers: Headers

    def header(self, name: str) -> str:
        """Return a header's value, the first if there are several; empty where there is none."""
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass(frozen=True)
class Request(_Message):
    """What a browser asked, by absolute URL; the body is decoded of chunks."""

    method: str
    url: str = field(repr=False)
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def upgrades(self) -> bool:
        """Whether it asks for another protocol, such as a WebSocket."""
        return bool(self.header("upgrade"))

    def encoded(self) -> bytes:
        """Return the bytes that a server is sent, which answers this one request, and in full."""
        parts = urlsplit(self.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        kept = _kept(self.headers, _PARTIAL)
        sized = self.body or self.method in {"POST", "PUT", "PATCH"}
        length = [f"Content-Length: {len(self.body)}"] if sized else []
        told = [*kept, *length, "Accept-Encoding: identity", "Connection: close"]
        return _head(f"{self.method} {path} HTTP/1.1", told) + self.body


@dataclass(frozen=True)
class Reply(_Message):
    """What was answered; the body is decoded of chunks and of compression."""

    status: int
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    def encoded(self, method: str) -> bytes:
        """Return the bytes that the asking side gets, framed by their length."""
        phrase = next((s.phrase for s in HTTPStatus if s == self.status), "Unknown")
        bodiless = self.status in _BODILESS or method == "HEAD"
        body = b"" if bodiless else self.body
        length = [] if bodiless else [f"Content-Length: {len(body)}"]
        return _head(f"HTTP/1.1 {self.status} {phrase}", [*_kept(self.headers), *length]) + body


Fetch = Callable[[Request], Awaitable[Reply]]
"""Asks the world a request to a declared host."""
Answer = Callable[[Request, Fetch], Awaitable[Reply]]
"""Answers the browser, by asking the world or without."""


def parse_head(raw: bytes) -> tuple[str, str, str, Headers]:
    """Split a head into the three parts of its first line and its headers; raise ValueError."""
    first, *lines = raw[:-4].decode("latin-1").split("\r\n")
    one, two, three = (*first.split(" ", 2), "")[:3]
    fields = [line.partition(":") for line in lines]
    whole = all(colon and name and name == name.strip() for name, colon, _ in fields)
    if not whole or not first.isprintable():
        raise ValueError(first)
    return one, two, three, tuple((name, value.strip()) for name, _, value in fields)


def body_length(headers: Iterable[tuple[str, str]], absent: int | None = 0) -> int | None:
    """Return a body's length, -1 where it is chunked; raise ValueError where that is unclear."""
    sizes = [(n.lower(), v.lower()) for n, v in headers if n.lower() in _FRAMING]
    if not sizes:
        return absent
    name, value = sizes[0]
    if len(sizes) > 1 or not (
        value.isdecimal() if name == "content-length" else value == "chunked"
    ):
        raise ValueError(name)
    return -1 if value == "chunked" else int(value)


async def read_request(reader: asyncio.StreamReader, origin: str) -> Request | None:
    """Read the next request of a connection to an origin; None where it ends.

    Raises ValueError for what is no request, and LimitOverrunError for a head that is too long.
    """
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    method, target, version, headers = parse_head(raw)
    if not version.startswith("HTTP/1.") or not target.startswith("/"):
        raise ValueError(version)
    return await with_body(reader, Request(method, origin + target, headers))


async def with_body(reader: asyncio.StreamReader, request: Request) -> Request:
    """Read the body that follows a request's head."""
    return replace(request, body=await _body(reader, body_length(request.headers)))


async def read_reply(reader: asyncio.StreamReader, method: str) -> Reply:
    """Read a server's reply to one request; ValueError or EOFError where it is none, or cut off."""
    status = 100
    while status < HTTPStatus.OK:  # an interim reply, such as 100 Continue, says nothing
        raw = await reader.readuntil(b"\r\n\r\n")
        version, code, _, headers = parse_head(raw)
        status = int(code)
        if not version.startswith("HTTP/1.") or status == HTTPStatus.SWITCHING_PROTOCOLS:
            raise ValueError(version)
    if method == "HEAD" or status in _BODILESS:
        return Reply(status, headers)
    body = await _body(reader, body_length(headers, None))
    return _plain(Reply(status, headers, body))


async def _body(reader: asyncio.StreamReader, length: int | None) -> bytes:
    if length is None:
        return await reader.read(-1)
    if length >= 0:
        return await reader.readexactly(length)
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return b"".join(parts)


def _plain(reply: Reply) -> Reply:
    """Undo a compression that nobody asked for; ValueError where it is unknown or broken."""
    coding = reply.header("content-encoding").lower()
    if coding in {"", "identity"}:
        return reply
    unpack = {"gzip": gzip.decompress, "deflate": _inflate, "br": brotli.decompress}.get(coding)
    try:
        body = unpack(reply.body) if unpack else None
    except (OSError, zlib.error, brotli.error):
        body = None
    if body is None:
        raise ValueError(coding)
    kept = tuple(pair for pair in reply.headers if pair[0].lower() != "content-encoding")
    return Reply(reply.status, kept, body)


def _inflate(body: bytes) -> bytes:
    """Undo deflate, with the wrapper that the standard wants or, as some send it, without."""
    try:
        return zlib.decompress(body)
    except zlib.error:
        return zlib.decompress(body, -zlib.MAX_WBITS)


def _kept(headers: Headers, dropped: Iterable[str] = ()) -> list[str]:
    named = {
        part.strip()
        for name, value in headers
        if name.lower() == "connection"
        for part in value.lower().split(",")
    }
    never = HOP_BY_HOP | _FRAMING | (named - {"host"}) | set(dropped)
    return [f"{name}: {value}" for name, value in headers if name.lower() not in never]


def _head(first: str, lines: Iterable[str]) -> bytes:
    return "\r\n".join([first, *lines, "", ""]).encode("latin-1")
