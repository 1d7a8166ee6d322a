"""The rows of a home: what was fetched when, what it said, and what is still missing."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from harvester.errors import State
from harvester.model import Account, Artifact, Direction, Kind, Note, Quality
from harvester.store.bills import Bills
from harvester.store.database import instant, microseconds, moment
from harvester.store.findings import Findings
from harvester.store.hours import Hours
from harvester.store.runs import Runs
from harvester.store.usage import Usage
from harvester.store.watch import Watch

_DERIVED = (
    "coverage",
    "reading_revision",
    "reading",
    "day_total_revision",
    "day_total",
    "account_detail",
    "register_read",
    "line_item",
    "statement",
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


class Source(NamedTuple):
    """Where rows came from: a file of the archive, and the run that brought it."""

    kind: Kind
    sha: str
    retrieved_at: datetime
    run: int


class Entry(NamedTuple):
    """An account of the home."""

    id: int
    profile: str
    member: str
    number: str


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
    estimated: int
    """Delivered hours that are still averages."""


class Entered(NamedTuple):
    """What became of an artifact in the manifest."""

    id: int
    new: bool
    last: bool
    """Whether nothing of its account that is entered came home after it."""


class Catalog(Usage, Hours, Bills, Findings, Runs, Watch):
    """The manifest of the archive, and all that extraction gives."""

    def account_id(self, profile: str, member: str, number: str) -> int:
        """Return the id of an account at a utility, which may change its sign-in."""
        self._write(
            "INSERT INTO account (profile, member, number) VALUES (?, ?, ?)"
            " ON CONFLICT (profile, number) DO UPDATE SET member = excluded.member"
            " WHERE account.member <> excluded.member",
            [(profile, member, number)],
        )
        rows = self._rows(
            "SELECT id FROM account WHERE profile = ? AND number = ?", profile, number
        )
        return int(rows[0][0])

    def add_artifact(self, account: int, artifact: Artifact, sha: str, run: int) -> Entered:
        """Enter archived bytes into the manifest; the same answer of one moment is one artifact."""
        at, about = microseconds(artifact.retrieved_at), _about(artifact)
        with self.transaction():
            new = self._rows(
                "INSERT INTO artifact (account, run, kind, sha, url, media_type, retrieved_at,"
                " about) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
                *(account, run, artifact.kind, sha, artifact.url, artifact.media_type, at, about),
            )
            rows = new or self._rows(
                "SELECT id FROM artifact WHERE (account, kind, sha, url, retrieved_at, about)"
                " = (?, ?, ?, ?, ?, ?)",
                *(account, artifact.kind, sha, artifact.url, at, about),
            )
            later = self._rows(
                "SELECT retrieved_at, kind, about, sha FROM artifact"
                " WHERE account = ? AND retrieved_at >= ?",
                account,
                at,
            )
        own = _order(at, artifact.kind, about, sha)
        return Entered(int(rows[0][0]), bool(new), all(_order(*row) <= own for row in later))

    def newest_moment(self) -> datetime | None:
        """Return the newest moment that anything is known of; None in a new home."""
        (newest,) = self._rows(
            "SELECT max(at) FROM (SELECT max(started_at) AS at FROM run"
            " UNION ALL SELECT max(finished_at) FROM run UNION ALL SELECT max(at) FROM sign_in"
            " UNION ALL SELECT max(retrieved_at) / 1000000 FROM artifact) AS known"
        )[0]
        return None if newest is None else moment(newest)

    def artifacts(self, account: int) -> list[Filed]:
        """Return the manifest of one account, in the order in which it came home."""
        rows = self._rows(
            "SELECT a.id, kind, number, sha, url, media_type, retrieved_at, about"
            " FROM artifact a JOIN account ON account.id = account WHERE account = ?",
            account,
        )
        return [
            Filed(
                number,
                sha,
                Artifact(Kind(kind), name, b"", url, media_type, instant(at), json.loads(about)),
            )
            for number, kind, name, sha, url, media_type, at, about in sorted(
                rows, key=lambda row: _order(row[6], row[1], row[7], row[3])
            )
        ]

    def forget_derived(self, account: int) -> None:
        """Drop what extraction gave of one account; the manifest and the archive stay."""
        with self.transaction():
            for table in ("reading_count", *_DERIVED):
                self._write(f"DELETE FROM {table} WHERE account = ?", [(account,)])

    def forget_artifacts(self, account: int, artifacts: Iterable[int]) -> None:
        """Drop artifacts from the manifest, with all that extraction gave of their account."""
        with self.transaction():
            self.forget_derived(account)
            self._write(
                "DELETE FROM artifact WHERE account = ? AND id = ?",
                [(account, number) for number in artifacts],
            )

    def forget_account(self, account: int) -> None:
        """Drop an account and all there is of it; its runs stay, as they name no account."""
        with self.transaction():
            self.forget_derived(account)
            for statement in (
                "DELETE FROM artifact WHERE account = ?",
                "DELETE FROM account WHERE id = ?",
            ):
                self._write(statement, [(account,)])

    def counts(self, account: int) -> dict[str, int]:
        """Return how many rows there are of an account, by table."""
        tables = ("artifact", *_DERIVED)
        counted = ", ".join(f"(SELECT count(*) FROM {t} WHERE account = ?1)" for t in tables)
        return dict(zip(tables, self._rows(f"SELECT {counted}", account)[0], strict=True))

    def holds(self, ending: str, sha: str, retrieved_at: datetime) -> bool:
        """Tell whether these bytes of that moment are known of an account that ends so."""
        found = self._rows(
            "SELECT 1 FROM artifact JOIN account ON account.id = account"
            " WHERE sha = ? AND retrieved_at = ? AND number LIKE '%' || ?",
            sha,
            microseconds(retrieved_at),
            ending,
        )
        return bool(found)

    def shas(self) -> set[str]:
        """Return the names of all archived bytes that the manifest knows."""
        return {sha for (sha,) in self._rows("SELECT DISTINCT sha FROM artifact")}

    def upsert_account(self, account: int, told: Account, artifact: int) -> None:
        """Take an account's facts and settings."""
        self._write(
            "INSERT INTO account_detail VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account) DO UPDATE"
            " SET service_address = excluded.service_address, rate = excluded.rate,"
            " kind = excluded.kind, settings = excluded.settings, artifact = excluded.artifact",
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

    def upsert_notes(self, account: int, notes: Iterable[Note], artifact: int) -> None:
        """Take the notes on the usage graph; one that was deleted there stays here."""
        self._write(
            "INSERT INTO note VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (account, day, text) DO UPDATE SET artifact = excluded.artifact",
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

    def accounts(self) -> list[Entry]:
        """Return the accounts, by utility, sign-in and number."""
        rows = self._rows(
            "SELECT id, profile, member, number FROM account ORDER BY profile, member, number"
        )
        return [Entry(*row) for row in rows]

    def shown(self, profile: str, member: str) -> list[Entry]:
        """Return the accounts that a sign-in has shown, not those of files alone."""
        rows = self._rows(
            "SELECT id, profile, member, number FROM account WHERE profile = ? AND member = ?"
            " AND EXISTS (SELECT 1 FROM artifact WHERE account = account.id AND kind <> ?)"
            " ORDER BY number",
            profile,
            member,
            Kind.GREEN_BUTTON,
        )
        return [Entry(*row) for row in rows]

    def sources(self, account: int, day: date) -> list[Source]:
        """Return what told the hours and the total of a local day, oldest first."""
        rows = self._rows(
            "SELECT kind, sha, retrieved_at, run FROM artifact WHERE id IN"
            " (SELECT artifact FROM reading WHERE account = ?1 AND local_day = ?2 UNION"
            " SELECT artifact FROM day_total WHERE account = ?1 AND day = ?2 UNION"
            " SELECT artifact FROM coverage WHERE account = ?1 AND day = ?2 AND missing = 1)"
            " ORDER BY retrieved_at, id",
            account,
            f"{day}",
        )
        return [Source(Kind(kind), sha, instant(at), run) for kind, sha, at, run in rows]

    def holdings(self) -> Iterator[Holding]:
        """Return what the home has, account by account, without reading what it has."""
        counts: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
        for account, quality, reason, hours in self._rows(
            "SELECT account, quality, reason, hours FROM reading_count WHERE direction = ?",
            Direction.DELIVERED,
        ):
            counts[account].append((quality, reason, hours))
        for row in self._rows(_HOLDINGS, Direction.DELIVERED, Kind.INTERVAL):
            yield _holding(row, counts[row[0]])

    def facts(self, account: int) -> Account:
        """Return an account's facts and settings; what no page told is None."""
        number, address, rate, kind, settings = self._rows(
            "SELECT number, service_address, rate, kind, settings FROM account"
            " LEFT JOIN account_detail ON account = id WHERE id = ?",
            account,
        )[0]
        return Account(number, address, rate, kind, json.loads(settings or "{}"))


_HOLDINGS = """
SELECT a.id, profile, member, number, service_address, rate, d.kind, settings,
  (SELECT count(*) FROM bill WHERE account = a.id),
  (SELECT count(*) FROM bill WHERE account = a.id AND pdf_state = 'OK'),
  (SELECT min(local_day) FROM reading WHERE account = a.id),
  (SELECT max(local_day) FROM reading WHERE account = a.id),
  (SELECT count(*) FROM coverage WHERE account = a.id AND stream = ?2 AND missing = 1),
  (SELECT count(*) FROM reading_revision WHERE account = a.id AND direction = ?1)
FROM account a LEFT JOIN account_detail d ON d.account = a.id
ORDER BY profile, member, number"""


def _holding(row: tuple[Any, ...], counts: Iterable[tuple[int, str, int]]) -> Holding:
    account, profile, member, number, address, rate, kind, settings, *rest = row
    bills, pdfs, first, last, silent, revised = rest
    told: Counter[str] = Counter()
    for _, reason, hours in counts:
        told[reason] += hours
    return Holding(
        account,
        profile,
        member,
        Account(number, address, rate, kind, json.loads(settings or "{}")),
        bills,
        pdfs,
        told.pop("", 0),
        {State(reason): hours for reason, hours in sorted(told.items()) if hours},
        date.fromisoformat(first) if first else None,
        date.fromisoformat(last) if last else None,
        silent,
        revised,
        sum(hours for quality, _, hours in counts if quality == Quality.ESTIMATED),
    )


def _about(artifact: Artifact) -> str:
    return json.dumps(dict(artifact.about), sort_keys=True)


def _order(at: int, kind: str, about: str, sha: str) -> tuple[int, int, str, str]:
    """Return what orders artifacts of an account, in whatever order they are entered."""
    return at, list(Kind).index(Kind(kind)), about, sha
