"""Tells text that may say who or where somebody is from text that does not."""

from __future__ import annotations

import re

_STREET = (
    r"street|st|road|rd|avenue|ave|drive|dr|lane|ln|court|ct|highway|hwy|circle|cir|boulevard"
    r"|blvd|way|place|pl|trail|trl|parkway|pkwy|loop|terrace|ter|county\s+road|cr"
)
_SIGNS = {
    "an e-mail address": r"[\w.+-]+@[\w-]+\.\w",
    "a telephone number": r"(?<!\d)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)",
    "a street": rf"(?i:(?<!\d)\d{{1,6}}\s+(?:[\w.'-]+\s+){{1,4}}?(?:{_STREET})\b)",
    "a post box": r"(?i:\bp\.?\s*o\.?\s*box\s+\d)",
    "a state and ZIP code": r"\b[A-Z]{2}\s+\d{5}(?:-\d{4})?\b",
    "a number as long as an account's": r"(?<![\w.,])\d(?:[ -]?\d){6,}(?!\d)",
}
_PERSONAL = {what: re.compile(sign) for what, sign in _SIGNS.items()}


def personal(text: str) -> str | None:
    """Return what of a person's a text seems to hold, None if nothing; dates and UUIDs are not."""
    bare = _HARMLESS.sub(" ", text)
    return next((what for what, sign in _PERSONAL.items() if sign.search(bare)), None)


_HARMLESS = re.compile(
    r"\b\d{4}-\d\d-\d\d(?:T[\d:.]+Z?)?\b|\b\d\d/\d\d/\d{4}\b"
    r"|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
)
