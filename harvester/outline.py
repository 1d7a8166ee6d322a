"""Says how a page is built without what it says: tags and names, and the profile's own words only.

For diagnostics of a page that is not what the profile expects.  No attribute value that could hold
a person's data is taken, and text is shown only where it is a word of the profile; all other text
is told by its shape, in which `a` stands for letters and `9` for digits.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import ElementHandle, Frame, Page
from playwright.async_api import Error as PlaywrightError

from harvester.profile import Profile

MOST_ELEMENTS = 2_000
MOST_FRAMES = 30
DEEPEST = 60
"""Elements that lie deeper are counted, not shown."""
LONGEST = 40
"""Characters of a text's shape."""
LONGEST_NAME = 80
MOST_CLASSES = 8
GRID = 8
"""Pixels to which boxes are told, so that none measures the text in it."""
SECONDS = 5.0
"""How long a frame may take to be looked at."""

_NAME = re.compile(r"[A-Za-z_][\w$:-]*")
_TOKEN = re.compile(r"[A-Za-z0-9]{25}")
_TAG = re.compile(r"[a-z][a-z0-9-]{0,29}")
_PUNCTUATION = re.compile(r"[^a9 .,:;/()$%&#*'+-]+")
_WORDS = {
    "type": {
        "button", "checkbox", "color", "date", "datetime-local", "email", "file", "hidden", "image",
        "month", "number", "password", "radio", "range", "reset", "search", "submit", "tel", "text",
        "time", "url", "week", "module", "application/json",
    },
    "role": {
        "alert", "alertdialog", "application", "banner", "button", "cell", "checkbox",
        "columnheader", "combobox", "complementary", "contentinfo", "dialog", "document", "form",
        "grid", "gridcell", "group", "heading", "img", "link", "list", "listbox", "listitem", "log",
        "main", "menu", "menubar", "menuitem", "navigation", "none", "option", "presentation",
        "progressbar", "radio", "radiogroup", "region", "row", "rowgroup", "rowheader", "search",
        "searchbox", "separator", "slider", "status", "switch", "tab", "table", "tablist",
        "tabpanel", "textbox", "timer", "toolbar", "tooltip", "tree", "treeitem",
    },
}  # fmt: skip
"""Values of attributes that say what an element is, as HTML and ARIA name them."""

# A form's inputs may be called "children" or "getAttribute" and then stand in for what the form has
# of its own, so the prototypes are asked.
_LOOK = """([mostElements, deepest, named]) => {
  const getter = (kind, name) => Object.getOwnPropertyDescriptor(kind.prototype, name).get;
  const children = getter(Node, 'childNodes'), type = getter(Node, 'nodeType');
  const shadow = getter(Element, 'shadowRoot'), tag = getter(Element, 'localName');
  const attribute = (e, name) => (Element.prototype.getAttribute.call(e, name) || '').slice(0, 300);
  const silent = new Set(['script', 'style', 'template', 'noscript', 'textarea']);
  const labelled = new Set(['submit', 'button', 'reset']);
  const found = [];
  const text = (e, name) => {
    if (silent.has(name)) return '';
    if (name === 'input')
      return labelled.has(attribute(e, 'type').toLowerCase()) ? attribute(e, 'value') : '';
    let said = '';
    for (const node of children.call(e))
      if (type.call(node) === Node.TEXT_NODE && said.length < 300) said += node.nodeValue + ' ';
    return said.slice(0, 300);
  };
  const box = e => {
    if (!Element.prototype.checkVisibility.call(e, {visibilityProperty: true})) return null;
    const {x, y, width, height} = Element.prototype.getBoundingClientRect.call(e);
    return width && height ? [x, y, width, height] : null;
  };
  let more = 0;
  const stack = [[document.documentElement, 0]];
  while (stack.length) {
    const [e, depth] = stack.pop();
    if (!e) continue;
    if (found.length >= mostElements || depth > deepest) { more++; continue; }
    const name = tag.call(e), calls = /^\\s*(?:javascript:|return\\s+)?([\\w.$]+)\\s*\\(/.exec(
      attribute(e, 'onclick'));
    found.push([depth, name, attribute(e, 'id'), attribute(e, 'name'), attribute(e, 'type'),
      attribute(e, 'role'), attribute(e, 'class'), calls ? calls[1] : '', text(e, name),
      attribute(e, 'aria-label'), box(e), named.filter(([, one]) => one === e).map(([n]) => n)]);
    const root = shadow.call(e);
    const below = [...children.call(e), ...(root ? children.call(root) : [])].filter(
      node => type.call(node) === Node.ELEMENT_NODE);
    for (const node of below.reverse()) stack.push([node, depth + 1]);
  }
  return JSON.stringify([found, more]);
}"""
"""Elements in the order of the page, each with its depth, at most so many; and how many more."""


def known_words(profile: Profile) -> frozenset[str]:
    """Return the words by which a profile knows its pages; they are nobody's data."""
    ways = [*profile.locators.values(), *profile.outcomes.values()]
    said = [word for known in ways for way in known for word in (way.name, way.label) if word]
    said += [*profile.clicks, *profile.functions.values()]
    for known in (*profile.labels.values(), *profile.columns.values()):
        said += known
    for route in (profile.base, *profile.bases, *profile.routes.values()):
        said += urlsplit(route.replace("{base}", "")).path.split("/")
    bare = (" ".join(word.replace("*", " ").replace("#", " ").split()) for word in said)
    return frozenset(word.casefold() for word in bare if re.search(r"[^\W\d]", word))


async def outline(
    page: Page,
    words: Collection[str],
    named: Mapping[Frame, Iterable[tuple[str, ElementHandle]]] | None = None,
) -> dict[str, Any]:
    """Return the frames of a page, each with its elements, as JSON-able values.

    `{"path", "elements", "more", "frames"}`: an element is `{"tag", "id", "name", "type", "role",
    "classes", "onclick", "text", "label", "box", "called", "inside"}`, without what is empty;
    `box` is `[x, y, width, height]` of one that is seen, in CSS pixels of the page to the nearest
    eight, `called` are the names that `named` gives it; `more` counts the elements that are not
    shown.  `words` are as `known_words` gives them.
    """
    left = MOST_ELEMENTS
    told: dict[Frame, dict[str, Any]] = {}
    for frame in page.frames[:MOST_FRAMES]:
        shown: dict[str, Any] = {"path": path(frame.url, words)}
        handles = [list(pair) for pair in (named or {}).get(frame, ())]
        try:
            async with asyncio.timeout(SECONDS):
                looked = await frame.evaluate(_LOOK, [left, DEEPEST, handles])
                corner = await _corner(frame)
            elements, more = json.loads(looked)
            tree = _tree(elements, words, corner, {str(name) for name, _ in handles})
        except (PlaywrightError, TimeoutError, ValueError, TypeError):
            shown["unreadable"] = True
        else:
            left -= len(elements)
            shown |= {"elements": tree, "more": more}
        told[frame] = shown
        if frame.parent_frame in told:
            told[frame.parent_frame].setdefault("frames", []).append(shown)
    return told[page.main_frame]


async def _corner(frame: Frame) -> tuple[float, float]:
    """Return where a frame's own page begins on the page that it is part of."""
    if frame.parent_frame is None:
        return 0, 0
    box = await (await frame.frame_element()).bounding_box()
    return (box["x"], box["y"]) if box else (0, 0)


def _tree(
    elements: Iterable[list[Any]],
    words: Collection[str],
    corner: tuple[float, float],
    names: Collection[str],
) -> list[dict[str, Any]]:
    top: list[dict[str, Any]] = []
    within = [top]
    for depth, *facts, box, called in elements:
        shown = _element(facts, words)
        if box is not None:
            x, y, width, height = map(float, box)
            placed = (x + corner[0], y + corner[1], width, height)
            shown["box"] = [round(edge / GRID) * GRID for edge in placed]
        if known := [name for name in called if name in names]:
            shown["called"] = known
        del within[depth + 1 :]
        within[depth].append(shown)
        within.append(shown.setdefault("inside", []))
    _prune(top)
    return top


def _prune(elements: list[dict[str, Any]]) -> None:
    for element in elements:
        _prune(element["inside"])
        if not element["inside"]:
            del element["inside"]


def _element(facts: list[str], words: Collection[str]) -> dict[str, Any]:
    tag, identity, name, kind, role, classes, onclick, text, label = facts
    names = [name_of(one) for one in classes.split()[:MOST_CLASSES]]
    shown: Mapping[str, Any] = {
        "tag": tag if _TAG.fullmatch(tag) and not _many_digits(tag) else shape(tag),
        "id": name_of(identity),
        "name": name_of(name),
        "type": _one_of("type", kind),
        "role": _one_of("role", role),
        "classes": names,
        "onclick": ".".join(map(name_of, onclick.split("."))),
        "text": said(text, words),
        "label": said(label, words),
    }
    return {key: value for key, value in shown.items() if value}


def _one_of(attribute: str, value: str) -> str:
    value = value.casefold()
    return value if value in _WORDS[attribute] else shape(value)


def _many_digits(text: str) -> bool:
    return sum(letter.isdigit() for letter in text) >= 5  # as many as may be part of a number


def name_of(text: str) -> str:
    """Return an id, name or class; by its shape where it may be more than the name of a thing."""
    fits = len(text) <= LONGEST_NAME and text.isascii() and _NAME.fullmatch(text)
    return text if fits and not _many_digits(text) and not _TOKEN.search(text) else shape(text)


def said(text: str, words: Collection[str]) -> str:
    """Return a text if it is a known word, with the shape of what stands behind it; else a shape.

    A shape is as `a a (9) 9-9`: it tells neither letters nor digits nor how many there are.
    """
    plain = " ".join(text.split())
    if not plain:
        return ""
    low = plain.casefold()
    for word in sorted((w for w in words if low.startswith(w)), key=len, reverse=True):
        known, rest = plain[: len(word)], plain[len(word) :]
        if len(known) == len(word) and known.casefold() == word and not rest[:1].isalnum():
            return known + shape(rest)
    return shape(plain)


def shape(text: str) -> str:
    """Return what a text looks like."""
    if not text:
        return ""
    made = "".join("9" if c.isnumeric() else "a" if c.isalpha() else c for c in text)
    made = _PUNCTUATION.sub("?", " ".join(made.split()) if made.strip() else "")
    made = re.sub(r"([a9?])\1+", r"\1", made)
    lead = " " if text[:1].isspace() and made else ""
    return (lead + made)[:LONGEST]


def path(url: str, words: Collection[str]) -> str:
    """Return the path of a URL, in which what is no word of the profile is told by its shape."""
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"}:
            return "/".join(
                part if part.casefold() in words else shape(part) for part in parts.path.split("/")
            )
    return ""
