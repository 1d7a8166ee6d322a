"""Rows and boxes are those of the page, whoever made it and whatever characters it has."""

from __future__ import annotations

import io

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
import typst
from made import typed
from playwright.sync_api import Browser
from reportlab.pdfgen.canvas import Canvas

from harvester.extract.document.words import Row, opened

HARD = "Office afﬁx naïve Łódź “quotes” \U0001d7cf\U0001d7d0 😀 €5 soft\u00adhyphen Ends"
"""Ligatures, accents, marks, characters of two UTF-16 units, and a hyphen that may not show."""


@pytest.fixture(scope="module")
def made(browser: Browser) -> dict[str, bytes]:
    """Return the hard line between two columns, by producer."""
    page = browser.new_page()
    page.set_content(
        f"<p>{HARD}</p><div style='display:flex; gap:90px'><div>left one<br>left two</div>"
        "<div>right one<br>right two</div></div>"
    )
    printed = page.pdf(width="210mm")
    page.close()
    columns = "[left one \\ left two], [right one \\ right two]"
    source = f"{HARD}\n#grid(columns: 2, gutter: 90pt, {columns})"
    plain = [(50, "left one"), (200, "right one")], [(50, "left two"), (200, "right two")]
    return {
        "Chromium": printed,
        "Typst": bytes(typst.compile(source.encode())),
        "reportlab": typed(("Office na\xefve \u201cquotes\u201d \u20ac5 Ends", *plain)),
        "dropped": dropped(),
    }


def dropped() -> bytes:
    """Return a PDF with characters that PDFium keeps in its list and leaves out of the text."""
    out = io.BytesIO()
    canvas = Canvas(out, pageCompression=0, invariant=True)
    canvas.drawString(50, 700, "Of?ice na?ve Ends")
    for number, side in enumerate(("one", "two")):
        canvas.drawString(50, 680 - 16 * number, f"left {side}")
        canvas.drawString(200, 680 - 16 * number, f"right {side}")
    canvas.save()
    return out.getvalue().replace(b"Of?ice na?ve", b"Of\\002ice na\\003ve")


PRODUCERS = ["Chromium", "Typst", "reportlab", "dropped"]


@pytest.mark.parametrize("producer", PRODUCERS)
def test_the_box_of_every_word_is_that_of_its_own_characters(
    made: dict[str, bytes], producer: str
) -> None:
    with opened(made[producer]) as pages, pypdfium2.PdfDocument(made[producer]) as pdf:
        read, (_, _, _, top) = pdf[0].get_textpage(), pdf[0].get_bbox()
        seen = spelled(read)
        assert len(pages[0].rows) >= 3
        for row in pages[0].rows:
            for word in row.words:
                box = row.box(word.start(), word.end())
                at = next(
                    n
                    for n, (_, left, high) in enumerate(seen)
                    if abs(left - box.left) < 0.01 and abs(top - high - box.top) < 0.01
                )
                text = "".join(char for char, _, _ in seen[at : at + len(word[0])])
                assert text == word[0]
                last = seen[at + len(word[0]) - 1][1]
                assert last <= box.right


def spelled(read: pypdfium2.PdfTextPage) -> list[tuple[str, float, float]]:
    """Return every character with a box and no blank, as PDFium itself lists it, and its place."""
    found = []
    for index in range(read.count_chars()):
        code = pdfium.FPDFText_GetUnicode(read, index)
        char = "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
        if not char.isspace() and (code >= 0x20 or code == 2):
            left, _, _, high = read.get_charbox(index, loose=True)
            found.append((char, left, high))
    dropping = [n for n, (char, _, _) in enumerate(found) if char == "\x02"]
    return [each for n, each in enumerate(found) if n not in dropping]


@pytest.mark.parametrize("producer", PRODUCERS)
def test_rows_run_across_columns_that_were_drawn_one_after_the_other(
    made: dict[str, bytes], producer: str
) -> None:
    with opened(made[producer]) as pages:
        rows = pages[0].rows
        assert [row.text for row in rows[-2:]] == ["left one right one", "left two right two"]
        assert [[cell.text for cell in row.cells] for row in rows[-2:]] == [
            ["left one", "right one"],
            ["left two", "right two"],
        ]
        assert rows[0].text.startswith("Of")
        assert rows[0].text.endswith("Ends")
        assert len(rows[0].cells) == 1


def test_characters_that_are_left_out_of_the_text_move_no_box(made: dict[str, bytes]) -> None:
    with opened(made["dropped"]) as pages, pypdfium2.PdfDocument(made["dropped"]) as pdf:
        assert len(pages[0].text) == pdf[0].get_textpage().count_chars() - 2
        row = pages[0].rows[1]
        assert [round(cell.left) for cell in row.cells] == [50, 200]


def test_places_are_points_from_the_upper_left_corner_of_what_is_shown() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792), cropBox=(20, 30, 600, 780))
    canvas.setFont("Helvetica", 10)
    canvas.drawString(50, 700, "Here")
    canvas.save()
    with opened(out.getvalue()) as pages:
        box = pages[0].rows[0].box(0, 4)
    assert round(box.left) == 50 - 20
    assert 780 - 700 - 10 < box.top < 780 - 700 - 7
    assert 780 - 700 < box.bottom < 780 - 700 + 3


@pytest.mark.parametrize("font", ["Helvetica", "Times-Roman", "Courier", "Helvetica-Bold"])
@pytest.mark.parametrize("size", [6.5, 10, 17])
def test_a_blank_joins_and_a_column_parts(font: str, size: float) -> None:
    wide = f"ill fill WWW. MMM {1250:,} kWh"
    places = [(50, wide), (-580, "$1,234.56")]
    with opened(typed([places], font=font, size=size)) as pages:
        (row,) = pages[0].rows
        assert isinstance(row, Row)
        assert [cell.text for cell in row.cells] == [wide, "$1,234.56"]


def test_a_sign_that_stands_apart_belongs_to_its_amount() -> None:
    with opened(typed([[(50, "Total"), (300, "$"), (-400, "12.50")]])) as pages:
        assert [cell.text for cell in pages[0].rows[0].cells] == ["Total", "$ 12.50"]
