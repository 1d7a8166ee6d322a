"""Whatever is wrong with bills and hours, what comes home is true, the rest is asked for again."""

from __future__ import annotations

from pathlib import Path

import pytest
from faulted import (
    DOCUMENTS,
    FEEDS,
    NEW,
    TODAY,
    WORLD,
    Row,
    S,
    at_home,
    ends_as_told,
    harvested,
    row_name,
)

from harvester.filing import Store
from harvester.sandbox.world import World


@pytest.mark.parametrize("row", [*DOCUMENTS, *FEEDS], ids=row_name)
def test_a_fault_of_data_ends_as_the_table_says_and_the_next_run_makes_it_good(
    tmp_path: Path, row: Row, capfd: pytest.CaptureFixture[str]
) -> None:
    ends_as_told(tmp_path, row, capfd)


def test_a_bill_that_is_issued_anew_is_fetched_and_the_one_before_is_kept(tmp_path: Path) -> None:
    harvested(tmp_path)
    outcome, counts = harvested(tmp_path, "reissued-bill", days_later=1)
    assert (outcome.state, outcome.pdfs, counts.routes["pdf"]) == (S.OK, 1, 1)
    (account,) = WORLD.sign_in(NEW).accounts
    old = WORLD.bills(account.number)
    new = World(today=TODAY, reissued=True).bills(account.number)
    assert (len({*old} - {*new}), len({*new} - {*old})) == (1, 1)
    (held,) = at_home(tmp_path).values()
    assert held.bills == held.documents == {(b.billing_date, b.total) for b in (*old, *new)}
    catalog = Store(tmp_path).catalog
    (entry,) = catalog.accounts()
    (gone,) = {*old} - {*new}
    wrong = {(f.rule, f.subject) for f in catalog.findings(entry.id)}
    assert wrong == {
        ("superseded", f"{account.number}/{gone.billing_date}/{gone.kind}/{gone.total}")
    }


def test_a_bill_that_is_listed_twice_is_kept_once_and_that_is_said(tmp_path: Path) -> None:
    harvested(tmp_path, "duplicate-bill=1")
    catalog = Store(tmp_path).catalog
    (entry,) = catalog.accounts()
    assert [f.rule for f in catalog.findings(entry.id)] == ["listed-twice"]
