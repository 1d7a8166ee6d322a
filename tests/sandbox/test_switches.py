"""Every switch of the simulated portal has a name, a sentence and a test that shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harvester.sandbox.switches import MFA_CODE, MFA_SECRET, Switches, described

NAMES = [re.sub("=.*", "", usage) for usage, _ in described()]


def test_an_unknown_name_lists_every_switch_with_its_sentence_on_a_line_of_its_own() -> None:
    with pytest.raises(ValueError, match=r"^There is no fault 'flood'; .*:\n") as refused:
        Switches.parse(["flood"])
    _, *lines = str(refused.value).splitlines()
    assert len(lines) == len(NAMES)
    assert "  pdf=attachment|inline|blob|postback  How a bill comes: a download" in lines[0]
    assert "  locked  Every user is locked from the start." in lines
    for line in lines:
        assert re.fullmatch(r"  [a-z0-9-]+(=[A-Za-z0-9|-]+)?  [A-Z].*\.", line), line


def test_the_code_and_the_secret_are_said_where_they_are_wanted() -> None:
    says = dict(described())["mfa=off|message|app"]
    assert MFA_CODE in says
    assert MFA_SECRET in says


@pytest.mark.parametrize("name", NAMES)
def test_a_switch_is_shown_by_a_test(name: str) -> None:
    sources = [file.read_text() for file in Path(__file__).parent.glob("test_*.py")]
    used = re.compile(rf'"{name}(=[^"]*)?"')
    assert any(used.search(source) for source in sources)
