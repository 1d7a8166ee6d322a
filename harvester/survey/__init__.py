"""Makes the profile of a portal that nobody knows, from what a person shows in a browser."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from playwright.async_api import Browser, Page
from playwright.async_api import Error as PlaywrightError

from harvester import profile
from harvester.browser import open_context
from harvester.errors import Drift, Misconfigured, State, Transient
from harvester.graph import watch
from harvester.platforms import fit
from harvester.store.home import private_folder, unusable
from harvester.survey import accounts, bills, entrance, usage
from harvester.survey.draft import Draft
from harvester.survey.hosts import Hosts
from harvester.survey.person import Person
from harvester.survey.pointer import Pointer
from harvester.wire import Wire
from harvester.writing import toml

HEAD = """# Made by `harvester profile new`; prove it with `harvester profile test {name}`.
# In each list of ways to a control the first that finds it wins; add others behind it.
"""


async def survey(address: str, person: Person, browser: Browser, folders: tuple[Path, ...]) -> str:
    """Ask for all that a profile needs, write it into the first folder and return its name.

    Raises Misconfigured for an address that is none and a profile that lacks something, Transient
    where the page does not open.
    """
    origin, path = split(address)
    name, data = await _about(person, origin, path, folders)
    async with (
        Wire(data["origins"]) as wire,
        open_context(browser, wire, time_zone=data["time_zone"]) as context,
    ):
        page = await context.new_page()
        heard = await watch(page)  # so that a graph on a canvas can be read later
        page.remove_listener("response", heard.note)
        pointer = Pointer(page, person.tell)
        await pointer.listen()
        hosts = Hosts(person, wire, data)
        hosts.listen(context)
        await _open(page, address)
        while await hosts.ask():
            await _open(page, address)
        draft = Draft(data, person, page, wire, pointer, hosts, (*folders, profile.shipped()))
        await _learn(draft)
        if denied := hosts.denied():
            person.tell(f"Asked for and not reached, now or by a harvest: {', '.join(denied)}.")
        return _written(name, draft, folders[0])


def split(address: str) -> tuple[str, str]:
    """Return origin and path of an address; Misconfigured where it is none."""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Misconfigured(
            State.INVALID_PROFILE,
            f"{address!r} is no address of a page; give one such as https://portal.example/login.",
        )
    return f"{parts.scheme}://{parts.netloc}", parts.path or "/"


async def _about(
    person: Person, origin: str, path: str, folders: tuple[Path, ...]
) -> tuple[str, dict[str, Any]]:
    utility = ""
    while not utility:
        utility = await person.ask("What is the utility called?")
    short = re.sub(r"[^a-z0-9]+", "-", utility.lower()).strip("-") or "portal"
    while True:
        name = await person.ask(f"Short name of its profile? [{short}]") or short
        known = {*profile.names(folders), *profile.names((profile.shipped() / "examples",))}
        if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name) and name not in known:
            break
        person.tell("There is one of that name, or it is more than small letters, digits and -.")
    while (zone := await person.ask("Its time zone, such as America/Chicago?")) not in (
        available_timezones()
    ):
        person.tell(f"{zone!r} is not a time zone as in the IANA list.")
    return name, {
        "platform": "generic", "name": utility, "time_zone": zone, "origins": [origin],
        "bills_listed": 24, "clicks": [], "bills": [], "routes": {"login": path}, "locators": {},
        "outcomes": {"OK": [{"css": "html"}]}, "labels": {}, "walk": {},
    }  # fmt: skip


async def _open(page: Page, address: str) -> None:
    try:
        await page.goto(address, wait_until="load")
    except PlaywrightError as error:
        why = re.search(r"net::(ERR_\w+)", str(error))
        said = f"{urlsplit(address).netloc} cannot be opened ({why[1] if why else 'no reply'})"
        raise Transient(State.PORTAL_DOWN, f"{said}; see whether a browser can, then try again."
                        ) from None  # fmt: skip


async def _learn(draft: Draft) -> None:
    """Learn one part after the other; one that does not work may be shown again."""
    await entrance.learn(draft)
    await _until_it_works(draft, accounts.learn)
    if await draft.agreed("Are bills to be harvested?"):
        await _until_it_works(draft, bills.learn)
    if await draft.agreed("Is an hourly graph to be harvested?"):
        await _until_it_works(draft, usage.learn)


async def _until_it_works(draft: Draft, learn: Callable[[Draft], Awaitable[None]]) -> None:
    while True:
        try:
            await learn(draft)
        except (Drift, Transient, Misconfigured) as failure:
            draft.person.tell(f"{failure}")
        except PlaywrightError:
            draft.person.tell("The page went away while it was looked at.")
        else:
            return
        if not await draft.agreed("Show this part once more?"):
            return


def _written(name: str, draft: Draft, folder: Path) -> str:
    """Write the file, then see that it says what was shown and lacks nothing."""
    said = HEAD.format(name=name) + toml(draft.used())
    file = folder / f"{name}.toml"
    private_folder(folder)
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(said)
    except OSError as error:
        raise unusable(folder, error.strerror) from error
    fit(profile.load(name, (folder,)))
    return name
