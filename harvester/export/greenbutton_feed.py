"""An Atom feed of ESPI resources, written entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from lxml import etree

from harvester.export.files import whole_file
from harvester.greenbutton.reader import ATOM
from harvester.store.database import epoch

ROOT = "/espi/1_1/resource"
_make = etree.SubElement


class Place(NamedTuple):
    """Where a resource is: `path` of its collection, and its id."""

    collection: str
    id: UUID

    @property
    def href(self) -> str:
        """Its address."""
        return f"{self.collection}/{self.id}"


class Stamps(NamedTuple):
    """When what an entry says came to be, and when it was last told otherwise."""

    published: datetime
    updated: datetime


class Feed:
    """A feed that is being written; `space` is the namespace of its resources."""

    def __init__(self, file: Any, space: str) -> None:  # noqa: ANN401 - lxml's own writer
        self._file = file
        self._names: Any = {None: ATOM, "espi": space}
        self._space = f"{{{space}}}"

    def entry(
        self,
        place: Place,
        kind: str,
        title: str,
        stamps: Stamps,
        *,
        related: Sequence[str] = (),
        summary: str = "",
    ) -> tuple[etree._Element, etree._Element]:
        """Return a new entry and the still empty resource in it; `put` writes it."""
        entry = etree.Element(f"{{{ATOM}}}entry", nsmap=self._names)
        _text(entry, "id", place.id.urn)
        _link(entry, "self", place.href)
        _link(entry, "up", place.collection)
        for href in related:
            _link(entry, "related", href)
        _text(entry, "title", title)
        _text(entry, "published", _stamp(stamps.published))
        _text(entry, "updated", _stamp(stamps.updated))
        if summary:
            _text(entry, "summary", summary)
        return entry, _make(_make(entry, f"{{{ATOM}}}content"), self._space + kind)

    def fill(self, under: etree._Element, told: Sequence[tuple[str, object]]) -> None:
        """Add fields in this order; None is absent, and a sequence of fields lies within."""
        for name, value in told:
            if value is None:
                continue
            made = _make(under, self._space + name)
            if isinstance(value, (tuple, list)):
                self.fill(made, value)
            else:
                made.text = f"{value}"

    def put(self, entry: etree._Element) -> None:
        """Write an entry."""
        self._file.write(entry)
        self._file.write("\n")


@contextmanager
def feed(file: Path, space: str, id: UUID, title: str, updated: datetime) -> Iterator[Feed]:  # noqa: A002
    """Give a feed to write entries to; the file takes its place when all is written."""
    with whole_file(file) as out, etree.xmlfile(out, encoding="utf-8") as written:
        written.write_declaration()
        names: Any = {None: ATOM, "espi": space}
        with written.element(f"{{{ATOM}}}feed", nsmap=names):
            written.write("\n")
            for name, text in (("id", id.urn), ("title", title), ("updated", _stamp(updated))):
                head = etree.Element(f"{{{ATOM}}}{name}", nsmap=names)
                head.text = text
                written.write(head)
                written.write("\n")
            yield Feed(written, space)


def interval(start: datetime, end: datetime) -> list[tuple[str, object]]:
    """Return the fields of a period."""
    return [("duration", epoch(end) - epoch(start)), ("start", epoch(start))]


def _text(under: etree._Element, name: str, text: str) -> None:
    _make(under, f"{{{ATOM}}}{name}").text = text


def _link(under: etree._Element, relation: str, href: str) -> None:
    _make(under, f"{{{ATOM}}}link", rel=relation, href=href)


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
