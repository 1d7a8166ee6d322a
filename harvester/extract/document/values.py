"""Reads dates, money and numbers as bills print them; what is none of these is None."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from harvester import printed
from harvester.layout import DATE, MONEY, NUMBER, SHORT_DATE

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = re.compile(r"[a-z]+|\d+", re.IGNORECASE)
_YEARS = range(1900, 2200)
"""Others are of no bill: "12/31/9999" stands for no end."""
_TO = r"\s*(?:[-/\u2013\u2014]|to|thru|through|until|and)\s*"

_PLAIN = str.maketrans("\u2212\u2013\u2014", "---", "+ $,")
_I = re.IGNORECASE
MATCH = {
    "date": re.compile(DATE, _I),
    "period": re.compile(
        rf"(?:from\s+)?({DATE}|{SHORT_DATE}){_TO}({DATE})(?:\s*\(\d+ days\))?", _I
    ),
    "money": re.compile(MONEY, _I),
    "number": re.compile(NUMBER, _I),
    "kwh": re.compile(
        rf"({NUMBER})(?:\s*kWh\b)?(?!\s?(?:(?:kW|kVA|%|days?|daily|per|a|each)\b|/))", _I
    ),
    "days": re.compile(r"(?<![\w.,/$-])(\d{1,3})(?:\s*days?\b)?(?![.,/:-]?\d)", _I),
    "serial": re.compile(r"[A-Z]{0,4}-?\d[\dA-Z-]*\b(?![/.,]\d)", _I),
}
"""How each kind of value is printed; groups hold what counts where not all of it does."""


def day(text: str) -> date | None:
    """Return a date as US bills print it: month first, or named, or as ISO has it."""
    parts = [part for part in _PARTS.findall(text) if part not in {"st", "nd", "rd", "th"}]
    if len(parts) != 3:
        return None
    named = next((n for n, part in enumerate(parts) if part.isalpha()), None)
    if named is not None:
        month = parts.pop(named)[:3].casefold()
        if month not in _MONTHS or not all(map(str.isdigit, parts)):
            return None
        parts.insert(0, f"{_MONTHS.index(month) + 1}")
    elif len(parts[0]) == 4:
        parts = [*parts[1:], parts[0]]
    month_, day_, year = map(int, parts)
    year += 2000 if year < 100 else 0
    try:
        return date(year, month_, day_) if year in _YEARS else None
    except ValueError:
        return None


def period(first: str, last: str) -> tuple[date, date] | None:
    """Return both ends of a period; a first date without a year is the latest before the last."""
    until = day(last)
    if until is None:
        return None
    since = day(first)
    if since is None:
        years = (until.year, until.year - 1)
        slash = "/" if "/" in first else " "
        ends = (day(f"{first.strip()}{slash}{year}") for year in years)
        since = next((end for end in ends if end and end < until), None)
    return (since, until) if since and since < until else None


def amount(text: str) -> Decimal | None:
    """Return money or a number; a minus of any shape, a CR behind it or brackets make it less."""
    plain = text.translate(_PLAIN)
    return Decimal(plain) if plain.replace(".", "", 1).isdecimal() else printed.amount(plain)
