"""The whole simulated world as one JSON document, for tests to compare a harvest with."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

from harvester.sandbox.nouns import ZONE, Bill, Day, Revision, SignIn
from harvester.sandbox.world import World


def truth(world: World, accounts: Collection[str] | None = None) -> Iterator[str]:
    """Yield the document in pieces, one account at a time; `accounts` are ten-digit numbers.

    Top: seed, today, zone, sign_ins[].  Sign-in: user, password, accounts[], of which only the
    asked ones are listed (a sign-in without any is left out).  `account_truth` says what an
    account holds.  An unknown number is a KeyError before the first piece.
    """
    for number in accounts or ():
        world.account(number)
    return _document(world, accounts)


def _document(world: World, accounts: Collection[str] | None) -> Iterator[str]:
    top = {"seed": world.seed, "today": world.today, "zone": ZONE}
    yield _json(top)[:-1] + ', "sign_ins": ['
    comma = ""
    for sign_in in world.sign_ins:
        numbers = [a.number for a in sign_in.accounts if accounts is None or a.number in accounts]
        if numbers:
            yield comma + "\n"
            yield from _sign_in(world, sign_in, numbers)
            comma = ","
    yield "\n]}\n"


def _sign_in(world: World, sign_in: SignIn, numbers: list[str]) -> Iterator[str]:
    yield _json({"user": sign_in.user, "password": sign_in.password})[:-1] + ', "accounts": [\n'
    for position, number in enumerate(numbers):
        yield ",\n" if position else ""
        yield _json(account_truth(world, number))
    yield "]}"


def account_truth(world: World, number: str) -> dict[str, Any]:
    """Return what the portal tells of one account today; the values are what JSON can hold.

    The fields are those of `Account`, `Meter`, `Bill` and `LedgerItem`, and:
    canaries[]: what pages show of the holder and nothing that comes home may hold;
    days[]: day, meter, total_kwh, end_reading, cost, quality, hours[];
    hours[]: [UTC start, delivered Wh or null, received Wh or null, quality];
    revisions[]: a day in an earlier version, with visible_from and visible_until (exclusive).
    Money is a decimal string, dates and times are ISO 8601.
    """
    account = world.account(number)
    document = asdict(account) | {
        "member_number": account.member_number,
        "separator": account.separator,
        "canaries": account.canaries,
        "opened": world.opened(number),
        "meters": [asdict(meter) for meter in world.meters(number)],
        "bills": [_bill(bill) for bill in world.bills(number)],
        "ledger": [asdict(item) for item in world.ledger(number)],
        "days": [_day(day) for day in world.days(number, date.min, date.max)],
        "revisions": [_revision(revision) for revision in world.revisions(number)],
    }
    plain: dict[str, Any] = json.loads(_json(document))
    return plain


def _bill(bill: Bill) -> dict[str, Any]:
    meters = [asdict(read) | {"kwh": read.kwh} for read in bill.meters]
    return asdict(bill) | {"days": bill.days, "meters": meters}


def _day(day: Day) -> dict[str, Any]:
    return {
        "day": day.day,
        "meter": day.meter,
        "total_kwh": day.total_kwh,
        "end_reading": day.end_reading,
        "cost": day.cost,
        "quality": day.quality,
        "hours": [[h.start.isoformat(), h.wh, h.received_wh, h.quality] for h in day.hours],
    }


def _revision(revision: Revision) -> dict[str, Any]:
    seen = {"visible_from": revision.visible_from, "visible_until": revision.visible_until}
    return _day(revision.earlier) | seen


def _json(value: object) -> str:
    return json.dumps(value, default=str)
