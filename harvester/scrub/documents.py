"""A PDF drawn anew from its words alone, each at its place, after they went through a mask."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO

import pypdfium2  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas

from harvester.extract.document import words

NO_PDF = b"%PDF-1.4\n"
"""In place of what calls itself a PDF but does not open: it is as little of one."""

_FONT = "Helvetica"
_HEIGHT, _BELOW = 1.169, 0.224
"""Height of a character's loose box, and how far it reaches below the baseline, in font sizes."""
_LEAST = 1.0
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_STRING = re.compile(rb"\(((?:\\.|[^\\()])*)\)", re.DOTALL)
_WORD = re.compile(r"[^\s\0]+")


def redraw(content: bytes, mask: Callable[[str], str]) -> bytes:
    """Return a PDF with the same words, masked, at the same places; no image, no metadata.

    `mask` keeps the length of a page's text. The same content always gives the same bytes.
    """
    out = BytesIO()
    canvas = Canvas(out, invariant=1, pageCompression=1)
    try:
        sizes = _sizes(content)
        with words.opened(content) as pages:
            for page, (width, height) in zip(pages, sizes, strict=True):
                canvas.setPageSize((width, height))
                _draw(canvas, page, height, mask(page.text))
                canvas.showPage()
    except pypdfium2.PdfiumError:
        return NO_PDF
    canvas.save()
    return out.getvalue()


def texts(content: bytes) -> Iterator[str]:
    """Yield what a PDF says to a reader: its pages and its metadata."""
    with pypdfium2.PdfDocument(content) as document:
        yield from (page.get_textpage().get_text_range() for page in document)
        yield " ".join(document.get_metadata_dict().values())


def strings(content: bytes) -> Iterator[str]:
    """Yield the strings that a PDF's unpacked streams hold, whether a page shows them or not."""
    for stream in _STREAM.findall(content):
        packed = stream
        with suppress(ValueError):
            packed = base64.a85decode(b"<~" + stream.strip(), adobe=True)
        with suppress(zlib.error):
            packed = zlib.decompressobj().decompress(packed)
        yield "\n".join(one.decode("latin-1") for one in _STRING.findall(packed))


def _sizes(content: bytes) -> list[tuple[float, float]]:
    with pypdfium2.PdfDocument(content) as document:
        return [page.get_size() for page in document]


def _draw(canvas: Canvas, page: words.Page, height: float, masked: str) -> None:
    for word in _WORD.finditer(page.text):
        box = page.box(word.start(), word.end() - 1)
        said = masked[word.start() : word.end()].encode("cp1252", "replace").decode("cp1252")
        size = (box.bottom - box.top) / _HEIGHT
        width = canvas.stringWidth(said, _FONT, size)
        if size < _LEAST or not width or box.right <= box.left:
            continue
        text = canvas.beginText(box.left, height - box.bottom + _BELOW * size)
        text.setFont(_FONT, size)
        text.setHorizScale(100 * (box.right - box.left) / width)
        text.textOut(said)
        canvas.drawText(text)
