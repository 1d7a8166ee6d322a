"""Learns how one signs in, and by what a page is known to be signed in, with nothing typed read."""

from __future__ import annotations

from harvester.errors import State
from harvester.survey.draft import Draft
from harvester.survey.place import words
from harvester.survey.pointer import Act


async def learn(draft: Draft) -> None:
    """Watch a person sign in; what they type is neither read nor kept."""
    steps: list[dict[str, str]] = []
    while not _whole(steps):
        acts = await draft.acted(
            "walk",
            "Sign in as the member in the browser window: type there, and press its buttons with"
            " the mouse. What you type is not read. When you are in, press Enter here.",
        )
        steps = _steps(draft, [act for act in acts if not await draft.is_notice(act)])
        if not _whole(steps):
            draft.person.tell("No user ID, password and button were seen; sign out, and once more.")
    draft.walk["sign_in"] = steps
    draft.data["routes"]["home"] = draft.path()
    await _outcomes(draft)


def _whole(steps: list[dict[str, str]]) -> bool:
    typed = {step.get("with") for step in steps}
    return {"user", "password"} <= typed and "click" in steps[-1]


def _steps(draft: Draft, acts: list[Act]) -> list[dict[str, str]]:
    """Return the steps of the last attempt, and keep a code's field apart from them."""
    steps: list[dict[str, str]] = []
    coded = False
    for act in acts:
        if not draft.told(act.place):
            continue
        if act.kind == "click":
            name = draft.keep(act.place, "send_code" if coded else "")
            draft.allow(name, act.place.called)
            if not coded:
                steps.append({"click": name})
            continue
        name = draft.keep(act.place, act.place.told["label"] or act.place.told["attribute"])
        again = next((n for n, step in enumerate(steps) if step.get("fill") == name), None)
        if again is not None:
            del steps[again:]
        typed = {step.get("with") for step in steps}
        if act.place.told["secret"] and "password" not in typed:
            steps.append({"fill": name, "with": "password"})
        elif "user" not in typed:
            steps.append({"fill": name, "with": "user"})
        elif "password" in typed:
            coded = True
            _code(draft, name)
    return steps


def _code(draft: Draft, name: str) -> None:
    ways = draft.data["locators"].pop(name)
    draft.data["locators"]["code"] = ways
    draft.data["outcomes"][State.MFA_REQUIRED.value] = ways


async def _outcomes(draft: Draft) -> None:
    name = await draft.control(
        "what is shown only to those who are signed in, such as the link to sign out", "signed_in"
    )
    draft.data["outcomes"]["OK"] = draft.data["locators"].pop(name)
    said = await draft.person.ask(
        "Which words does the portal say to a wrong password? (Enter if you do not know; do not"
        " try it)"
    )
    if said:
        draft.data["outcomes"]["BAD_CREDENTIALS"] = [{"text": words(said)}]
