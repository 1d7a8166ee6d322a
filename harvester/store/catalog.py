"""The one SQLite file of a home: what was fetched when, what it said, and what is still missing."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from harvester.errors import State
from harvester.model import Account, Artifact, Bill, Direction, Finding, Kind, Note, Payment
from harvester.store.database import MILLI, MONEY, amount, epoch, moment, whole
from harvester.store.runs import Runs
from harvester.store.usage import Usage

_DERIVED = (
    "coverage",
    "reading_revision",
    "reading",
    "day_total_revision",
    "day_total",
    "account_detail",
    "bill",
    "payment",
    "note",
    "finding",
)
"""Tables that `reprocess` fills again from the archive."""


class Filed(NamedTuple):
    """An artifact of the manifest; its bytes are in the archive under `sha`."""

    id: int
    sha: str
    artifact: Artifact
    """Without its content."""


class Holding(NamedTuple):
    """What a home has of one account."""

    id: int
    profile: str
    member: str
    account: Account
    bills: int
    """Bills that the portal listed."""
    pdfs: int
    """Those of them whose document is archived and is theirs."""
    hours: int
    """Delivered hours that have a value."""
    nulls: Mapping[State, int]
    """Delivered hours without a value, by reason."""
    first: date | None
    last: date | None
    """Local days of the first and the last hour."""
    silent: int
    """Days that the portal has no hours of."""
    revised: int
    """Hours that were told otherwise before."""


class Catalog(Usage, Runs):
    """The manifest of the archive, and everything that extraction gives besides usage."""

    def account_id(self, profile: str, member: str, number: str) -> int:
        """Return the id of an account at a utility, which may change its sign-in."""
        self._write(
            "INSERT INTO account (profile, member, number) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET member = excluded.member"
            " WHERE member <> excluded.member",
            [(profile, member, number)],
        )
        rows = self._rows(
            "SELECT id FROM account WHERE profile = ? AND number = ?", profile, number
        )
        return int(rows[0][0])

    def add_artifact(self, account: int, artifact: Artifact, sha: str, run: int) -> int:
        """Enter archived bytes into the manifest and return their id there.

        The same answer twice within a second is one artifact.
        """
        told = (
            account,
            run,
            artifact.kind,
            sha,
            artifact.url,
            artifact.media_type,
            epoch(artifact.retrieved_at),
            json.dumps(dict(artifact.about), sort_keys=True),
        )
        with self.transaction():
            self._write(
                "INSERT INTO artifact (account, run, kind, sha, url, media_type, retrieved_at,"
                " about) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [told],
            )
            rows = self._rows(
                "SELECT id FROM artifact WHERE (account, kind, sha, url, retrieved_at, about)"
                " = (?, ?, ?, ?, ?, ?)",
                *(account, artifact.kind, sha, artifact.url, told[6], told[7]),
            )
        return int(rows[0][0])

    def artifacts(self, account: int) -> list[Filed]:
        """Return the manifest of one account, in the order in which it came home."""
        return [
            Filed(
                number,
                sha,
                Artifact(Kind(kind), name, b"", url, media_type, moment(at), json.loads(about)),
            )
            for number, kind, name, sha, url, media_type, at, about in self._rows(
                "SELECT a.id, kind, number, sha, url, media_type, retrieved_at, about"
                " FROM artifact a JOIN account ON account.id = account"
                " WHERE account = ? ORDER BY retrieved_at, a.id",
                account,
            )
        ]

    def forget_derived(self, account: int) -> None:
        """Drop what extraction gave of one account; the manifest and the archive stay."""
        with self.transaction():
            for table in _DERIVED:
                self._write(f"DELETE FROM {table} WHERE account = ?", [(account,)])

    def upsert_account(self, account: int, told: Account, artifact: int) -> None:
        """Take an account's facts and settings."""
        self._write(
            "INSERT OR REPLACE INTO account_detail VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    account,
                    told.service_address,
                    told.rate,
                    told.kind,
                    json.dumps(dict(told.settings)),
                    artifact,
                )
            ],
        )

    def upsert_bills(self, account: int, bills: Iterable[Bill], artifact: int) -> None:
        """Take the listed bills; one that is no longer listed stays."""
        self._write(
            "INSERT INTO bill (account, billing_date, kind, amount, due_date, read_date, net_wh,"
            " first_artifact, artifact) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET due_date = excluded.due_date, read_date = excluded.read_date,"
            " net_wh = excluded.net_wh, artifact = excluded.artifact",
            [
                (
                    *_bill_key(account, b),
                    _text(b.due_date),
                    _text(b.read_date),
                    whole(b.net_kwh, MILLI),
                    artifact,
                    artifact,
                )
                for b in bills
            ],
        )

    def bill_pdf(self, account: int, bill: Bill, state: State, artifact: int | None) -> None:
        """Remember a bill's document, or why there is none."""
        self._write(
            "UPDATE bill SET pdf_state = ?, pdf = ?"
            " WHERE (account, billing_date, kind, amount) = (?, ?, ?, ?)",
            [(state, artifact, *_bill_key(account, bill))],
        )

    def bills(self, account: int) -> list[Bill]:
        """Return every bill that was ever listed, newest first."""
        return self._bills(account, "TRUE")

    def missing_pdfs(self, account: int) -> list[Bill]:
        """Return the bills of the newest list whose document is not archived, newest first."""
        return self._bills(
            account,
            "pdf_state IS NOT 'OK' AND artifact ="
            " (SELECT max(artifact) FROM bill b WHERE b.account = bill.account)",
        )

    def upsert_payments(self, account: int, payments: Iterable[Payment], artifact: int) -> None:
        """Take the ledger in its own order."""
        self._write(
            "INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET place = excluded.place, amount = excluded.amount, balance = excluded.balance,"
            " moves_balance = excluded.moves_balance, artifact = excluded.artifact",
            [
                (
                    account,
                    p.id,
                    place,
                    f"{p.day}",
                    p.kind,
                    p.description,
                    whole(p.amount, MONEY),
                    whole(p.balance, MONEY),
                    p.moves_balance,
                    artifact,
                    artifact,
                )
                for place, p in enumerate(payments)
            ],
        )

    def payments(self, account: int) -> list[Payment]:
        """Return the ledger in the portal's order."""
        return [
            Payment(
                number,
                name,
                date.fromisoformat(day),
                kind,
                description,
                amount(paid, MONEY, 2),
                amount(balance, MONEY, 2),
                bool(moves),
            )
            for number, name, day, kind, description, paid, balance, moves in self._rows(
                "SELECT number, payment.id, day, kind, description, amount, balance, moves_balance"
                " FROM payment JOIN account ON account.id = account WHERE account = ?"
                " ORDER BY place",
                account,
            )
        ]

    def upsert_notes(self, account: int, notes: Iterable[Note], artifact: int) -> None:
        """Take the notes on the usage graph; one that was deleted there stays here."""
        self._write(
            "INSERT INTO note VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET artifact = excluded.artifact",
            [(account, f"{n.day}", n.text, artifact, artifact) for n in notes],
        )

    def notes(self, account: int) -> list[Note]:
        """Return the notes by day."""
        rows = self._rows(
            "SELECT number, day, text FROM note JOIN account ON account.id = account"
            " WHERE account = ? ORDER BY day, text",
            account,
        )
        return [Note(number, date.fromisoformat(day), text) for number, day, text in rows]

    def replace_findings(
        self,
        account: int,
        findings: Iterable[Finding],
        artifact: int,
        subjects: Collection[str] | None,
    ) -> None:
        """Take an artifact's findings for all earlier ones of its kind about these subjects.

        None is every subject: an artifact that speaks of the whole account.
        """
        with self.transaction():
            old = self._rows(
                "SELECT rule, subject FROM finding f JOIN artifact a ON a.id = f.artifact"
                " WHERE f.account = ? AND a.kind = (SELECT kind FROM artifact WHERE id = ?)",
                account,
                artifact,
            )
            self._write(
                "DELETE FROM finding WHERE (account, rule, subject) = (?, ?, ?)",
                [
                    (account, rule, subject)
                    for rule, subject in old
                    if subjects is None or subject in subjects
                ],
            )
            self._write(
                "INSERT OR REPLACE INTO finding VALUES (?, ?, ?, ?, ?)",
                [(account, f.rule, f.subject, f.message, artifact) for f in findings],
            )

    def findings(self, account: int) -> list[Finding]:
        """Return what a person should know about the data, by rule and subject."""
        rows = self._rows(
            "SELECT number, rule, subject, message FROM finding"
            " JOIN account ON account.id = account WHERE account = ?"
            " ORDER BY rule, subject",
            account,
        )
        return [Finding(*row) for row in rows]

    def holdings(self) -> Iterator[Holding]:
        """Return what the home has, account by account."""
        for number, profile, member, name, address, rate, kind, settings in self._rows(
            "SELECT id, profile, member, number, service_address, rate, kind, settings FROM account"
            " LEFT JOIN account_detail ON account = id ORDER BY profile, member, number"
        ):
            account = Account(name, address, rate, kind, json.loads(settings or "{}"))
            yield self._holding(number, profile, member, account)

    def _holding(self, account: int, profile: str, member: str, told: Account) -> Holding:
        one = Direction.DELIVERED
        bills, pdfs = self._rows(
            "SELECT count(*), count(*) FILTER (WHERE pdf_state = 'OK') FROM bill WHERE account = ?",
            account,
        )[0]
        nulls = {
            State(reason): count
            for reason, count in self._rows(
                "SELECT reason, count(*) FROM reading WHERE account = ? AND direction = ?"
                " AND wh IS NULL GROUP BY reason",
                account,
                one,
            )
        }
        (all_hours,) = self._rows(
            "SELECT count(*) FROM reading WHERE account = ? AND direction = ?", account, one
        )[0]
        first, last = self._rows(
            "SELECT min(local_day), max(local_day) FROM reading WHERE account = ?", account
        )[0]
        (revised,) = self._rows(
            "SELECT count(*) FROM reading_revision WHERE account = ? AND direction = ?",
            account,
            one,
        )[0]
        return Holding(
            account,
            profile,
            member,
            told,
            bills,
            pdfs,
            all_hours - sum(nulls.values()),
            nulls,
            date.fromisoformat(first) if first else None,
            date.fromisoformat(last) if last else None,
            len(self.missing_days(account, Kind.INTERVAL)),
            revised,
        )

    def _bills(self, account: int, where: str) -> list[Bill]:
        return [
            Bill(
                number,
                kind,
                date.fromisoformat(billed),
                _day(due),
                _day(read),
                None if net_wh is None else amount(net_wh, MILLI),
                amount(owed, MONEY, 2),
            )
            for number, kind, billed, due, read, net_wh, owed in self._rows(
                "SELECT number, kind, billing_date, due_date, read_date, net_wh, amount FROM bill"
                f" JOIN account ON account.id = account WHERE account = ? AND {where}"
                " ORDER BY billing_date DESC, kind, amount",
                account,
            )
        ]


def _bill_key(account: int, bill: Bill) -> tuple[int, str, str, int]:
    return account, f"{bill.billing_date}", bill.kind, round(bill.amount.scaleb(MONEY))


def _text(day: date | None) -> str | None:
    return None if day is None else f"{day}"


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
