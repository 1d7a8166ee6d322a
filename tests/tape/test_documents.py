"""A document of any layout, drawn anew from its masked words, still says all that it did."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
import typst
from conftest import run_async
from reportlab.pdfgen.canvas import Canvas

from harvester.browser import open_browser
from harvester.errors import BadData
from harvester.extract import extract
from harvester.extract.rows import Setting
from harvester.model import Artifact, Bill, Kind, Statement
from harvester.profile import Profile, load
from harvester.scrub import Mask
from harvester.scrub.documents import NO_PDF, redraw
from harvester.scrub.facts import Fact
from harvester.scrub.placeholders import ACCOUNT, needles

BILLS = Path(__file__).parent.parent / "bills"
CAEC = load("caec")
SHOWN = {"pine-ridge": ("4471902003", "339.47"), "blue-heron": ("2208715001", "249.11")}


@pytest.fixture(scope="module")
def originals() -> dict[str, bytes]:
    """Return a bill that Chromium prints and one that Typst sets."""

    async def printed() -> bytes:
        async with open_browser() as browser:
            page = await browser.new_page()
            await page.set_content((BILLS / "pine-ridge.html").read_text(encoding="utf-8"))
            return await page.pdf(prefer_css_page_size=True)

    set_by_typst = bytes(typst.compile((BILLS / "blue-heron.typ").read_bytes()))
    return {"pine-ridge": run_async(printed()), "blue-heron": set_by_typst}


def read(content: bytes, number: str, owed: str, profile: Profile) -> Statement:
    """Return what a document says, without the places at which it says so."""
    bill = Bill(number, "Regular", date(2026, 6, 15), None, None, None, Decimal(owed))
    now = datetime(2026, 6, 16, tzinfo=UTC)
    artifact = Artifact(Kind.BILL_PDF, number, content, "", "application/pdf", now)
    said = extract(artifact, Setting(profile, bill=bill)).statement
    assert said is not None
    return replace(
        said,
        account="",
        reads=tuple(replace(one, page=0, x=0, y=0) for one in said.reads),
        lines=tuple(replace(one, page=0, x=0, y=0) for one in said.lines),
    )


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("layout", ["its own", "any"])
def test_it_reads_the_same_by_a_layout_of_its_own_and_by_the_rules_for_any(
    originals: dict[str, bytes], name: str, layout: str
) -> None:
    profile = load(name, (BILLS / "profiles",)) if layout == "its own" else CAEC
    number, owed = SHOWN[name]
    mask = Mask(needles([Fact(ACCOUNT, number)]), [])
    drawn = redraw(originals[name], mask.text)
    before = read(originals[name], number, owed, profile)
    after = read(drawn, mask.text(number), owed, profile)
    assert after == before
    assert (after.total, len(after.lines) >= 7) == (Decimal(owed), True)
    mask.refuse("the document", drawn)


def test_nothing_of_the_original_is_in_it_but_its_words(originals: dict[str, bytes]) -> None:
    drawn = redraw(originals["pine-ridge"], str.swapcase)
    assert drawn == redraw(originals["pine-ridge"], str.swapcase)
    with pypdfium2.PdfDocument(originals["pine-ridge"]) as one, pypdfium2.PdfDocument(drawn) as two:
        assert len(one) == len(two)
        assert [page.get_size() for page in one] == [page.get_size() for page in two]
        assert "Skia/PDF" in str(one.get_metadata_dict())
        assert "Skia" not in str(two.get_metadata_dict())
        words = [page.get_textpage().get_text_range().swapcase().split() for page in one]
        assert [page.get_textpage().get_text_range().split() for page in two] == words


def test_a_fact_in_a_stream_that_no_page_shows_is_found() -> None:
    out = BytesIO()
    canvas = Canvas(out, pageCompression=1)
    canvas.drawString(50, 700, "Nothing to see")
    canvas.beginForm("unseen")
    canvas.drawString(50, 700, "Zelda Quuxington")
    canvas.endForm()
    canvas.save()
    content = out.getvalue()
    assert b"Zelda" not in content
    mask = Mask(needles([Fact("name", "Zelda Quuxington")]), [])
    with pytest.raises(BadData, match=r"the document still holds .* \(name\)"):
        mask.refuse("the document", content)
    mask.refuse("the document", redraw(content, mask.text))


def test_what_does_not_open_as_a_document_becomes_as_little_of_one() -> None:
    assert redraw(b"%PDF-1.7\nZelda Quuxington", str) == NO_PDF
