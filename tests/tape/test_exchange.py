"""Requests and replies are read whole, whatever frames and packs them."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import brotli
import pytest
from conftest import run_async

from harvester.exchange import Reply, Request, read_reply, read_request

TEXT = b"0123456789" * 100
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
)


def reply(raw: bytes, method: str = "GET") -> Reply:
    async def read() -> Reply:
        reader = asyncio.StreamReader()
        reader.feed_data(raw)
        reader.feed_eof()
        return await read_reply(reader, method)

    return run_async(read())


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", 200, b"abc"),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", 200, b"to the end"),
        (b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, b""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", 304, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x"),
        (
            CHUNKED,
            200,
            b"abc0123456789",
        ),
    ],
)
def test_a_reply_is_framed_by_chunks_by_length_or_by_its_end(
    raw: bytes, status: int, body: bytes
) -> None:
    told = reply(raw)
    assert (told.status, told.body) == (status, body)


def test_the_reply_to_a_head_has_a_length_and_no_body() -> None:
    assert reply(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", "HEAD").body == b""


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)[2:-4]),
        ("br", brotli.compress(TEXT)),
        ("identity", TEXT),
    ],
)
def test_a_compression_that_nobody_asked_for_is_undone(coding: str, packed: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n"
    told = reply(head.encode() + packed)
    assert told.body == TEXT
    assert told.header("content-encoding") in {"", "identity"}


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
    ],
)
def test_a_reply_that_is_cut_off_or_unclear_is_none(raw: bytes) -> None:
    with pytest.raises((ValueError, EOFError)):
        reply(raw)


def test_a_request_is_read_with_its_chunks_and_sent_with_its_length() -> None:
    raw = (
        b"POST /a?b=c HTTP/1.1\r\nHost: x.example\r\nAccept-Encoding: br\r\nKeep-Alive: 1\r\n"
        b"If-None-Match: x\r\nRange: bytes=0-9\r\n"
        b"Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\nGET /next HTTP/1.1\r\n\r\n"
    )

    async def read() -> list[Request | None]:
        reader = asyncio.StreamReader()
        reader.feed_data(raw)
        reader.feed_eof()
        return [await read_request(reader, "https://x.example") for _ in range(3)]

    one, two, three = run_async(read())
    assert one
    assert two
    assert (one.method, one.url, one.body) == ("POST", "https://x.example/a?b=c", b"abc")
    assert one.encoded() == (
        b"POST /a?b=c HTTP/1.1\r\nHost: x.example\r\nContent-Length: 3\r\n"
        b"Accept-Encoding: identity\r\nConnection: close\r\n\r\nabc"
    )
    assert (two.url, three) == ("https://x.example/next", None)


def test_a_reply_is_written_with_its_length_and_without_what_framed_it_before() -> None:
    headers = (("Transfer-Encoding", "chunked"), ("Connection", "close"), ("A", "b"))
    told = Reply(200, headers, b"abc")
    assert told.encoded("GET") == b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 3\r\n\r\nabc"
    assert told.encoded("HEAD") == b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"
