"""What a recording may not hold: what is known of its member, and what its own pages call so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pypdfium2  # type: ignore[import-untyped]
from lxml import etree, html

from harvester.exchange import Reply, Request
from harvester.extract.document import words
from harvester.scrub.needles import PHONE
from harvester.tape.tape import Heard

NAME, ADDRESS, EMAIL, METER = "name", "address", "e-mail address", "meter number"

LEAST = 4
"""Words and secrets that are shorter are found everywhere."""
LEAST_TOKEN = 8

_LABELS = {
    NAME: "name|account name|customer name|member name|account holder|primary name|customer|member"
    "|bill to|attention|attn|mail to|joint name|co-?applicant|spouse|holder",
    ADDRESS: "(service|mailing|billing|home|street|mail|property|site|premise)? ?address"
    "|service location|location",
    PHONE: "((home|cell|mobile|work|daytime|primary) )?(tele)?phone( number)?|mobile|cell",
    EMAIL: "e-?mail( address)?",
    METER: r"meters?|meter ?(number|no\.?|#)(\(s\))?",
}
_LABEL = {what: re.compile(rf"({names})\s*[:*]?\s*", re.IGNORECASE)
          for what, names in _LABELS.items()}  # fmt: skip
_KEYS = {
    NAME: re.compile(
        r"(cust(omer)?|member|holder|acct|account|first|last|full|middle|co|joint|mail(ing)?|bill"
        r"(ing)?|display)?_?name\d?|attn",
        re.IGNORECASE,
    ),
    ADDRESS: re.compile(r".*addr(ess)?(line)?_?\d?", re.IGNORECASE),
    PHONE: re.compile(r".*(phone|mobile|cell)(number|no)?_?\d?", re.IGNORECASE),
    EMAIL: re.compile(r".*e?mail(address)?\d?", re.IGNORECASE),
    METER: re.compile(r".*meter(number|no|num|id)?", re.IGNORECASE),
}
_HIDDEN = re.compile(
    r"(__viewstate(?!generator|encrypted)|__eventvalidation|.*(token|secret|session|nonce|ticket)).*",
    re.IGNORECASE,
)
_TICKET = re.compile(
    r".*(token|ticket|session|nonce|secret|auth|code|state|sid)(_?(id|key))?", re.IGNORECASE
)
_INPUT = re.compile(r"<input\b[^>]*>", re.IGNORECASE)
_DELTA = re.compile(r"\|hiddenField\|([^|]*)\|([^|]*)\|")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"(?<![\d.-])(?:\(([2-9]\d\d)\) ?|([2-9]\d\d)([.-]))(\d{3})(?(3)\3|[ .-])(\d{4})(?![\d-])"
)
_FREE = {"800", "833", "844", "855", "866", "877", "888"}
_PRINTED = ("dt", "th", "td", "label", "span", "strong", "b", "p", "li", "div")
_FORM = {
    NAME: re.compile(r"[^\W\d_]{2}"),
    ADDRESS: re.compile(r"\d"),
    PHONE: re.compile(r"\d{3}\D{0,3}\d{3}\D{0,3}\d{4}"),
    EMAIL: re.compile(r"@"),
}
"""What a value has to have to be of its kind, whatever its label says."""
_METER = re.compile(r"[A-Z0-9-]*\d[A-Z0-9-]{3,}", re.IGNORECASE)


class Fact(NamedTuple):
    """One thing that may be in no tape, and what kind of thing it is."""

    what: str
    text: str


def discover(heard: Iterable[Heard]) -> Iterator[Fact]:
    """Yield the facts that pages, feeds and documents themselves name, by their labels and form."""
    for _, _, reply in heard:
        if is_pdf(reply.body):
            yield from _of_document(reply.body)
            continue
        text = decoded(reply.body)
        if text is None:
            continue
        with suppress(ValueError):
            yield from _of_json(json.loads(text))
        if "<" in text:
            yield from _of_page(text)
        yield from _of_text(text)


def tokens(heard: Iterable[Heard]) -> Iterator[str]:
    """Yield what proves who somebody is or belongs to one session: cookies, hidden state, keys."""
    for _, request, reply in heard:
        text = None if is_pdf(reply.body) else decoded(reply.body)
        for found in (*_of_headers(request, reply), *_of_urls(request, reply), *_hidden(text)):
            if len(found) >= LEAST_TOKEN:
                yield found


def is_pdf(body: bytes) -> bool:
    """Tell whether it is, or wants to be, a PDF."""
    return b"%PDF-" in body[:1024]


def decoded(body: bytes) -> str | None:
    """Return a body as text, None where it is none."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None if b"\0" in body[:4096] else body.decode("latin-1")


def _of_headers(request: Request, reply: Reply) -> Iterator[str]:
    for name, value in request.headers:
        if name.lower() == "cookie":
            yield from (pair.partition("=")[2].strip('" ') for pair in value.split("; "))
        elif name.lower() in {"authorization", "x-csrf-token", "requestverificationtoken"}:
            yield value.rpartition(" ")[2]
    for name, value in reply.headers:
        if name.lower() == "set-cookie":
            yield value.partition(";")[0].partition("=")[2].strip('" ')


def _of_urls(request: Request, reply: Reply) -> Iterator[str]:
    for url in (request.url, reply.header("location")):
        for name, value in parse_qsl(urlsplit(url).query):
            if _TICKET.fullmatch(name):
                yield value


def _hidden(text: str | None) -> Iterator[str]:
    """Yield the values of hidden fields that are state or tokens, in a page or a postback."""
    for name, value in _DELTA.findall(text or ""):
        if _HIDDEN.fullmatch(name):
            yield value
    for tag in _INPUT.findall(text or ""):
        with suppress(etree.ParserError, etree.XMLSyntaxError):
            field = html.fromstring(tag)
            if _HIDDEN.fullmatch(field.get("name", "").rpartition("$")[2]):
                yield field.get("value", "")


def _of_json(told: object) -> Iterator[Fact]:
    if isinstance(told, dict):
        for key, value in told.items():
            if isinstance(value, str):
                yield from _named((w for w, keys in _KEYS.items() if keys.fullmatch(key)), value)
            else:
                yield from _of_json(value)
    elif isinstance(told, list):
        for value in told:
            yield from _of_json(value)


def _of_page(text: str) -> Iterator[Fact]:
    try:
        root = html.fromstring(text)
    except (etree.ParserError, ValueError):
        return
    for element in root.iter(*_PRINTED):
        if len(element) > 1:
            continue
        label = _said(element)
        kinds = [what for what, names in _LABEL.items() if names.fullmatch(label)]
        for value in _beside(element) if kinds else ():
            yield from _named(kinds, value)


def _beside(element: html.HtmlElement) -> Iterator[str]:
    """Yield what a label may be about: what stands behind it, or in the column under it."""
    parent = element.getparent()
    row = parent if parent is not None and element.tag == "th" else None
    if row is not None and not row.findall("td"):
        table, column = next(row.iterancestors("table"), row), row.index(element)
        for line in table.iter("tr"):
            cells = line.findall("td")
            if len(cells) > column:
                yield _said(cells[column])
        return
    following = element.getnext()
    if following is None and parent is not None:
        following = parent.getnext()
    if behind := " ".join((element.tail or "").split()).removeprefix(":").strip():
        yield behind
    elif following is not None:
        yield following.get("value") or _said(following)


def _said(element: html.HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _of_document(content: bytes) -> Iterator[Fact]:
    with suppress(pypdfium2.PdfiumError), words.opened(content) as pages:
        for page in pages:
            yield from _of_text(page.text)
            for row in page.rows:
                cells = [cell.text for cell in row.cells]
                for label, value in pairwise(cells):
                    kinds = [w for w, names in _LABEL.items() if names.fullmatch(label)]
                    yield from _named((kind for kind in kinds if kind != METER), value)


def _of_text(text: str) -> Iterator[Fact]:
    for found in _EMAIL.findall(text):
        yield Fact(EMAIL, found)
    for one, other, _, office, line in _PHONE.findall(text):
        if (area := one or other) not in _FREE:
            yield Fact(PHONE, area + office + line)


def _named(kinds: Iterable[str], value: str) -> Iterator[Fact]:
    for what in kinds:
        if what == METER:
            yield from (Fact(METER, one) for one in _METER.findall(value))
        elif len(value) >= LEAST and (found := _FORM[what].search(value)):
            yield Fact(what, re.sub(r"\D", "", found[0]) if what == PHONE else value)
