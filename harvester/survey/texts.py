"""Takes apart what a person pointed at: a day, an amount, an account's number among other words."""

from __future__ import annotations

import re
from datetime import date

from harvester import printed
from harvester.survey.place import words

DATES = {
    "%m/%d/%Y": r"\d{1,2}/\d{1,2}/\d{4}",
    "%Y-%m-%d": r"\d{4}-\d{2}-\d{2}",
    "%B %d, %Y": r"[A-Z][a-z]{2,8} \d{1,2}, \d{4}",
    "%b %d, %Y": r"[A-Z][a-z]{2} \d{1,2}, \d{4}",
    "%m-%d-%Y": r"\d{1,2}-\d{1,2}-\d{4}",
    "%m/%d/%y": r"\d{1,2}/\d{1,2}/\d{2}",
}
"""How days are printed, likelier forms first."""
NUMBER = r"-?\$?\d[\d,]*(?:\.\d+)?"


def dated(text: str) -> tuple[str, date, str] | None:
    """Return the form of the first day in a text, the day, and how it is printed there."""
    for form, pattern in DATES.items():
        found = re.search(rf"(?<!\d){pattern}(?!\d)", text)
        if found and (day := printed.day(found[0], form)):
            return form, day, found[0]
    return None


def taken(text: str, value: str) -> str | None:
    """Return the expression whose group takes a value out of the words around it, if any are."""
    before, _, after = text.partition(value)
    if not before.strip() and not after.strip():
        return None
    group = "([0-9,.$-]+)" if re.fullmatch(NUMBER, value) else "(.+)"
    near = re.search(r"\D*$", before), re.match(r"\s*[^\d\s]*", after)
    left, right = (words(found[0]) if found else "" for found in near)
    return f"{left}{group}{right}"


def numbered(number: str, texts: list[str]) -> str | None:
    """Return what an account's number looks like where one of these texts prints it."""
    for text in texts:
        for run in re.findall(r"\d[\d-]*\d", text):
            if printed.digits(run) == number:
                return re.sub(r"\d+", lambda some: rf"\d{{{len(some[0])}}}", run)
    return None
