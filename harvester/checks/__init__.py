"""The invariants of good data, each a named rule that compares two things which the portal said."""

from __future__ import annotations

from typing import NamedTuple

CERTAIN, LIKELY, HINT = "certain", "likely", "a hint"
NOBODY = "nobody: the next runs ask again"
UTILITY = "the utility"
OPERATOR = "the operator"
MAINTAINER = "whoever keeps the profile"


class Rule(NamedTuple):
    """What a rule says when it is broken, and who can mend that."""

    about: str
    sure: str
    mended_by: str


RULES = {
    # Of one answer or document.
    "unreadable": Rule("the answer is not what it should be", CERTAIN, MAINTAINER),
    "unreadable-row": Rule("a row cannot be read", CERTAIN, MAINTAINER),
    "listed-twice": Rule("a bill is listed twice", CERTAIN, UTILITY),
    "meter-unknown": Rule("the feed does not say whose days these are", CERTAIN, UTILITY),
    "not-a-pdf": Rule("what came is no whole PDF", CERTAIN, NOBODY),
    "wrong-document": Rule("the document is another bill's", CERTAIN, NOBODY),
    "unknown-layout": Rule("the bill was read by general rules", LIKELY, MAINTAINER),
    "ambiguous": Rule("the bill says two things", LIKELY, MAINTAINER),
    "clock": Rule("an hour that the clock change skips or repeats", CERTAIN, UTILITY),
    "duplicate": Rule("an hour is told more than once", CERTAIN, UTILITY),
    "mixed-steps": Rule("a day has hours beside parts of hours", CERTAIN, UTILITY),
    "overlap": Rule("intervals of a meter overlap", CERTAIN, UTILITY),
    "future": Rule("an hour has a value before it is over", CERTAIN, UTILITY),
    "negative": Rule("an hour has negative energy", HINT, UTILITY),
    "flat-run": Rule("many hours on end are alike", HINT, UTILITY),
    # Of the sign-in.
    "account-gone": Rule("the account is no longer shown", CERTAIN, OPERATOR),
    # Of days, as the catalog holds them.
    "gap": Rule("hours have no value", CERTAIN, UTILITY),
    "no-hours": Rule("a day has energy but no hours", CERTAIN, UTILITY),
    "day-sum": Rule("the hours are not the day's energy", LIKELY, UTILITY),
    "register-day": Rule("the register is not the day's energy", LIKELY, UTILITY),
    "spike": Rule("an hour is far above all others of weeks", HINT, UTILITY),
    "meter-change": Rule("another meter measures from here", CERTAIN, "nobody: it is so"),
    "late-revision": Rule("a read value was changed long after", CERTAIN, UTILITY),
    # Of bills, as the catalog holds them.
    "no-bills": Rule("no bill is listed", CERTAIN, OPERATOR),
    "fewer-bills": Rule("bills are no longer listed", CERTAIN, UTILITY),
    "superseded": Rule("a bill was replaced by another", CERTAIN, "nobody: it is so"),
    "bill-missing": Rule("a bill of the ledger is not listed", LIKELY, UTILITY),
    "ledger": Rule("the ledger has no such bill", LIKELY, UTILITY),
    "same-document": Rule("two bills have one document", CERTAIN, NOBODY),
    "bill-kwh": Rule("document and list differ in energy", CERTAIN, UTILITY),
    "bill-total": Rule("document and list differ in what is owed", CERTAIN, UTILITY),
    "bill-dates": Rule("document and list differ in a date", CERTAIN, UTILITY),
    "bill-lines": Rule("the lines do not add up to the total", LIKELY, UTILITY),
    "bill-register": Rule("the readings are not the energy billed", CERTAIN, UTILITY),
    "bill-reads": Rule("the meters do not add up to the energy billed", CERTAIN, UTILITY),
    "bill-days": Rule("the period has other days than printed", CERTAIN, UTILITY),
    "bill-period": Rule("the period does not follow the one before", LIKELY, UTILITY),
    "balance-forward": Rule("the balance is not what was owed before", LIKELY, UTILITY),
    "bill-energy": Rule("the hours are not the energy billed", LIKELY, UTILITY),
    "tariff-line": Rule("a line is not quantity times price", CERTAIN, UTILITY),
    "tariff-quantity": Rule("a line counts other days or kWh than the bill", CERTAIN, UTILITY),
    "tariff-price": Rule("a price is not the published one", LIKELY, UTILITY),
    "tariff-learned": Rule("a price is not that of the bills around it", LIKELY, UTILITY),
    "tariff-tax": Rule("the tax is not that on the taxed lines", CERTAIN, UTILITY),
    "register-bill": Rule("the daily register is not the reading billed", LIKELY, UTILITY),
}
