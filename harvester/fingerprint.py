"""Tells by the structure of a sign-in page which product it is of, and whether it changed."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from harvester.outline import name_of
from harvester.portal import Portal

_TRAITS = """() => {
  const every = (selector, tell) => [...document.querySelectorAll(selector)].map(tell);
  const path = (e, name) => new URL(e.getAttribute(name), document.baseURI).pathname;
  return JSON.stringify({
    forms: every('form', e => e.getAttribute('id') || ''),
    hidden: every('input[type=hidden]', e => e.getAttribute('name') || ''),
    fields: every('input:not([type=hidden]), select, button',
      e => (e.getAttribute('id') || '') + '/' + (e.getAttribute('name') || '')),
    generators: [...every('meta[name=generator i]', e => e.getAttribute('content') || ''),
      ...every('input[name=__VIEWSTATEGENERATOR]', e => e.getAttribute('value') || '')],
    files: [...every('script[src]', e => path(e, 'src')),
      ...every('link[rel=stylesheet][href]', e => path(e, 'href'))],
  });
}"""
"""Form ids, names of fields, version marks and paths of scripts and styles; no queries."""


class Fingerprint(NamedTuple):
    """What a page is recognized by."""

    lacking: list[str]
    """The profile's marks that the page does not show."""
    sha: str
    """Hash of what the page shows of its product, base and version; the same for the same page."""


async def fingerprint(portal: Portal) -> Fingerprint:
    """Return the fingerprint of a page with all its frames; of what it says nothing is taken."""
    lacking = [
        mark
        for mark, selectors in portal.profile.marks.items()
        if not any([await _shown(portal.page, selector) for selector in selectors])
    ]
    traits: dict[str, set[str]] = {"bases": {portal.profile.base}}
    for frame in portal.page.frames:
        try:
            told: dict[str, list[str]] = json.loads(await frame.evaluate(_TRAITS))
        except (PlaywrightError, ValueError):  # a frame of somebody else, or one that is going
            continue
        for kind, found in told.items():
            traits.setdefault(kind, set()).update(map(_safe, found))
    plain = json.dumps({kind: sorted(found) for kind, found in sorted(traits.items())})
    return Fingerprint(lacking, hashlib.sha256(plain.encode()).hexdigest())


def _safe(trait: str) -> str:
    """Return a trait without what is made anew for each visitor, as tokens and numbers are."""
    return "/".join(name_of(part) if part else "" for part in trait.split("/"))


async def _shown(page: Page, selector: str) -> bool:
    for frame in page.frames:
        try:
            if await frame.locator(selector).count():
                return True
        except PlaywrightError:
            continue
    return False
