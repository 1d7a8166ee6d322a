"""Which harvests began, how they ended, and how often each sign-in was used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from harvester.errors import State
from harvester.store.database import Database, epoch, moment

LONG = timedelta(days=2)
"""Longer than any run takes."""


class Run(NamedTuple):
    """One harvest of one sign-in; one that was killed has no end."""

    id: int
    profile: str
    member: str
    kind: str
    started_at: datetime
    finished_at: datetime | None
    state: State | None
    facts: Mapping[str, int]


class Runs(Database):
    """The part of the catalog that holds runs and sign-ins."""

    def begin_run(self, profile: str, member: str, kind: str, at: datetime) -> int:
        """Remember that a harvest began and return its id."""
        with self._db.transaction(None):
            rows = self._rows(
                "INSERT INTO run (profile, member, kind, started_at) VALUES (?, ?, ?, ?)"
                " RETURNING id",
                *(profile, member, kind, epoch(at)),
            )
        return int(rows[0][0])

    def finish_run(self, run: int, state: State, at: datetime, facts: Mapping[str, int]) -> None:
        """Remember how a harvest ended."""
        self._write(
            "UPDATE run SET state = ?, finished_at = ?, facts = ? WHERE id = ?",
            [(state, epoch(at), json.dumps(dict(facts)), run)],
        )

    def last_runs(self) -> list[Run]:
        """Return the newest run of each member."""
        rows = self._rows(
            "SELECT * FROM run WHERE id IN (SELECT max(id) FROM run"
            " GROUP BY profile, member) ORDER BY profile, member"
        )
        return [
            Run(
                number,
                profile,
                member,
                kind,
                moment(began),
                moment(ended) if ended else None,
                State(state) if state else None,
                json.loads(facts),
            )
            for number, profile, member, kind, began, ended, state, facts in rows
        ]

    def broken_off(self) -> int:
        """Count the runs that were killed, are under way, or could not keep what came home.

        Not those of long before the newest one that came to an end: what they left was seen to.
        """
        rows = self._rows(
            "SELECT count(*) FROM run WHERE (state IS NULL OR state IN (?, ?))"
            " AND started_at > (SELECT coalesce(max(finished_at), 0) FROM run) - ?",
            State.HOME_UNUSABLE,
            State.STORE_DOWN,
            LONG.total_seconds(),
        )
        return int(rows[0][0])

    def record_sign_in(self, run: int, at: datetime) -> None:
        """Remember a sign-in before it is sent."""
        self._write("INSERT INTO sign_in VALUES (?, ?)", [(run, epoch(at))])

    def sign_ins_since(self, profile: str, member: str, since: datetime) -> list[datetime]:
        """Return when a member was signed in, oldest first."""
        rows = self._rows(
            "SELECT at FROM sign_in JOIN run ON run.id = run"
            " WHERE profile = ? AND member = ? AND at >= ? ORDER BY at",
            profile,
            member,
            epoch(since),
        )
        return [moment(at) for (at,) in rows]

    def runs_before(self, run: int, since: datetime) -> list[datetime]:
        """Return when a member's earlier harvests began that asked the portal, or still may."""
        rows = self._rows(
            "SELECT other.started_at, other.finished_at, other.facts"
            " FROM run JOIN run other USING (profile, member)"
            " WHERE run.id = ? AND other.id < run.id AND other.started_at >= ?"
            " ORDER BY other.started_at",
            run,
            epoch(since),
        )
        return [
            moment(at)
            for at, ended, facts in rows
            if ended is None or json.loads(facts).get("requests", 0) > 0
        ]

    def await_code(self, run: int) -> None:
        """Remember that a harvest waits for a code that a person has."""
        self._write("UPDATE run SET state = ? WHERE id = ?", [(State.AWAITING_OTP, run)])

    def code_came(self, run: int) -> None:
        """Remember that it waits no longer."""
        self._write("UPDATE run SET state = NULL WHERE id = ?", [(run,)])
