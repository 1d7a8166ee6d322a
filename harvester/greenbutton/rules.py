"""What can be wrong with a Green Button file that its schema does not catch, rule by rule."""

from __future__ import annotations

from typing import NamedTuple

CERTAIN, LIKELY = "certain", "likely"


class Rule(NamedTuple):
    """What is wrong where a rule is broken, and how sure that is."""

    about: str
    sure: str


RULES = {
    # Of interval blocks.
    "gap": Rule("intervals are missing and nothing says so", CERTAIN),
    "overlap": Rule("intervals of a block overlap", CERTAIN),
    "order": Rule("intervals of a block are not in the order of time", CERTAIN),
    "outside-block": Rule("an interval lies outside of its block", CERTAIN),
    "no-value": Rule("an interval has no time, length or whole number", CERTAIN),
    "negative": Rule("energy is negative that is no net energy", CERTAIN),
    "quality": Rule("a quality is none that ESPI knows", CERTAIN),
    "interval-length": Rule("intervals are not as long as their type says", CERTAIN),
    "duplicate-block": Rule("a block comes twice", CERTAIN),
    "block-overlap": Rule("blocks of a meter overlap", CERTAIN),
    "day-length": Rule("a block is not as long as its local day", CERTAIN),
    "local-time": Rule("a block begins as if local time were UTC", LIKELY),
    "energy-scale": Rule("energy is a thousandth or a thousandfold of what it must be", LIKELY),
    "future": Rule("an interval ends after the file was made", CERTAIN),
    # Of how the resources hang together.
    "uuid": Rule("an id is no UUID of version 5, which alone is the same in every export", CERTAIN),
    "duplicate-id": Rule("two entries have one id", CERTAIN),
    "self-link": Rule("an entry has no address, or that of another", CERTAIN),
    "orphan": Rule("a resource belongs to no other", CERTAIN),
    "reading-type": Rule("a meter reading has not one reading type", CERTAIN),
    "flow-direction": Rule("the direction of energy is none, or that of another", CERTAIN),
    "uom": Rule("the unit is not that of energy", CERTAIN),
    "stamps": Rule("an entry was updated before it was published", CERTAIN),
    "no-local-time": Rule("nothing says what the local time is", CERTAIN),
    "dst-rule": Rule("a rule of when clocks are moved is malformed", CERTAIN),
    "tz-offset": Rule("an offset from UTC is none that any place has", CERTAIN),
    # Of money and people.
    "cost-scale": Rule("a bill is far from what its energy costs anywhere", LIKELY),
    "bill-lines": Rule("the lines of a bill do not add up to it", LIKELY),
    "currency": Rule("money has no currency", CERTAIN),
    "personal-data": Rule("a title or note tells who or where somebody is", LIKELY),
    "customer-data": Rule("customer data is in a file of usage", CERTAIN),
}


class Fault(NamedTuple):
    """One thing that is wrong, without a word of what the file says."""

    rule: str
    where: str
    message: str
