"""Whoever is not let in is told why, a password is sent once, and every fault is in a table."""

from __future__ import annotations

from pathlib import Path

import pytest
from faulted import ACCOUNTS, DOCUMENTS, FEEDS, OUTAGES, WAY_IN, Row, S, ends_as_told, row_name

from harvester.errors import MEANINGS, State
from harvester.sandbox.faults import Accounts, Documents, Feeds, Outages, WayIn

ROWS = [*WAY_IN, *OUTAGES, *ACCOUNTS, *DOCUMENTS, *FEEDS]


@pytest.mark.parametrize("row", [*WAY_IN, *ACCOUNTS], ids=row_name)
def test_a_way_in_that_is_barred_ends_as_the_table_says_and_is_gone_in_later(
    tmp_path: Path, row: Row, capfd: pytest.CaptureFixture[str]
) -> None:
    ends_as_told(tmp_path, row, capfd)


def test_every_state_of_a_run_is_reached_by_a_fault() -> None:
    """Those of set-up, consent, trail and store have tests of their own, as has a second run."""
    reached = {row.state for row in ROWS}
    of_a_run = {s for s in State if 20 <= MEANINGS[s].exit_code < 50} | {S.OK, S.OK_PARTIAL}
    assert of_a_run - reached == {S.AWAITING_OTP, S.ACCOUNT_NOT_VISIBLE, S.STORE_DOWN}


def test_every_fault_of_the_portal_is_in_the_table() -> None:
    kinds = (Accounts, Documents, Feeds, Outages, WayIn)
    faults = {name for kind in kinds for name in vars(kind())}
    used = {flag.partition("=")[0].replace("-", "_") for row in ROWS for flag in row.faults.split()}
    assert faults - used == {"captcha_after", "reissued_bill"}
