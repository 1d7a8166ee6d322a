"""Learns where the bills are, what their rows say, and what hands over their documents."""

from __future__ import annotations

import json
import re
from typing import Any

from harvester import printed
from harvester.profile import Candidate
from harvester.survey.draft import Draft
from harvester.survey.place import Place, script
from harvester.survey.texts import NUMBER, dated, taken

MOST = 120
_CELLS = {
    "billing_date": "the day on which a bill was issued",
    "amount": "the amount of that bill",
    "due_date": "the day by which it is to be paid",
    "read_date": "the day on which its meter was read",
    "net_kwh": "the energy that it is for",
    "kind": "what kind of a bill it is",
}
_NEEDED = {"billing_date", "amount"}
_MORE = {
    "page": "all bills are on the page",
    "scroll": "more come as one scrolls down",
    "button": "a button or link shows more or older ones",
    "choices": "each choice of a list that drops down, such as a month, shows its own",
}


async def learn(draft: Draft) -> None:
    """Learn it, and list the bills as a harvest would."""
    opening = await draft.reach("the list of bills", "bills")
    told: dict[str, Any] = {"open": opening}
    way = await draft.choice("How does the page show more bills?", _MORE)
    told["more"] = await _more(draft, way)
    told |= await _row(draft)
    draft.walk["bills"] = told
    if way == "button":
        # Only now: it may lead away from the rows.
        told["more"] = {"by": "button", "button": await _button(draft)}
    await _proved(draft)


async def _more(draft: Draft, way: str) -> dict[str, Any]:
    if way == "scroll":
        end = await draft.control("what is shown after the last bill, once you are there", "end")
        return {"by": way, "end": end}
    if way == "choices":
        picker = await draft.control("the list that drops down", "period")
        then = await draft.clicked(
            "Choose there what shows a bill, and press the button that it takes, if it takes one;"
            " then press Enter here."
        )
        return {"by": way, "picker": picker, "then": then}
    return {"by": "page"}


async def _button(draft: Draft) -> str:
    while True:
        shown = await draft.pointed("the button or link that shows more bills")
        if shown and draft.told(shown):
            name = draft.keep(shown)
            draft.allow(name, shown.called)
            return name


async def _row(draft: Draft) -> dict[str, Any]:
    """Learn the rows by the cells of one of them, and what hands over its document."""
    cells: dict[str, dict[str, Any]] = {}
    rows, dates = "", ""
    for name, what in _CELLS.items():
        while shown := await draft.pointed(what, optional=name not in _NEEDED):
            if not rows and not (rows := await _alike(shown)):
                draft.person.tell("That is in no row or card; point at the text itself.")
                continue
            told = await _cell(shown, rows, name)
            if told is None:
                draft.person.tell("That is of no bill, or not what was asked for; once more.")
                continue
            cells[name], form = told
            dates = dates or form
            break
    kept = draft.ways("bills", [Candidate(css=rows)])
    pdf = await _document(draft, rows)
    return {"rows": kept, "dates": dates, "pdf": pdf, "cells": cells}


async def _alike(shown: Place) -> str:
    found = json.loads(await shown.element.evaluate(script("row.js"), ""))
    return str(found["row"]) if found else ""


async def _cell(shown: Place, rows: str, name: str) -> tuple[dict[str, Any], str] | None:
    """Return where a row says something, and the form of a day; None where it does not say it."""
    found = json.loads(await shown.element.evaluate(script("row.js"), rows))
    if found is None:
        return None
    text, form, value = found["text"], "", found["text"]
    if name.endswith("_date"):
        day = dated(text)
        if day is None:
            return None
        form, _, value = day
    elif name != "kind":
        number = re.search(NUMBER, text)
        if number is None or printed.amount(number[0]) is None:
            return None
        value = number[0]
    head = found["header"]
    told: dict[str, Any] = {"header": [head.lower()]} if head else {"css": found["css"]}
    if take := taken(text, value):
        told["take"] = take
    return told, form


async def _document(draft: Draft, rows: str) -> str:
    """Learn what hands over a bill: it has to be found within a row of its own."""
    while True:
        shown = await draft.pointed("what hands over that bill's document")
        if shown is None:
            continue
        row = await _around(draft, shown, rows)
        if row is None:
            draft.person.tell("That is in no row of a bill.")
            continue
        within = await draft.within(shown, row)
        if within.ways:
            name = draft.keep(within, within.told["name"] or "document")
            draft.allow(name, within.called)
            return name
        draft.person.tell("Nothing finds just that one in its row again; point at another part.")


async def _around(draft: Draft, shown: Place, rows: str) -> Any:  # noqa: ANN401 - a Locator
    for row in await draft.page.locator(rows).all():
        if await row.evaluate("(row, e) => row.contains(e)", shown.element):
            return row
    return None


async def _proved(draft: Draft) -> None:
    """List the bills as a harvest would, and let the person judge that."""
    platform = draft.platform(bills_listed=MOST)
    rows = json.loads((await platform.bill_list("0")).content)
    bills = [printed.bill("0", row, draft.walk["bills"]["dates"]) for row in rows]
    read = [bill.billing_date for bill in bills if bill]
    draft.person.tell(
        f"Bills that a harvest finds: {len(rows)}; of these it can read {len(read)}"
        + (f", of {min(read)} to {max(read)}." if read else ".")
    )
    said = await draft.person.ask(
        f"How many bills does the portal show of an account at most? [{len(rows)}]"
    )
    draft.data["bills_listed"] = int(said) if said.isdecimal() and int(said) else len(rows)
