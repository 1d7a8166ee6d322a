"""One fact in all its spellings: how it is found whatever hides it, and replaced in its place."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html.entities import codepoint2name
from typing import NamedTuple
from urllib.parse import unquote

LEAST_LETTERS = 4
"""Fewer are found as a word of their own only: they are part of many others."""
LEAST_DIGITS = 5
"""A number of fewer digits is told from others by what stands around it only."""
PHONE = "phone number"
"""The one kind of number that is printed with brackets and dots too."""

_INLINE = (
    r"(?:</?(?:a|abbr|b|bdi|bdo|big|code|data|em|font|i|kbd|label|mark|s|samp|small|span|strong|sub"
    r"|sup|time|tt|u|var|wbr)(?:\s[^<>]*)?/?>|<!--.*?-->|&(?:shy|zwnj|#173|#xad|#8203);"
    r"|[\u00ad\u200b])"
)
_BLANK = (
    r"(?:\s|\u00a0|&nbsp;|&#0*(?:32|160);|&#x0*(?:20|a0);|\\u00(?:20|a0)|\\n|%20|%c2%a0|\+"
    r"|<br\s*/?>)"
)
_TAG = re.compile(r"<[^<>]*>")
_INLINES = re.compile(_INLINE, re.IGNORECASE | re.DOTALL)
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([/\"'\\]))")
_JOINED = re.compile(r"""(["'])\s*\+\s*\1""")
_GROUPED = re.compile(r"(?<=\d)[ \u00a0-](?=\d)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")


@dataclass(frozen=True)
class Needle:
    """A fact and its placeholder, which has the same length; `what` it is may be told."""

    what: str
    text: str
    placeholder: str

    @cached_property
    def digits(self) -> str:
        """The digits of a number; empty for words."""
        bare = re.sub(r"[\s().+-]", "", self.text)
        return bare if bare.isascii() and bare.isdecimal() else ""

    @cached_property
    def folded(self) -> str:
        """The words as views tell them."""
        return _folded(self.text)

    def hit(self, view: View) -> bool:
        """Tell whether the fact is in a text."""
        if not self.digits and len(self.text) < LEAST_LETTERS:
            word = rf"(?<!\w){re.escape(self.folded)}(?!\w)"
            return re.search(word, view.words) is not None
        if not self.digits:
            return self.folded in view.words
        if len(self.digits) < LEAST_DIGITS:
            return re.search(rf"(?<!\d){self.digits}(?!\d)", view.numbers) is not None
        if self.digits in view.numbers:
            return True
        return self.what == PHONE and self._grouped.search(view.numbers) is not None

    @cached_property
    def _grouped(self) -> re.Pattern[str]:
        return re.compile(r"[\s().\u00a0-]{0,3}".join(self.digits))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Each character in any of its spellings as a group, with markup between them."""
        if self.digits:
            between = "|".join(_spelled(c) for c in (" -().+" if self.what == PHONE else " -"))
            gap = f"(?:{_INLINE}|{_BLANK}|{between}){{0,6}}?"
            body = gap.join(f"({_spelled(c)})" for c in self.digits)
            if len(self.digits) < LEAST_DIGITS:
                body = rf"(?<![\d.]){body}(?!\d)"
        else:
            parts = (f"({_BLANK}+)" if c == " " else f"({_spelled(c)})" for c in self._single)
            body = f"{_INLINE}*?".join(parts)
            if len(self.text) < LEAST_LETTERS:
                body = rf"(?<!\w){body}(?!\w)"
        return re.compile(body, re.IGNORECASE | re.DOTALL)

    @cached_property
    def _single(self) -> str:
        return " ".join(self.text.split())

    def replaced(self, text: str) -> str:
        """Return a text with the placeholder for the fact, spelled as the fact was."""
        return self.pattern.sub(self._placed, text)

    def _placed(self, found: re.Match[str]) -> str:
        shown = self.digits or self._single
        hidden = (
            re.sub(r"\D", "", self.placeholder)
            if self.digits
            else " ".join(self.placeholder.split())
        )
        parts, at = [], found.start()
        for group, (one, other) in enumerate(zip(shown, hidden, strict=True), 1):
            start, end = found.span(group)
            token = found[group]
            parts += [found.string[at:start], token if one == other else _respelled(token, other)]
            at = end
        return "".join(parts)


class View(NamedTuple):
    """A text as needles are looked for in it."""

    words: str
    numbers: str
    """With groups of digits joined."""


def views(text: str, *, depth: int = 2) -> Iterator[View]:
    """Yield a text as it is, and with each thing undone that may hide a fact in it."""
    yield _view(text)
    plain = _plain(text)
    bare = _INLINES.sub("", plain)
    if bare != text:
        yield _view(bare)
    for hidden in ("+" in bare and bare.replace("+", " "), _JOINED.sub("", bare)):
        if hidden and hidden != bare:
            yield _view(hidden)
    if "<" in bare:  # numbers of cells that stand side by side are not one number
        yield View(_folded(_TAG.sub("", bare)), "")
    if depth:
        inner = "\n".join(told for _, told in encoded(text))
        if inner:
            yield from views(inner, depth=depth - 1)


def encoded(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Yield what looks like base64 and decodes to text."""
    for found in _BASE64.finditer(text):
        if (told := decoded(found[0])) is not None:
            yield found, told


def decoded(run: str) -> str | None:
    """Return what base64 of either alphabet says in UTF-8, None where it says nothing."""
    padded = run.rstrip("=").translate(str.maketrans("-_", "+/"))
    padded += "=" * (-len(padded) % 4)
    try:
        return base64.b64decode(padded, validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def encode_like(run: str, told: str) -> str:
    """Return base64 of a text in the alphabet and with the padding of an earlier run."""
    made = base64.b64encode(told.encode()).decode()
    if "-" in run or "_" in run:
        made = made.translate(str.maketrans("+/", "-_"))
    return made if run.endswith("=") or len(run) % 4 == 0 else made.rstrip("=")


def _view(text: str) -> View:
    return View(_folded(text), _GROUPED.sub("", text))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _plain(text: str) -> str:
    for _ in range(2):
        if "\\" in text:
            text = _ESCAPED.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[2], text)
        if "%" in text:
            text = unquote(text)
        if "&" in text:
            text = html.unescape(text)
    return text


def _spelled(character: str) -> str:
    """Return a pattern of all spellings of a character: URL, HTML, JSON, or as it is."""
    both = {character, character.lower(), character.upper()}
    ways = []
    for one in sorted(c for c in both if len(c) == 1):
        ways += [re.escape(one), rf"&#0*{ord(one)};", rf"&#x0*{ord(one):x};"]
        ways += [rf"\\u{ord(one):04x}", "".join(f"%{byte:02x}" for byte in one.encode())]
        if ord(one) in codepoint2name:
            ways.append(f"&{codepoint2name[ord(one)]};")
    ways += [r"\\/"] if character == "/" else []
    ways += ["&apos;"] if character == "'" else []
    if character in "\"'\\":  # a script escapes it, and the page the script once more
        ways += [r"\\" + way for way in ways]
    return "|".join(sorted(ways, key=len, reverse=True))


def _respelled(token: str, character: str) -> str:
    """Return another character as this one was spelled, in its case."""
    if len(token) == 1:
        return character.upper() if token.isupper() else character
    code = f"{ord(character):04x}"
    if token.startswith("%"):
        return f"%{ord(character):02X}"
    if token.startswith("&"):
        return f"&#{ord(character)};"
    return rf"\u{code}" if token.startswith("\\u") else character
