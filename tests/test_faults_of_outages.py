"""However a portal fails, a run ends as the table says and the next one makes it good."""

from __future__ import annotations

from pathlib import Path

import pytest
from faulted import OUTAGES, Row, ends_as_told, row_name


@pytest.mark.parametrize("row", OUTAGES, ids=row_name)
def test_an_outage_ends_as_the_table_says_and_the_next_run_makes_it_good(
    tmp_path: Path, row: Row, capfd: pytest.CaptureFixture[str]
) -> None:
    ends_as_told(tmp_path, row, capfd)
