"""Which account is meant, and a short name for each that does not tell its whole number."""

from __future__ import annotations

from harvester.errors import Misconfigured, State
from harvester.store.catalog import Entry
from harvester.store.whole import Store

DIGITS = 3
"""So many last digits of an account number may stand for all of it."""


def account_of(store: Store, text: str) -> Entry:
    """Return the account of a number, of its last digits, of its short name, or of a sign-in.

    A sign-in stands for its account where it has only one.  Raises Misconfigured where none or
    several fit.
    """
    known = store.catalog.accounts()
    names = short_names(store)
    bare = "".join(filter(str.isdigit, text))
    fitting = (
        [entry for entry in known if entry.number == bare],
        [entry for entry in known if names[entry.id] == text],
        [entry for entry in known if entry.member == text],
        [entry for entry in known if len(bare) >= DIGITS and entry.number.endswith(bare)],
    )
    found = next(filter(None, fitting), [])
    if len(found) == 1:
        return found[0]
    has = "several accounts" if found else "no account"
    listed = ", ".join(f"{e.member} {e.number}" for e in found or known) or "none yet"
    raise Misconfigured(
        State.UNKNOWN_ACCOUNT, f"{store.home} has {has} for {text!r}; give one of: {listed}."
    )


def short_names(store: Store) -> dict[int, str]:
    """Return a name for each account id of a home: its utility and last digits, as `caec-001`.

    Where a later account would have the name of an earlier one, its id in the home follows it, so
    a name that was given once stays.
    """
    names: dict[int, str] = {}
    given: set[str] = set()
    for entry in sorted(store.catalog.accounts()):
        name = f"{entry.profile}-{entry.number[-DIGITS:]}"
        names[entry.id] = f"{name}-{entry.id}" if name in given else name
        given.add(names[entry.id])
    return names
