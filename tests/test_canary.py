"""Words that must be nowhere are found wherever they are planted, and a harvest plants none."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from canary import find
from reportlab.pdfgen.canvas import Canvas

PASSWORD, PHONE = "päss/w0rd+<&>", "(334) 555-0142"
NEEDLES = {"the password": PASSWORD, "the phone number": PHONE}


def sqlite_file(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA page_size = 512")
        db.execute("CREATE TABLE note (text)")
        db.execute("INSERT INTO note VALUES (?)", ["x" * 400 + PASSWORD + "x" * 9000])
    db.close()


def pdf_file(path: Path) -> None:
    canvas = Canvas(str(path), pageCompression=1)
    canvas.drawString(100, 100, f"Call {PHONE} now")
    canvas.save()


def gzip_of_zip(path: Path) -> None:
    with zipfile.ZipFile(path.with_name("z"), "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("inner.txt", f"so {PASSWORD} it is")
    path.write_bytes(gzip.compress(path.with_name("z").read_bytes()))
    path.with_name("z").unlink()


def text(made: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(f"some {made} more", encoding="utf-8") and None


PLANTED = {
    "plainly": text(PASSWORD),
    "in a URL": text(f"https://x.example/?p={quote(PASSWORD)}"),
    "in a form": text(f"p={quote(PASSWORD, safe='').lower()}"),
    "in JSON": text(json.dumps(PASSWORD)),
    "in HTML": text("p&#228;ss/w0rd+&lt;&amp;&gt;".replace("&#228;", "ä")),
    "in hex": text(PASSWORD.encode().hex().upper()),
    "in UTF-16": lambda path: path.write_bytes(PASSWORD.encode("utf-16")) and None,
    "as digits": text("call 3345550142 now"),
    "with dashes": text("334-555-0142"),
    **{
        f"in base64 behind {n}": text(
            base64.b64encode(b"y" * n + PASSWORD.encode() + b"z").decode()
        )
        for n in range(3)
    },
    "in a database": sqlite_file,
    "in a PDF": pdf_file,
    "in gzip of zip": gzip_of_zip,
}


@pytest.mark.parametrize("plant", PLANTED.values(), ids=list(PLANTED))
def test_a_planted_word_is_found_and_its_place_named_but_not_itself(
    plant: Callable[[Path], None], tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    plant(tmp_path / "sub" / "file")
    found = find(tmp_path, {}, NEEDLES)
    assert found
    assert all("sub/file" in line for line in found)
    assert not [line for line in found if PASSWORD in line or PHONE in line]


def test_words_are_found_in_names_and_in_what_was_said(tmp_path: Path) -> None:
    (tmp_path / "3345550142.pdf").write_bytes(b"")
    assert find(tmp_path, {"stderr": f"wrong: {PASSWORD}"}, NEEDLES) == [
        "the password stands plainly in stderr",
        "the phone number stands with other punctuation in the name 3345550142.pdf",
    ]


def test_other_numbers_and_other_words_are_no_finding(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("93345550142 334-556-0142 passw0rd", encoding="utf-8")
    assert find(tmp_path, {}, NEEDLES) == []
