"""Every way in which the portals differ or fail, as switches of `--fault NAME[=VALUE]`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

MFA_CODE = "246810"
"""The one code that is right where `mfa` is switched on."""


@dataclass(frozen=True)
class Switches:
    """A count of 0 is never; a name in `--fault` has hyphens for the underscores here."""

    pdf: Literal["attachment", "inline", "blob", "postback"] = "attachment"
    """How a bill comes: a download, a tab, a blob: tab or the answer to a form post."""
    range_days: int = 31
    """The widest range that a feed answers in full."""
    over_range: Literal["truncate", "error", "empty"] = "truncate"
    """What a wider range gives: its first `range_days`, an error object or nothing."""
    member: Literal["any", "padded", "plain"] = "any"
    """Whether `keymbr` has to have a zero before its seven digits; `any` takes both."""
    end: Literal["any", "next-day", "same-day"] = "any"
    """Whether EndDate of an interval request is the day after the last one or the last one.

    `any` is next-day, but for a day asked for by its own date alone.
    """
    hour_label: Literal["beginning", "ending"] = "beginning"
    dst: Literal["true", "always-24", "repeat"] = "true"
    """How days of 23 and 25 hours are told; see `feeds.interval_rows`."""
    interval: Literal["60", "30", "split"] = "60"
    """With 30, half-hours are to be had for the last 60 days besides the hours.

    With split they are there instead of the hours: the rows of the other step are all "NaN".
    """
    session_seconds: int = 300
    """A session ends after as much time without a request."""
    notice: Literal["on", "off"] = "on"
    """Whether a notice covers the first billing page that a session sees of an account."""
    ids: Literal["short", "long"] = "short"
    """Whether the sign-in fields are called txtUsername or dnn_..._txtUsername."""
    view_state: Literal["checked", "any"] = "checked"
    """`any` takes a view state of another portal, as a client has it that never asks for a form."""
    captcha: bool = False
    mfa: bool = False
    password_expired: bool = False
    terms: bool = False
    lock_after: int = 5
    """Wrong passwords that lock a user for good."""
    maintenance: bool = False
    error_500: int = 0
    """Every so manieth signed-in page or feed request answers HTTP 500."""
    slow: int = 0
    """Milliseconds that every answer takes longer."""
    html_pdf: int = 0
    """Which PDF request, counted from 1, answers HTML."""
    truncated_pdf: int = 0
    """Which PDF request answers half a file."""
    wrong_pdf: int = 0
    """Which PDF request answers another account's bill."""
    zero_bills: bool = False
    redesign: Literal["off", "all", "sign-in", "tables"] = "off"
    """Which ids and labels are no longer what they were; a bare name is all."""
    expire_after: int = 0
    """How many signed-in requests a session lasts."""
    foreign_redirect: bool = False
    """Whether a sign-in leads to a host of somebody else."""

    @classmethod
    def parse(cls, faults: Iterable[str]) -> Switches:
        """Return the switches of NAME[=VALUE] texts; ValueError says what is wrong with one."""
        types = get_type_hints(cls)
        known = {field.name.replace("_", "-"): types[field.name] for field in fields(cls)}
        values: dict[str, Any] = {}
        for fault in faults:
            name, _, value = fault.partition("=")
            if name not in known:
                message = f"There is no fault {name!r}; the known ones are {', '.join(known)}."
                raise ValueError(message)
            values[name.replace("-", "_")] = _value(name, value, known[name])
        return cls(**values)


def _value(name: str, value: str, kind: object) -> bool | int | str:
    if kind is bool and value in {"", "on", "off"}:
        return value != "off"
    if kind is int and value.isascii() and value.isdecimal():
        return int(value)
    allowed = get_args(kind)
    if not value and "off" in allowed:
        return str(next(choice for choice in allowed if choice != "off"))
    if value in allowed:
        return value
    wanted = "a whole number" if kind is int else " or ".join(allowed or ("on", "off"))
    message = f"The fault {name} takes {wanted}, not {value!r}."
    raise ValueError(message)
