"""What a run brought home as one document that a person can read, and where two of them differ."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from harvester.filing import Store
from harvester.model import Direction, Statement, Window
from harvester.store.bills import Document
from harvester.store.database import moment

FILES = "files"
"""Hashes of what was archived: other ones after scrubbing, while all else is the same."""
_PLACES = {"page", "x", "y"}
_EVER = Window(date.min, date.max)

Hour = tuple[Any, ...]
"""A reading in plain values."""


def document(store: Store, state: str, failed: Sequence[str]) -> dict[str, Any]:
    """Return all that a home holds, by account, and how its run ended.

    Hours are told by day, meter and direction: how many, how many without a value, their Wh, and
    the beginning of a sha-256 over all that they say. Files are hashes in the order they came.
    """
    accounts = {entry.number: _account(store, entry.id) for entry in store.catalog.accounts()}
    told = {"state": state, "failed": list(failed), "accounts": accounts}
    plain: dict[str, Any] = json.loads(json.dumps(told, default=str))
    return plain


def differences(wanted: object, got: object, path: str = "") -> Iterator[str]:
    """Yield each field in which two documents differ, by its path, with both values."""
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        for name in dict.fromkeys((*wanted, *got)):
            below = f"{path} > {name}" if path else str(name)
            yield from differences(wanted.get(name), got.get(name), below)
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for place, (one, other) in enumerate(zip(wanted, got, strict=True), 1):
            yield from differences(one, other, f"{path} > {place}")
    elif wanted != got:
        yield f"{path}: {_short(wanted)} was expected, {_short(got)} came"


def without_files(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without the hashes of files."""
    accounts = {
        number: {name: value for name, value in account.items() if name != FILES}
        for number, account in told["accounts"].items()
    }
    return {**told, "accounts": accounts}


def _short(value: object) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _account(store: Store, account: int) -> dict[str, Any]:
    catalog = store.catalog
    facts = catalog.facts(account)
    days: dict[str, dict[str, Any]] = defaultdict(dict)
    for total, _ in catalog.totals_told(account):
        days[f"{total.day}"][f"total of {total.meter}"] = _told(total, {"account", "day", "meter"})
    for (day, name), rows in _hours(catalog.reading_rows(account, _EVER)).items():
        days[day][name] = _digest(rows)
    files: dict[str, list[str]] = defaultdict(list)
    for filed in catalog.artifacts(account):
        files[filed.artifact.kind].append(filed.sha)
    return {
        "facts": _told(facts, {"number"}),
        "bills": {d.bill.key: _bill(d) for d in catalog.documents(account)},
        "ledger": {p.id: _told(p, {"account", "id"}) for p in catalog.payments(account)},
        "notes": [f"{note.day}: {note.text}" for note in catalog.notes(account)],
        "days": dict(sorted(days.items())),
        "silent days": [f"{day}" for day in catalog.silent_days(account)],
        "revisions": len(list(catalog.revisions(account))),
        "findings": {f"{f.rule} {f.subject}": f.message for f in catalog.findings(account)},
        FILES: dict(files),
    }


def _hours(rows: Iterable[Hour]) -> dict[tuple[str, str], list[Hour]]:
    """Return rows of readings, as the catalog keeps them, by day and by direction and meter."""
    found: dict[tuple[str, str], list[Hour]] = defaultdict(list)
    for direction, start, meter, *told, day, _ in rows:
        way = "delivered" if direction == Direction.DELIVERED else "received"
        found[day, f"{way} by {meter}"].append((start, *told))
    return found


def _digest(rows: Sequence[Hour]) -> str:
    said = "\n".join(
        f"{moment(start).isoformat()} {seconds} {wh} {quality} {reason} {label} {ordinal}"
        for start, seconds, wh, quality, reason, label, ordinal in rows
    )
    known = [wh for _, _, wh, *_ in rows if wh is not None]
    lacking = len(rows) - len(known)
    sha = hashlib.sha256(said.encode()).hexdigest()[:12]
    return f"{len(rows)} intervals, {lacking} without value, {sum(known)} Wh, {sha}"


def _bill(held: Document) -> dict[str, Any]:
    return {
        **_told(held.bill, {"account", "kind", "billing_date", "amount"}),
        "document": held.state,
        "statement": _statement(held.statement) if held.statement else None,
    }


def _statement(said: Statement) -> dict[str, Any]:
    return {
        **_told(said, {"account", "reads", "lines"}),
        "reads": [_told(read, _PLACES) for read in said.reads],
        "lines": [_told(line, _PLACES) for line in said.lines],
    }


def _told(
    row: Any,  # noqa: ANN401 - any of the nouns
    leave: set[str],
) -> dict[str, Any]:
    """Return the fields of a noun that are known, but for some."""
    values = ((f.name, getattr(row, f.name)) for f in fields(row) if f.name not in leave)
    return {name: value for name, value in values if value is not None}
