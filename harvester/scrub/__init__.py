"""Raw exchanges and known facts to a tape that holds none of them, or a refusal that says which."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import pypdfium2  # type: ignore[import-untyped]

from harvester.errors import BadData, State
from harvester.exchange import Headers, Reply
from harvester.scrub import documents
from harvester.scrub.facts import Fact, decoded, discover, is_pdf, tokens
from harvester.scrub.needles import Needle, encode_like, encoded, views
from harvester.scrub.placeholders import needles
from harvester.tape.matching import Key, key
from harvester.tape.tape import About, Exchange, Heard, Tape

KEPT = {
    "access-control-allow-credentials", "access-control-allow-headers",
    "access-control-allow-methods", "access-control-allow-origin", "cache-control",
    "content-disposition", "content-language", "content-security-policy", "content-type",
    "location", "refresh", "x-content-type-options", "x-frame-options",
}  # fmt: skip
"""Headers of replies that a page or the browser goes by; all others are dropped."""

_DELTA = re.compile(r"(\d+)\|([^|]*)\|([^|]*)\|")
_TOKEN = "tape-"  # noqa: S105 - what tokens become


class Scrubbed(NamedTuple):
    """A tape that may be kept, and the mask that made it."""

    tape: Tape
    mask: Mask


def scrub(heard: Sequence[Heard], about: About, facts: Iterable[Fact]) -> Scrubbed:
    """Return what was heard without these facts, and without those that it names itself.

    Facts become placeholders of the same shape; cookies, tokens, and headers that nobody needs go;
    documents are drawn anew, and what is neither text nor document loses its body.
    Raises BadData, which tells what kind of fact is left where, where one is.
    """
    hidden = needles([*facts, *discover(heard)])
    mask = Mask(hidden, tokens(heard))
    exchanges = []
    for session, request, reply in heard:
        asked = key(request, about.volatile)
        hidden_key = Key(asked.method, mask.text(asked.url), mask.text(asked.body))
        body = mask.body(reply.body)
        exchanges.append(
            Exchange(session, hidden_key, Reply(reply.status, mask.headers(reply.headers), body))
        )
    tape = Tape(about.model_copy(update={"user": mask.text(about.user)}), tuple(exchanges))
    for turn, exchange in enumerate(exchanges, 1):
        asked_for = f"{exchange.key.url}\n{exchange.key.body}"
        mask.refuse(f"request {turn}", asked_for.encode())
        where = f"{exchange.key.method} {urlsplit(exchange.key.url).path}"
        headers = "\n".join(f"{name}: {value}" for name, value in exchange.reply.headers)
        mask.refuse(f"the headers of {where}", headers.encode())
        mask.refuse(f"the body of {where}", exchange.reply.body)
    return Scrubbed(tape, mask)


class Mask:
    """Puts placeholders in the place of facts, and finds what is left of them."""

    def __init__(self, hidden: Sequence[Needle], secret: Iterable[str]) -> None:
        self._needles = hidden
        self._tokens = {
            spelled: (_TOKEN * len(spelled))[: len(spelled)]
            for one in sorted(set(secret), key=len, reverse=True)
            for spelled in (one, quote(one, safe=""), html.escape(one), _as_json(one))
        }
        self._bodies: dict[bytes, bytes] = {}
        self._clean: set[bytes] = set()

    def text(self, text: str) -> str:
        """Return a text with placeholders in it; one that has no fact is returned as it is."""
        for token, hidden in self._tokens.items():
            if token in text:
                text = text.replace(token, hidden)
        seen = list(views(text))
        found = [n for n in self._needles if any(n.hit(view) for view in seen)]
        if not found:
            return text
        if _DELTA.match(text):
            return self._delta(text)
        for run, told in list(encoded(text)):
            if (inner := self.text(told)) != told:
                text = text.replace(run[0], encode_like(run[0], inner))
        for needle in found:
            text = needle.replaced(text)
        return text

    def body(self, body: bytes) -> bytes:
        """Return a body masked: a text, or a document drawn anew; empty where it is neither."""
        if body not in self._bodies:
            text = None if is_pdf(body) else decoded(body)
            if is_pdf(body):
                self._bodies[body] = documents.redraw(body, self.text)
            else:
                self._bodies[body] = b"" if text is None else _like(body, self.text(text))
        return self._bodies[body]

    def headers(self, headers: Headers) -> Headers:
        """Return the headers that are kept, masked; a cookie keeps its name and scope only."""
        kept = []
        for name, value in headers:
            if name.lower() == "set-cookie":
                kept.append((name, self.text(_cookie(value))))
            elif name.lower() in KEPT:
                kept.append((name, self.text(value)))
        return tuple(kept)

    def refuse(self, where: str, content: bytes) -> None:
        """Raise BadData where any fact or token is left in what is to be kept."""
        if content in self._clean:
            return
        left = sorted(set(self._left(content)))
        if left:
            raise BadData(
                State.INVALID_TAPE,
                f"After scrubbing, {where} still holds what was to be hidden ({', '.join(left)}),"
                f" in a spelling that harvester does not know; the recording was not kept.",
            )
        self._clean.add(content)

    def _left(self, content: bytes) -> Iterator[str]:
        raw = content.decode(errors="replace")
        texts = [raw]
        if is_pdf(content) and content != documents.NO_PDF:
            try:
                texts += [*documents.texts(content), *documents.strings(content)]
            except pypdfium2.PdfiumError:
                yield "in a document that does not open"
        for text in texts:
            seen = list(views(text))
            yield from (n.what for n in self._needles if any(n.hit(v) for v in seen))
            if any(token in text for token in self._tokens):
                yield "cookie or token"

    def _delta(self, text: str) -> str:
        """Mask the parts of a partial postback, each of which tells its own length."""
        parts, at = [], 0
        while head := _DELTA.match(text, at):
            end = head.end() + int(head[1])
            content = text[head.end() : end]
            inner = content if _DELTA.match(content) else self.text(content)
            parts.append(f"{len(inner)}|{head[2]}|{self.text(head[3])}|{inner}|")
            at = end + 1
        return "".join(parts) + text[at:]


def _like(body: bytes, text: str) -> bytes:
    """Encode a text as the body was that it came from."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return text.encode("latin-1", "replace")
    return text.encode()


def _cookie(value: str) -> str:
    """Return a cookie without its value; one that is taken away stays so."""
    pair, *scope = value.split(";")
    name, _, told = pair.partition("=")
    kept = [part for part in scope if not part.strip().lower().startswith("expires")]
    gone = not told.strip('" ') or any(p.strip().lower() == "max-age=0" for p in scope)
    return ";".join([f"{name}={'' if gone else 'tape'}", *(kept if not gone else scope)])


def _as_json(text: str) -> str:
    """Spell a token as ASP.NET puts it into scripts."""
    return text.replace("+", "\\u002b").replace("=", "\\u003d").replace("/", "\\/")
