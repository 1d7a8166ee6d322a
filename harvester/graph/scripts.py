"""Runs a script in each frame of a page and reads its answer, which is one JSON string."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Error, Page

PLACES = 9
"""Decimal places beyond which a value only shows how binary numbers are added."""


@cache
def source(name: str) -> str:
    """Return a script of this room by its name."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


async def everywhere(page: Page, name: str, argument: object = None) -> list[Any]:
    """Run a script in each frame and return what the frames answered, in their order.

    A large array leaves the page as one JSON string: the browser's own copying of values takes
    twenty times as long. A frame that is leaving answers nothing.
    """
    script = f"async argument => {{ {source('deep.js')}\n{source(name)} }}"
    answers = []
    for frame in page.frames:
        try:
            answers.append(read_json(await frame.evaluate(script, argument)))
        except Error:
            if frame is page.main_frame:
                raise
    return answers


def read_json(text: str) -> Any:  # noqa: ANN401 - whatever the page holds
    """Read JSON with its decimals as they are printed; ValueError where it is none."""
    return json.loads(text, parse_float=Decimal)


def decimal(cell: object) -> Decimal | None:
    """Return a value as the chart was given it; None for a gap."""
    if cell is None or isinstance(cell, bool) or not isinstance(cell, int | str | Decimal):
        return None
    try:
        value = Decimal(cell)
    except ArithmeticError:
        return None
    if not value.is_finite():
        return None
    exponent = value.as_tuple().exponent
    return round(value, PLACES).normalize() if int(exponent) < -PLACES else value
