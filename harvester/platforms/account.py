"""Sees which account the pages are about, and fetches what they print of it."""

from __future__ import annotations

import json
import re

from harvester import printed
from harvester.errors import ActionNeeded, Drift, State
from harvester.labels import facts
from harvester.model import Artifact, Kind
from harvester.platforms.artifacts import artifact
from harvester.portal import Portal

_SETTINGS = {"e_bill", "usage_alert", "daily_report"}
_SETTING = re.compile(
    r"(not )?(on|off|yes|no|enrolled|enabled|disabled|active|inactive)\b|[\d.,]+ ?kwh( a day)?",
    re.IGNORECASE,
)


async def shown(portal: Portal) -> str:
    """Return the digits of the account's number; empty where no label of it has any."""
    return printed.digits((await facts(portal)).get("number") or "")


async def opened(portal: Portal, number: str) -> None:
    """Wait until the page is about an account.

    Raises ActionNeeded(ACCOUNT_NOT_VISIBLE) where it stays about another, Drift where it says none.
    """
    seen = ""
    try:
        async for _ in portal.looks("labels.number"):
            seen = await shown(portal)
            if seen == number:
                return
    except Drift:
        if seen:
            raise not_visible(portal, number, "does not open") from None
        raise


def not_visible(portal: Portal, number: str, why: str) -> ActionNeeded:
    """Return the failure of an account that the sign-in does not show."""
    return ActionNeeded(
        State.ACCOUNT_NOT_VISIBLE,
        f"Account …{number[-3:]} {why} among the accounts of this sign-in at"
        f" {portal.profile.name}; check who holds it.",
    )


async def account(portal: Portal, number: str) -> Artifact:
    """Fetch what stands beside the profile's labels.

    Of a setting only whether and how much is taken: an address may stand beside it.
    """
    told = await facts(portal)
    for name in _SETTINGS & told.keys():
        found = _SETTING.match(told[name])
        told[name] = found[0] if found else ""
    return artifact(portal, Kind.ACCOUNT, number, json.dumps(told))
