"""A request as a tape knows it: method, URL and body without what differs from run to run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from harvester.exchange import Request

VOLATILE = (
    "__viewstate*",
    "__eventvalidation",
    "__previouspage",
    "__requestverificationtoken",
    "*password*",
    "*credential*",
    "*passphrase*",
    "_",
    "cachebuster",
    "nocache",
    "rand",
    "rnd",
    "timestamp",
    "ts",
)
"""Names, in small letters, of query and body fields that do not tell one request from another.

A form's hidden state comes back as the taped page gave it, a password is whatever was typed, and
cache busters are the clock's.
"""


class Key(NamedTuple):
    """What tells a request from others."""

    method: str
    url: str
    body: str
    """A form or a JSON document in one spelling; of anything else its sha-256."""

    def __str__(self) -> str:
        return f"{self.method} {self.url}" + (f" with {self.body}" if self.body else "")


def key(request: Request, volatile: Collection[str]) -> Key:
    """Return a request's key; fields that match a `volatile` pattern are left out of it."""
    parts = urlsplit(request.url)
    query = urlencode(_steady(parse_qsl(parts.query, keep_blank_values=True), volatile))
    url = urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))
    return Key(request.method, url, _body(request, volatile))


def _body(request: Request, volatile: Collection[str]) -> str:
    kind, _, more = request.header("content-type").partition(";")
    if not request.body:
        return ""
    with suppress(ValueError):
        if "form-urlencoded" in kind:
            fields = parse_qsl(request.body.decode(), keep_blank_values=True)
            return urlencode(_steady(fields, volatile))
        told = json.loads(request.body)
        if isinstance(told, dict):
            told = dict(_steady(list(told.items()), volatile))
        return json.dumps(told, sort_keys=True)
    boundary = more.partition("boundary=")[2].strip('" ')
    steady = request.body.replace(boundary.encode(), b"") if boundary else request.body
    return f"sha256:{hashlib.sha256(steady).hexdigest()}"


def _steady(fields: list[tuple[str, str]], volatile: Collection[str]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in fields
        if not any(fnmatchcase(name.lower(), pattern) for pattern in volatile)
    ]
