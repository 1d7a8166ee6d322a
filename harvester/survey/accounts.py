"""Learns where the accounts of a sign-in are, and what is printed of each."""

from __future__ import annotations

import json
from typing import Any

from harvester import printed
from harvester.labels import facts
from harvester.profile import Candidate
from harvester.survey.draft import Draft
from harvester.survey.place import Place, script
from harvester.survey.texts import numbered

_WAYS = {
    "one": "there is only one account",
    "list": "accounts are links or buttons with their numbers",
    "picker": "accounts are the choices of a list that drops down",
}
_FACTS = {"service_address": "the service address", "rate": "the name of the rate"}


async def learn(draft: Draft) -> None:
    """Learn it, and count the accounts as a harvest would."""
    opening = await draft.reach("the page of the account or accounts", "accounts", routed=True)
    number = await _labelled(draft, "number", "the account number, where it stands by its name")
    told: dict[str, Any] = {"open": opening, "shown": {"by": "label"}}
    draft.walk["accounts"] = told
    way = await draft.choice("How are accounts chosen?", _WAYS)
    texts = [number]
    if way == "list":
        told["shown"], texts = await _listed(draft)
    elif way == "picker":
        told["shown"], texts = await _picked(draft)
    if pattern := numbered(printed.digits(number), [*texts, number]):
        told["number"] = pattern
        if way == "list":
            draft.allow(told["shown"]["each"], _hashes(pattern))
    for name, what in _FACTS.items():
        await _labelled(draft, name, what, optional=True)
    numbers = await draft.platform().accounts()
    draft.person.tell(f"Accounts that a harvest finds: {len(numbers)}.")


def _hashes(pattern: str) -> str:
    r"""Return the click that a number's pattern allows: `\d{7}-\d{3}` is #######-###."""
    for width in range(1, 20):
        pattern = pattern.replace(rf"\d{{{width}}}", "#" * width)
    return pattern


async def _labelled(draft: Draft, name: str, what: str, *, optional: bool = False) -> str:
    """Learn the label of a fact; return what stands beside it, empty where there is none."""
    while shown := await draft.pointed(what, optional=optional):
        text = shown.told["text"]
        proposed = json.loads(await shown.element.evaluate(script("label.js")))
        for label in proposed:
            if value := await _beside(draft, name, label, text):
                return value
        label = await draft.person.ask("Which words stand before it, as its label?")
        if label and (value := await _beside(draft, name, label, text)):
            return value
        draft.person.tell("Nothing stands beside that label; point at it once more.")
    return ""


async def _beside(draft: Draft, name: str, label: str, text: str) -> str:
    """Return what a harvest reads beside a label if that is what was pointed at; then keep it."""
    labels = {**draft.data["labels"], name: [label]}
    value = (await facts(draft.portal(labels=labels))).get(name, "")
    if not value or value not in text:
        return ""
    draft.data["labels"] = labels
    return value


async def _listed(draft: Draft) -> tuple[dict[str, Any], list[str]]:
    while True:
        shown = await draft.pointed("one of the accounts in the list")
        alike = json.loads(await shown.element.evaluate(script("row.js"), "")) if shown else None
        if shown and alike:
            name = draft.ways("accounts", [Candidate(css=alike["each"])])
            return {"by": "list", "each": name}, [shown.told["text"]]
        draft.person.tell("Nothing else on the page is like it; point at its link or button.")


async def _picked(draft: Draft) -> tuple[dict[str, Any], list[str]]:
    shown: Place | None = None
    while shown is None or not shown.ways or shown.told["tag"] != "select":
        shown = await draft.pointed("the list of accounts that drops down")
    name = draft.keep(shown, shown.told["label"] or "account")
    then = await draft.clicked(
        "Choose an account in that list, and press the button that it takes, if it takes one;"
        " then press Enter here."
    )
    choices = await draft.platform().session.walker.choices(name)
    return {"by": "picker", "picker": name, "then": then}, [label for _, label in choices]
