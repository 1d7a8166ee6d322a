"""Stands something of the same shape in for each fact: the same all over a tape, told by order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from harvester.scrub.facts import ADDRESS, LEAST, NAME, Fact
from harvester.scrub.needles import LEAST_DIGITS, Needle

SEPARATOR_DIGITS = 3
"""Of an account number: they tell the accounts of one member apart, and are kept."""
ACCOUNT, MEMBER = "account number", "member number"

_CONSONANTS, _VOWELS = "bdfgklmnprtvz", "aeiou"


def needles(facts: Iterable[Fact]) -> list[Needle]:
    """Return facts with their placeholders, longest first.

    A number becomes another one of as many digits that begins with 9; letters become syllables;
    what is neither stays.  A member's number is hidden alike in all of its account numbers.  Names
    are hidden in either order too, and the parts of an address each by itself.
    """
    made: dict[str, Needle] = {}
    known = list(dict.fromkeys(facts))
    for what, text in (*_members(known), *known):
        if text in made or len(text) < 2:
            continue
        whole = Needle(what, text, "")
        digits = whole.digits
        if what == ACCOUNT and digits[:-SEPARATOR_DIGITS] in made:
            member = made[digits[:-SEPARATOR_DIGITS]].placeholder
            made[text] = Needle(what, text, _shaped(text, member + digits[-SEPARATOR_DIGITS:]))
        elif digits:
            made[text] = Needle(what, text, _shaped(text, _number(len(made) + 1, digits)))
        else:
            for part, hidden in _parts(what, text, _words(len(made) + 1, text)):
                made.setdefault(part, Needle(what, part, hidden))
    return sorted(made.values(), key=lambda needle: -len(needle.text))


def _members(facts: Iterable[Fact]) -> Iterator[Fact]:
    for what, text in facts:
        digits = re.sub(r"\D", "", text)
        if what == ACCOUNT and len(digits) - SEPARATOR_DIGITS >= LEAST_DIGITS:
            yield Fact(MEMBER, digits[:-SEPARATOR_DIGITS])


def _number(turn: int, digits: str) -> str:
    made = f"{turn:0{len(digits)}}"[-len(digits) :]
    return f"9{made[1:]}" if len(digits) > 1 else made


def _shaped(text: str, digits: str) -> str:
    """Put digits where a number has its own."""
    left = iter(digits)
    return "".join(next(left) if c.isdigit() else c for c in text)


def _words(turn: int, text: str) -> str:
    made, letters = [], turn
    for character in text:
        if character.isdigit():
            letters += 1
            made.append(str((letters * 7) % 9 + 1))
        elif character.isalpha():
            letters += 1
            row = _VOWELS if made and made[-1].lower() in _CONSONANTS else _CONSONANTS
            one = row[(letters * 5 + turn * 3) % len(row)]
            made.append(one.upper() if character.isupper() else one)
        else:
            made.append(character)
    return "".join(made)


def _parts(what: str, text: str, hidden: str) -> Iterator[tuple[str, str]]:
    """Yield a fact and what else it is printed as, each with its part of the placeholder."""
    yield text, hidden
    if what == ADDRESS:
        for part in re.finditer(r"[^,]+", text):
            shown = part[0].strip()
            at = text.index(shown, part.start())
            if len(shown) > 2 * LEAST and re.search(r"\d", shown):
                yield shown, hidden[at : at + len(shown)]
    if what == NAME:
        words = [(m[0], hidden[m.start() : m.end()]) for m in re.finditer(r"[^\s,]+", text)]
        if len(words) > 1:
            turned = [words[-1], *words[:-1]]
            for comma in ("", ","):
                yield tuple(  # type: ignore[misc]
                    f"{turned[0][n]}{comma} " + " ".join(word[n] for word in turned[1:])
                    for n in (0, 1)
                )
