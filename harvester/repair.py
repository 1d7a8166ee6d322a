"""Proposes, from how a page is built now and was built before, what to correct in a profile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from harvester.likeness import Element, Likeness, elements, last, likeness
from harvester.outline import shape
from harvester.profile import Candidate, Profile
from harvester.writing import toml

FLOOR = 40
"""Percent of likeness below which nothing is written."""
MARGIN = 8
"""Percent by which the best has to be ahead of the second."""
MOST = 3
"""So many proposals are told of a name."""


class Proposal(NamedTuple):
    """One element that a name may stand for now."""

    element: str
    """How it is built, in a few words."""
    likeness: Likeness
    way: Candidate | None
    """How to find it and nothing else; None where there is no such way."""


class Repair(NamedTuple):
    """What is to become of one name of the profile."""

    name: str
    proposals: list[Proposal]
    """The likeliest first."""
    doubt: str
    """Why a person has to decide, empty where the first is sure enough to be written."""


def propose(
    profile: Profile,
    evidence: Mapping[str, Any],
    good: Mapping[str, Any] | None,
    kinds: Mapping[str, str],
) -> list[Repair]:
    """Return a repair for each name that is broken on the page of the evidence.

    `evidence` is an `outline.json`, `good` the outline of the same page in the last good run,
    `kinds` what a locator stands for, as `likeness.Element.kind` says it.
    """
    page = elements(evidence["page"])
    was = elements(good) if good else []
    known = {name: one for one in was for name in one.facts.get("called", ())}
    if "base" in evidence["broken"]:
        return [_base(profile, evidence["page"])]
    repairs = []
    for name, found in evidence["tried"].items():
        broken = name in known or (name in evidence["broken"] and not _other(name, evidence, kinds))
        if 1 not in found and name in kinds and broken:
            old = known.get(name) or _expected(profile, name, kinds[name])
            repairs.append(_locator(profile, name, old, was if name in known else [], page))
    told = {repair.name for repair in repairs}
    repairs += [
        Repair(name, [], _NOT_BUILT)
        for name in evidence["broken"]
        if name not in told and name not in evidence["tried"]
    ]
    return repairs


_NOT_BUILT = (
    "it is about what the page says or does, which no evidence holds; look at the page and correct"
    " it in the profile by hand"
)


def _other(name: str, evidence: Mapping[str, Any], kinds: Mapping[str, str]) -> bool:
    """Tell whether a name was only one way to what another name is for: a link to the form."""
    fields = {"field", "password"} & {kinds.get(other, "") for other in evidence["broken"]}
    return kinds.get(name) == "control" and bool(fields)


def _base(profile: Profile, page: Mapping[str, Any]) -> Repair:
    """Return where the portal itself led to, if its product is known to be there."""
    seen = "/" + str(page.get("path", "")).strip("/").partition("/")[0]
    if seen not in profile.bases or seen == profile.base:
        return Repair("base", [], "where the portal led to is no base of its product that is known")
    reasons = ["the portal led there by itself", "its product is at this base elsewhere"]
    return Repair("base", [Proposal(seen, Likeness(100, reasons), None)], "")


def _expected(profile: Profile, name: str, kind: str) -> Element:
    """Return what the profile's own candidates say of an element that was never seen."""
    facts: dict[str, str] = {"expected": kind}
    for way in profile.locators[name]:
        if told := re.search(r"\[id\$?=[\"']?([\w-]+)|#([\w-]+)", way.css or ""):
            facts.setdefault("id", told[1] or told[2])
        if said := way.name or way.label:
            facts.setdefault("text", said)
    return Element(facts)


def _locator(
    profile: Profile, name: str, old: Element, was: list[Element], page: list[Element]
) -> Repair:
    kind = old.facts.get("expected") or old.kind
    ranked = sorted(
        ((likeness(old, was, new, page), new) for new in page if new.seen and new.kind == kind),
        key=lambda pair: -pair[0].percent,
    )
    proposals = [Proposal(_said(new), like, _way(new, page)) for like, new in ranked[:MOST]]
    return Repair(name, proposals, _doubt(profile, kind, proposals, [new for _, new in ranked]))


def _doubt(
    profile: Profile, kind: str, ranked: Sequence[Proposal], likely: Sequence[Element]
) -> str:
    if not ranked:
        return f"there is no {kind} on the page; the portal may do it another way now"
    best = ranked[0]
    if best.likeness.percent < FLOOR:
        return f"nothing on the page is like it ({best.likeness.percent} % at most)"
    if len(ranked) > 1 and best.likeness.percent - ranked[1].likeness.percent < MARGIN:
        return "two elements are about as like it as each other"
    if best.way is None:
        return "there is no way to find the likeliest and nothing else"
    said = likely[0].fact("label") or likely[0].fact("text")
    if kind == "control" and not profile.may_click(said.strip()):
        return "the likeliest has a name that is not on the list of clicks; look at it first"
    return ""


def _said(one: Element) -> str:
    """Return how an element is built, in a few words."""
    parts = [one.fact("tag")]
    parts += [f"{fact}={one.fact(fact)}" for fact in ("type", "id", "name") if one.fact(fact)]
    if one.holder:
        parts.append(f"inside {one.holder}")
    if said := one.fact("label") or one.fact("text"):
        parts.append(f"“{said}”")
    return " ".join(parts) + (" in a frame" if one.frame else "")


def _way(one: Element, page: list[Element]) -> Candidate | None:
    """Return the first way that finds this element and no other that is seen."""
    seen = [other for other in page if other.seen]
    tag, said = one.fact("tag"), one.fact("label") or one.fact("text")
    role = "link" if tag == "a" else "button"
    if one.kind == "control" and said and said.strip() != shape(said).strip():
        alike = [o for o in seen if o.kind == "control" and _holds(o, said)]
        if len(alike) == 1 and not re.search(r"[^\w ]", said) and said == said.strip():
            return Candidate(role=one.fact("role") or role, name=said)
    for fact in ("id", "name"):
        whole, end = one.fact(fact), last(one.fact(fact))
        if not whole or whole == shape(whole):
            continue
        if len(end) > 2 and [o for o in seen if o.fact(fact).endswith(end)] == [one]:
            return Candidate(css=f'{tag}[{fact}$="{end}"]')
        if [o for o in seen if o.fact(fact) == whole] == [one]:
            return Candidate(css=f'{tag}[{fact}="{whole}"]')
    inner = [o for o in seen if one.holder in _holders(o) and o.fact("tag") == tag]
    if one.holder != shape(one.holder) and inner == [one]:
        return Candidate(css=f'[id="{one.holder}"] {tag}')
    return None


def _holders(one: Element) -> set[str]:
    found, around = set(), one.above
    while around:
        found.add(around.fact("id"))
        around = around.above
    return found


def _holds(one: Element, said: str) -> bool:
    return any(said.casefold() in one.fact(fact).casefold() for fact in ("text", "label"))


def mended(profile: Profile, repairs: Sequence[Repair]) -> dict[str, Any]:
    """Return what is to lie over a profile, of the repairs that are sure; old ways stay behind."""
    told: dict[str, Any] = {}
    for repair in repairs:
        if repair.doubt:
            continue
        first = repair.proposals[0]
        if repair.name == "base":
            told["base"] = first.element
        elif first.way:
            ways = [first.way, *(w for w in profile.locators[repair.name] if w != first.way)]
            locators = told.setdefault("locators", {})
            locators[repair.name] = [way.model_dump(exclude_none=True) for way in ways]
    return told


def as_toml(told: Mapping[str, Any]) -> str:
    """Write an overlay as TOML."""
    return "# What was mended in the field; without this file the profile is as it was.\n" + toml(
        told
    )
