"""Writes a profile's data as the TOML that a person goes on with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

WIDTH = 100
_TABLES = {"walk.accounts", "walk.bills", "walk.bills.cells", "walk.usage"}
"""What has a heading of its own, beside all that is at the top; the rest is written in a line."""


def toml(data: Mapping[str, Any]) -> str:
    """Return the document that says this; the values are what `tomllib` reads."""
    tables = {key: value for key, value in data.items() if isinstance(value, Mapping)}
    lines = [f"{key} = {_value(value)}" for key, value in data.items() if key not in tables]
    for key, value in tables.items():
        lines += _section(key, value)
    return "\n".join(lines) + "\n"


def _section(name: str, table: Mapping[str, Any]) -> list[str]:
    below = [key for key in table if f"{name}.{key}" in _TABLES]
    plain = [f"{_key(k)} = {_value(v)}" for k, v in table.items() if k not in below]
    lines = ["", f"[{name}]", *plain]
    for key in below:
        lines += _section(f"{name}.{key}", table[key])
    return lines


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        line = "[" + ", ".join(map(_value, value)) + "]"
        within = "".join(f"  {_value(one)},\n" for one in value)
        return line if len(line) < WIDTH else f"[\n{within}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    if re.search(r"[\\\"]", text) and re.fullmatch(r"[^'\x00-\x1f\x7f]*", text):
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
