"""What a table of the command line prints is what is in it."""

from __future__ import annotations

import pytest

from harvester.cli.common import table, tell


def test_brackets_and_colons_of_a_selector_are_printed_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = table("name", "way")
    shown.add_row("bill_table", 'table[id$="bills"] [bold] a:not(.x) :smile: [/]')
    tell(shown)
    assert 'table[id$="bills"] [bold] a:not(.x) :smile: [/]' in capsys.readouterr().out
