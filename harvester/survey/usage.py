"""Learns where the hourly graph is, how it is turned to a day, and what its series are."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from harvester.errors import BadData
from harvester.profile import Candidate
from harvester.survey.draft import Draft
from harvester.survey.place import words

_WAYS = {
    "field": "by a field into which it is put",
    "buttons": "by a button or link to the day before, and one to the day after",
}


async def learn(draft: Draft) -> None:
    """Learn it, and read one day's graph as a harvest would."""
    told: dict[str, Any] = {"open": await draft.reach("the page of the hourly graph", "usage")}
    meter = await draft.control("the list of meters that drops down", "meter", optional=True)
    if meter:
        told["meters"] = meter
    way = await draft.choice("How is the day of the graph chosen?", _WAYS)
    told["day"] = await (_field(draft) if way == "field" else _buttons(draft))
    said = await draft.person.ask(
        "Which words does the page show in place of the graph on a day without data? (Enter if"
        " you do not know)"
    )
    if said:
        shown = draft.data["locators"]
        shown["no_hours"] = [{"text": words(said)}]
        told["empty"] = "no_hours"
    draft.walk["usage"] = told
    await _proved(draft)


async def _field(draft: Draft) -> dict[str, Any]:
    while True:
        shown = await draft.pointed("the field of the day")
        if shown is None or not draft.told(shown):
            continue
        name = draft.keep(shown, shown.told["label"] or "day")
        told: dict[str, Any] = {"by": "field", "steps": [{"fill": name, "with": "day"}]}
        if shown.told["type"] != "date":
            form = await draft.person.ask("How is a day written there? [%m/%d/%Y]")
            told["format"] = form or "%m/%d/%Y"
        then = await draft.clicked(
            "Put a day into that field and press the button that it takes, if it takes one;"
            " then press Enter here."
        )
        return {**told, "steps": [*told["steps"], *then]}


async def _buttons(draft: Draft) -> dict[str, Any]:
    """Learn the two ways and the day that is shown; the newest day may have no day after it."""
    shown = None
    while shown is None:
        shown = await draft.pointed("the day that the graph says it is of")
    steady = [way for way in shown.ways if way.text is None]  # its text is another's tomorrow
    name = draft.ways("shown_day", steady or [Candidate(css=shown.told["path"])])
    earlier = await _one_step(draft, "Press, once, the button or link to the day before")
    later = await _one_step(draft, "Press, once, the button or link to the day after")
    return {"by": "buttons", "earlier": earlier, "later": later, "shown": name}


async def _one_step(draft: Draft, what: str) -> str:
    while True:
        steps = await draft.clicked(f"{what}; then press Enter here.")
        if len(steps) == 1:
            return steps[0]["click"]
        draft.person.tell(f"{len(steps)} clicks were seen in place of one.")


async def _proved(draft: Draft) -> None:
    """Read the graph of a day that the person knows, and name its series."""
    said = await draft.person.ask("Which past day has hours? It is read now (YYYY-MM-DD).")
    try:
        day = date.fromisoformat(said)
    except ValueError:
        draft.person.tell("That is no day; no graph was read.")
        return
    platform = draft.platform()
    await platform.open_usage("0")
    async for one in platform.usage([], [day]):
        if isinstance(one, BadData):
            draft.person.tell(f"{one}")
            return
        for graph in json.loads(one.content)["graphs"]:
            await _series(draft, graph)
            return
    draft.person.tell(f"The page says that {day} has no data.")


async def _series(draft: Draft, graph: dict[str, Any]) -> None:
    names = [series["name"] for series in graph["series"]]
    for series in graph["series"]:
        values = [point["value"] for point in series["points"]]
        read = sum(value is not None for value in values)
        draft.person.tell(f"Read {read} hours of {series['name'] or 'the graph'}.")
    if len(names) > 1:
        told = ", ".join(names)
        for way, what in (("delivered", "used"), ("received", "given to the utility")):
            name = await draft.person.ask(f"Which of {told} is energy {what}? (Enter if none)")
            if name in names:
                draft.walk["usage"][way] = [name]
