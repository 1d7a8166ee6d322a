"""Scores, in words, how like two elements of two outlines are: by their names, kind and place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from harvester.outline import shape

ALIKE = 0.6
"""Names that share less than this part of their letters are no more alike than any two."""

_TYPED = {"text", "email", "tel", "search", "number", "url", ""}
_PRESSED = {"submit", "button", "image"}
_ROLES = {"textbox": "field", "searchbox": "field", "button": "control", "link": "control",
          "table": "table", "grid": "table", "combobox": "choice", "listbox": "choice"}  # fmt: skip
_TAGS = {"textarea": "field", "button": "control", "a": "control", "table": "table",
         "select": "choice", "svg": "graphic", "canvas": "graphic"}  # fmt: skip


@dataclass(eq=False)
class Element:
    """One element of an outline, with where it is."""

    facts: Mapping[str, Any]
    above: Element | None = None
    frame: int = 0
    inside: list[Element] = field(default_factory=list)

    def fact(self, name: str) -> str:
        """Return one of its facts, empty where it has none."""
        return str(self.facts.get(name, ""))

    @property
    def seen(self) -> bool:
        """Whether a person sees it."""
        return "box" in self.facts or "seen" in self.facts

    @property
    def kind(self) -> str:
        """What it is for: field, password, control, choice, table or graphic; empty for others."""
        role = _ROLES.get(self.fact("role"), "")
        if self.fact("tag") == "input":
            kind = self.fact("type")
            if kind == "password":
                return "password"
            return role or ("field" if kind in _TYPED else "control" if kind in _PRESSED else "")
        return role or _TAGS.get(self.fact("tag"), "")

    @property
    def words(self) -> set[str]:
        """The profile's own words that it shows: of a table, those of its headings."""
        parts = self.below() if self.kind == "table" else iter([self])
        said = (part.fact(name) for part in parts for name in ("text", "label"))
        return {text.casefold() for text in said if text and text != shape(text)}

    @property
    def holder(self) -> str:
        """The id of the innermost element around it that has one."""
        around = self.above
        while around and not around.fact("id"):
            around = around.above
        return around.fact("id") if around else ""

    def below(self) -> Iterator[Element]:
        """Yield all that is inside it, in the order of the page."""
        for one in self.inside:
            yield one
            yield from one.below()


class Likeness(NamedTuple):
    """How much speaks for it that one element is what another was."""

    percent: int
    """Of all that could."""
    reasons: list[str]


def elements(page: Mapping[str, Any]) -> list[Element]:
    """Return all elements of an outline and its frames, in the order of the page."""
    found: list[Element] = []
    frames = [page]
    for number, frame in enumerate(frames):  # which grows meanwhile
        frames += frame.get("frames", [])
        _gather(frame.get("elements", []), None, number, found)
    return found


def _gather(
    told: list[Mapping[str, Any]], above: Element | None, frame: int, found: list[Element]
) -> None:
    for facts in told:
        one = Element(facts, above, frame)
        if above:
            above.inside.append(one)
        found.append(one)
        _gather(facts.get("inside", []), one, frame, found)


def last(name: str) -> str:
    """Return what a page's author called a control, without what WebForms puts before it."""
    return re.split(r"[_$:]", name)[-1]


class _Scale:
    """Adds up what speaks for a likeness, and what could have."""

    def __init__(self) -> None:
        self.got = self.most = 0.0
        self.reasons: list[str] = []

    def weigh(self, most: float, part: float, reason: str) -> None:
        self.most += most
        self.got += most * part
        if part:
            self.reasons.append(reason)


def likeness(old: Element, was: list[Element], new: Element, now: list[Element]) -> Likeness:
    """Compare an element of an earlier outline (`was`) with one of the same kind of another.

    Ids and names weigh 50, the profile's words 25, the function it starts 15, kind and type 10,
    neighbours 15, that it is alone of its kind 15, what holds it 10, classes 10 and its turn 5;
    what the old one did not have weighs nothing.
    """
    scale = _Scale()
    for fact, most in (("id", 30), ("name", 20)):
        if before := old.fact(fact):
            guessed = not was  # then only how it ends is known
            now_called = last(new.fact(fact)) if guessed else new.fact(fact)
            scale.weigh(most, *_called(fact, before, now_called))
    if old.words:
        share = len(old.words & new.words) / len(old.words)
        scale.weigh(25, share, f"it shows {share:.0%} of the words that were on it")
    if old.fact("onclick"):
        same = old.fact("onclick") == new.fact("onclick")
        scale.weigh(15, same, "it starts the same function")
    same = (old.fact("tag"), old.fact("type")) == (new.fact("tag"), new.fact("type"))
    kind = "the same type" if same else "the same kind"
    scale.weigh(10, 1 if same else 0.5, f"it is of {kind} ({new.kind})")
    if not was:  # nothing is known of the page that it was on
        mine = _peers(new, now)
        scale.weigh(15, len(mine) == 1, f"it is the only {new.kind} there")
        return Likeness(round(100 * scale.got / scale.most), scale.reasons)
    _place(scale, old, was, new, now)
    if classes := set(old.facts.get("classes", ())):
        share = len(classes & set(new.facts.get("classes", ()))) / len(classes)
        scale.weigh(10, share, f"it has {share:.0%} of the classes")
    return Likeness(round(100 * scale.got / scale.most), scale.reasons)


def _called(fact: str, before: str, now: str) -> tuple[float, str]:
    """Return which part of a name stayed, and how to say so."""
    if now == before:
        return 1, f"its {fact} is the same ({now})"
    if now and last(now) == last(before):
        return 0.65, f"its {fact} ends the same ({last(now)})"
    ratio = SequenceMatcher(None, last(before).lower(), last(now).lower()).ratio()
    if ratio < ALIKE:
        return 0, ""
    return 0.6 * ratio, f"its {fact} ends alike ({last(before)}, {last(now)})"


def _place(
    scale: _Scale, old: Element, was: list[Element], new: Element, now: list[Element]
) -> None:
    then, mine = _peers(old, was), _peers(new, now)
    if len(then) == 1:
        scale.weigh(15, len(mine) == 1, f"it is the only {new.kind}, as before")
    for step, most, where in ((-1, 7, "before"), (1, 8, "after")):
        neighbour = _beside(old, was, step)
        same = neighbour == _beside(new, now, step)
        scale.weigh(most, same, f"{neighbour or 'nothing'} comes {where} it, as then")
    if old.holder:
        scale.weigh(10, old.holder == new.holder, f"it is still inside {new.holder}")
    turn = mine.index(new) if new in mine else -1
    same = old in then and then.index(old) == turn
    scale.weigh(5, same, f"it is {new.kind} number {turn + 1}, as before")


def _peers(one: Element, page: list[Element]) -> list[Element]:
    """Return what is of its kind on a page and seen."""
    return [other for other in page if other.kind == one.kind and other.seen]


def _beside(one: Element, page: list[Element], step: int) -> str:
    """Return the kind of what comes before or after it in its frame, empty where nothing does."""
    around, above = {one}, one.above
    while above:
        around.add(above)
        above = above.above
    apart = [
        other
        for other in page
        if other is one
        or (other.kind and other.seen and other.frame == one.frame and other not in around)
    ]
    inner = set(one.below())
    mine = [other for other in apart if other not in inner]
    at = mine.index(one) + step
    return mine[at].kind if 0 <= at < len(mine) else ""
