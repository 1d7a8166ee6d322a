"""Finds the ways in which a control is found again, best first, each tried before it is told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import ElementHandle, Locator, Page

from harvester.portal import NAME, visible
from harvester.profile import Candidate

LONGEST = 60
"""A longer name says something that may be another thing tomorrow."""
_SAME = "(one, other) => one === other"


@cache
def script(name: str) -> str:
    """Return a script of this room by its name, without the comment that heads it."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return re.sub(r"\A(//.*\n)+", "", text)


@dataclass(frozen=True)
class Place:
    """An element that a person showed."""

    element: ElementHandle
    told: dict[str, Any]
    """What it is, by `describe.js`."""
    called: str
    """The name by which a profile allows clicking it."""
    ways: tuple[Candidate, ...]
    """What finds it and nothing else, best first; none where it cannot be told from others."""


async def place(page: Page, element: ElementHandle, inside: Locator | None = None) -> Place:
    """Return an element with the ways to it; `inside` a row, those that hold within it."""
    told: dict[str, Any] = json.loads(await element.evaluate(script("describe.js")))
    # What NAME says of a field is what was typed into it, which is nobody's business.
    called = "" if told["field"] else " ".join(str(await element.evaluate(NAME)).split())
    ways = [way for way in _ways(told) if await _finds(page, way, element, inside)]
    if not ways and inside is None:
        structure = Candidate(css=told["path"])
        ways = [structure] if await _finds(page, structure, element, inside) else []
    return Place(element, told, called, tuple(ways))


async def _finds(
    page: Page, way: Candidate, element: ElementHandle, inside: Locator | None
) -> bool:
    found = await visible(page, way, inside)
    return len(found) == 1 and bool(await found[0].evaluate(_SAME, element))


async def gone(page: Page, shown: Place) -> bool:
    """Tell whether a control is no longer to be seen by any way to it."""
    return bool(shown.ways) and not any([await visible(page, way) for way in shown.ways])


def _ways(told: dict[str, Any]) -> Iterator[Candidate]:
    """Yield what may find it: what a person sees, then the end of its id, then its source."""
    name, role, label, text = (told[key] for key in ("name", "role", "label", "text"))
    if told["field"]:
        if 0 < len(label) <= LONGEST:
            yield Candidate(label=label)
    elif role and 0 < len(name) <= LONGEST:
        yield Candidate(role=role, name=name)
    elif 0 < len(text) <= LONGEST:
        yield Candidate(text=words(text))
    if css := _by_id(told["id"]):
        yield Candidate(css=css)
    if told["attribute"]:
        yield Candidate(css=f'{told["tag"]}[name="{quoted(told["attribute"])}"]')


def words(text: str) -> str:
    """Return the regular expression of a text, such as a profile has it."""
    return re.sub(r"([.*+?^${}()|\[\]\\])", r"\\\1", text)


def quoted(text: str) -> str:
    """Return a text as it stands between the double quotes of a selector."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _by_id(name: str) -> str:
    """Return a selector of the part of an id that its author gave; none of one that was made up."""
    last = re.split(r"[_$]", name)[-1]
    if not last or re.search(r"\d{3}|[:.]|^\d", last):
        return ""
    return f'[id="{quoted(name)}"]' if last == name else f'[id$="{quoted(last)}"]'
