"""What is left in free text, page by page, for a person to look at before a recording is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from lxml import etree, html

from harvester.exchange import Reply
from harvester.scrub.documents import NO_PDF, texts
from harvester.scrub.facts import decoded, is_pdf
from harvester.tape.tape import Tape

_SAID = ("title", "alt", "value", "placeholder", "aria-label", "content")
"""Attributes that hold words for people."""


class Shown(NamedTuple):
    """One page, feed or document, and the words in it that no earlier one had."""

    what: str
    lines: list[str]


def review(tape: Tape) -> Iterator[Shown]:
    """Yield what a person would read of a tape, each line once, and no line without a letter."""
    seen: set[str] = set()
    for exchange in tape.exchanges:
        lines = []
        for text in _words(exchange.reply):
            for line in text.splitlines():
                said = " ".join(line.split())
                if said not in seen and any(map(str.isalpha, said)):
                    seen.add(said)
                    lines.append(said)
        if lines:
            yield Shown(f"{exchange.key.method} {urlsplit(exchange.key.url).path}", lines)


def _words(reply: Reply) -> Iterator[str]:
    kind = reply.header("content-type")
    text = decoded(reply.body)
    if is_pdf(reply.body):
        yield from texts(reply.body) if reply.body != NO_PDF else ()
    elif text and "html" in kind:
        yield from _page(text)
    elif text and "json" in kind:
        yield from _strings(_parsed(text))
    elif text and not any(sort in kind for sort in ("javascript", "css")):
        yield text


def _page(text: str) -> Iterator[str]:
    try:
        root = html.fromstring(text)
    except (etree.ParserError, ValueError):
        yield text
        return
    for element in root.iter():
        yield from (element.text or "", element.tail or "")
        yield from (str(element.get(name, "")) for name in _SAID if isinstance(element.tag, str))


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _strings(told: object) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict):
        for value in told.values():
            yield from _strings(value)
    elif isinstance(told, list):
        for value in told:
            yield from _strings(value)
