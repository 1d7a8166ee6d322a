"""A profile that tells how its portal is walked is refused where it does not say enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvester.errors import Misconfigured
from harvester.platforms import fit
from harvester.profile import load, shipped

TEXT = (shipped() / "examples" / "example-forms.toml").read_text(encoding="utf-8")


def refusal(folder: Path, old: str, new: str) -> str:
    """Return how the example is refused once this is that."""
    assert TEXT.count(old) >= 1
    (folder / "mine.toml").write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        fit(load("mine", (folder,)))
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('rows = [{ css = "#found tr.bill" }]', "", "locators lacks rows"),
        ("[labels]", "spare = [{ css = 'x' }]\n[labels]", "outcomes: Value error, spare is none"),
        ("[locators]\n", "[locators]\nspare = [{ css = 'x' }]\n", "locators has the unknown spare"),
        ('bills = "/bills"', "", "routes lacks bills"),
        ('number = ["Member account"]', "", "labels lacks number"),
        ('{ click = "go_in" }', '{ click = "go_in", fill = "x" }', "a step is one of"),
        ('{ fill = "member", with = "user" }', '{ fill = "member" }', "a step is one of"),
        ('{ fill = "member", with = "user" }', '{ fill = "member", with = "x" }', "with"),
        ('by = "choices"', 'by = "magic"', "walk.bills.more"),
        ('amount = { header = ["To pay"] }', "", "cells lacks amount"),
        ('header = ["Issued"]', 'header = ["Issued"], css = "b"', "either by header or by css"),
        ('header = ["Issued"]', 'header = ["Issued"], take = "x"', "exactly one group"),
        ('open = [{ open = "home" }]', 'open = [{ click = "go_in" }]', "begins with a route"),
        ('empty = "no_hours"', 'empty = "no_hours"\nif = "x"', "walk.usage.if: is not a known key"),
    ],
    ids=lambda text: text[:30],
)
def test_what_does_not_fit_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert words in refusal(tmp_path, old, new)


def test_a_walk_of_bills_is_nothing_for_a_vendors_platform(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'platform = "oscp"\nname = "X"\ntime_zone = "America/Chicago"\nbase = "/oscp"\n'
        'origins = ["https://portal.example"]\n[walk]\nsign_in = [{ click = "sign_in" }]\n'
    )
    with pytest.raises(Misconfigured) as caught:
        fit(load("mine", (tmp_path,)))
    assert "walk has the unknown sign_in" in str(caught.value)
