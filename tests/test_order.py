"""Any order and any repetition of the same artifacts ends in the same catalog."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from desk import Desk
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import Visit

from harvester.model import Artifact, Kind
from harvester.sandbox.world import World

HOME = "1000101001"
FIRST = date(2025, 3, 25)
VISITS = (date(2025, 4, 12), date(2025, 4, 18))
"""An averaged day, the 10th, is read before the second; a meter is exchanged on the 17th."""


@cache
def artifacts() -> tuple[Artifact, ...]:
    """Return what two visits brought home, in their order; the second has a late revision."""
    told = []
    for today in VISITS:
        visit = Visit(World(today=today), HOME, FIRST, listed=3)
        told += [a for a in visit.artifacts() if a.kind is not Kind.NOTES]
    newest = told[-1]
    content = json.loads(newest.content)
    content["d"]["Items"][3]["KWH"] = "9.99"
    revised = json.dumps(content).encode()
    later = newest.retrieved_at + timedelta(days=12)
    return (*told, replace(newest, content=revised, retrieved_at=later))


LINKS = {"artifact", "first_artifact", "replaced_by", "pdf"}
"""Columns that number an artifact, which depends on when it was filed."""


def contents(desk: Desk) -> dict[str, list[Any]]:
    """Return every derived table, with artifacts by their hash."""
    db = desk.catalog._db._db
    shas = dict(db.execute("SELECT id, sha FROM artifact"))
    tables = [
        name
        for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        if name not in {"artifact", "run", "sign_in"}
    ]
    found = {}
    for table in tables:
        rows = db.execute(f"SELECT * FROM {table}")  # noqa: S608 - a name of our own schema
        names = [column[0] for column in rows.description]
        told = [
            tuple(shas[v] if n in LINKS and v else v for n, v in zip(names, row, strict=True))
            for row in rows
        ]
        found[table] = sorted(told, key=repr)
    return found


@cache
def undisturbed() -> dict[str, list[Any]]:
    with TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "home", HOME)
        desk.take(artifacts())
        return contents(desk)


def test_the_artifacts_have_what_an_order_could_spoil() -> None:
    told = undisturbed()
    assert len(told["reading_revision"]) > 24
    rules = {row[2] for row in told["finding"]}
    assert {"meter-change", "late-revision", "day-sum", "bill-kwh", "ledger"} <= rules
    assert len(told["statement"]) == 3


@settings(max_examples=15, deadline=None)
@given(
    order=st.permutations(range(len(artifacts()))),
    again=st.lists(st.integers(0, len(artifacts()) - 1), max_size=5),
)
def test_any_order_and_any_repetition_ends_in_the_same_catalog(
    order: list[int], again: list[int]
) -> None:
    with TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "home", HOME)
        desk.take(artifacts()[number] for number in (*order, *again))
        assert contents(desk) == undisturbed()


def test_the_newest_list_is_what_came_home_last_whatever_was_filed_first(tmp_path: Path) -> None:
    old, new = (
        next(
            a
            for a in Visit(World(today=today), HOME, FIRST, listed=3).artifacts()
            if a.kind is Kind.BILL_LIST
        )
        for today in (date(2025, 4, 12), date(2025, 6, 12))
    )
    listed = []
    for name, order in (("one", (old, new)), ("two", (new, old))):
        desk = Desk(tmp_path / name, HOME)
        desk.take(order)
        listed.append([bill.billing_date for bill in desk.catalog.listed_bills(desk.account)])
    assert listed[0] == listed[1]
    assert len(listed[0]) == 3
