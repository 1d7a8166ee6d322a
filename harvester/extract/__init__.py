"""Turns archived bytes into rows: pure, repeatable, and without a browser."""

from __future__ import annotations

from collections.abc import Callable

from harvester.extract import account, bills, graph, greenbutton, usage
from harvester.extract.rows import Rows, Setting
from harvester.model import Artifact, Kind

_EXTRACTORS: dict[Kind, Callable[[Artifact, Setting], Rows]] = {
    Kind.ACCOUNT: account.facts,
    Kind.LEDGER: account.ledger,
    Kind.NOTES: account.notes,
    Kind.BILL_LIST: bills.listed,
    Kind.BILL_PDF: bills.document,
    Kind.DAILY: usage.daily,
    Kind.INTERVAL: usage.interval,
    Kind.GREEN_BUTTON: greenbutton.hours,
    Kind.GRAPH: graph.hours,
}


def extract(artifact: Artifact, setting: Setting) -> Rows:
    """Return the rows of any artifact; BadData(UNREADABLE) where it is not what its kind says."""
    return _EXTRACTORS[artifact.kind](artifact, setting)
