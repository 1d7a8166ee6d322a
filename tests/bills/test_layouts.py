"""Layouts of bills are data of a profile, and one that is not sound says in a sentence why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from made import MARKS, document, typed

from harvester.cli import main
from harvester.errors import Misconfigured, State
from harvester.model import Component
from harvester.platforms import fit
from harvester.profile import load, names, shipped

PROFILE = """
platform = "oscp"
name = "Test Electric"
time_zone = "America/Chicago"
base = "/oscp"
origins = ["https://portal.example"]
bills = ["mine"]
"""
LAYOUT = r"""
version = 3
recognize = ['^Test Electric$', 'Amount {money}']
[facts]
total = { labels = ["Amount"] }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a home's own folder of profiles, with a profile and its layout."""
    own = tmp_path / "profiles"
    (own / "bills").mkdir(parents=True)
    (own / "mine.toml").write_text(PROFILE)
    (own / "bills" / "mine.toml").write_text(LAYOUT)
    return own


@pytest.mark.parametrize("name", names())
def test_a_shipped_profile_tries_its_layouts_and_then_the_rules_for_any_bill(name: str) -> None:
    assert [layout.id for layout in load(name).bills] == ["sample-coop", "generic"]


def test_the_rules_for_any_bill_name_no_utility_and_know_most_components() -> None:
    generic = load("caec").bills[-1]
    assert generic.recognize == ()
    known = {named.component for named in generic.components}
    assert known == set(Component) - {Component.OTHER}


def test_a_users_layout_is_read_and_names_its_version(folder: Path) -> None:
    profile = load("mine", (folder,))
    fit(profile)
    rows = document(typed(("Test Electric", "Amount $249.11", *MARKS)), profile=profile)
    assert rows.findings == []
    assert rows.statement is not None
    assert rows.statement.layout == "mine@3"
    assert f"{rows.statement.total}" == "249.11"


def test_a_layout_is_taken_only_where_all_its_marks_are(folder: Path) -> None:
    profile = load("mine", (folder,))
    for lines in (("Test Electric",), ("Amount $249.11",), ("Test Electrics", "Amount $249.11")):
        rows = document(typed((*lines, *MARKS)), profile=profile)
        assert rows.statement is not None
        assert rows.statement.layout == "generic@1"


def test_a_users_layout_comes_before_the_shipped_one(folder: Path) -> None:
    text = (shipped() / "bills" / "generic.toml").read_text(encoding="utf-8")
    repaired = text.replace('"Amount Due", "Total Due", "Total Amount', '"Sum", "Total Amount')
    assert repaired != text
    (folder / "bills" / "generic.toml").write_text(repaired)
    content = typed(("Sum $249.11", *MARKS))
    for folders, total in (((folder,), "249.11"), ((), "None")):
        rows = document(content, profile=load("caec", folders))
        assert rows.statement is not None
        assert f"{rows.statement.total}" == total


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (LAYOUT + "colour = 1\n", "facts.colour: "),
        ("colour = 1\n" + LAYOUT, "colour: is not a known key"),
        (LAYOUT.replace("version = 3", ""), "version: Field required"),
        (LAYOUT.replace("version = 3", "version = 0"), "version: "),
        (LAYOUT.replace("'^Test Electric$'", "'('"), "recognize.0: "),
        (LAYOUT.replace("'^Test Electric$'", "7"), "is no regular expression"),
        (LAYOUT.replace("total =", "sum ="), "unknown sum; known are after_due, billing_date"),
        (LAYOUT.replace('["Amount"]', "[]"), "facts.total.labels: "),
        (LAYOUT.replace('["Amount"]', '["Amount"], where = ["left"]'), "facts.total.where.0: "),
        (LAYOUT.replace("[facts]", "sentences = ['(?P<sum>1)']\n[facts]"), "unknown sum"),
        (LAYOUT + "[reads]\nneeds = ['kwh']\n[reads.columns]\npole = ['Pole']\nkwh = ['kWh']\n",
         "reads: Value error, unknown pole"),
        (LAYOUT + "[reads]\nneeds = ['kwh']\n[reads.columns]\nmeter = ['Meter']\n",
         "needs names no column: kwh"),
        (LAYOUT + "[charges]\nlines = ['(?P<label>.+)']\n", "the groups label and amount"),
        (LAYOUT + "[[components]]\nlabel = 'x'\ncomponent = 'fee'\n", "components.0.component: "),
        ("version = three", "mine.toml cannot be read: "),
    ],
)  # fmt: skip
def test_a_layout_that_does_not_fit_is_refused_in_one_sentence(
    folder: Path, changed: str, says: str
) -> None:
    (folder / "bills" / "mine.toml").write_text(changed)
    with pytest.raises(Misconfigured) as caught:
        load("mine", (folder,))
    said = str(caught.value)
    assert caught.value.state is State.INVALID_PROFILE
    assert says in said
    assert "mine" in said
    assert "\n" not in said
    assert said.endswith(".")


@pytest.mark.parametrize("bills", ["['nowhere']", "['../mine']", "'mine'", "[7]"])
def test_a_layout_that_is_not_there_is_refused(folder: Path, bills: str) -> None:
    (folder / "mine.toml").write_text(PROFILE.replace('["mine"]', bills))
    with pytest.raises(Misconfigured) as caught:
        load("mine", (folder,))
    assert caught.value.state is State.INVALID_PROFILE
    assert "\n" not in str(caught.value)


def test_a_check_of_profiles_checks_their_layouts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check = ["check", "mine", "--home", f"{folder.parent}"]
    assert main(check) == 0
    (folder / "bills" / "mine.toml").write_text(LAYOUT.replace("version = 3", "version = -1"))
    capsys.readouterr()
    assert main(check) == 11
    told = "".join(capsys.readouterr())
    assert re.search(r"Layout mine: version: .*correct the file\.", told)
