"""Draws the outline of a page, and tells of outlines what they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby
from typing import Any

_HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" font-size="10">'
_COLORS = {"input": "#cde", "select": "#cde", "textarea": "#cde", "button": "#fda", "a": "#ffd"}
_LEAVES = {"img", "svg", "canvas", "picture", "video", "object", "embed"}


def called(part: Mapping[str, Any]) -> set[str]:
    """Return the names that elements of an outline are called by."""
    below = (one for key in ("elements", "inside", "frames") for one in part.get(key, ()))
    return set(part.get("called", ())).union(*map(called, below))


def bare(page: Mapping[str, Any]) -> dict[str, Any]:
    """Return an outline that tells whether, not where, an element is seen; like rows are one.

    So it is the same for windows of any width and for lists of any length.
    """
    told = {key: value for key, value in page.items() if key != "box"}
    if "box" in page:
        told["seen"] = True
    for key in ("elements", "inside", "frames"):
        if key in told:
            told[key] = [one for one, _ in groupby(map(bare, told[key]))]
    return told


def drawing(page: Mapping[str, Any]) -> str:
    """Return an outline drawn as SVG, in which every text and image is a box with its shape.

    It is made of the outline alone, so it cannot show what the outline does not tell.
    """
    boxes = list(_boxes(page))
    wide = max((x + width for x, _, width, _ in (box for box, _ in boxes)), default=0)
    high = max((y + height for _, y, _, height in (box for box, _ in boxes)), default=0)
    lines = [_HEAD.format(wide, high)]
    for (x, y, width, height), element in boxes:
        tag = element["tag"]
        color = "#bbb" if tag in _LEAVES else _COLORS.get(tag, "none")
        lines.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{color}"'
            f' stroke="#888"><title>{escape(_title(element))}</title></rect>'
        )
        if said := element.get("text") or element.get("label"):
            lines.append(f'<text x="{x + 2}" y="{y + 11}">{escape(said)}</text>')
    return "\n".join([*lines, "</svg>\n"])


def _boxes(part: Mapping[str, Any]) -> Iterator[tuple[list[int], Mapping[str, Any]]]:
    """Yield boxes from the outermost to the innermost, as they are to be drawn."""
    if "box" in part and "tag" in part:
        yield part["box"], part
    if part.get("tag") in _LEAVES:
        return
    for key in ("elements", "inside", "frames"):
        for one in part.get(key, ()):
            yield from _boxes(one)


def _title(element: Mapping[str, Any]) -> str:
    names = "".join(f" = {name}" for name in element.get("called", ()))
    known = "".join(f" {key}={element[key]}" for key in ("id", "name", "type") if key in element)
    return f"{element['tag']}{known}{names}"
