"""Which resources of a feed belong together: by their links, or where they lack some by place."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field

from harvester.greenbutton.reader import Content, Entry

SUMMARIES = ("UsageSummary", "ElectricPowerUsageSummary")
_ENOUGH = 2
"""That there is more than one is all that need be known, of however many."""


@dataclass(frozen=True)
class Node:
    """One resource: its links, and its fields without its readings."""

    kind: str
    number: int
    """Its place among all resources of the files."""
    href: str
    up: str
    related: Sequence[str]
    content: Content = field(repr=False)
    id: str

    @property
    def name(self) -> str:
        """What it is called where it is spoken of: kind and place, never what the file says."""
        return f"{self.kind} {self.number}"


class Family:
    """The resources of one or more files that belong together."""

    def __init__(self) -> None:
        self.of: dict[str, list[Node]] = {}
        """By kind, in the order of the files."""
        self._count = 0
        self._owner: dict[tuple[str, str], Node] = {}
        """Kind of the owner and an address that it relates to -> the owner."""
        self._at: dict[tuple[str, str], Node] = {}
        """Kind and own address -> resource."""
        self._in: dict[tuple[str, str], list[Node]] = {}
        """Kind and address of a collection -> the first two that are in it."""

    def add(self, entry: Entry, content: Content) -> Node:
        """Take a resource and return it; the content's readings stay with the content."""
        self._count += 1
        related = [href for rel, href in entry.links if rel == "related"]
        node = Node(
            kind=content.kind,
            number=self._count,
            href=entry.link("self"),
            up=entry.link("up"),
            related=related,
            content=Content(content.kind, content.space, content.fields),
            id=entry.meta.get("id", ""),
        )
        self.of.setdefault(content.kind, []).append(node)
        for href in related:
            self._owner.setdefault((content.kind, href), node)
        self._at.setdefault((content.kind, node.href), node)
        together = self._in.setdefault((content.kind, node.up), [])
        if len(together) < _ENOUGH:
            together.append(node)
        return node

    def linked(self, node: Node, kind: str) -> Node | None:
        """Return the resource of a kind that relates to this one or to its collection."""
        for href in filter(None, (node.up, node.href)):
            if found := self._owner.get((kind, href)):
                return found
        return None

    def parent(self, node: Node, kind: str) -> Node | None:
        """Return the resource of a kind that this one belongs to.

        Where no link says so: that whose address this one's begins with, the only one there is, or
        the last one before it.
        """
        if found := self.linked(node, kind):
            return found
        for address in filter(None, (node.href, node.up)):
            parts = address.split("/")
            for length in range(len(parts), 0, -1):
                if found := self._at.get((kind, "/".join(parts[:length]))):
                    return found
        return self._nearest(node, kind)

    def related(self, node: Node, kind: str) -> list[Node]:
        """Return the first two resources of a kind that this one or its links relate to."""
        found: dict[int, Node] = {}
        for href in node.related:
            own = self._at.get((kind, href))
            for other in (*((own,) if own else ()), *self._in.get((kind, href), ())):
                found[other.number] = other
        return list(found.values())[:_ENOUGH]

    def partner(self, node: Node, kind: str) -> Node | None:
        """Return the resource of a kind that describes this one, related or nearest."""
        found = self.related(node, kind)
        return found[0] if found else self._nearest(node, kind, after=True)

    def _nearest(self, node: Node, kind: str, *, after: bool = False) -> Node | None:
        others = self.of.get(kind, [])
        if len(others) <= 1:
            return others[0] if others else None
        place = bisect(others, node.number, key=lambda other: other.number)
        if after and place < len(others):
            return others[place]
        return others[place - 1] if place else None
