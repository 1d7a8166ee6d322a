"""Reads the entries of a Green Button file as a stream: in constant memory, whoever wrote it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import SEEK_END
from typing import IO, Any, NamedTuple, cast

from lxml import etree

from harvester.errors import BadData, State

ATOM = "http://www.w3.org/2005/Atom"
ESPI = "http://naesb.org/espi"
CUSTOMER = "http://naesb.org/espi/customer"

MOST_BYTES = 256 << 20
"""Of a file, of all that a ZIP file unpacks to: fifty years of hours need no more."""
MOST_ENTRIES = 100_000
MOST_READINGS = 50_000
"""Of one entry: more than a year of quarters of an hour."""
MOST_PARTS = 64
"""Of one reading."""
MOST_FIELDS = 5_000
"""Of one entry, beside its readings."""
MOST_TEXT = 1 << 16
MOST_DEPTH = 32
MOST_SILENCE = 4 << 20
"""Bytes without the end of a tag or text."""
PIECE = 1 << 16

_TOO_LARGE = "is larger than 256 MB; split it by account"
_META = {"id", "title", "updated", "published", "summary"}
_READING = {"timePeriod/start", "timePeriod/duration", "value", "ReadingQuality/quality"}


class Interval(NamedTuple):
    """One IntervalReading as it is written; what is absent or no whole number is None."""

    start: int | None
    seconds: int | None
    value: int | None
    qualities: tuple[int, ...]


@dataclass
class Content:
    """One ESPI resource: the local name of its element, and its fields by their paths."""

    kind: str
    space: str
    """Namespace of its element."""
    fields: list[tuple[str, str]] = field(default_factory=list)
    readings: list[Interval] = field(default_factory=list)

    def get(self, path: str) -> str | None:
        """Return the first field of a path, such as `interval/start`."""
        return next((text for name, text in self.fields if name == path), None)

    def number(self, path: str) -> int | None:
        """Return a field that is a whole number."""
        return whole(self.get(path))


@dataclass
class Entry:
    """One entry of a feed; what it does not have is empty."""

    meta: dict[str, str] = field(default_factory=dict)
    """Its id, title, updated, published and summary."""
    links: list[tuple[str, str]] = field(default_factory=list)
    """Relation and address."""
    contents: list[Content] = field(default_factory=list)

    def link(self, relation: str) -> str:
        """Return the first address of a relation."""
        return next((href for rel, href in self.links if rel == relation), "")


def entries(pieces: Iterator[bytes], feed: dict[str, str] | None = None) -> Iterator[Entry]:
    """Yield the entries of one XML file, and put the feed's own id, title and updated into `feed`.

    Names count and prefixes do not.  Raises BadData(INVALID_FILE) for what is malformed, declares
    a document type (so that no entity is expanded and nothing outside is read), has another root
    than a feed or an entry, or is larger than a file of one account can be.
    """
    target = _Target({} if feed is None else feed)
    parser = etree.XMLParser(
        target=cast("Any", target),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    read = 0
    try:
        for piece in pieces:
            read += len(piece)
            target.heard = False
            parser.feed(piece)
            target.silence = 0 if target.heard else target.silence + len(piece)
            if target.silence > MOST_SILENCE:
                raise refusal("has a tag of more than 4 MB")
            if read > MOST_BYTES:
                raise refusal(_TOO_LARGE)
            yield from target.take()
        if not read:
            raise refusal("is empty")
        parser.close()
    except etree.XMLSyntaxError as error:
        raise refusal(f"is no well-formed XML (line {error.lineno})") from None
    yield from target.take()


def refusal(why: str) -> BadData:
    """Return why a file is not read."""
    return BadData(State.INVALID_FILE, f"The file {why}; it was not read any further.")


class _Target:
    """Hears a parser's events; lxml builds no tree for one that is given so."""

    def __init__(self, feed: dict[str, str]) -> None:
        self.heard = False
        self.silence = 0
        self._feed = feed
        self._done: list[Entry] = []
        self._count = 0
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._entry: Entry | None = None
        self._base = 0
        """How deep the entry is that is being read."""
        self._fields = 0
        self._content: Content | None = None
        self._reading: list[tuple[str, str]] | None = None
        self._parts = 0

    def take(self) -> list[Entry]:
        """Return the entries that ended since."""
        done, self._done = self._done, []
        return done

    def doctype(self, *_: object) -> None:
        """Refuse a document type."""
        raise refusal("declares a document type, which no Green Button file does")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Hear a start tag."""
        self.heard = True
        space, _, name = tag.rpartition("}")
        space = space[1:]
        if not self._path and name not in {"feed", "entry"}:
            raise refusal("is XML, but neither a feed nor an entry of Green Button")
        self._path.append(name)
        self._text, self._length = [], 0
        depth = len(self._path)
        if depth > MOST_DEPTH:
            raise refusal(f"has elements within more than {MOST_DEPTH} others")
        if self._entry is None:
            if name == "entry" and depth <= 2:
                self._entry, self._base, self._fields = Entry(), depth, 0
            elif depth <= 2:
                self._counted()
            return
        self._within(self._entry, name, space, depth - self._base, attributes)

    def _within(
        self, entry: Entry, name: str, space: str, below: int, attributes: Mapping[str, str]
    ) -> None:
        """Hear a start tag so deep below an entry's own."""
        if self._reading is not None:
            self._parts += 1
            if self._parts > MOST_PARTS:
                raise refusal("has a reading of more parts than a reading has")
            return
        if name == "IntervalReading" and self._content and below == 3:
            self._reading, self._parts = [], 0
            return
        self._counted()
        if below == 1 and name == "link":
            entry.links.append((attributes.get("rel", ""), attributes.get("href", "")))
        elif below == 2 and self._path[-2] == "content":
            self._content = Content(name, space)
            entry.contents.append(self._content)

    def data(self, text: str) -> None:
        """Hear text, or a part of it."""
        self.heard = True
        self._length += len(text)
        if self._length > MOST_TEXT:
            raise refusal(f"has a text of more than {MOST_TEXT} characters")
        self._text.append(text)

    def comment(self, _: str) -> None:
        """Hear a comment, which says nothing."""
        self.heard = True

    def pi(self, *_: object) -> None:
        """Hear an instruction, which is not followed."""
        self.heard = True

    def end(self, _: str) -> None:
        """Hear an end tag."""
        self.heard = True
        name, below = self._path.pop(), len(self._path) + 1 - self._base
        text = "".join(self._text).strip()
        self._text, self._length = [], 0
        if self._entry is None:
            if len(self._path) == 1 and name in _META:
                self._feed[name] = text
        elif below == 0:
            self._ended(self._entry)
        elif below == 1 and name in _META:
            self._entry.meta.setdefault(name, text)
        elif self._content is None:
            return
        elif below == 2:
            self._content = None
        elif self._reading is not None:
            path = "/".join([*self._path, name][self._base + 3 :])
            self._in_reading(self._content, self._reading, path, text)
        elif text:
            self._content.fields.append(("/".join([*self._path[self._base + 2 :], name]), text))

    def _in_reading(
        self, content: Content, told: list[tuple[str, str]], path: str, text: str
    ) -> None:
        """Hear the end of a reading, whose path is empty, or of a part of it."""
        if path in _READING and text:
            told.append((path, text))
        if path:
            return
        last = dict(told)
        qualities = (whole(said) for path, said in told if path == "ReadingQuality/quality")
        content.readings.append(
            Interval(
                whole(last.get("timePeriod/start")),
                whole(last.get("timePeriod/duration")),
                whole(last.get("value")),
                tuple(code for code in qualities if code is not None),
            )
        )
        self._reading = None
        if len(content.readings) > MOST_READINGS:
            raise refusal(f"has an entry of more than {MOST_READINGS} readings")

    def _counted(self) -> None:
        self._fields += 1
        if self._fields > MOST_FIELDS:
            raise refusal(f"has more than {MOST_FIELDS} elements where a few belong")

    def _ended(self, entry: Entry) -> None:
        self._done.append(entry)
        self._entry, self._content, self._reading, self._fields = None, None, None, 0
        self._count += 1
        if self._count > MOST_ENTRIES:
            raise refusal(f"has more than {MOST_ENTRIES} entries; split it by account")

    def close(self) -> None:
        """Hear the end of the file."""


def whole(text: str | None) -> int | None:
    """Return a whole number, None where the text is none."""
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def parts(file: IO[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the XML files of a file: itself, or what a ZIP file holds, by name; and their bytes.

    Raises BadData(INVALID_FILE) for a ZIP file that is damaged, encrypted or holds none.
    """
    if file.seekable():
        size = file.seek(0, SEEK_END)
        file.seek(0)
        if size > MOST_BYTES:
            raise refusal(_TOO_LARGE)
    head = file.read(4)
    if head != b"PK\x03\x04":
        yield "", _pieces(file, head)
        return
    try:
        with zipfile.ZipFile(file) as packed:
            inner = sorted(
                (one for one in packed.infolist() if one.filename.lower().endswith(".xml")),
                key=lambda one: one.filename,
            )
            if not inner:
                raise refusal("is a ZIP file without an XML file in it")
            if sum(one.file_size for one in inner) > MOST_BYTES:
                raise refusal("unpacks to more than 256 MB; split it by account")
            for one in inner:
                with packed.open(one) as part:
                    yield one.filename, _pieces(part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        raise refusal("is a damaged or encrypted ZIP file") from None


def _pieces(file: IO[bytes], first: bytes = b"") -> Iterator[bytes]:
    if first:
        yield first
    while piece := file.read(PIECE):
        yield piece
