"""Account facts, ledger rows and notes, from the JSON that the flows bring home."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from harvester import printed
from harvester.errors import BadData, State
from harvester.extract.rows import Rows, Setting
from harvester.model import Account, Artifact, Finding, Note, Payment

_SETTINGS = ("e_bill", "usage_alert", "daily_report")


def facts(artifact: Artifact, _: Setting) -> Rows:
    """Return the account and its settings; what the page does not show is None."""
    with _readable(artifact):
        told = json.loads(artifact.content)
        settings = {name: told[name] for name in _SETTINGS if told.get(name)}
        return Rows(
            account=Account(
                number=artifact.account,
                service_address=told.get("service_address"),
                rate=told.get("rate"),
                kind=told.get("kind"),
                settings=settings,
            )
        )


def ledger(artifact: Artifact, _: Setting) -> Rows:
    """Return the rows of the ledger; one that cannot be read is a finding.

    One that leaves the balance alone and has no amount, such as a notice, is of no money.
    """
    rows = Rows()
    with _readable(artifact):
        for item in json.loads(artifact.content)["ActLedger"]["LedgerItem"]["LedgerItems"]:
            day = printed.day(str(item["TransDate"]))
            moves = item.get("BalUpdate") != "N"
            if day and not moves and not str(item["Amount"]).strip():
                continue
            amount, balance = (printed.amount(str(item[n])) for n in ("Amount", "Balance"))
            if day is None or amount is None or balance is None:
                rows.findings.append(
                    Finding(
                        artifact.account,
                        "unreadable-row",
                        str(item["Id"]),
                        "A ledger row's date, amount or balance cannot be read.",
                    )
                )
                continue
            rows.payments.append(
                Payment(
                    account=artifact.account,
                    id=str(item["Id"]),
                    day=day,
                    kind=str(item["TransType"]),
                    description=str(item["TransDesc"]),
                    amount=amount,
                    balance=balance,
                    moves_balance=moves,
                )
            )
    return rows


def notes(artifact: Artifact, _: Setting) -> Rows:
    """Return the notes on the usage graph."""
    rows = Rows()
    with _readable(artifact):
        for note in json.loads(artifact.content):
            day = printed.day(note["date"] or "")
            if day:
                rows.notes.append(Note(artifact.account, day, note["text"]))
            else:
                rows.findings.append(
                    Finding(
                        artifact.account,
                        "unreadable-row",
                        "note",
                        "A note on the usage graph has no date that can be read.",
                    )
                )
    return rows


@contextmanager
def _readable(artifact: Artifact) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadData(
            State.UNREADABLE, f"What the portal gave as {artifact.kind} is not what it should be."
        ) from None
