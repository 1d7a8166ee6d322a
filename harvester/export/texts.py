"""Writes a text file in UTF-8 with the line ends that it is given, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from harvester.export.files import whole_file


@contextmanager
def text_file(file: Path) -> Iterator[TextIO]:
    """Give a text file to write to; raises Misconfigured as `whole_file` does."""
    with whole_file(file) as raw:
        target = TextIOWrapper(raw, encoding="utf-8", newline="")
        try:
            yield target
        finally:
            target.detach()
