"""Keeps, for each profile, how its pages were built in the last good run, and since when."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from harvester.drawing import called, drawing
from harvester.errors import Misconfigured, State
from harvester.store.home import private_folder, unusable, write_private

FRESH = timedelta(days=30)
"""For so long it is said that a portal looks different."""
LATELY = timedelta(days=7)
"""For so long a page that was good is not looked at again."""

_SEEN = "seen-at.json"


class Change(NamedTuple):
    """A portal whose sign-in page is not what it was."""

    profile: str
    since: datetime


def keep_pages(
    home: Path, profile: str, pages: Mapping[str, Mapping[str, Any]], at: datetime
) -> None:
    """Write the outlines of a good run by route, those that changed, and when they were seen.

    One that shows less of what is looked for, as a sign-in of one account does, replaces none.
    """
    seen = {}
    for route, page in pages.items():
        known = good_page(home, profile, route)
        if known is None or called(page) >= called(known):
            seen[route] = at.isoformat()
            if known != page:
                _write(_folder(home, profile) / f"{route}.json", json.dumps(page).encode())
    if seen:
        told = _seen(home, profile) | seen
        _write(_folder(home, profile) / _SEEN, json.dumps(told).encode())


def seen_lately(home: Path, profile: str, at: datetime) -> set[str]:
    """Return the routes whose outlines are of the last seven days."""
    return {
        route
        for route, seen in _seen(home, profile).items()
        if abs(at - datetime.fromisoformat(f"{seen}")) <= LATELY
        and (_folder(home, profile) / f"{route}.json").exists()
    }


def _seen(home: Path, profile: str) -> dict[str, Any]:
    file = _folder(home, profile) / _SEEN
    return read(file) if file.exists() else {}


def good_page(home: Path, profile: str, route: str) -> dict[str, Any] | None:
    """Return the outline that the page of a route had in the last good run, None where none is."""
    file = _folder(home, profile) / f"{route}.json"
    return read(file) if re.fullmatch(r"[a-z_]+", route) and file.exists() else None


def keep_fingerprint(home: Path, profile: str, sha: str, at: datetime) -> bool:
    """Remember what a portal looks like; tell whether it looked different before."""
    file = _folder(home, profile) / "fingerprint.json"
    known = read(file) if file.exists() else {}
    if known.get("sha") == sha:
        return False
    told = {"sha": sha, "since": at.isoformat(), "changed": bool(known)}
    _write(file, json.dumps(told).encode())
    return bool(known)


def changes(home: Path, at: datetime) -> list[Change]:
    """Return the portals that began to look different in the last thirty days."""
    found = []
    for file in sorted((home / "outlines").glob("*/fingerprint.json")):
        told = read(file)
        since = datetime.fromisoformat(str(told.get("since")))
        if told.get("changed") and at - since <= FRESH:
            found.append(Change(file.parent.name, since))
    return found


def keep_evidence(home: Path, run: int, told: Mapping[str, Any]) -> Path:
    """Write down a page that is not what the profile says; return the folder of it.

    `outline.json` is what was told, `page.svg` the same drawn: no pixel of the page is in it.
    """
    folder = home / "diagnostics" / f"{run}"
    _write(folder / "outline.json", json.dumps(told, indent=1).encode())
    _write(folder / "page.svg", drawing(told["page"]).encode())
    return folder


def read(file: Path) -> dict[str, Any]:
    """Return a JSON document of the home; Misconfigured where it is none."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise unusable(file, type(error).__name__) from None
    if not isinstance(told, dict):
        raise Misconfigured(State.HOME_UNUSABLE, f"{file} holds no document; remove it.")
    return told


def write_text(file: Path, text: str) -> None:
    """Write a text of the home; raises Misconfigured where that cannot be."""
    _write(file, text.encode())


def _write(file: Path, content: bytes) -> None:
    private_folder(file.parent)
    try:
        write_private(file, content)
    except OSError as error:
        raise unusable(file.parent, error.strerror) from error


def _folder(home: Path, profile: str) -> Path:
    return home / "outlines" / profile
