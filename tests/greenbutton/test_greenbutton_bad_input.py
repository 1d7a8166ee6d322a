"""What is no Green Button file is refused in one sentence, in memory that does not grow."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pytest
from exported import ATOM, ESPI, NEW, SCHEMAS, needs_schemas, usage

from harvester import cli
from harvester.errors import BadData, State
from harvester.greenbutton.validate import validate, validate_file

HEAD = f'<feed xmlns="{ATOM}"><id>a</id><title>b</title><updated>2026-01-01T00:00:00Z</updated>'
MEGABYTE = 1 << 20
GIGABYTE = 1024
"""In megabytes."""
MOST_MEMORY = 120
"""Megabytes of the whole program, whose own code takes half of it."""


def day(number: int) -> bytes:
    """Return an entry of a day, as long as those of a real file."""
    hours = "".join(
        f"<e:IntervalReading><e:timePeriod><e:duration>3600</e:duration>"
        f"<e:start>{86_400 * number + 3600 * hour}</e:start></e:timePeriod>"
        f"<e:value>500</e:value></e:IntervalReading>" for hour in range(24)
    )  # fmt: skip
    return (
        f'<entry><id>{number}</id><content><e:IntervalBlock xmlns:e="{ESPI}">{hours}'
        "</e:IntervalBlock></content></entry>"
    ).encode()


def filled(unit: bytes) -> bytes:
    return unit * (MEGABYTE // len(unit))


HUGE: dict[str, tuple[str, bytes]] = {
    "a text": (HEAD + "<rights>", filled(b"x")),
    "a tag": (HEAD + '<link href="', filled(b"x")),
    "a comment": (HEAD + "<!--", filled(b"x")),
    "blanks": (HEAD, filled(b" ")),
    "elements within elements": (HEAD, filled(b"<x>")),
    "elements beside elements": (HEAD, filled(b"<x/>")),
    "elements of an entry": (HEAD + "<entry>", filled(b"<x/>")),
    "readings of a block": (
        HEAD + f'<entry><content><IntervalBlock xmlns="{ESPI}">',
        filled(b"<IntervalReading><value>1</value></IntervalReading>"),
    ),
    "parts of a reading": (
        HEAD + f'<entry><content><IntervalBlock xmlns="{ESPI}"><IntervalReading>',
        filled(b"<value>1</value>"),
    ),
    "entries": (HEAD, filled(b"<entry/>")),
}
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><feed>&b;</feed>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><feed>&a;</feed>'
FOREIGN = {
    "nothing": ("", "is empty"),
    "no XML": ("hello", "is no well-formed XML"),
    "half a file": (HEAD, "is no well-formed XML"),
    "tags that cross": ("<feed><a></feed></a>", "is no well-formed XML"),
    "entities that expand": (LAUGHS, "declares a document type"),
    "an entity from outside": (OUTSIDE, "declares a document type"),
    "an entity that nobody declares": ("<feed>&a;</feed>", "is no well-formed XML"),
    "a page": ("<html><body/></html>", "neither a feed nor an entry"),
    "news": (HEAD + "<entry><content>news</content></entry></feed>", "without any Green Button"),
    "a damaged ZIP file": ("PK\x03\x04 and no more", "damaged or encrypted ZIP file"),
}


@pytest.mark.parametrize(("text", "why"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_green_button_file_is_refused_in_one_sentence(text: str, why: str) -> None:
    with pytest.raises(BadData, match=why) as told:
        validate(io.BytesIO(text.encode()))
    assert told.value.state is State.INVALID_FILE
    assert "\n" not in str(told.value)


def test_a_zip_file_that_unpacks_to_more_than_it_may_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as pack:
        for number in range(3):
            with pack.open(f"{number}.xml", "w") as out:
                for piece in repeat(filled(b" "), 90):
                    out.write(piece)
    packed.seek(0)
    with pytest.raises(BadData, match="unpacks to more than 256 MB"):
        validate(packed)


def memory_of(command: list[str], pipe: Path, head: str, more: bytes, limit: int = 0) -> int:
    """Validate what pours out of a pipe, hold that it is refused, and return the most memory.

    With a limit in megabytes, that is what a file may have.
    """
    os.mkfifo(pipe)
    writer = threading.Thread(target=pour, args=(pipe, head.encode(), repeat(more, GIGABYTE)))
    writer.start()
    script = (
        "import json, re, sys\nfrom pathlib import Path\nfrom harvester import cli\n"
        "from harvester.greenbutton import reader\n"
        f"reader.MOST_BYTES = ({limit} << 20) or reader.MOST_BYTES\n"
        "code = cli.main(sys.argv[1:])\n"
        # Not `ru_maxrss`: that begins with the peak of the process that started this one.
        "most = re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]\n"
        "print(json.dumps([code, int(most) // 1024]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, "validate", str(pipe), "--json", *command],
        check=True,
        capture_output=True,
        text=True,
    )
    writer.join()
    answer, (code, memory) = map(json.loads, told.stdout.splitlines())
    assert (code, answer["state"]) == (52, "INVALID_FILE")
    return int(memory)


@pytest.mark.parametrize(("head", "more"), HUGE.values(), ids=HUGE)
def test_a_gigabyte_is_refused_in_constant_memory(head: str, more: bytes, tmp_path: Path) -> None:
    assert memory_of([], tmp_path / "huge.xml", head, more) < MOST_MEMORY


@needs_schemas
def test_readings_without_end_are_refused_beside_the_schemas_too(tmp_path: Path) -> None:
    told = memory_of(
        ["--schemas", str(SCHEMAS)], tmp_path / "huge.xml", *HUGE["readings of a block"]
    )
    assert told < MOST_MEMORY


@needs_schemas
def test_twice_as_many_days_need_no_more_memory_to_check(tmp_path: Path) -> None:
    days = b"".join(map(day, range(MEGABYTE // len(day(0)))))
    command = ["--schemas", str(SCHEMAS)]
    few, many = (
        memory_of(command, tmp_path / f"{limit}.xml", HEAD, days, limit) for limit in (4, 8)
    )
    assert many < few + 8


def test_a_file_of_a_gigabyte_is_not_even_begun(tmp_path: Path) -> None:
    with (tmp_path / "huge.xml").open("wb") as out:
        out.truncate(GIGABYTE * MEGABYTE)
    with pytest.raises(BadData, match="larger than 256 MB"):
        validate_file(tmp_path / "huge.xml")


def pour(pipe: Path, head: bytes, pieces: Iterator[bytes]) -> None:
    """Write to a pipe until nobody reads it any more."""
    try:
        with pipe.open("wb") as out:
            out.write(head)
            for piece in pieces:
                out.write(piece)
    except BrokenPipeError:
        return


def test_the_command_says_that_a_clean_file_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", str(usage(NEW)), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clean"] is True


def test_the_command_names_what_is_wrong_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.xml"
    text = usage(NEW).read_text(encoding="utf-8")
    wrong.write_text(text.replace(">360E2000<", ">F60E2000<"), encoding="utf-8")
    assert cli.main(["validate", str(wrong)]) == 52
    assert (
        "a rule of when clocks are moved is malformed (dst-rule), once" in capsys.readouterr().out
    )


def test_a_file_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["validate", str(tmp_path / "none.xml")]) == 52
    assert "cannot be read" in capsys.readouterr().err
