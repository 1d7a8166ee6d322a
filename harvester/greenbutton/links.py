"""The rules of entries and of how resources hang together: ids, links, types, clocks and money."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from harvester.greenbutton.clock import Clock, decode
from harvester.greenbutton.family import SUMMARIES, Family, Node
from harvester.greenbutton.hours import NET, energy, moment_of
from harvester.greenbutton.personal import personal
from harvester.greenbutton.reader import CUSTOMER, Entry
from harvester.greenbutton.rules import Fault

WATT_HOURS = 72
ENERGY = 12
DIRECTIONS = {1, NET, 19, 20}
"""Delivered, net, received, and both added up."""
OFFSETS = range(-12 * 3600, 14 * 3600 + 1, 900)
_CHEAPEST, _DEAREST = 0.002, 20
"""Dollars a kWh with all charges of a bill on it."""
_FEW_WH = 50_000
"""A bill of less is mostly of other charges."""
_OWED = range(1, 9)
"""Kinds of lines that are of the bill's own period."""
_PRECISION = 100_000


def of_entry(entry: Entry, name: str, seen: dict[str, set[str]]) -> Iterator[Fault]:
    """Find what is wrong with an entry beside its content; `seen` holds ids and addresses."""
    yield from _id(entry.meta.get("id", ""), name, seen["id"])
    href = entry.link("self")
    if not href or href in seen["self"]:
        message = "Another entry has its address." if href else "It has no link to itself."
        yield Fault("self-link", name, message)
    seen["self"].add(href)
    published, updated = (moment_of(entry.meta.get(n, "")) for n in ("published", "updated"))
    if published and updated and updated < published:
        yield Fault("stamps", name, "It was updated before it was published.")
    texts = [("title", entry.meta.get("title", "")), ("summary", entry.meta.get("summary", ""))]
    for content in entry.contents:
        if content.space == CUSTOMER:
            continue
        texts += [
            (path, text)
            for path, text in content.fields
            if path.rpartition("/")[2] in {"note", "tariffProfile", "serviceDeliveryRemark"}
        ]
    for path, text in texts:
        if what := personal(text):
            yield Fault("personal-data", name, f"Its {path} seems to hold {what}.")


def _id(text: str, name: str, seen: set[str]) -> Iterator[Fault]:
    try:
        version = UUID(text).version
    except ValueError:
        yield Fault("uuid", name, "Its id is no UUID.")
    else:
        if version != 5:
            yield Fault("uuid", name, f"Its id is a UUID of version {version}.")
    if text in seen:
        yield Fault("duplicate-id", name, "Another entry has its id.")
    seen.add(text)


def of_family(family: Family) -> Iterator[Fault]:
    """Find what is wrong with how resources hang together."""
    owners = {"IntervalBlock": "MeterReading", "MeterReading": "UsagePoint"}
    for name, owner in (owners | dict.fromkeys(SUMMARIES, "UsagePoint")).items():
        for node in family.of.get(name, []):
            if not family.linked(node, owner):
                yield Fault("orphan", node.name, f"No {owner} relates to it or its collection.")
    for meter in family.of.get("MeterReading", []):
        types = family.related(meter, "ReadingType")
        if len(types) != 1:
            many = "more than one" if types else "no"
            yield Fault("reading-type", meter.name, f"It relates to {many} ReadingType.")
    for kind in family.of.get("ReadingType", []):
        yield from _type(kind)
    for name in SUMMARIES:
        for summary in family.of.get(name, []):
            yield from _money(summary)
    yield from _feed(family)


def _feed(family: Family) -> Iterator[Fault]:
    has_usage = any(family.of.get(kind) for kind in ("IntervalBlock", *SUMMARIES))
    everything = (node for nodes in family.of.values() for node in nodes)
    if has_usage and any(node.content.space == CUSTOMER for node in everything):
        yield Fault("customer-data", "feed", "Customer data belongs in a file of its own.")
    if family.of.get("IntervalBlock") and not family.of.get("LocalTimeParameters"):
        yield Fault("no-local-time", "feed", "It has no LocalTimeParameters.")


def _type(kind: Node) -> Iterator[Fault]:
    get = kind.content.number
    if get("kind") not in {ENERGY, None} or get("commodity") not in {1, None}:
        return
    if get("uom") != WATT_HOURS:
        yield Fault("uom", kind.name, f"Energy is in Wh (72), here the unit is {get('uom')}.")
    elif get("flowDirection") not in DIRECTIONS:
        yield Fault("flow-direction", kind.name, f"Its direction is {get('flowDirection')}.")


def clock(node: Node) -> tuple[Clock | None, list[Fault]]:
    """Return what LocalTimeParameters say, None where they cannot be read, and why."""
    found: list[Fault] = []
    offset, moved = node.content.number("tzOffset"), node.content.number("dstOffset") or 0
    if offset is None or offset not in OFFSETS:
        found.append(Fault("tz-offset", node.name, f"Its offset is {offset} seconds."))
    if not 0 <= moved <= 7200:
        found.append(Fault("tz-offset", node.name, f"Clocks are moved by {moved} seconds."))
    rules = []
    for name in ("dstStartRule", "dstEndRule"):
        try:
            rules.append(decode(node.content.get(name) or "FFFFFFFF"))
        except ValueError:
            found.append(Fault("dst-rule", node.name, f"Its {name} says no time of a year."))
    if len(rules) == 2 and moved and not all(rules):
        found.append(Fault("dst-rule", node.name, "Clocks are moved, but nothing says when."))
    if found or offset is None:
        return None, found
    return Clock(offset, moved, *rules), []


def _money(summary: Node) -> Iterator[Fault]:
    content = summary.content
    bill, used = content.number("billLastPeriod"), energy(summary, "overallConsumptionLastPeriod/")
    if bill is None:
        return
    if content.get("currency") is None:
        yield Fault("currency", summary.name, "It bills money of no currency.")
    if used and used >= _FEW_WH and bill > 0:
        price = bill / _PRECISION / (used / 1000)
        if not _CHEAPEST <= price <= _DEAREST:
            message = f"It bills {price:.6f} a kWh; money is told in hundred-thousandths."
            yield Fault("cost-scale", summary.name, message)
    lines = _lines(summary)
    if lines and sum(lines) != bill:
        apart = abs(sum(lines) - bill) / _PRECISION
        if apart > max(0.01 * abs(bill) / _PRECISION, 0.05):
            yield Fault("bill-lines", summary.name, f"They are {apart:.2f} apart.")


def _lines(summary: Node) -> list[int]:
    """Return the amounts of the lines that are of the bill's own period."""
    amounts: list[int] = []
    amount: int | None = None
    for path, text in summary.content.fields:
        if path == "costAdditionalDetailLastPeriod/amount":
            amount = int(text) if text.lstrip("-").isdigit() else None
        elif path == "costAdditionalDetailLastPeriod/itemKind" and amount is not None:
            amounts += [amount] if text.isdigit() and int(text) in _OWED else []
            amount = None
    return amounts
