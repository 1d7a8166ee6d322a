"""Documents after the first are fetched by addresses that their rows tell, or are clicked."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_variants import harvested, profile

from harvester.ahead import addresses, words_of_rows
from harvester.errors import State

ROWS = """<table><tr><th>View</th></tr>
<tr class="r" data-row="k7"><td><a href="/b.aspx?id=A-1001&amp;y=26" title="2">PDF</a></td></tr>
<tr class="r" data-row="m9"><td><a href="/b.aspx?id=B-1002&amp;y=26" title="2">PDF</a></td></tr>
<tr class="r" data-row="n4"><td><i onclick="show('C-1003')" title="2"></i></td></tr>
</table>"""
BY_ID = {"june": 1, "may": 2}


def told(url: str, rows: dict[str, int]) -> dict[str, str]:
    words = words_of_rows(ROWS)
    return addresses(url, "june", {key: words[place] for key, place in rows.items()})


def test_the_address_of_a_row_has_the_word_that_is_its_own() -> None:
    assert told("https://p.example/get?doc=A-1001", BY_ID) == {
        "may": "https://p.example/get?doc=B-1002"
    }
    assert told("https://p.example/get?row=k7", {**BY_ID, "april": 3}) == {
        "may": "https://p.example/get?row=m9",
        "april": "https://p.example/get?row=n4",
    }


def test_a_word_that_all_rows_share_tells_no_address() -> None:
    assert told("https://p.example/row/26/2", BY_ID) == {}


def test_a_word_that_another_row_lacks_at_that_place_tells_no_address() -> None:
    assert told("https://p.example/get?doc=A-1001", {**BY_ID, "april": 3}) == {}


def test_an_address_that_has_the_word_twice_is_not_taken_apart() -> None:
    assert told("https://p.example/k7/get?row=k7", BY_ID) == {}


@pytest.mark.parametrize("way", ["attachment", "inline"])
def test_each_document_is_asked_for_once_and_its_page_too(tmp_path: Path, way: str) -> None:
    run = harvested(tmp_path, f"pdf={way}", found=profile("union-power"), user="sandbox-home")
    assert run.outcome.state is State.OK, run.outcome
    assert run.documents() == 24
    # A full Chromium shows the first one in a viewer, which makes it be asked for once more.
    assert run.counts.routes["pdf"] in ({24, 25} if way == "inline" else {24})
    assert run.counts.routes["history"] == 1


def test_what_did_not_come_by_its_address_is_clicked(tmp_path: Path) -> None:
    run = harvested(tmp_path, "html-pdf=2", found=profile("union-power"), user="sandbox-home")
    assert run.outcome.state is State.OK, run.outcome
    assert run.documents() == 24
    assert run.counts.routes["pdf"] == 25


def test_where_addresses_tell_nothing_apart_the_rest_is_clicked(tmp_path: Path) -> None:
    run = harvested(tmp_path, "repeated-pdf=2", found=profile("union-power"), user="sandbox-home")
    assert run.outcome.state is State.OK_PARTIAL
    assert run.documents() == 23
    assert run.counts.routes["history"] == 1
