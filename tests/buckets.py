"""An S3-compatible store of the tests' own on loopback (moto), and what else may answer there."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import boto3
from moto.server import ThreadedMotoServer

from harvester.store.place import Bucket

KEY, SECRET, REGION = "AKIAOFTHETESTS", "secret-of-the-tests", "us-east-1"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION}
_NUMBERS = count(1)


class S3:
    """A running store, seen by another client than the program's own."""

    def __init__(self, address: str, stop: Callable[[], None]) -> None:
        self.address = address
        self.stop = stop
        own = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": REGION}
        self.client: Any = boto3.client("s3", endpoint_url=address, **own)

    def bucket(self, *, versioned: bool = False) -> Bucket:
        """Make a bucket, and name a home's place in it."""
        name = f"bucket-{next(_NUMBERS)}"
        self.client.create_bucket(Bucket=name)
        if versioned:
            told = {"Status": "Enabled"}
            self.client.put_bucket_versioning(Bucket=name, VersioningConfiguration=told)
        return Bucket(name, "homes/one", self.address)

    def objects(self, bucket: Bucket) -> dict[str, bytes]:
        """Return all that is in a bucket."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name)
        keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
        return {key: self.read(bucket, key) for key in keys}

    def read(self, bucket: Bucket, key: str) -> bytes:
        """Return an object's bytes."""
        content: bytes = self.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()
        return content

    def write(self, bucket: Bucket, key: str, content: bytes) -> None:
        """Write an object past the program."""
        self.client.put_object(Bucket=bucket.name, Key=key, Body=content)

    def versions(self, bucket: Bucket) -> list[str]:
        """Return the key of every version that there is of any object."""
        told = self.client.list_object_versions(Bucket=bucket.name)
        return [found["Key"] for found in told.get("Versions", ())]


@contextmanager
def serving(at: str = "") -> Iterator[S3]:
    """Serve one until the end, perhaps at an address where one was before, with what it had."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    port = urlsplit(at).port or 0
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield S3(f"http://{host}:{port}", server.stop)
    finally:
        server.stop()


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Give the address of a server that says the same to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-length", f"{len(body)}")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_HEAD = _answer  # noqa: N815 - as the class wants them

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def taking(
    then: Callable[[socket.socket], None], secure: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Give the address of a server that takes a request's beginning and then does something."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    taken, _ = server.accept()
                except OSError:  # it was closed
                    return
                with suppress(OSError):  # who does not trust it hangs up
                    taken = secure.wrap_socket(taken, server_side=True) if secure else taken
                    taken.recv(100)
                    then(taken)

        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
