"""Every way in which sound portals of this product differ from each other, with its sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeVar

T = TypeVar("T")


def switch(default: T, says: str) -> T:
    """Declare a switch: what it is unless somebody sets it, and one sentence on what it does."""
    return field(default=default, metadata={"says": says})


@dataclass(frozen=True)
class Variants:
    """A name in `--fault` has hyphens for the underscores here."""

    pdf: Literal["attachment", "inline", "blob", "postback"] = switch(
        "attachment",
        "How a bill comes: a download, a tab, a blob: tab or the answer to a form post.",
    )
    range_days: int = switch(31, "The widest range of days that a feed answers in full.")
    over_range: Literal["truncate", "error", "empty"] = switch(
        "truncate", "What a wider range gives: its first days, an error object or nothing."
    )
    member: Literal["any", "padded", "plain"] = switch(
        "any", "Whether keymbr has to have a zero before its seven digits, must not, or may."
    )
    end: Literal["any", "next-day", "same-day"] = switch(
        "any",
        "Whether EndDate of an interval request is the day after the last one or the last one; "
        "any is next-day, but for a day asked for by its own date alone.",
    )
    hour_label: Literal["beginning", "ending"] = switch(
        "beginning", "Whether an hour is labelled by when it begins or when it ends."
    )
    dst: Literal["true", "always-24", "repeat"] = switch(
        "true",
        "How a day of 23 or 25 hours is told: as it was, in 24 rows, or with a label repeated.",
    )
    interval: Literal["60", "30", "split"] = switch(
        "60",
        "With 30, half-hours are to be had for the last 60 days besides the hours; with split, "
        "instead of them, and the rows of the other step are all NaN.",
    )
    graph_data: Literal["feed", "page"] = switch(
        "feed",
        "Whether the usage page asks feeds for what its graph draws, or is served with the hours "
        "of one day in it, and the feeds are not there.",
    )
    net: bool = switch(
        default=False,
        says="A meter behind panels has one register, of delivered less received energy, so that "
        "hours, days and bills can be negative.",
    )
    session_seconds: int = switch(300, "A session ends after as many seconds without a request.")
    notice: Literal["on", "off"] = switch(
        "on", "Whether a notice covers the first billing page that a session sees of an account."
    )
    ids: Literal["short", "long"] = switch(
        "short", "Whether the sign-in fields are called txtUsername or dnn_..._txtUsername."
    )
    view_state: Literal["checked", "any"] = switch(
        "checked",
        "Whether a view state of another portal is refused, as a client sends that reads no form.",
    )
