"""Looks for words that must be nowhere: in every file of a home and in all that a program said.

`find` looks behind URL, JSON, HTML, base64 and hex spelling, into databases, PDFs, gzip and zip.
A home that is open in this process is copied by another one first: to close a file of a database
here would drop this process's locks on it.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import sqlite3
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_plus

import pypdfium2  # type: ignore[import-untyped]

NESTED = 4
"""How many wrappings lie around each other at most."""
SHORT = 6
"""So few letters may be in hex or base64 of something else."""
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


class Spelling(NamedTuple):
    """One way in which a word may be written."""

    way: str
    text: bytes
    exact: bool = False
    """Whether capitals and small letters mean something else."""

    def stands_in(self, content: bytes, low: bytes) -> bool:
        """Tell whether a content, which is also given in small letters, holds it."""
        if self.exact:
            return self.text in content
        if self.text.lower() not in low:
            return False
        if not self.text.isdigit():
            return True
        # Digits within a longer number are another number.
        return re.search(rb"(?<!\d)" + self.text + rb"(?!\d)", content) is not None


def spellings(needle: str) -> set[Spelling]:
    """Return every way in which a word may be written."""
    raw = needle.encode()
    told = json.dumps(needle)[1:-1]
    ways = {
        "plainly": [needle],
        "in a URL": [quote(needle, safe=""), quote_plus(needle), quote(needle)],
        "in JSON": [told, told.replace("/", r"\/"), "".join(f"\\u{ord(c):04x}" for c in needle)],
        "in HTML": [escape(needle), "".join(f"&#{ord(c)};" for c in needle)],
    }
    digits = re.sub(r"\D", "", needle)
    if len(digits) > SHORT and not re.search(r"[^\W\d]", needle):  # a phone or account number
        split = (digits[:3], digits[3:6], digits[6:])
        ways["with other punctuation"] = [glue.join(split) for glue in ("", "-", ".", " ", "%20")]
    found = {
        Spelling(way if text != needle else "plainly", text.encode())
        for way, texts in ways.items()
        for text in texts
    }
    if len(needle) > SHORT:  # or a few letters of noise could be it
        found |= {Spelling("in hex", text.encode()) for text in (raw.hex(), raw.hex(" "))}
        found |= {Spelling("in base64", text.encode(), exact=True) for text in _base64(raw)}
        found |= {Spelling("in UTF-16", needle.encode(f"utf-16-{end}")) for end in ("le", "be")}
    return found


def _base64(raw: bytes) -> Iterator[str]:
    """Yield what of a word's base64 is the same whatever stands before and behind it."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        start = {0: 0, 1: 2, 2: 3}[before]
        whole = (before + len(raw)) * 8 // 6  # the last letter may hold bits of what follows
        yield encoded[start:whole]
        yield encoded[start:whole].replace("+", "-").replace("/", "_")


def find(
    home: Path | None, said: Mapping[str, str | bytes], needles: Mapping[str, str]
) -> list[str]:
    """Return a line for each word found: what it is, how it is written and where; never itself.

    `said` is what was printed or logged, by its name, `needles` the words, by what they are.
    """
    with tempfile.TemporaryDirectory() as scratch:
        there: list[tuple[str, bytes]] = [
            (name, text.encode() if isinstance(text, str) else text) for name, text in said.items()
        ]
        if home is not None:
            copy = Path(scratch) / "home"
            subprocess.run(["cp", "-a", home, copy], check=True)
            there += _files(copy)
        known = {what: spellings(needle) for what, needle in needles.items()}
        lines = [
            f"{what} stands {spelling.way} in {where}"
            for name, content in there
            for where, text in _unwrapped(name, content)
            for low in (text.lower(),)
            for what, ways in known.items()
            for spelling in ways
            if spelling.stands_in(text, low)
        ]
    return sorted(set(lines))


def _files(home: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(home.rglob("*")):
        name = f"{path.relative_to(home)}"
        yield f"the name {name}", name.encode()
        if path.is_file():
            content = path.read_bytes()
            yield name, content
            if content.startswith(b"SQLite format 3\0"):
                yield from _database(path, name)


def _database(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield every value, for a long one is written in pieces, and what is still in the log only."""
    with closing(sqlite3.connect(path)) as db:
        db.text_factory = bytes
        tables = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        for (table,) in tables:
            text = table.decode()
            rows = db.execute(f'SELECT * FROM "{text}"')  # noqa: S608 - the file's own names
            values = (v if isinstance(v, bytes) else f"{v}".encode() for row in rows for v in row)
            yield f"{name}, table {text}", b"\n".join(values)


def _unwrapped(name: str, content: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield the content, and all that is packed in it."""
    yield name, content
    if depth == NESTED:
        return
    for how, inner in _within(content):
        yield from _unwrapped(f"{name}, {how}", inner, depth + 1)


def _within(content: bytes) -> Iterator[tuple[str, bytes]]:
    if content.startswith(b"\x1f\x8b"):
        with suppress(OSError, EOFError, zlib.error):
            yield "unpacked", gzip.decompress(content)
    if content.startswith(b"PK\x03\x04"):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as packed:
            for inner in packed.namelist():
                yield inner, packed.read(inner)
    if b"%PDF-" in content[:1024]:
        for number, stream in enumerate(_STREAM.findall(content)):
            for text in _inflated(stream.strip(b"\r\n")):
                yield f"stream {number}", text
        with suppress(pypdfium2.PdfiumError), closing(pypdfium2.PdfDocument(content)) as document:
            for page in document:
                yield "its text", page.get_textpage().get_text_bounded().encode()


def _inflated(stream: bytes) -> Iterator[bytes]:
    for raw in (stream, _ascii85(stream)):
        with suppress(zlib.error):
            yield zlib.decompressobj().decompress(raw)


def _ascii85(stream: bytes) -> bytes:
    with suppress(ValueError):
        return base64.a85decode(stream.removesuffix(b"~>"))
    return b""
